//! What a pipeline counts.

use std::time::Duration;

/// Counters since the start. A packet is counted in `received` and in at most one of the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PipelineStats {
    /// Packets that came, useful or not.
    pub received: u64,
    /// Packets that did not come in time.
    pub lost: u64,
    /// Packets that came after their time had been filled otherwise.
    pub late: u64,
    /// Packets that came a second time.
    pub duplicate: u64,
    /// Packets that were no valid Opus.
    pub undecodable: u64,
    /// Times that the stream began anew: another SSRC, or a jump of the sequence number or of the clock.
    pub restarts: u64,
    /// 20 ms frames made up for what was lost or late, rounded down.
    pub concealed: u64,
    /// 20 ms frames that were lost and restored from the coarse copy (in-band FEC) in the packet behind, rounded down.
    /// They are not among the concealed ones.
    pub fec_recovered: u64,
    /// 20 ms frames made up because the peer sent nothing, rounded down.
    pub synthesised: u64,
    /// 20 ms frames of silence left out, rounded down, to take back the delay after packets came in one late burst.
    pub trimmed: u64,
    /// 20 ms frames given to the handler.
    pub frames: u64,
    /// 20 ms frames dropped because nobody took them.
    pub input_dropped: u64,
    /// The interarrival jitter (RFC 3550, section 6.4.1).
    pub jitter: Duration,
    /// How long a missing packet is waited for once one behind it is here.
    pub reorder_allowance: Duration,
    /// By how many parts in a million the peer's clock is faster than ours; negative when it is slower, 0 until known.
    pub drift_ppm: i32,
    /// Keys that the peer pressed (RFC 4733).
    pub dtmf: u64,
    /// Packets made for the peer.
    pub sent: u64,
    /// 20 ms frames of emitted audio refused because the queue was full, rounded down.
    pub output_dropped: u64,
    /// Times that emitted audio was flowing and ran out.
    pub underruns: u64,
    /// What the encoder aims at, in bits a second.
    pub bitrate: u32,
    /// The share of its packets that the encoder expects to be lost, in percent.
    pub expected_loss: u8,
    /// The encoder's effort, 0 to 10.
    pub complexity: u8,
    /// How much delay is kept because the source of emitted audio comes late again and again; 60 ms at most.
    pub cushion: Duration,
}
