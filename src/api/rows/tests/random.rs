//! Random changes, spellings and faults of a list: parsing against any last body equals parsing alone.

use std::collections::HashMap;

use fastrand::Rng;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const SEEDS: u64 = if cfg!(target_arch = "wasm32") { 60 } else { 600 };

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
            let before = last.as_ref().map(Rows::list);
            let after = compare(&broken, last.as_ref(), &what);
            assert!(last.as_ref().map(Rows::list) == before, "{what}: the last is untouched");
            // A broken body may still be a valid list. The next body is then compared with it.
            last = after.ok().or(last);
        }
    }
}

/// Parses a body in both ways.
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

/// Checks that each row with the bytes of an earlier row is that row, as often as the earlier body has it, and that
/// only the other rows were parsed.
fn check_pointers(now: &Rows<Item>, last: Option<&Rows<Item>>, count: usize, what: &str) {
    let mut before: HashMap<&[u8], Vec<Rc<Item>>> = HashMap::new();
    for (span, row) in last.iter().flat_map(|last| last.source.spans.iter().zip(last.list())) {
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

/// A list on a server, which changes and is written differently every time.
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

    /// Writes the body in one of its possible spellings.
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

    /// Breaks the body: truncates it, changes, removes or inserts bytes, or changes the status to a failure.
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
fn truncated_body_is_refused() {
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
