//! Errors with the codes that src/native maps to classes.

use napi::{Error, Status};

/// The `code` of a thrown error.
#[derive(Debug, Clone, Copy)]
pub struct Code(&'static str);

impl Code {
    pub const BUFFER_TOO_SMALL: Self = Self("ERR_PARLEY_BUFFER_TOO_SMALL");
    pub const SESSION_CLOSED: Self = Self("ERR_PARLEY_SESSION_CLOSED");
    pub const CHANNEL_CLOSED: Self = Self("ERR_PARLEY_CHANNEL_CLOSED");
    pub const CHANNEL_FULL: Self = Self("ERR_PARLEY_CHANNEL_FULL");
    pub const MESSAGE_TOO_LARGE: Self = Self("ERR_PARLEY_MESSAGE_TOO_LARGE");
    pub const INVALID_ARGUMENT: Self = Self("ERR_PARLEY_INVALID_ARGUMENT");

    pub fn error(self, message: impl Into<String>) -> Error<Self> {
        Error::new(self, message.into())
    }
}

impl AsRef<str> for Code {
    fn as_ref(&self) -> &str {
        self.0
    }
}

/// What N-API itself refuses was a wrong argument.
impl From<Status> for Code {
    fn from(_: Status) -> Self {
        Self::INVALID_ARGUMENT
    }
}

pub type Result<T> = std::result::Result<T, Error<Code>>;
