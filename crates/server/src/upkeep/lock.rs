//! The lock of a database file: any number of servers can hold it, or one program that replaces the file.

use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

use super::beside;
use crate::private;

/// A lock on a database file. It is released when it is dropped or its process ends for any reason.
///
/// A separate file beside the database is locked, because SQLite releases its own locks as soon as any code in the
/// process closes the database file.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock for a server. Returns `None` while the file is being replaced.
    pub(crate) fn shared(data: &Path) -> io::Result<Option<Self>> {
        Self::of(data, File::try_lock_shared)
    }

    /// Takes the lock for replacing the file. Returns `None` while a server uses it.
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
