//! The video section: what of an offer's is used, and what is answered (RFC 8866, RFC 4585, RFC 4588, RFC 8285).
//!
//! The core never hears of it. Video is bundled with the section that the core has, so it shares its transport, and
//! its packets are told from others by their payload types.

use super::{Direction, Rejection, Section};
use parley_video::Codec;
use std::fmt::Write as _;

/// Most `a=ssrc` lines that are read; a source has one to four of them, and a simulcast offer six sources.
const MAX_SOURCES: usize = 32;
/// Most payload types that a refusal names.
const MAX_NAMED: usize = 8;

/// The offer's video section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct VideoSection {
    pub(crate) codec: Codec,
    /// Its payload type in both directions.
    pub(crate) payload_type: u8,
    /// What the answer says of H.264.
    parameters: Option<String>,
    /// That of its retransmissions (RFC 4588).
    pub(crate) rtx: Option<u8>,
    pub(crate) direction: Direction,
    pub(crate) feedback: Feedback,
    pub(crate) extensions: Extensions,
    /// The sources that the offer declares, and those that repair them.
    pub(crate) sources: Vec<u32>,
    pub(crate) repairs: Vec<Repair>,
    /// Most that the peer takes, in bit/s.
    pub(crate) max_bitrate: Option<u32>,
}

/// A source of retransmissions and the source that it repairs (RFC 5576, section 4.2: `FID`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Repair {
    pub(crate) source: u32,
    pub(crate) repaired: u32,
}

/// What the peer says of RTCP feedback (RFC 4585, section 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Feedback {
    pub(crate) nack: bool,
    pub(crate) pli: bool,
    pub(crate) fir: bool,
    pub(crate) remb: bool,
    pub(crate) transport_cc: bool,
}

/// Identifiers of header extensions (RFC 8285), 1 to 14.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Extensions {
    /// <http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time>
    pub(crate) send_time: Option<u8>,
    /// Transport-wide sequence numbers (draft-holmer-rmcat-transport-wide-cc-extensions-01).
    pub(crate) transport_number: Option<u8>,
    /// Video orientation (3GPP TS 26.114, section 7.4.5).
    pub(crate) orientation: Option<u8>,
    mid: Option<u8>,
}

const SEND_TIME: &str = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time";
const TRANSPORT_NUMBER: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";
const ORIENTATION: &str = "urn:3gpp:video-orientation";
const MID: &str = "urn:ietf:params:rtp-hdrext:sdes:mid";

/// What the answer says of video.
#[derive(Debug, Clone, Copy)]
pub(crate) struct VideoTerms {
    pub(crate) direction: Direction,
    /// Our source, and the one that repairs it.
    pub(crate) source: u32,
    pub(crate) repair: u32,
}

impl Section {
    /// What of a video section is used; none when it lacks what is spoken here.
    pub(super) fn as_video(&self) -> Option<VideoSection> {
        self.video_of(Codec::BUILT)
    }

    /// The first of those codecs that the section has is used.
    pub(super) fn video_of(&self, codecs: &[Codec]) -> Option<VideoSection> {
        let offered = |codec: &Codec| match codec {
            Codec::Vp8 => Some((*codec, self.payload_type_of("vp8/90000")?, None)),
            Codec::H264 => self.h264().map(|(number, parameters)| (*codec, number, Some(parameters))),
        };
        let (codec, payload_type, parameters) = codecs.iter().find_map(offered)?;
        self.protocol.contains("RTP/SAVP").then(|| VideoSection {
            codec,
            payload_type,
            parameters,
            rtx: self.rtx_of(payload_type),
            direction: self.direction(),
            feedback: self.feedback(payload_type),
            extensions: self.extensions(),
            sources: self.sources(),
            repairs: self.repairs(),
            max_bitrate: self.max_bitrate(),
        })
    }

    /// The payload type of H.264 in baseline profile and packetization mode 1 (RFC 6184, section 8.1), the constrained
    /// profile first, and what is answered to it.
    fn h264(&self) -> Option<(u8, String)> {
        let found = self.mapped().filter(|(_, codec)| codec.eq_ignore_ascii_case("H264/90000"));
        let usable = found.filter_map(|(number, _)| Some((number, self.h264_profile(number)?)));
        let (number, profile) = usable.min_by_key(|(_, profile)| !profile.is_constrained())?;
        let level = if profile.is_asymmetric { 0x1f } else { profile.level };
        let asymmetry = if profile.is_asymmetric { "level-asymmetry-allowed=1;" } else { "" };
        let id = format!("42{:02x}{level:02x}", profile.constraints);
        Some((number, format!("{asymmetry}packetization-mode=1;profile-level-id={id}")))
    }

    fn h264_profile(&self, number: u8) -> Option<H264Profile> {
        let format = format!("a=fmtp:{number} ");
        let line = self.lines.iter().find_map(|line| line.strip_prefix(&format))?;
        let value = |name: &str| {
            let mut parameters = line.split(';').filter_map(|parameter| parameter.trim().split_once('='));
            parameters.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
        };
        let id = u32::from_str_radix(value("profile-level-id").unwrap_or("42000a"), 16).ok()?;
        let [0, 0x42, constraints, level] = id.to_be_bytes() else { return None };
        let is_asymmetric = value("level-asymmetry-allowed") == Some("1");
        (value("packetization-mode") == Some("1")).then_some(H264Profile {
            constraints,
            level,
            is_asymmetric,
        })
    }

    fn payload_type_of(&self, wanted: &str) -> Option<u8> {
        self.mapped().find(|(_, codec)| codec.eq_ignore_ascii_case(wanted)).map(|(number, _)| number)
    }

    /// The payload types with their codecs, as far as both are offered.
    fn mapped(&self) -> impl Iterator<Item = (u8, &str)> {
        self.lines.iter().filter_map(|line| {
            let (payload_type, codec) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
            Some((self.offered_type(payload_type)?, codec.trim()))
        })
    }

    fn rtx_of(&self, payload_type: u8) -> Option<u8> {
        let repairs = |number: u8| {
            let format = format!("a=fmtp:{number} ");
            let lines = self.lines.iter().filter_map(|line| line.strip_prefix(&format));
            let mut parameters = lines.flat_map(|line| line.split(';')).map(str::trim);
            parameters.any(|parameter| parameter.strip_prefix("apt=") == Some(&payload_type.to_string()))
        };
        let retransmits =
            |(number, codec): &(u8, &str)| codec.eq_ignore_ascii_case("rtx/90000") && repairs(*number);
        self.mapped().find(retransmits).map(|(number, _)| number).filter(|number| *number != payload_type)
    }

    fn feedback(&self, payload_type: u8) -> Feedback {
        let mut feedback = Feedback::default();
        for line in self.lines.iter().filter_map(|line| line.strip_prefix("a=rtcp-fb:")) {
            let Some((number, kind)) = line.split_once(' ') else { continue };
            if number != "*" && number.parse() != Ok(payload_type) {
                continue;
            }
            match kind.trim() {
                "nack" => feedback.nack = true,
                "nack pli" => feedback.pli = true,
                "ccm fir" => feedback.fir = true,
                "goog-remb" => feedback.remb = true,
                "transport-cc" => feedback.transport_cc = true,
                _ => {}
            }
        }
        feedback
    }

    fn extensions(&self) -> Extensions {
        let mut extensions = Extensions::default();
        for line in self.lines.iter().filter_map(|line| line.strip_prefix("a=extmap:")) {
            let mut words = line.split(' ');
            let number = words.next().and_then(|number| number.split('/').next()?.parse().ok());
            let (Some(number @ 1..=14), Some(name)) = (number, words.next()) else { continue };
            let extension = match name.trim() {
                SEND_TIME => &mut extensions.send_time,
                TRANSPORT_NUMBER => &mut extensions.transport_number,
                ORIENTATION => &mut extensions.orientation,
                MID => &mut extensions.mid,
                _ => continue,
            };
            extension.get_or_insert(number);
        }
        extensions
    }

    fn sources(&self) -> Vec<u32> {
        let mut sources = Vec::new();
        for line in self.lines.iter().filter_map(|line| line.strip_prefix("a=ssrc:")).take(MAX_SOURCES) {
            let source = line.split(' ').next().and_then(|source| source.parse().ok());
            if let Some(source) = source.filter(|source| !sources.contains(source)) {
                sources.push(source);
            }
        }
        sources
    }

    fn repairs(&self) -> Vec<Repair> {
        let groups = self.lines.iter().filter_map(|line| line.strip_prefix("a=ssrc-group:FID "));
        let pairs = groups.take(MAX_SOURCES).filter_map(|group| {
            let (repaired, source) = group.trim().split_once(' ')?;
            Some(Repair { source: source.trim().parse().ok()?, repaired: repaired.parse().ok()? })
        });
        pairs.collect()
    }

    /// `b=AS` counts in kbit/s (RFC 8866, section 5.8), `b=TIAS` in bit/s (RFC 3890).
    fn max_bitrate(&self) -> Option<u32> {
        self.lines.iter().find_map(|line| {
            let (kind, number) = line.strip_prefix("b=")?.split_once(':')?;
            let number: u32 = number.trim().parse().ok()?;
            match kind {
                "AS" => Some(number.saturating_mul(1_000)),
                "TIAS" => Some(number),
                _ => None,
            }
        })
    }

    /// The answer to this section, on the transport that `transport` tells.
    pub(super) fn video_answer(&self, video: &VideoSection, terms: VideoTerms, transport: &[String]) -> Self {
        let mut answer = self.clone();
        "9".clone_into(&mut answer.port);
        answer.formats = video.payload_type.to_string();
        answer.lines = vec!["c=IN IP4 0.0.0.0".to_owned()];
        answer.lines.extend_from_slice(transport);
        answer.lines.extend([format!("a=mid:{}", self.mid), "a=rtcp-mux".to_owned()]);
        if self.lines.iter().any(|line| line == "a=rtcp-rsize") {
            answer.lines.push("a=rtcp-rsize".to_owned());
        }
        answer.lines.extend(video.codec_lines());
        if let Some(rtx) = video.rtx {
            // Writing to a String can't fail.
            let _ = write!(answer.formats, " {rtx}");
        }
        answer.lines.extend(video.extensions.lines());
        answer.lines.push(format!("a={}", terms.direction.name()));
        if terms.direction.sends() {
            answer.lines.extend(video.source_lines(terms));
        }
        answer
    }
}

/// What an offer says of H.264 in baseline profile.
struct H264Profile {
    constraints: u8,
    level: u8,
    /// Each may send at the level of the other's decoder.
    is_asymmetric: bool,
}

impl H264Profile {
    /// All that the main profile can decode too (ITU-T H.264, section A.2.1.1).
    fn is_constrained(&self) -> bool {
        self.constraints & 0x40 != 0
    }
}

impl VideoSection {
    fn codec_lines(&self) -> Vec<String> {
        let Self { payload_type, feedback, .. } = self;
        let mut lines = vec![format!("a=rtpmap:{payload_type} {}/90000", self.codec.name())];
        lines.extend(self.parameters.iter().map(|parameters| format!("a=fmtp:{payload_type} {parameters}")));
        let kinds = [
            (feedback.remb, "goog-remb"),
            (feedback.transport_cc && self.extensions.transport_number.is_some(), "transport-cc"),
            (feedback.fir, "ccm fir"),
            (feedback.nack, "nack"),
            (feedback.pli, "nack pli"),
        ];
        let agreed = kinds.iter().filter(|(offered, _)| *offered);
        lines.extend(agreed.map(|(_, kind)| format!("a=rtcp-fb:{payload_type} {kind}")));
        if let Some(rtx) = self.rtx {
            lines.push(format!("a=rtpmap:{rtx} rtx/90000"));
            lines.push(format!("a=fmtp:{rtx} apt={payload_type}"));
        }
        lines
    }

    /// The stream is the audio's, so that a peer keeps both in step; pages read `event.streams[0]`.
    fn source_lines(&self, terms: VideoTerms) -> Vec<String> {
        let VideoTerms { source, repair, .. } = terms;
        let mut lines =
            vec!["a=msid:parley parley-video".to_owned(), format!("a=ssrc:{source} cname:parley")];
        if self.rtx.is_some() {
            lines.insert(1, format!("a=ssrc-group:FID {source} {repair}"));
            // After the source that it repairs: Chromium takes the first for the picture, whatever the group says.
            lines.push(format!("a=ssrc:{repair} cname:parley"));
        }
        lines
    }
}

impl Extensions {
    fn lines(self) -> impl Iterator<Item = String> {
        let named = [
            (self.send_time, SEND_TIME),
            (self.transport_number, TRANSPORT_NUMBER),
            (self.orientation, ORIENTATION),
            (self.mid, MID),
        ];
        named.into_iter().filter_map(|(number, name)| Some(format!("a=extmap:{} {name}", number?)))
    }
}

/// Why no section of these can be used for video.
pub(super) fn rejection(sections: &[Section]) -> Rejection {
    let offered = sections.iter().filter(|section| section.media == "video" && section.port != "0");
    let mut names: Vec<String> = Vec::new();
    let mut is_offered = false;
    for section in offered {
        is_offered = true;
        for (_, codec) in section.mapped() {
            let name: String = codec.split('/').next().unwrap_or_default().chars().take(16).collect();
            let is_codec =
                !["rtx", "red", "ulpfec", "flexfec-03"].contains(&name.to_ascii_lowercase().as_str());
            if is_codec && !names.contains(&name) && names.len() < MAX_NAMED {
                names.push(name);
            }
        }
    }
    if !is_offered {
        return Rejection::new(
            "no_video",
            "the offer has no video section; add a video track or transceiver before createOffer",
        );
    }
    let names = if names.is_empty() { "no codec".to_owned() } else { names.join(", ") };
    let spoken = if Codec::BUILT.contains(&Codec::H264) {
        "VP8, and H264 in baseline profile and packetization mode 1, are spoken here"
    } else {
        "VP8 is the one codec that is spoken here"
    };
    let message = format!("the offer's video names {names}; {spoken}");
    Rejection::new("unsupported_codec", message)
}
