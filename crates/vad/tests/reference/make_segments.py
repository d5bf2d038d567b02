"""Writes segments.txt: where Silero's own `get_speech_timestamps` finds speech, for many options.

    pip download silero-vad==6.2.3 --no-deps && unzip silero_vad-6.2.3-*.whl
    pip install packaging
    python crates/vad/tests/reference/make_segments.py silero_vad/utils_vad.py

A line: what the probabilities are of, threshold, shortest speech, shortest silence and padding in ms, longest speech in
seconds (inf: none), then the stretches of speech in samples. `../segments.rs` makes the same probabilities.
"""

import importlib.util
import itertools
import json
import pathlib
import sys
from unittest.mock import MagicMock

FOLDER = pathlib.Path(__file__).parent
INDEX = json.loads((FOLDER.parents[3] / "fixtures" / "speech" / "speech.json").read_text())
# Silero's own defaults, those of ReplyOnPause, and what splits, joins, cuts and drops.
OPTIONS = [
    (0.5, 250, 100, 30, float("inf")),
    (0.5, 250, 2000, 400, float("inf")),
    (0.5, 0, 0, 0, float("inf")),
    (0.9, 100, 64, 30, float("inf")),
    (0.05, 250, 100, 200, float("inf")),
    (0.5, 1000, 300, 30, float("inf")),
    (0.5, 250, 500, 30, 2),
    (0.5, 250, 2000, 400, 1.5),
    (0.7, 0, 100, 33.3, 0.6),
]


def from_speech():
    """Each file's, and all of them in a row."""
    together, total = [], 0
    for line in (FOLDER / "probabilities.txt").read_text().splitlines():
        name, noise, *probabilities = line.split(" ")
        if noise == "0":
            probabilities = [float(each) for each in probabilities]
            yield name, probabilities, INDEX["files"][name]["samples"]
            together += probabilities
    yield "all", together, len(together) * 512


def drawn(seed):
    """300 probabilities, each kept for 1 to 8 frames; the congruence of make.py."""
    name, out = f"drawn-{seed}", []

    def draw():
        nonlocal seed
        seed = (seed * 1_664_525 + 1_013_904_223) % 2**32
        return seed >> 16

    while len(out) < 300:
        probability, frames = draw() / 65_536, 1 + draw() % 8
        out += [probability] * frames
    return name, out[:300], 300 * 512 - 100


def segments(module, probabilities, samples, options):
    threshold, speech, silence, pad, longest = options
    return module.get_speech_timestamps_from_probs(
        probabilities,
        threshold=threshold,
        min_speech_duration_ms=speech,
        min_silence_duration_ms=silence,
        speech_pad_ms=pad,
        max_speech_duration_s=longest,
        audio_length_samples=samples,
    )


if __name__ == "__main__":
    # The module names tensors in its annotations; what is called here touches none.
    sys.modules["torch"] = MagicMock()
    spec = importlib.util.spec_from_file_location("utils_vad", sys.argv[1])
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sources = [*from_speech(), *(drawn(seed) for seed in range(1, 9))]
    with open(FOLDER / "segments.txt", "w") as target:
        for (name, probabilities, samples), options in itertools.product(sources, OPTIONS):
            found = segments(module, probabilities, samples, options)
            print(name, *options, *(f"{each['start']}-{each['end']}" for each in found), file=target)
