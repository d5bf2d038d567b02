"""One video call to a Parley server by aiortc: sends a film, keeps pictures that come, and prints what it saw as JSON."""

import asyncio
import json
import re
import sys
import uuid

import aiohttp
from aiortc import RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.contrib.media import MediaPlayer
from aiortc.mediastreams import MediaStreamError


class Viewer:
    """Keeps the pictures of a track, as red, green and blue, in a file."""

    def __init__(self, path):
        self.file = open(path, "wb")
        self.sizes = []

    async def watch(self, track):
        try:
            while True:
                frame = await track.recv()
                pixels = frame.to_ndarray(format="rgb24")
                self.sizes.append([frame.width, frame.height])
                self.file.write(pixels.tobytes())
        except MediaStreamError:
            pass


def answered(sdp):
    """The codecs of the answer's pictures, but for those that repair others."""
    [section] = [part for part in sdp.split("\nm=") if part.startswith("video")]
    named = re.findall(r"a=rtpmap:\d+ (\w+)/90000", section)
    return [f"video/{name}" for name in named if name != "rtx"]


async def main(url, call):
    pc, viewer, tasks = RTCPeerConnection(), Viewer(call["pictures"]), []
    enough = asyncio.Event()
    report = {"messages": []}
    if "film" in call:
        player = MediaPlayer(call["film"], loop=True)
        pc.addTrack(player.video)
    else:
        pc.addTransceiver("video", direction="recvonly")
    [transceiver] = pc.getTransceivers()
    if "codec" in call:
        codecs = RTCRtpSender.getCapabilities("video").codecs
        transceiver.setCodecPreferences([codec for codec in codecs if codec.mimeType == call["codec"]])
    channel = pc.createDataChannel("text")
    channel.on("message", lambda message: report["messages"].append(json.loads(message)))

    @pc.on("track")
    def on_track(track):
        task = asyncio.ensure_future(viewer.watch(track))
        task.add_done_callback(lambda _: enough.set())
        tasks.append(task)

    @pc.on("connectionstatechange")
    def on_state():
        if pc.connectionState in ("closed", "failed"):
            enough.set()

    async def count():
        while len(viewer.sizes) < call["count"]:
            await asyncio.sleep(0.05)
        enough.set()

    await pc.setLocalDescription(await pc.createOffer())
    body = {"sdp": pc.localDescription.sdp, "type": "offer", "webrtc_id": uuid.uuid4().hex}
    async with aiohttp.ClientSession() as http:
        async with http.post(f"{url}webrtc/offer", json=body) as response:
            answer = await response.json()
    if answer.get("status") == "failed":
        report["refused"] = answer["meta"]
    else:
        await pc.setRemoteDescription(RTCSessionDescription(answer["sdp"], answer["type"]))
        report["codecs"] = answered(answer["sdp"])
        tasks.append(asyncio.ensure_future(count()))
        await asyncio.wait_for(enough.wait(), 60)
    await pc.close()
    for task in tasks:
        task.cancel()
    viewer.file.close()
    print(json.dumps({**report, "sizes": viewer.sizes}))


asyncio.run(main(sys.argv[1], json.loads(sys.argv[2])))
