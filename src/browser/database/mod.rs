//! The browser's database on disk: named stores of records, each with a text as its key.
//!
//! Uses IndexedDB through the callbacks of the crate `idb`. The futures of `idb` do not report why a transaction was
//! aborted, and a full disk shows only in that reason. Every failure is returned as a value, and every operation ends
//! within a time limit: IndexedDB can be missing, withheld, full, damaged or held by another tab, or it may never
//! answer.

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

/// The name, the version and the stores of a database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schema {
    /// Its name.
    pub name: &'static str,
    /// Its version, from 1 on. A version higher than the one on disk upgrades the database: missing stores are added,
    /// stores that are no longer listed are deleted, and the others stay as they are.
    pub version: u32,
    /// Its stores.
    pub stores: &'static [&'static str],
}

/// The value of a key in a store.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// A description of the bytes.
    pub note: String,
    /// The bytes.
    pub bytes: Vec<u8>,
}

/// A failure of the database.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DatabaseError {
    /// The browser has no database, or provides none here.
    #[error("the browser keeps nothing")]
    Missing,
    /// Another tab has an older version open and does not close it.
    #[error("another page holds the database")]
    Blocked,
    /// The database on disk has a newer version than the requested one.
    #[error("the database is of a newer version")]
    Newer,
    /// The disk is full, or the part of it that the browser grants.
    #[error("there is no room left")]
    Full,
    /// The connection was closed by the browser, or because another tab deletes or upgrades the database. The database
    /// can be opened again.
    #[error("the database was closed")]
    Closed,
    /// The value in the store is not a valid record.
    #[error("a record can not be understood")]
    Corrupt,
    /// The operation took longer than the limit.
    #[error("the database does not answer")]
    TimedOut,
    /// Another failure, with the browser's name for it, such as `UnknownError` for a damaged disk.
    #[error("the database failed: {0}")]
    Failed(String),
}

type Result<T> = std::result::Result<T, DatabaseError>;

/// An open database. Dropping it closes it. It closes by itself when another tab deletes or upgrades the database.
#[derive(Debug)]
#[must_use = "a database that is dropped is closed"]
pub struct Database {
    connection: idb::Database,
    closed: Rc<Cell<bool>>,
    limit: Duration,
}

impl Database {
    /// Opens a database, and creates or upgrades it if needed. Every operation on it must end within `limit`, and so
    /// must this one.
    ///
    /// No connection stays open if the future is dropped or the limit expires.
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

    /// Deletes a database; it need not exist. Open connections to it are closed first.
    pub async fn delete_database(name: &str, limit: Duration) -> Result<()> {
        let mut request = Factory::new()?.delete(name)?;
        let blocked = Rc::new(Cell::new(false));
        let is_blocked = Rc::clone(&blocked);
        request.on_blocked(move |_| is_blocked.set(true));
        answer(request, &blocked, limit, |_| Ok(())).await
    }

    /// Returns whether the database is still open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.closed.get()
    }

    /// Writes a record, in place of an existing one. When this returns, the record is on its way to the disk.
    pub async fn put(&self, store: &str, key: &str, record: &Record) -> Result<()> {
        let bytes = Uint8Array::from(record.bytes.as_slice());
        let value = Array::of2(&record.note.as_str().into(), &bytes);
        self.write(store, |store| store.put(&value, Some(&key.into())).map(drop))
            .await
    }

    /// Returns the record of a key, if there is one.
    pub async fn get(&self, store: &str, key: &str) -> Result<Option<Record>> {
        let get = |store: &ObjectStore| store.get(JsValue::from(key));
        let value = self.transact(store, TransactionMode::ReadOnly, get).await?.result()?;
        if value.is_undefined() {
            Ok(None)
        } else {
            record(&value).map(Some)
        }
    }

    /// Returns all records of a store, in the order of their keys.
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

    /// Deletes a record; it need not exist.
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

    /// Makes requests in a transaction on a store, and waits for the end of the transaction.
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

/// Adds the missing stores and deletes the stores that are not listed. A failure aborts the whole upgrade, and opening
/// the database fails as well.
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
        // The failure may have aborted the transaction already.
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
            // Browsers do not report other errors.
            _ => named(&JsValue::UNDEFINED),
        }
    }
}
