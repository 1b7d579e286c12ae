//! The audit log: sign-ins, failed sign-ins and refusals, each with the person and the network address. Each entry is
//! one line of JSON.
//!
//! The audit log names people and addresses, unlike all other logs. It is therefore a separate file that only its owner
//! can read, and it exists only if an option names it. It contains no input, because people type passwords into the
//! wrong field. OWASP ASVS 4.0.3, 7.1.3, 7.1.4 and 7.2.

use std::fs::File;
use std::io::{self, Write as _};
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use serde::{Serialize, Serializer};
use tokio::sync::{mpsc, oneshot};
use wire::{Timestamp, UserId};

use crate::auth::{Address, Household};
use crate::private;
use crate::store::now;

/// The maximum number of entries that wait for the disk. Further entries are dropped and counted, and the count is
/// written.
const MOST_WAITING: usize = 4_096;

/// The maximum number of refusals of one household that are written in a minute. Refusals cost the client nothing, and
/// would fill the disk.
const REFUSALS_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(59);

/// The time for which a stopping server waits for the last entries.
const CLOSING: Duration = Duration::from_millis(500);

/// The writer of the audit log. Without a file, entries are dropped. A separate thread writes, so that a hanging disk
/// delays no request.
#[derive(Debug)]
pub(crate) struct Audit {
    entries: Option<mpsc::Sender<Message>>,
    /// The number of entries that were dropped. The number is written with the next entry.
    lost: Arc<AtomicU64>,
    refusals: DefaultKeyedRateLimiter<Household>,
}

#[derive(Debug)]
enum Message {
    Line(String),
    Close(oneshot::Sender<()>),
}

/// The kind of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Deed {
    SignedIn,
    SignInFailed,
    SignedOut,
    SignedOutEverywhere,
    /// An administrator ended the sign-ins of `subject`.
    ForcedOut,
    /// One other sign-in of the same person was ended.
    SignInEnded,
    OtherSignInsEnded,
    PasswordChanged,
    EmailChanged,
    /// A change was not confirmed by the right password.
    ConfirmationFailed,
    /// A person requested a row in which the person takes no part.
    AccessDenied,
    LimitReached,
}

impl Deed {
    /// Returns whether nothing was done. A refused request can be repeated without end.
    const fn is_refusal(self) -> bool {
        match self {
            Self::SignInFailed | Self::ConfirmationFailed | Self::AccessDenied | Self::LimitReached => true,
            Self::SignedIn
            | Self::SignedOut
            | Self::SignedOutEverywhere
            | Self::ForcedOut
            | Self::SignInEnded
            | Self::OtherSignInsEnded
            | Self::PasswordChanged
            | Self::EmailChanged => false,
        }
    }
}

/// One entry of the log.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Entry {
    at: Timestamp,
    event: Deed,
    #[serde(serialize_with = "as_text")]
    from: Address,
    /// The person of the request, or the owner of the account for a failed sign-in.
    #[serde(skip_serializing_if = "Option::is_none")]
    person: Option<UserId>,
    /// The affected person, if it is not `person`.
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// Method and path of the request. The query is left out, because it may contain a ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<String>,
}

impl Entry {
    pub(crate) fn new(event: Deed, from: Address, person: Option<UserId>) -> Self {
        Self {
            at: now(),
            event,
            from,
            person,
            subject: None,
            reason: None,
            request: None,
        }
    }

    pub(crate) fn because(self, reason: &'static str) -> Self {
        let reason = Some(reason);
        Self { reason, ..self }
    }

    pub(crate) fn to(self, subject: UserId) -> Self {
        let subject = Some(subject);
        Self { subject, ..self }
    }

    pub(crate) fn by(self, request: String) -> Self {
        let request = Some(request);
        Self { request, ..self }
    }
}

fn as_text<S: Serializer>(address: &Address, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(address)
}

impl Audit {
    /// Opens the file, or creates it. Without a path nothing is written.
    pub(crate) fn open(path: Option<&Path>) -> io::Result<Self> {
        let Some(path) = path else {
            return Ok(Self::new(None, Arc::default()));
        };
        // Appends, because a program that rotates logs may empty the file meanwhile.
        let file = private::options().append(true).create(true).open(path)?;
        let (entries, waiting) = mpsc::channel(MOST_WAITING);
        let audit = Self::new(Some(entries), Arc::default());
        let lost = Arc::clone(&audit.lost);
        std::thread::Builder::new()
            .name("audit".to_owned())
            .spawn(move || write(file, waiting, &lost))?;
        Ok(audit)
    }

    fn new(entries: Option<mpsc::Sender<Message>>, lost: Arc<AtomicU64>) -> Self {
        let refusals = RateLimiter::keyed(Quota::per_minute(REFUSALS_PER_MINUTE));
        Self {
            entries,
            lost,
            refusals,
        }
    }

    pub(crate) fn record(&self, entry: &Entry) {
        let Some(entries) = &self.entries else {
            return;
        };
        let is_too_much = entry.event.is_refusal() && self.refusals.check_key(&entry.from.household()).is_err();
        let line = serde_json::to_string(entry).unwrap_or_default() + "\n";
        if is_too_much || entries.try_send(Message::Line(line)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Removes the rate limits of households without recent refusals.
    pub(crate) fn forget_idle(&self) {
        self.refusals.retain_recent();
    }

    /// Waits until all recorded entries are written.
    pub(crate) async fn close(&self) {
        let Some(entries) = &self.entries else {
            return;
        };
        let (closed, closing) = oneshot::channel();
        let close = async {
            drop(entries.send(Message::Close(closed)).await);
            drop(closing.await);
        };
        if tokio::time::timeout(CLOSING, close).await.is_err() {
            tracing::warn!("the audit log was not written to its end");
        }
    }
}

fn write(mut file: File, mut waiting: mpsc::Receiver<Message>, lost: &AtomicU64) {
    let mut fails = false;
    while let Some(message) = waiting.blocking_recv() {
        let line = match message {
            Message::Line(line) => line,
            Message::Close(closed) => {
                // The receiver is gone if closing took too long.
                closed.send(()).ok();
                return;
            }
        };
        let missing = lost.swap(0, Ordering::Relaxed);
        let mut text = String::new();
        if missing > 0 {
            let note = serde_json::json!({ "at": now(), "event": "entries_lost", "count": missing });
            text = format!("{note}\n");
        }
        let written = file.write_all((text + &line).as_bytes());
        match (&written, fails) {
            (Err(error), false) => tracing::error!(%error, "the audit log can not be written"),
            (Ok(()), true) => tracing::info!("the audit log can be written again"),
            _ => {}
        }
        fails = written.is_err();
        if fails {
            lost.fetch_add(missing + 1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;
    use std::path::Path;
    use std::sync::Arc;

    use serde_json::{Value, json};
    use wire::UserId;

    use super::{Audit, Deed, Entry, MOST_WAITING, REFUSALS_PER_MINUTE};

    fn read(path: &Path) -> Vec<Value> {
        let text = std::fs::read_to_string(path).unwrap();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[tokio::test]
    async fn what_is_too_much_is_counted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        let audit = Audit::open(Some(&path)).unwrap();
        let from: IpAddr = "10.0.0.1".parse().unwrap();
        let most = u64::from(REFUSALS_PER_MINUTE.get());
        let refusals: usize = 1_000;
        let kinds = [
            Deed::SignInFailed,
            Deed::AccessDenied,
            Deed::ConfirmationFailed,
            Deed::LimitReached,
        ];
        for kind in kinds.into_iter().cycle().take(refusals) {
            audit.record(&Entry::new(kind, from.into(), None));
        }
        // This channel has no reader, as with a disk that hangs.
        let (entries, waiting) = tokio::sync::mpsc::channel(MOST_WAITING);
        let hanging = Audit::new(Some(entries), Arc::clone(&audit.lost));
        for _ in 0..MOST_WAITING + 7 {
            hanging.record(&Entry::new(Deed::SignedIn, from.into(), None));
        }
        drop(waiting);
        audit.record(&Entry::new(Deed::SignedIn, from.into(), None));
        audit.close().await;
        let lines = read(&path);
        let lost = lines.iter().filter_map(|line| line["count"].as_u64()).sum::<u64>();
        let written = lines.iter().filter(|line| line["from"].is_string()).count() as u64 - 1;
        assert!((most..most + 3).contains(&written), "{written}");
        assert_eq!(lost, refusals as u64 - written + 7);
        assert_eq!(lines.last().unwrap()["event"], "signed_in");
    }

    #[tokio::test]
    async fn each_entry_is_one_line_of_json() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.log");
        let from: IpAddr = "10.0.0.1".parse().unwrap();
        let (me, other) = (UserId::from_u128(1), UserId::from_u128(2));
        for round in 1..=2 {
            let audit = Audit::open(Some(&path)).unwrap();
            audit.record(&Entry::new(Deed::SignInFailed, from.into(), None).because("wrong_password"));
            audit.record(
                &Entry::new(Deed::AccessDenied, from.into(), Some(me))
                    .to(other)
                    .by("GET /api/\nx".to_owned()),
            );
            audit.close().await;
            let lines = read(&path);
            assert_eq!(lines.len(), 2 * round, "a second start appends");
            let [first, second] = &lines[2 * round - 2..] else {
                panic!()
            };
            assert_eq!(
                (&first["event"], &first["reason"], &first["from"], &first["person"]),
                (
                    &json!("sign_in_failed"),
                    &json!("wrong_password"),
                    &json!("10.0.0.1"),
                    &Value::Null
                )
            );
            assert!(first["at"].is_string());
            assert_eq!(
                (&second["person"], &second["subject"], &second["request"]),
                (&json!(me), &json!(other), &json!("GET /api/\nx"))
            );
        }
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions());
            assert_eq!(mode & 0o077, 0, "{mode:o}");
        }
    }
}
