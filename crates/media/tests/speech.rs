//! Speech is found where it is, in whatever format it is asked for.

mod common;
mod spoken;

use parley_media::{Layout, SpeechSettings, TurnEnd};
use spoken::{Script, format, listener};

#[test]
fn each_sentence_is_a_turn() {
    let script = Script::default().silence(1.0).say("greeting").silence(2.0).say("question").silence(2.0);
    let mut rig = listener(SpeechSettings::default(), format(48_000, Layout::Mono));
    rig.hear(&script.packets());
    assert_eq!(rig.turns().len(), 2);
    assert!(rig.turns().iter().all(|turn| turn.end == TurnEnd::Pause));
    assert!(rig.frames.is_empty(), "no frame goes to the handler");
}
