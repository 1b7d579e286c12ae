//! The changes that the restoration of a row makes again.

use super::{Ledger, Wish};

impl Ledger {
    /// Adds the updates that were sent with the deletion of a row to the story of its restoration: the person expects
    /// them back with the row.
    pub(super) fn bring_back(&mut self, key: u64) {
        let Some(story) = self
            .stories
            .get(&key)
            .filter(|story| matches!(*story.wishes, [Wish::Restore]))
        else {
            return;
        };
        let rows = self.rows(story);
        let mut earlier = self
            .stories
            .range(..key)
            .rev()
            .map(|(_, earlier)| earlier)
            .filter(|earlier| {
                let is_same = earlier.tab == story.tab && self.rows(earlier).iter().any(|row| rows.contains(row));
                is_same && earlier.is_answered && (earlier.sum().delete.is_some() || earlier.sum().restores)
            });
        let deletion = earlier.next().filter(|earlier| earlier.sum().delete.is_some());
        let wishes = deletion.iter().flat_map(|deletion| &deletion.wishes);
        let changes: Vec<Wish> = wishes
            .filter(|wish| matches!(wish, Wish::Update(..)))
            .cloned()
            .collect();
        if let Some(story) = self.stories.get_mut(&key) {
            story.wishes.splice(..0, changes);
        }
    }
}
