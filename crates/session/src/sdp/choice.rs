//! Which of an offer's sections are used.

use super::section::Role;
use super::{AudioSection, Rejection, Section, VideoSection, video};

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

/// Gives each section its role, or says why the offer can't be used.
pub(super) fn choose(
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

/// The first video section that has a codec of ours and brings something, else the first that has it: a screen may be
/// shared on a later section than the camera that it takes the place of.
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
