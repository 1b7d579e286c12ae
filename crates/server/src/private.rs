//! Files that only their owner may read, because they hold confidential texts of people.

use std::fs::OpenOptions;

/// Returns options for opening a file. A file that is created with them can be read and written by its owner alone
/// (mode 0600 on Unix).
pub(crate) fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
