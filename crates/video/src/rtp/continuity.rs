//! Whether all that a frame is made from was handed over.

use super::stored::Number;

/// What the last frame handed over says about the ones that may follow it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Continuity {
    last: Number,
    /// Frames of the temporal layers above this one lack some that they may be made from.
    whole_up_to: Option<u8>,
}

impl Continuity {
    /// After packets that were lost for good: whether the frame needs none of what was in them. Its number says so when
    /// no frame lies between, or when no frame of the lowest layer does and it is one itself (RFC 7741, section 4.2).
    pub(super) fn survives(&self, frame: Number) -> bool {
        self.is_next(frame) || self.is_next_of_lowest_layer(frame)
    }

    fn is_next(&self, frame: Number) -> bool {
        frame.picture_id.zip(self.last.picture_id).is_some_and(|(id, last)| id.follows(last))
    }

    fn is_next_of_lowest_layer(&self, frame: Number) -> bool {
        let is_lowest = frame.temporal_layer.is_some_and(|(layer, _)| layer == 0);
        let indices = frame.base_layer_index.zip(self.last.base_layer_index);
        is_lowest && indices.is_some_and(|(index, last)| last.wrapping_add(1) == index)
    }

    /// Takes the frame that a key frame, or nothing lost, or a survived loss made the next. False when it is of a layer
    /// that lacks something, and not to be decoded.
    pub(super) fn accept(&mut self, frame: Number, is_key: bool, after_loss: bool) -> bool {
        if is_key {
            self.whole_up_to = None;
        } else if after_loss && !self.is_next(frame) {
            self.whole_up_to = Some(0);
        }
        let Some(whole) = self.whole_up_to else {
            self.last = frame;
            return true;
        };
        let (layer, needs_lowest_only) = frame.temporal_layer.unwrap_or((0, false));
        let is_whole = layer <= whole || needs_lowest_only;
        if needs_lowest_only && layer == whole + 1 {
            self.whole_up_to = Some(layer);
        }
        if is_whole {
            self.last = frame;
        }
        is_whole
    }
}
