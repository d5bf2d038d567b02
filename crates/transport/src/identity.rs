//! Who we are to peers.

use parley_session::Identity;
use std::sync::OnceLock;

/// One certificate for the process: peers recognise us by it, and making one takes a while.
pub(crate) fn identity() -> Result<&'static Identity, String> {
    static IDENTITY: OnceLock<Result<Identity, String>> = OnceLock::new();
    IDENTITY
        .get_or_init(|| Identity::generate().map_err(|error| error.to_string()))
        .as_ref()
        .map_err(Clone::clone)
}
