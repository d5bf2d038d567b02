//! Thousands of damaged offers of real peers: each is answered or refused, and none panics.

use parley_netsim::{Random, server_address, session_options, start_of_time};
use parley_session::{Identity, LocalAddresses, RtcSession, Seed, SessionOptions, VideoOptions};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

const OFFERS: [&str; 7] = [
    include_str!("offers/chromium.sdp"),
    include_str!("offers/chromium-video.sdp"),
    include_str!("offers/aiortc.sdp"),
    include_str!("offers/aiortc-video.sdp"),
    include_str!("offers/pion.sdp"),
    include_str!("offers/firefox.sdp"),
    include_str!("offers/old-style.sdp"),
];

const NUMBERS: [&str; 12] = [
    "0",
    "-1",
    "65536",
    "4294967296",
    "99999999999999999999",
    "255",
    "256",
    "1",
    "",
    "18446744073709551615",
    "127",
    "128",
];

const LINES: [&str; 24] = [
    "a=rid:h send",
    "a=simulcast:send h;m;l",
    "a=ssrc-group:FID 1",
    "a=ssrc-group:SIM 1 2",
    "a=ssrc:",
    "a=ssrc:x",
    "a=ssrc:1",
    "a=candidate:1 1 udp 1 x.local 1 typ host",
    "a=fingerprint:sha-256 zz",
    "a=fingerprint:sha-256",
    "a=setup:holdconn",
    "a=bundle-only",
    "a=ice-lite",
    "a=inactive",
    "a=max-message-size:0",
    "a=sctp-port:0",
    "a=sctp-port:99999",
    "m=audio 0 UDP/TLS/RTP/SAVPF",
    "m=audio 9 UDP/TLS/RTP/SAVPF 111",
    "m=application 9 UDP/DTLS/SCTP webrtc-datachannel",
    "a=ice-ufrag:",
    "a=ice-pwd:",
    "a=msid:",
    "a=mid:",
];

fn mutate(random: &mut Random, offer: &str) -> String {
    let mut lines: Vec<String> = offer.lines().map(str::to_owned).collect();
    for _ in 0..=random.below(6) {
        if lines.is_empty() {
            break;
        }
        let at = random.below(lines.len());
        match random.below(10) {
            0 => drop(lines.remove(at)),
            1 => lines.splice(at..at, vec![lines[at].clone(); random.below(40)]).for_each(drop),
            2 => lines.swap(at, 0),
            3 => lines.truncate(at),
            4 => lines[at] = mutate_bytes(random, &lines[at]),
            5 => lines[at] = replace_number(random, &lines[at]),
            6 => lines[at].push_str(&"A".repeat(random.below(5_000))),
            7 => lines[at] = lines[at].replace([' ', ':'], ""),
            8 => {
                lines[at] = (0..random.below(30))
                    .filter_map(|_| char::from_u32(random.below(0x2fff) as u32))
                    .collect()
            }
            _ => lines.insert(at, (*random.pick(&LINES)).to_owned()),
        }
    }
    lines.join("\r\n") + "\r\n"
}

fn mutate_bytes(random: &mut Random, line: &str) -> String {
    let mut bytes = line.as_bytes().to_vec();
    if !bytes.is_empty() {
        let at = random.below(bytes.len());
        bytes[at] = 32 + random.below(95) as u8;
        bytes.truncate(bytes.len() - random.below(3).min(bytes.len()));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn replace_number(random: &mut Random, line: &str) -> String {
    let is_digit = |c: char| c.is_ascii_digit();
    let Some(start) = line.find(is_digit) else { return line.to_owned() };
    let end = line[start..].find(|c| !is_digit(c)).map_or(line.len(), |end| start + end);
    format!("{}{}{}", &line[..start], random.pick(&NUMBERS), &line[end..])
}

/// Answers an offer, and a later one in the same session.
fn answers(identity: &Identity, offer: &str, later: &str) -> Result<(), String> {
    let v4 = Some(server_address());
    let local =
        Arc::new(LocalAddresses { v4, candidates: vec![server_address()], ..LocalAddresses::default() });
    let seed = Seed { ssrc: 1, sequence_number: 1, timestamp: 1 };
    let video = offer.contains("m=video").then(VideoOptions::default);
    let options = SessionOptions { allow_extra_tracks: true, video, ..session_options() };
    let (mut session, _) = RtcSession::accept(start_of_time(), identity, local, options, seed, offer)
        .map_err(|rejection| rejection.code.to_owned())?;
    let _ = session.renegotiate(start_of_time(), later);
    Ok(())
}

#[test]
fn no_damaged_offer_panics() {
    let identity = Identity::generate().expect("a certificate");
    let mut random = Random::new(1);
    let mut outcomes: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..3_000 {
        let original = *random.pick(&OFFERS);
        let (offer, later) = (mutate(&mut random, original), mutate(&mut random, original));
        for (first, second) in [(offer.as_str(), later.as_str()), (original, offer.as_str())] {
            let outcome = catch_unwind(AssertUnwindSafe(|| answers(&identity, first, second)));
            let Ok(outcome) = outcome else { panic!("{first}\nthen\n{second}") };
            *outcomes.entry(outcome.err().unwrap_or_else(|| "answered".to_owned())).or_default() += 1;
        }
    }
    assert!(outcomes["answered"] > 3_000, "the originals are all right: {outcomes:?}");
    assert!(outcomes["invalid_sdp"] > 100, "{outcomes:?}");
}
