//! A peer's telephone keypad (RFC 4733): while a key is down its packets take the places of the audio's, as those of browsers do.

use bytes::Bytes;
use rtc::rtp::header::Header;
use std::collections::VecDeque;
use std::time::Duration;

/// Keys at the payload type that browsers use…
pub(crate) const PAYLOAD_TYPE: u8 = 110;

/// …at the clock rate of Opus.
pub(crate) const CLOCK_RATE: u32 = 48_000;

/// The keys by their event codes (section 3.2, table 3).
const KEYS: &str = "0123456789*#ABCD";

/// A packet of audio takes the place of so many units of the clock.
const PACKET: u32 = CLOCK_RATE / 50;

/// The longest that one segment of a key can say, in units of the clock (section 2.5.1.3).
const SEGMENT: u32 = u16::MAX as u32;

/// How often the last packet of a key is sent (section 2.5.1.4).
const ENDS: u16 = 3;

/// A key that is about to be pressed.
#[derive(Debug, Clone, Copy)]
struct Key {
    code: u8,
    /// For so many packets.
    down: u32,
    /// So many of audio follow at least.
    gap: u32,
}

/// A key that is down.
#[derive(Debug, Clone, Copy)]
struct Down {
    key: Key,
    /// The packets that told of it.
    told: u32,
    /// The time of its beginning, or of its last segment's.
    start: u32,
}

/// Presses keys one after the other.
#[derive(Debug, Default)]
pub(crate) struct Keypad {
    waiting: VecDeque<Key>,
    down: Option<Down>,
    /// Packets of audio before the next key.
    gap: u32,
    /// So many more packets went out than were of audio.
    more: u16,
}

impl Keypad {
    /// Presses a key after those that it is pressing; false where there is no such key. Times are rounded up to whole packets.
    pub(crate) fn press(&mut self, sign: char, down: Duration, gap: Duration) -> bool {
        let Some(code) = KEYS.chars().position(|key| key == sign) else { return false };
        let packets = |time: Duration| time.as_micros().div_ceil(20_000) as u32;
        self.waiting.push_back(Key { code: code as u8, down: packets(down).max(1), gap: packets(gap) });
        true
    }

    /// What goes out where a packet of audio would.
    pub(crate) fn replace(&mut self, audio: Header, payload: Bytes) -> Vec<(Header, Bytes)> {
        let audio = Header { sequence_number: audio.sequence_number.wrapping_add(self.more), ..audio };
        let begins = self.down.is_none();
        let Some(mut down) = self.down.take().or_else(|| self.next_down(audio.timestamp)) else {
            self.gap = self.gap.saturating_sub(1);
            return vec![(audio, payload)];
        };
        let mut held = audio.timestamp.wrapping_add(PACKET).wrapping_sub(down.start);
        if held > SEGMENT {
            down.start = down.start.wrapping_add(SEGMENT);
            held -= SEGMENT;
        }
        down.told += 1;
        let ends = down.told == down.key.down;
        let [high, low] = (held as u16).to_be_bytes();
        let volume = 10 | if ends { 0x80 } else { 0 };
        let payload = Bytes::from(vec![down.key.code, volume, high, low]);
        let header = Header { payload_type: PAYLOAD_TYPE, marker: begins, timestamp: down.start, ..audio };
        if !ends {
            self.down = Some(down);
            return vec![(header, payload)];
        }
        self.gap = down.key.gap;
        self.more = self.more.wrapping_add(ENDS - 1);
        let number = header.sequence_number;
        let numbers = (0..ENDS).map(|again| number.wrapping_add(again));
        numbers
            .map(|sequence_number| (Header { sequence_number, ..header.clone() }, payload.clone()))
            .collect()
    }

    fn next_down(&mut self, start: u32) -> Option<Down> {
        if self.gap > 0 {
            return None;
        }
        self.waiting.pop_front().map(|key| Down { key, told: 0, start })
    }
}
