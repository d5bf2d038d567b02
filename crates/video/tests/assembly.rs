//! Frames from packets that are lost, late, doubled and out of order, in virtual time.

mod scenes;

use parley_video::{
    Assembled, AssembledFrame, Codec, EncoderOptions, FrameAssembler, I420, MAX_PAYLOAD, Packetiser,
    Rotation, VideoPacket, Vp8Decoder, Vp8Encoder,
};
use scenes::{Random, psnr, scene};
use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

static START: LazyLock<Instant> = LazyLock::new(|| {
    #[allow(
        clippy::disallowed_methods,
        reason = "some instant is needed to begin with; nothing depends on it"
    )]
    Instant::now()
});

fn at(millis: u64) -> Instant {
    *START + Duration::from_millis(millis)
}

#[derive(Clone)]
struct Packet {
    sequence_number: u16,
    timestamp: u32,
    marker: bool,
    payload: Vec<u8>,
}

impl Packet {
    fn view(&self) -> VideoPacket<'_> {
        let Self { sequence_number, timestamp, marker, ref payload } = *self;
        VideoPacket { sequence_number, timestamp, marker, payload, rotation: None }
    }
}

/// Makes packets of frames as a peer would.
struct Peer {
    packetiser: Packetiser,
    sequence_number: u16,
    timestamp: u32,
}

impl Peer {
    /// So that sequence numbers, times and picture IDs wrap soon.
    fn new() -> Self {
        Self { packetiser: Packetiser::new(0x7ffe), sequence_number: 65_530, timestamp: u32::MAX - 5_000 }
    }

    fn frame(&mut self, data: &[u8]) -> Vec<Packet> {
        self.timestamp = self.timestamp.wrapping_add(3_000);
        let payloads = self.packetiser.packetise(data, MAX_PAYLOAD);
        let last = payloads.len() - 1;
        let packets = payloads.iter().enumerate().map(|(index, payload)| {
            self.sequence_number = self.sequence_number.wrapping_add(1);
            let (sequence_number, timestamp) = (self.sequence_number, self.timestamp);
            Packet { sequence_number, timestamp, marker: index == last, payload: payload.to_vec() }
        });
        packets.collect()
    }

    /// A frame of that many bytes, of which the first tells whether it is a key frame and the second is its number.
    fn numbered(&mut self, number: u8, is_key: bool, length: usize) -> Vec<Packet> {
        let mut data = vec![0; length.max(2)];
        (data[0], data[1]) = (u8::from(!is_key), number);
        self.frame(&data)
    }

    fn padding(&mut self) -> Packet {
        self.sequence_number = self.sequence_number.wrapping_add(1);
        let (sequence_number, timestamp) = (self.sequence_number, self.timestamp);
        Packet { sequence_number, timestamp, marker: false, payload: Vec::new() }
    }
}

/// What an assembler says to packets.
struct Rig {
    assembler: FrameAssembler,
    now: u64,
}

impl Rig {
    fn new() -> Self {
        Self { assembler: FrameAssembler::new(Codec::Vp8), now: 0 }
    }

    fn take(&mut self, packets: &[Packet]) {
        for packet in packets {
            self.assembler.receive(at(self.now), packet.view());
        }
    }

    fn poll(&mut self) -> Vec<Assembled> {
        std::iter::from_fn(|| self.assembler.poll(at(self.now))).collect()
    }

    /// The numbers of the frames that come out, 255 for a key frame that is wanted.
    fn numbers(&mut self) -> Vec<u8> {
        let number = |out: &Assembled| match out {
            Assembled::Frame(frame) => frame.data[1],
            Assembled::NeedsKeyFrame => 255,
        };
        self.poll().iter().map(number).collect()
    }

    fn pass(&mut self, millis: u64) {
        self.now += millis;
    }
}

#[test]
fn frames_come_out_at_once_and_in_order() {
    let (mut peer, mut rig) = (Peer::new(), Rig::new());
    for number in 0..20 {
        let packets = peer.numbered(number, number == 0, 3_000);
        let (last, first) = packets.split_last().expect("packets");
        rig.take(first);
        assert_eq!(rig.numbers(), [0; 0]);
        rig.take(std::slice::from_ref(last));
        assert_eq!(rig.numbers(), [number]);
    }
    assert_eq!(rig.assembler.wake_at(), None, "nothing is awaited");
}

#[test]
fn packets_in_any_order_and_twice_make_the_same_frames() {
    let (mut peer, mut rig, mut random) = (Peer::new(), Rig::new(), Random::new(3));
    let mut packets: Vec<Packet> =
        (0..9).flat_map(|number| peer.numbered(number, number == 0, 4_000)).collect();
    packets.extend_from_within(..);
    for place in 1..packets.len() {
        packets.swap(place, random.below(place as u64 + 1) as usize);
    }
    rig.take(&packets);
    assert_eq!(rig.numbers(), [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    let stats = rig.assembler.stats();
    assert_eq!((stats.frames, stats.key_frames, stats.duplicates + stats.late), (9, 1, 36));
}

#[test]
fn a_lost_packet_that_is_sent_again_holds_frames_up_and_loses_none() {
    let (mut peer, mut rig) = (Peer::new(), Rig::new());
    rig.take(&peer.numbered(0, true, 2_000));
    let mut held = peer.numbered(1, false, 3_000);
    let lost = held.remove(1);
    rig.take(&held);
    rig.take(&peer.numbered(2, false, 100));
    assert_eq!(rig.numbers(), [0]);
    rig.pass(180);
    assert_eq!(rig.numbers(), [0; 0], "it is waited for");
    rig.take(&[lost]);
    assert_eq!(rig.numbers(), [1, 2]);
}

#[test]
fn a_packet_that_never_comes_stops_everything_until_a_key_frame_which_is_asked_for() {
    let (mut peer, mut rig) = (Peer::new(), Rig::new());
    rig.take(&peer.numbered(0, true, 2_000));
    peer.numbered(1, false, 100);
    rig.take(&peer.numbered(2, false, 100));
    assert_eq!(rig.numbers(), [0]);
    assert_eq!(rig.assembler.wake_at(), Some(at(200)));
    rig.pass(200);
    assert_eq!(rig.numbers(), [255]);
    for number in 3..9 {
        rig.pass(33);
        rig.take(&peer.numbered(number, false, 100));
        assert_eq!(rig.numbers(), [0; 0]);
    }
    rig.pass(33);
    rig.take(&peer.numbered(9, false, 100));
    assert_eq!(rig.numbers(), [255], "asked again: the request may have been lost");
    rig.take(&peer.numbered(10, true, 5_000));
    rig.take(&peer.numbered(11, false, 100));
    assert_eq!(rig.numbers(), [10, 11]);
    assert_eq!(rig.assembler.stats().frames_dropped, 8);
}

#[test]
fn a_peer_that_falls_silent_is_asked_for_one_key_frame_only() {
    let (mut peer, mut rig) = (Peer::new(), Rig::new());
    rig.take(&peer.numbered(0, false, 100));
    assert_eq!(rig.numbers(), [0; 0]);
    rig.pass(50);
    assert_eq!(rig.numbers(), [255]);
    assert_eq!(rig.assembler.wake_at(), None);
    rig.pass(60_000);
    assert_eq!(rig.numbers(), [0; 0]);
    rig.take(&peer.numbered(1, false, 100));
    assert_eq!(rig.numbers(), [255]);
}

#[test]
fn a_key_frame_ends_the_wait_for_what_is_missing_before_it() {
    let (mut peer, mut rig) = (Peer::new(), Rig::new());
    rig.take(&peer.numbered(0, true, 100));
    peer.numbered(1, false, 100);
    rig.take(&peer.numbered(2, false, 100));
    rig.take(&peer.numbered(3, true, 100));
    assert_eq!(rig.numbers(), [0, 3]);
}

#[test]
fn a_longer_round_trip_means_more_patience() {
    for (round_trip, patience) in [(0, 200), (50, 320), (100, 400), (10_000, 400)] {
        let (mut peer, mut rig) = (Peer::new(), Rig::new());
        rig.assembler.set_round_trip(Duration::from_millis(round_trip));
        rig.take(&peer.numbered(0, true, 100));
        peer.numbered(1, false, 100);
        rig.take(&peer.numbered(2, false, 100));
        assert_eq!(rig.numbers(), [0]);
        assert_eq!(rig.assembler.wake_at(), Some(at(patience)));
    }
}

#[test]
fn lost_padding_stops_nothing_for_long_and_padding_that_comes_nothing_at_all() {
    let (mut peer, mut rig) = (Peer::new(), Rig::new());
    rig.take(&peer.numbered(0, true, 100));
    let padding = peer.padding();
    rig.take(&[padding]);
    rig.take(&peer.numbered(1, false, 100));
    assert_eq!(rig.numbers(), [0, 1]);
    peer.padding();
    rig.take(&peer.numbered(2, false, 100));
    assert_eq!(rig.numbers(), [0; 0]);
    rig.pass(200);
    assert_eq!(rig.numbers(), [2], "its picture ID shows that no frame is missing");
}

#[test]
fn a_part_that_can_not_be_read_counts_as_lost() {
    let (mut peer, mut rig) = (Peer::new(), Rig::new());
    rig.take(&peer.numbered(0, true, 100));
    let mut packets = peer.numbered(1, false, 3_000);
    packets[1].payload = vec![0x90, 0x80];
    rig.take(&packets);
    rig.take(&peer.numbered(2, false, 100));
    assert_eq!(rig.numbers(), [0]);
    rig.pass(200);
    assert_eq!(rig.numbers(), [255]);
    assert_eq!(rig.assembler.stats().malformed, 1);
}

#[test]
fn packets_that_are_no_frame_together_are_not_handed_over() {
    let (mut peer, mut rig) = (Peer::new(), Rig::new());
    rig.take(&peer.numbered(0, true, 100));
    let mut packets = peer.numbered(1, false, 3_000);
    packets[2].timestamp ^= 1;
    rig.take(&packets);
    assert_eq!(rig.numbers(), [0, 255]);
}

#[test]
fn a_peer_that_begins_anew_goes_on_with_its_next_key_frame() {
    let (mut peer, mut rig) = (Peer::new(), Rig::new());
    rig.take(&peer.numbered(0, true, 100));
    peer.sequence_number = peer.sequence_number.wrapping_add(20_000);
    rig.take(&peer.numbered(1, false, 100));
    assert_eq!(rig.numbers(), [0, 255]);
    rig.take(&peer.numbered(2, true, 100));
    assert_eq!(rig.numbers(), [2]);
}

#[test]
fn a_decoder_that_failed_gets_a_key_frame_next() {
    let (mut peer, mut rig) = (Peer::new(), Rig::new());
    rig.take(&peer.numbered(0, true, 100));
    rig.take(&peer.numbered(1, false, 100));
    assert_eq!(rig.numbers(), [0, 1]);
    rig.assembler.want_key_frame(at(0));
    rig.assembler.want_key_frame(at(0));
    rig.take(&peer.numbered(2, false, 100));
    assert_eq!(rig.numbers(), [255]);
    rig.take(&peer.numbered(3, true, 100));
    assert_eq!(rig.numbers(), [3]);
}

#[test]
fn the_orientation_lasts_until_another_is_told() {
    let (mut peer, mut rig) = (Peer::new(), Rig::new());
    let mut rotations = Vec::new();
    for (number, rotation) in (0..).zip([Some(Rotation::By90), None, Some(Rotation::None), None]) {
        let packet = peer.numbered(number, number == 0, 100).remove(0);
        rig.assembler.receive(at(0), VideoPacket { rotation, ..packet.view() });
        rotations.extend(rig.poll().into_iter().map(|out| match out {
            Assembled::Frame(frame) => frame.rotation,
            Assembled::NeedsKeyFrame => panic!("nothing is missing"),
        }));
    }
    assert_eq!(rotations, [Rotation::By90, Rotation::By90, Rotation::None, Rotation::None]);
}

/// One packet of a stream in three temporal layers: X, S; I, L, T.
fn layered(sequence_number: u16, base: u8, layer: u8, needs_lowest_only: bool) -> Packet {
    let id = sequence_number as u8;
    let layers = layer << 6 | u8::from(needs_lowest_only) << 5;
    let payload = vec![0x90, 0xe0, id, base, layers, u8::from(id != 0), id];
    Packet { sequence_number, timestamp: u32::from(id) * 3_000, marker: true, payload }
}

#[test]
fn a_lost_frame_of_a_higher_layer_costs_only_what_is_made_from_it() {
    let mut rig = Rig::new();
    // Layers 0 2 1 2, 0 2 1 2; frame 2, of layer 1, is lost.
    let layers = [(0, 0, false), (0, 2, true), (0, 1, true), (0, 2, false), (1, 0, false), (1, 2, false)];
    for (number, (base, layer, sync)) in (0..).zip(layers).filter(|(number, _)| *number != 2) {
        rig.take(&[layered(number, base, layer, sync)]);
    }
    assert_eq!(rig.numbers(), [0, 1]);
    rig.pass(200);
    assert_eq!(rig.numbers(), [4], "the next of the lowest layer; 5 may be made from 2");
    rig.take(&[
        layered(6, 1, 1, true),
        layered(7, 1, 2, true),
        layered(8, 2, 0, false),
        layered(9, 2, 2, false),
    ]);
    assert_eq!(rig.numbers(), [6, 7, 8, 9]);
}

#[test]
fn what_waits_is_bounded() {
    let (mut peer, mut rig) = (Peer::new(), Rig::new());
    rig.take(&peer.numbered(0, true, 100));
    peer.numbered(1, false, 100);
    for _ in 0..3 {
        // Frames that never end, and frames that can't come out.
        for mut packet in peer.numbered(2, false, 2_000_000) {
            packet.marker = false;
            rig.take(&[packet]);
        }
        for number in 0..250 {
            rig.take(&peer.numbered(number, false, 20_000));
        }
    }
    assert_eq!(rig.numbers(), [0, 255]);
    rig.take(&peer.numbered(7, true, 100_000));
    assert_eq!(rig.numbers(), [7]);
}

/// A path that loses packets, and a peer that sends them again when it is told, and key frames when it is asked.
struct Path {
    random: Random,
    loss: u64,
    /// What arrives, by time and order.
    arrivals: BTreeMap<(u64, u64), Packet>,
    sent: u64,
}

impl Path {
    fn send(&mut self, now: u64, packet: &Packet, again: bool) {
        self.sent += 1;
        if !self.random.happens(self.loss) {
            let delay = if again { 80 } else { 20 } + self.random.below(15);
            self.arrivals.insert((now + delay, self.sent), packet.clone());
        }
        // The peer hears of the loss by the next packets, if they tell it.
        let is_last_try = self.random.happens(if again { 60 } else { 5 });
        if !again && !is_last_try {
            self.send(now, packet, true);
        }
    }

    fn arrived(&mut self, now: u64) -> Vec<Packet> {
        let later = self.arrivals.split_off(&(now + 1, 0));
        std::mem::replace(&mut self.arrivals, later).into_values().collect()
    }
}

/// Runs 10 s of video over such a path. Returns the frames shown, and how like they are to what was sent, at least.
fn run(seed: u64, loss: u64) -> (usize, f64) {
    let mut path = Path { random: Random::new(seed), loss, arrivals: BTreeMap::new(), sent: 0 };
    let mut encoder = Vp8Encoder::new(EncoderOptions { bitrate: 800_000, ..EncoderOptions::default() });
    let mut decoder = Vp8Decoder::new(parley_video::DecoderOptions::default()).expect("a decoder");
    let (mut peer, mut rig) = (Peer::new(), Rig::new());
    let (mut sent, mut wants_key) = (BTreeMap::new(), None);
    let (mut shown, mut worst, mut picture) = (0, f64::MAX, I420::blank(1, 1));
    for now in 0..10_000 {
        if now % 33 == 0 {
            let scene = scene(160, 120, now as u32 / 33);
            let force_key = wants_key.take_if(|at| *at <= now).is_some();
            let frame = encoder.encode(&scene, Duration::from_millis(now), force_key).expect("encoded");
            for packet in frame.iter().flat_map(|frame| peer.frame(&frame.data)) {
                path.send(now, &packet, false);
                sent.insert(packet.timestamp, scene.clone());
            }
        }
        rig.now = now;
        rig.take(&path.arrived(now));
        for out in rig.poll() {
            match out {
                Assembled::NeedsKeyFrame => wants_key = Some(now + 20),
                Assembled::Frame(AssembledFrame { data, timestamp, rotation, .. }) => {
                    decoder
                        .decode(&data)
                        .expect("only what can be decoded")
                        .expect("shown")
                        .copy_to(rotation, &mut picture);
                    worst = f64::min(worst, psnr(&sent[&timestamp], &picture));
                    shown += 1;
                }
            }
        }
    }
    (shown, worst)
}

#[test]
fn no_picture_is_smeared_whatever_is_lost() {
    for (seed, loss, least) in [(1, 0, 300), (2, 2, 290), (3, 10, 220), (4, 10, 220), (5, 30, 60), (6, 60, 1)]
    {
        let (shown, worst) = run(seed, loss);
        assert!(shown >= least && worst > 30.0, "{loss} % lost: {shown} pictures, at worst {worst:.1} dB");
    }
}
