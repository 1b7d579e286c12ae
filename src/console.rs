//! Writes what the app has to say about itself to the browser's console.

use std::fmt::Write;

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

use crate::browser::page;

/// Writes events to the console: all of them, or only warnings and errors.
pub fn install(everything: bool) {
    let level = if everything { Level::INFO } else { Level::WARN };
    if tracing::subscriber::set_global_default(Console { level }).is_err() {
        error("the console is in use already");
    }
}

/// Writes an error to the console.
pub fn error(text: &str) {
    page::log(page::Severity::Error, text);
}

struct Console {
    level: Level,
}

impl Subscriber for Console {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event() && *metadata.level() <= self.level
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(format!("[{}]", event.metadata().target()));
        event.record(&mut line);
        let severity = match *event.metadata().level() {
            Level::ERROR => page::Severity::Error,
            Level::WARN => page::Severity::Warning,
            _ => page::Severity::Debug,
        };
        page::log(severity, &line.0);
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        let written = match field.name() {
            "message" => write!(self.0, " {value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
        debug_assert!(written.is_ok(), "a string takes everything");
    }
}
