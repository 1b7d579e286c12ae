//! Parsing against the last body has the same result as parsing alone, and parses no more rows than it must.

mod random;

use std::cell::Cell;
use std::collections::HashMap;

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;
use wire::json::{FromFields, Object, Unreadable};

use super::*;
use crate::api::Kind;

thread_local! {
    static READ: Cell<usize> = const { Cell::new(0) };
}

/// A row that counts how often rows of its type are parsed.
#[derive(Clone, Debug, PartialEq)]
struct Item {
    id: u32,
    text: String,
    tags: Vec<String>,
}

impl FromFields for Item {
    fn from_fields(fields: &Object<'_>) -> Result<Self, Unreadable> {
        READ.set(READ.get() + 1);
        Ok(Self {
            id: fields.take("id")?,
            text: fields.take("text")?,
            tags: fields.take_or_default("tags")?,
        })
    }
}

/// Parses a body, and returns the number of rows that were parsed for it.
fn read(body: &str, last: Option<&Rows<Item>>) -> (Result<Rows<Item>, ApiError>, usize) {
    READ.set(0);
    let rows = Rows::read(body.as_bytes().to_vec(), last);
    (rows, READ.get())
}

fn first(body: &str) -> Rows<Item> {
    read(body, None).0.unwrap()
}

fn row(id: u32, text: &str) -> String {
    format!(r#"{{"id":{id},"text":"{text}","tags":["a","b"]}}"#)
}

fn rows(count: u32) -> Vec<String> {
    (0..count).map(|id| row(id, "as it was")).collect()
}

fn envelope(rows: &[String]) -> String {
    format!(r#"{{"status_code":200,"data":[{}]}}"#, rows.join(","))
}

/// Changes some of a thousand rows. Returns the number of rows that were parsed, and the number of rows that are the
/// same allocation as before.
fn edited(edit: impl FnOnce(&mut Vec<String>)) -> (usize, usize) {
    let mut list = rows(1_000);
    let last = first(&envelope(&list));
    edit(&mut list);
    let (now, count) = read(&envelope(&list), Some(&last));
    let now = now.unwrap();
    assert_eq!(now.list(), first(&envelope(&list)).list());
    let before: HashMap<_, _> = last.list().into_iter().map(|row| (row.id, row)).collect();
    let is_kept = |row: &&Rc<Item>| before.get(&row.id).is_some_and(|old| Rc::ptr_eq(old, row));
    (count, now.list().iter().filter(is_kept).count())
}

#[test]
fn unchanged_rows_keep_their_allocation() {
    assert_eq!(edited(|_| {}), (0, 1_000));
    assert_eq!(edited(|list| list[500] = row(500, "changed")), (1, 999));
    assert_eq!(edited(|list| list.insert(0, row(7_000, "new"))), (1, 1_000));
    assert_eq!(edited(|list| list.push(row(7_000, "new"))), (1, 1_000));
    assert_eq!(edited(|list| drop(list.remove(0))), (0, 999));
    assert_eq!(edited(|list| drop(list.drain(100..900))), (0, 200));
    assert_eq!(edited(|list| list.swap(3, 900)), (0, 1_000));
    assert_eq!(edited(|list| list.reverse()), (0, 1_000));
    assert_eq!(edited(Vec::clear), (0, 0));
    let all_new = |list: &mut Vec<String>| *list = (0..1_000).map(|id| row(id, "as it is")).collect();
    assert_eq!(edited(all_new), (1_000, 0));
    let move_and_change = |list: &mut Vec<String>| {
        let moved = list.remove(10);
        list.insert(700, moved);
        list[300] = row(301, "changed");
        list.rotate_left(5);
    };
    assert_eq!(edited(move_and_change), (1, 999));
}

#[test]
fn that_nothing_changed_is_seen_by_one_pointer() {
    let body = envelope(&rows(20));
    let last = first(&body);
    let (same, count) = read(&body, Some(&last));
    assert!(same.unwrap().is_same(&last));
    assert_eq!(count, 0);

    // With other white space and members around the rows, the list is the same, and the next body is compared with this
    // one.
    let spaced = format!(
        " {{ \"more\": [1], \"data\": [ {} ],\n\"status_code\": 201 }} ",
        rows(20).join(" ,\n")
    );
    let (spaced, count) = read(&spaced, Some(&last));
    let spaced = spaced.unwrap();
    assert!(spaced.is_same(&last) && count == 0);
    let (again, count) = read(&body, Some(&spaced));
    assert!(again.unwrap().is_same(&last) && count == 0);

    let fewer = read(&envelope(&rows(19)), Some(&last)).0.unwrap();
    assert!(!fewer.is_same(&last));
    let empty = first(r#"{"status_code":200,"data":[]}"#);
    let still_empty = read(r#"{"status_code":200,"data":[ ]}"#, Some(&empty)).0.unwrap();
    assert!(still_empty.is_same(&empty));
}

#[test]
fn nested_values_do_not_end_row() {
    let odd = r#"{"id":1,"text":"]}],{\"id\":2},\\","tags":["[{","é🎯\u00e9\\\"]"],"x":[[{"y":[]}],{}]}"#;
    let body = envelope(&[row(0, ""), odd.to_owned(), row(2, "")]);
    let last = first(&body);
    assert_eq!(last.list()[1].text, r#"]}],{"id":2},\"#);
    let (now, count) = read(&envelope(&[odd.to_owned(), row(2, ""), row(3, "")]), Some(&last));
    assert!(Rc::ptr_eq(&now.unwrap().list()[0], &last.list()[1]));
    assert_eq!(count, 1);
}

#[test]
fn a_number_that_begins_like_another_is_another() {
    let read = |body: &str, last| Rows::<u32>::read(body.as_bytes().to_vec(), last).unwrap();
    let last = read(r#"{"status_code":200,"data":[1,12,123]}"#, None);
    let now = read(r#"{"status_code":200,"data":[12,123,1, 1234]}"#, Some(&last));
    assert_eq!(
        now.list().iter().map(|row| **row).collect::<Vec<_>>(),
        [12, 123, 1, 1234]
    );
    assert!(Rc::ptr_eq(&now.list()[0], &last.list()[1]));
}

#[test]
fn success_body_with_error_is_refused() {
    let last = first(&envelope(&rows(3)));
    let data = envelope(&rows(3));
    let data = data.trim_start_matches(r#"{"status_code":200,"#);
    for (status, kind) in [
        (401, Kind::Unauthorized),
        (404, Kind::NotFound),
        (500, Kind::Server(500)),
    ] {
        for body in [
            format!(r#"{{"status_code":{status},{data}"#),
            format!(r#"{{{}, "status_code":{status}}}"#, data.trim_end_matches('}')),
            format!(r#"{{"status_code":{status},"error":"x"}}"#),
        ] {
            assert_eq!(read(&body, Some(&last)).0.unwrap_err().kind(), &kind, "{body}");
            assert_eq!(
                read_one::<Vec<Item>>(body.as_bytes()).unwrap_err().kind(),
                &kind,
                "{body}"
            );
        }
    }
    let conflict = r#"{"status_code":409,"error":"conflict","message":"three goals are enough"}"#;
    let kind = Kind::Conflict("Three goals are enough.".to_owned());
    assert_eq!(read(conflict, None).0.unwrap_err().kind(), &kind);
}

#[test]
fn what_is_no_list_of_these_is_unreadable() {
    let last = first(&envelope(&rows(3)));
    for body in [
        "",
        "null",
        "[]",
        "{}",
        r#"{"data":[]}"#,
        r#"{"status_code":200}"#,
        r#"{"status_code":200,"data":null}"#,
        r#"{"status_code":200,"data":{"id":1}}"#,
        r#"{"status_code":200,"data":"[]"}"#,
        r#"{"status_code":70000,"data":[]}"#,
        r#"{"status_code":200,"data":[],"data":[]}"#,
        r#"{"status_code":200,"data":[]} {"#,
        r#"{"status_code":200,"more":tru,"data":[]}"#,
        r#"{"status_code":200,"data":[,]}"#,
        r#"{"status_code":200,"data":[1]}"#,
        r#"{"status_code":200,"data":[{"id":1,"text":"a"},]}"#,
        r#"{"status_code":200,"data":[{"id":1,"text":"a"}{"id":1,"text":"a"}]}"#,
        r#"{"status_code":200,"data":[{"id":1,"text":"a"]]}"#,
        r#"{"status_code":200,"data":[{"id":1,"text":"a"}}}"#,
        r#"{"status_code":200,"data":[{"id":1,"text":"a","id":2}]}"#,
        r#"{"status_code":200,"data":[{"id":1}]}"#,
    ] {
        for last in [None, Some(&last)] {
            assert_eq!(read(body, last).0.unwrap_err().kind(), &Kind::Unreadable, "{body}");
        }
    }
    assert_eq!(read("<html>", None).0.unwrap_err().kind(), &Kind::Intercepted);
    assert_eq!(last.list().len(), 3);
}

fn named(number: u128, text: &str) -> String {
    let id = Uuid::from_u128(number);
    format!(r#"{{"id":"{id}","version":{number},"text":{text}}}"#)
}

/// A row with an id.
#[derive(Clone, Debug, PartialEq)]
struct Named(String);

impl FromFields for Named {
    fn from_fields(fields: &Object<'_>) -> Result<Self, Unreadable> {
        READ.set(READ.get() + 1);
        fields.take("text").map(Self)
    }
}

#[test]
fn unreadable_row_leaves_other_rows() {
    let list = [named(1, r#""a""#), named(2, "7"), named(3, r#""c""#)];
    let read = |list: &[String], last: Option<&Rows<Named>>| Rows::read(envelope(list).into_bytes(), last).unwrap();
    let first = read(&list, None);
    let texts = |rows: &Rows<Named>| rows.list().iter().map(|row| row.0.clone()).collect::<String>();
    assert_eq!(texts(&first), "ac");
    let illegible = Illegible {
        id: Uuid::from_u128(2),
        version: Some(2),
    };
    assert_eq!(first.illegible().collect::<Vec<_>>(), [illegible]);
    // The unreadable row is not parsed again while its bytes are the same.
    READ.set(0);
    let moved = [list[1].clone(), list[0].clone(), named(4, r#""d""#)];
    let moved = read(&moved, Some(&first));
    assert_eq!(
        (texts(&moved).as_str(), moved.illegible().count(), READ.get()),
        ("ad", 1, 1)
    );
    let mended = read(&[named(2, r#""b""#)], Some(&moved));
    assert_eq!((texts(&mended).as_str(), mended.illegible().count()), ("b", 0));
}

#[test]
fn what_has_no_id_is_no_row() {
    for row in [r#"{"text":7}"#, r#"{"id":"x","text":7}"#, r#"{"id":7}"#, "7", "null"] {
        let body = envelope(&[named(1, r#""a""#), row.to_owned()]);
        let error = Rows::<Named>::read(body.into_bytes(), None).unwrap_err();
        assert_eq!(error.kind(), &Kind::Unreadable, "{row}");
    }
}
