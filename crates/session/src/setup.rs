//! Makes the core's peer connection for an offer, and answers offers with it.

use crate::candidate::CandidateGuard;
use crate::options::{Identity, LocalAddresses, Mode, Seed, SessionOptions};
use crate::rtcp_tap::{self, RtcpTap, SentReports};
use crate::sdp::{
    AnswerTerms, AudioSection, Direction, Offer, Rejection, Setup, TelephoneEventType, VideoSection,
    VideoTerms, Wanted, WantedVideo, first_attribute,
};
use crate::strays::Strays;
use crate::video::VideoTap;
use parley_media::{Layout, PeerWishes};
use rtc::dtls::extension::extension_use_srtp::SrtpProtectionProfile;
use rtc::interceptor::{Registry, Slot};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::interceptor_registry::configure_rtcp_reports;
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_OPUS, MediaEngine};
use rtc::peer_connection::configuration::setting_engine::{
    SctpMaxMessageSize, SettingEngine, SettingEngineBuilder,
};
use rtc::peer_connection::sdp::RTCSessionDescription;
use rtc::peer_connection::transport::{
    CandidateConfig, CandidateHostConfig, RTCDtlsRole, RTCIceCandidate, RTCIceCandidateInit,
};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Without a valid check for so long, the connection counts as interrupted (RFC 7675 asks for consent every 5 s)…
const DISCONNECTED_AFTER: Duration = Duration::from_secs(5);
/// …and for so long again, as lost.
const FAILED_AFTER: Duration = Duration::from_secs(10);
/// How often consent is asked for: often enough that a page which is closed while nobody says anything is missed within two seconds.
pub(crate) const KEEPALIVE: Duration = Duration::from_millis(1500);

/// The session's own ICE credentials (RFC 8445, section 5.3); an ICE restart changes them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Credentials {
    /// `ice-ufrag`: names the session in every check that its peer sends.
    pub ufrag: String,
    /// `ice-pwd`: what those checks are signed with.
    pub password: String,
}

/// A peer connection that has answered its first offer.
pub(crate) struct Answered {
    pub(crate) pc: RTCPeerConnection,
    /// When our reports were sent.
    pub(crate) sent_reports: SentReports,
    /// Where audio of sources comes out that the core doesn't know.
    pub(crate) strays: Strays,
    /// Where video leaves the core, when there is any.
    pub(crate) tap: Option<VideoTap>,
    pub(crate) answer: Answer,
}

/// What came of an offer.
pub(crate) struct Answer {
    pub(crate) sdp: String,
    pub(crate) direction: Direction,
    pub(crate) payload_type: u8,
    pub(crate) telephone_event: TelephoneEventType,
    pub(crate) wishes: PeerWishes,
    pub(crate) credentials: Credentials,
    pub(crate) fingerprint: String,
    /// The peer's candidates, as the offer carried them.
    pub(crate) candidates: Vec<String>,
    /// The video section and which way it flows, as we see it.
    pub(crate) video: Option<(VideoSection, Direction)>,
}

/// Answers a first offer.
pub(crate) fn accept(
    now: Instant,
    identity: &Identity,
    local: &LocalAddresses,
    options: &SessionOptions,
    seed: Seed,
    sdp: &str,
) -> Result<Answered, Rejection> {
    let offer = Offer::parse(sdp, wanted(options, true))?;
    let (sent_reports, strays) = (SentReports::default(), Strays::default());
    let tap = offer.video.as_ref().map(|video| VideoTap::new(now, video.payload_types()));
    let chain = RtcpTap::new(sent_reports.clone(), tap.clone(), strays.clone());
    let mut pc = build(now, identity, &offer, options, chain).map_err(invalid)?;
    let answer = answer(now, &mut pc, offer, local, options, (seed, false))?;
    Ok(Answered { pc, sent_reports, strays, tap, answer })
}

/// Answers an offer; a track is added when one is to be sent for the first time.
pub(crate) fn answer(
    now: Instant,
    pc: &mut RTCPeerConnection,
    offer: Offer,
    local: &LocalAddresses,
    options: &SessionOptions,
    (session, has_track): (Seed, bool),
) -> Result<Answer, Rejection> {
    let (we_send, we_receive) = (options.mode != Mode::Send, options.mode != Mode::Receive);
    let direction = offer.audio.direction.answered(we_send, we_receive);
    let track = (direction.sends() && !has_track).then_some(session);
    let core = negotiate(now, pc, &offer, local, track).map_err(invalid)?;
    let video = offer.video.clone().map(|video| {
        let direction = options
            .video
            .map_or(Direction::Inactive, |options| video.direction.answered(options.send, options.receive));
        (video, direction)
    });
    let sdp = offer.answer(
        &core,
        &AnswerTerms {
            direction,
            receive_stereo: options.input.layout == Layout::Stereo,
            send_stereo: options.output.layout == Layout::Stereo,
            fec: options.opus.fec,
            candidates: &local.candidates,
            reflexive: &local.reflexive,
            relayed: &local.relayed,
            video: video.as_ref().map(|(_, direction)| video_terms(*direction, session)),
        },
    )?;
    let credentials = credentials(&sdp)?;
    let Offer { candidates, fingerprint, audio, .. } = offer;
    let AudioSection { payload_type, telephone_event, wishes, .. } = audio;
    Ok(Answer {
        sdp,
        direction,
        payload_type,
        telephone_event,
        wishes,
        credentials,
        fingerprint,
        candidates,
        video,
    })
}

/// Which media an offer must have; a later one may leave out a video whose camera was stopped.
pub(crate) fn wanted(options: &SessionOptions, first: bool) -> Wanted {
    let video = match (options.video, first) {
        (None, _) => WantedVideo::No,
        (Some(_), true) => WantedVideo::Yes,
        (Some(_), false) => WantedVideo::IfOffered,
    };
    Wanted { audio: options.audio, video, allow_extra_tracks: options.allow_extra_tracks }
}

/// Which of the numbers that are derived from a session's seed is what.
pub(crate) mod derived {
    pub(crate) const VIDEO_SOURCE: u32 = 1;
    pub(crate) const REPAIR_SOURCE: u32 = 2;
    pub(crate) const VIDEO_NUMBERS: u32 = 3;
    pub(crate) const VIDEO_TIMESTAMP: u32 = 4;
}

fn video_terms(direction: Direction, seed: Seed) -> VideoTerms {
    let (source, repair) = (seed.derive(derived::VIDEO_SOURCE), seed.derive(derived::REPAIR_SOURCE));
    VideoTerms { direction, source, repair }
}

/// Lets the core contact one more address, if the guard lets it pass.
pub(crate) fn add_candidate(pc: &mut RTCPeerConnection, guard: &mut CandidateGuard, candidate: &str) {
    let Some(address) = guard.admit(candidate) else { return };
    // Written anew rather than passed on: only what the guard understood reaches the core.
    let candidate = format!("candidate:1 1 udp 1 {} {} typ host", address.ip(), address.port());
    if let Err(error) = pc.add_remote_candidate(RTCIceCandidateInit { candidate, ..Default::default() }) {
        log::debug!("a remote candidate was refused: {error}");
    }
}

type CoreResult<T> = Result<T, rtc::shared::error::Error>;

fn negotiate(
    now: Instant,
    pc: &mut RTCPeerConnection,
    offer: &Offer,
    local: &LocalAddresses,
    seed: Option<Seed>,
) -> CoreResult<String> {
    pc.set_remote_description(now, RTCSessionDescription::offer(offer.normalised.clone())?)?;
    if let Some(seed) = seed {
        pc.add_track(track(seed))?;
    }
    for address in [local.v4, local.v6].into_iter().flatten() {
        pc.add_local_candidate(host_candidate(address)?)?;
    }
    // After the sockets: the core looks in this order for whose a datagram is.
    for allocation in &local.relayed {
        pc.add_local_candidate(relayed_candidate(allocation.relayed))?;
    }
    let answer = pc.create_answer(None)?;
    pc.set_local_description(now, answer)?;
    pc.add_local_candidate(RTCIceCandidateInit::default())?;
    let described = pc.local_description().ok_or(rtc::shared::error::Error::ErrNoRemoteDescription)?;
    Ok(described.sdp)
}

fn build(
    now: Instant,
    identity: &Identity,
    offer: &Offer,
    options: &SessionOptions,
    tap: RtcpTap,
) -> CoreResult<RTCPeerConnection> {
    let mut media = MediaEngine::default();
    let codec = RTCRtpCodecParameters { rtp_codec: opus(), payload_type: offer.audio.payload_type };
    media.register_codec(codec, RtpCodecKind::Audio)?;
    let interceptors = configure_rtcp_reports(Registry::new()).with(Slot::from(rtcp_tap::SLOT), tap);
    let configuration =
        RTCConfigurationBuilder::new().with_certificates(vec![identity.certificate.clone()]).build();
    RTCPeerConnectionBuilder::new()
        .with_configuration(configuration)
        .with_setting_engine(settings(identity, offer, options))
        .with_media_engine(media)
        .with_interceptor_registry(interceptors)
        .build(now)
}

fn settings(identity: &Identity, offer: &Offer, _: &SessionOptions) -> SettingEngine {
    let role = match offer.setup {
        Setup::PeerStarts => RTCDtlsRole::Server,
        Setup::WeStart => RTCDtlsRole::Client,
    };
    SettingEngineBuilder::new()
        .with_crypto_provider(identity.provider.clone())
        .with_answering_dtls_role(role)
        .with_ice_timeouts(Some(DISCONNECTED_AFTER), Some(FAILED_AFTER), Some(KEEPALIVE))
        .with_include_loopback_candidate(true)
        // Names are never resolved: a `.local` peer reaches us by its own checks.
        .with_multicast_dns_mode(rtc::ice::mdns::MulticastDnsMode::Disabled)
        // One pass over each packet instead of cipher and HMAC (RFC 7714); browsers offer it too.
        .with_srtp_protection_profiles(vec![
            SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
            SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
        ])
        .with_sctp_max_message_size(SctpMaxMessageSize::Bounded(SctpMaxMessageSize::DEFAULT_MESSAGE_SIZE))
        .build()
}

fn opus() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_OPUS.into(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: "minptime=10;useinbandfec=1".into(),
        rtcp_feedback: vec![],
    }
}

fn track(seed: Seed) -> MediaStreamTrack {
    let coding = RTCRtpCodingParameters { ssrc: Some(seed.ssrc), ..Default::default() };
    let encoding =
        RTCRtpEncodingParameters { rtp_coding_parameters: coding, codec: opus(), ..Default::default() };
    // Stream, track, label: pages read `event.streams[0]`, so the track belongs to a stream.
    MediaStreamTrack::new(
        "parley".into(),
        "parley-audio".into(),
        "audio".into(),
        RtpCodecKind::Audio,
        vec![encoding],
    )
}

fn host_candidate(address: SocketAddr) -> CoreResult<RTCIceCandidateInit> {
    let base_config = CandidateConfig {
        network: "udp".into(),
        address: address.ip().to_string(),
        port: address.port(),
        component: 1,
        ..Default::default()
    };
    let candidate = CandidateHostConfig { base_config, ..Default::default() }.new_candidate_host()?;
    RTCIceCandidate::from(&candidate).to_json()
}

fn relayed_candidate(address: SocketAddr) -> RTCIceCandidateInit {
    // The related address is left out, because the core would take what comes from there as the candidate's own.
    let candidate = format!(
        "candidate:1 1 udp {} {} {} typ relay raddr 0.0.0.0 rport 0",
        0xff_ffff,
        address.ip(),
        address.port()
    );
    RTCIceCandidateInit { candidate, ..Default::default() }
}

fn credentials(answer: &str) -> Result<Credentials, Rejection> {
    match (first_attribute(answer, "ice-ufrag"), first_attribute(answer, "ice-pwd")) {
        (Some(ufrag), Some(password)) => {
            Ok(Credentials { ufrag: ufrag.to_owned(), password: password.to_owned() })
        }
        _ => Err(Rejection::new("invalid_sdp", "no ICE credentials could be agreed on")),
    }
}

fn invalid(error: rtc::shared::error::Error) -> Rejection {
    Rejection::new("invalid_sdp", format!("the offer can't be used: {error}"))
}
