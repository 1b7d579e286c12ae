//! Who uses a database file: any number of servers, or one program that replaces it.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use super::beside;
use crate::private;

/// Keeps others away from a database file until it is dropped, or its process ends however it ends.
///
/// The lock is on a file beside the database: SQLite gives up its own locks as soon as anybody in the process closes
/// the database file.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// The lock of a server; `None` while the file is being replaced.
    pub(crate) fn shared(data: &Path) -> io::Result<Option<Self>> {
        Self::of(data, File::try_lock_shared)
    }

    /// The lock for replacing the file; `None` while a server uses it.
    pub(super) fn exclusive(data: &Path) -> io::Result<Option<Self>> {
        Self::of(data, File::try_lock)
    }

    fn of(data: &Path, lock: impl FnOnce(&File) -> Result<(), TryLockError>) -> io::Result<Option<Self>> {
        let mut options = private::options();
        let file = options.write(true).create(true).open(beside(data, ".lock"))?;
        match lock(&file) {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }
}
