//! Why frames can't be decoded, or pictures not encoded.

/// What a codec says it can't do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodecError {
    /// The bytes are no frame of the codec, or a damaged one.
    Damaged(&'static str),
    /// The picture has more pixels than are allowed: width, height.
    TooLarge(u32, u32),
    /// Nothing can be decoded before the next key frame.
    NeedsKeyFrame,
    /// The codec's library could not be set up, or failed by itself: what it is, and its own words.
    Library(&'static str, &'static str),
}

impl CodecError {
    #[cfg(not(feature = "h264"))]
    pub(crate) const NOT_BUILT: Self = Self::Library("H.264", "the addon was built without the feature h264");
}

impl std::fmt::Display for CodecError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Damaged(why) => write!(f, "not a frame of the codec, or a damaged one: {why}"),
            Self::TooLarge(width, height) => {
                write!(f, "a picture of {width} x {height} is larger than is allowed")
            }
            Self::NeedsKeyFrame => f.write_str("a key frame is needed first"),
            Self::Library(which, why) => write!(f, "{which} failed: {why}"),
        }
    }
}

impl std::error::Error for CodecError {}
