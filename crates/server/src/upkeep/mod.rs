//! Maintenance of the database file from outside of a running server: backup, restore and check.

mod lock;

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::private;
use crate::store::{check, copy, now};

pub(crate) use lock::Lock;

/// The reason for which a file was not backed up, restored or checked. Each message is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// The file to read does not exist.
    #[error("there is no file {}", .0.display())]
    Missing(PathBuf),
    /// The target of a backup exists already.
    #[error("{} exists already, and a backup replaces nothing; choose another name", .0.display())]
    Exists(PathBuf),
    /// The file is in use.
    #[error("a server uses {}; stop it first", .0.display())]
    InUse(PathBuf),
    /// The file to restore is not sound.
    #[error("{} was not restored: {}", file.display(), faults.join("; "))]
    Unsound {
        /// The file.
        file: PathBuf,
        /// The faults, as sentences.
        faults: Vec<String>,
    },
    /// A file can not be read or written.
    #[error("{}: {source}", file.display())]
    File {
        /// The file.
        file: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A database can not be read or written.
    #[error("{}: {source}", file.display())]
    Database {
        /// The file.
        file: PathBuf,
        /// The error of SQLite.
        source: sqlx::Error,
    },
}

/// Copies the database into a new file that only its owner can read. A server can use the database meanwhile.
///
/// `target` appears when it is complete and on the disk. Returns the faults of the copy as sentences. A database with
/// faults is copied as well, as far as it can be read.
///
/// # Errors
///
/// See [`UpkeepError`].
pub async fn backup(data: &Path, target: &Path) -> Result<Vec<String>, UpkeepError> {
    if !data.is_file() {
        return Err(UpkeepError::Missing(data.to_owned()));
    }
    if target.symlink_metadata().is_ok() {
        return Err(UpkeepError::Exists(target.to_owned()));
    }
    let unfinished = Unfinished::new(target)?;
    unfinished.fill(data).await?;
    let faults = check(&unfinished.0).await?;
    unfinished.sync()?;
    // Unlike a rename, a link does not replace a file with this name that was created meanwhile.
    match fs::hard_link(&unfinished.0, target) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(UpkeepError::Exists(target.to_owned()));
        }
        // Some file systems have no links.
        Err(_) => fs::rename(&unfinished.0, target).map_err(at(target))?,
    }
    drop(unfinished);
    sync_folder(target)?;
    Ok(faults)
}

/// Replaces the database by a backup. Returns the path under which the previous file is kept, if there was one.
///
/// All people have to sign in again. Otherwise a person who signed out after the backup would be signed in again.
///
/// # Errors
///
/// See [`UpkeepError`]. An error before the files are swapped leaves the database unchanged.
pub async fn restore(source: &Path, data: &Path) -> Result<Option<PathBuf>, UpkeepError> {
    if !source.is_file() {
        return Err(UpkeepError::Missing(source.to_owned()));
    }
    if let Some(folder) = folder(data) {
        fs::create_dir_all(folder).map_err(at(folder))?;
    }
    let Some(lock) = Lock::exclusive(data).map_err(at(data))? else {
        return Err(UpkeepError::InUse(data.to_owned()));
    };
    let unsound = |faults| UpkeepError::Unsound {
        file: source.to_owned(),
        faults,
    };
    let faults = check(source).await?;
    if !faults.is_empty() {
        return Err(unsound(faults));
    }
    let unfinished = Unfinished::new(data)?;
    unfinished.fill(source).await?;
    let faults = copy::prepare(&unfinished.0).await.map_err(database(&unfinished.0))?;
    if !faults.is_empty() {
        return Err(unsound(faults));
    }
    unfinished.sync()?;
    let replaced = set_aside(data)?;
    fs::rename(&unfinished.0, data).map_err(at(data))?;
    sync_folder(data)?;
    drop(lock);
    Ok(replaced)
}

/// Returns the faults of a database file as sentences; an empty list if it is sound. A server can use the file
/// meanwhile.
///
/// # Errors
///
/// See [`UpkeepError`].
pub async fn check(file: &Path) -> Result<Vec<String>, UpkeepError> {
    if !file.is_file() {
        return Err(UpkeepError::Missing(file.to_owned()));
    }
    let faults = async {
        let mut connection = copy::open(file).await?;
        check::faults(&mut connection).await
    };
    faults.await.map_err(database(file))
}

/// Keeps the current file under another name, together with its log that is not checkpointed yet. The log is renamed
/// first, because it would otherwise be applied to the next file of this name.
fn set_aside(data: &Path) -> Result<Option<PathBuf>, UpkeepError> {
    let kept = beside(data, &format!(".replaced-{}", now().format("%Y%m%dT%H%M%S%.6fZ")));
    for suffix in ["-wal", "-journal"] {
        let rest = beside(data, suffix);
        if rest.exists() {
            fs::rename(&rest, beside(&kept, suffix)).map_err(at(&rest))?;
        }
    }
    let index = beside(data, "-shm");
    if index.exists() {
        fs::remove_file(&index).map_err(at(&index))?;
    }
    if !data.exists() {
        return Ok(None);
    }
    // Adds a second name instead of renaming, so that there is always a file with the old name.
    if fs::hard_link(data, &kept).is_err() {
        fs::rename(data, &kept).map_err(at(data))?;
    }
    Ok(Some(kept))
}

/// A temporary file that is removed on drop, unless it was renamed.
struct Unfinished(PathBuf);

impl Unfinished {
    /// Creates the file beside its target. Only its owner can read it.
    fn new(target: &Path) -> Result<Self, UpkeepError> {
        let path = beside(target, &format!(".unfinished-{}", std::process::id()));
        let mut options = private::options();
        options.write(true).create_new(true).open(&path).map_err(at(&path))?;
        Ok(Self(path))
    }

    async fn fill(&self, source: &Path) -> Result<(), UpkeepError> {
        copy::copy(source, &self.0).await.map_err(database(source))
    }

    fn sync(&self) -> Result<(), UpkeepError> {
        let file = OpenOptions::new().write(true).open(&self.0);
        file.and_then(|file| file.sync_all()).map_err(at(&self.0))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // The file is gone already if it was renamed.
        drop(fs::remove_file(&self.0));
    }
}

/// Returns a path with a suffix added to the file name.
fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    name.into()
}

fn folder(file: &Path) -> Option<&Path> {
    file.parent().filter(|folder| !folder.as_os_str().is_empty())
}

/// Syncs the folder of a file, which makes a new name durable.
fn sync_folder(file: &Path) -> Result<(), UpkeepError> {
    let folder = folder(file).unwrap_or_else(|| Path::new("."));
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(at(folder))
}

fn at(file: &Path) -> impl FnOnce(io::Error) -> UpkeepError {
    let file = file.to_owned();
    move |source| UpkeepError::File { file, source }
}

fn database(file: &Path) -> impl FnOnce(sqlx::Error) -> UpkeepError {
    let file = file.to_owned();
    move |source| UpkeepError::Database { file, source }
}
