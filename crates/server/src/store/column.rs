//! Conversion between values and columns: ids are 16 bytes, times are microseconds, statuses are names.

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use sqlx::sqlite::SqliteRow;
use sqlx::{Error, Row as _};
use uuid::Uuid;
use wire::{ItemStatus, Timestamp};

/// Returns the current time in the precision of the database.
pub(crate) fn now() -> Timestamp {
    storable(Utc::now())
}

/// Reduces a time to the precision of the database, so that the response to a write equals a later read.
pub(crate) fn storable(moment: Timestamp) -> Timestamp {
    DateTime::from_timestamp_micros(moment.timestamp_micros()).unwrap_or(moment)
}

/// Returns a new unique id. The ids of one process ascend, so that "by creation, then by id" is the order of creation.
pub(crate) fn new_id() -> Uuid {
    Uuid::now_v7()
}

/// Returns a time as it is stored: in microseconds.
pub(super) const fn micros(moment: Timestamp) -> i64 {
    moment.timestamp_micros()
}

/// Returns a status as it is stored: by its name in JSON.
pub(super) const fn status_name(status: ItemStatus) -> &'static str {
    match status {
        ItemStatus::NotStarted => "NotStarted",
        ItemStatus::InProgress => "InProgress",
        ItemStatus::Completed => "Completed",
        ItemStatus::OnHold => "OnHold",
        ItemStatus::WontDo => "WontDo",
    }
}

/// Methods that read columns by name and type.
pub(super) trait Columns {
    fn id<T>(&self, name: &str, wrap: fn(Uuid) -> T) -> Result<T, Error>;
    fn maybe_id<T>(&self, name: &str, wrap: fn(Uuid) -> T) -> Result<Option<T>, Error>;
    fn id_list<T>(&self, name: &str, wrap: fn(Uuid) -> T) -> Result<Vec<T>, Error>;
    fn moment(&self, name: &str) -> Result<Timestamp, Error>;
    fn maybe_moment(&self, name: &str) -> Result<Option<Timestamp>, Error>;
    fn naive(&self, name: &str) -> Result<NaiveDateTime, Error>;
    fn maybe_date(&self, name: &str) -> Result<Option<NaiveDate>, Error>;
    fn status(&self, name: &str) -> Result<ItemStatus, Error>;
    fn version(&self, name: &str) -> Result<u64, Error>;
}

impl Columns for SqliteRow {
    fn id<T>(&self, name: &str, wrap: fn(Uuid) -> T) -> Result<T, Error> {
        self.try_get(name).map(wrap)
    }

    fn maybe_id<T>(&self, name: &str, wrap: fn(Uuid) -> T) -> Result<Option<T>, Error> {
        Ok(self.try_get::<Option<Uuid>, _>(name)?.map(wrap))
    }

    /// Reads `group_concat(hex(id))`.
    fn id_list<T>(&self, name: &str, wrap: fn(Uuid) -> T) -> Result<Vec<T>, Error> {
        let Some(list) = self.try_get::<Option<String>, _>(name)? else {
            return Ok(Vec::new());
        };
        let parse = |hex: &str| Uuid::try_parse(hex).map(wrap).map_err(|error| decode(name, error));
        list.split(',').map(parse).collect()
    }

    fn moment(&self, name: &str) -> Result<Timestamp, Error> {
        let micros = self.try_get(name)?;
        DateTime::from_timestamp_micros(micros).ok_or_else(|| decode(name, "no moment"))
    }

    fn maybe_moment(&self, name: &str) -> Result<Option<Timestamp>, Error> {
        match self.try_get::<Option<i64>, _>(name)? {
            Some(_) => self.moment(name).map(Some),
            None => Ok(None),
        }
    }

    fn naive(&self, name: &str) -> Result<NaiveDateTime, Error> {
        self.moment(name).map(|moment| moment.naive_utc())
    }

    fn maybe_date(&self, name: &str) -> Result<Option<NaiveDate>, Error> {
        self.try_get(name)
    }

    fn status(&self, name: &str) -> Result<ItemStatus, Error> {
        let text: &str = self.try_get(name)?;
        let known = ItemStatus::ALL.iter().find(|status| status_name(**status) == text);
        known.copied().ok_or_else(|| decode(name, "no status"))
    }

    fn version(&self, name: &str) -> Result<u64, Error> {
        self.try_get(name).map(i64::unsigned_abs)
    }
}

/// Returns the error for a stored value that this program does not write.
pub(super) fn decode(column: &str, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::ColumnDecode {
        index: column.to_owned(),
        source: source.into(),
    }
}

#[cfg(test)]
mod tests {
    use wire::ItemStatus;

    use super::{new_id, status_name};

    #[test]
    fn a_status_is_stored_as_it_is_sent() {
        for status in ItemStatus::ALL {
            assert_eq!(serde_json::to_value(status).unwrap(), status_name(*status));
        }
    }

    #[test]
    fn ids_ascend() {
        let ids: Vec<_> = (0..1_000).map(|_| new_id()).collect();
        assert!(ids.is_sorted());
    }
}
