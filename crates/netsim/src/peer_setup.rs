//! Makes a peer's connection, track and pipeline.

use crate::keypad;
use crate::peer_tap::{self, PeerTap, Told};
use crate::{AudioWay, PeerOptions, PeerVideo};
use parley_media::{Layout, Pipeline, PipelineOptions, SampleRate};
use parley_video::Codec;
use rtc::crypto::SignatureScheme;
use rtc::interceptor::{Registry, Slot, TwccReceiverBuilder};
use rtc::media_stream::MediaStreamTrack;
use rtc::peer_connection::certificate::{CertificateParams, RTCCertificate};
use rtc::peer_connection::configuration::RTCConfigurationBuilder;
use rtc::peer_connection::configuration::interceptor_registry::configure_rtcp_reports;
use rtc::peer_connection::configuration::media_engine::{
    MIME_TYPE_H264, MIME_TYPE_OPUS, MIME_TYPE_RTX, MIME_TYPE_TELEPHONE_EVENT, MIME_TYPE_VP8, MediaEngine,
};
use rtc::peer_connection::configuration::setting_engine::SettingEngineBuilder;
use rtc::peer_connection::transport::{
    CandidateConfig, CandidateHostConfig, RTCIceCandidate, RTCIceCandidateInit,
};
use rtc::peer_connection::{RTCPeerConnection, RTCPeerConnectionBuilder};
use rtc::rtp_transceiver::rtp_sender::{
    RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
    RTCRtpHeaderExtensionCapability, RTCRtpRtxParameters, RtpCodecKind,
};
use rtc::rtp_transceiver::{RTCRtpSenderId, RTCRtpTransceiverId};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Opus at the payload type that browsers use.
pub(crate) const PAYLOAD_TYPE: u8 = 111;

type CoreResult<T> = Result<T, rtc::shared::error::Error>;

pub(crate) fn build(now: Instant, options: &PeerOptions, told: Told) -> CoreResult<RTCPeerConnection> {
    let mut media = MediaEngine::default();
    let codec = RTCRtpCodecParameters { rtp_codec: opus(options.hears), payload_type: PAYLOAD_TYPE };
    media.register_codec(codec, RtpCodecKind::Audio)?;
    if options.keypad {
        let codec = RTCRtpCodecParameters { rtp_codec: keys(), payload_type: keypad::PAYLOAD_TYPE };
        media.register_codec(codec, RtpCodecKind::Audio)?;
    }
    if let Some(video) = &options.video {
        register_video(&mut media, video)?;
    }
    let provider = rtc::crypto::default_provider().expect("a crypto provider is compiled in");
    let names = CertificateParams::new(vec!["peer".to_owned()]).expect("a valid name");
    let certificate = RTCCertificate::generate(provider.crypto(), SignatureScheme::EcdsaP256Sha256, names)?;
    let settings = SettingEngineBuilder::new()
        .with_ice_timeouts(
            Some(Duration::from_secs(5)),
            Some(Duration::from_secs(25)),
            Some(Duration::from_secs(2)),
        )
        .with_include_loopback_candidate(true)
        .with_lite(options.ice_lite)
        .with_multicast_dns_mode(rtc::ice::mdns::MulticastDnsMode::Disabled)
        .build();
    RTCPeerConnectionBuilder::new()
        .with_configuration(RTCConfigurationBuilder::new().with_certificates(vec![certificate]).build())
        .with_setting_engine(settings)
        .with_media_engine(media)
        .with_interceptor_registry(registry(options, told))
        .build(now)
}

fn registry(options: &PeerOptions, told: Told) -> Registry {
    let registry =
        configure_rtcp_reports(Registry::new()).with(Slot::from(peer_tap::SLOT), PeerTap::new(told));
    if options.video.as_ref().is_some_and(|video| video.tells_arrivals) {
        registry.with(Slot::TwccReceiver, TwccReceiverBuilder::new().build())
    } else {
        registry
    }
}

fn register_video(media: &mut MediaEngine, video: &PeerVideo) -> CoreResult<()> {
    let codec = RTCRtpCodecParameters { rtp_codec: codec(video), payload_type: 96 };
    media.register_codec(codec, RtpCodecKind::Video)?;
    if video.rtx.is_some() {
        let rtp_codec = RTCRtpCodec {
            mime_type: MIME_TYPE_RTX.into(),
            clock_rate: 90_000,
            channels: 0,
            sdp_fmtp_line: "apt=96".into(),
            rtcp_feedback: vec![],
        };
        media.register_codec(RTCRtpCodecParameters { rtp_codec, payload_type: 97 }, RtpCodecKind::Video)?;
    }
    let measures = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
    let send_time = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
    let names = [
        video.knows_send_times.then_some(send_time),
        Some("urn:3gpp:video-orientation"),
        video.measures.then_some(measures),
    ];
    for uri in names.into_iter().flatten() {
        let extension = RTCRtpHeaderExtensionCapability { uri: uri.to_owned() };
        media.register_header_extension(extension, RtpCodecKind::Video, None)?;
    }
    Ok(())
}

fn codec(video: &PeerVideo) -> RTCRtpCodec {
    let feedback =
        |typ: &str, parameter: &str| RTCPFeedback { typ: typ.to_owned(), parameter: parameter.to_owned() };
    let mut rtcp_feedback = vec![
        feedback("goog-remb", ""),
        feedback("ccm", "fir"),
        feedback("nack", ""),
        feedback("nack", "pli"),
    ];
    if video.measures {
        rtcp_feedback.push(feedback("transport-cc", ""));
    }
    let (mime_type, parameters) = match video.codec {
        Codec::Vp8 => (MIME_TYPE_VP8, ""),
        Codec::H264 => {
            (MIME_TYPE_H264, "level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f")
        }
    };
    RTCRtpCodec {
        mime_type: mime_type.into(),
        clock_rate: 90_000,
        channels: 0,
        sdp_fmtp_line: parameters.into(),
        rtcp_feedback,
    }
}

pub(crate) fn add_video(pc: &mut RTCPeerConnection, video: &PeerVideo) -> CoreResult<RTCRtpTransceiverId> {
    if video.way == AudioWay::Receive {
        return pc.add_transceiver_from_kind(RtpCodecKind::Video, None);
    }
    let coding = RTCRtpCodingParameters {
        ssrc: Some(video.ssrc),
        rtx: video.rtx.map(|ssrc| RTCRtpRtxParameters { ssrc }),
        ..Default::default()
    };
    let encoding =
        RTCRtpEncodingParameters { rtp_coding_parameters: coding, codec: codec(video), ..Default::default() };
    let track = MediaStreamTrack::new(
        "camera".into(),
        "camera-video".into(),
        "video".into(),
        RtpCodecKind::Video,
        vec![encoding],
    );
    pc.add_track(track)?;
    let transceiver = pc.get_transceivers().last().expect("the one just made");
    pc.rtp_transceiver(transceiver).expect("the same").set_direction(video.way.direction());
    Ok(transceiver)
}

pub(crate) fn add_audio(
    pc: &mut RTCPeerConnection,
    options: &PeerOptions,
) -> CoreResult<(RTCRtpTransceiverId, Option<RTCRtpSenderId>)> {
    if options.audio == AudioWay::Receive {
        return Ok((pc.add_transceiver_from_kind(RtpCodecKind::Audio, None)?, None));
    }
    let coding = RTCRtpCodingParameters { ssrc: Some(options.ssrc), ..Default::default() };
    let encoding = RTCRtpEncodingParameters {
        rtp_coding_parameters: coding,
        codec: opus(options.hears),
        ..Default::default()
    };
    let track = MediaStreamTrack::new(
        "microphone".into(),
        "microphone-audio".into(),
        "audio".into(),
        RtpCodecKind::Audio,
        vec![encoding],
    );
    let sender = pc.add_track(track)?;
    let transceiver = pc.get_transceivers().next().expect("the one just made");
    let mut made = pc.rtp_transceiver(transceiver).expect("the same");
    made.set_direction(options.audio.direction());
    // A track's own codec is preferred to all others, which then aren't offered.
    made.set_codec_preferences(Vec::new())?;
    Ok((transceiver, Some(sender)))
}

/// What a peer says of stereo when it hears it (RFC 7587, section 7.1).
fn opus_parameters(hears: Layout) -> String {
    let stereo = if hears == Layout::Stereo { ";stereo=1" } else { "" };
    format!("minptime=10;useinbandfec=1{stereo}")
}

fn opus(hears: Layout) -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_OPUS.into(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: opus_parameters(hears),
        rtcp_feedback: vec![],
    }
}

fn keys() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_TELEPHONE_EVENT.into(),
        clock_rate: keypad::CLOCK_RATE,
        channels: 0,
        sdp_fmtp_line: String::new(),
        rtcp_feedback: vec![],
    }
}

pub(crate) fn host_candidate(address: SocketAddr) -> CoreResult<RTCIceCandidateInit> {
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

pub(crate) fn pipeline(options: &PeerOptions) -> Pipeline {
    let mut pipeline = Pipeline::new(PipelineOptions {
        input_rate: SampleRate::HZ_48000,
        input_layout: options.hears,
        output_rate: SampleRate::HZ_48000,
        output_layout: options.speaks,
        opus: options.opus,
        output_target: Duration::MAX,
        jitter_min: Duration::ZERO,
        jitter_max: Duration::from_millis(120),
        rtp_start: options.rtp_start,
        wire: None,
        // As a microphone does.
        sends_silence: true,
    })
    .expect("valid options");
    pipeline.set_expected_loss(options.expected_loss);
    pipeline
}
