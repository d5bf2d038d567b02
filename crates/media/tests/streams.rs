//! A peer at the other end of a stream: what a handler hears of it, and what it gets.

mod common;
mod spoken;

use std::time::Duration;

use common::{FRAME, MS, Rig, mono, options, rate, tone};
use parley_media::{
    Layout, Mark, MediaError, Pipeline, PipelineOptions, Played, ReplyMode, SpeechEvent, SpeechRequest,
    SpeechSettings, WireCodec, WireOptions,
};
use spoken::{Script, listener, secs};

fn wire(codec: WireCodec, hz: u32, lead: Duration) -> Option<WireOptions> {
    Some(WireOptions { codec, input_rate: rate(hz), output_rate: rate(hz), lead })
}

/// A handler at `hz` that talks to a phone.
fn phone(hz: u32, lead: Duration) -> PipelineOptions {
    PipelineOptions {
        input_rate: rate(hz),
        output_rate: rate(hz),
        wire: wire(WireCodec::Mulaw, 8_000, lead),
        ..options()
    }
}

/// What a phone sends that plays this at 8 kHz.
fn mulaw(samples: &[f32]) -> Vec<u8> {
    let mut far = Rig::new(phone(8_000, Duration::ZERO));
    far.emit(mono(samples.to_vec(), 8_000));
    far.pipeline.drain();
    far.run_for(Duration::from_secs_f64(samples.len() as f64 / 8_000.0));
    far.packets.into_iter().flat_map(|packet| packet.payload).take(samples.len()).collect()
}

impl Rig {
    fn hear_payload(&mut self, payload: &[u8]) {
        self.pipeline.receive_payload(self.instant(), payload);
        self.collect();
    }

    /// Hears payloads of 20 ms, the nth at `at(n)`.
    fn hear_phone(&mut self, bytes: &[u8], at: impl Fn(u32) -> Duration) {
        for (n, payload) in bytes.chunks(160).enumerate() {
            self.run_until(at(n as u32).max(self.now));
            self.hear_payload(payload);
        }
    }

    fn given(&self) -> Duration {
        FRAME * self.frames.len() as u32
    }
}

/// What a far end hears of the packets that were sent, one after the other.
fn far_end(rig: &Rig, wire: Option<WireOptions>, hz: u32) -> Vec<f32> {
    let mut far = Rig::new(PipelineOptions { input_rate: rate(hz), wire, ..options() });
    for packet in &rig.packets {
        far.run_until(packet.at.max(far.now));
        far.hear_payload(&packet.payload);
    }
    far.heard_f32()
}

#[test]
fn a_tone_survives_the_way_to_a_handler_of_any_rate() {
    for (codec, wire_hz, least) in [
        (WireCodec::Mulaw, 8_000, 35.0),
        (WireCodec::PcmS16le, 8_000, 75.0),
        (WireCodec::PcmS16le, 48_000, 75.0),
        (WireCodec::Opus, 24_000, 10.0),
    ] {
        for hz in [8_000, 16_000, 24_000, 48_000] {
            let (lead, samples) = (Duration::ZERO, tone::sine(1_013.0, wire_hz, wire_hz as usize * 2));
            let wire = wire(codec, wire_hz, lead);
            let mut far = Rig::new(PipelineOptions { output_rate: rate(wire_hz), wire, ..options() });
            far.emit(mono(samples, wire_hz));
            far.run_for(secs(2.0));
            let heard = far_end(&far, wire, hz);
            let fit = tone::fit(&heard[hz as usize / 2..hz as usize], 1_013.0, hz);
            assert!(fit.snr_db > least, "{codec:?} {wire_hz} to {hz} Hz: {:.1} dB", fit.snr_db);
            assert!((fit.amplitude - 0.5).abs() < 0.05, "{codec:?} to {hz} Hz: {}", fit.amplitude);
        }
    }
}

#[test]
fn a_tone_survives_the_way_from_a_handler_of_any_rate() {
    for hz in [8_000, 16_000, 22_050, 24_000, 44_100, 48_000] {
        let mut rig = Rig::new(phone(24_000, Duration::ZERO));
        rig.emit(mono(tone::sine(1_013.0, hz, hz as usize * 2), hz));
        rig.run_for(secs(2.0));
        assert!(rig.packets[..98].iter().all(|packet| packet.payload.len() == 160));
        let heard = far_end(&rig, phone(8_000, Duration::ZERO).wire, 8_000);
        let fit = tone::fit(&heard[4_000..12_000], 1_013.0, 8_000);
        assert!(fit.snr_db > 35.0, "{hz} Hz: {:.1} dB", fit.snr_db);
    }
}

#[test]
fn what_a_phone_can_not_carry_leaves_no_alias() {
    let mut rig = Rig::new(phone(48_000, Duration::ZERO));
    rig.emit(mono(tone::sine(6_000.0, 48_000, 96_000), 48_000));
    rig.run_for(secs(2.0));
    let heard = far_end(&rig, phone(8_000, Duration::ZERO).wire, 8_000);
    assert!(tone::rms(&heard[4_000..12_000]) < 1e-3, "{}", tone::rms(&heard[4_000..12_000]));
}

#[test]
fn full_scale_is_not_clipped() {
    let loud: Vec<f32> = tone::sine(1_013.0, 24_000, 48_000).iter().map(|y| y * 1.9).collect();
    let mut rig = Rig::new(phone(24_000, Duration::ZERO));
    rig.emit(mono(loud, 24_000));
    rig.run_for(secs(2.0));
    let heard = far_end(&rig, phone(8_000, Duration::ZERO).wire, 8_000);
    assert!(tone::fit(&heard[4_000..12_000], 1_013.0, 8_000).snr_db > 35.0);
}

#[test]
fn frames_come_at_once_whatever_the_lengths_of_payloads() {
    let bytes = mulaw(&tone::sine(440.0, 8_000, 16_000));
    for lengths in [[160, 160, 160], [1, 7, 80], [240, 400, 800], [13, 999, 1]] {
        let mut rig = Rig::new(phone(8_000, Duration::ZERO));
        rig.connect();
        let (mut at, mut n) = (0, 0);
        while at < bytes.len() {
            let end = (at + lengths[n % 3]).min(bytes.len());
            // A payload can come once its last sample was spoken.
            rig.run_until(Duration::from_micros(end as u64 * 125));
            rig.hear_payload(&bytes[at..end]);
            assert_eq!(rig.frames.len(), end / 160, "{lengths:?}");
            (at, n) = (end, n + 1);
        }
        let fit = tone::fit(&rig.heard_f32(), 440.0, 8_000);
        assert!(fit.snr_db > 35.0, "{lengths:?}: {} dB", fit.snr_db);
        let stats = rig.pipeline.stats();
        assert_eq!((stats.synthesised, stats.trimmed, stats.input_dropped), (0, 0, 0), "{lengths:?}");
    }
}

#[test]
fn a_peer_that_sends_no_more_advances_in_real_time() {
    let mut rig = Rig::new(phone(16_000, Duration::ZERO));
    rig.connect();
    rig.run_until(secs(3.0));
    assert_eq!(rig.given(), Duration::ZERO, "it has yet to begin");
    rig.hear_phone(&mulaw(&[0.1; 8_000]), |n| secs(3.0) + FRAME * n);
    rig.run_until(secs(10.0));
    assert!(rig.given().abs_diff(secs(7.0)) <= 2 * FRAME, "{:?}", rig.given());
    assert!((300..=302).contains(&(rig.pipeline.stats().synthesised)), "{:?}", rig.pipeline.stats());
}

#[test]
fn payloads_that_a_busy_event_loop_held_up_leave_no_trace() {
    let bytes = mulaw(&tone::sine(437.5, 8_000, 8_000 * 20));
    let mut rig = Rig::new(phone(8_000, Duration::ZERO));
    rig.connect();
    // Busy for 100 ms each second, from the first payload on.
    rig.hear_phone(&bytes, |n| match n % 50 {
        late @ 0..=4 => FRAME * (n - late) + 100 * MS,
        _ => FRAME * n,
    });
    let stats = rig.pipeline.stats();
    assert_eq!((stats.synthesised, stats.trimmed, stats.input_dropped), (0, 0, 0));
    assert_eq!(rig.frames.len(), 1_000);
    assert!(tone::fit(&rig.heard_f32(), 437.5, 8_000).snr_db > 35.0);
}

#[test]
fn a_burst_after_a_standstill_leaves_no_lasting_delay() {
    // Syllables and pauses, for 40 s; the network stands still for 2 s.
    let voice: Vec<f32> = tone::sine(300.0, 8_000, 8_000 * 40)
        .iter()
        .enumerate()
        .map(|(n, y)| if n % 8_000 < 5_000 { *y } else { 0.0 })
        .collect();
    let mut rig = Rig::new(phone(8_000, Duration::ZERO));
    rig.connect();
    rig.hear_phone(&mulaw(&voice), |n| if (500..600).contains(&n) { FRAME * 600 } else { FRAME * n });
    let stats = rig.pipeline.stats();
    assert!((95..=101).contains(&stats.synthesised), "{stats:?}");
    assert!(stats.trimmed >= 90, "{stats:?}");
    assert!(rig.given().abs_diff(secs(40.0)) <= 50 * MS, "{:?}", rig.given());
    assert_eq!(stats.input_dropped, 0);
}

#[test]
fn what_is_more_than_5_s_ahead_is_dropped_and_counted() {
    let bytes = mulaw(&tone::sine(300.0, 8_000, 8_000 * 8));
    let mut rig = Rig::new(phone(8_000, Duration::ZERO));
    rig.connect();
    rig.hear_payload(&bytes);
    assert!((250..=253).contains(&rig.frames.len()), "{}", rig.frames.len());
    assert_eq!(rig.frames.len() as u64 + rig.pipeline.stats().input_dropped, 400);
}

#[test]
fn a_far_end_whose_clock_is_off_stays_in_step() {
    let payload = &mulaw(&tone::sine(300.0, 8_000, 8_000))[4_000..4_160];
    for ppm in [300.0, -300.0] {
        let mut rig = Rig::new(phone(24_000, Duration::ZERO));
        rig.connect();
        let interval = Duration::from_secs_f64(0.02 / (1.0 + ppm / 1e6));
        let mut frames = 0;
        for n in 0..30_000 {
            rig.run_until(interval * n);
            rig.hear_payload(payload);
            frames += rig.frames.len() as u32;
            rig.frames.clear();
        }
        let off = (FRAME * frames).abs_diff(rig.now + FRAME);
        assert!(off <= 40 * MS, "{ppm} ppm: {off:?} off after {:?}", rig.now);
        let stats = rig.pipeline.stats();
        assert!((f64::from(stats.drift_ppm) - ppm).abs() <= 5.0, "{ppm} ppm: {}", stats.drift_ppm);
        assert_eq!((stats.synthesised, stats.trimmed), (0, 0));
    }
}

#[test]
fn payloads_are_20_ms_and_go_a_little_ahead_of_real_time() {
    let mut rig = Rig::new(phone(24_000, 60 * MS));
    rig.now = 7 * MS;
    rig.emit(mono(tone::sine(440.0, 24_000, 24_000), 24_000));
    assert_eq!(rig.packets.len(), 4, "the first at once, and 60 ms of what follows");
    rig.run_for(secs(2.0));
    let times: Vec<_> = rig.packets[4..50].iter().map(|packet| packet.at).collect();
    assert_eq!(times, (4..50).map(|n| 7 * MS + FRAME * n - 60 * MS).collect::<Vec<_>>());
}

#[test]
fn a_live_source_is_not_delayed_by_the_lead_and_hiccups_leave_no_gap() {
    for lead in [Duration::ZERO, 60 * MS, 200 * MS] {
        let mut rig = Rig::new(phone(8_000, lead));
        let samples = tone::sine(437.5, 8_000, 8_000 * 10);
        for (n, frame) in samples.chunks(160).enumerate() {
            // Up to 40 ms late, again and again.
            rig.run_until((FRAME * n as u32 + MS * (n as u32 * 7 % 5 * 10)).max(rig.now));
            rig.emit(mono(frame.to_vec(), 8_000));
            assert_eq!(rig.packets.len(), n + 1, "{lead:?}");
        }
        let heard = far_end(&rig, phone(8_000, lead).wire, 8_000);
        let fit = tone::fit(&heard[..heard.len() - 400], 437.5, 8_000);
        assert!(fit.snr_db > 35.0, "{lead:?}: {} dB", fit.snr_db);
    }
}

#[test]
fn the_end_of_what_is_said_follows_without_a_gap_and_then_nothing() {
    for lead in [Duration::ZERO, 60 * MS, 200 * MS] {
        let mut rig = Rig::new(phone(24_000, lead));
        rig.emit(mono(vec![0.5; 24_000 / 50 * 30 + 100], 24_000));
        rig.run_until(secs(2.0));
        assert_eq!(rig.packets.len(), 31, "{lead:?}");
        assert!(lead.is_zero() || rig.packets[30].at <= FRAME * 30, "{lead:?}: {:?}", rig.packets[30].at);
        assert_eq!(rig.pipeline.wake_at(), None, "idle");
        assert_eq!(rig.pipeline.queued(), Duration::ZERO);
    }
}

#[test]
fn a_cleared_queue_calls_back_what_was_sent() {
    let mut rig = Rig::new(phone(24_000, 60 * MS));
    rig.pipeline.clear_queue(rig.instant());
    rig.collect();
    assert_eq!(rig.cleared, [], "there is nothing to be called back");
    rig.emit(mono(vec![0.5; 24_000], 24_000));
    rig.run_until(200 * MS);
    let sent = rig.packets.len();
    for _ in 0..2 {
        rig.pipeline.clear_queue(rig.instant());
        rig.collect();
    }
    rig.run_for(secs(1.0));
    assert_eq!(
        (rig.cleared.as_slice(), rig.packets.len()),
        (&[sent][..], sent),
        "told once, and nothing follows"
    );
    rig.emit(mono(vec![0.5; 480], 24_000));
    assert_eq!(rig.packets.len(), sent + 1, "at once");
}

#[test]
fn what_was_heard_is_what_was_sent_less_the_lead() {
    let mut rig = Rig::new(phone(24_000, 100 * MS));
    rig.emit(mono(vec![0.5; 24_000], 24_000));
    rig.run_until(500 * MS);
    assert_eq!(rig.pipeline.played(), 500 * MS);
    rig.pipeline.mark(rig.instant(), Mark { id: 3, over: None });
    rig.pipeline.clear_queue(rig.instant());
    let played = Played { mark: 3, played: 500 * MS, length: secs(1.0) };
    assert_eq!(rig.pipeline.take_played(), Some(played), "what was called back is not heard");
    rig.emit(mono(vec![0.5; 4_800], 24_000));
    rig.run_for(secs(1.0));
    assert_eq!(rig.pipeline.played(), 700 * MS);
    assert!(rig.pipeline.is_heard());
}

#[test]
fn a_far_end_that_says_what_it_has_played_is_believed() {
    let mut rig = Rig::new(phone(24_000, 60 * MS));
    let acknowledge = |rig: &mut Rig, payloads| rig.pipeline.acknowledge(rig.instant(), payloads);
    acknowledge(&mut rig, 0);
    rig.emit(mono(vec![0.5; 48_000], 24_000));
    rig.run_until(400 * MS);
    acknowledge(&mut rig, 10);
    assert_eq!(rig.pipeline.played(), 300 * MS, "by the clock, before the first word");
    rig.run_until(1_000 * MS);
    assert_eq!(rig.pipeline.played(), 500 * MS, "it plays on for 300 ms, and then has to say so");
    acknowledge(&mut rig, 40);
    assert_eq!(rig.pipeline.played(), 800 * MS);
    rig.run_for(100 * MS);
    assert_eq!(rig.pipeline.played(), 900 * MS, "at its own pace, 200 ms behind the clock");
    rig.pipeline.clear_queue(rig.instant());
    rig.collect();
    acknowledge(&mut rig, 50);
    assert_eq!(rig.pipeline.played(), 900 * MS, "of what was called back nothing counts");
    let sent = rig.packets.len() as u64;
    rig.emit(mono(vec![0.5; 24_000], 24_000));
    rig.run_for(100 * MS);
    acknowledge(&mut rig, sent + 2);
    assert_eq!(rig.pipeline.played(), 940 * MS);
    assert!(!rig.pipeline.is_heard());
    rig.run_for(secs(8.0));
    assert_eq!(rig.pipeline.played(), 1_900 * MS, "it said nothing of the rest for so long");
    assert!(rig.pipeline.is_heard());
}

#[test]
fn the_end_that_a_filter_held_back_is_heard_before_all_is() {
    for rate in [8_000, 16_000, 24_000, 48_000] {
        let mut rig = Rig::new(phone(rate, 160 * MS));
        let acknowledge = |rig: &mut Rig, payloads| rig.pipeline.acknowledge(rig.instant(), payloads);
        acknowledge(&mut rig, 0);
        rig.emit(mono(vec![0.5; rate as usize], rate));
        rig.pipeline.drain();
        rig.run_until(FRAME * 50);
        acknowledge(&mut rig, 50);
        assert_eq!((rig.packets.len(), rig.pipeline.is_heard()), (51, false), "{rate} Hz");
        rig.run_for(FRAME);
        acknowledge(&mut rig, 51);
        assert!(rig.pipeline.is_heard(), "{rate} Hz");
        assert_eq!(rig.pipeline.played(), secs(1.0));
    }
}

#[test]
fn somebody_on_the_phone_takes_turns_and_interrupts() {
    let settings = SpeechSettings { echo_guard: false, ..SpeechSettings::default() };
    let script = Script::default().silence(1.0).say("question").silence(2.5).say("interruption").silence(1.0);
    let at_8_khz: Vec<f32> = script.samples.chunks_exact(2).map(|pair| (pair[0] + pair[1]) / 2.0).collect();
    for hz in [8_000, 24_000] {
        let mut rig = listener(settings, phone(hz, 60 * MS));
        for (n, payload) in mulaw(&at_8_khz).chunks(160).enumerate() {
            rig.run_until(FRAME * n as u32);
            rig.hear_payload(payload);
            if n == 210 {
                assert_eq!(rig.turns().len(), 1, "{hz} Hz: the question");
                rig.ask(SpeechRequest::Reply(ReplyMode::Interruptible));
                rig.emit(mono(tone::sine(440.0, 24_000, 240_000), 24_000));
            }
        }
        let over = rig.speech.iter().find_map(|(at, event)| match event {
            SpeechEvent::Started { interrupted: Some(heard), .. } => Some((*at, *heard)),
            _ => None,
        });
        let (at, heard) = over.unwrap_or_else(|| panic!("{hz} Hz: not interrupted: {:?}", rig.starts()));
        let after = at.saturating_sub(secs(script.phrases[1].0));
        assert!(after < 320 * MS, "{hz} Hz: {after:?}");
        let sent = rig.packets.iter().filter(|packet| packet.at <= at).count();
        assert_eq!(
            (rig.cleared.as_slice(), rig.packets.len()),
            (&[sent][..], sent),
            "{hz} Hz: at once, by itself"
        );
        assert!(heard.abs_diff(at - FRAME * 210) <= 3 * FRAME, "{hz} Hz: {heard:?}");
    }
}

#[test]
fn what_is_no_opus_is_counted_and_what_follows_is_heard() {
    let wire = wire(WireCodec::Opus, 48_000, Duration::ZERO);
    let mut rig = Rig::new(PipelineOptions { wire, ..options() });
    rig.connect();
    let packets = common::tone_packets(440.0, 50, parley_media::RtpStart::default());
    for packet in &packets {
        rig.run_until(packet.at);
        rig.hear_payload(&[0xff, 0xff, 0xff]);
        rig.hear_payload(&packet.payload);
    }
    assert_eq!((rig.frames.len(), rig.pipeline.stats().undecodable), (50, 50));
}

#[test]
fn options_that_no_wire_has_are_refused_by_name() {
    let make = |wire| {
        Pipeline::new(PipelineOptions { wire, ..options() }).map(|_| ()).map_err(|error| error.to_string())
    };
    assert_eq!(
        make(wire(WireCodec::Opus, 44_100, Duration::ZERO)),
        Err("sample rate 44100 Hz can't be on the wire: Opus has 8, 12, 16, 24 and 48 kHz".to_owned())
    );
    assert_eq!(
        make(wire(WireCodec::Mulaw, 11_025, Duration::ZERO)),
        Err("sample rate 11025 Hz can't be on the wire: 20 ms must be a whole number of samples".to_owned())
    );
    let far = wire(WireCodec::Mulaw, 8_000, 501 * MS);
    assert_eq!(make(far), Err(MediaError::Lead { lead: 501 * MS }.to_string()));
    let stereo =
        PipelineOptions { input_layout: Layout::Stereo, output_layout: Layout::Stereo, ..phone(8_000, MS) };
    assert!(Pipeline::new(stereo).is_ok());
}
