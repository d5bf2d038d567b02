//! Counters across the boundary.

use napi_derive::napi;
use parley_transport::{Snapshot, WireCodec};
use std::time::Duration;

/// Counters and queue depths of a session, at most a tenth of a second old.
#[napi(object)]
pub struct NativeStats {
    pub packets_in: i64,
    pub bytes_in: i64,
    pub packets_out: i64,
    pub bytes_out: i64,
    /// Packets that never came, by their sequence numbers.
    pub lost: i64,
    /// Packets that came after their time.
    pub late: i64,
    pub duplicate: i64,
    /// Frames that were made up for packets that were missing or late.
    pub concealed: i64,
    /// Frames that were lost and restored from the copy in the packet behind (in-band FEC).
    pub fec_recovered: i64,
    /// Frames of silence for a peer that sends nothing.
    pub synthesised: i64,
    /// Starts anew after a new SSRC or a jump of sequence number or clock.
    pub restarts: i64,
    /// Packets that the codec could not read.
    pub undecodable: i64,
    /// Datagrams refused unread: unsigned, malformed or too long.
    pub refused: i64,
    /// Interarrival jitter (RFC 3550, section 6.4.1), ms.
    pub jitter_ms: f64,
    /// How long a missing packet is waited for once one behind it is here, ms.
    pub reorder_allowance_ms: f64,
    /// By how many parts in a million the peer's clock is faster than ours; negative when slower, 0 until known.
    pub drift_ppm: i32,
    /// Round trip by the peer's last report, or by the last connectivity check before there was one, ms; -1 before either.
    pub round_trip_ms: f64,
    /// Share of our packets that the peer lost, by its last report; 0 to 1.
    pub fraction_lost_by_peer: f64,
    /// Frames dropped because the handler did not take them.
    pub input_dropped: i64,
    /// Frames dropped unsent.
    pub output_dropped: i64,
    /// Times that the output ran dry while it was flowing.
    pub underruns: i64,
    /// What the encoder aims at, bit/s.
    pub bitrate: u32,
    /// Share of its packets that the encoder expects to be lost; 0 to 1.
    pub expected_loss: f64,
    /// Delay kept for a source that comes late again and again, ms.
    pub cushion_ms: f64,
    pub input_queue_ms: f64,
    pub output_queue_ms: f64,
    /// "ip:port" of the peer.
    pub remote_address: Option<String>,
    pub codec: Option<String>,
    /// Of a session with video.
    pub video: Option<NativeVideoStats>,
}

impl From<Snapshot> for NativeStats {
    fn from(snapshot: Snapshot) -> Self {
        let video = NativeVideoStats::new(&snapshot);
        let session = snapshot.session;
        let media = session.media;
        Self {
            packets_in: count(session.packets_in),
            bytes_in: count(session.bytes_in),
            packets_out: count(session.packets_out),
            bytes_out: count(session.bytes_out),
            lost: count(media.lost),
            late: count(media.late),
            duplicate: count(media.duplicate),
            concealed: count(media.concealed),
            fec_recovered: count(media.fec_recovered),
            synthesised: count(media.synthesised),
            restarts: count(media.restarts),
            undecodable: count(media.undecodable),
            refused: count(session.refused),
            jitter_ms: to_ms(media.jitter),
            reorder_allowance_ms: to_ms(media.reorder_allowance),
            drift_ppm: media.drift_ppm,
            round_trip_ms: session.round_trip.map_or(-1.0, to_ms),
            fraction_lost_by_peer: f64::from(session.fraction_lost_by_peer) / 256.0,
            input_dropped: count(snapshot.input_dropped + media.input_dropped),
            output_dropped: count(snapshot.output_dropped + media.output_dropped),
            underruns: count(media.underruns),
            bitrate: media.bitrate,
            expected_loss: f64::from(media.expected_loss) / 100.0,
            cushion_ms: to_ms(media.cushion),
            input_queue_ms: to_ms(snapshot.input_queue),
            output_queue_ms: to_ms(snapshot.output_queue),
            remote_address: session.remote_address.map(|address| address.to_string()),
            codec: Some(codec(session.codec).to_owned()),
            video,
        }
    }
}

/// Counters of a session's video.
#[napi(object)]
pub struct NativeVideoStats {
    pub packets_in: i64,
    pub bytes_in: i64,
    pub packets_out: i64,
    pub bytes_out: i64,
    /// Whole pictures received.
    pub frames_in: i64,
    /// Pictures sent.
    pub frames_out: i64,
    pub key_frames_in: i64,
    pub key_frames_out: i64,
    /// Pictures decoded.
    pub frames_decoded: i64,
    /// Pictures that could not be decoded.
    pub decode_errors: i64,
    /// Received pictures that were incomplete, made from such, or came while the decoder was behind.
    pub frames_dropped_in: i64,
    /// Emitted pictures left out to keep to the bitrate or the frame rate, or because the peer takes none.
    pub frames_dropped_out: i64,
    /// Decoded pictures that the handler did not get.
    pub skipped: i64,
    /// Key frames that the peer asked for.
    pub pli_in: i64,
    /// The same by full intra requests.
    pub fir_in: i64,
    /// Key frames that the peer was asked for.
    pub pli_out: i64,
    /// Packets that the peer asked for again.
    pub nacks_in: i64,
    /// Packets that the peer was asked for again.
    pub nacks_out: i64,
    /// Packets that came again…
    pub retransmitted_in: i64,
    /// …and were sent again.
    pub retransmitted_out: i64,
    /// Packets that never came.
    pub lost: i64,
    /// What the encoder aims at, bit/s.
    pub bitrate: u32,
    /// Size of the last picture received, 0 before the first.
    pub width_in: u32,
    pub height_in: u32,
    /// Size of the last picture emitted, 0 before the first.
    pub width_out: u32,
    pub height_out: u32,
    /// Pictures that wait for the handler.
    pub queued_in: u32,
}

impl NativeVideoStats {
    /// None for a session without video.
    pub fn new(snapshot: &Snapshot) -> Option<Self> {
        let (decode, encode) = snapshot.video.map(|video| (video.decode, video.encode))?;
        let net = snapshot.session.video.clone().unwrap_or_default();
        Some(Self {
            packets_in: count(net.packets_in),
            bytes_in: count(net.bytes_in),
            packets_out: count(net.packets_out),
            bytes_out: count(net.bytes_out),
            frames_in: count(net.frames_in),
            frames_out: count(net.frames_out),
            key_frames_in: count(net.key_frames_in),
            key_frames_out: count(net.key_frames_out),
            frames_decoded: count(decode.decoded),
            decode_errors: count(decode.failed),
            frames_dropped_in: count(net.frames_dropped_in + decode.dropped),
            frames_dropped_out: count(net.frames_dropped_out + encode.dropped),
            skipped: count(decode.skipped),
            pli_in: count(net.pli_in),
            fir_in: count(net.fir_in),
            pli_out: count(net.pli_out),
            nacks_in: count(net.nacks_in),
            nacks_out: count(net.nacks_out),
            retransmitted_in: count(net.retransmitted_in),
            retransmitted_out: count(net.retransmitted_out),
            lost: count(net.unrecoverable),
            bitrate: net.bitrate,
            width_in: decode.width,
            height_in: decode.height,
            width_out: encode.width,
            height_out: encode.height,
            queued_in: u32::try_from(decode.waiting).unwrap_or(u32::MAX),
        })
    }
}

fn codec(wire: Option<WireCodec>) -> &'static str {
    match wire {
        None | Some(WireCodec::Opus) => "opus",
        Some(WireCodec::Mulaw) => "pcmu",
        Some(WireCodec::PcmS16le) => "pcm",
    }
}

pub fn to_ms(duration: Duration) -> f64 {
    // One division rounds once: by way of seconds, 1,365.312 ms would be 1,365.3120000000001.
    duration.as_nanos() as f64 / 1e6
}

fn count(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
