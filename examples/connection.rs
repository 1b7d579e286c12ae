//! The connection's state machine without a browser: inputs in, effects out, in virtual time.
//!
//! `cargo run --example connection` prints the effects of a stream that is lost and retried.
#![expect(clippy::print_stdout, reason = "it is a program that prints")]

use freshet::sse::{Connection, Frame, Generation, Hello, Message, Output, Settings, Signal};
use freshet::time::Instant;

fn main() {
    let seed = 1;
    let mut connection = Connection::<&str>::new(Settings::default(), seed);
    let mut now = Instant::from_millis(0);

    connection.start(now);
    let first = carry_out(now, &mut connection);

    let hello = Hello {
        resumed: false,
        cursor: "log-7".parse().ok(),
        heartbeat_ms: Some(15_000),
    };
    for frame in [Frame::Hello(hello), Frame::Event("action_created")] {
        let cursor = None;
        connection.handle_signal(now, first, Signal::Message(Message { cursor, frame }));
    }
    carry_out(now, &mut connection);

    connection.handle_signal(now, first, Signal::Lost);
    carry_out(now, &mut connection);

    // Time is an input as well: the next attempt is due when the machine says so.
    while let Some(due) = connection.poll_timeout().filter(|due| due.as_millis() < 5_000) {
        now = due;
        connection.handle_timeout(now);
        carry_out(now, &mut connection);
    }
}

/// Prints the effects. Returns the number of the stream that was opened last.
fn carry_out(now: Instant, connection: &mut Connection<&'static str>) -> Generation {
    let mut opened = Generation::default();
    while let Some(effect) = connection.poll() {
        println!("{:>5} ms  {:?}  {effect:?}", now.as_millis(), connection.status().state);
        if let Output::Open { generation, .. } = effect {
            opened = generation;
        }
    }
    opened
}
