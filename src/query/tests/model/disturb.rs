//! Everything that people and the world may do to a cache.

use super::super::*;
use super::{Act, Change, KEYS, Model, ONE_OF_OTHERS, OTHERS, PERSON};

impl Model {
    /// Somebody does something, or the world changes.
    pub(super) fn disturb(&mut self) {
        self.step += 1;
        let (now, at) = (self.instant(), self.rng.usize(..KEYS));
        match self.rng.u32(0..64) {
            0..=9 => {
                self.server[at] += ONE_OF_OTHERS;
                if self.pushed {
                    let hint = self.rng.bool().then_some(self.server[at] & OTHERS);
                    self.schedule(0..40, Act::Event(at, hint));
                }
            }
            10..=15 => {
                let options = Options {
                    on_mount: [OnMount::Stale, OnMount::Always, OnMount::Never][self.rng.usize(..3)],
                    ..self.options
                };
                self.observe(at, options);
            }
            16..=19 if !self.observers.is_empty() => {
                let (_, entry, observer) = self.observers.swap_remove(self.rng.usize(..self.observers.len()));
                self.cache.release(now, entry, observer);
            }
            20 | 21 => {
                self.online = self.rng.bool();
                self.cache.set_online(now, self.online);
                self.reasons += KEYS as u64;
            }
            22 | 23 => {
                let visible = self.rng.bool();
                self.cache.set_visible(now, visible);
                self.reasons += KEYS as u64;
            }
            24 => self.set_pushed(!self.pushed),
            25 => {
                self.cache.revalidate(now);
                self.reasons += KEYS as u64;
            }
            26 => {
                if let Some((_, entry, _)) = self.rng.choice(&self.observers) {
                    self.cache.refetch(now, *entry);
                    self.reasons += 1;
                }
            }
            27 => {
                let entry = self.cache.prefetch(now, key(at as u128), self.options);
                self.name(entry, at);
                self.reasons += 1;
            }
            28 if self.rng.u8(..8) == 0 => self.become_somebody_else(),
            29 => self.cache.set_budget(now, self.rng.usize(..20)),
            30..=37 if self.next_bit < 40 => {
                let bit = 1 << self.next_bit;
                self.next_bit += 1;
                let manner = Manner {
                    lane: self.rng.bool().then_some(at as u128),
                    repeatable: self.rng.bool(),
                    restored: self.rng.u8(..8) == 0,
                    delay: Duration::from_millis([0, 0, 0, 200][self.rng.usize(..4)]),
                };
                let mutation = self.cache.begin(now, manner, vec![(key(at as u128).into(), or(bit))]);
                let change = Change {
                    at,
                    bit,
                    lane: manner.lane,
                    sent: false,
                    refused: self.rng.u8(..4) == 0,
                    loses_answer: self.rng.u8(..4) == 0,
                };
                self.changes.insert(mutation, change);
            }
            39 | 40 => self.change_mind(at),
            38 => {
                let observed = self.observers.iter().find(|(each, ..)| *each == at);
                if let Some((_, entry, _)) = observed {
                    // The disk answers late, with what was read before there was this entry.
                    let kept = self.person << PERSON | self.kept[entry];
                    self.cache.restore(now, *entry, Value::new(kept), 8);
                }
            }
            _ => {}
        }
    }

    /// A change that has not left is taken back, or becomes another one.
    fn change_mind(&mut self, at: usize) {
        let (now, lane) = (self.instant(), at as u128);
        let Some(mutation) = self.cache.unsent_in(lane) else {
            return;
        };
        if self.rng.bool() || self.next_bit >= 40 {
            self.cache.cancel(now, mutation);
            self.changes.remove(&mutation);
        } else if let Some(change) = self.changes.get_mut(&mutation) {
            change.bit = 1 << self.next_bit;
            self.next_bit += 1;
            let patches = vec![(key(lane).into(), or(change.bit))];
            self.cache.replace(now, mutation, Some(lane), patches);
        }
    }

    fn set_pushed(&mut self, pushed: bool) {
        self.pushed = pushed;
        self.cache.set_pushed(self.instant(), pushed);
        if pushed {
            // The stream is back and says that something may have been missed.
            self.cache.invalidate(self.instant(), &Selector::all(), "gap");
            self.invalidated = [self.step; KEYS];
            self.reasons += KEYS as u64;
        }
    }

    /// Somebody signs out and somebody else in.
    fn become_somebody_else(&mut self) {
        self.cache.clear(self.instant());
        self.person += 1;
        self.server = [self.person << PERSON; KEYS];
        self.observers.clear();
        self.changes.clear();
        self.confirmed = [0; KEYS];
        self.acts.clear();
    }

    /// The world becomes such that everything can be read, and somebody looks at every key.
    pub(super) fn heal(&mut self) {
        let now = self.instant();
        self.cache.set_online(now, true);
        self.cache.set_visible(now, true);
        self.set_pushed(true);
        for at in 0..KEYS {
            self.observe(at, self.options);
        }
        self.is_healed = true;
    }

    fn name(&mut self, entry: EntryId, at: usize) {
        self.entries.insert(entry, at);
        self.kept.entry(entry).or_insert(self.confirmed[at]);
    }

    fn observe(&mut self, at: usize, options: Options) {
        let (entry, observer) = self.cache.observe(self.instant(), key(at as u128), options);
        self.observers.push((at, entry, observer));
        self.name(entry, at);
        self.reasons += 1;
    }
}
