//! A description as lines: its session part and its media sections (RFC 8866, section 5).

use super::{Direction, Rejection};

/// Most media sections of an offer; a call has two, a conference client's offer a dozen.
const MAX_SECTIONS: usize = 16;

#[derive(Debug, Clone)]
pub(super) struct Section {
    /// The words of the `m=` line.
    pub(super) media: String,
    pub(super) port: String,
    pub(super) protocol: String,
    pub(super) formats: String,
    pub(super) lines: Vec<String>,
    pub(super) mid: String,
    pub(super) role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Audio,
    Video,
    Data,
    Refused,
}

/// The session part and the media sections of a description.
pub(super) fn split(sdp: &str) -> Result<(Vec<String>, Vec<Section>), Rejection> {
    let mut lines = sdp.lines().map(str::trim).filter(|line| !line.is_empty());
    if lines.next() != Some("v=0") {
        let start: String = sdp.chars().take(20).collect();
        return Err(Rejection::new(
            "invalid_sdp",
            format!("an SDP starts with the line v=0, this one with {start:?}"),
        ));
    }
    let mut session = vec!["v=0".to_owned()];
    let mut sections: Vec<Section> = Vec::new();
    for line in lines {
        if let Some(rest) = line.strip_prefix("m=") {
            sections.push(Section::parse(rest)?);
        } else if let Some(section) = sections.last_mut() {
            section.lines.push(line.to_owned());
        } else {
            session.push(line.to_owned());
        }
    }
    if sections.len() > MAX_SECTIONS {
        let message = format!(
            "the offer has {} media sections; {MAX_SECTIONS} is the most that is read",
            sections.len()
        );
        return Err(Rejection::new("too_large", message));
    }
    for (index, section) in sections.iter_mut().enumerate() {
        section.mid = section.attribute("mid").map_or_else(|| index.to_string(), str::to_owned);
    }
    Ok((session, sections))
}

impl Section {
    fn parse(line: &str) -> Result<Self, Rejection> {
        let mut words = line.splitn(4, ' ');
        let (Some(media), Some(port), Some(protocol), Some(formats)) =
            (words.next(), words.next(), words.next(), words.next())
        else {
            let line: String = line.chars().take(60).collect();
            return Err(Rejection::new(
                "invalid_sdp",
                format!("m={line:?} is not a media description (RFC 8866, section 5.14)"),
            ));
        };
        Ok(Self {
            media: media.to_owned(),
            port: port.to_owned(),
            protocol: protocol.to_owned(),
            formats: formats.to_owned(),
            lines: Vec::new(),
            mid: String::new(),
            role: Role::Refused,
        })
    }

    pub(super) fn attribute(&self, name: &str) -> Option<&str> {
        self.lines
            .iter()
            .find_map(|line| line.strip_prefix("a=")?.strip_prefix(name)?.strip_prefix(':'))
            .map(str::trim)
    }

    pub(super) fn direction(&self) -> Direction {
        self.lines.iter().find_map(|line| Direction::of(line.strip_prefix("a=")?)).unwrap_or_default()
    }

    /// A payload type that the `m=` line offers too.
    pub(super) fn offered_type(&self, payload_type: &str) -> Option<u8> {
        let offered = self.formats.split(' ').any(|format| format == payload_type);
        // RFC 5761, section 4: with RTCP on the same port, 64 to 95 would look like RTCP.
        let usable = |number: &u8| *number < 64 || (96..128).contains(number);
        payload_type.parse().ok().filter(usable).filter(|_| offered)
    }

    pub(super) fn is_data_channel(&self) -> bool {
        self.protocol.ends_with("DTLS/SCTP") && self.formats == "webrtc-datachannel"
    }

    /// The section refused: port 0 (RFC 3264, section 6), and no part of the bundle.
    pub(super) fn refusal(&self) -> Self {
        let lines = ["c=IN IP4 0.0.0.0", "a=inactive", &format!("a=mid:{}", self.mid)].map(str::to_owned);
        Self { port: "0".to_owned(), lines: lines.to_vec(), ..self.clone() }
    }

    pub(super) fn to_sdp(&self) -> String {
        format!(
            "m={} {} {} {}\r\n{}",
            self.media,
            self.port,
            self.protocol,
            self.formats,
            joined(&self.lines)
        )
    }
}

pub(super) fn joined(lines: &[String]) -> String {
    lines.iter().fold(String::new(), |mut sdp, line| {
        sdp.push_str(line);
        sdp.push_str("\r\n");
        sdp
    })
}

/// The value of a session- or media-level attribute, wherever it comes first.
pub(crate) fn first_attribute<'a>(sdp: &'a str, name: &str) -> Option<&'a str> {
    sdp.lines().find_map(|line| line.trim().strip_prefix("a=")?.strip_prefix(name)?.strip_prefix(':'))
}
