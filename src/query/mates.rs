//! Mutations of one lane: what becomes of the later ones when an earlier one has settled.

use std::any::Any;

use super::any_mutation::AnyMutation;
use super::cache::Cache;
use super::effect::MutationId;
use super::outbox::{Chore, Outbox, Written};
use super::query::{Backend, Combined};
use crate::time::Instant;

/// A mutation that was not made, with all that went with it.
pub(super) struct Lost<B: Backend> {
    /// Together with the later ones.
    pub(super) mutation: AnyMutation<B>,
    /// Whether the later ones had made it needless.
    pub(super) is_needless: bool,
    /// The later ones.
    pub(super) mates: Vec<MutationId>,
    /// Those of them that are no part of the mutation.
    pub(super) apart: Vec<AnyMutation<B>>,
}

impl<B: Backend> Outbox<B> {
    /// A mutation of a row that was made by what does not know what was answered to earlier ones: that the row has
    /// another id, or what its deletion held.
    pub(crate) fn renamed(&self, mutation: AnyMutation<B>) -> AnyMutation<B> {
        let (_, mut lane) = mutation.edits();
        let mut mutation = mutation;
        // The newest last: a row may have got one id after another.
        for (of, answer) in &self.renamed {
            if lane == Some(*of)
                && let Some(following) = mutation.follow(&**answer)
            {
                (_, lane) = following.edits();
                mutation = following;
            }
        }
        mutation
    }

    /// The mutations that come after an answered one in its lane take note of the answer.
    pub(super) fn follow(
        &mut self,
        cache: &mut Cache<B::Error>,
        now: Instant,
        lane: Option<u128>,
        answer: &dyn Any,
    ) -> Vec<Chore<B>> {
        let mates: Vec<_> = lane.into_iter().flat_map(|lane| cache.in_lane(lane)).collect();
        let mut chores = Vec::new();
        for mate in mates {
            let following = self.get(mate).and_then(|sending| sending.mutation.follow(answer));
            if let Some(mutation) = following {
                chores.extend(self.replace(cache, now, mate, mutation));
            }
        }
        chores
    }

    /// A mutation was not made. Those after it in its lane that can not be made without it go with it: they would only
    /// fail as well, each with a word of its own.
    pub(super) fn lose(&self, cache: &Cache<B::Error>, mutation: AnyMutation<B>, lane: Option<u128>) -> Lost<B> {
        let mut lost = Lost {
            mutation,
            is_needless: false,
            mates: Vec::new(),
            apart: Vec::new(),
        };
        let mates: Vec<_> = lane.into_iter().flat_map(|lane| cache.in_lane(lane)).collect();
        for id in mates {
            let Some(later) = self.get(id).map(|sending| sending.mutation.clone()) else {
                continue;
            };
            match lost.mutation.absorb(&later) {
                None => continue,
                Some(Combined::One(both)) => lost.mutation = both,
                Some(Combined::Nothing) => lost.is_needless = true,
                Some(Combined::Separate) => lost.apart.push(later),
            }
            lost.mates.push(id);
        }
        lost
    }

    /// A mutation of an earlier visit goes with one before it that must not be sent again. `None` if there is none.
    pub(super) fn lose_written(&mut self, written: &Written<B>) -> Option<Vec<Chore<B>>> {
        let (_, lane) = written.mutation.edits();
        let (_, uncertain) = self.uncertain.iter_mut().find(|(each, _)| Some(*each) == lane)?;
        let absorbed = uncertain.absorb(&written.mutation)?;
        let mut chores = Vec::new();
        if let Combined::One(both) = absorbed {
            chores.extend(both.uncertain().map(Chore::KeepLeftover));
            *uncertain = both;
        }
        chores.extend(written.place.clone().map(Chore::StrikeOut));
        Some(chores)
    }
}
