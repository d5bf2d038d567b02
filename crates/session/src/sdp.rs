//! What we take from an offer, and what an answer says (RFC 8866, RFC 9429).
//!
//! An offer is normalised before the core sees it: one audio section with Opus alone, one data section, nothing
//! else. The core then never meets what it handles badly (payload types without `rtpmap`, two media sections without
//! SSRCs, two telephone-events, hundreds of candidates). The answer is completed again: refused sections are put
//! back in their places, the video section is answered beside the core's, and the candidates are the ones that reach us.

mod video;

use crate::relay::Allocation;
use parley_media::PeerWishes;
use std::fmt::Write as _;
use std::net::SocketAddr;

pub(crate) use video::{VideoSection, VideoTerms};

/// Longest offer that is read, in bytes.
pub const MAX_OFFER_BYTES: usize = 64 * 1024;
/// Most media sections of an offer; a call has two, a conference client's offer a dozen.
const MAX_SECTIONS: usize = 16;
/// Most `a=ssrc` lines that are kept of the audio section.
const MAX_SSRC_LINES: usize = 16;

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

/// Which way a section's media flow, as its owner says it (RFC 8866, section 6.7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    /// Both ways.
    #[default]
    SendRecv,
    /// From the owner alone.
    SendOnly,
    /// To the owner alone.
    RecvOnly,
    /// Neither way.
    Inactive,
}

impl Direction {
    fn of(attribute: &str) -> Option<Self> {
        Some(match attribute {
            "sendrecv" => Self::SendRecv,
            "sendonly" => Self::SendOnly,
            "recvonly" => Self::RecvOnly,
            "inactive" => Self::Inactive,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::SendRecv => "sendrecv",
            Self::SendOnly => "sendonly",
            Self::RecvOnly => "recvonly",
            Self::Inactive => "inactive",
        }
    }

    fn from_flows(sends: bool, receives: bool) -> Self {
        match (sends, receives) {
            (true, true) => Self::SendRecv,
            (true, false) => Self::SendOnly,
            (false, true) => Self::RecvOnly,
            (false, false) => Self::Inactive,
        }
    }

    /// Whether the owner sends.
    #[must_use]
    pub fn sends(self) -> bool {
        matches!(self, Self::SendRecv | Self::SendOnly)
    }

    /// Whether the owner receives.
    #[must_use]
    pub fn receives(self) -> bool {
        matches!(self, Self::SendRecv | Self::RecvOnly)
    }

    /// What we may answer: we send what the peer receives if we want to, and the other way round (RFC 3264, 6.1).
    #[must_use]
    pub fn answered(self, we_send: bool, we_receive: bool) -> Self {
        Self::from_flows(we_send && self.receives(), we_receive && self.sends())
    }
}

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

#[derive(Debug, Clone)]
struct Section {
    /// The words of the `m=` line.
    media: String,
    port: String,
    protocol: String,
    formats: String,
    lines: Vec<String>,
    mid: String,
    role: Role,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Audio,
    Video,
    Data,
    Refused,
}

/// Which media an offer must have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) audio: bool,
    pub(crate) video: WantedVideo,
    /// Whether tracks beyond those are refused alone, and not the whole offer.
    pub(crate) allow_extra_tracks: bool,
}

/// Whether an offer must have video.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum WantedVideo {
    /// It is an extra track.
    No,
    /// It must.
    Yes,
    /// It may: a later offer whose camera was stopped has none.
    IfOffered,
}

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
            self.complete_audio(&mut answer, terms);
        }
        answer
    }

    fn complete_audio(&self, answer: &mut Section, terms: &AnswerTerms<'_>) {
        if let Some((payload_type, rate)) = self.audio.telephone_event.0 {
            // Writing to a String can't fail.
            let _ = write!(answer.formats, " {payload_type}");
            answer.lines.push(format!("a=rtpmap:{payload_type} telephone-event/{rate}"));
            answer.lines.push(format!("a=fmtp:{payload_type} 0-15"));
        }
        let payload_type = self.audio.payload_type;
        let format = format!("a=fmtp:{payload_type} ");
        let is_direction = |line: &str| line.strip_prefix("a=").and_then(Direction::of).is_some();
        answer.lines.retain(|line| !is_direction(line) && !line.starts_with(&format));
        let mut parameters = format!("{format}minptime=10;useinbandfec={}", u8::from(terms.fec));
        if terms.receive_stereo {
            parameters.push_str(";stereo=1");
        }
        if terms.send_stereo && self.audio.wishes.stereo {
            parameters.push_str(";sprop-stereo=1");
        }
        answer.lines.push(parameters);
        answer.lines.push(format!("a={}", terms.direction.name()));
        if !terms.direction.sends() {
            answer.lines.retain(|line| !line.starts_with("a=msid:") && !line.starts_with("a=ssrc"));
        }
    }
}

/// The session part and the media sections of a description.
fn split(sdp: &str) -> Result<(Vec<String>, Vec<Section>), Rejection> {
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

/// Gives each section its role, or says why the offer can't be used.
fn choose(
    sections: &mut [Section],
    wanted: Wanted,
    bundled: bool,
) -> Result<(Option<AudioSection>, Option<VideoSection>), Rejection> {
    let audio = if wanted.audio { Some(choose_audio(sections)?) } else { None };
    let video = match wanted.video {
        WantedVideo::No => None,
        // Without a bundle each section has a transport of its own, and only one is spoken here: the audio's.
        _ if wanted.audio && !bundled => None,
        _ => choose_video(sections),
    };
    if wanted.video == WantedVideo::Yes && video.is_none() {
        return Err(match bundled || !wanted.audio {
            true => video::rejection(sections),
            false => Rejection::new("unsupported_transport", "audio and video must be bundled (RFC 9143)"),
        });
    }
    if !wanted.allow_extra_tracks {
        refuse_extra_tracks(sections, wanted)?;
    }
    if bundled {
        let mut in_use = sections.iter_mut().filter(|section| section.port != "0");
        if let Some(data) = in_use.find(|section| section.is_data_channel()) {
            data.role = Role::Data;
        }
    }
    Ok((audio, video))
}

/// The first audio section that has Opus.
fn choose_audio(sections: &mut [Section]) -> Result<AudioSection, Rejection> {
    let mut without_opus = false;
    for section in sections.iter_mut().filter(|section| section.port != "0" && section.media == "audio") {
        if let Some(audio) = section.as_audio() {
            section.role = Role::Audio;
            return Ok(audio);
        }
        without_opus = true;
    }
    Err(match without_opus {
        true => Rejection::new(
            "unsupported_codec",
            "the offer's audio lacks opus/48000/2, the one codec that is spoken here",
        ),
        false => Rejection::new(
            "no_audio",
            "the offer has no audio section; add an audio track or transceiver before createOffer",
        ),
    })
}

/// The first video section that has VP8 and brings something, else the first that has it: a screen may be shared on a
/// later section than the camera that it takes the place of.
fn choose_video(sections: &mut [Section]) -> Option<VideoSection> {
    let mut usable = sections
        .iter_mut()
        .filter(|section| section.port != "0" && section.media == "video")
        .filter_map(|section| Some((section.as_video()?, section)))
        .collect::<Vec<_>>();
    let best = usable.iter().position(|(video, _)| video.direction.sends()).unwrap_or(0);
    let (video, section) = if best < usable.len() { usable.swap_remove(best) } else { return None };
    section.role = Role::Video;
    Some(video)
}

/// Says which track is one too many. One before the chosen one, of a codec that isn't spoken, does no harm.
fn refuse_extra_tracks(sections: &[Section], wanted: Wanted) -> Result<(), Rejection> {
    for (index, section) in sections.iter().enumerate() {
        let (chosen, is_wanted) = match section.media.as_str() {
            "audio" => (Role::Audio, wanted.audio),
            "video" => (Role::Video, wanted.video != WantedVideo::No),
            _ => continue,
        };
        let is_tried = is_wanted && sections[index..].iter().any(|later| later.role == chosen);
        if section.port == "0" || section.role == chosen || !section.direction().sends() || is_tried {
            continue;
        }
        let kind = match (section.media.as_str(), is_wanted) {
            ("audio", true) => "a second audio",
            ("audio", false) => "an audio",
            (_, true) => "a second video",
            (_, false) => "a video",
        };
        let mid = &section.mid;
        let message =
            format!("the offer has {kind} track (mid {mid}); leave it out, or set allowExtraTracks");
        return Err(Rejection::new("extra_track", message));
    }
    Ok(())
}

/// The mid of the carrier; no other section matters to the core but data, whose mid is another's choice.
const CARRIER_MID: &str = "parley-carrier";

/// The section that carries the transport for the core when only video is wanted: an audio section that nothing ever
/// flows in, on the video section's transport. It stays the same while video moves from section to section.
fn carrier(sections: &[Section]) -> Option<Section> {
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

/// What an answer's section says of its transport.
fn transport_lines(section: &Section) -> Vec<String> {
    let is_transport =
        |line: &&String| ["a=ice-", "a=fingerprint:", "a=setup:"].iter().any(|start| line.starts_with(start));
    section.lines.iter().filter(is_transport).cloned().collect()
}

impl AudioSection {
    /// What stands for audio where none is wanted: at a payload type that the video doesn't have.
    fn without_flow(video: Option<&VideoSection>) -> Self {
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

/// Takes the candidates out of the sections: they are admitted one by one.
fn collect_candidates(sections: &mut [Section]) -> Vec<String> {
    let mut candidates = Vec::new();
    for section in sections {
        let (found, rest) =
            std::mem::take(&mut section.lines).into_iter().partition(|line| is_candidate_line(line));
        section.lines = rest;
        candidates.extend(Vec::<String>::into_iter(found).filter(|line| line.starts_with("a=candidate:")));
    }
    candidates
}

fn is_candidate_line(line: &str) -> bool {
    line.starts_with("a=candidate:")
        || line.starts_with("a=end-of-candidates")
        || line.starts_with("a=remote-candidates")
}

fn normalise<'a>(
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

    fn attribute(&self, name: &str) -> Option<&str> {
        self.lines
            .iter()
            .find_map(|line| line.strip_prefix("a=")?.strip_prefix(name)?.strip_prefix(':'))
            .map(str::trim)
    }

    fn direction(&self) -> Direction {
        self.lines.iter().find_map(|line| Direction::of(line.strip_prefix("a=")?)).unwrap_or_default()
    }

    fn as_audio(&self) -> Option<AudioSection> {
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

    /// A payload type that the `m=` line offers too.
    fn offered_type(&self, payload_type: &str) -> Option<u8> {
        let offered = self.formats.split(' ').any(|format| format == payload_type);
        // RFC 5761, section 4: with RTCP on the same port, 64 to 95 would look like RTCP.
        let usable = |number: &u8| *number < 64 || (96..128).contains(number);
        payload_type.parse().ok().filter(usable).filter(|_| offered)
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

    fn is_data_channel(&self) -> bool {
        self.protocol.ends_with("DTLS/SCTP") && self.formats == "webrtc-datachannel"
    }

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

    /// The section refused: port 0 (RFC 3264, section 6), and no part of the bundle.
    fn refusal(&self) -> Self {
        let lines = ["c=IN IP4 0.0.0.0", "a=inactive", &format!("a=mid:{}", self.mid)].map(str::to_owned);
        Self { port: "0".to_owned(), lines: lines.to_vec(), ..self.clone() }
    }

    fn to_sdp(&self) -> String {
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

fn joined(lines: &[String]) -> String {
    lines.iter().fold(String::new(), |mut sdp, line| {
        sdp.push_str(line);
        sdp.push_str("\r\n");
        sdp
    })
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

/// The value of a session- or media-level attribute, wherever it comes first.
pub(crate) fn first_attribute<'a>(sdp: &'a str, name: &str) -> Option<&'a str> {
    sdp.lines().find_map(|line| line.trim().strip_prefix("a=")?.strip_prefix(name)?.strip_prefix(':'))
}

#[cfg(test)]
#[path = "sdp_tests.rs"]
mod tests;
