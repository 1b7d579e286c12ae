//! One stream for all pages of a person.
//!
//! Browsers allow six connections to one server over HTTP/1.1, for all tabs together: the seventh stream hangs without
//! a word, and every request of every tab behind it. So one page leads: it holds a lock, which the browser takes from
//! it at its end, however that comes. It alone has a stream, and tells the others what it hears.
//!
//! A page that follows treats what it is told as a stream: it asks to be told from a position on, and is greeted by a
//! `hello` that says whether that could be done. So nothing is lost and nothing doubled when another page comes to
//! lead, for the same reasons as when a stream is lost.
//!
//! Every leader has a term, later than those of all before it. What an earlier one says, because it was frozen and does
//! not know, is not heard. A leader that does not answer for a while is taken the lock from. Followers that can be seen
//! ask it, because browsers hold back the timers of pages that can not, but not what pages tell each other.

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

/// What has become of the lock that says who leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LockNews {
    /// It is ours.
    Granted,
    /// Another page has it. We wait for it.
    Taken,
    /// It was taken from us.
    Lost,
    /// This browser has none.
    Missing,
}

/// What is to be done so that the pages agree.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum TabOutput {
    /// Ask for the lock; if another page has it, wait for it.
    Seek,
    /// Take the lock from whoever has it.
    Steal,
    /// Give the lock back, or the place in its queue, and leave the channel.
    Leave,
    /// Tell all other pages this.
    Say(String),
    /// From now on the connection is this.
    Role(Role),
    /// What the page that leads has heard.
    Heard(Generation, Raw),
    /// How the page that leads is connected.
    Leader(Status),
    /// A person wants the connection to be tried now.
    Retry,
    /// A person has come back.
    Opportunity,
}

/// One of the pages of a person. Like the connection it knows no clock and no browser.
#[derive(Debug)]
pub(super) struct Tabs {
    me: String,
    role: Role,
    /// The newest term that was heard of.
    term: u64,
    /// The page that leads.
    leader: String,
    backlog: Backlog,
    join: Option<Join>,
    /// What the others were last told of our connection.
    told: Status,
    /// Whether there are others, as far as we have heard since we lead.
    has_others: bool,
    is_visible: bool,
    /// When the page that leads was last heard, or when it began to be listened to.
    heard_at: Instant,
    ping_at: Option<Instant>,
    outputs: VecDeque<TabOutput>,
}

/// What we want to be told.
#[derive(Debug)]
struct Join {
    generation: Generation,
    cursor: Option<Cursor>,
    is_welcome: bool,
}

impl Tabs {
    /// `me` names this page and no other.
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

    /// Somebody is here who needs a stream, or the page is back.
    pub(super) fn enter(&mut self) {
        self.take_role(Role::Undecided);
        self.outputs.push_back(TabOutput::Seek);
    }

    /// The page is put away. What it knows stays.
    pub(super) fn leave(&mut self) {
        self.outputs.push_back(TabOutput::Leave);
        self.take_role(Role::Undecided);
    }

    /// The person has left. What belongs to them goes.
    pub(super) fn sign_out(&mut self) {
        self.leave();
        self.term = 0;
        self.backlog = Backlog::default();
        self.leader.clear();
        self.told = Status::default();
        // Whatever was to be told to the connection was about them.
        self.outputs.retain(|output| matches!(output, TabOutput::Leave));
        self.outputs.push_back(TabOutput::Role(Role::Undecided));
    }

    /// `wall` is the time on the clock of all pages: whoever comes to lead later has a later term, though it has heard of
    /// nobody before.
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

    /// Another page has said something.
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
                    // It was frozen, and does not know that it leads no longer.
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
                // It knows of a leader that is later than us, or that led before the clock was set back, and would not
                // hear us. The lock decides; whoever has it has a later term then.
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

    /// The page that we follow has said something.
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

    /// What we are told has come to an end.
    fn lose(&mut self) {
        if let Some(join) = self.join.take_if(|join| join.is_welcome) {
            let lost = TabOutput::Heard(join.generation, Raw::Signal(Signal::Lost));
            self.outputs.push_back(lost);
        }
    }

    /// Greets a page that wants to be told, and tells it what it has missed.
    fn welcome(&mut self, to: &str, from: Option<&Cursor>) {
        let missed = from.and_then(|from| Some(self.backlog.since(from)?.cloned().collect::<Vec<_>>()));
        let cursor = self.backlog.position().cloned();
        let resumed = missed.is_some();
        self.say(to, Word::Welcome { resumed, cursor });
        for message in missed.unwrap_or_default() {
            self.say(to, Word::Message(message));
        }
    }

    /// Our connection wants to be told what the page that leads hears.
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

    /// Our connection does not want to be told any more.
    pub(super) fn part(&mut self, generation: Generation) {
        self.join.take_if(|join| join.generation == generation);
    }

    /// Our stream begins: it was asked to take up after `asked`.
    pub(super) fn begin(&mut self, hello: &Hello, asked: Option<Cursor>) {
        if !hello.resumed {
            self.backlog.restart(hello.cursor.clone());
        } else if self.backlog.position().is_none() {
            self.backlog.restart(asked);
        }
    }

    /// Our stream has told something.
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

    /// How our connection is.
    pub(super) fn set_status(&mut self, now: Instant, status: &Status) {
        let told = |status: &Status| (status.state, status.last_error, status.retry_at, status.is_offline);
        if self.role == Role::Leads && told(&self.told) != told(status) {
            self.told = status.clone();
            self.say_lead("", now);
        }
    }

    /// A person wants the connection to be tried now: so does the page that leads.
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
