//! Offers of video by real peers, and what is answered. Chromium's and aiortc's were recorded, Firefox's is written after
//! one.

use super::*;
use crate::VideoOptions;
use parley_video::Codec;

const FIREFOX_VIDEO: &str = include_str!("../../tests/offers/firefox-video.sdp");
const ALL_VIDEO: [&str; 3] = [CHROMIUM_VIDEO, AIORTC_VIDEO, FIREFOX_VIDEO];

fn both() -> SessionOptions {
    SessionOptions { video: Some(VideoOptions::default()), ..options() }
}

fn video_alone() -> SessionOptions {
    SessionOptions { audio: false, ..both() }
}

/// The offer without the sections of that kind.
fn without(offer: &str, kind: &str) -> String {
    let mut kept = true;
    let lines = offer.lines().filter(|line| {
        kept = if line.starts_with("m=") { !line.starts_with(&format!("m={kind}")) } else { kept };
        kept
    });
    lines.map(|line| format!("{line}\r\n")).collect()
}

/// The section of that kind, line by line.
fn part(offer: &str, kind: &str) -> String {
    let start = format!("m={kind}");
    let lines = offer.lines().skip_while(|line| !line.starts_with(&start));
    let rest = lines.enumerate().take_while(|(n, line)| *n == 0 || !line.starts_with("m="));
    rest.map(|(_, line)| format!("{line}\r\n")).collect()
}

fn answered(offer: &str, options: SessionOptions) -> String {
    accept(offer, options).unwrap_or_else(|rejection| panic!("{rejection}"))
}

fn code(offer: &str, options: SessionOptions) -> Rejection {
    accept(offer, options).expect_err("the offer can't be used")
}

#[test]
fn each_peers_video_is_answered_with_vp8_its_retransmissions_and_the_feedback_that_was_offered() {
    let expected = [
        ("96 97", vec!["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"]),
        ("97 98", vec!["goog-remb", "nack", "nack pli"]),
        ("120 124", vec!["goog-remb", "transport-cc", "ccm fir", "nack", "nack pli"]),
    ];
    for (offer, (types, feedback)) in ALL_VIDEO.iter().zip(expected) {
        let answer = answered(offer, both());
        let video = section(&answer, "video");
        assert!(video.starts_with(&format!("m=video 9 UDP/TLS/RTP/SAVPF {types}\r\n")), "{video}");
        let (vp8, rtx) = types.split_once(' ').expect("two");
        assert_eq!(lines(video, "a=rtpmap:"), [format!("{vp8} VP8/90000"), format!("{rtx} rtx/90000")]);
        assert_eq!(lines(video, "a=fmtp:"), [format!("{rtx} apt={vp8}")]);
        let prefix = format!("a=rtcp-fb:{vp8} ");
        assert_eq!(lines(video, &prefix), feedback, "{video}");
        assert!(video.contains("a=sendrecv") && video.contains("a=msid:parley parley-video"), "{video}");
        assert!(video.contains("a=rtcp-mux") && video.contains("a=mid:1"), "{video}");
        assert_eq!(lines(&answer, "a=group:BUNDLE"), [" 0 1 2"]);
        assert_eq!(lines(&answer, "a=end-of-candidates").len(), 1, "candidates stand once");
    }
}

#[test]
fn both_kinds_share_their_transport_and_their_stream() {
    for offer in ALL_VIDEO {
        let answer = answered(offer, both());
        let of = |kind, start: &'static str| lines(section(&answer, kind), start).join(" ");
        for start in ["a=ice-ufrag:", "a=ice-pwd:", "a=setup:"] {
            assert_eq!(of("audio", start), of("video", start), "{answer}");
        }
        assert!(of("audio", "a=msid:").starts_with("parley "), "{answer}");
        assert!(of("audio", "a=ssrc:").contains("cname:parley"), "{answer}");
        assert!(of("video", "a=ssrc:").contains("cname:parley"), "{answer}");
    }
}

#[test]
fn our_picture_is_declared_before_its_repairs() {
    let answer = answered(CHROMIUM_VIDEO, both());
    let video = section(&answer, "video");
    let group = lines(video, "a=ssrc-group:FID ").join("");
    let declared: Vec<_> =
        lines(video, "a=ssrc:").iter().filter_map(|line| line.split(' ').next().map(str::to_owned)).collect();
    assert_eq!(declared.join(" "), group, "Chromium takes the first for the picture: {answer}");
}

#[test]
fn extensions_keep_the_numbers_that_the_peer_gave_them() {
    let video = |offer| section(&answered(offer, both()), "video").to_owned();
    let chromium = video(CHROMIUM_VIDEO);
    assert_eq!(
        lines(&chromium, "a=extmap:"),
        [
            "2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
            "3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
            "13 urn:3gpp:video-orientation",
            "4 urn:ietf:params:rtp-hdrext:sdes:mid",
        ]
    );
    assert!(!video(AIORTC_VIDEO).contains("transport-wide-cc"), "what wasn't offered isn't answered");
}

#[test]
fn video_alone_is_answered_with_the_candidates_and_no_audio() {
    for offer in ALL_VIDEO {
        let answer = answered(&without(offer, "audio"), video_alone());
        assert_eq!(sections(&answer).len(), 2, "{answer}");
        assert!(!answer.contains("m=audio") && !answer.contains("opus") && !answer.contains("carrier"));
        let video = section(&answer, "video");
        assert_eq!(lines(video, "a=candidate:").len(), 3, "{answer}");
        assert_eq!(lines(video, "a=ice-ufrag:").len(), 1, "{answer}");
        assert_eq!(lines(&answer, "a=group:BUNDLE"), [" 1 2"]);
    }
}

#[test]
fn video_without_data_is_answered_too() {
    let offer = without(&without(CHROMIUM_VIDEO, "audio"), "application");
    let answer = answered(&offer, video_alone());
    assert_eq!(lines(&answer, "a=group:BUNDLE"), [" 1"]);
    assert_eq!(sections(&answer).len(), 1, "{answer}");
}

#[test]
fn the_order_of_kinds_is_the_peers_choice() {
    let audio = part(CHROMIUM_VIDEO, "audio");
    let swapped = format!("{}{audio}", without(CHROMIUM_VIDEO, "audio"));
    let answer = answered(&swapped, both());
    let kinds: Vec<_> = sections(&answer).iter().map(|line| line.split(' ').next()).collect();
    assert_eq!(kinds, [Some("m=video"), Some("m=application"), Some("m=audio")]);
    assert_eq!(lines(section(&answer, "video"), "a=candidate:").len(), 3, "in the first");
    assert!(section(&answer, "audio").contains("a=ssrc:1 "), "{answer}");
}

#[test]
fn directions_follow_the_options_and_the_offer() {
    let with = |receive, send, offered: &str| {
        let video = VideoOptions { receive, send, ..VideoOptions::default() };
        let start = CHROMIUM_VIDEO.find("m=video").expect("it has one");
        let (before, video_on) = CHROMIUM_VIDEO.split_at(start);
        let offer = format!("{before}{}", video_on.replacen("a=sendrecv", &format!("a={offered}"), 1));
        let answer = answered(&offer, SessionOptions { video: Some(video), ..both() });
        let section = section(&answer, "video").to_owned();
        let direction = ["sendrecv", "sendonly", "recvonly", "inactive"]
            .into_iter()
            .find(|direction| section.lines().any(|line| line == format!("a={direction}")));
        (direction.expect("it has one"), section.contains("a=msid"))
    };
    assert_eq!(with(true, true, "sendrecv"), ("sendrecv", true));
    assert_eq!(with(true, false, "sendrecv"), ("recvonly", false));
    assert_eq!(with(false, true, "sendrecv"), ("sendonly", true));
    assert_eq!(with(true, true, "sendonly"), ("recvonly", false));
    assert_eq!(with(true, true, "recvonly"), ("sendonly", true));
    assert_eq!(with(true, false, "recvonly"), ("inactive", false));
}

#[test]
fn a_kind_that_is_missing_is_named() {
    assert_eq!(code(CHROMIUM, both()).code, "no_video");
    assert_eq!(code(&without(CHROMIUM_VIDEO, "audio"), both()).code, "no_audio");
    assert_eq!(code(CHROMIUM, video_alone()).code, "no_video");
    let stopped = CHROMIUM_VIDEO.replace("m=video 54530", "m=video 0");
    assert_eq!(code(&stopped, both()).code, "no_video");
}

#[test]
fn video_without_vp8_is_refused_with_what_was_offered() {
    // In a mode that isn't spoken whatever is built.
    let offer = CHROMIUM_VIDEO.replace("VP8/90000", "H265/90000");
    let offer = offer.replace("packetization-mode=1", "packetization-mode=0");
    let rejection = code(&offer, both());
    assert_eq!(rejection.code, "unsupported_codec");
    for named in ["H265", "H264", "AV1", "VP9"] {
        assert!(rejection.message.contains(named), "{rejection}");
    }
    assert!(!rejection.message.contains("rtx") && !rejection.message.contains("red"), "{rejection}");
}

#[test]
fn a_second_video_track_is_an_extra_track() {
    let second = part(CHROMIUM_VIDEO, "video").replace("a=mid:1", "a=mid:3");
    let twice = format!("{CHROMIUM_VIDEO}{second}\n");
    let rejection = code(&twice, both());
    assert_eq!(rejection.code, "extra_track");
    assert!(
        rejection.message.contains("a second video") && rejection.message.contains("mid 3"),
        "{rejection}"
    );
    let answer = answered(&twice, SessionOptions { allow_extra_tracks: true, ..both() });
    assert!(sections(&answer)[3].starts_with("m=video 0 "), "{answer}");
    let audio = code(CHROMIUM_VIDEO, video_alone());
    assert!(audio.message.contains("an audio track (mid 0)"), "{audio}");
}

#[test]
fn a_screen_on_a_later_section_takes_the_cameras_place() {
    let start = CHROMIUM_VIDEO.find("m=video").expect("it has one");
    let (before, video_on) = CHROMIUM_VIDEO.split_at(start);
    let idle = format!("{before}{}", video_on.replacen("a=sendrecv", "a=recvonly", 1));
    let screen = part(CHROMIUM_VIDEO, "video").replace("a=mid:1", "a=mid:3");
    let answer = answered(&format!("{idle}{screen}\n"), both());
    assert!(sections(&answer)[1].starts_with("m=video 0 "), "{answer}");
    assert!(sections(&answer)[3].starts_with("m=video 9 "), "{answer}");
}

#[test]
fn a_simulcast_offer_is_answered_with_one_layer() {
    let simulcast: String = CHROMIUM_VIDEO
        .lines()
        .filter(|line| !line.starts_with("a=ssrc"))
        .map(|line| match line {
            "a=mid:1" => {
                "a=mid:1\na=rid:q send\na=rid:h send\na=rid:f send\na=simulcast:send q;h;f\n".to_owned()
            }
            line => format!("{line}\n"),
        })
        .collect();
    let answer = answered(&simulcast, both());
    assert!(!answer.contains("simulcast") && !answer.contains("a=rid") && !answer.contains("stream-id"));
    assert!(section(&answer, "video").starts_with("m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n"), "{answer}");
}

#[test]
fn video_apart_from_the_audio_is_refused() {
    let apart = CHROMIUM_VIDEO.replace("a=group:BUNDLE 0 1 2\n", "");
    assert_eq!(code(&apart, both()).code, "unsupported_transport");
}

#[test]
fn the_least_that_a_section_may_say_is_enough() {
    let bare = "v=0\r\no=- 1 1 IN IP4 0.0.0.0\r\ns=-\r\nt=0 0\r\na=fingerprint:sha-256 \
        94:37:F7:79:2D:7E:9E:31:E2:F2:8D:AB:47:9A:48:DF:53:13:71:FD:2F:26:F5:9F:48:07:BA:B7:AD:DA:BA:25\r\n\
        a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=setup:actpass\r\n\
        m=video 9 UDP/TLS/RTP/SAVPF 100\r\na=rtcp-mux\r\na=rtpmap:100 vp8/90000\r\n";
    let answer = answered(bare, video_alone());
    let video = section(&answer, "video");
    assert!(video.starts_with("m=video 9 UDP/TLS/RTP/SAVPF 100\r\n"), "{answer}");
    assert!(!video.contains("rtcp-fb") && !video.contains("extmap") && !video.contains("FID"), "{answer}");
}

const TERMS: VideoTerms = VideoTerms { direction: Direction::SendRecv, source: 1, repair: 2 };

/// The video section of Chromium's offer, with one change.
fn chromiums(change: impl Fn(&str) -> String) -> Section {
    let offer = format!("v=0\r\n{}", change(&part(CHROMIUM_VIDEO, "video")));
    let (_, mut sections) = section::split(&offer).expect("a section");
    sections.remove(0)
}

#[test]
fn h264_comes_after_vp8_and_in_its_constrained_baseline_profile() {
    let all = [Codec::Vp8, Codec::H264];
    let both = chromiums(str::to_owned).video_of(&all).expect("usable");
    assert_eq!((both.codec, both.payload_type), (Codec::Vp8, 96));
    let without = chromiums(|offer| offer.replace("VP8/90000", "H265/90000"));
    assert_eq!(without.video_of(&[Codec::Vp8]), None);
    let video = without.video_of(&all).expect("usable");
    let answer = without.video_answer(&video, TERMS, &[]).to_sdp();
    let fmtp = format!("a=fmtp:{} ", video.payload_type);
    assert_eq!(
        lines(&answer, &fmtp),
        ["level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"],
        "{answer}"
    );
    assert_eq!(lines(&answer, "a=rtpmap:")[0], format!("{} H264/90000", video.payload_type));
    assert!(video.rtx.is_some() && video.feedback.nack && video.feedback.pli, "{answer}");
}

#[test]
fn h264_in_other_profiles_and_modes_is_not_used() {
    let changed = |from: &str, to: &str| {
        let section = chromiums(|offer| offer.replace(from, to));
        section.video_of(&[Codec::H264]).is_some()
    };
    assert!(changed("nothing", "nothing"));
    assert!(!changed("packetization-mode=1", "packetization-mode=0"));
    assert!(!changed("profile-level-id=42", "profile-level-id=64"));
    assert!(!changed("profile-level-id=42", "profile-level-id=zz"));
}

#[test]
#[cfg(feature = "h264")]
fn an_offer_without_vp8_is_answered_with_h264_where_it_is_built_in() {
    let offer = CHROMIUM_VIDEO.replace("VP8/90000", "H265/90000");
    let answer = answered(&offer, both());
    let video = section(&answer, "video");
    assert!(video.contains(" H264/90000\r\n") && !video.contains("VP8"), "{video}");
    let message = code(&offer.replace("packetization-mode=1", "packetization-mode=0"), both()).message;
    assert!(message.contains("VP8, and H264 in baseline profile"), "{message}");
}
