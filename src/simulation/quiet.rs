//! The end of every world: all faults heal, some time passes, and then every check must pass.

use super::ledger::Fate;
use super::tab::{Session, Shown};
use super::world::World;

/// The maximum time until the world is quiet, in milliseconds.
const PATIENCE: u64 = 600_000;
/// The time for which a quiet world is left alone before it is checked again, in milliseconds.
const STAYS: u64 = 3_000;

impl World {
    /// Heals all faults, and checks that the world becomes quiet and consistent.
    pub(super) fn heal(&mut self) {
        self.note(|| "everything heals".to_owned());
        self.faults = super::world::Faults::default();
        self.weather.lost = 0;
        self.weather.slowest = 30;
        self.server.is_up = true;
        self.server.busy_until = self.now;
        self.outage = None;
        self.swallows_until = self.now;
        for profile in 0..self.profiles.len() {
            self.profiles[profile].is_linked = true;
            self.end_sleep(profile);
        }
        for t in 0..self.tabs.len() {
            if !self.tabs[t].is_dead && !self.tabs[t].is_hung {
                self.heal_tab(t);
            }
        }
        self.become_quiet();
        self.find_kept();
        self.pass_time(self.now + STAYS);
        self.become_quiet();
        // Some tabs notice only now that their stream may be dead, and reconnect.
        self.pass_time(self.now + STAYS);
        self.become_quiet();
        self.check_stories();
        self.check_tally();
    }

    /// Lets time pass until nothing is under way, and then checks everything.
    fn become_quiet(&mut self) {
        let until = self.now + PATIENCE;
        let mut checked = self.tally.steps;
        let mut why = self.why_not_quiet();
        while why.is_some() && self.step(until) {
            if self.tally.steps >= checked + 8 {
                checked = self.tally.steps;
                why = self.why_not_quiet();
                self.note(|| format!("not quiet yet: {why:?}"));
                self.ask_again();
            }
        }
        if let Some(why) = why.and_then(|_| self.why_not_quiet()) {
            self.fail(&format!("it does not become quiet: {why}"));
        }
        self.check_all();
    }

    fn heal_tab(&mut self, t: usize) {
        self.wake(t);
        self.bring_back(t);
        if !self.tabs[t].is_visible {
            self.set_visible(t, true);
        }
        self.set_online(t, true);
        if self.tabs[t].session == Session::Unknown {
            self.restore(t);
        }
        self.settle(t);
    }

    /// Fetches entries again that show a final error, or that are stale because of their age, as a person would.
    fn ask_again(&mut self) {
        for t in 0..self.tabs.len() {
            let now = self.instant(t);
            let tab = &self.tabs[t];
            let has_grown_old = |shown: &Shown| {
                let mut entries = tab.cache.explain(now);
                let entry = entries.find(|entry| entry.key == shown.show.key());
                let limit = shown.show.options().stale_after;
                entry.is_some_and(|entry| entry.behind == 0 && entry.age.is_some_and(|age| age >= limit))
            };
            let is_asked_for = |shown: &&Shown| {
                let snapshot = tab.cache.snapshot(now, shown.entry);
                snapshot.is_some_and(|snapshot| {
                    let is_old = snapshot.stale && !snapshot.fetching && has_grown_old(shown);
                    is_old || snapshot.final_error().is_some()
                })
            };
            let asked: Vec<Shown> = tab.shown.iter().filter(is_asked_for).copied().collect();
            for shown in asked {
                self.tabs[t].cache.refetch(now, shown.entry);
                self.settle(t);
            }
        }
    }

    fn check_all(&mut self) {
        self.check_calm();
        for t in 0..self.tabs.len() {
            let tab = &self.tabs[t];
            let shown = tab.shown.clone();
            let is_used = tab.runs() && tab.user().is_some();
            for shown in shown.iter().filter(|_| is_used) {
                self.check_entry(t, shown.entry);
                self.check_truth(t, shown.show, shown.entry);
            }
        }
    }

    /// Checks that every change has an outcome.
    fn check_stories(&self) {
        for (key, story) in &self.ledger.stories {
            if story.fate == Fate::Open && !self.can_wait(*key) {
                self.fail(&format!("nothing has become of {key}: {story:?}"));
            }
        }
    }

    fn check_tally(&self) {
        let super::tally::Tally { reads, reasons, .. } = self.tally;
        if reads > reasons / 2 + 32 {
            self.fail(&format!("{reads} reads for {reasons} reasons"));
        }
    }
}
