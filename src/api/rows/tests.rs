//! Reading against the last body is reading, whatever was done to the body; and it reads no more than it must.

use std::cell::Cell;
use std::collections::HashMap;

use fastrand::Rng;
use serde::{Deserialize, Deserializer};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::api::Kind;

const SEEDS: u64 = if cfg!(target_arch = "wasm32") { 60 } else { 600 };

thread_local! {
    static READ: Cell<usize> = const { Cell::new(0) };
}

/// Something that counts how often one of its kind was read.
#[derive(Clone, Debug, PartialEq)]
struct Item {
    id: u32,
    text: String,
    tags: Vec<String>,
}

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(remote = "Item")]
        struct Plain {
            id: u32,
            text: String,
            #[serde(default)]
            tags: Vec<String>,
        }
        READ.set(READ.get() + 1);
        Plain::deserialize(deserializer)
    }
}

/// Reads, and says how many rows had to be read for it.
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

/// Changes some rows of thousand; returns how many had to be read, and how many of them are the same allocation as
/// before.
fn edited(edit: impl FnOnce(&mut Vec<String>)) -> (usize, usize) {
    let mut list = rows(1_000);
    let last = first(&envelope(&list));
    edit(&mut list);
    let (now, count) = read(&envelope(&list), Some(&last));
    let now = now.unwrap();
    assert_eq!(now.list(), first(&envelope(&list)).list());
    let before: HashMap<_, _> = last.list().iter().map(|row| (row.id, row)).collect();
    let is_kept = |row: &&Rc<Item>| before.get(&row.id).is_some_and(|old| Rc::ptr_eq(old, row));
    (count, now.list().iter().filter(is_kept).count())
}

#[test]
fn only_what_changed_is_read_and_the_rest_stays_the_same_allocation() {
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

    // Written differently around the rows, it is still the same list, and the next body is compared with this one.
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
fn what_is_inside_a_row_does_not_end_it() {
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
fn a_success_that_says_that_it_is_none_is_refused_as_ever() {
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
        "<html>",
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
    assert_eq!(last.list().len(), 3);
}

#[test]
fn reading_against_any_last_body_is_reading() {
    for seed in 0..SEEDS {
        let mut world = World::new(seed);
        let mut last: Option<Rows<Item>> = None;
        for step in 0..12 {
            let what = format!("seed {seed}, step {step}");
            world.edit();
            let body = world.write();
            last = Some(compare(&body, last.as_ref(), &what).unwrap_or_else(|error| panic!("{what}: {error:?}")));
            let broken = world.break_something(&body);
            let before = last.as_ref().map(|last| Rc::clone(last.list()));
            let after = compare(&broken, last.as_ref(), &what);
            assert!(
                last.as_ref().map(|last| last.list()) == before.as_ref(),
                "{what}: the last is untouched"
            );
            // What was broken may still be a list, and then it is one to go on from.
            last = after.ok().or(last);
        }
    }
}

/// Reads a body in both ways.
fn compare(body: &[u8], last: Option<&Rows<Item>>, what: &str) -> Result<Rows<Item>, ApiError> {
    let full = read_one::<Vec<Item>>(body);
    READ.set(0);
    let rows = Rows::read(body.to_vec(), last);
    let count = READ.get();
    let (full, now) = match (full, &rows) {
        (Ok(full), Ok(rows)) => (full, rows),
        (Err(full), Err(error)) => {
            assert_eq!(&full, error, "{what}");
            return rows;
        }
        (full, _) => panic!("{what}: {full:?} became {rows:?} of {}", String::from_utf8_lossy(body)),
    };
    assert!(now.list().iter().map(|row| &**row).eq(&full), "{what}");
    assert_eq!(now.body(), body, "{what}");
    check_pointers(now, last, count, what);
    rows
}

/// Every row whose bytes were there before is that row, as often as it was there; only the others were read.
fn check_pointers(now: &Rows<Item>, last: Option<&Rows<Item>>, count: usize, what: &str) {
    let mut before: HashMap<&[u8], Vec<&Rc<Item>>> = HashMap::new();
    for (span, row) in last
        .iter()
        .flat_map(|last| last.source.spans.iter().zip(last.list().iter()))
    {
        before
            .entry(span.of(last.map_or(&[], |last| last.body())))
            .or_default()
            .push(row);
    }
    let mut texts: HashMap<&[u8], (usize, usize)> = HashMap::new();
    for (span, row) in now.source.spans.iter().zip(now.list().iter()) {
        let text = span.of(now.body());
        let is_kept = before
            .get(text)
            .is_some_and(|old| old.iter().any(|old| Rc::ptr_eq(old, row)));
        let (kept, new) = texts.entry(text).or_default();
        *if is_kept { kept } else { new } += 1;
    }
    for (text, (kept, new)) in &texts {
        let old = before.get(text).map_or(0, Vec::len);
        assert!(
            *kept >= old.min(kept + new),
            "{what}: {}",
            String::from_utf8_lossy(text)
        );
    }
    let new: usize = texts.values().map(|(_, new)| new).sum();
    assert_eq!(count, new, "{what}");
}

/// A list on a server that changes, and writes itself differently every time.
struct World {
    rng: Rng,
    rows: Vec<String>,
    next_id: u32,
}

impl World {
    fn new(seed: u64) -> Self {
        let mut world = Self {
            rng: Rng::with_seed(seed),
            rows: Vec::new(),
            next_id: 0,
        };
        for _ in 0..world.rng.usize(0..12) {
            let row = world.row();
            world.rows.push(row);
        }
        world
    }

    fn space(&mut self) -> &'static str {
        ["", "", "", "", " ", "\n", "\t ", "\r\n"][self.rng.usize(0..8)]
    }

    fn row(&mut self) -> String {
        self.next_id += self.rng.u32(0..2);
        let texts = [
            "",
            "a",
            "\\\"",
            "\\\\",
            "]",
            "}",
            "{[",
            ",",
            "é🎯",
            "\\u00e9\\ud83c\\udfaf",
            ":",
        ];
        let text: String = (0..self.rng.usize(0..6))
            .map(|_| texts[self.rng.usize(0..texts.len())])
            .collect();
        let more = [
            "",
            r#","tags":[]"#,
            r#","tags":["[", "]}"]"#,
            r#","more":{"a":[{"b":[]}]}"#,
        ];
        let more = more[self.rng.usize(0..more.len())];
        let space = self.space();
        format!(r#"{{"id":{},{space}"text":"{text}"{space}{more}}}"#, self.next_id)
    }

    fn edit(&mut self) {
        for _ in 0..self.rng.usize(0..4) {
            let len = self.rows.len();
            let new = self.row();
            match self.rng.u32(0..9) {
                0 | 1 if len > 0 => self.rows[self.rng.usize(0..len)] = new,
                2 | 3 => self.rows.insert(self.rng.usize(0..=len), new),
                4 if len > 0 => drop(self.rows.remove(self.rng.usize(0..len))),
                5 if len > 0 => {
                    let row = self.rows.remove(self.rng.usize(0..len));
                    self.rows.insert(self.rng.usize(0..len), row);
                }
                6 if len > 0 => {
                    let twin = self.rows[self.rng.usize(0..len)].clone();
                    self.rows.insert(self.rng.usize(0..=len), twin);
                }
                7 => self.rng.shuffle(&mut self.rows),
                8 if len > 3 => drop(self.rows.drain(1..self.rng.usize(1..len))),
                _ => {}
            }
        }
    }

    /// The body, in one of the ways in which it can be written.
    fn write(&mut self) -> Vec<u8> {
        let mut list = String::from("[");
        for (index, row) in self.rows.clone().iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            for part in [self.space(), comma, self.space(), row] {
                list.push_str(part);
            }
        }
        list.push_str(self.space());
        list.push(']');
        let name = if self.rng.u8(0..8) == 0 { r"d\u0061ta" } else { "data" };
        let status = self.rng.choice([200, 200, 200, 201]).unwrap_or(200);
        let mut members = vec![
            format!(r#""status_code"{}:{status}"#, self.space()),
            format!(r#""{name}":{}{list}"#, self.space()),
        ];
        if self.rng.u8(0..4) == 0 {
            members.push(r#""page":{"data":[{"id":1}],"of":[1,2]}"#.to_owned());
        }
        if self.rng.u8(0..2) == 0 {
            self.rng.shuffle(&mut members);
        }
        let (before, after) = (self.space(), self.space());
        format!("{before}{{{}}}{after}", members.join(&format!("{before},{after}"))).into_bytes()
    }

    /// The body with something amiss: cut off, bytes changed, lost or too many, or a status of failure.
    fn break_something(&mut self, body: &[u8]) -> Vec<u8> {
        let mut broken = body.to_vec();
        let at = self.rng.usize(0..broken.len());
        let byte = *self.rng.choice(b"{}[],:\"\\ 0a\xff\x00".as_slice()).unwrap_or(&b' ');
        match self.rng.u8(0..6) {
            0 => broken.truncate(at),
            1 => broken[at] = byte,
            2 => drop(broken.remove(at)),
            3 => broken.insert(at, byte),
            4 => drop(broken.drain(at..(at + self.rng.usize(0..30)).min(broken.len()))),
            _ => {
                let text = String::from_utf8_lossy(&broken)
                    .replace(":200", ":404")
                    .replace(":201", ":503");
                broken = text.into_bytes();
            }
        }
        broken
    }
}

#[test]
fn a_body_that_was_cut_off_anywhere_is_refused_and_harms_nothing() {
    let mut world = World::new(7);
    for _ in 0..6 {
        world.edit();
    }
    let last = first(&envelope(&rows(3)));
    let body = world.write();
    let whole = body.trim_ascii_end().len();
    for end in 0..whole {
        assert!(
            compare(&body[..end], Some(&last), "cut off").is_err(),
            "cut off at {end}"
        );
    }
    compare(&body, Some(&last), "whole").unwrap();
}
