//! What is done with the database file from outside of a running server: back it up, restore it, check it.

mod lock;

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::private;
use crate::store::{check, copy, now};

pub(crate) use lock::Lock;

/// Why a file was not backed up, restored or checked. Each is a sentence for the operator.
#[derive(Debug, thiserror::Error)]
pub enum UpkeepError {
    /// There is no file to read.
    #[error("there is no file {}", .0.display())]
    Missing(PathBuf),
    /// A backup would replace a file.
    #[error("{} exists already, and a backup replaces nothing; choose another name", .0.display())]
    Exists(PathBuf),
    /// The file is in use.
    #[error("a server uses {}; stop it first", .0.display())]
    InUse(PathBuf),
    /// What was to be restored is not sound.
    #[error("{} was not restored: {}", file.display(), faults.join("; "))]
    Unsound {
        /// Which file.
        file: PathBuf,
        /// What is wrong with it, in sentences.
        faults: Vec<String>,
    },
    /// A file can not be read or written.
    #[error("{}: {source}", file.display())]
    File {
        /// Which file.
        file: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A database can not be read or written.
    #[error("{}: {source}", file.display())]
    Database {
        /// Which file.
        file: PathBuf,
        /// What SQLite says.
        source: sqlx::Error,
    },
}

/// Copies the database into a new file that only its owner may read. A server that uses it goes on.
///
/// `target` appears when it is complete and on the disk. Returns what is wrong with it, in sentences: a database with
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
    // Unlike a renaming, this does not replace a file of that name that was made meanwhile.
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

/// Puts a backup in the place of the database. Returns where the file is kept that was there before, if there was one.
///
/// Everybody has to sign in again: who signed out after the backup was made would otherwise be signed in again.
///
/// # Errors
///
/// See [`UpkeepError`]. The database is as it was then.
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

/// What is wrong with a database file, in sentences; nothing, if it is sound. A server that uses it goes on.
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

/// Keeps the file under another name, and with it what SQLite had not folded into it yet. That goes first: it would be
/// taken for changes of the next file of this name.
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
    // A second name rather than a new one: there is always a file of the old name.
    if fs::hard_link(data, &kept).is_err() {
        fs::rename(data, &kept).map_err(at(data))?;
    }
    Ok(Some(kept))
}

/// A file that is removed unless it got its name.
struct Unfinished(PathBuf);

impl Unfinished {
    /// Makes it beside the file that it is to become, for nobody else to read.
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
        // Gone already if it got its name.
        drop(fs::remove_file(&self.0));
    }
}

/// The same path with something added to the name of the file.
fn beside(file: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(file);
    name.push(suffix);
    name.into()
}

fn folder(file: &Path) -> Option<&Path> {
    file.parent().filter(|folder| !folder.as_os_str().is_empty())
}

/// A file has its name for good once its folder is on the disk.
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
