//! The last that was said to the cache, and what the cache was like before: played back, it decides the same again.
//!
//! So a report of something odd, with its journal, is a test.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use super::cache::Cache;
use super::effect::{Effect, EntryId, FlightId, MutationId, ObserverId};
use super::key::Key;
use super::policy::{Fault, Options};
use super::queue::Manner;
use super::selector::{Selector, Target};
use super::value::{Patch, Value};
use crate::time::Instant;

/// Something that was said to the cache.
#[derive(Clone, Debug)]
#[expect(
    missing_docs,
    reason = "each is the method of the cache of that name, and its arguments"
)]
pub enum Input<E> {
    Observe(Key, Options),
    Release(EntryId, ObserverId),
    Prefetch(Key, Options),
    Restore(EntryId, Value, usize),
    Invalidate(Selector, &'static str),
    Paint(Selector, Patch, &'static str),
    Revalidate,
    RevalidateAfterSleep(Duration),
    RefetchActive,
    Refetch(EntryId),
    FetchMore(EntryId),
    SetOnline(bool),
    SetVisible(bool),
    SetPushed(bool),
    SetRecalling(bool),
    SetBudget(usize),
    Begin(Manner, Vec<(Target, Patch)>),
    Replace(MutationId, Option<u128>, Vec<(Target, Patch)>),
    Cancel(MutationId),
    Commit(MutationId, Vec<(Target, Patch)>),
    Fail(MutationId, E),
    Land(EntryId, FlightId, Result<(Value, usize), E>),
    Clear,
    Flush(Vec<Effect>),
}

/// What the cache was like at some moment, and everything that was said to it since.
#[derive(Clone)]
pub struct Journal<E> {
    origin: Box<Cache<E>>,
    inputs: Vec<(Instant, Rc<Input<E>>)>,
}

impl<E: Fault> Journal<E> {
    pub(super) fn new(origin: Cache<E>) -> Self {
        Self {
            origin: Box::new(origin),
            inputs: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, now: Instant, input: Rc<Input<E>>) {
        self.inputs.push((now, input));
    }

    /// How much was said.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.inputs.len()
    }

    /// Whether nothing was said.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.inputs.is_empty()
    }

    /// Says it all again to a cache like the one of then. Returns the flushes at which other effects came out than
    /// did then, each with what came out now; there are none unless the cache itself has changed since.
    #[must_use]
    pub fn replay(&self) -> Vec<(Instant, Vec<Effect>)> {
        let mut cache = (*self.origin).clone();
        let mut differences = Vec::new();
        for (now, input) in &self.inputs {
            let now = *now;
            match Input::clone(input) {
                Input::Observe(key, options) => _ = cache.observe(now, key, options),
                Input::Release(entry, observer) => cache.release(now, entry, observer),
                Input::Prefetch(key, options) => _ = cache.prefetch(now, key, options),
                Input::Restore(entry, value, weight) => cache.restore(now, entry, value, weight),
                Input::Invalidate(selector, cause) => _ = cache.invalidate(now, &selector, cause),
                Input::Paint(selector, patch, cause) => _ = cache.paint(now, &selector, &patch, cause),
                Input::Revalidate => cache.revalidate(now),
                Input::RevalidateAfterSleep(slept) => cache.revalidate_after_sleep(now, slept),
                Input::RefetchActive => cache.refetch_active(now),
                Input::Refetch(entry) => cache.refetch(now, entry),
                Input::FetchMore(entry) => cache.fetch_more(now, entry),
                Input::SetOnline(online) => cache.set_online(now, online),
                Input::SetVisible(visible) => cache.set_visible(now, visible),
                Input::SetPushed(pushed) => cache.set_pushed(now, pushed),
                Input::SetRecalling(recalling) => cache.set_recalling(now, recalling),
                Input::SetBudget(bytes) => cache.set_budget(now, bytes),
                Input::Begin(manner, patches) => _ = cache.begin(now, manner, patches),
                Input::Replace(mutation, lane, patches) => cache.replace(now, mutation, lane, patches),
                Input::Cancel(mutation) => cache.cancel(now, mutation),
                Input::Commit(mutation, outcomes) => cache.commit(now, mutation, outcomes),
                Input::Fail(mutation, error) => _ = cache.fail(now, mutation, &error),
                Input::Land(entry, flight, result) => cache.land(now, entry, flight, result),
                Input::Clear => cache.clear(now),
                Input::Flush(then) => {
                    let effects = cache.flush(now);
                    if effects != then {
                        differences.push((now, effects));
                    }
                }
            }
        }
        differences
    }
}

/// Line by line, without the content of anything.
impl<E: Fault> fmt::Display for Journal<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((start, _)) = self.inputs.first() else {
            return Ok(());
        };
        for (at, input) in &self.inputs {
            write!(f, "{:>8} ms  ", start.until(*at).as_millis())?;
            match &**input {
                Input::Land(entry, flight, Ok((_, weight))) => {
                    writeln!(f, "Land({entry:?}, {flight:?}, {weight} bytes)")?;
                }
                Input::Land(entry, flight, Err(error)) => {
                    writeln!(f, "Land({entry:?}, {flight:?}, {:?})", error.retry())?;
                }
                Input::Fail(mutation, error) => writeln!(f, "Fail({mutation:?}, {:?})", error.retry())?,
                Input::Observe(key, _) => writeln!(f, "Observe({key})")?,
                Input::Prefetch(key, _) => writeln!(f, "Prefetch({key})")?,
                Input::Begin(_, patches) => {
                    writeln!(
                        f,
                        "Begin({:?})",
                        patches.iter().map(|(target, _)| &target.key).collect::<Vec<_>>()
                    )?;
                }
                Input::Replace(mutation, ..) => writeln!(f, "Replace({mutation:?})")?,
                Input::Cancel(mutation) => writeln!(f, "Cancel({mutation:?})")?,
                Input::Commit(mutation, _) => writeln!(f, "Commit({mutation:?})")?,
                Input::Restore(entry, ..) => writeln!(f, "Restore({entry:?})")?,
                Input::Flush(effects) => writeln!(f, "Flush -> {effects:?}")?,
                Input::Release(entry, _) => writeln!(f, "Release({entry:?})")?,
                Input::Refetch(entry) => writeln!(f, "Refetch({entry:?})")?,
                Input::FetchMore(entry) => writeln!(f, "FetchMore({entry:?})")?,
                Input::Invalidate(selector, cause) => writeln!(f, "Invalidate({selector:?}) for {cause}")?,
                Input::Paint(selector, _, cause) => writeln!(f, "Paint({selector:?}) for {cause}")?,
                Input::SetOnline(is) => writeln!(f, "SetOnline({is})")?,
                Input::SetVisible(is) => writeln!(f, "SetVisible({is})")?,
                Input::SetPushed(is) => writeln!(f, "SetPushed({is})")?,
                Input::SetRecalling(is) => writeln!(f, "SetRecalling({is})")?,
                Input::SetBudget(bytes) => writeln!(f, "SetBudget({bytes})")?,
                Input::Revalidate => writeln!(f, "Revalidate")?,
                Input::RevalidateAfterSleep(slept) => writeln!(f, "RevalidateAfterSleep({slept:?})")?,
                Input::RefetchActive => writeln!(f, "RefetchActive")?,
                Input::Clear => writeln!(f, "Clear")?,
            }
        }
        Ok(())
    }
}

impl<E: Fault> fmt::Debug for Journal<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
