//! What the browser keeps on disk: named stores of records, each under a text.
//!
//! Straight on the browser's IndexedDB. The futures of the crates that wrap it (idb, indexed_db_futures) do not tell why
//! a transaction was aborted, which is how a full disk shows, and do not close what opens when nobody waits for it any
//! more. With their callbacks instead, as much would have to be written here as without them, and they weigh three to
//! seven times as much. Whatever goes wrong is a value, and everything ends within a limit: IndexedDB can be missing or
//! withheld, full, damaged, held by another tab, or just never answer.

mod request;

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    IdbDatabase, IdbFactory, IdbObjectStore, IdbOpenDbRequest, IdbRequest, IdbTransaction, IdbTransactionMode,
};

use self::request::{answer, end, failed, result};
use super::listener::Listener;

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
    connection: IdbDatabase,
    closed: Rc<Cell<bool>>,
    limit: Duration,
    #[expect(dead_code, reason = "held for its Drop")]
    listeners: [Listener; 2],
}

impl Database {
    /// Opens a database, which is created or upgraded if need be. Whatever is asked of it must be answered within
    /// `limit`, beginning with this.
    ///
    /// Dropping the future, or running into the limit, leaves nothing open.
    pub async fn open(schema: &Schema, limit: Duration) -> Result<Self> {
        let Schema { name, version, stores } = *schema;
        let request = factory()?
            .open_with_u32(name, version)
            .map_err(|error| failed(&error))?;
        let upgrade = {
            let request = request.clone();
            Listener::on(&request.clone(), "upgradeneeded", move || upgrade(&request, stores))
        };
        answer(request, limit, move |connection| {
            drop(upgrade);
            Self::new(connection.unchecked_into(), limit)
        })
        .await
    }

    fn new(connection: IdbDatabase, limit: Duration) -> Self {
        let closed = Rc::new(Cell::new(false));
        let on_version_change = {
            let (connection, closed) = (connection.clone(), Rc::clone(&closed));
            move || {
                closed.set(true);
                connection.close();
            }
        };
        let on_close = {
            let closed = Rc::clone(&closed);
            move || closed.set(true)
        };
        Self {
            listeners: [
                Listener::on(&connection, "versionchange", on_version_change),
                Listener::on(&connection, "close", on_close),
            ],
            connection,
            closed,
            limit,
        }
    }

    /// Deletes a database, whether there is one or not. What is open of it is closed first.
    pub async fn delete_database(name: &str, limit: Duration) -> Result<()> {
        let request = factory()?.delete_database(name).map_err(|error| failed(&error))?;
        answer(request, limit, drop).await
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
        self.write(store, |store| store.put_with_key(&value, &key.into())).await
    }

    /// What is kept there, if anything is.
    pub async fn get(&self, store: &str, key: &str) -> Result<Option<Record>> {
        let (transaction, store) = self.begin(store, IdbTransactionMode::Readonly)?;
        let request = store.get(&key.into()).map_err(|error| failed(&error))?;
        end(&transaction, self.limit).await?;
        let value = result(&request)?;
        if value.is_undefined() {
            Ok(None)
        } else {
            record(&value).map(Some)
        }
    }

    /// Everything in a store, in the order of the keys.
    pub async fn get_all(&self, store: &str) -> Result<Vec<(String, Record)>> {
        let (transaction, store) = self.begin(store, IdbTransactionMode::Readonly)?;
        let keys = store.get_all_keys().map_err(|error| failed(&error))?;
        let values = store.get_all().map_err(|error| failed(&error))?;
        end(&transaction, self.limit).await?;
        let list = |request| result(request)?.dyn_into::<Array>().or(Err(DatabaseError::Corrupt));
        let (keys, values) = (list(&keys)?, list(&values)?);
        let pair = |(key, value): (JsValue, JsValue)| {
            let key = key.as_string().ok_or(DatabaseError::Corrupt)?;
            Ok((key, record(&value)?))
        };
        keys.iter().zip(values.iter()).map(pair).collect()
    }

    /// Deletes a record, whether there is one or not.
    pub async fn delete(&self, store: &str, key: &str) -> Result<()> {
        self.write(store, |store| store.delete(&key.into())).await
    }

    /// Empties a store.
    pub async fn clear(&self, store: &str) -> Result<()> {
        self.write(store, IdbObjectStore::clear).await
    }

    async fn write(
        &self,
        store: &str,
        change: impl FnOnce(&IdbObjectStore) -> std::result::Result<IdbRequest, JsValue>,
    ) -> Result<()> {
        let (transaction, store) = self.begin(store, IdbTransactionMode::Readwrite)?;
        change(&store).map_err(|error| failed(&error))?;
        end(&transaction, self.limit).await
    }

    fn begin(&self, store: &str, mode: IdbTransactionMode) -> Result<(IdbTransaction, IdbObjectStore)> {
        if self.closed.get() {
            return Err(DatabaseError::Closed);
        }
        let begun = || {
            let transaction = self.connection.transaction_with_str_and_mode(store, mode)?;
            let store = transaction.object_store(store)?;
            Ok((transaction, store))
        };
        begun().map_err(|error| failed(&error))
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        self.connection.close();
    }
}

fn factory() -> Result<IdbFactory> {
    let factory = web_sys::window().and_then(|window| window.indexed_db().ok().flatten());
    factory.ok_or(DatabaseError::Missing)
}

/// Makes the stores those that are named. If it can not, the upgrade fails as a whole, and so does opening.
fn upgrade(request: &IdbOpenDbRequest, stores: &[&str]) {
    let changed = || {
        let database: IdbDatabase = request.result()?.unchecked_into();
        let there = database.object_store_names();
        for name in (0..there.length()).filter_map(|index| there.get(index)) {
            if !stores.contains(&name.as_str()) {
                database.delete_object_store(&name)?;
            }
        }
        for name in stores.iter().filter(|name| !there.contains(name)) {
            database.create_object_store(name)?;
        }
        Ok::<_, JsValue>(())
    };
    if changed().is_err()
        && let Some(transaction) = request.transaction()
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
