//! Tests with tables and with random rows.

use serde_json::{Value, json};

use super::{Changes, FieldConflict, Row};

fn row(fields: &[(&str, Value)]) -> Row {
    fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), value.clone()))
        .collect()
}

/// A change of the field `x`.
fn change(from: Value, to: Value) -> Changes {
    Changes::between(&row(&[("x", from)]), &row(&[("x", to)]))
}

#[test]
fn merges_one_field_by_three_values() {
    let written = |from, to| (change(from, to), Vec::new());
    let done = || (Changes::default(), Vec::new());
    let conflict = |from: Value, mine: Value, theirs: Value| {
        let field = "x".to_owned();
        let conflict = FieldConflict {
            field,
            from,
            mine,
            theirs,
        };
        (Changes::default(), vec![conflict])
    };
    let (a, b, c) = (json!("a"), json!("b"), json!("c"));
    let table = [
        // from, to, now, (write, conflicts)
        (a.clone(), b.clone(), a.clone(), written(a.clone(), b.clone())),
        (a.clone(), b.clone(), b.clone(), done()),
        (
            a.clone(),
            b.clone(),
            c.clone(),
            conflict(a.clone(), b.clone(), c.clone()),
        ),
        (Value::Null, b.clone(), Value::Null, written(Value::Null, b.clone())),
        (Value::Null, b.clone(), c.clone(), conflict(Value::Null, b, c.clone())),
        (a.clone(), Value::Null, a.clone(), written(a.clone(), Value::Null)),
        (a.clone(), Value::Null, Value::Null, done()),
        (a.clone(), Value::Null, c.clone(), conflict(a, Value::Null, c)),
        (
            json!([1]),
            json!([1, 2]),
            json!([1]),
            written(json!([1]), json!([1, 2])),
        ),
    ];
    for (from, to, now, (write, conflicts)) in table {
        let merged = change(from.clone(), to.clone()).merge(&row(&[("x", now.clone())]));
        assert_eq!(
            (merged.write, merged.conflicts),
            (write, conflicts),
            "{from} → {to}, now {now}"
        );
    }
}

#[test]
fn absent_field_counts_as_null() {
    let changes = Changes::between(&Row::new(), &row(&[("x", json!(1))]));
    assert!(changes.fits(&Row::new()) && changes.fits(&row(&[("x", Value::Null)])));
    assert!(Changes::between(&Row::new(), &row(&[("x", Value::Null)])).is_empty());
}

#[test]
fn changing_back_leaves_nothing_to_send() {
    let there = change(json!(false), json!(true));
    assert!(there.then(&there.reversed()).is_empty());
    let twice = change(json!("a"), json!("b")).then(&change(json!("b"), json!("c")));
    assert_eq!(twice, change(json!("a"), json!("c")));
}

#[test]
fn present_values_are_no_change() {
    let before = row(&[("x", json!("a")), ("y", Value::Null)]);
    let changes = Changes::between(&before, &row(&[("x", json!("b")), ("y", json!(1))]));
    let left = |now: &[(&str, Value)]| changes.beyond(&row(now)).patch();
    assert_eq!(left(&[("x", json!("b")), ("y", Value::Null)]), row(&[("y", json!(1))]));
    assert_eq!(left(&[("x", json!("b")), ("y", json!(1))]), Row::new());
    // Another person's value is not the wanted one.
    assert_eq!(left(&[("x", json!("c"))]), changes.patch());
}

#[test]
fn overtaken_value_counts_as_change() {
    let gone = row(&[("x", json!("c"))]);
    let late = change(json!("a"), json!("b")).beyond(&gone);
    let back = late.then(&change(json!("b"), json!("a")));
    assert_eq!(back.apply(&gone), row(&[("x", json!("a"))]));
    assert_eq!(back.merge(&gone).conflicts.len(), 1, "it is not known who changed it");
    assert!(back.merge(&row(&[("x", json!("a"))])).conflicts.is_empty());
}

#[test]
fn changes_of_another_screen_are_another_intent() {
    let earlier = change(json!("a"), json!("b"));
    assert!(earlier.leads_to(&change(json!("b"), json!("c"))));
    assert!(earlier.leads_to(&change(json!("b"), json!("a"))));
    assert!(earlier.leads_to(&change(json!("x"), json!("b"))), "both want the same");
    assert!(!earlier.leads_to(&change(json!("x"), json!("c"))));
    assert!(
        !earlier.leads_to(&change(json!("x"), json!("a"))),
        "this must not come to nothing"
    );
    assert!(earlier.leads_to(&Changes::default()));
}

#[test]
fn conflict_overwrites_what_was_seen() {
    let merged = change(json!("a"), json!("b")).merge(&row(&[("x", json!("c"))]));
    let overwrite: Changes = merged.conflicts.iter().map(FieldConflict::overwrite).collect();
    assert_eq!(overwrite, change(json!("c"), json!("b")));
}

/// A generator of random rows with three fields of three values each.
struct Random(fastrand::Rng);

impl Random {
    fn row(&mut self) -> Row {
        let fields = ["a", "b", "c"];
        let fields = fields.map(|name| (name, [json!(1), json!(2), Value::Null][self.0.usize(..3)].clone()));
        row(&fields)
    }
}

#[test]
fn merge_loses_no_confirmed_value_and_no_intent() {
    let mut random = Random(fastrand::Rng::with_seed(7));
    for _ in 0..20_000 {
        let (seen, wanted, now) = (random.row(), random.row(), random.row());
        let changes = Changes::between(&seen, &wanted);
        let merged = changes.merge(&now);
        let after = merged.write.apply(&now);
        for (field, value) in &after {
            let theirs_changed = now[field] != seen[field];
            let mine_changed = wanted[field] != seen[field];
            if theirs_changed {
                assert_eq!(
                    *value, now[field],
                    "a value that this person has not seen is never overwritten"
                );
            }
            let is_conflict = merged.conflicts.iter().any(|conflict| conflict.field == *field);
            assert_eq!(
                is_conflict,
                theirs_changed && mine_changed && now[field] != wanted[field],
                "{field}: {seen:?} → {wanted:?}, now {now:?}"
            );
            if mine_changed && !is_conflict {
                assert_eq!(*value, wanted[field], "an intent without conflict is carried out");
            }
        }
        assert!(merged.write.fits(&now));
        assert_eq!(changes.apply(&seen), wanted);
    }
}

#[test]
fn combined_intents_equal_one_after_the_other() {
    let mut random = Random(fastrand::Rng::with_seed(8));
    for _ in 0..20_000 {
        let (first, second, third) = (random.row(), random.row(), random.row());
        let one = Changes::between(&first, &second);
        let other = Changes::between(&second, &third);
        let both = one.then(&other);
        assert_eq!(both.apply(&first), third);
        assert_eq!(both, both.iter().cloned().collect());
        assert_eq!(both.reversed().apply(&third), first);
    }
}
