"""What FastRTC's ReplyOnPause makes of generated speech: its own code, fed with frames of 20 ms.

    python3 -m venv VENV
    VENV/bin/pip install fastrtc==0.0.34 gradio==5.50.0 onnxruntime==1.31.1 numpy==2.4.6
    VENV/bin/pip install --no-deps silero-vad==6.2.3      # for its ONNX file; its dependencies aren't needed
    VENV/bin/python scripts/turns/fastrtc_turns.py        # writes fixtures/turns/fastrtc.json

Run by hand, when the cases (fixtures/turns/cases.json) change. Nothing of FastRTC is replaced but the file of the model, which
it would download: that of the package silero-vad is a later version with other inputs, so the call of it is adapted.
Replies are drawn as they are played, 20 ms for each frame that comes in.
"""

import importlib.util
import json
import re
import wave
from pathlib import Path

import numpy as np
from fastrtc import ReplyOnPause
from fastrtc.pause_detection.silero import SileroVADModel, SileroVadOptions
from fastrtc.reply_on_pause import AlgoOptions

ROOT = Path(__file__).parents[2]
SPEECH = ROOT / "fixtures/speech"
CASES = ROOT / "fixtures/turns/cases.json"
RESULTS = ROOT / "fixtures/turns/fastrtc.json"
RATE = 16_000
FRAME = RATE // 50


class Silero(SileroVADModel):
    """FastRTC's model with the weights of silero-vad 6.2.3: 512 samples with 64 of context, one state."""

    @staticmethod
    def download_model():
        package = Path(importlib.util.find_spec("silero_vad").origin).parent
        return str(package / "data" / "silero_vad.onnx")

    def get_initial_state(self, batch_size):
        return np.zeros((2, batch_size, 128), np.float32), np.zeros((batch_size, 64), np.float32)

    def __call__(self, x, state, sr):
        hidden, context = state
        part = np.atleast_2d(x).astype(np.float32)
        inputs = {"input": np.concatenate([context, part], 1), "state": hidden, "sr": np.array(sr, dtype="int64")}
        probability, hidden = self.session.run(None, inputs)
        return probability, (hidden, part[:, -64:])


class Ears(ReplyOnPause):
    """Its handler as it is, without a client."""

    def __init__(self, reply_seconds, model, options):
        super().__init__(
            self.reply,
            None,
            AlgoOptions(**snake(options.get("algoOptions", {}))),
            SileroVadOptions(window_size_samples=512, **snake(options.get("modelOptions", {}))),
            options.get("canInterrupt", True),
            input_sample_rate=RATE,
            model=model,
        )
        self.reply_frames = round(reply_seconds * 50)
        self.turns, self.heard, self._clear_queue = [], 0, lambda: None

    @property
    def seconds(self):
        return round(self.heard / RATE, 3)

    def send_message_sync(self, msg):
        pass

    def reply(self, audio):
        spoken = audio[1].size / RATE
        turn = {"from": round(self.seconds - spoken, 3), "to": self.seconds, "foundAt": self.seconds}
        self.turns.append(turn)
        played = 0
        try:
            while played < self.reply_frames:
                played += 1
                yield RATE, np.zeros((1, FRAME), np.int16)
        finally:
            turn["replied"] = round(played / 50, 2)

    def hear(self, frame):
        self.heard += frame.size
        self.receive((RATE, frame.reshape(1, -1)))
        self.emit()


def snake(options):
    return {re.sub("([A-Z])", r"_\1", name).lower(): value for name, value in options.items()}


def sound(part):
    """Seconds of silence, or the name of a recording."""
    if not isinstance(part, str):
        return np.zeros(round(part * RATE), np.int16)
    with wave.open(str(SPEECH / f"{part}.wav")) as recording:
        assert (recording.getframerate(), recording.getnchannels(), recording.getsampwidth()) == (RATE, 1, 2), part
        return np.frombuffer(recording.readframes(recording.getnframes()), "<i2")


def turns_of(case, model):
    ears = Ears(case.get("replySeconds", 0.1), model, case["options"])
    audio = np.concatenate([sound(part) for part in case["parts"]])
    for start in range(0, audio.size - FRAME + 1, FRAME):
        ears.hear(audio[start : start + FRAME])
    if ears.generator:
        ears.generator.close()
    return ears.turns


if __name__ == "__main__":
    model = Silero()
    cases = json.loads(CASES.read_text())
    lines = [f"  {json.dumps(case['name'])}: {json.dumps(turns_of(case, model))}" for case in cases]
    RESULTS.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print(RESULTS.read_text())
