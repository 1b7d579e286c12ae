//! The driver of the link: opens and closes the stream, arms the timer, holds the lock, delivers events. It has no
//! policy of its own.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::Future;
use std::rc::{Rc, Weak};
use std::time::Duration;

use wire::Cursor;
use yewdux::Dispatch;

use super::ask;
use super::intake::{Raw, RawMessage};
use super::link::{Link, Report, Task};
use super::pages::{Heard, Pages};
use super::settings::Settings;
use super::slice::Slice;
use super::status::Status;
use super::store::StatusStore;
use super::transport::{Answer, Generation, Signal};
use crate::browser::{self, EventSource, StreamEvent, Timeout, clock};
use crate::time::Instant;

/// The address of the stream, and of related requests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Address {
    /// The address of the stream.
    pub stream: String,
    /// The address that answers as the stream would, without being one. It tells why a stream was refused. Without it,
    /// the session is checked.
    pub status: Option<String>,
    /// The address that issues tickets, if streams need them.
    pub ticket: Option<String>,
    /// The names of the events that the stream is to carry, separated by commas. An empty text stands for all events.
    pub types: String,
}

/// The connection of the tab: one link, at most one stream, one timer. Cheap to clone.
#[derive(Clone)]
pub(super) struct Driver(Rc<Inner>);

struct Inner {
    address: Address,
    link: RefCell<Link>,
    /// The person that the stream belongs to.
    person: RefCell<String>,
    source: RefCell<Option<EventSource>>,
    pages: Pages,
    /// The current request to the server about the newest stream.
    asking: RefCell<Option<browser::Task>>,
    timer: RefCell<Option<(Instant, Timeout)>>,
    /// The timer that continues with received messages after the browser had time to render.
    later: RefCell<Option<Timeout>>,
    slice: Slice,
    inputs: RefCell<VecDeque<Input>>,
    is_draining: Cell<bool>,
    published: RefCell<Status>,
    publish_later: RefCell<Option<Timeout>>,
    listeners: RefCell<Vec<Weak<Listener>>>,
    dispatch: Dispatch<StatusStore>,
}

pub(super) type Listener = dyn Fn(&Report);
type Input = Box<dyn FnOnce(&mut Link, Instant)>;

/// The shortest interval at which the time of the last event is published.
const PUBLISH_EVERY: Duration = Duration::from_secs(1);

impl Driver {
    pub(super) fn new(address: Address, settings: Settings, shares: bool, dispatch: Dispatch<StatusStore>) -> Self {
        let me = shares.then(clock::unique);
        Self(Rc::new(Inner {
            address,
            link: RefCell::new(Link::new(settings, clock::seed(), me)),
            person: RefCell::default(),
            source: RefCell::default(),
            pages: Pages::default(),
            asking: RefCell::default(),
            timer: RefCell::default(),
            later: RefCell::default(),
            slice: Slice::default(),
            inputs: RefCell::default(),
            is_draining: Cell::new(false),
            published: RefCell::default(),
            publish_later: RefCell::default(),
            listeners: RefCell::default(),
            dispatch,
        }))
    }

    /// Sends all further reports to a listener, for as long as it lives.
    pub(super) fn listen(&self, listener: &Rc<Listener>) {
        self.0.listeners.borrow_mut().push(Rc::downgrade(listener));
    }

    pub(super) fn start(&self, person: &str) {
        person.clone_into(&mut self.0.person.borrow_mut());
        self.input(Link::start);
    }

    pub(super) fn stop(&self) {
        self.input(Link::stop);
    }

    pub(super) fn retry(&self) {
        self.input(Link::retry);
    }

    pub(super) fn set_online(&self, online: bool) {
        self.input(move |link, now| link.set_online(now, online));
    }

    pub(super) fn set_visible(&self, visible: bool) {
        self.input(move |link, now| link.set_visible(now, visible));
    }

    pub(super) fn suspend(&self) {
        self.input(Link::suspend);
    }

    pub(super) fn resume(&self) {
        self.input(Link::resume);
    }

    pub(super) fn refreshed(&self) {
        self.input(Link::handle_refreshed);
    }

    pub(super) fn note_read(&self, position: Option<Cursor>) {
        self.input(move |link, now| link.handle_read(now, position));
    }

    /// Handles an input. An input that arrives during another one is queued, so that a listener may make inputs as
    /// well.
    fn input(&self, input: impl FnOnce(&mut Link, Instant) + 'static) {
        self.0.inputs.borrow_mut().push_back(Box::new(input));
        if self.0.is_draining.replace(true) {
            return;
        }
        self.0.slice.begin(clock::now());
        loop {
            while let Some(input) = self.next_input() {
                let now = clock::read();
                {
                    let mut link = self.0.link.borrow_mut();
                    link.read_clocks(now);
                    input(&mut link, now.monotonic);
                }
                self.carry_out_all();
            }
            if !self.0.link.borrow().has_work() || self.0.later.borrow().is_some() {
                break;
            }
            // Browsers delay the timers of hidden tabs by up to a minute. The followers would wait.
            if self.0.slice.is_over(clock::now()) && browser::page::is_visible() {
                self.go_on_later();
                break;
            }
            self.0.link.borrow_mut().work(clock::now());
            self.carry_out_all();
        }
        self.arm_timer();
        self.publish();
        self.0.slice.end(clock::now());
        self.0.is_draining.set(false);
    }

    /// Handles an input from an object that does not keep the driver alive.
    fn reach(inner: &Weak<Inner>, input: impl FnOnce(&mut Link, Instant) + 'static) {
        if let Some(inner) = inner.upgrade() {
            Self(inner).input(input);
        }
    }

    fn go_on_later(&self) {
        let inner = Rc::downgrade(&self.0);
        let later = Timeout::new(Duration::ZERO, move || {
            if let Some(inner) = inner.upgrade() {
                let fired = inner.later.take();
                drop(fired);
                inner.slice.breathe();
                Self(inner).input(|_, _| {});
            }
        });
        *self.0.later.borrow_mut() = Some(later);
    }

    fn next_input(&self) -> Option<Input> {
        self.0.inputs.borrow_mut().pop_front()
    }

    fn carry_out_all(&self) {
        loop {
            let task = self.0.link.borrow_mut().poll();
            match task {
                Some(task) => self.carry_out(task),
                None => break,
            }
        }
    }

    fn carry_out(&self, task: Task) {
        match task {
            Task::Open {
                generation,
                cursor,
                ticket,
            } => self.open(generation, cursor.as_ref(), ticket),
            Task::Close => {
                let closed = self.0.source.take();
                drop(closed);
            }
            Task::FetchTicket(generation) => {
                let url = self.0.address.ticket.clone().unwrap_or_default();
                self.ask(ask::ticket(url), move |link, now, ticket| {
                    link.handle_ticket(now, generation, ticket);
                });
            }
            Task::Probe(generation) => match self.0.address.status.clone() {
                Some(url) => self.ask(ask::why(url), move |link, now, answer| {
                    link.handle_answer(now, generation, answer);
                }),
                None => {
                    self.report(&Report::CheckSession);
                    self.input(move |link, now| {
                        link.handle_answer(now, generation, Answer::Unclear);
                    });
                }
            },
            Task::Seek => self.0.pages.seek(&self.name(), self.listener_to_pages()),
            Task::Steal => self.0.pages.steal(&self.name(), self.listener_to_pages()),
            Task::Leave => self.0.pages.leave(),
            Task::Say(text) => self.0.pages.say(&text),
            Task::Report(report) => self.report(&report),
        }
    }

    fn open(&self, generation: Generation, cursor: Option<&Cursor>, ticket: Option<String>) {
        let mut url = self.0.address.stream.clone();
        let mut add = |name: &str, value: &str| {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(name);
            url.push('=');
            url.push_str(value);
        };
        // Names and cursors consist of letters, digits, `-` and `_`, none of which needs escaping.
        if !self.0.address.types.is_empty() {
            add("types", &self.0.address.types);
        }
        if let Some(cursor) = cursor {
            add("last_event_id", &cursor.to_string());
        }
        if let Some(ticket) = ticket {
            add("ticket", &browser::page::escape(&ticket));
        }
        let inner = Rc::downgrade(&self.0);
        let receive = move |event| {
            let raw = read(event);
            Self::reach(&inner, move |link, _| link.receive(generation, raw));
        };
        match EventSource::open(&url, wire::EventKind::NAMES, receive) {
            Ok(source) => *self.0.source.borrow_mut() = Some(source),
            Err(_) => {
                log::error!("the address of the stream is none");
                self.input(move |link, _| link.receive(generation, Raw::Signal(Signal::Nowhere)));
            }
        }
    }

    /// Makes a request to the server, and passes the answer to the link.
    fn ask<T: 'static>(
        &self,
        question: impl Future<Output = T> + 'static,
        tell: impl FnOnce(&mut Link, Instant, T) + 'static,
    ) {
        let inner = Rc::downgrade(&self.0);
        let task = browser::Task::new(async move {
            let answer = question.await;
            Self::reach(&inner, move |link, now| tell(link, now, answer));
        });
        let before = self.0.asking.replace(Some(task));
        drop(before);
    }

    fn listener_to_pages(&self) -> impl Fn(Heard) + Clone + 'static {
        let inner = Rc::downgrade(&self.0);
        move |heard| {
            Self::reach(&inner, move |link, now| match heard {
                Heard::Lock(news) => link.handle_lock(now, news),
                Heard::Text(text) => link.handle_text(now, &text),
            });
        }
    }

    /// Returns the name of the lock and the channel of this person.
    fn name(&self) -> String {
        format!("freshet-live-{}", self.0.person.borrow())
    }

    /// Arms the timer, unless it is armed early enough. An early timer is armed again when it fires.
    fn arm_timer(&self) {
        let due = self.0.link.borrow().poll_timeout();
        let armed = self.0.timer.borrow().as_ref().map(|(armed, _)| *armed);
        let is_early_enough = match (due, armed) {
            (Some(due), Some(armed)) => armed <= due,
            (None, None) => true,
            (None, Some(_)) | (Some(_), None) => false,
        };
        if is_early_enough {
            return;
        }
        let timer = due.map(|due| {
            let inner = Rc::downgrade(&self.0);
            let timeout = Timeout::new(clock::now().until(due), move || {
                if let Some(inner) = inner.upgrade() {
                    let fired = inner.timer.take();
                    drop(fired);
                    Self(inner).input(Link::handle_timeout);
                }
            });
            (due, timeout)
        });
        let old = self.0.timer.replace(timer);
        drop(old);
    }

    /// Publishes the status if it has changed. A change of only the time of the last event is published at most once a
    /// second.
    fn publish(&self) {
        let status = self.0.link.borrow().status();
        let mut published = self.0.published.borrow().clone();
        if status == published {
            return;
        }
        published.last_event_at = status.last_event_at;
        let is_news = status != published;
        if is_news {
            self.publish_now(&status);
        } else if self.0.publish_later.borrow().is_none() {
            let inner = Rc::downgrade(&self.0);
            let later = Timeout::new(PUBLISH_EVERY, move || {
                if let Some(inner) = inner.upgrade() {
                    let status = inner.link.borrow().status();
                    Self(inner).publish_now(&status);
                }
            });
            *self.0.publish_later.borrow_mut() = Some(later);
        }
    }

    fn publish_now(&self, status: &Status) {
        let pending = self.0.publish_later.take();
        drop(pending);
        *self.0.published.borrow_mut() = status.clone();
        self.0.dispatch.set(StatusStore(status.clone()));
    }

    fn report(&self, report: &Report) {
        let listeners: Vec<Rc<Listener>> = {
            let mut listeners = self.0.listeners.borrow_mut();
            listeners.retain(|listener| listener.strong_count() > 0);
            listeners.iter().filter_map(Weak::upgrade).collect()
        };
        for listener in listeners {
            listener(report);
        }
    }
}

/// Converts a report of the browser into one of the link.
fn read(event: StreamEvent) -> Raw {
    match event {
        StreamEvent::Opened => Raw::Signal(Signal::Opened),
        StreamEvent::Message { name, data, id } => Raw::Message(RawMessage { name, data, id }),
        StreamEvent::Lost => Raw::Signal(Signal::Lost),
        StreamEvent::Refused => Raw::Signal(Signal::Refused),
    }
}

impl PartialEq for Driver {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl std::fmt::Debug for Driver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Driver(..)")
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        // The stream, the lock and the timers are dropped with it. The published status must not outlive them.
        let dispatch = self.dispatch.clone();
        browser::spawn(async move { dispatch.set(StatusStore::default()) });
    }
}
