//! One stream for all tabs of a person.
//!
//! Browsers allow six connections to one server over HTTP/1.1, for all tabs together. The seventh stream hangs
//! silently, and so does every later request of every tab. So one tab is the leader: it holds a lock, which the browser
//! releases when the tab ends for any reason. Only the leader has a stream. It relays the stream to the followers.
//!
//! A follower treats the relayed messages as a stream: it asks for all messages from a position on, and receives a
//! `hello` that says whether that was possible. So no event is lost or doubled when another tab becomes the leader, for
//! the same reasons as when a stream is lost.
//!
//! Every leader has a term, later than the terms of all leaders before it. The messages of an earlier leader, which was
//! frozen and does not know of its successor, are ignored. If a leader does not answer for a while, another tab steals
//! the lock. Visible followers ping the leader, because browsers delay the timers of hidden tabs, but not the messages
//! between tabs.

mod backlog;
mod lease;
mod telling;

use std::collections::VecDeque;

use wire::{Cursor, EventKind};

use super::intake::{Raw, RawMessage};
use super::phase::Role;
use super::settings::Settings;
use super::status::{State, Status};
use super::transport::{Frame, Generation, Hello, Message, Signal};
use crate::time::{EpochMillis, Instant};
use backlog::Backlog;
use telling::{Lead, Telling, Word};

/// A change of the lock that determines the leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockNews {
    /// This tab holds the lock.
    Granted,
    /// Another tab holds the lock, and this tab waits for it.
    Taken,
    /// Another tab has stolen the lock.
    Lost,
    /// The browser has no locks.
    Missing,
}

/// An output that makes the tabs agree.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TabOutput {
    /// Request the lock. Wait for it if another tab holds it.
    Seek,
    /// Steal the lock from its holder.
    Steal,
    /// Release the lock, or its place in the queue, and close the channel.
    Leave,
    /// Send this to all other tabs.
    Say(String),
    /// Set the role of the connection.
    Role(Role),
    /// A report of the stream that the leader has relayed.
    Heard(Generation, Raw),
    /// The status of the leader's connection.
    Leader(Status),
    /// A person wants a retry now.
    Retry,
    /// A person has come back.
    Opportunity,
}

/// One of the tabs of a person. Like the connection, it knows no clock and no browser.
#[derive(Debug)]
pub(super) struct Tabs {
    me: String,
    role: Role,
    /// The newest known term.
    term: u64,
    /// The name of the leader.
    leader: String,
    backlog: Backlog,
    join: Option<Join>,
    /// The status that the other tabs were last sent.
    told: Status,
    /// Whether another tab has sent a message since this tab took its role.
    has_others: bool,
    is_visible: bool,
    /// The time of the leader's last message, or of the start as a follower.
    heard_at: Instant,
    ping_at: Option<Instant>,
    outputs: VecDeque<TabOutput>,
}

/// The request of the connection for the leader's stream.
#[derive(Debug)]
struct Join {
    generation: Generation,
    cursor: Option<Cursor>,
    is_welcome: bool,
}

impl Tabs {
    /// Creates the state of a tab. `me` is the unique name of this tab.
    pub(super) fn new(me: String) -> Self {
        Self {
            me,
            role: Role::Undecided,
            term: 0,
            leader: String::new(),
            backlog: Backlog::default(),
            join: None,
            told: Status::default(),
            has_others: false,
            is_visible: true,
            heard_at: Instant::default(),
            ping_at: None,
            outputs: VecDeque::new(),
        }
    }

    pub(super) fn poll(&mut self) -> Option<TabOutput> {
        self.outputs.pop_front()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.ping_at
    }

    /// Starts to seek a role, because a person has signed in or the tab is back.
    pub(super) fn enter(&mut self) {
        self.take_role(Role::Undecided);
        self.outputs.push_back(TabOutput::Seek);
    }

    /// Gives the role up, because the tab is about to be frozen. The other state stays.
    pub(super) fn leave(&mut self) {
        self.outputs.push_back(TabOutput::Leave);
        self.take_role(Role::Undecided);
    }

    /// Gives the role up after the person has signed out, and forgets everything about them.
    pub(super) fn sign_out(&mut self) {
        self.leave();
        self.term = 0;
        self.backlog = Backlog::default();
        self.leader.clear();
        self.told = Status::default();
        // The queued outputs concern the person who has signed out.
        self.outputs.retain(|output| matches!(output, TabOutput::Leave));
        self.outputs.push_back(TabOutput::Role(Role::Undecided));
    }

    /// Handles a change of the lock. `wall` is the time on the clock that all tabs share: a later leader has a later
    /// term, even if it knows of no earlier one.
    pub(super) fn handle_lock(&mut self, now: Instant, wall: EpochMillis, news: LockNews, settings: &Settings) {
        match news {
            LockNews::Granted => {
                self.term = wall.as_millis().max(self.term + 1);
                self.leader.clone_from(&self.me);
                self.take_role(Role::Leads);
                self.told = Status {
                    state: State::Connecting,
                    ..Status::default()
                };
                self.say_lead("", now);
            }
            LockNews::Taken => self.follow(now, settings),
            LockNews::Lost => {
                self.follow(now, settings);
                self.outputs.push_back(TabOutput::Seek);
            }
            LockNews::Missing => self.take_role(Role::Alone),
        }
    }

    fn follow(&mut self, now: Instant, settings: &Settings) {
        if self.role != Role::Follows {
            self.take_role(Role::Follows);
            self.heard_at = now;
            self.ping(now, settings);
        }
    }

    fn take_role(&mut self, role: Role) {
        self.role = role;
        self.join = None;
        self.ping_at = None;
        self.has_others = false;
        self.outputs.push_back(TabOutput::Role(role));
    }

    /// Handles a text from another tab.
    pub(super) fn handle_text(&mut self, now: Instant, text: &str, settings: &Settings) {
        let Some(telling) = Telling::from_text(text, now) else {
            return;
        };
        let Telling { term, from, to, word } = telling;
        if from == self.me || !(to.is_empty() || to == self.me) {
            return;
        }
        self.has_others = true;
        match word {
            Word::Lead(_) | Word::Welcome { .. } | Word::Message(_) => {
                if (term, &from) < (self.term, &self.leader) {
                    // The sender was frozen, and does not know that it is no longer the leader.
                    if self.role == Role::Leads {
                        self.say_lead("", now);
                    }
                    return;
                }
                if (term, &from) > (self.term, &self.leader) {
                    (self.term, self.leader) = (term, from);
                    if self.role == Role::Leads {
                        self.follow(now, settings);
                    }
                    self.lose();
                }
                self.heard_at = now;
                if self.role == Role::Follows {
                    self.handle_leader(word);
                }
            }
            Word::Ping if self.role == Role::Leads && term > self.term => {
                // The sender knows of a leader with a later term, or of one from before the clock was set back. It
                // would ignore this tab. The lock decides: its next holder takes a later term.
                self.term = term;
                self.enter();
            }
            Word::Ping if self.role == Role::Leads => self.say_lead(&from, now),
            Word::Join(cursor) if self.role == Role::Leads && self.told.state == State::Connected => {
                self.welcome(&from, cursor.as_ref());
            }
            Word::Retry if self.role == Role::Leads => self.outputs.push_back(TabOutput::Retry),
            Word::Opportunity if self.role == Role::Leads => self.outputs.push_back(TabOutput::Opportunity),
            Word::Ping | Word::Join(_) | Word::Retry | Word::Opportunity => {}
        }
    }

    /// Handles a message from the leader.
    fn handle_leader(&mut self, word: Word) {
        match word {
            Word::Lead(Lead { status, .. }) => {
                let is_connected = status.state == State::Connected;
                self.outputs.push_back(TabOutput::Leader(status));
                if !is_connected {
                    self.lose();
                } else if let Some(join) = self.join.as_ref().filter(|join| !join.is_welcome) {
                    let word = Word::Join(join.cursor.clone());
                    self.say("", word);
                }
            }
            Word::Welcome { resumed, cursor } => {
                let Some(join) = self.join.as_mut().filter(|join| !join.is_welcome) else {
                    return;
                };
                join.is_welcome = true;
                let base = if resumed { join.cursor.clone() } else { cursor.clone() };
                if !resumed || self.backlog.position().is_none() {
                    self.backlog.restart(base);
                }
                let hello = Frame::Hello(Hello {
                    resumed,
                    cursor,
                    heartbeat_ms: None,
                });
                let hello = Signal::Message(Message {
                    cursor: None,
                    frame: hello,
                });
                self.outputs
                    .push_back(TabOutput::Heard(join.generation, Raw::Signal(hello)));
            }
            Word::Message(message) => {
                if let Some(join) = self.join.as_ref().filter(|join| join.is_welcome) {
                    self.backlog.push(&message);
                    let heard = TabOutput::Heard(join.generation, Raw::Message(message));
                    self.outputs.push_back(heard);
                }
            }
            Word::Ping | Word::Join(_) | Word::Retry | Word::Opportunity => {}
        }
    }

    /// Ends the relayed stream.
    fn lose(&mut self) {
        if let Some(join) = self.join.take_if(|join| join.is_welcome) {
            let lost = TabOutput::Heard(join.generation, Raw::Signal(Signal::Lost));
            self.outputs.push_back(lost);
        }
    }

    /// Accepts a follower, and sends the messages that it has missed.
    fn welcome(&mut self, to: &str, from: Option<&Cursor>) {
        let missed = from.and_then(|from| Some(self.backlog.since(from)?.cloned().collect::<Vec<_>>()));
        let cursor = self.backlog.position().cloned();
        let resumed = missed.is_some();
        self.say(to, Word::Welcome { resumed, cursor });
        for message in missed.unwrap_or_default() {
            self.say(to, Word::Message(message));
        }
    }

    /// Asks the leader to relay its stream to the connection.
    pub(super) fn join(&mut self, generation: Generation, cursor: Option<Cursor>) {
        if self.role == Role::Follows {
            self.say("", Word::Join(cursor.clone()));
            self.join = Some(Join {
                generation,
                cursor,
                is_welcome: false,
            });
        }
    }

    /// Ends the request of the connection for the leader's stream.
    pub(super) fn part(&mut self, generation: Generation) {
        self.join.take_if(|join| join.generation == generation);
    }

    /// Notes the start of the tab's own stream, which was asked to resume after `asked`.
    pub(super) fn begin(&mut self, hello: &Hello, asked: Option<Cursor>) {
        if !hello.resumed {
            self.backlog.restart(hello.cursor.clone());
        } else if self.backlog.position().is_none() {
            self.backlog.restart(asked);
        }
    }

    /// Relays a message of the tab's own stream.
    pub(super) fn tell(&mut self, message: &RawMessage) {
        let is_about_the_stream = message
            .name
            .parse::<EventKind>()
            .is_ok_and(|kind| kind.is_control() && kind != EventKind::Resync);
        if self.role == Role::Leads && !is_about_the_stream {
            self.backlog.push(message);
            if self.has_others {
                self.say("", Word::Message(message.clone()));
            }
        }
    }

    /// Sends the status of the connection to the followers if it has changed.
    pub(super) fn set_status(&mut self, now: Instant, status: &Status) {
        let told = |status: &Status| (status.state, status.last_error, status.retry_at, status.is_offline);
        if self.role == Role::Leads && told(&self.told) != told(status) {
            self.told = status.clone();
            self.say_lead("", now);
        }
    }

    /// Asks the leader to retry, because a person wants it.
    pub(super) fn retry(&mut self) {
        if self.role == Role::Follows {
            self.say("", Word::Retry);
        }
    }

    fn say_lead(&mut self, to: &str, now: Instant) {
        let status = self.told.clone();
        self.say(to, Word::Lead(Lead { status, at: now }));
    }

    fn say(&mut self, to: &str, word: Word) {
        let telling = Telling {
            term: self.term,
            from: self.me.clone(),
            to: to.to_owned(),
            word,
        };
        self.outputs.push_back(TabOutput::Say(telling.to_text()));
    }
}
