//! Offers of real peers, and what is answered. Chromium's, aiortc's and Pion's were recorded, Firefox's is written after
//! one, and the old-style one has only what RFC 5763 asked for: no mid, no bundle, no SSRC.

use super::*;
use crate::{AudioFormat, Identity, LocalAddresses, Mode, RtcSession, Seed, SessionOptions};
use parley_media::{Layout, OpusOptions, SampleRate};
use parley_netsim::{millis, secs, start_of_time};
use std::sync::Arc;

const CHROMIUM: &str = include_str!("../tests/offers/chromium.sdp");
const CHROMIUM_VIDEO: &str = include_str!("../tests/offers/chromium-video.sdp");
const AIORTC: &str = include_str!("../tests/offers/aiortc.sdp");
const AIORTC_VIDEO: &str = include_str!("../tests/offers/aiortc-video.sdp");
const PION: &str = include_str!("../tests/offers/pion.sdp");
const FIREFOX: &str = include_str!("../tests/offers/firefox.sdp");
const OLD_STYLE: &str = include_str!("../tests/offers/old-style.sdp");
const AUDIO: Wanted = Wanted { audio: true, video: WantedVideo::No, allow_extra_tracks: false };
const ALL: [&str; 5] = [CHROMIUM, AIORTC, PION, FIREFOX, OLD_STYLE];

fn options() -> SessionOptions {
    let format = AudioFormat { rate: SampleRate::HZ_24000, layout: Layout::Mono };
    SessionOptions {
        input: format,
        output: format,
        mode: Mode::SendReceive,
        opus: OpusOptions::default(),
        output_target: millis(400),
        jitter: (millis(0), millis(120)),
        connect_timeout: secs(15),
        ..SessionOptions::default()
    }
}

fn accept(offer: &str, options: SessionOptions) -> Result<String, Rejection> {
    let v4 = "192.0.2.1:50000".parse().ok();
    let candidates =
        ["192.0.2.1:50000", "198.51.100.1:50000"].map(|address| address.parse().expect("an address"));
    let reflexive = vec![("203.0.113.5:61000".parse().expect("an address"), candidates[0])];
    let local =
        LocalAddresses { v4, candidates: candidates.to_vec(), reflexive, ..LocalAddresses::default() };
    let identity = Identity::generate().expect("a certificate");
    let seed = Seed { ssrc: 1, sequence_number: 2, timestamp: 3 };
    RtcSession::accept(start_of_time(), &identity, Arc::new(local), options, seed, offer)
        .map(|(_, answer)| answer)
}

fn answer(offer: &str) -> String {
    accept(offer, options()).unwrap_or_else(|rejection| panic!("{rejection}"))
}

fn rejection(offer: &str) -> Rejection {
    accept(offer, options()).expect_err("the offer can't be used")
}

/// The `m=` lines.
fn sections(sdp: &str) -> Vec<&str> {
    sdp.lines().filter(|line| line.starts_with("m=")).collect()
}

fn lines<'a>(sdp: &'a str, start: &'a str) -> Vec<&'a str> {
    sdp.lines().filter_map(|line| line.strip_prefix(start)).collect()
}

/// The part of a description from the section of that kind on, up to the next.
fn section<'a>(sdp: &'a str, kind: &str) -> &'a str {
    let start = sdp.find(&format!("m={kind}")).expect("it has one");
    let end = sdp[start + 1..].find("\r\nm=").map_or(sdp.len(), |end| start + 1 + end);
    &sdp[start..end]
}

#[test]
fn each_peers_offer_is_answered_with_opus_and_one_telephone_event_at_its_own_payload_types_and_nothing_else()
{
    let expected = ["111", "96", "111", "109", "96"];
    for (offer, opus) in ALL.iter().zip(expected) {
        let answer = answer(offer);
        let offered: Vec<&str> = lines(offer, "a=rtpmap:")
            .into_iter()
            .map(|line| if line.contains("telephone-event") { line.trim_end_matches("/1") } else { line })
            .collect();
        let at = |rate| offered.iter().find(|line| line.ends_with(&format!(" telephone-event/{rate}")));
        let events: Vec<&str> = at("48000").or_else(|| at("8000")).into_iter().copied().collect();
        let numbers: Vec<&str> = events.iter().filter_map(|line| line.split(' ').next()).collect();
        let audio = sections(&answer)[0].split(' ').skip(3).collect::<Vec<_>>();
        assert_eq!(audio, [&[opus], &numbers[..]].concat(), "{answer}");
        let (mut mapped, mut parameters) = (lines(&answer, "a=rtpmap:"), lines(&answer, "a=fmtp:"));
        let expected = format!("{opus} opus/48000/2");
        mapped.sort_by_key(|line| line.contains("telephone-event"));
        assert_eq!(mapped, [&[expected.as_str()], &events[..]].concat(), "{answer}");
        let expected = format!("{opus} minptime=10;useinbandfec=1");
        assert_eq!(parameters.pop(), Some(expected.as_str()), "{answer}");
        assert_eq!(parameters, numbers.iter().map(|n| format!("{n} 0-15")).collect::<Vec<_>>(), "{answer}");
    }
}

#[test]
fn an_answer_has_the_sections_of_the_offer_in_its_order_and_their_mids() {
    for offer in ALL {
        let answer = answer(offer);
        let kinds = |sdp: &str| -> Vec<String> {
            sections(sdp).iter().map(|line| line.split(' ').next().unwrap_or_default().to_owned()).collect()
        };
        assert_eq!(kinds(&answer), kinds(offer));
        if offer.contains("a=mid:") {
            assert_eq!(lines(&answer, "a=mid:"), lines(offer, "a=mid:"));
        }
    }
}

#[test]
fn an_answer_uses_the_transport_that_was_offered() {
    for offer in ALL {
        let protocols = |sdp: &str| -> Vec<String> {
            sections(sdp).iter().map(|line| line.split(' ').nth(2).unwrap_or_default().to_owned()).collect()
        };
        assert_eq!(protocols(&answer(offer)), protocols(offer), "RFC 3264, section 6");
    }
}

#[test]
fn an_answer_holds_all_our_candidates_best_first_and_says_that_no_more_come() {
    for offer in ALL {
        let answer = answer(offer);
        let candidates = lines(&answer, "a=candidate:");
        let addresses: Vec<_> =
            candidates.iter().map(|line| line.split(' ').skip(4).take(2).collect::<Vec<_>>()).collect();
        assert_eq!(addresses, [["192.0.2.1", "50000"], ["198.51.100.1", "50000"], ["203.0.113.5", "61000"]]);
        assert!(candidates[2].ends_with("typ srflx raddr 192.0.2.1 rport 50000"));
        assert_eq!(lines(&answer, "a=end-of-candidates").len(), 1);
        let priorities: Vec<u32> =
            candidates.iter().filter_map(|line| line.split(' ').nth(3)?.parse().ok()).collect();
        assert!(priorities.len() == 3 && priorities.is_sorted_by(|a, b| a > b), "{priorities:?}");
    }
}

#[test]
fn an_answer_says_everything_that_a_browser_needs() {
    for offer in ALL {
        let answer = answer(offer);
        for needed in
            ["a=ice-ufrag:", "a=ice-pwd:", "a=fingerprint:sha-256 ", "a=setup:", "a=rtcp-mux", "a=msid:"]
        {
            assert!(answer.contains(needed), "{needed} in\n{answer}");
        }
        assert!(!answer.contains("a=setup:actpass"), "an answer chooses");
        assert!(answer.ends_with("\r\n") && !answer.replace("\r\n", "").contains('\n'));
    }
    assert!(answer(OLD_STYLE).contains("a=setup:passive"), "the peer said that it is active");
}

#[test]
fn the_bundle_lists_only_what_was_accepted() {
    assert_eq!(lines(&answer(CHROMIUM), "a=group:BUNDLE"), [" 0 1"]);
    let extra = SessionOptions { allow_extra_tracks: true, ..options() };
    let answer = accept(CHROMIUM_VIDEO, extra).expect("the video is left out");
    assert_eq!(lines(&answer, "a=group:BUNDLE"), [" 0 2"]);
    assert_eq!(lines(&self::answer(OLD_STYLE), "a=group:BUNDLE"), Vec::<&str>::new(), "none was offered");
}

#[test]
fn data_outside_a_bundle_is_refused_and_the_audio_answered() {
    let apart = CHROMIUM.replace("a=group:BUNDLE 0 1\n", "");
    let answer = answer(&apart);
    assert!(sections(&answer)[1].starts_with("m=application 0 "), "{answer}");
    assert!(sections(&answer)[0].starts_with("m=audio 9 "), "{answer}");
}

#[test]
fn a_video_track_is_refused_by_name_unless_extra_tracks_are_allowed() {
    for offer in [CHROMIUM_VIDEO, AIORTC_VIDEO] {
        let rejection = rejection(offer);
        assert_eq!(rejection.code, "extra_track");
        assert!(rejection.message.contains("video") && rejection.message.contains("mid 1"), "{rejection}");
        let answer =
            accept(offer, SessionOptions { allow_extra_tracks: true, ..options() }).expect("it is left out");
        assert!(sections(&answer)[1].starts_with("m=video 0 "), "in its place, with port 0: {answer}");
        assert_eq!(sections(&answer).len(), 3);
    }
}

#[test]
fn a_second_audio_track_is_an_extra_track() {
    let start = CHROMIUM.find("m=audio").expect("it has one");
    let end = CHROMIUM.find("m=application").expect("it has one");
    let twice = CHROMIUM.replacen(&CHROMIUM[start..end], &CHROMIUM[start..end].repeat(2), 1);
    assert_eq!(rejection(&twice).code, "extra_track");
    let receiving = twice.replacen("a=sendrecv", "a=sendrecv ", 1);
    let at = receiving.rfind("a=sendrecv").expect("the second");
    let receiving = format!("{}a=recvonly{}", &receiving[..at], &receiving[at + 10..]);
    assert!(accept(&receiving, options()).is_ok(), "one that brings nothing does no harm");
}

#[test]
fn modes_and_layouts_show_in_the_answer() {
    let with = |mode, layout| {
        let format = AudioFormat { rate: SampleRate::HZ_48000, layout };
        let answer = accept(CHROMIUM, SessionOptions { mode, input: format, output: format, ..options() });
        section(&answer.expect("it is accepted"), "audio").to_owned()
    };
    assert!(with(Mode::SendReceive, Layout::Mono).contains("a=sendrecv"));
    let send = with(Mode::Send, Layout::Mono);
    assert!(send.contains("a=recvonly") && !send.contains("a=msid") && !send.contains("a=ssrc"), "{send}");
    assert!(with(Mode::Receive, Layout::Mono).contains("a=sendonly"));
    let stereo = with(Mode::SendReceive, Layout::Stereo);
    assert!(
        stereo.contains(";stereo=1") && !stereo.contains("sprop-stereo"),
        "the peer asks for none: {stereo}"
    );
}

#[test]
fn an_audio_section_without_opus_is_told_from_none() {
    let without = CHROMIUM.replace("opus/48000/2", "L16/48000/2");
    assert_eq!(rejection(&without).code, "unsupported_codec");
    let end = CHROMIUM.find("m=audio").expect("it has one");
    let data = &CHROMIUM[CHROMIUM.find("m=application").expect("it has one")..];
    assert_eq!(rejection(&format!("{}{data}", &CHROMIUM[..end])).code, "no_audio");
    assert_eq!(rejection(CHROMIUM[..end].trim_end()).code, "no_audio");
}

#[test]
fn a_sha_256_fingerprint_is_found_among_others_wherever_it_stands() {
    let mut lines: Vec<&str> = AIORTC.lines().collect();
    let first = lines.iter().position(|line| line.starts_with("a=fingerprint:sha-256")).expect("it has one");
    lines.swap(first, first + 2);
    let offer = Offer::parse(&(lines.join("\r\n") + "\r\n"), AUDIO).expect("it is accepted");
    assert!(offer.fingerprint.starts_with("sha-256 "), "{}", offer.fingerprint);
    let none = AIORTC.lines().filter(|line| !line.starts_with("a=fingerprint:sha-256")).collect::<Vec<_>>();
    assert_eq!(rejection(&none.join("\r\n")).code, "unsupported_transport");
    let plain = CHROMIUM.lines().filter(|line| !line.starts_with("a=fingerprint:")).collect::<Vec<_>>();
    assert_eq!(rejection(&plain.join("\r\n")).code, "unsupported_transport");
}

#[test]
fn offers_that_are_too_large_are_refused_unread() {
    let long = format!("{CHROMIUM}a={}\r\n", "x".repeat(MAX_OFFER_BYTES - CHROMIUM.len() - 3));
    assert_eq!(rejection(&long).code, "too_large");
    let just = &long[..MAX_OFFER_BYTES];
    assert!(accept(just, options()).is_ok(), "one byte less is read");
    let section = "m=audio 0 UDP/TLS/RTP/SAVPF 111\r\n";
    assert_eq!(
        rejection(&format!("{CHROMIUM}{}", section.repeat(15))).code,
        "too_large",
        "seventeen sections"
    );
    assert!(accept(&format!("{CHROMIUM}{}", section.repeat(14)), options()).is_ok(), "sixteen");
}

#[test]
fn thousands_of_lines_are_few_for_the_core() {
    let flood = |line: &str| {
        let room = (MAX_OFFER_BYTES - CHROMIUM.len()) / (line.len() + 2);
        let lines = format!("{line}\r\n").repeat(room);
        let at = CHROMIUM.find("a=mid:0").expect("it has one");
        format!("{}{lines}{}", &CHROMIUM[..at], &CHROMIUM[at..])
    };
    for line in [
        "a=x",
        "a=rtpmap:0 PCMU/8000",
        "a=extmap:1 urn:x",
        "a=ssrc:1 cname:x",
        "a=candidate:1 1 udp 1 192.0.2.9 9 typ host",
    ] {
        let offer = Offer::parse(&flood(line), AUDIO).expect("it is accepted");
        assert!(offer.normalised.lines().count() < 60, "{line}: {}", offer.normalised.lines().count());
    }
}

#[test]
fn what_is_no_sdp_is_refused_with_a_reason() {
    for nonsense in [
        "",
        "\0",
        "v=1",
        "hello",
        "{\"sdp\":\"\"}",
        "v=0",
        "v=0\r\nm=audio",
        "v=0\r\nm=",
        "v=0\r\nm=audio 9 x 1",
    ] {
        let rejection = rejection(nonsense);
        assert!(
            ["invalid_sdp", "unsupported_codec", "no_audio"].contains(&rejection.code),
            "{nonsense:?}: {rejection}"
        );
        assert!(!rejection.message.is_empty());
    }
}

#[path = "sdp/video_tests.rs"]
mod video;
