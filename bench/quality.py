"""What the settings of the Opus encoder cost and how they sound: CPU and PESQ (wide-band, ITU-T P.862.2), with and without losses.

    pip install numpy scipy pesq
    python3 bench/quality.py SPEECH.wav [MORE.wav]     # mono, 16 bits, any rate; fixtures/speech/reply.wav is one

Each setting is run three times and the least CPU is taken; the losses are the same for each setting.
"""

import pathlib
import subprocess
import sys
import tempfile
import wave

import numpy as np
from pesq import pesq
from scipy.signal import resample_poly

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Bitrate, complexity, share of packets lost, what the encoder is told of it in percent, and its application.
SETTINGS = [
    (48_000, 0, 0, 15, "voip"),
    (32_000, 9, 0, 0, "voip"),
    (64_000, 1, 0, 0, "voip"),
    (80_000, 1, 0, 0, "voip"),
    (96_000, 0, 0, 0, "voip"),
    (96_000, 1, 0, 0, "voip"),
    (80_000, 1, 0, 0, "low-delay"),
    (96_000, 0, 0, 0, "low-delay"),
    (96_000, 1, 0, 0, "low-delay"),
    (48_000, 0, 0.05, 15, "voip"),
    (32_000, 0, 0.05, 15, "voip"),
    (32_000, 0, 0.05, 5, "voip"),
    (32_000, 0, 0.05, 25, "voip"),
    (48_000, 0, 0.2, 20, "voip"),
    (32_000, 0, 0.2, 20, "voip"),
    (24_000, 0, 0.2, 20, "voip"),
    (16_000, 0, 0.2, 20, "voip"),
    (16_000, 9, 0.2, 20, "voip"),
]


def resampled(samples, rate, to):
    divisor = np.gcd(rate, to)
    return resample_poly(samples, to // divisor, rate // divisor)


def speech(path):
    with wave.open(path) as file:
        if (file.getnchannels(), file.getsampwidth()) != (1, 2):
            sys.exit(f"{path}: {file.getnchannels()} channels of {8 * file.getsampwidth()} bits; it takes one of 16 bits")
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(float)
        return resampled(samples, file.getframerate(), 24_000).clip(-32_768, 32_767).astype("<i2")


def example():
    command = ["cargo", "build", "-q", "--release", "-p", "parley-media", "--example", "quality"]
    subprocess.run(command, cwd=ROOT, check=True)
    return ROOT / "target/release/examples/quality"


def measured(program, samples, setting):
    with tempfile.TemporaryDirectory() as folder:
        sent, heard = pathlib.Path(folder, "sent"), pathlib.Path(folder, "heard")
        samples.tofile(sent)
        arguments = [program, sent, heard, *map(str, setting)]
        runs = [subprocess.run(arguments, check=True, capture_output=True, text=True).stdout.split() for _ in range(3)]
        cpu = [min(float(run[part]) for run in runs) for part in (0, 1)]
        pcm = np.fromfile(heard, "<i2").astype(float)
    original = samples[: len(pcm)].astype(float)
    return cpu, pesq(16_000, resampled(original, 24_000, 16_000), resampled(pcm, 24_000, 16_000), "wb")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    program = example()
    print("| file | application | bit/s | complexity | lost | told, % | encoding, ms/s | decoding, ms/s | PESQ |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for path in sys.argv[1:]:
        samples = speech(path)
        for setting in SETTINGS:
            (encoding, decoding), quality = measured(program, samples, setting)
            bitrate, complexity, loss, told, application = setting
            name = pathlib.Path(path).stem
            set_to = f"{name} | {application} | {bitrate} | {complexity} | {loss:.0%} | {told}"
            print(f"| {set_to} | {encoding:.1f} | {decoding:.1f} | {quality:.2f} |")


main()
