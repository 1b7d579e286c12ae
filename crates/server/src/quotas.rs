//! Quotas of a person: concurrent reads, bytes of answers that are not sent yet, and changes in a minute. They keep one
//! person from delaying the others.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::response::Response;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use http_body::{Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wire::UserId;

use crate::error::Error;
use crate::rate::{at_least_one, check};
use crate::state::Tuning;

/// The maximum time that a read waits for other reads of the same person.
const PATIENCE: Duration = Duration::from_secs(10);

/// The number of seconds after which a client over its quota may try again.
const RETRY_AFTER_S: u64 = 1;

/// The number of bytes of an answer that are passed to the connection at once. An answer up to this size is not
/// counted.
const CHUNK: usize = 64 << 10;

/// The quotas of all people.
pub(crate) struct Quotas {
    people: Mutex<HashMap<UserId, Arc<Person>>>,
    changes: DefaultKeyedRateLimiter<UserId>,
    /// The bytes of all answers that are not sent yet.
    unsent: Arc<AtomicUsize>,
    reads_per_person: usize,
    queue_per_person: usize,
    unsent_per_person: usize,
    unsent_in_all: usize,
}

/// The current use of one person.
struct Person {
    reads: Arc<Semaphore>,
    waiting: AtomicUsize,
    unsent: AtomicUsize,
}

/// The permission to read, until it is dropped.
#[derive(Clone)]
pub(crate) struct ReadPermit {
    _permit: Arc<OwnedSemaphorePermit>,
    person: Arc<Person>,
    unsent: Arc<AtomicUsize>,
}

impl Quotas {
    pub(crate) fn new(tuning: &Tuning) -> Self {
        let changes = Quota::per_minute(at_least_one(tuning.changes_per_minute))
            .allow_burst(at_least_one(tuning.changes_at_once));
        Self {
            people: Mutex::default(),
            changes: RateLimiter::keyed(changes),
            unsent: Arc::default(),
            reads_per_person: tuning.reads_per_person,
            queue_per_person: tuning.read_queue_per_person,
            unsent_per_person: tuning.unsent_per_person,
            unsent_in_all: tuning.unsent_in_all,
        }
    }

    /// Counts a change.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyRequests`] beyond the number of changes that a person may make in a minute.
    pub(crate) fn change(&self, person: UserId) -> Result<(), Error> {
        check(&self.changes, &person)
    }

    /// Waits until this person may read. Reads of a person are admitted in the order of their arrival.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyRequests`] if too many reads of this person wait already, or if too many bytes for this person
    /// are not sent yet. [`Error::Busy`] if too many bytes for all people together are not sent yet, or if the wait
    /// takes too long.
    pub(crate) async fn read(&self, person: UserId) -> Result<ReadPermit, Error> {
        let person = self.person(person);
        if self.unsent.load(Ordering::Relaxed) >= self.unsent_in_all {
            return Err(Error::Busy);
        }
        if person.unsent.load(Ordering::Relaxed) >= self.unsent_per_person {
            return Err(Error::TooManyRequests(RETRY_AFTER_S));
        }
        let waiting = Waiting::begin(&person.waiting);
        if waiting.others >= self.queue_per_person {
            return Err(Error::TooManyRequests(RETRY_AFTER_S));
        }
        let permit = tokio::time::timeout(PATIENCE, Arc::clone(&person.reads).acquire_owned()).await;
        drop(waiting);
        match permit {
            Ok(Ok(permit)) => Ok(ReadPermit {
                _permit: Arc::new(permit),
                person,
                unsent: Arc::clone(&self.unsent),
            }),
            Ok(Err(_)) | Err(_) => Err(Error::Busy),
        }
    }

    /// Removes people without current use, so that the tables do not grow with every person who was ever here.
    pub(crate) fn forget_idle(&self) {
        self.changes.retain_recent();
        self.lock().retain(|_, person| Arc::strong_count(person) > 1);
    }

    fn person(&self, id: UserId) -> Arc<Person> {
        let mut people = self.lock();
        let person = people.entry(id).or_insert_with(|| {
            Arc::new(Person {
                reads: Arc::new(Semaphore::new(self.reads_per_person)),
                waiting: AtomicUsize::new(0),
                unsent: AtomicUsize::new(0),
            })
        });
        Arc::clone(person)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Arc<Person>>> {
        self.people.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ReadPermit {
    /// Counts the body of an answer until it is passed to the connection, which happens in parts.
    pub(crate) fn count(self, response: Response) -> Response {
        let size = response.body().size_hint().exact();
        let Some(size) = size
            .and_then(|size| usize::try_from(size).ok())
            .filter(|size| *size > CHUNK)
        else {
            return response;
        };
        self.person.unsent.fetch_add(size, Ordering::Relaxed);
        self.unsent.fetch_add(size, Ordering::Relaxed);
        response.map(|body| {
            Body::new(Unsent {
                body,
                rest: Bytes::new(),
                size,
                person: self.person,
                all: self.unsent,
            })
        })
    }
}

/// A read in the queue, counted until it is dropped.
struct Waiting<'a> {
    count: &'a AtomicUsize,
    /// The number of reads that waited before it.
    others: usize,
}

impl<'a> Waiting<'a> {
    fn begin(count: &'a AtomicUsize) -> Self {
        Self {
            count,
            others: count.fetch_add(1, Ordering::Relaxed),
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.count.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A body that counts its unsent bytes.
struct Unsent {
    body: Body,
    /// The bytes that were taken from the body and are not passed on yet.
    rest: Bytes,
    /// The number of bytes that are still counted.
    size: usize,
    person: Arc<Person>,
    all: Arc<AtomicUsize>,
}

impl Unsent {
    fn sent(&mut self, bytes: usize) {
        let bytes = bytes.min(self.size);
        self.size -= bytes;
        self.person.unsent.fetch_sub(bytes, Ordering::Relaxed);
        self.all.fetch_sub(bytes, Ordering::Relaxed);
    }
}

impl Drop for Unsent {
    fn drop(&mut self) {
        self.sent(self.size);
    }
}

impl HttpBody for Unsent {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        while self.rest.is_empty() {
            match Pin::new(&mut self.body).poll_frame(context) {
                Poll::Ready(Some(Ok(frame))) => match frame.into_data() {
                    Ok(data) => self.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                other => return other,
            }
        }
        let chunk = self.rest.len().min(CHUNK);
        let part = self.rest.split_to(chunk);
        self.sent(chunk);
        Poll::Ready(Some(Ok(Frame::data(part))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let rest = u64::try_from(self.rest.len()).unwrap_or(u64::MAX);
        match self.body.size_hint().exact() {
            Some(size) => SizeHint::with_exact(size + rest),
            None => SizeHint::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::response::Response;
    use futures_util::FutureExt as _;
    use wire::UserId;

    use super::{CHUNK, Quotas};
    use crate::error::Error;
    use crate::state::Tuning;
    use crate::store::new_id;

    fn quotas() -> Quotas {
        Quotas::new(&Tuning {
            reads_per_person: 1,
            read_queue_per_person: 2,
            unsent_per_person: 2 * CHUNK,
            unsent_in_all: 5 * CHUNK,
            ..Tuning::default()
        })
    }

    #[tokio::test]
    async fn reads_of_one_person_wait_for_each_other() {
        let (quotas, one, other) = (quotas(), UserId(new_id()), UserId(new_id()));
        let first = quotas.read(one).await.unwrap();
        let (mut second, mut third) = (Box::pin(quotas.read(one)), Box::pin(quotas.read(one)));
        assert!(second.as_mut().now_or_never().is_none());
        assert!(third.as_mut().now_or_never().is_none());
        assert!(matches!(quotas.read(one).await, Err(Error::TooManyRequests(1))));
        // A read that is given up leaves its place to the next one.
        drop(third);
        let mut third = Box::pin(quotas.read(one));
        assert!(third.as_mut().now_or_never().is_none());
        assert!(
            quotas.read(other).now_or_never().is_some(),
            "somebody else does not wait"
        );
        drop(first);
        let second = second.await.unwrap();
        assert!(third.as_mut().now_or_never().is_none(), "as they came");
        drop(second);
        third.await.unwrap();
    }

    #[tokio::test]
    async fn answers_count_until_they_are_sent() {
        let (quotas, one, other) = (quotas(), UserId(new_id()), UserId(new_id()));
        let answer = |size: usize| Response::new(Body::from(vec![7_u8; size]));
        let large = quotas.read(one).await.unwrap().count(answer(3 * CHUNK));
        assert!(matches!(quotas.read(one).await, Err(Error::TooManyRequests(1))));
        drop(quotas.read(other).await.unwrap());
        let larger = quotas.read(other).await.unwrap().count(answer(3 * CHUNK));
        let third = UserId(new_id());
        assert!(matches!(quotas.read(third).await, Err(Error::Busy)), "too much in all");
        drop(larger);
        drop(quotas.read(third).await.unwrap());
        let bytes = to_bytes(large.into_body(), usize::MAX).await.unwrap();
        assert!(bytes.len() == 3 * CHUNK && bytes.iter().all(|byte| *byte == 7));
        let given_up = quotas.read(one).await.unwrap().count(answer(3 * CHUNK));
        drop(given_up);
        drop(quotas.read(one).await.unwrap());
        quotas.forget_idle();
        assert!(quotas.lock().is_empty());
    }
}
