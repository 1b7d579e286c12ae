//! Files that only their owner may read: they hold what people say in confidence.

use std::fs::OpenOptions;

/// Options for opening a file. One that is created can be read and written by its owner alone (mode 0600 on Unix).
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
