//! The lock and the channel that the tabs of a person share.

use std::cell::RefCell;

use super::tabs::LockNews;
use crate::browser::Task;
use crate::browser::channel::Channel;
use crate::browser::locks::{self, Mode};

/// A report about the other tabs.
#[derive(Clone, Debug)]
pub(super) enum Heard {
    /// A change of the lock.
    Lock(LockNews),
    /// A text from another tab.
    Text(String),
}

/// The lock and the channel, while they are in use.
#[derive(Debug, Default)]
pub(super) struct Pages {
    channel: RefCell<Option<Channel>>,
    /// The task that waits for the lock, and then holds it.
    lock: RefCell<Option<Task>>,
}

impl Pages {
    /// Opens the channel to the other tabs, and requests the lock.
    pub(super) fn seek(&self, name: &str, tell: impl Fn(Heard) + Clone + 'static) {
        if self.channel.borrow().is_none() {
            let hear = tell.clone();
            match Channel::open(name, move |text| hear(Heard::Text(text))) {
                Ok(channel) => *self.channel.borrow_mut() = Some(channel),
                // Without the channel, the leader could not send anything to the other tabs.
                Err(_) => return tell(Heard::Lock(LockNews::Missing)),
            }
        }
        self.hold(name, false, tell);
    }

    /// Steals the lock from its holder.
    pub(super) fn steal(&self, name: &str, tell: impl Fn(Heard) + 'static) {
        self.hold(name, true, tell);
    }

    /// Sends this to all other tabs.
    pub(super) fn say(&self, text: &str) {
        if let Some(channel) = &*self.channel.borrow() {
            channel.send(text);
        }
    }

    /// Releases the lock, or its place in the queue, and closes the channel.
    pub(super) fn leave(&self) {
        drop((self.lock.take(), self.channel.take()));
    }

    /// Waits for the lock, or steals it, and holds it until another tab steals it.
    fn hold(&self, name: &str, steals: bool, tell: impl Fn(Heard) + 'static) {
        let name = name.to_owned();
        let task = Task::new(async move {
            let tell = |news| tell(Heard::Lock(news));
            let at_once = if steals {
                locks::steal(&name).await.map(Some)
            } else {
                locks::try_request(&name, Mode::Exclusive).await
            };
            let lock = match at_once {
                Ok(Some(lock)) => Ok(lock),
                Ok(None) => {
                    tell(LockNews::Taken);
                    locks::request(&name, Mode::Exclusive).await
                }
                Err(error) => Err(error),
            };
            match lock {
                Ok(mut lock) => {
                    tell(LockNews::Granted);
                    lock.lost().await;
                    tell(LockNews::Lost);
                }
                Err(_) => tell(LockNews::Missing),
            }
        });
        let before = self.lock.replace(Some(task));
        drop(before);
    }
}
