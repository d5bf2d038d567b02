//! Speech in a whole piece of audio.

use crate::errors::{Code, Result};
use crate::options::format;
use napi::bindgen_prelude::{AsyncTask, Int16ArraySlice};
use napi::{Env, Task};
use napi_derive::napi;
use parley_transport::{Chunk, Samples, Segment, find_speech};
use std::panic::catch_unwind;
use std::time::Duration;

/// What counts as speech: the options of Silero's `get_speech_timestamps`.
#[napi(object)]
pub struct SpeechOptions {
    /// Probability from which 32 ms are speech, 0 to 1.
    pub threshold: f64,
    /// Stretches as short as this are no speech.
    pub min_speech_ms: f64,
    /// Shorter silences within speech belong to it.
    pub min_silence_ms: f64,
    /// Each stretch is longer by this at both ends.
    pub pad_ms: f64,
    /// Longer stretches are cut; none are when this is left out.
    pub max_speech_ms: Option<f64>,
}

impl TryFrom<SpeechOptions> for parley_transport::SpeechOptions {
    type Error = napi::Error<Code>;

    fn try_from(options: SpeechOptions) -> Result<Self> {
        if !(0.0..=1.0).contains(&options.threshold) {
            let message = format!("threshold is {}; it must be 0 to 1", options.threshold);
            return Err(Code::INVALID_ARGUMENT.error(message));
        }
        Ok(Self {
            threshold: options.threshold,
            min_speech: duration("minSpeechMs", options.min_speech_ms)?,
            min_silence: duration("minSilenceMs", options.min_silence_ms)?,
            pad: duration("padMs", options.pad_ms)?,
            max_speech: options.max_speech_ms.map(|ms| duration("maxSpeechMs", ms)).transpose()?,
        })
    }
}

fn duration(name: &str, ms: f64) -> Result<Duration> {
    Duration::try_from_secs_f64(ms / 1e3)
        .map_err(|_| Code::INVALID_ARGUMENT.error(format!("{name} is {ms}; it must be 0 or more")))
}

/// Listens on a thread of Node's pool.
pub struct FindSpeech {
    chunk: Chunk,
    options: parley_transport::SpeechOptions,
}

impl Task for FindSpeech {
    type Output = Vec<Segment>;
    type JsValue = Vec<f64>;

    fn compute(&mut self) -> napi::Result<Vec<Segment>> {
        // Node calls this from C, which no panic may cross.
        catch_unwind(|| find_speech(&self.chunk, &self.options))
            .map_err(|_| napi::Error::from_reason("the voice detection met a fault of its own"))?
            .map_err(|error| napi::Error::from_reason(error.to_string()))
    }

    fn resolve(&mut self, _env: Env, found: Vec<Segment>) -> napi::Result<Vec<f64>> {
        Ok(found.iter().flat_map(|segment| [segment.start as f64, segment.end as f64]).collect())
    }
}

/// Finds the speech in interleaved 16-bit PCM of any length, off the JavaScript thread: the start and the end of each
/// stretch in turn, in samples at 16 kHz. Throws ERR_PARLEY_INVALID_ARGUMENT for a rate outside 8000 to 192000 Hz,
/// channels other than 1 and 2, or an option out of range.
#[napi(js_name = "findSpeech", ts_return_type = "Promise<Array<number>>")]
pub fn find_speech_in(
    samples: Int16ArraySlice<'_>,
    sample_rate: u32,
    channels: u32,
    options: SpeechOptions,
) -> Result<AsyncTask<FindSpeech>> {
    let format = format(sample_rate, channels)?;
    let chunk = Chunk { samples: Samples::I16(samples.to_vec()), rate: format.rate, layout: format.layout };
    Ok(AsyncTask::new(FindSpeech { chunk, options: options.try_into()? }))
}
