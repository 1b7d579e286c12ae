//! The actions of people, and the faults: people read, edit, arrive and leave.

use super::people::PEOPLE;
use super::requests::Ask;
use super::show::Show;
use super::tab::{Input, Session, TabId};
use super::world::World;
use crate::session::Farewell;

impl World {
    /// Has a person act, or lets a fault occur, at random.
    pub(super) fn disturb(&mut self) {
        match self.rng.u32(..100) {
            0..22 => self.change_elsewhere(),
            30..52 => self.change_here(),
            52..58 => self.look_around(),
            58..66 if self.faults.network => self.disturb_network(),
            66..74 if self.faults.streams => self.disturb_stream(),
            74..78 if self.faults.server => self.disturb_server(),
            78..90 if self.faults.pages => self.disturb_page(),
            90..96 if self.faults.people => self.disturb_session(),
            96..100 if self.faults.clocks => self.set_clock(),
            _ => {}
        }
    }

    /// Returns a random tab that a person could use.
    pub(super) fn some_tab(&mut self) -> Option<TabId> {
        let alive: Vec<TabId> = (0..self.tabs.len()).filter(|t| self.tabs[*t].runs()).collect();
        self.rng.choice(alive)
    }

    /// Makes changes on a device outside of this world.
    pub(super) fn change_elsewhere(&mut self) {
        if !self.server.is_up {
            return;
        }
        let person = match self.rng.u8(..8) {
            0 => self.rng.usize(..PEOPLE),
            _ => self.rng.usize(..2),
        };
        // Some changes come in bursts.
        let count = if self.rng.u8(..16) == 0 { 12 } else { 1 };
        self.change_often(person, count);
    }

    /// Opens or closes data on the screen, retries the connection, or fetches an entry again.
    fn look_around(&mut self) {
        let Some(t) = self.some_tab() else { return };
        let Some(person) = self.tabs[t].user() else { return };
        let now = self.instant(t);
        match self.rng.u8(..8) {
            0..4 => {
                let show = self.rng.choice(Show::of(person)).unwrap();
                self.mount(t, show);
            }
            4..6 if !self.tabs[t].shown.is_empty() => {
                let at = self.rng.usize(..self.tabs[t].shown.len());
                self.unmount(t, at);
            }
            6 => self.tell(t, Input::Retry),
            _ => {
                if let Some(shown) = self.rng.choice(self.tabs[t].shown.clone()) {
                    self.tabs[t].cache.refetch(now, shown.entry);
                    self.tally.reasons += 1;
                }
            }
        }
        self.settle(t);
    }

    /// Signs a person out or in.
    fn disturb_session(&mut self) {
        let Some(t) = self.some_tab() else { return };
        let is_signing = self.profiles[self.tabs[t].profile].signing > 0;
        match self.tabs[t].session {
            Session::SignedIn(_) if self.rng.u8(..3) == 0 => self.leave(t, &Farewell::Asked),
            Session::SignedIn(_) | Session::Restoring => {}
            Session::Unknown => self.restore(t),
            Session::SignedOut if is_signing => {}
            Session::SignedOut => {
                let person = match self.rng.u8(..3) {
                    0 => self.rng.usize(..PEOPLE),
                    _ => self.tabs[t].profile,
                };
                self.ask(t, Ask::SignIn(person));
            }
        }
        self.settle(t);
    }
}
