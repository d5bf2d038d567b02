"""One call to a Parley server by aiortc: sends beeps, listens, and prints what it saw and heard as JSON."""

import asyncio
import json
import random
import sys
import uuid

import aiohttp
import av
import numpy as np
from aiortc import RTCPeerConnection, RTCSessionDescription, rtcrtpsender
from aiortc.codecs.opus import OpusEncoder
from aiortc.mediastreams import AudioStreamTrack, MediaStreamError

RATE = 48_000
BEEP_HERTZ = 1000
BEEP_SECONDS = 0.2


class Beeps(AudioStreamTrack):
    """A beep at the start of each second of stream time."""

    def __init__(self):
        super().__init__()
        self.onsets = []

    async def recv(self):
        frame = await super().recv()
        start = frame.pts / frame.sample_rate
        if start % 1 < frame.samples / frame.sample_rate:
            self.onsets.append(asyncio.get_running_loop().time())
        time = start + np.arange(frame.samples) / frame.sample_rate
        tone = 12_000 * np.sin(2 * np.pi * BEEP_HERTZ * time) * (time % 1 < BEEP_SECONDS)
        beep = av.AudioFrame.from_ndarray(tone.astype(np.int16).reshape(1, -1), format="s16", layout="mono")
        beep.pts, beep.sample_rate, beep.time_base = frame.pts, frame.sample_rate, frame.time_base
        return beep


class Listener:
    """Keeps what a track plays, and when each beep begins."""

    def __init__(self):
        self.samples = []
        self.frames = 0
        self.onsets = []
        self.quiet = 99

    async def listen(self, track):
        try:
            while True:
                self.hear(await track.recv())
        except MediaStreamError:
            pass

    def hear(self, frame):
        pcm = frame.to_ndarray().reshape(-1, len(frame.layout.channels))[:, 0] / 32768
        self.samples.append(pcm)
        self.frames += 1
        loud = np.abs(pcm).max() > 0.1
        if loud and self.quiet > 10:
            self.onsets.append(asyncio.get_running_loop().time())
        self.quiet = 0 if loud else self.quiet + 1

    def loudest(self):
        pcm = np.concatenate(self.samples) if self.samples else np.zeros(1)
        window = RATE // 10
        starts = range(0, max(1, len(pcm) - window), window // 2)
        part = max((pcm[at : at + window] for at in starts), key=lambda part: float((part**2).sum()))
        spectrum = np.abs(np.fft.rfft(part * np.hanning(len(part)))) * 4 / len(part)
        at = int(spectrum.argmax())
        return (round(at * RATE / len(part)), float(spectrum[at])) if spectrum[at] > 1e-3 else (0, 0.0)

    def delay_ms(self, sent):
        delays = [next((heard - at for heard in self.onsets if heard > at), None) for at in sent]
        known = sorted(delay * 1000 for delay in delays if delay is not None)
        return known[len(known) // 2] if known else None


def candidates_of(sdp):
    """The candidates of an SDP with their media section, and the SDP without them."""
    sections = sdp.split("\r\nm=")
    mids = [next((line[6:] for line in part.split("\r\n") if line.startswith("a=mid:")), None) for part in sections]
    found = [
        {"candidate": line[2:], "sdpMid": mids[index], "sdpMLineIndex": index - 1}
        for index, part in enumerate(sections)
        for line in part.split("\r\n")
        if line.startswith("a=candidate:")
    ]
    kept = [line for line in sdp.split("\r\n") if not line.startswith(("a=candidate:", "a=end-of-candidates"))]
    return found, "\r\n".join(kept)


class PaddedPacket(rtcrtpsender.RtpPacket):
    """An RTP packet with padding behind its payload (RFC 3550, section 5.1): 1 to 255 bytes."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.padding_size = 1 + self.sequence_number * 37 % 255


class ProbingEncoder(OpusEncoder):
    """After every fifth frame comes a packet of nothing but padding, as senders have that probe a path."""

    count = 0

    def encode(self, frame, force_keyframe=False):
        payloads, timestamp = super().encode(frame, force_keyframe)
        self.count += 1
        return (payloads + [b""] if self.count % 5 == 0 else payloads), timestamp


def pad():
    """From now on, audio is sent with padding."""
    rtcrtpsender.RtpPacket = PaddedPacket
    rtcrtpsender.get_encoder = lambda codec: ProbingEncoder()


async def main(url, call):
    report = {"states": [], "messages": [], "candidateAnswers": []}
    if call.get("padded"):
        pad()
    pc, beeps, listener = RTCPeerConnection(), Beeps(), Listener()
    connected, tasks = asyncio.Event(), []
    if call.get("send", True):
        pc.addTrack(beeps)
    else:
        pc.addTransceiver("audio", direction="recvonly")
    channel = pc.createDataChannel("text")

    @channel.on("open")
    def on_open():
        for text in call.get("texts", []):
            channel.send(text)
        if "establish" in call:
            # Payload protocol 50: the Data Channel Establishment Protocol (RFC 8832), on a stream of its own.
            tasks.append(asyncio.ensure_future(pc.sctp._send(7, 50, bytes.fromhex(call["establish"]))))

    @channel.on("message")
    def on_message(message):
        report["messages"].append(json.loads(message))

    @pc.on("track")
    def on_track(track):
        tasks.append(asyncio.ensure_future(listener.listen(track)))

    @pc.on("connectionstatechange")
    def on_state():
        report["states"].append(pc.connectionState)
        if pc.connectionState == "connected":
            connected.set()

    await pc.setLocalDescription(await pc.createOffer())
    webrtc_id, sdp, candidates = uuid.uuid4().hex, pc.localDescription.sdp, []
    if call.get("trickle"):
        candidates, sdp = candidates_of(sdp)
    async with aiohttp.ClientSession() as http:

        async def post(body):
            async with http.post(f"{url}webrtc/offer", json={**body, "webrtc_id": webrtc_id}) as response:
                return await response.json()

        answer = await post({"sdp": sdp, "type": "offer"})
        if answer.get("status") == "failed":
            report["refused"] = answer["meta"]
        else:
            await pc.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))
            for candidate in candidates:
                report["candidateAnswers"].append(await post({"type": "ice-candidate", "candidate": candidate}))
            await asyncio.wait_for(connected.wait(), 10)
            if call.get("changesSource"):
                await asyncio.sleep(1)
                # As a gateway does that passes on somebody else.
                pc.getSenders()[0]._ssrc = random.getrandbits(32)
            await asyncio.sleep(call.get("seconds", 3))
    await pc.close()
    await asyncio.gather(*tasks)
    hertz, loudness = listener.loudest()
    report.update(hertz=hertz, loudness=loudness, frames=listener.frames, delayMs=listener.delay_ms(beeps.onsets))
    print(json.dumps(report))


asyncio.run(main(sys.argv[1], json.loads(sys.argv[2])))
