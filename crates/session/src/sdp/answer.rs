//! The answer to the whole offer, made of the core's to the normalised one.

use super::normalise::is_candidate_line;
use super::section::{Role, joined, split};
use super::{Direction, Offer, Rejection, Section, VideoTerms};
use crate::relay::Allocation;
use std::fmt::Write as _;
use std::net::SocketAddr;

/// What the answer should say beyond what the core negotiates.
#[derive(Debug, Clone)]
pub(crate) struct AnswerTerms<'a> {
    pub(crate) direction: Direction,
    /// Whether we hear in stereo, and speak in stereo to a peer that wants it (RFC 7587, section 6.1).
    pub(crate) receive_stereo: bool,
    pub(crate) send_stereo: bool,
    pub(crate) fec: bool,
    pub(crate) candidates: &'a [SocketAddr],
    /// Where a STUN server saw us, with the local address behind it.
    pub(crate) reflexive: &'a [(SocketAddr, SocketAddr)],
    pub(crate) relayed: &'a [Allocation],
    pub(crate) video: Option<VideoTerms>,
}

impl Offer {
    /// Completes the core's answer to the normalised offer into the answer to the whole offer.
    pub(crate) fn answer(&self, core: &str, terms: &AnswerTerms<'_>) -> Result<String, Rejection> {
        let (mut session, answered) = split(core)?;
        session.retain(|line| !line.starts_with("a=group:BUNDLE"));
        if self.bundled {
            let accepted = self.sections.iter().filter(|section| section.role != Role::Refused);
            let mids = accepted.map(|section| section.mid.as_str()).collect::<Vec<_>>().join(" ");
            session.push(format!("a=group:BUNDLE {mids}"));
        }
        let mut sdp = joined(&session);
        let mut first = true;
        for mut section in self.answered(answered, terms)? {
            if section.role != Role::Refused && std::mem::take(&mut first) {
                section.lines.extend(candidate_lines(terms));
            }
            sdp.push_str(&section.to_sdp());
        }
        Ok(sdp)
    }

    /// The answer's sections, in the offer's order.
    fn answered(&self, core: Vec<Section>, terms: &AnswerTerms<'_>) -> Result<Vec<Section>, Rejection> {
        let unmatched = || Rejection::new("invalid_sdp", "the offer's media sections could not be matched");
        let transport = transport_lines(core.first().ok_or_else(unmatched)?);
        let mut core = core.into_iter();
        if !self.sections.iter().any(|section| section.role == Role::Audio) {
            // What carried the transport for the core.
            core.next();
        }
        let mut sections = Vec::with_capacity(self.sections.len());
        for section in &self.sections {
            sections.push(match (section.role, &self.video, terms.video) {
                (Role::Refused, ..) => section.refusal(),
                (Role::Video, Some(video), Some(terms)) => section.video_answer(video, terms, &transport),
                _ => self.complete(section, core.next().ok_or_else(unmatched)?, terms),
            });
        }
        Ok(sections)
    }

    /// Completes a section of the core's answer.
    fn complete(&self, offered: &Section, mut answer: Section, terms: &AnswerTerms<'_>) -> Section {
        answer.protocol.clone_from(&offered.protocol);
        answer.role = offered.role;
        answer.lines.retain(|line| !is_candidate_line(line));
        if offered.role == Role::Audio {
            self.audio.complete(&mut answer, terms);
        }
        answer
    }
}

/// What an answer's section says of its transport.
fn transport_lines(section: &Section) -> Vec<String> {
    let is_transport =
        |line: &&String| ["a=ice-", "a=fingerprint:", "a=setup:"].iter().any(|start| line.starts_with(start));
    section.lines.iter().filter(is_transport).cloned().collect()
}

/// Our candidates (RFC 8839, section 5.1), best first: the type preferences of RFC 8445, section 5.1.2.2.
fn candidate_lines(terms: &AnswerTerms<'_>) -> Vec<String> {
    let hosts = terms.candidates.iter().map(|address| (126, *address, "host", None));
    let reflexive = terms.reflexive.iter().map(|(mapped, base)| (100, *mapped, "srflx", Some(*base)));
    let relayed = terms.relayed.iter().map(|lent| (0, lent.relayed, "relay", Some(lent.mapped)));
    let all = hosts.chain(reflexive).chain(relayed).enumerate();
    let mut lines: Vec<String> = all.map(|(index, candidate)| candidate_line(index, candidate)).collect();
    lines.push("a=end-of-candidates".to_owned());
    lines
}

type NamedCandidate = (u32, SocketAddr, &'static str, Option<SocketAddr>);

fn candidate_line(index: usize, (preference, address, kind, related): NamedCandidate) -> String {
    let priority = (preference << 24) | ((0xffff - index as u32) << 8) | 255;
    let (ip, port) = (address.ip(), address.port());
    let mut line = format!("a=candidate:{} 1 udp {priority} {ip} {port} typ {kind}", index + 1);
    if let Some(related) = related {
        // Writing to a String can't fail.
        let _ = write!(line, " raddr {} rport {}", related.ip(), related.port());
    }
    line
}
