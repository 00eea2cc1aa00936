//! The states of a message: which steps there are. Pure.

use crate::programme::MessageState;

/// The legal steps. The table `message_step` says the same, and a trigger enforces it.
pub const STEPS: [(MessageState, MessageState); 9] = {
    use MessageState::*;
    [
        (Waiting, Queued),
        (Waiting, TakenBack),
        (Queued, Sending),
        (Sending, Sent),
        (Sending, Queued),
        (Sending, Failed),
        (Sending, Unknown),
        (Unknown, Queued),
        (Failed, Queued),
    ]
};

impl MessageState {
    /// Whether a message that stands here may come to stand there.
    pub fn may_become(self, next: Self) -> bool {
        STEPS.contains(&(self, next))
    }
}
