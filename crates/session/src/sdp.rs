//! What we take from an offer, and what an answer says (RFC 8866, RFC 9429).
//!
//! An offer is normalised before the core sees it: one audio section with Opus alone, one data section, nothing
//! else. The core then never meets what it handles badly (payload types without `rtpmap`, two media sections without
//! SSRCs, two telephone-events, hundreds of candidates). The answer is completed again: refused sections are put
//! back in their places, the video section is answered beside the core's, and the candidates are the ones that reach us.

mod answer;
mod audio;
mod choice;
mod direction;
mod normalise;
mod section;
mod video;

pub use direction::Direction;

pub(crate) use answer::AnswerTerms;
pub(crate) use audio::{AudioSection, TelephoneEventType};
pub(crate) use choice::{Wanted, WantedVideo};
pub(crate) use section::first_attribute;
pub(crate) use video::{VideoSection, VideoTerms};

use choice::choose;
use normalise::{carrier, collect_candidates, normalise};
use section::{Section, split};

/// Longest offer that is read, in bytes.
pub const MAX_OFFER_BYTES: usize = 64 * 1024;

/// Why an offer can't be accepted: a code for programs and a sentence for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rejection {
    /// `invalid_sdp`, `no_audio`, `no_video`, `extra_track`, `unsupported_codec`, `too_large` or
    /// `unsupported_transport`.
    pub code: &'static str,
    /// What is wrong with which value, and what to do about it.
    pub message: String,
}

impl Rejection {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl std::fmt::Display for Rejection {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl std::error::Error for Rejection {}

/// Who starts the DTLS handshake, as the offerer says (RFC 5763, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Setup {
    /// `actpass` or `active`: the peer starts.
    PeerStarts,
    /// `passive`: we start.
    WeStart,
}

/// An offer, checked and normalised.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    /// What the core gets.
    pub(crate) normalised: String,
    /// The candidates that the offer carried, as attributes, in order.
    pub(crate) candidates: Vec<String>,
    /// The audio section that is used; one without flow when only video is wanted.
    pub(crate) audio: AudioSection,
    /// The video section that is used.
    pub(crate) video: Option<VideoSection>,
    /// The peer's certificate fingerprint, as written.
    pub(crate) fingerprint: String,
    pub(crate) setup: Setup,
    bundled: bool,
    sections: Vec<Section>,
}

impl Offer {
    pub(crate) fn parse(sdp: &str, wanted: Wanted) -> Result<Self, Rejection> {
        if sdp.len() > MAX_OFFER_BYTES {
            let message =
                format!("the offer has {} bytes; {MAX_OFFER_BYTES} is the most that is read", sdp.len());
            return Err(Rejection::new("too_large", message));
        }
        let (session, mut sections) = split(sdp)?;
        let bundled = session.iter().any(|line| line.starts_with("a=group:BUNDLE"));
        let (audio, video) = choose(&mut sections, wanted, bundled)?;
        let fingerprint = fingerprint(&session, &sections)?;
        let setup = setup(&session, &sections);
        let candidates = collect_candidates(&mut sections);
        let carrier = audio.is_none().then(|| carrier(&sections)).flatten();
        let audio = audio.unwrap_or_else(|| AudioSection::without_flow(video.as_ref()));
        let normalised = normalise(&session, carrier.iter().chain(&sections), &audio);
        Ok(Self { normalised, candidates, audio, video, fingerprint, setup, bundled, sections })
    }
}

/// RFC 8122: the fingerprint that the peer's DTLS certificate must have.
fn fingerprint(session: &[String], sections: &[Section]) -> Result<String, Rejection> {
    let written = sections.iter().flat_map(|section| &section.lines).chain(session);
    let found: Vec<&str> = written.filter_map(|line| line.strip_prefix("a=fingerprint:")).collect();
    let Some(first) = found.first() else {
        return Err(Rejection::new(
            "unsupported_transport",
            "the offer has no a=fingerprint line; only DTLS-SRTP is spoken here",
        ));
    };
    // A peer may name several (RFC 8122, section 5).
    let is_sha_256 =
        |line: &&&str| line.split(' ').next().is_some_and(|hash| hash.eq_ignore_ascii_case("sha-256"));
    let Some(sha_256) = found.iter().find(is_sha_256) else {
        let hash: String = first.split(' ').next().unwrap_or_default().chars().take(20).collect();
        let message = format!("the fingerprint's hash is {hash:?}; sha-256 is the one that is read");
        return Err(Rejection::new("unsupported_transport", message));
    };
    Ok(sha_256.to_ascii_lowercase())
}

fn setup(session: &[String], sections: &[Section]) -> Setup {
    let mut lines = sections.iter().flat_map(|section| &section.lines).chain(session);
    match lines.find_map(|line| line.strip_prefix("a=setup:")) {
        Some("passive") => Setup::WeStart,
        _ => Setup::PeerStarts,
    }
}

#[cfg(test)]
#[path = "sdp_tests.rs"]
mod tests;
