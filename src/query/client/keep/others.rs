//! Other tabs of the same person: what they have not sent is taken up once they are gone.

use std::rc::Rc;

use super::super::super::query::Backend;
use super::super::QueryClient;
use super::disk::{Disk, tab_lock};
use crate::browser::locks::{self, Mode};
use crate::browser::{self, storage};

impl Disk {
    /// The other tabs that have changes that were not sent, be they alive or gone.
    fn others_with_unsent(&self) -> Vec<String> {
        let mut tabs = storage::tabs_with_unsent().unwrap_or_default();
        tabs.retain(|tab| *tab != self.tab);
        tabs
    }
}

impl<B: Backend> QueryClient<B> {
    /// Whether another tab of this person has mutations that have not settled. They go when the person leaves in this one.
    #[must_use]
    pub fn others_have_unsent(&self) -> bool {
        let disk = self.0.state.borrow().keep.disk.clone();
        disk.is_some_and(|disk| !disk.others_with_unsent().is_empty())
    }

    /// Waits for the end of each other tab that has unsent mutations, and takes these up.
    pub(in crate::query) fn watch_other_tabs(&self) {
        let Some(disk) = self.0.state.borrow().keep.disk.clone() else {
            return;
        };
        for tab in disk.others_with_unsent() {
            let is_new = self.0.state.borrow_mut().keep.watched.insert(tab.clone());
            if !is_new {
                continue;
            }
            let (client, disk) = (self.downgrade(), Rc::clone(&disk));
            browser::spawn(async move {
                // A tab holds this lock as long as it lives. Where there are no locks, nobody can tell.
                let Ok(lock) = locks::request(&tab_lock(&tab), Mode::Shared).await else {
                    return;
                };
                // Held on, it would say that the tab still lives.
                drop(lock);
                if let Some(client) = client.upgrade() {
                    client.0.state.borrow_mut().keep.watched.remove(&tab);
                    client.take_up_left(&disk).await;
                }
            });
        }
    }

    async fn take_up_left(&self, disk: &Rc<Disk>) {
        let Some(database) = disk.database().filter(|_| !disk.is_left()) else {
            return;
        };
        let mutations = disk.adopt(&database).await;
        if !disk.is_left() {
            self.take_up_mutations(disk, mutations);
        }
    }
}
