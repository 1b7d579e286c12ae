//! Files that only their owner may read: they hold what people say in confidence.

use std::fs::OpenOptions;

/// Options for opening a file that nobody but its owner can read if it is created.
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
