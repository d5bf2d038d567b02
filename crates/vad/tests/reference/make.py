"""Writes probabilities.txt: what the original model, run by onnxruntime, says about the speech in `fixtures/speech`.

    pip download silero-vad==6.2.3 --no-deps && unzip silero_vad-6.2.3-*.whl
    pip install onnxruntime
    python crates/vad/tests/reference/make.py silero_vad/data/silero_vad_16k_op15.onnx

A line: the file's name, the amplitude of the noise added to it, and the probability of each frame of 512 samples (the
last one filled up with zeros). `../reference.rs` adds the same noise.
"""

import pathlib
import sys
import wave

import numpy as np
import onnxruntime

FOLDER = pathlib.Path(__file__).parent
SPEECH = FOLDER.parents[3] / "fixtures" / "speech"
# Of 16-bit samples: none, 38 dB and 14 dB below full scale.
NOISE = [0, 700, 11_000]


def with_noise(samples, amplitude):
    """White noise by the linear congruence of Numerical Recipes: the same numbers in every language."""
    seed, out = 1, []
    for sample in samples.tolist():
        seed = (seed * 1_664_525 + 1_013_904_223) % 2**32
        noise = (((seed >> 16) - 32_768) * amplitude) >> 15
        out.append(max(-32_768, min(32_767, sample + noise)))
    return np.array(out, dtype=np.float32) / 32_768


def probabilities(session, samples):
    state, context = np.zeros((2, 1, 128), np.float32), np.zeros((1, 64), np.float32)
    samples = np.pad(samples, (0, -len(samples) % 512))
    for frame in samples.reshape(-1, 1, 512):
        frame = np.concatenate([context, frame], axis=1)
        context = frame[:, -64:]
        probability, state = session.run(None, {"input": frame, "state": state, "sr": np.array(16_000)})
        yield float(probability[0, 0])


if __name__ == "__main__":
    session = onnxruntime.InferenceSession(sys.argv[1])
    with open(FOLDER / "probabilities.txt", "w") as target:
        for path in sorted(SPEECH.glob("*.wav")):
            samples = np.frombuffer(wave.open(str(path)).readframes(2**30), dtype="<i2")
            for amplitude in NOISE:
                row = probabilities(session, with_noise(samples, amplitude))
                print(path.stem, amplitude, *(f"{probability:.7f}" for probability in row), file=target)
