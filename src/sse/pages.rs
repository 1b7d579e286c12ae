//! The lock and the channel that the pages of a person share.

use std::cell::RefCell;

use super::tabs::LockNews;
use crate::browser::Task;
use crate::browser::channel::Channel;
use crate::browser::locks::{self, Mode};

/// What is heard of the other pages.
#[derive(Clone, Debug)]
pub(super) enum Heard {
    /// What has become of the lock.
    Lock(LockNews),
    /// What one of them has said.
    Text(String),
}

/// The lock and the channel, if they are in use.
#[derive(Debug, Default)]
pub(super) struct Pages {
    channel: RefCell<Option<Channel>>,
    /// Waits for the lock, and then holds it.
    lock: RefCell<Option<Task>>,
}

impl Pages {
    /// Listens to the other pages, and asks for the lock.
    pub(super) fn seek(&self, name: &str, tell: impl Fn(Heard) + Clone + 'static) {
        if self.channel.borrow().is_none() {
            let hear = tell.clone();
            match Channel::open(name, move |text| hear(Heard::Text(text))) {
                Ok(channel) => *self.channel.borrow_mut() = Some(channel),
                // Without it the others could not be told.
                Err(_) => return tell(Heard::Lock(LockNews::Missing)),
            }
        }
        self.hold(name, false, tell);
    }

    /// Takes the lock from whoever has it.
    pub(super) fn steal(&self, name: &str, tell: impl Fn(Heard) + 'static) {
        self.hold(name, true, tell);
    }

    /// Tells all other pages this.
    pub(super) fn say(&self, text: &str) {
        if let Some(channel) = &*self.channel.borrow() {
            channel.send(text);
        }
    }

    /// Gives back the lock, or the place in its queue, and listens no longer.
    pub(super) fn leave(&self) {
        drop((self.lock.take(), self.channel.take()));
    }

    /// Waits for the lock, or takes it, and holds it for as long as nobody takes it away.
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
