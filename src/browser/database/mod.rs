//! What the browser keeps on disk: named stores of records, each under a text.
//!
//! On IndexedDB, by way of the callbacks of the crate `idb`: its futures do not tell why a transaction was aborted, which
//! is how a full disk shows. Whatever goes wrong is a value, and everything ends within a limit: IndexedDB can be missing
//! or withheld, full, damaged, held by another tab, or just never answer.

mod wait;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use idb::event::VersionChangeEvent;
use idb::{DatabaseEvent, Event, Factory, ObjectStore, ObjectStoreParams, Request, TransactionMode};
use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::DomException;

use self::wait::{answer, end};

/// What a database is called, and what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Its name.
    pub name: &'static str,
    /// Its version, from 1 on. A higher one than what is on disk upgrades it: stores that are not there yet are added,
    /// those that are not named any more are deleted, the others stay as they are.
    pub version: u32,
    /// Its stores.
    pub stores: &'static [&'static str],
}

/// What is kept under a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// What there is to know about the bytes.
    pub note: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// Why something could not be kept, or found again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// This browser has no database, or none for this page.
    #[error("the browser keeps nothing")]
    Missing,
    /// Another page has an older version open and does not let go of it.
    #[error("another page holds the database")]
    Blocked,
    /// A newer version than this has been here.
    #[error("the database is of a newer version")]
    Newer,
    /// The disk is full, or what the browser grants of it.
    #[error("there is no room left")]
    Full,
    /// Another page needed the database gone or upgraded, or the browser has taken it away. It can be opened again.
    #[error("the database was closed")]
    Closed,
    /// What is kept there is not what was once put there.
    #[error("a record can not be understood")]
    Corrupt,
    /// It took too long.
    #[error("the database does not answer")]
    TimedOut,
    /// Something else; this is the browser's name for it, such as `UnknownError` for a damaged disk.
    #[error("the database failed: {0}")]
    Failed(String),
}

type Result<T> = std::result::Result<T, DatabaseError>;

/// An open database; dropping it closes it. It closes by itself when another page needs to delete or upgrade it.
#[derive(Debug)]
#[must_use = "a database that is dropped is closed"]
pub struct Database {
    connection: idb::Database,
    closed: Rc<Cell<bool>>,
    limit: Duration,
}

impl Database {
    /// Opens a database, which is created or upgraded if need be. Whatever is asked of it must be answered within
    /// `limit`, beginning with this.
    ///
    /// Dropping the future, or running into the limit, leaves nothing open.
    pub async fn open(schema: &Schema, limit: Duration) -> Result<Self> {
        let Schema { name, version, stores } = *schema;
        let mut request = Factory::new()?.open(name, Some(version))?;
        request.on_upgrade_needed(move |event| upgrade(&event, stores));
        let blocked = Rc::new(Cell::new(false));
        let is_blocked = Rc::clone(&blocked);
        request.on_blocked(move |_| is_blocked.set(true));
        answer(request, &blocked, limit, move |request| {
            Ok(Self::new(request.database()?, limit))
        })
        .await
    }

    fn new(mut connection: idb::Database, limit: Duration) -> Self {
        let closed = Rc::new(Cell::new(false));
        let (is_wanted_gone, is_gone) = (Rc::clone(&closed), Rc::clone(&closed));
        connection.on_version_change(move |event| {
            is_wanted_gone.set(true);
            if let Ok(connection) = event.database() {
                connection.close();
            }
        });
        connection.on_close(move |_| is_gone.set(true));
        Self {
            connection,
            closed,
            limit,
        }
    }

    /// Deletes a database, whether there is one or not. What is open of it is closed first.
    pub async fn delete_database(name: &str, limit: Duration) -> Result<()> {
        let mut request = Factory::new()?.delete(name)?;
        let blocked = Rc::new(Cell::new(false));
        let is_blocked = Rc::clone(&blocked);
        request.on_blocked(move |_| is_blocked.set(true));
        answer(request, &blocked, limit, |_| Ok(())).await
    }

    /// Whether it is still open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.closed.get()
    }

    /// Keeps a record, in place of what was there. It is on its way to the disk when this returns.
    pub async fn put(&self, store: &str, key: &str, record: &Record) -> Result<()> {
        let bytes = Uint8Array::from(record.bytes.as_slice());
        let value = Array::of2(&record.note.as_str().into(), &bytes);
        self.write(store, |store| store.put(&value, Some(&key.into())).map(drop))
            .await
    }

    /// What is kept there, if anything is.
    pub async fn get(&self, store: &str, key: &str) -> Result<Option<Record>> {
        let get = |store: &ObjectStore| store.get(JsValue::from(key));
        let value = self.transact(store, TransactionMode::ReadOnly, get).await?.result()?;
        if value.is_undefined() {
            Ok(None)
        } else {
            record(&value).map(Some)
        }
    }

    /// Everything in a store, in the order of the keys.
    pub async fn get_all(&self, store: &str) -> Result<Vec<(String, Record)>> {
        let get_all = |store: &ObjectStore| Ok((store.get_all_keys(None, None)?, store.get_all(None, None)?));
        let (keys, values) = self.transact(store, TransactionMode::ReadOnly, get_all).await?;
        let list = |result: JsValue| result.dyn_into::<Array>().or(Err(DatabaseError::Corrupt));
        let (keys, values) = (list(keys.result()?)?, list(values.result()?)?);
        let pair = |(key, value): (JsValue, JsValue)| {
            let key = key.as_string().ok_or(DatabaseError::Corrupt)?;
            Ok((key, record(&value)?))
        };
        keys.iter().zip(values.iter()).map(pair).collect()
    }

    /// Deletes a record, whether there is one or not.
    pub async fn delete(&self, store: &str, key: &str) -> Result<()> {
        self.write(store, |store| store.delete(JsValue::from(key)).map(drop))
            .await
    }

    /// Empties a store.
    pub async fn clear(&self, store: &str) -> Result<()> {
        self.write(store, |store| store.clear().map(drop)).await
    }

    async fn write(
        &self,
        store: &str,
        change: impl FnOnce(&ObjectStore) -> std::result::Result<(), idb::Error>,
    ) -> Result<()> {
        self.transact(store, TransactionMode::ReadWrite, change).await
    }

    /// Asks something of a store, and waits until that is done.
    async fn transact<T>(
        &self,
        store: &str,
        mode: TransactionMode,
        ask: impl FnOnce(&ObjectStore) -> std::result::Result<T, idb::Error>,
    ) -> Result<T> {
        if self.closed.get() {
            return Err(DatabaseError::Closed);
        }
        let transaction = self.connection.transaction(&[store], mode)?;
        let store = transaction.object_store(store)?;
        let asked = ask(&store)?;
        end(transaction, store, self.limit).await?;
        Ok(asked)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.connection.close();
    }
}

/// Makes the stores those that are named. If it can not, the upgrade fails as a whole, and so does opening.
fn upgrade(event: &VersionChangeEvent, stores: &[&str]) {
    let changed = || {
        let database = event.database()?;
        let there = database.store_names();
        for name in there.iter().filter(|name| !stores.contains(&name.as_str())) {
            database.delete_object_store(name)?;
        }
        for name in stores.iter().filter(|name| !there.iter().any(|there| there == *name)) {
            database.create_object_store(name, ObjectStoreParams::new())?;
        }
        Ok::<_, idb::Error>(())
    };
    if changed().is_err()
        && let Some(transaction) = event.target().ok().and_then(|request| request.transaction())
    {
        // It may have been aborted by what went wrong.
        drop(transaction.abort());
    }
}

fn record(value: &JsValue) -> Result<Record> {
    let read = || {
        let parts = value.dyn_ref::<Array>()?;
        let note = parts.get(0).as_string()?;
        let bytes = parts.get(1).dyn_into::<Uint8Array>().ok()?.to_vec();
        Some(Record { note, bytes })
    };
    read().ok_or(DatabaseError::Corrupt)
}

fn named(error: &JsValue) -> DatabaseError {
    let name = error.dyn_ref::<DomException>().map(DomException::name);
    let name = name.unwrap_or_else(|| "Error".to_owned());
    match name.as_str() {
        "QuotaExceededError" => DatabaseError::Full,
        "VersionError" => DatabaseError::Newer,
        _ => DatabaseError::Failed(name),
    }
}

impl From<idb::Error> for DatabaseError {
    fn from(error: idb::Error) -> Self {
        use idb::Error as E;
        match &error {
            E::IndexedDbNotFound(_) => Self::Missing,
            E::IndexedDbOpenFailed(cause)
            | E::IndexedDbDeleteFailed(cause)
            | E::TransactionOpenFailed(cause)
            | E::ObjectStoreNotFound(cause)
            | E::UpdateFailed(cause)
            | E::DeleteFailed(cause)
            | E::ClearFailed(cause)
            | E::GetFailed(cause)
            | E::GetAllKeysFailed(cause) => named(cause),
            // What browsers do not do.
            _ => named(&JsValue::UNDEFINED),
        }
    }
}
