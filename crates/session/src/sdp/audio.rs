//! The audio section: what of an offer's is used, and what is answered (RFC 7587, RFC 4733).

use super::{AnswerTerms, Direction, Section, VideoSection};
use parley_media::PeerWishes;
use std::fmt::Write as _;

/// The offer's audio section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AudioSection {
    /// Payload type of Opus in both directions.
    pub(crate) payload_type: u8,
    pub(crate) direction: Direction,
    pub(crate) telephone_event: TelephoneEventType,
    /// What the peer asks of our encoder.
    pub(crate) wishes: PeerWishes,
}

/// The payload type of telephone-event (RFC 4733) with its clock rate in Hz, if there is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct TelephoneEventType(Option<(u8, u32)>);

impl TelephoneEventType {
    /// The clock rate of a payload type, if it is this one.
    pub(crate) fn rate(self, payload_type: u8) -> Option<u32> {
        self.0.filter(|(agreed, _)| *agreed == payload_type).map(|(_, rate)| rate)
    }
}

impl AudioSection {
    /// What stands for audio where none is wanted: at a payload type that the video doesn't have.
    pub(super) fn without_flow(video: Option<&VideoSection>) -> Self {
        let taken = |number: &u8| {
            video.is_some_and(|video| video.payload_type == *number || video.rtx == Some(*number))
        };
        Self {
            payload_type: (96..128).find(|number| !taken(number)).unwrap_or(127),
            direction: Direction::Inactive,
            telephone_event: TelephoneEventType::default(),
            wishes: PeerWishes::default(),
        }
    }

    /// Completes the core's answer.
    pub(super) fn complete(&self, answer: &mut Section, terms: &AnswerTerms<'_>) {
        if let Some((payload_type, rate)) = self.telephone_event.0 {
            // Writing to a String can't fail.
            let _ = write!(answer.formats, " {payload_type}");
            answer.lines.push(format!("a=rtpmap:{payload_type} telephone-event/{rate}"));
            answer.lines.push(format!("a=fmtp:{payload_type} 0-15"));
        }
        let payload_type = self.payload_type;
        let format = format!("a=fmtp:{payload_type} ");
        let is_direction = |line: &str| line.strip_prefix("a=").and_then(Direction::of).is_some();
        answer.lines.retain(|line| !is_direction(line) && !line.starts_with(&format));
        let mut parameters = format!("{format}minptime=10;useinbandfec={}", u8::from(terms.fec));
        if terms.receive_stereo {
            parameters.push_str(";stereo=1");
        }
        if terms.send_stereo && self.wishes.stereo {
            parameters.push_str(";sprop-stereo=1");
        }
        answer.lines.push(parameters);
        answer.lines.push(format!("a={}", terms.direction.name()));
        if !terms.direction.sends() {
            answer.lines.retain(|line| !line.starts_with("a=msid:") && !line.starts_with("a=ssrc"));
        }
    }
}

impl Section {
    pub(super) fn as_audio(&self) -> Option<AudioSection> {
        let payload_type = self.lines.iter().find_map(|line| {
            let (payload_type, codec) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
            let is_opus = codec.trim().eq_ignore_ascii_case("opus/48000/2");
            self.offered_type(payload_type).filter(|_| is_opus)
        })?;
        self.protocol.contains("RTP/SAVP").then(|| AudioSection {
            payload_type,
            direction: self.direction(),
            telephone_event: self.telephone_event(payload_type),
            wishes: self.wishes(payload_type),
        })
    }

    /// At the clock rate of Opus if it is offered so, for all of a stream's time is told by one clock (RFC 7160): a browser
    /// that may choose takes 8,000 Hz, goes on counting at 48,000, and lets go of a key after a sixth of the time.
    fn telephone_event(&self, opus: u8) -> TelephoneEventType {
        let at = |rate| self.telephone_event_at(rate, opus).map(|number| (number, rate));
        TelephoneEventType(at(48_000).or_else(|| at(8_000)))
    }

    fn telephone_event_at(&self, rate: u32, opus: u8) -> Option<u8> {
        let wanted = format!("telephone-event/{rate}");
        self.lines.iter().find_map(|line| {
            let (payload_type, codec) = line.strip_prefix("a=rtpmap:")?.split_once(' ')?;
            let codec = codec.trim().to_ascii_lowercase();
            // One channel may be said or left out.
            let is_wanted = codec.strip_suffix("/1").unwrap_or(&codec) == wanted;
            self.offered_type(payload_type).filter(|number| is_wanted && *number != opus)
        })
    }

    /// What the format parameters of Opus ask for (RFC 7587, section 6.1); what they leave out has its default there.
    fn wishes(&self, payload_type: u8) -> PeerWishes {
        let mut wishes = PeerWishes { stereo: false, fec: false, ..PeerWishes::default() };
        let format = format!("a=fmtp:{payload_type} ");
        let lines = self.lines.iter().filter_map(|line| line.strip_prefix(&format));
        for (name, value) in lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('=')) {
            let Ok(number) = value.trim().parse::<u32>() else { continue };
            match name.trim().to_ascii_lowercase().as_str() {
                "maxaveragebitrate" => wishes.max_bitrate = Some(number.clamp(6_000, 510_000)),
                "maxplaybackrate" => wishes.max_playback_rate = number.clamp(8_000, 48_000),
                "stereo" => wishes.stereo = number == 1,
                "useinbandfec" => wishes.fec = number == 1,
                "usedtx" => wishes.dtx = number == 1,
                "cbr" => wishes.cbr = number == 1,
                _ => {}
            }
        }
        wishes
    }
}
