//! Finds the positions of values in JSON text without parsing them.
//!
//! These functions do not allocate and do not validate: only parsing a value shows whether it is well formed.

/// Returns the position of the next byte that is not white space.
pub(super) fn space(text: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\t' | b'\n' | b'\r') = text.get(at) {
        at += 1;
    }
    at
}

/// Returns the end of the value that begins at `at`. Returns `None` if no value begins there, or if the text ends
/// before the value does.
pub(super) fn value_end(text: &[u8], at: usize) -> Option<usize> {
    match text.get(at)? {
        b'"' => string_end(text, at + 1),
        b'{' | b'[' => nested_end(text, at + 1),
        _ => {
            let mut end = at;
            while !is_delimiter(text, end) {
                end += 1;
            }
            (end > at).then_some(end)
        }
    }
}

/// Whether a value that stands before this position ends here.
pub(super) fn is_delimiter(text: &[u8], at: usize) -> bool {
    matches!(
        text.get(at),
        None | Some(b',' | b']' | b'}' | b':' | b' ' | b'\t' | b'\n' | b'\r')
    )
}

fn string_end(text: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match text.get(at)? {
            b'"' => return Some(at + 1),
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

fn nested_end(text: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 1_usize;
    loop {
        match text.get(at)? {
            b'"' => {
                at = string_end(text, at + 1)?;
                continue;
            }
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
        at += 1;
    }
}

/// Returns the position of the value of a member of the object `text`. Returns `None` if there is no such member, or if
/// `text` is not an object.
pub(super) fn member(text: &[u8], name: &str) -> Option<usize> {
    let is = |at, byte: u8| text.get(at) == Some(&byte);
    let mut at = space(text, 0);
    if !is(at, b'{') {
        return None;
    }
    loop {
        let key = space(text, at + 1);
        if !is(key, b'"') {
            return None;
        }
        let key_end = string_end(text, key + 1)?;
        let colon = space(text, key_end);
        if !is(colon, b':') {
            return None;
        }
        let value = space(text, colon + 1);
        if is_called(text.get(key..key_end)?, name) {
            return Some(value);
        }
        at = space(text, value_end(text, value)?);
        if !is(at, b',') {
            return None;
        }
    }
}

/// Whether a quoted name is this one, with or without escape sequences.
fn is_called(quoted: &[u8], name: &str) -> bool {
    let plain = quoted.get(1..quoted.len().saturating_sub(1));
    plain == Some(name.as_bytes())
        || (quoted.contains(&b'\\') && wire::json::read::<String>(quoted).is_ok_and(|read| read == name))
}

/// Parses the number at this member of the object `text`.
pub(super) fn number(text: &[u8], name: &str) -> Option<u16> {
    let at = member(text, name)?;
    wire::json::read(text.get(at..value_end(text, at)?)?).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{member, number, value_end};

    const VALUES: [&str; 12] = [
        "1",
        "-1.5e-7",
        "true",
        "null",
        r#""""#,
        r#""a\"b\\""#,
        r#""]}{[,:é🎯\u00e9""#,
        "[]",
        "{}",
        r#"[[1, {"a]": "}\\\"["}], 2]"#,
        r#"{"a" : {"b":[{}, "\\"]}}"#,
        "[ \n\t\r]",
    ];

    #[test]
    fn value_ends_before_following_text() {
        for value in VALUES {
            for rest in ["", ",1", "]", "}", " ", "\n]", ":2"] {
                let text = format!("  {value}{rest}");
                assert_eq!(value_end(text.as_bytes(), 2), Some(2 + value.len()), "{text}");
            }
        }
    }

    #[test]
    fn incomplete_text_is_no_value() {
        for value in VALUES.iter().filter(|value| value.len() > 5) {
            let is_number = value.starts_with('-');
            for end in 1..value.len() {
                let found = value_end(&value.as_bytes()[..end], 0);
                assert_eq!(found, is_number.then_some(end), "{value} up to {end}");
            }
        }
        for text in ["", ",", "]", "}", " 1"] {
            assert_eq!(value_end(text.as_bytes(), 0), None, "{text}");
        }
        assert_eq!(value_end(b"1", 7), None);
    }

    #[test]
    fn member_is_found_by_escaped_name() {
        for text in [
            r#"{"data":7}"#,
            " { \"a\" : {\"data\":1} ,\n \"b\":\"data\", \"data\" :7 } ",
            r#"{"\\":[],"d\u0061ta":7}"#,
        ] {
            let at = member(text.as_bytes(), "data").unwrap();
            assert_eq!(&text[at..=at], "7", "{text}");
            let read: Value = serde_json::from_str(text).unwrap();
            assert_eq!(
                number(text.as_bytes(), "data").map(Value::from),
                read.get("data").cloned()
            );
        }
        for text in [
            "",
            "{",
            "{}",
            "[\"data\",1]",
            r#"{"date":1}"#,
            r#"{"a":{"data":1}}"#,
            r#"{"a" 1,"data":1}"#,
            r#"{"a":1;"data":1}"#,
            r#"{"a":,"data":1}"#,
            r#"{1:1,"data":1}"#,
        ] {
            assert_eq!(member(text.as_bytes(), "data"), None, "{text}");
        }
    }

    #[test]
    fn a_number_is_one_that_fits() {
        for (value, expected) in [
            ("409", Some(409)),
            ("70000", None),
            ("-1", None),
            ("\"409\"", None),
            ("", None),
        ] {
            let text = format!("{{\"status_code\":{value}}}");
            assert_eq!(number(text.as_bytes(), "status_code"), expected, "{text}");
        }
    }
}
