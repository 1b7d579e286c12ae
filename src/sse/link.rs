//! The live link of a page, without the browser: the connection, the other pages of the same person, what has arrived
//! and waits, and reading again and again while nothing arrives.
//!
//! Each of them decides its own matters and knows nothing of the others; here is what one has to say to the other.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use wire::Cursor;

use super::connection::Connection;
use super::decode::Delivery;
use super::intake::{Intake, Raw, Waiting};
use super::output::Output;
use super::polling::Polling;
use super::settings::Settings;
use super::status::Status;
use super::tabs::{LockNews, TabOutput, Tabs};
use super::transport::{Answer, Generation};
use crate::time::{Instant, Now};

/// What the link tells the rest of the app.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// Something arrived.
    Delivery(Rc<Delivery>),
    /// Something may have been missed: what is live must be read again.
    Gap,
    /// Nothing tells of changes: what is on the screen should be read again.
    Poll,
    /// Find out whether the session still lives, and have it renewed if that is needed; then
    /// [`SseHandle::refreshed`](super::SseHandle::refreshed).
    CheckSession,
    /// The server insists that nobody is signed in.
    SessionEnded,
    /// From now on changes arrive as they happen and none was missed, or no longer.
    Current(bool),
    /// The machine has slept, for at least this much longer than the monotonic clock has counted: what is on the screen
    /// may be old.
    Slept(Duration),
}

/// What the link wants done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Task {
    /// Ask for a ticket, then [`Link::handle_ticket`].
    FetchTicket(Generation),
    /// Open a stream, and hand over what it brings: [`Link::receive`].
    Open {
        generation: Generation,
        cursor: Option<Cursor>,
        ticket: Option<String>,
    },
    /// Close the stream.
    Close,
    /// Ask the server why it refused a stream, then [`Link::handle_answer`].
    Probe(Generation),
    /// Listen to what other pages say; ask for the lock, and wait for it if need be; then [`Link::handle_lock`].
    Seek,
    /// Take the lock from whoever has it.
    Steal,
    /// Give back the lock, or the place in its queue, and listen no longer.
    Leave,
    /// Tell all other pages this.
    Say(String),
    /// Tell the app this.
    Report(Report),
}

/// The live link of a page, without the browser.
///
/// Used like the [`Connection`], with [`read_clocks`](Self::read_clocks) before every call: after every call [`poll`](Self::poll) until `None`; at
/// [`poll_timeout`](Self::poll_timeout), [`handle_timeout`](Self::handle_timeout). Besides, while
/// [`has_work`](Self::has_work), [`work`](Self::work): that may wait until the page has breathed.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Link {
    settings: Settings,
    connection: Connection<Delivery>,
    /// `None`: this page keeps to itself.
    tabs: Option<Tabs>,
    intake: Intake<Generation>,
    polling: Polling,
    is_signed_in: bool,
    is_suspended: bool,
    is_visible: bool,
    was_current: bool,
    /// What the clocks said last.
    clocks: Option<Now>,
    /// The position that our newest stream was asked to take up from.
    asked: Option<Cursor>,
    tasks: VecDeque<Task>,
}

impl Link {
    /// `me` names this page among all pages; without it, it keeps to itself. The seed decides all jitter.
    pub(crate) fn new(settings: Settings, seed: u64, me: Option<String>) -> Self {
        Self {
            settings,
            connection: Connection::new(settings, seed),
            tabs: me.map(Tabs::new),
            intake: Intake::default(),
            polling: Polling::default(),
            is_signed_in: false,
            is_suspended: false,
            is_visible: true,
            was_current: false,
            clocks: None,
            asked: None,
            tasks: VecDeque::new(),
        }
    }

    /// What to show of it.
    pub(crate) fn status(&self) -> Status {
        Status {
            is_polling: self.polling.is_polling(),
            ..self.connection.status()
        }
    }

    pub(crate) fn poll(&mut self) -> Option<Task> {
        self.tasks.pop_front()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        let tabs = self.tabs.as_ref().and_then(Tabs::poll_timeout);
        let all = [self.connection.poll_timeout(), self.polling.poll_timeout(), tabs];
        all.into_iter().flatten().min()
    }

    /// The clocks say this. A wall clock that has run ahead of the monotonic one means that the machine has slept, or
    /// that the clock was set: the stream has to show that it lives, and no wait changes. A wall clock that was set back
    /// means nothing.
    pub(crate) fn read_clocks(&mut self, now: Now) {
        let before = self.clocks.replace(now);
        let slept = before.map_or(Duration::ZERO, |before| now.gap_since(before));
        if slept <= self.settings.late_after || !self.is_signed_in {
            return;
        }
        self.connection.handle_sleep(now.monotonic);
        if let Some(tabs) = &mut self.tabs {
            tabs.handle_sleep(now.monotonic, &self.settings);
        }
        self.tasks.push_back(Task::Report(Report::Slept(slept)));
        self.settle(now.monotonic);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        let is_late = |due| now.since(due) > self.settings.late_after;
        // Browsers hold the timers back of pages that nobody sees.
        if self.is_visible && self.poll_timeout().is_some_and(is_late) {
            self.tasks.push_back(Task::Report(Report::Slept(Duration::ZERO)));
        }
        self.connection.handle_timeout(now);
        if let Some(tabs) = &mut self.tabs {
            tabs.handle_timeout(now, &self.settings);
        }
        if self.polling.handle_timeout(now, &self.settings) {
            self.tasks.push_back(Task::Report(Report::Poll));
        }
        self.settle(now);
    }

    /// Somebody has signed in.
    pub(crate) fn start(&mut self, now: Instant) {
        if !std::mem::replace(&mut self.is_signed_in, true)
            && let Some(tabs) = &mut self.tabs
            && !self.is_suspended
        {
            tabs.enter();
            self.settle(now);
        }
        self.connection.start(now);
        self.settle(now);
    }

    /// The person has signed out.
    pub(crate) fn stop(&mut self, now: Instant) {
        self.is_signed_in = false;
        self.intake.clear();
        self.connection.stop();
        if let Some(tabs) = &mut self.tabs {
            tabs.sign_out();
        }
        // What has not been told yet was about them.
        self.tasks.retain(|task| matches!(task, Task::Close | Task::Leave));
        self.settle(now);
    }

    pub(crate) fn suspend(&mut self, now: Instant) {
        self.is_suspended = true;
        self.intake.clear();
        self.connection.suspend(now);
        if let Some(tabs) = &mut self.tabs {
            tabs.leave();
        }
        self.settle(now);
    }

    pub(crate) fn resume(&mut self, now: Instant) {
        if std::mem::replace(&mut self.is_suspended, false)
            && let Some(tabs) = &mut self.tabs
            && self.is_signed_in
        {
            tabs.enter();
        }
        self.settle(now);
        self.connection.resume(now);
        self.settle(now);
    }

    pub(crate) fn set_online(&mut self, now: Instant, online: bool) {
        self.connection.set_online(now, online);
        self.settle(now);
    }

    pub(crate) fn set_visible(&mut self, now: Instant, visible: bool) {
        self.is_visible = visible;
        self.connection.set_visible(now, visible);
        if let Some(tabs) = &mut self.tabs {
            tabs.set_visible(now, visible, &self.settings);
        }
        self.settle(now);
    }

    /// A person wants it to be tried now.
    pub(crate) fn retry(&mut self, now: Instant) {
        self.connection.retry(now);
        if let Some(tabs) = &mut self.tabs {
            tabs.retry();
        }
        self.settle(now);
    }

    pub(crate) fn handle_refreshed(&mut self, now: Instant) {
        self.connection.handle_refreshed(now);
        self.settle(now);
    }

    pub(crate) fn handle_read(&mut self, now: Instant, position: Option<Cursor>) {
        self.connection.handle_read(now, position);
        self.settle(now);
    }

    pub(crate) fn handle_ticket(&mut self, now: Instant, generation: Generation, ticket: Result<String, Answer>) {
        self.connection.handle_ticket(now, generation, ticket);
        self.settle(now);
    }

    pub(crate) fn handle_answer(&mut self, now: Instant, generation: Generation, answer: Answer) {
        self.connection.handle_answer(now, generation, answer);
        self.settle(now);
    }

    pub(crate) fn handle_lock(&mut self, now: Instant, news: LockNews) {
        if let Some(tabs) = &mut self.tabs
            && self.is_signed_in
            && !self.is_suspended
        {
            let wall = self.clocks.unwrap_or_default().wall;
            tabs.handle_lock(now, wall, news, &self.settings);
            self.settle(now);
        }
    }

    /// Another page has said something. What is due is done first: where nobody looks, timers are held back, and what
    /// pages tell each other is not. So a page that leads unseen answers with what is the case now.
    pub(crate) fn handle_text(&mut self, now: Instant, text: &str) {
        if self.tabs.is_none() || !self.is_signed_in || self.is_suspended {
            return;
        }
        self.handle_timeout(now);
        if let Some(tabs) = &mut self.tabs {
            tabs.handle_text(now, text, &self.settings);
        }
        self.settle(now);
    }

    /// A stream has brought something. It waits for [`work`](Self::work).
    pub(crate) fn receive(&mut self, generation: Generation, raw: Raw) {
        self.intake.push(generation, raw);
    }

    /// Whether something has arrived that has not been looked at.
    pub(crate) fn has_work(&self) -> bool {
        !self.intake.is_empty()
    }

    /// Looks at what arrived first.
    pub(crate) fn work(&mut self, now: Instant) {
        let Some((generation, waiting)) = self.intake.pop() else {
            return;
        };
        let is_ours = self.connection.is_open(generation);
        for signal in waiting.read() {
            self.connection.handle_signal(now, generation, signal);
        }
        self.settle(now);
        if is_ours {
            self.tell(&waiting);
            self.settle(now);
        }
    }

    /// Tells the other pages what our own stream has told.
    fn tell(&mut self, waiting: &Waiting) {
        let Some(tabs) = &mut self.tabs else { return };
        match waiting {
            Waiting::One(Raw::Message(message)) => tabs.tell(message),
            Waiting::One(Raw::Signal(_)) => {}
            Waiting::Folded(folded) => tabs.tell(&folded.as_resync()),
        }
    }

    /// Carries what each of them wants to the others, until nobody wants anything.
    fn settle(&mut self, now: Instant) {
        while self.carry_one(now) {}
        self.polling.set_need(now, self.connection.need(), &self.settings);
        if let Some(tabs) = &mut self.tabs {
            tabs.set_status(now, &self.connection.status());
        }
        while self.carry_one(now) {}
        let is_current = self.connection.is_current();
        if std::mem::replace(&mut self.was_current, is_current) != is_current {
            self.tasks.push_back(Task::Report(Report::Current(is_current)));
        }
    }

    /// Returns whether there was anything to be carried.
    fn carry_one(&mut self, now: Instant) -> bool {
        if let Some(output) = self.connection.poll() {
            self.carry(output);
        } else if let Some(output) = self.tabs.as_mut().and_then(Tabs::poll) {
            self.carry_tab(now, output);
        } else {
            return false;
        }
        true
    }

    fn carry(&mut self, output: Output<Delivery>) {
        let task = match output {
            Output::FetchTicket { generation } => Task::FetchTicket(generation),
            Output::Open {
                generation,
                cursor,
                ticket,
            } => {
                self.asked.clone_from(&cursor);
                Task::Open {
                    generation,
                    cursor,
                    ticket,
                }
            }
            Output::Join { generation, cursor } => {
                if let Some(tabs) = &mut self.tabs {
                    tabs.join(generation, cursor);
                }
                return;
            }
            Output::Begun(hello) => {
                if let Some(tabs) = &mut self.tabs {
                    tabs.begin(&hello, self.asked.clone());
                }
                return;
            }
            Output::Close { generation } => {
                if let Some(tabs) = &mut self.tabs {
                    tabs.part(generation);
                }
                Task::Close
            }
            Output::Probe { generation } => Task::Probe(generation),
            Output::Deliver(delivery) => Task::Report(Report::Delivery(Rc::new(delivery))),
            Output::Gap => Task::Report(Report::Gap),
            Output::Refresh => Task::Report(Report::CheckSession),
            Output::SessionEnded => Task::Report(Report::SessionEnded),
        };
        self.tasks.push_back(task);
    }

    fn carry_tab(&mut self, now: Instant, output: TabOutput) {
        match output {
            TabOutput::Seek => self.tasks.push_back(Task::Seek),
            TabOutput::Steal => self.tasks.push_back(Task::Steal),
            TabOutput::Leave => self.tasks.push_back(Task::Leave),
            TabOutput::Say(text) => self.tasks.push_back(Task::Say(text)),
            TabOutput::Role(role) => self.connection.set_role(now, role),
            TabOutput::Heard(generation, raw) => self.intake.push(generation, raw),
            TabOutput::Leader(status) => self.connection.handle_leader(status),
            TabOutput::Retry => self.connection.retry(now),
            TabOutput::Opportunity => self.connection.handle_opportunity(now),
        }
    }
}
