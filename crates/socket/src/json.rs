//! Reads messages of the far end, without a copy where they hold no escapes.

use crate::protocol::Reads;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// The greatest whole number that every JSON reader knows.
const MAX_COUNT: u64 = (1 << 53) - 1;
/// Digits of the longest number that is written as a text.
const MAX_DIGITS: usize = 15;

/// What a message is for, when that is sure.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Meaning<'a> {
    /// Audio as base64, and its number where the far end counts.
    Audio { chunk: Option<u64>, payload: Cow<'a, str> },
    /// Of no interest.
    Ignored,
    /// A mark of that name has come back.
    Mark(Cow<'a, str>),
    /// So many messages have been played.
    Played(u64),
}

/// Reads a text. None when it is for the program: whatever isn't surely something else.
pub(crate) fn read<'a>(reads: &Reads, text: &'a str) -> Option<Meaning<'a>> {
    let mut json = serde_json::Deserializer::from_str(text);
    let fields = Message(reads).deserialize(&mut json).ok()?;
    json.end().ok()?;
    fields.meaning(reads)
}

/// The fields of a message that matter.
#[derive(Default)]
struct Fields<'a> {
    event: Value<'a>,
    stream: Value<'a>,
    /// The payload, its number and its track.
    media: [Value<'a>; 3],
    mark: [Value<'a>; 1],
    played: Value<'a>,
}

impl<'a> Fields<'a> {
    fn meaning(self, reads: &Reads) -> Option<Meaning<'a>> {
        let Value::Text(event) = &self.event else { return None };
        if *event == reads.media {
            return self.audio(reads);
        }
        if reads.mark.as_ref().is_some_and(|(mark, _)| event == mark) {
            let [Value::Text(name)] = self.mark else { return None };
            return Some(Meaning::Mark(name));
        }
        if reads.played.as_ref().is_some_and(|(played, _)| event == played) {
            let Value::Count(count) = self.played else { return None };
            return Some(Meaning::Played(count));
        }
        None
    }

    fn audio(self, reads: &Reads) -> Option<Meaning<'a>> {
        if let Some((_, id)) = &reads.stream
            && !self.stream.is(id)
        {
            return None;
        }
        let [payload, chunk, track] = self.media;
        if let Some((_, ignored)) = &reads.ignored_track
            && track.is(ignored)
        {
            return Some(Meaning::Ignored);
        }
        let Value::Text(payload) = payload else { return None };
        Some(Meaning::Audio { chunk: chunk.count(), payload })
    }
}

/// A JSON value, as far as it matters.
#[derive(Debug, Default)]
enum Value<'a> {
    Text(Cow<'a, str>),
    Count(u64),
    #[default]
    Other,
}

impl Value<'_> {
    fn is(&self, text: &str) -> bool {
        matches!(self, Self::Text(own) if own == text)
    }

    /// Far ends write most of their numbers as texts.
    fn count(&self) -> Option<u64> {
        match self {
            Self::Count(count) => Some(*count),
            Self::Text(text)
                if text.len() <= MAX_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit()) =>
            {
                text.parse().ok()
            }
            _ => None,
        }
    }
}

/// Reads a message. What is no object has no fields.
struct Message<'r>(&'r Reads);

impl<'de> DeserializeSeed<'de> for Message<'_> {
    type Value = Fields<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Fields<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Message<'_> {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
        let Reads { event, stream, media, payload, chunk, ignored_track, mark, played } = self.0;
        let mut fields = Fields::default();
        while let Some(key) = map.next_key_seed(Any)? {
            let is = |name: &str| key.is(name);
            if is(event) {
                fields.event = map.next_value_seed(Any)?;
            } else if stream.as_ref().is_some_and(|(field, _)| is(field)) {
                fields.stream = map.next_value_seed(Any)?;
            } else if is(media) {
                let track = ignored_track.as_ref().map(|(field, _)| field.as_str());
                fields.media = map.next_value_seed(Object([Some(payload), chunk.as_deref(), track]))?;
            } else if let Some((_, name)) = mark.as_ref().filter(|(mark, _)| is(mark)) {
                fields.mark = map.next_value_seed(Object([Some(name)]))?;
            } else if played.as_ref().is_some_and(|(_, field)| is(field)) {
                fields.played = map.next_value_seed(Any)?;
            } else {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(fields)
    }
}

/// Reads fields of an object by their names.
struct Object<'r, const N: usize>([Option<&'r str>; N]);

impl<'de, const N: usize> DeserializeSeed<'de> for Object<'_, N> {
    type Value = [Value<'de>; N];

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, const N: usize> Visitor<'de> for Object<'_, N> {
    type Value = [Value<'de>; N];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut values = std::array::from_fn(|_| Value::Other);
        while let Some(key) = map.next_key_seed(Any)? {
            match self.0.iter().position(|name| name.is_some_and(|name| key.is(name))) {
                Some(at) => values[at] = map.next_value_seed(Any)?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(values)
    }
}

/// Reads any value.
struct Any;

impl<'de> DeserializeSeed<'de> for Any {
    type Value = Value<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Any {
    type Value = Value<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value<'de>, E> {
        Ok(Value::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value<'de>, E> {
        Ok(if number <= MAX_COUNT { Value::Count(number) } else { Value::Other })
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_unit<E: Error>(self) -> Result<Value<'de>, E> {
        Ok(Value::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Value<'de>, A::Error> {
        while values.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Value::Other)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reads() -> Reads {
        let pair = |a: &str, b: &str| Some((a.to_owned(), b.to_owned()));
        Reads {
            event: "event".into(),
            stream: pair("streamSid", "MZ1"),
            media: "media".into(),
            payload: "payload".into(),
            chunk: Some("chunk".into()),
            ignored_track: pair("track", "outbound"),
            mark: pair("mark", "name"),
            played: pair("played", "payloads"),
        }
    }

    fn audio(chunk: Option<u64>, payload: &str) -> Option<Meaning<'_>> {
        Some(Meaning::Audio { chunk, payload: payload.into() })
    }

    #[test]
    fn audio_is_found_whatever_the_order_of_the_fields() {
        let reads = reads();
        for (text, meaning) in [
            (
                r#"{"event":"media","sequenceNumber":"4","media":{"track":"inbound","chunk":"2","timestamp":"5","payload":"AAAA"},"streamSid":"MZ1"}"#,
                audio(Some(2), "AAAA"),
            ),
            (r#" {"media":{"payload":"AA=="},"streamSid":"MZ1","event":"media"} "#, audio(None, "AA==")),
            (
                r#"{"event":"x","event":"media","streamSid":"MZ1","media":{"payload":1},"media":{"chunk":7,"payload":"A\/\u0041A"}}"#,
                audio(Some(7), "A/AA"),
            ),
            (
                r#"{"event":"media","streamSid":"MZ1","media":{"chunk":[{}],"track":null,"payload":""}}"#,
                audio(None, ""),
            ),
            (
                r#"{"event":"media","streamSid":"MZ1","media":{"track":"outbound","payload":"AAAA"}}"#,
                Some(Meaning::Ignored),
            ),
            (
                r#"{"event":"mark","streamSid":"MZ1","mark":{"name":"p10"}}"#,
                Some(Meaning::Mark("p10".into())),
            ),
            (r#"{"event":"played","payloads":12}"#, Some(Meaning::Played(12))),
        ] {
            assert_eq!(read(&reads, text), meaning, "{text}");
        }
    }

    #[test]
    fn what_is_not_surely_audio_is_the_programs() {
        let reads = reads();
        for text in [
            "",
            "no JSON",
            "[]",
            "1",
            "{}",
            r#"{"event":"media"}"#,
            r#"{"event":"media","streamSid":"MZ2","media":{"payload":"AAAA"}}"#,
            r#"{"event":"media","streamSid":1,"media":{"payload":"AAAA"}}"#,
            r#"{"event":"media","media":{"payload":"AAAA"}}"#,
            r#"{"event":"media","streamSid":"MZ1","media":{"payload":1}}"#,
            r#"{"event":"media","streamSid":"MZ1","media":"AAAA"}"#,
            r#"{"event":"media","streamSid":"MZ1","media":{"payload":"AAAA"}} x"#,
            r#"{"event":"media","streamSid":"MZ1","media":{"payload":"AAAA"},}"#,
            r#"{"event":"media","streamSid":"MZ1","media":{"payload":"\ud800"}}"#,
            r#"{"event":["media"],"streamSid":"MZ1","media":{"payload":"AAAA"}}"#,
            r#"{"event":"mark","mark":{"name":1}}"#,
            r#"{"event":"mark","mark":1}"#,
            r#"{"event":"played","payloads":-1}"#,
            r#"{"event":"played","payloads":1.5}"#,
            r#"{"event":"played","payloads":99999999999999999999}"#,
            r#"{"event":"dtmf","streamSid":"MZ1","dtmf":{"digit":"5"}}"#,
        ] {
            assert_eq!(read(&reads, text), None, "{text}");
        }
    }

    #[test]
    fn numbers_of_chunks_are_numbers_or_digits() {
        let reads = reads();
        for (chunk, number) in [
            ("0", Some(0)),
            ("\"007\"", Some(7)),
            ("9007199254740991", Some(MAX_COUNT)),
            ("9007199254740992", None),
            ("\"1234567890123456\"", None),
            ("\"\"", None),
            ("\"1.0\"", None),
            ("-1", None),
            ("1.5", None),
            ("true", None),
            ("null", None),
        ] {
            let text = format!(
                r#"{{"event":"media","streamSid":"MZ1","media":{{"payload":"AAAA","chunk":{chunk}}}}}"#
            );
            assert_eq!(read(&reads, &text), audio(number, "AAAA"), "{chunk}");
        }
    }
}
