//! Changes that the server has not confirmed yet, laid over what it said.
//!
//! The layers are kept in the order in which the person made the changes and are applied anew to every new base, so
//! nothing needs to be restored when one of them fails, and they may settle in any order. A layer that is settled
//! while an earlier one is not stays in its place: folding it into the base would show the earlier change on top of
//! the later one. Unless they travel in different lanes: such changes concern different things.

use super::effect::MutationId;
use super::value::{Patch, Value};
use crate::time::Instant;

#[derive(Clone, Debug)]
pub(super) struct Overlay(Vec<Layer>);

#[derive(Clone, Debug)]
struct Layer {
    mutation: MutationId,
    /// The lane in which the mutation travels.
    lane: Option<u128>,
    patch: Patch,
    /// While pending: until when it keeps fetches from starting. Settled: `None`.
    held_until: Option<Instant>,
    /// How often the entry had been read when it was laid there.
    reads: u64,
}

impl Layer {
    /// Whether both may change the same thing.
    fn concerns(&self, other: &Self) -> bool {
        self.lane.is_none() || other.lane.is_none() || self.lane == other.lane
    }
}

impl Overlay {
    pub(super) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(super) fn push(
        &mut self,
        (mutation, lane): (MutationId, Option<u128>),
        patch: Patch,
        held_until: Instant,
        reads: u64,
    ) {
        self.0.push(Layer {
            mutation,
            lane,
            patch,
            held_until: Some(held_until),
            reads,
        });
    }

    /// The mutation has succeeded: its first layer that has not settled shows what the server made of it. Returns how
    /// often the entry had been read when the mutation began; `None` if there is no such layer.
    pub(super) fn settle(&mut self, mutation: MutationId, outcome: &Patch) -> Option<u64> {
        let mut pending = self.0.iter_mut().filter(|layer| layer.held_until.is_some());
        let layer = pending.find(|layer| layer.mutation == mutation)?;
        layer.patch = outcome.clone();
        layer.held_until = None;
        Some(layer.reads)
    }

    /// The mutation changes something else than before.
    pub(super) fn replace(&mut self, (mutation, lane): (MutationId, Option<u128>), patch: Patch) {
        let mut pending = self.0.iter_mut().filter(|layer| layer.held_until.is_some());
        if let Some(layer) = pending.find(|layer| layer.mutation == mutation) {
            (layer.patch, layer.lane) = (patch, lane);
        }
    }

    /// The mutation has failed. Returns whether there was a layer.
    pub(super) fn remove(&mut self, mutation: MutationId) -> bool {
        let before = self.0.len();
        self.0.retain(|layer| layer.mutation != mutation);
        self.0.len() != before
    }

    /// The mutation is on its way anew: it keeps fetches from starting until then.
    pub(super) fn hold(&mut self, mutation: MutationId, until: Instant) {
        let pending = self.0.iter_mut().filter(|layer| layer.mutation == mutation);
        for held_until in pending.filter_map(|layer| layer.held_until.as_mut()) {
            *held_until = until;
        }
    }

    /// Folds the settled layers that no pending one of their lane precedes into the base. Without a base they wait for one.
    pub(super) fn fold(&mut self, base: &mut Option<Value>) {
        if let Some(base) = base {
            for layer in self.take_settled() {
                *base = layer.patch.apply(base);
            }
        }
    }

    /// The base was read after they had settled: what they show is in it, and maybe more.
    pub(super) fn forget_settled(&mut self) {
        self.take_settled();
    }

    fn take_settled(&mut self) -> Vec<Layer> {
        let (mut taken, mut kept): (Vec<Layer>, Vec<Layer>) = (Vec::new(), Vec::new());
        for layer in self.0.drain(..) {
            let is_free = !kept.iter().any(|earlier| earlier.concerns(&layer));
            let to = if layer.held_until.is_none() && is_free {
                &mut taken
            } else {
                &mut kept
            };
            to.push(layer);
        }
        self.0 = kept;
        taken
    }

    pub(super) fn apply(&self, base: &Value) -> Value {
        self.0
            .iter()
            .fold(base.clone(), |value, layer| layer.patch.apply(&value))
    }

    /// As [`apply`](Self::apply), without the layers that are pending.
    pub(super) fn apply_settled(&self, base: &Value) -> Value {
        let settled = self.0.iter().filter(|layer| layer.held_until.is_none());
        settled.fold(base.clone(), |value, layer| layer.patch.apply(&value))
    }

    pub(super) fn is_pending(&self) -> bool {
        self.0.iter().any(|layer| layer.held_until.is_some())
    }

    /// Until when the pending layers keep fetches from starting.
    pub(super) fn held_until(&self) -> Option<Instant> {
        self.0.iter().filter_map(|layer| layer.held_until).max()
    }
}
