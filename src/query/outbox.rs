//! Mutations that have not settled: from the value to the request, and from the answer to the screen.
//!
//! Tells the cache, and returns the rest as chores: this module touches nothing.
//!
//! | event | outcome |
//! |---|---|
//! | a mutation is made | it becomes part of the one before it in its lane, or is one more |
//! | it leaves | one that must not be repeated is marked, so that a later visit does not send it again |
//! | it is answered | the cache commits it; what comes after it in its lane takes note |
//! | it fails | it waits, or is taken back with what can not be made without it, and its leftover is kept |
//! | it was written down on an earlier visit | it is sent, or is uncertain if it has left already and must not be repeated |

use std::any::Any;
use std::rc::Rc;

use super::any_mutation::AnyMutation;
use super::cache::Cache;
use super::edits::Edit;
use super::effect::MutationId;
use super::key::Key;
use super::mates::Lost;
use super::policy::Fault;
use super::query::{Backend, Combined, SendContext};
use super::queue::{Fate, Manner};
use super::selector::Target;
use super::value::Patch;
use crate::time::Instant;

/// A mutation that has not settled.
pub(crate) struct Sending<B: Backend> {
    pub(crate) mutation: AnyMutation<B>,
    /// Names it and no other, however often it is sent.
    pub(crate) key: Rc<str>,
    /// Whether it may have reached the server.
    pub(crate) attempted: bool,
    edits: Vec<Edit>,
    lane: Option<u128>,
    /// Where it is written down.
    pub(crate) place: Option<String>,
    /// Called once, when it has settled for good.
    then: Vec<Then<B::Error>>,
}

/// Is told the outcome.
pub(crate) type Then<E> = Box<dyn FnOnce(Result<&dyn Any, &E>)>;

/// A mutation that was refused, or whose fate is unknown.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure<E> {
    /// What was attempted, to follow "Could not".
    pub attempt: &'static str,
    /// Why it failed.
    pub error: E,
}

/// What is to be done beside the cache.
pub(crate) enum Chore<B: Backend> {
    /// Write this mutation down, in place of its earlier form.
    WriteDown(MutationId),
    /// Nothing that is written down there is needed any more.
    StrikeOut(String),
    /// Have what is kept of a row follow it from one id to another.
    Rename(u128, u128),
    /// Keep what the person has to decide on.
    KeepLeftover(B::Leftover),
    /// Tell the person.
    TellFailure(Failure<B::Error>),
}

/// What follows from an answer or a failure.
pub(crate) struct Settled<B: Backend> {
    pub(crate) chores: Vec<Chore<B>>,
    /// To be called with the outcome.
    pub(crate) then: Vec<Then<B::Error>>,
}

/// A mutation that is to be sent now.
pub(crate) struct Departure<B: Backend> {
    pub(crate) mutation: AnyMutation<B>,
    pub(crate) context: SendContext,
    pub(crate) chores: Vec<Chore<B>>,
}

/// A mutation that was written down.
pub(crate) struct Written<B: Backend> {
    pub(crate) mutation: AnyMutation<B>,
    pub(crate) key: Rc<str>,
    /// Whether it may have reached the server.
    pub(crate) attempted: bool,
    pub(crate) place: Option<String>,
}

/// The mutations of a page that have not settled.
pub(crate) struct Outbox<B: Backend> {
    sendings: Vec<(MutationId, Sending<B>)>,
    /// By lane, oldest first: the answers that later mutations of the row have to know.
    pub(super) renamed: Vec<(u128, Rc<dyn Any>)>,
    /// By lane: the mutations of earlier visits that may have arrived and are not sent again.
    pub(super) uncertain: Vec<(u128, AnyMutation<B>)>,
}

impl<B: Backend> Default for Outbox<B> {
    fn default() -> Self {
        Self {
            sendings: Vec::new(),
            renamed: Vec::new(),
            uncertain: Vec::new(),
        }
    }
}

impl<B: Backend> Sending<B> {
    fn patches(&self) -> Vec<(Target, Patch)> {
        let edits = self.edits.iter();
        edits
            .map(|edit| (edit.target.clone(), edit.optimistic.clone()))
            .collect()
    }

    /// Whether a later visit must not send it: it may have arrived, and would be taken for another one.
    pub(crate) fn is_uncertain(&self, backend: &B) -> bool {
        self.attempted && !self.mutation.is_repeatable(backend)
    }
}

impl<B: Backend> Outbox<B> {
    pub(crate) fn get(&self, id: MutationId) -> Option<&Sending<B>> {
        let mut sendings = self.sendings.iter();
        sendings.find(|(each, _)| *each == id).map(|(_, sending)| sending)
    }

    fn get_mut(&mut self, id: MutationId) -> Option<&mut Sending<B>> {
        let mut sendings = self.sendings.iter_mut();
        sendings.find(|(each, _)| *each == id).map(|(_, sending)| sending)
    }

    fn take(&mut self, id: MutationId) -> Option<Sending<B>> {
        let at = self.sendings.iter().position(|(each, _)| *each == id)?;
        // The others stay in order: whoever takes them up later sends them in it.
        Some(self.sendings.remove(at).1)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (MutationId, &Sending<B>)> {
        self.sendings.iter().map(|(id, sending)| (*id, sending))
    }

    /// Gives everything away.
    pub(crate) fn drain(&mut self) -> Vec<Sending<B>> {
        self.renamed.clear();
        self.uncertain.clear();
        std::mem::take(&mut self.sendings)
            .into_iter()
            .map(|(_, sending)| sending)
            .collect()
    }

    /// It is written down there.
    pub(crate) fn note_place(&mut self, id: MutationId, place: String) {
        if let Some(sending) = self.get_mut(id) {
            sending.place = Some(place);
        }
    }

    /// A mutation is made. What of it is shown already is left out, and one that can be combined with one that has not
    /// left yet becomes part of that.
    pub(crate) fn mutate(
        &mut self,
        cache: &mut Cache<B::Error>,
        now: Instant,
        backend: &B,
        made: (AnyMutation<B>, Rc<str>),
        then: Then<B::Error>,
    ) -> Vec<Chore<B>> {
        let (mutation, key) = made;
        let mutation = self.renamed(mutation);
        let (edits, lane) = mutation.edits();
        let shown: Vec<_> = edits.iter().flat_map(|edit| cache.shown(&edit.target)).collect();
        let Some(mutation) = mutation.beyond(&shown) else {
            return Vec::new();
        };
        let earlier = lane.and_then(|lane| cache.unsent_in(lane));
        let earlier = earlier.and_then(|id| Some((id, self.get(id)?.mutation.clone())));
        let combined = earlier.map(|(id, earlier)| (id, earlier.combine(&mutation)));
        match combined {
            None | Some((_, Combined::Separate)) => {
                let written = Written {
                    mutation,
                    key,
                    attempted: false,
                    place: None,
                };
                let id = self.begin(cache, now, backend, written, false);
                if let Some(sending) = self.get_mut(id) {
                    sending.then.push(then);
                }
                vec![Chore::WriteDown(id)]
            }
            Some((id, Combined::One(mutation))) => {
                let chores = self.replace(cache, now, id, mutation);
                if let Some(sending) = self.get_mut(id) {
                    sending.then.push(then);
                }
                chores
            }
            Some((id, Combined::Nothing)) => {
                cache.cancel(now, id);
                let place = self.take(id).and_then(|sending| sending.place);
                place.into_iter().map(Chore::StrikeOut).collect()
            }
        }
    }

    /// A mutation that has not left is another one from now on, under the same name and in the same place.
    pub(super) fn replace(
        &mut self,
        cache: &mut Cache<B::Error>,
        now: Instant,
        id: MutationId,
        mutation: AnyMutation<B>,
    ) -> Vec<Chore<B>> {
        let (edits, lane) = mutation.edits();
        let Some(sending) = self.get_mut(id) else {
            return Vec::new();
        };
        (sending.mutation, sending.edits, sending.lane) = (mutation, edits, lane);
        cache.replace(now, id, lane, sending.patches());
        vec![Chore::WriteDown(id)]
    }

    /// A mutation of an earlier visit is sent, unless it may have arrived and must not arrive twice.
    pub(crate) fn take_up(
        &mut self,
        cache: &mut Cache<B::Error>,
        now: Instant,
        backend: &B,
        written: Written<B>,
    ) -> Vec<Chore<B>> {
        if written.attempted && !written.mutation.is_repeatable(backend) {
            let leftover = written.mutation.uncertain().map(Chore::KeepLeftover);
            let place = written.place.map(Chore::StrikeOut);
            let (_, lane) = written.mutation.edits();
            self.uncertain.extend(lane.map(|lane| (lane, written.mutation)));
            return leftover.into_iter().chain(place).collect();
        }
        if let Some(chores) = self.lose_written(&written) {
            return chores;
        }
        let is_written = written.place.is_some();
        let id = self.begin(cache, now, backend, written, true);
        (!is_written).then_some(Chore::WriteDown(id)).into_iter().collect()
    }

    fn begin(
        &mut self,
        cache: &mut Cache<B::Error>,
        now: Instant,
        backend: &B,
        written: Written<B>,
        restored: bool,
    ) -> MutationId {
        let Written {
            mutation,
            key,
            attempted,
            place,
        } = written;
        let (edits, lane) = mutation.edits();
        let manner = Manner {
            lane,
            repeatable: mutation.is_repeatable(backend),
            restored,
            delay: mutation.delay(backend),
        };
        let sending = Sending {
            mutation,
            key,
            attempted,
            edits,
            lane,
            place,
            then: Vec::new(),
        };
        let id = cache.begin(now, manner, sending.patches());
        self.sendings.push((id, sending));
        id
    }

    /// A mutation leaves.
    pub(crate) fn depart(&mut self, cache: &Cache<B::Error>, backend: &B, id: MutationId) -> Option<Departure<B>> {
        let sending = self.get_mut(id)?;
        sending.attempted = true;
        let keys: Vec<Key> = sending.edits.iter().map(|edit| edit.target.key.clone()).collect();
        let context = SendContext {
            key: Rc::clone(&sending.key),
            confirmed: keys.first().and_then(|key| cache.confirmed(key)),
            is_current: cache.is_current(id, &keys),
        };
        let must_be_marked = sending.is_uncertain(backend).then_some(Chore::WriteDown(id));
        Some(Departure {
            mutation: sending.mutation.clone(),
            context,
            chores: must_be_marked.into_iter().collect(),
        })
    }

    /// The server has made it.
    pub(crate) fn answered(
        &mut self,
        cache: &mut Cache<B::Error>,
        now: Instant,
        id: MutationId,
        answer: &Rc<dyn Any>,
    ) -> Option<Settled<B>> {
        let sending = self.take(id)?;
        if let Some(lane) = sending.lane.filter(|_| sending.mutation.renames()) {
            self.renamed.push((lane, Rc::clone(answer)));
        }
        let answer = &**answer;
        let outcomes = sending.edits.into_iter();
        let patches = outcomes.filter_map(|edit| Some((edit.target, (edit.outcome)(answer)?)));
        cache.commit(now, id, patches.collect());
        let renamed = sending.lane.zip(sending.mutation.new_id(answer));
        let leftover = sending.mutation.leftover(Ok(answer)).map(Chore::KeepLeftover);
        let mut chores: Vec<_> = renamed.map(|(from, to)| Chore::Rename(from, to)).into_iter().collect();
        chores.extend(leftover);
        chores.extend(sending.place.map(Chore::StrikeOut));
        chores.extend(self.follow(cache, now, sending.lane, answer));
        Some(Settled {
            chores,
            then: sending.then,
        })
    }

    /// An attempt has failed. Returns what follows: the callbacks only if it is not tried again.
    pub(crate) fn refused(
        &mut self,
        cache: &mut Cache<B::Error>,
        now: Instant,
        backend: &B,
        id: MutationId,
        error: &B::Error,
    ) -> Option<Settled<B>> {
        let fate = cache.fail(now, id, error);
        if fate == Fate::Waits {
            let sending = self.get_mut(id)?;
            let was_uncertain = sending.is_uncertain(backend);
            // It was certainly not made.
            sending.attempted &= !error.is_signed_out();
            let is_news = was_uncertain && !sending.attempted;
            return Some(Settled {
                chores: is_news.then_some(Chore::WriteDown(id)).into_iter().collect(),
                then: Vec::new(),
            });
        }
        let sending = self.take(id)?;
        let Lost {
            mutation,
            is_needless,
            mates,
            apart,
        } = self.lose(cache, sending.mutation, sending.lane);
        let told = |mutation: &AnyMutation<B>| match mutation.leftover(Err(error)) {
            Some(leftover) => Chore::KeepLeftover(leftover),
            None => Chore::TellFailure(Failure {
                attempt: mutation.attempt(),
                error: error.clone(),
            }),
        };
        // What may have arrived all the same concerns its person, also if they did not want it any more.
        let has_failed = !is_needless || error.is_unreachable();
        let mut chores: Vec<_> = has_failed.then(|| told(&mutation)).into_iter().collect();
        chores.extend(apart.iter().filter(|_| has_failed).map(told));
        let mut settled = Settled {
            chores,
            then: sending.then,
        };
        settled.chores.extend(sending.place.map(Chore::StrikeOut));
        for id in mates {
            cache.cancel(now, id);
            let Some(mate) = self.take(id) else { continue };
            settled.chores.extend(mate.place.map(Chore::StrikeOut));
            settled.then.extend(mate.then);
        }
        Some(settled)
    }
}
