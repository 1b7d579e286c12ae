//! The live link of a tab, without the browser: the connection, the other tabs of the same person, the queue of
//! received messages, and polling.
//!
//! Each part decides its own matters and knows nothing of the others. This module passes outputs of one part to
//! another.

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

/// A report of the link to the rest of the app.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// The stream has delivered an event.
    Delivery(Rc<Delivery>),
    /// Events may have been missed: live data must be read again.
    Gap,
    /// There is no stream: the data on the screen should be read again.
    Poll,
    /// Check the session, renew it if needed, then call [`SseHandle::refreshed`](super::SseHandle::refreshed).
    CheckSession,
    /// The server insists that no person is signed in.
    SessionEnded,
    /// Whether from now on changes arrive as they happen and none was missed.
    Current(bool),
    /// The machine has slept for at least this much longer than the monotonic clock has counted. The data on the screen
    /// may be old.
    Slept(Duration),
}

/// A task of the driver.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Task {
    /// Fetch a ticket, then call [`Link::handle_ticket`].
    FetchTicket(Generation),
    /// Open a stream, and pass its reports to [`Link::receive`].
    Open {
        generation: Generation,
        cursor: Option<Cursor>,
        ticket: Option<String>,
    },
    /// Close the stream.
    Close,
    /// Ask the server why it refused a stream, then call [`Link::handle_answer`].
    Probe(Generation),
    /// Open the channel to the other tabs, request and await the lock, then call [`Link::handle_lock`].
    Seek,
    /// Steal the lock from its holder.
    Steal,
    /// Release the lock, or its place in the queue, and close the channel.
    Leave,
    /// Send this to all other tabs.
    Say(String),
    /// Report this to the app.
    Report(Report),
}

/// The live link of a tab, without the browser.
///
/// Used like the [`Connection`], with [`read_clocks`](Self::read_clocks) before every call. After every call, the
/// caller calls [`poll`](Self::poll) until it returns `None`. At the time of [`poll_timeout`](Self::poll_timeout), it
/// calls [`handle_timeout`](Self::handle_timeout). While [`has_work`](Self::has_work) returns true, it calls
/// [`work`](Self::work), which may wait until the browser has rendered.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
pub(crate) struct Link {
    settings: Settings,
    connection: Connection<Delivery>,
    /// The other tabs; `None` if this tab does not share a stream.
    tabs: Option<Tabs>,
    intake: Intake<Generation>,
    polling: Polling,
    is_signed_in: bool,
    is_suspended: bool,
    is_visible: bool,
    was_current: bool,
    /// The last readings of the clocks.
    clocks: Option<Now>,
    /// The position from which the tab's own newest stream was asked to resume.
    asked: Option<Cursor>,
    tasks: VecDeque<Task>,
}

impl Link {
    /// Creates a link. `me` names this tab among all tabs; without it, the tab does not share a stream. The seed
    /// determines all jitter.
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

    /// Returns the status for display.
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

    /// Takes readings of the clocks. A wall clock that has run ahead of the monotonic one means that the machine has
    /// slept, or that the clock was set. The stream then undergoes a liveness check, and no wait changes. A wall clock
    /// that was set back means nothing.
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
        // Browsers delay the timers of hidden tabs.
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

    /// Starts after a person has signed in.
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

    /// Stops after the person has signed out.
    pub(crate) fn stop(&mut self, now: Instant) {
        self.is_signed_in = false;
        self.intake.clear();
        self.connection.stop();
        if let Some(tabs) = &mut self.tabs {
            tabs.sign_out();
        }
        // The queued tasks concern the person who has signed out.
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

    /// Retries now, because a person asks for it.
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

    /// Handles a text from another tab. Handles the timers that are due first: browsers delay the timers of hidden
    /// tabs, but not the messages between tabs. So a hidden leader answers with its current state.
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

    /// Queues a report of a stream for [`work`](Self::work).
    pub(crate) fn receive(&mut self, generation: Generation, raw: Raw) {
        self.intake.push(generation, raw);
    }

    /// Returns whether the queue contains a report.
    pub(crate) fn has_work(&self) -> bool {
        !self.intake.is_empty()
    }

    /// Handles the oldest report in the queue.
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

    /// Relays reports of the tab's own stream to the other tabs.
    fn tell(&mut self, waiting: &Waiting) {
        let Some(tabs) = &mut self.tabs else { return };
        match waiting {
            Waiting::One(Raw::Message(message)) => tabs.tell(message),
            Waiting::One(Raw::Signal(_)) => {}
            Waiting::Folded(folded) => tabs.tell(&folded.as_resync()),
        }
    }

    /// Passes outputs from part to part until there are none.
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

    /// Passes one output on. Returns whether there was one.
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
