//! The log output in the browser's console.

use log::{Level, LevelFilter, Log, Metadata, Record};

use crate::browser::page;

/// Installs the logger: with `everything` it writes all messages, otherwise only warnings and errors.
pub fn install(everything: bool) {
    log::set_max_level(if everything {
        LevelFilter::Info
    } else {
        LevelFilter::Warn
    });
    if log::set_logger(&Console).is_err() {
        page::log(page::Severity::Error, "the console is in use already");
    }
}

struct Console;

impl Log for Console {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.level() <= log::max_level()
    }

    fn log(&self, record: &Record<'_>) {
        let severity = match record.level() {
            Level::Error => page::Severity::Error,
            Level::Warn => page::Severity::Warning,
            Level::Info | Level::Debug | Level::Trace => page::Severity::Debug,
        };
        page::log(severity, &format!("[{}] {}", record.target(), record.args()));
    }

    fn flush(&self) {}
}
