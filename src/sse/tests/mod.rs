//! The connection in virtual time: tables of inputs with their times, and of the expected outputs.

mod browser;
mod clocks;
mod intake;
mod invariants;
mod lifetime;
mod liveness;
mod polling;
mod position;
mod recovery;
mod refusal;
mod tabs;

use std::time::Duration;

use Output::{Begun, Close, Deliver, Gap, Open, Probe, Refresh, SessionEnded};
use wire::Cursor;

use super::connection::Connection;
use super::output::Output;
use super::phase::Role;
use super::polling::Need;
use super::settings::Settings;
use super::status::{Cause, Failure, State, Status};
use super::transport::{Answer, Frame, Generation, Hello, Message, Signal};
use crate::backoff::Backoff;
use crate::time::Instant;

/// The default settings without jitter, and with gaps that are reported at once.
const SETTINGS: Settings = Settings {
    backoff: Backoff {
        jitter: 0.0,
        ..Backoff::DEFAULT
    },
    spread: Duration::ZERO,
    gap_delay: Duration::ZERO,
    gap_spread: Duration::ZERO,
    ..Settings::DEFAULT
};

/// A connection whose clock is a number.
struct World {
    connection: Connection<u32>,
    now: Instant,
    seen: Vec<(u64, Output<u32>)>,
}

impl World {
    fn new(settings: Settings) -> Self {
        Self::by_chance(settings, 7)
    }

    fn by_chance(settings: Settings, seed: u64) -> Self {
        Self {
            connection: Connection::new(settings, seed),
            now: Instant::default(),
            seen: Vec::new(),
        }
    }

    /// Lets time pass until `ms`, as the driver would: by waking the connection at each of its deadlines.
    fn at(&mut self, ms: u64) -> &mut Self {
        let until = Instant::from_millis(ms);
        while let Some(deadline) = self.connection.poll_timeout().filter(|deadline| *deadline <= until) {
            self.now = self.now.max(deadline);
            self.connection.handle_timeout(self.now);
            self.drain();
        }
        self.now = until;
        self
    }

    fn act(&mut self, act: impl FnOnce(&mut Connection<u32>, Instant)) -> &mut Self {
        act(&mut self.connection, self.now);
        self.connection.handle_timeout(self.now);
        self.drain();
        self
    }

    fn drain(&mut self) {
        while let Some(output) = self.connection.poll() {
            if !matches!(output, Begun(_)) {
                self.seen.push((self.now.as_millis(), output));
            }
        }
    }

    fn start(&mut self) -> &mut Self {
        self.act(Connection::start)
    }

    fn stop(&mut self) -> &mut Self {
        self.act(|connection, _| connection.stop())
    }

    fn signal(&mut self, generation: u64, signal: Signal<u32>) -> &mut Self {
        self.act(|connection, now| connection.handle_signal(now, Generation(generation), signal))
    }

    fn hello(&mut self, generation: u64, hello: Hello) -> &mut Self {
        self.signal(generation, message(None, Frame::Hello(hello)))
    }

    fn event(&mut self, generation: u64, id: Option<&str>, event: u32) -> &mut Self {
        self.signal(generation, message(id, Frame::Event(event)))
    }

    fn read(&mut self, position: &str) -> &mut Self {
        self.act(|connection, now| connection.handle_read(now, position.parse().ok()))
    }

    /// Passes the server's reason for refusing a stream.
    fn answer(&mut self, generation: u64, answer: Answer) -> &mut Self {
        self.act(|connection, now| connection.handle_answer(now, Generation(generation), answer))
    }

    /// Lets time pass without waking the connection, like a machine that sleeps.
    fn sleep_until(&mut self, ms: u64) -> &mut Self {
        self.now = Instant::from_millis(ms);
        self.act(|_, _| ())
    }

    /// Returns the number of the newest stream.
    fn newest(&self) -> u64 {
        let newest = |(_, output): &(u64, Output<u32>)| match output {
            Open { generation, .. } => Some(generation.0),
            _ => None,
        };
        self.seen.iter().rev().find_map(newest).unwrap_or_default()
    }

    #[track_caller]
    fn expect(&mut self, expected: &[(u64, Output<u32>)]) -> &mut Self {
        assert_eq!(std::mem::take(&mut self.seen), expected);
        self
    }

    #[track_caller]
    fn state(&mut self, state: State) -> &mut Self {
        assert_eq!(self.connection.status().state, state);
        self
    }
}

fn message<E>(id: Option<&str>, frame: Frame<E>) -> Signal<E> {
    Signal::Message(Message {
        cursor: id.and_then(|id| id.parse().ok()),
        frame,
    })
}

fn open(generation: u64) -> Output<u32> {
    Open {
        generation: Generation(generation),
        cursor: None,
        ticket: None,
    }
}

fn open_at(generation: u64, cursor: &str) -> Output<u32> {
    Open {
        generation: Generation(generation),
        cursor: Some(cursor.parse::<Cursor>().unwrap()),
        ticket: None,
    }
}

fn close(generation: u64) -> Output<u32> {
    Close {
        generation: Generation(generation),
    }
}

fn probe(generation: u64) -> Output<u32> {
    Probe {
        generation: Generation(generation),
    }
}

fn fresh(cursor: &str) -> Hello {
    Hello {
        resumed: false,
        cursor: cursor.parse().ok(),
        heartbeat_ms: Some(15_000),
    }
}

fn resumed() -> Hello {
    Hello {
        resumed: true,
        cursor: None,
        heartbeat_ms: Some(15_000),
    }
}
