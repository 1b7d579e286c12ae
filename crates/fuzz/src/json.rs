//! Random JSON, and documents with random errors.

use proptest::collection::{btree_map, vec};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use serde_json::{Map, Value};

/// Texts that are known to cause errors.
const ODD: [&str; 24] = [
    "",
    " ",
    "\u{0}",
    "null",
    "\u{feff}x",
    "\u{202e}evil\u{202c}",
    "\u{200b}",
    "e\u{301}",
    "👩‍👩‍👧‍👦",
    "'; DROP TABLE actions; --",
    "<script>alert(1)</script>",
    "%00",
    "../../etc/passwd",
    "\"",
    "\\",
    "\r\n",
    "9999-12-31T23:59:59-23:59",
    "+12345-01-01T00:00:00Z",
    "0000-01-01",
    "2026-02-30T10:00:00Z",
    "2026-11-30T10:00:00",
    "00000000-0000-0000-0000-000000000000",
    "NaN",
    "1e999",
];

/// Generates any text, often an unusual or a long one.
pub fn text() -> impl Strategy<Value = String> + Clone + use<> {
    prop_oneof![
        4 => proptest::sample::select(&ODD[..]).prop_map(str::to_owned),
        3 => ".{0,40}",
        1 => (any::<char>(), 0..30_000_usize).prop_map(|(letter, count)| letter.to_string().repeat(count)),
    ]
}

/// Generates any JSON.
pub fn value() -> impl Strategy<Value = Value> + Clone {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-3..1_000_i64).prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..5).prop_map(Value::from),
            btree_map("[a-z_]{0,12}", inner, 0..5).prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// A change of one place in a document.
#[derive(Clone, Debug)]
enum Edit {
    Replace(Value),
    Remove,
    Add(String, Value),
    Rename(String),
}

/// Changes of a document, each with a number that selects the place.
#[derive(Clone, Debug)]
pub struct Edits(Vec<(usize, Edit)>);

/// Generates up to `most` changes.
pub fn edits(most: usize) -> impl Strategy<Value = Edits> {
    let edit = prop_oneof![
        4 => value().prop_map(Edit::Replace),
        2 => Just(Edit::Remove),
        1 => ("[a-z_]{1,12}", value()).prop_map(|(name, value)| Edit::Add(name, value)),
        1 => "[a-z_]{1,12}".prop_map(Edit::Rename),
    ];
    vec((any::<usize>(), edit), 0..=most).prop_map(Edits)
}

/// Returns the document after these changes.
#[must_use]
pub fn edited(mut document: Value, edits: &Edits) -> Value {
    for (place, edit) in &edits.0 {
        let mut places = Vec::new();
        collect(&document, String::new(), &mut places);
        let Some(place) = places.get(place % places.len().max(1)) else {
            continue;
        };
        apply(&mut document, place, edit);
    }
    document
}

/// Collects the JSON pointers (RFC 6901) of all places in a document.
fn collect(value: &Value, at: String, places: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let name = name.replace('~', "~0").replace('/', "~1");
                collect(value, format!("{at}/{name}"), places);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                collect(value, format!("{at}/{index}"), places);
            }
        }
        _ => {}
    }
    places.push(at);
}

fn apply(document: &mut Value, place: &str, edit: &Edit) {
    match edit {
        Edit::Replace(value) => {
            if let Some(at) = document.pointer_mut(place) {
                *at = value.clone();
            }
        }
        Edit::Add(name, value) => {
            if let Some(Value::Object(fields)) = document.pointer_mut(place) {
                fields.insert(name.clone(), value.clone());
            }
        }
        Edit::Remove => drop(take(document, place)),
        Edit::Rename(name) => {
            if let Some((fields, value)) = take(document, place) {
                fields.insert(name.clone(), value);
            }
        }
    }
}

/// Removes a field from its object. Returns both.
fn take<'document>(document: &'document mut Value, place: &str) -> Option<(&'document mut Map<String, Value>, Value)> {
    let (parent, name) = place.rsplit_once('/')?;
    let fields = document.pointer_mut(parent)?.as_object_mut()?;
    let value = fields.remove(&name.replace("~1", "/").replace("~0", "~"))?;
    Some((fields, value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Edit, Edits, edited};

    #[test]
    fn edits_reach_every_place() {
        let document = json!({ "a/b": [1, { "c": 2 }], "d": 3 });
        let edit = |place: usize, edit: Edit| edited(document.clone(), &Edits(vec![(place, edit)]));
        // Places: /a~1b/0, /a~1b/1/c, /a~1b/1, /a~1b, /d, the whole document.
        assert_eq!(
            edit(1, Edit::Replace(json!("x"))),
            json!({ "a/b": [1, { "c": "x" }], "d": 3 })
        );
        assert_eq!(edit(3, Edit::Remove), json!({ "d": 3 }));
        assert_eq!(
            edit(4, Edit::Rename("e".to_owned())),
            json!({ "a/b": [1, { "c": 2 }], "e": 3 })
        );
        assert_eq!(edit(5, Edit::Add("f".to_owned(), json!(4)))["f"], 4);
        assert_eq!(edit(11, Edit::Replace(json!(null))), json!(null));
        assert_eq!(edit(0, Edit::Remove), document, "items of a list stay");
    }
}
