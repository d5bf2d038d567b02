//! What the core gets of an offer: only what it handles well.

use super::section::{Role, joined};
use super::{AudioSection, Section};

/// Most `a=ssrc` lines that are kept of the audio section.
const MAX_SSRC_LINES: usize = 16;

/// The mid of the carrier; no other section matters to the core but data, whose mid is another's choice.
const CARRIER_MID: &str = "parley-carrier";

/// The section that carries the transport for the core when only video is wanted: an audio section that nothing ever
/// flows in, on the video section's transport. It stays the same while video moves from section to section.
pub(super) fn carrier(sections: &[Section]) -> Option<Section> {
    let on = sections.iter().find(|section| section.role == Role::Video);
    let mut carrier = on.or_else(|| sections.iter().find(|section| section.role == Role::Data))?.clone();
    "audio".clone_into(&mut carrier.media);
    "UDP/TLS/RTP/SAVPF".clone_into(&mut carrier.protocol);
    CARRIER_MID.clone_into(&mut carrier.mid);
    carrier.role = Role::Audio;
    let is_source = |line: &String| line.starts_with("a=ssrc") || line.starts_with("a=msid");
    carrier.lines.retain(|line| !is_source(line));
    Some(carrier)
}

/// Takes the candidates out of the sections: they are admitted one by one.
pub(super) fn collect_candidates(sections: &mut [Section]) -> Vec<String> {
    let mut candidates = Vec::new();
    for section in sections {
        let (found, rest) =
            std::mem::take(&mut section.lines).into_iter().partition(|line| is_candidate_line(line));
        section.lines = rest;
        candidates.extend(Vec::<String>::into_iter(found).filter(|line| line.starts_with("a=candidate:")));
    }
    candidates
}

pub(super) fn is_candidate_line(line: &str) -> bool {
    line.starts_with("a=candidate:")
        || line.starts_with("a=end-of-candidates")
        || line.starts_with("a=remote-candidates")
}

pub(super) fn normalise<'a>(
    session: &[String],
    sections: impl Iterator<Item = &'a Section>,
    audio: &AudioSection,
) -> String {
    let kept: Vec<&Section> =
        sections.filter(|section| matches!(section.role, Role::Audio | Role::Data)).collect();
    // The lines that RFC 8866, section 5, wants in this order. None says anything that is used.
    let mut lines: Vec<String> =
        ["v=0", "o=- 0 0 IN IP4 0.0.0.0", "s=-", "t=0 0"].map(str::to_owned).to_vec();
    lines.extend(session.iter().filter(|line| is_kept_session_line(line)).cloned());
    // Also for a peer that knows no bundle: the core then has one section, and answers the same.
    let mids = kept.iter().map(|section| section.mid.as_str()).collect::<Vec<_>>().join(" ");
    lines.push(format!("a=group:BUNDLE {mids}"));
    let mut sdp = joined(&lines);
    for section in kept {
        sdp.push_str(&section.normalised(audio));
    }
    sdp
}

fn is_kept_session_line(line: &str) -> bool {
    ["a=ice-", "a=fingerprint:", "a=setup:", "a=msid-semantic"].iter().any(|kept| line.starts_with(kept))
}

impl Section {
    /// The section as the core gets it.
    fn normalised(&self, audio: &AudioSection) -> String {
        let mut section = self.clone();
        let mut ssrc_lines = 0;
        section.lines.retain(|line| {
            let is_ssrc = line.starts_with("a=ssrc:");
            ssrc_lines += usize::from(is_ssrc);
            is_kept_media_line(line) && !(is_ssrc && ssrc_lines > MAX_SSRC_LINES)
        });
        section.lines.insert(0, "c=IN IP4 0.0.0.0".to_owned());
        section.lines.push(format!("a=mid:{}", section.mid));
        if section.role == Role::Audio {
            let payload_type = audio.payload_type;
            section.formats = payload_type.to_string();
            section.lines.push(format!("a=rtpmap:{payload_type} opus/48000/2"));
            section.lines.push(format!("a=fmtp:{payload_type} minptime=10;useinbandfec=1"));
            // The core ignores a section that leaves its direction to the default.
            section.lines.push(format!("a={}", audio.direction.name()));
        }
        section.to_sdp()
    }
}

fn is_kept_media_line(line: &str) -> bool {
    const KEPT: [&str; 11] = [
        "a=ice-",
        "a=fingerprint:",
        "a=setup:",
        "a=rtcp-mux",
        "a=rtcp-rsize",
        "a=msid:",
        "a=ssrc:",
        "a=sctp-port:",
        "a=max-message-size:",
        "a=rtcp:",
        "a=bundle-only",
    ];
    KEPT.iter().any(|kept| line.starts_with(kept))
}
