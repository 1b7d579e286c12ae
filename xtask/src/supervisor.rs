//! Runs programs in the foreground until one ends or the user interrupts, and leaves none behind.

use std::process::{Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use shared_child::SharedChild;

/// The time limit for a program to end after the request to do so.
const GRACE: Duration = Duration::from_secs(10);

/// An event that a [`Supervisor`] waits for.
#[derive(Debug)]
pub(crate) enum Happening {
    /// The user has requested the end, with Ctrl-C.
    Interrupted,
    /// A program has ended by itself.
    Ended {
        /// The name of the program.
        name: &'static str,
        /// Its exit status.
        status: Option<ExitStatus>,
    },
}

/// The owner of the running programs; it ends them when dropped.
#[derive(Debug)]
pub(crate) struct Supervisor {
    happenings: Receiver<Happening>,
    sender: Sender<Happening>,
    running: Vec<Arc<SharedChild>>,
}

impl Supervisor {
    /// Returns a supervisor without programs. From now on Ctrl-C does not end this program but is a [`Happening`].
    ///
    /// # Errors
    ///
    /// If there is a supervisor already.
    pub(crate) fn new() -> anyhow::Result<Self> {
        let (sender, happenings) = mpsc::channel();
        let interrupts = sender.clone();
        // The channel is closed once the supervisor is gone: the program is about to end then.
        ctrlc::set_handler(move || drop(interrupts.send(Happening::Interrupted)))
            .context("cannot listen for Ctrl-C")?;
        Ok(Self {
            happenings,
            sender,
            running: Vec::new(),
        })
    }

    /// Starts a program.
    ///
    /// # Errors
    ///
    /// If the program can not be started.
    pub(crate) fn spawn(&mut self, name: &'static str, command: &mut Command) -> anyhow::Result<()> {
        let child = SharedChild::spawn(command.stdin(Stdio::null())).with_context(|| format!("cannot start {name}"))?;
        let child = Arc::new(child);
        self.running.push(Arc::clone(&child));
        let sender = self.sender.clone();
        thread::spawn(move || {
            let status = child.wait().ok();
            drop(sender.send(Happening::Ended { name, status }));
        });
        Ok(())
    }

    /// Waits for the next event.
    pub(crate) fn next(&self) -> Happening {
        // The supervisor holds a sender itself, so the channel is never closed.
        self.happenings.recv().unwrap_or(Happening::Interrupted)
    }

    /// Waits for the next event, but not longer than `limit`.
    pub(crate) fn next_within(&self, limit: Duration) -> Option<Happening> {
        match self.happenings.recv_timeout(limit) {
            Ok(happening) => Some(happening),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => Some(Happening::Interrupted),
        }
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        let alive = |child: &Arc<SharedChild>| matches!(child.try_wait(), Ok(None));
        self.running.retain(alive);
        for child in &self.running {
            ask_to_end(child);
        }
        let deadline = Instant::now() + GRACE;
        while self.running.iter().any(alive) {
            let left = deadline.saturating_duration_since(Instant::now());
            if self.next_within(left).is_none() {
                break;
            }
        }
        for child in self.running.iter().filter(|child| alive(child)) {
            // An error means that the program has just ended by itself.
            drop(child.kill());
        }
    }
}

#[cfg(unix)]
fn ask_to_end(child: &SharedChild) {
    use shared_child::unix::SharedChildExt as _;
    // An error means that the program has just ended by itself.
    drop(child.send_signal(TERMINATE));
}

/// `SIGTERM`, the same number on every Unix.
#[cfg(unix)]
const TERMINATE: std::ffi::c_int = 15;

#[cfg(not(unix))]
fn ask_to_end(child: &SharedChild) {
    drop(child.kill());
}
