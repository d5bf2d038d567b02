//! Encoded audio files.

use crate::errors::{Code, Result};
use crate::options::format;
use napi::bindgen_prelude::{AsyncTask, BufferSlice, Int16ArraySlice};
use napi::{Env, ScopedTask};
use napi_derive::napi;
use parley_transport::{Chunk, OpusOptions, Samples, encode_ogg_opus};
use std::panic::catch_unwind;

/// Encodes on a thread of Node's pool.
pub struct OggOpus {
    chunk: Option<Chunk>,
    options: OpusOptions,
}

impl<'task> ScopedTask<'task> for OggOpus {
    type Output = Vec<u8>;
    type JsValue = BufferSlice<'task>;

    fn compute(&mut self) -> napi::Result<Vec<u8>> {
        // Node runs a task once.
        let Some(chunk) = self.chunk.take() else { return Ok(Vec::new()) };
        // Node calls this from C, which no panic may cross.
        let encoded = catch_unwind(|| encode_ogg_opus(chunk, self.options))
            .map_err(|_| napi::Error::from_reason("the encoder met a fault of its own"))?;
        encoded.map_err(|error| napi::Error::from_reason(error.to_string()))
    }

    fn resolve(&mut self, env: &'task Env, output: Vec<u8>) -> napi::Result<BufferSlice<'task>> {
        BufferSlice::copy_from(env, output)
    }
}

/// Encodes interleaved 16-bit PCM of any length as an Ogg Opus file (RFC 7845), off the JavaScript thread. Throws
/// ERR_PARLEY_INVALID_ARGUMENT for a rate outside 8000 to 192000 Hz or channels other than 1 and 2; rejects for a
/// bitrate outside 6000 to 510000 bit/s.
#[napi(ts_return_type = "Promise<Uint8Array>")]
pub fn encode_ogg_opus_file(
    samples: Int16ArraySlice<'_>,
    sample_rate: u32,
    channels: u32,
    bitrate: u32,
) -> Result<AsyncTask<OggOpus>> {
    let format = format(sample_rate, channels)?;
    if !samples.len().is_multiple_of(channels as usize) {
        let message =
            format!("{} samples can't be shared out evenly between {channels} channels", samples.len());
        return Err(Code::INVALID_ARGUMENT.error(message));
    }
    let chunk = Chunk { samples: Samples::I16(samples.to_vec()), rate: format.rate, layout: format.layout };
    // Nobody waits for each frame, so quality comes first.
    let options = OpusOptions { bitrate, complexity: 10, fec: false, ..OpusOptions::default() };
    Ok(AsyncTask::new(OggOpus { chunk: Some(chunk), options }))
}
