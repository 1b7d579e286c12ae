//! Handles the reports of a tab's link, and keeps track of the person who is signed in. Like `live` and `session`,
//! without the browser.

use wire::{Action, Agreement, Event, Goal};

use super::people;
use super::requests::{Answered, Ask, Outcome, Why};
use super::show::Show;
use super::tab::{Input, Session, TabId};
use super::world::World;
use crate::api::Kind;
use crate::invalidation::{self, Step};
use crate::query::Selector;
use crate::session::Farewell;
use crate::sse::{Delivery, Report};

impl World {
    pub(super) fn report(&mut self, t: TabId, report: &Report) {
        let now = self.instant(t);
        match report {
            Report::Delivery(delivery) => match &**delivery {
                Delivery::Event(Event::ForceLogout { reason }) => self.leave(t, &Farewell::Forced(reason.clone())),
                Delivery::Event(event) => {
                    self.tally.delivered += 1;
                    self.check_delivery(t, event);
                    self.note_delivery(t, event);
                    let cause = event.kind().name();
                    for Step { selector, paint } in invalidation::plan(event) {
                        let cache = &mut self.tabs[t].cache;
                        match paint.filter(|_| self.paints) {
                            Some(patch) => cache.paint(now, &selector, &patch, cause),
                            None => cache.invalidate(now, &selector, cause),
                        };
                    }
                    self.tally.reasons += 4;
                }
                Delivery::Unreadable(kind) => {
                    for selector in invalidation::plan_unreadable(*kind) {
                        self.tabs[t].cache.invalidate(now, &selector, kind.name());
                    }
                    self.tally.reasons += 12;
                }
            },
            Report::Gap => {
                self.tally.gaps += 1;
                self.tabs[t].cache.invalidate(now, &Selector::all(), "gap");
                self.tally.reasons += 12;
            }
            Report::Poll => {
                self.tally.polls += 1;
                self.tabs[t].cache.refetch_active(now);
                self.tally.reasons += 12;
            }
            Report::Slept(slept) => {
                self.tally.slept += u64::from(!slept.is_zero());
                self.tabs[t].cache.revalidate_after_sleep(now, *slept);
                self.tally.reasons += 12;
            }
            Report::Current(current) => {
                self.tabs[t].is_current = *current;
                self.tabs[t].versions.clear();
                self.note_good_news(t, *current);
                self.tabs[t].cache.set_pushed(now, *current);
                if *current && std::mem::replace(&mut self.tabs[t].was_current, true) {
                    self.check_session(t, false);
                }
            }
            Report::CheckSession => self.check_session(t, true),
            Report::SessionEnded => self.leave(t, &Farewell::Expired),
        }
    }

    /// Records the state of a row that an event delivers. Fails if an event is delivered twice or too late.
    fn note_delivery(&mut self, t: TabId, event: &Event) {
        let news = match event {
            Event::ActionCreated {
                action: Action { id, updated_at, .. },
                ..
            }
            | Event::ActionUpdated {
                action: Action { id, updated_at, .. },
                ..
            } => (id.as_u128(), Some(*updated_at)),
            Event::AgreementCreated {
                agreement: Agreement { id, updated_at, .. },
                ..
            }
            | Event::AgreementUpdated {
                agreement: Agreement { id, updated_at, .. },
                ..
            } => (id.as_u128(), Some(*updated_at)),
            Event::GoalCreated {
                goal: Goal { id, updated_at, .. },
                ..
            }
            | Event::GoalUpdated {
                goal: Goal { id, updated_at, .. },
                ..
            } => (id.as_u128(), Some(*updated_at)),
            Event::CoachingSessionGoalCreated { goal_id, .. } => {
                self.tabs[t].linked.remove(&goal_id.as_u128());
                return;
            }
            Event::ActionDeleted { action_id, .. } => (action_id.as_u128(), None),
            Event::AgreementDeleted { agreement_id, .. } => (agreement_id.as_u128(), None),
            Event::GoalDeleted { goal_id, .. } => (goal_id.as_u128(), None),
            _ => return,
        };
        let is_created = matches!(
            event,
            Event::ActionCreated { .. } | Event::AgreementCreated { .. } | Event::GoalCreated { .. }
        );
        if let (id, Some(written)) = news {
            self.note_known_row(t, id, people::number_of(written));
        }
        // The states of a row are delivered in order, and none of them twice.
        let (id, written) = news;
        if let Some(before) = self.tabs[t].delivered.insert(id, written)
            && !(before.is_none() && (is_created || self.server.stored.history.is_restored(id)))
            && (before.is_none() || written.is_some_and(|written| Some(written) <= before))
        {
            self.fail(&format!("tab {t} is told what it was told before: {event:?}"));
        }
    }

    /// Loads a page.
    pub(super) fn boot(&mut self, t: TabId) {
        self.tell(t, Input::Stop);
        self.tell(t, Input::Visible(true));
        self.tell(t, Input::Online(self.tabs[t].is_online));
        let (now, online) = (self.instant(t), self.tabs[t].is_online);
        self.tabs[t].cache.set_online(now, online);
        self.restore(t);
    }

    /// Finds the person who is signed in.
    pub(super) fn restore(&mut self, t: TabId) {
        self.tabs[t].session = Session::Restoring;
        self.tabs[t].turn += 1;
        if self.profiles[self.tabs[t].profile].sign_out_pending {
            self.ask(t, Ask::SignOut { then_restore: true });
        } else {
            self.ask_who(t);
        }
    }

    fn ask_who(&mut self, t: TabId) {
        self.tabs[t].remembered = self.profiles[self.tabs[t].profile].remembered;
        self.ask(t, Ask::Who(Why::Restore(self.tabs[t].turn)));
    }

    pub(super) fn go_on_restoring(&mut self, t: TabId, is_told: bool) {
        if is_told {
            self.ask_who(t);
        } else {
            self.tabs[t].session = Session::SignedOut;
        }
    }

    /// Handles the server's answer about the person who is signed in.
    pub(super) fn learn_who(&mut self, t: TabId, why: Why, outcome: Outcome) {
        match why {
            Why::Restore(turn) if turn == self.tabs[t].turn && self.tabs[t].session == Session::Restoring => {
                // Another tab has signed in or out meanwhile.
                if self.profiles[self.tabs[t].profile].remembered != self.tabs[t].remembered {
                    return self.ask_who(t);
                }
                match outcome {
                    Ok(Answered::Person(person)) => self.enter(t, person),
                    Err(Kind::Unauthorized) => {
                        self.remember(t, None);
                        self.tabs[t].session = Session::SignedOut;
                    }
                    Ok(_) | Err(_) => self.tabs[t].session = Session::Unknown,
                }
            }
            Why::Restore(_) => {}
            Why::Check { person, refreshes } => {
                if self.tabs[t].user() != Some(person) {
                    return;
                }
                match outcome {
                    Ok(Answered::Person(found)) if found == person => {
                        if refreshes {
                            self.tell(t, Input::Refreshed);
                        }
                    }
                    Ok(_) | Err(Kind::Unauthorized) => self.leave(t, &Farewell::Expired),
                    Err(_) => {}
                }
            }
        }
    }

    /// Asks the server whether the same person is still signed in. Signs the person out at once if the browser
    /// remembers another person, or none.
    pub(super) fn check_session(&mut self, t: TabId, refreshes: bool) {
        let Some(person) = self.tabs[t].user() else { return };
        if self.profiles[self.tabs[t].profile].remembered != Some(person) {
            return self.leave(t, &Farewell::Expired);
        }
        self.ask(t, Ask::Who(Why::Check { person, refreshes }));
    }

    /// Signs a person in at a tab.
    pub(super) fn enter(&mut self, t: TabId, person: usize) {
        self.note(|| format!("tab {t}: person {person} is signed in"));
        self.tabs[t].api_epoch += 1;
        self.tabs[t].api.fence();
        self.remember(t, Some(person));
        self.tabs[t].session = Session::SignedIn(person);
        self.tabs[t].delivered.clear();
        self.tabs[t].own.clear();
        self.tabs[t].linked.clear();
        self.tabs[t].versions.clear();
        self.tabs[t].gate = None;
        self.tabs[t].attempts.clear();
        self.tell(t, Input::Stop);
        // The stream and the lock of the previous person are released by now.
        self.tabs[t].person = person;
        self.look_for_kept(t);
        self.tell(t, Input::Start);
        let shows = Show::of(person);
        for show in shows {
            if self.rng.bool() {
                self.mount(t, show);
            }
        }
    }

    /// Signs the person out: in the tab, and on the server unless the session has expired there.
    pub(super) fn leave(&mut self, t: TabId, farewell: &Farewell) {
        let Some(person) = self.tabs[t].user() else { return };
        self.tally.sign_outs += 1;
        self.note(|| format!("tab {t}: person {person} is signed out"));
        self.tabs[t].api_epoch += 1;
        self.tabs[t].api.fence();
        self.tell(t, Input::Stop);
        let now = self.instant(t);
        self.tabs[t].cache.clear(now);
        self.leave_kept(t, *farewell == Farewell::Asked);
        self.tabs[t].gate = None;
        if self.profiles[self.tabs[t].profile].remembered == Some(person) {
            self.remember(t, None);
        }
        self.tabs[t].session = Session::SignedOut;
        self.flush(t);
        while !self.tabs[t].shown.is_empty() {
            self.unmount(t, 0);
        }
        if *farewell != Farewell::Expired {
            self.profiles[self.tabs[t].profile].sign_out_pending = true;
            self.ask(t, Ask::SignOut { then_restore: false });
        }
    }

    /// Returns the pair whose row an event concerns, if it concerns a row.
    pub(super) fn pair_of_event(event: &Event) -> Option<usize> {
        let of_session = |id: &wire::CoachingSessionId| {
            (0..people::SESSIONS)
                .find(|at| people::session(*at) == *id)
                .map(people::pair_of_session)
        };
        match event {
            Event::ActionCreated {
                coaching_session_id, ..
            }
            | Event::ActionUpdated {
                coaching_session_id, ..
            }
            | Event::ActionDeleted {
                coaching_session_id, ..
            }
            | Event::AgreementCreated {
                coaching_session_id, ..
            }
            | Event::AgreementUpdated {
                coaching_session_id, ..
            }
            | Event::AgreementDeleted {
                coaching_session_id, ..
            }
            | Event::CoachingSessionGoalCreated {
                coaching_session_id, ..
            }
            | Event::CoachingSessionGoalDeleted {
                coaching_session_id, ..
            }
            | Event::CoachingSessionTitleUpdated { coaching_session_id } => of_session(coaching_session_id),
            Event::GoalCreated {
                coaching_relationship_id,
                ..
            }
            | Event::GoalUpdated {
                coaching_relationship_id,
                ..
            }
            | Event::GoalDeleted {
                coaching_relationship_id,
                ..
            } => (0..people::PAIRS).find(|pair| people::relationship(*pair) == *coaching_relationship_id),
            _ => None,
        }
    }
}
