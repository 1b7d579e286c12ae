//! Carries out what the connection decides: opens and closes the stream, arms the timer, hands events on. Has no
//! policy of its own.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::{Rc, Weak};

use wire::{Cursor, EventKind};
use yewdux::Dispatch;

use super::connection::Connection;
use super::decode::{Delivery, decode};
use super::output::Output;
use super::settings::Settings;
use super::status::Status;
use super::store::StatusStore;
use super::transport::{Generation, Signal};
use crate::browser::{self, EventSource, StreamEvent, Timeout, clock};
use crate::time::Instant;

/// What the driver tells the rest of the app.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// Something arrived.
    Delivery(Rc<Delivery>),
    /// Something may have been missed.
    Gap,
    /// The stream was refused; perhaps the session has ended.
    CheckSession,
    /// Changes arrive as they happen, or no longer do.
    Connected(bool),
}

/// The connection of the page: one machine, at most one stream, one timer. Cheap to clone.
#[derive(Clone)]
pub(super) struct Driver(Rc<Inner>);

struct Inner {
    /// Where the stream is, without the cursor.
    url: String,
    connection: RefCell<Connection<Delivery>>,
    source: RefCell<Option<EventSource>>,
    timer: RefCell<Option<Timeout>>,
    inputs: RefCell<VecDeque<Input>>,
    is_draining: Cell<bool>,
    published: RefCell<Status>,
    publish_later: RefCell<Option<Timeout>>,
    listeners: RefCell<Vec<Weak<Listener>>>,
    dispatch: Dispatch<StatusStore>,
}

pub(super) type Listener = dyn Fn(&Report);
type Input = Box<dyn FnOnce(&mut Connection<Delivery>, Instant)>;

/// How often the time of the last event is published at most.
const PUBLISH_EVERY: std::time::Duration = std::time::Duration::from_secs(1);

impl Driver {
    pub(super) fn new(url: String, settings: Settings, dispatch: Dispatch<StatusStore>) -> Self {
        Self(Rc::new(Inner {
            url,
            connection: RefCell::new(Connection::new(settings, clock::seed())),
            source: RefCell::default(),
            timer: RefCell::default(),
            inputs: RefCell::default(),
            is_draining: Cell::new(false),
            published: RefCell::default(),
            publish_later: RefCell::default(),
            listeners: RefCell::default(),
            dispatch,
        }))
    }

    /// Tells a listener of everything from now on, for as long as it lives.
    pub(super) fn listen(&self, listener: &Rc<Listener>) {
        self.0.listeners.borrow_mut().push(Rc::downgrade(listener));
    }

    pub(super) fn start(&self) {
        self.input(Connection::start);
    }

    pub(super) fn stop(&self) {
        self.input(|connection, _| connection.stop());
    }

    pub(super) fn retry(&self) {
        self.input(Connection::retry);
    }

    pub(super) fn opportunity(&self) {
        self.input(Connection::handle_opportunity);
    }

    pub(super) fn suspend(&self) {
        self.input(|connection, _| connection.suspend());
    }

    pub(super) fn resume(&self) {
        self.input(Connection::resume);
    }

    pub(super) fn note_read(&self, position: Option<Cursor>) {
        self.input(|connection, _| connection.handle_read(position));
    }

    /// Takes an input. While another is being worked off this one waits its turn, so that whoever is told of
    /// something may ask for something.
    fn input(&self, input: impl FnOnce(&mut Connection<Delivery>, Instant) + 'static) {
        self.0.inputs.borrow_mut().push_back(Box::new(input));
        if self.0.is_draining.replace(true) {
            return;
        }
        while let Some(input) = self.next_input() {
            input(&mut self.0.connection.borrow_mut(), clock::now());
            while let Some(output) = self.next_output() {
                self.carry_out(output);
            }
            self.arm_timer();
            self.publish();
        }
        self.0.is_draining.set(false);
    }

    fn next_input(&self) -> Option<Input> {
        self.0.inputs.borrow_mut().pop_front()
    }

    fn next_output(&self) -> Option<Output<Delivery>> {
        self.0.connection.borrow_mut().poll()
    }

    fn carry_out(&self, output: Output<Delivery>) {
        match output {
            Output::Open { generation, cursor } => self.open(generation, cursor),
            Output::Close { .. } => {
                let closed = self.0.source.borrow_mut().take();
                drop(closed);
            }
            Output::Deliver(delivery) => self.report(&Report::Delivery(Rc::new(delivery))),
            Output::Gap => self.report(&Report::Gap),
            Output::CheckSession => self.report(&Report::CheckSession),
        }
    }

    fn open(&self, generation: Generation, cursor: Option<Cursor>) {
        let url = match cursor {
            // A cursor consists of letters, digits, `-` and `_`, none of which needs escaping.
            Some(cursor) => {
                let separator = if self.0.url.contains('?') { '&' } else { '?' };
                format!("{}{separator}last_event_id={cursor}", self.0.url)
            }
            None => self.0.url.clone(),
        };
        let driver = Rc::downgrade(&self.0);
        let report = move |event| {
            if let Some(inner) = driver.upgrade() {
                let signal = read(event);
                Self(inner).input(move |connection, now| connection.handle_signal(now, generation, signal));
            }
        };
        match EventSource::open(&url, EventKind::NAMES, report) {
            Ok(source) => *self.0.source.borrow_mut() = Some(source),
            Err(_) => {
                tracing::error!("the address of the stream is none");
                self.input(move |connection, now| connection.handle_signal(now, generation, Signal::Refused));
            }
        }
    }

    fn arm_timer(&self) {
        let due = self.0.connection.borrow().poll_timeout();
        let timer = due.map(|due| {
            let driver = Rc::downgrade(&self.0);
            Timeout::new(clock::now().until(due), move || {
                if let Some(inner) = driver.upgrade() {
                    Self(inner).input(Connection::handle_timeout);
                }
            })
        });
        let old = self.0.timer.replace(timer);
        drop(old);
    }

    /// Publishes what has changed; if only the time of the last event has, at most once a second.
    fn publish(&self) {
        let status = self.0.connection.borrow().status();
        let published = self.0.published.borrow().clone();
        let without_events = |status: &Status| Status {
            last_event_at: None,
            ..status.clone()
        };
        let same_but_for_events = without_events(&status) == without_events(&published);
        if same_but_for_events {
            if status.last_event_at != published.last_event_at && self.0.publish_later.borrow().is_none() {
                let driver = Rc::downgrade(&self.0);
                let later = Timeout::new(PUBLISH_EVERY, move || {
                    if let Some(inner) = driver.upgrade() {
                        let driver = Self(inner);
                        let status = driver.0.connection.borrow().status();
                        driver.publish_now(&status);
                    }
                });
                *self.0.publish_later.borrow_mut() = Some(later);
            }
            return;
        }
        let was_connected = published.state == super::State::Connected;
        let is_connected = status.state == super::State::Connected;
        self.publish_now(&status);
        if was_connected != is_connected {
            self.report(&Report::Connected(is_connected));
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

/// From what the browser reports to what the connection understands.
fn read(event: StreamEvent) -> Signal<Delivery> {
    match event {
        StreamEvent::Opened => Signal::Opened,
        StreamEvent::Message { name, data, id } => Signal::Message(decode(&name, &data, &id)),
        StreamEvent::Lost => Signal::Lost,
        StreamEvent::Refused => Signal::Refused,
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
        // The stream and the timers go with it; what was published must not outlive them.
        let dispatch = self.dispatch.clone();
        browser::spawn(async move { dispatch.set(StatusStore::default()) });
    }
}
