//! The order of lists. They come from the store in order of creation; a sort keeps that order among equals.

use std::cmp::Ordering;

/// Which way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Order {
    #[default]
    Asc,
    Desc,
}

/// How a list was asked to be sorted, by the fields of `F`.
#[derive(Clone, Copy, Debug, serde::Deserialize)]
pub(super) struct Sort<F> {
    sort_by: Option<F>,
    sort_order: Option<Order>,
}

impl<F: Copy> Sort<F> {
    /// Sorts, if a sort was asked for. `default` is the field if only the order was named; `compare` goes upwards.
    pub(super) fn apply<T>(self, items: &mut [T], default: F, compare: impl Fn(F, &T, &T) -> Ordering) {
        if self.sort_by.is_none() && self.sort_order.is_none() {
            return;
        }
        let field = self.sort_by.unwrap_or(default);
        match self.sort_order.unwrap_or_default() {
            Order::Asc => items.sort_by(|a, b| compare(field, a, b)),
            Order::Desc => items.sort_by(|a, b| compare(field, b, a)),
        }
    }
}

/// Compares so that what is missing comes after everything that is there.
pub(super) fn missing_last<T: Ord>(a: Option<&T>, b: Option<&T>) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => a.cmp(b),
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
    }
}

#[cfg(test)]
mod tests {
    use super::{Order, Sort, missing_last};

    #[derive(Clone, Copy)]
    struct Due;

    fn sorted(sort: Sort<Due>) -> Vec<(u8, Option<u8>)> {
        let mut items = vec![(1, Some(5)), (2, None), (3, Some(4)), (4, Some(5))];
        sort.apply(&mut items, Due, |Due, a, b| missing_last(a.1.as_ref(), b.1.as_ref()));
        items
    }

    #[test]
    fn equals_keep_their_order() {
        let asc = sorted(Sort {
            sort_by: Some(Due),
            sort_order: None,
        });
        assert_eq!(asc, [(3, Some(4)), (1, Some(5)), (4, Some(5)), (2, None)]);
        let desc = sorted(Sort {
            sort_by: None,
            sort_order: Some(Order::Desc),
        });
        assert_eq!(desc, [(2, None), (1, Some(5)), (4, Some(5)), (3, Some(4))]);
        let unasked = sorted(Sort {
            sort_by: None,
            sort_order: None,
        });
        assert_eq!(unasked, [(1, Some(5)), (2, None), (3, Some(4)), (4, Some(5))]);
    }
}
