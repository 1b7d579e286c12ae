//! What is read here is what serde_json would have read.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;

use super::{FromJson, MAX_DEPTH, Object, read};

/// Whether it is a value, as serde_json sees it and as is seen here.
fn is_value(text: &str) -> (bool, bool) {
    let object = format!("{{\"a\": {text} }}");
    let expected = serde_json::from_str::<BTreeMap<String, IgnoredAny>>(&object).is_ok();
    (expected, Object::read(&object).is_ok())
}

#[test]
fn accepts_same_json_as_serde_json() {
    let good = [
        "null",
        "true",
        "false",
        "0",
        "-0",
        "-1.5e-7",
        "1E+2",
        r#""""#,
        r#""a\"b\\\/\b\f\n\r\t\u00e9""#,
        "[ ]",
        "{ }",
        r#"[[1, {"a]": "}\\\"["}], 2]"#,
        r#"{"a" : {"b":[{}, "\\"]}}"#,
    ];
    for text in good {
        assert_eq!(is_value(text), (true, true), "{text}");
    }
    for text in good {
        for (end, _) in text.char_indices() {
            let (expected, found) = is_value(&text[..end]);
            assert_eq!(found, expected, "{text} up to {end}");
        }
    }
    let bad = [
        "",
        "nul",
        "nulls",
        "True",
        "+1",
        "01",
        "1.",
        ".5",
        "1e",
        "0x1",
        "\"",
        "\"\n\"",
        r#""\x""#,
        r#""\u12""#,
        "'a'",
        "[1,]",
        "[,1]",
        "[1 2]",
        "[1}",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        "{a:1}",
        "{1:1}",
        "1 2",
        "]",
    ];
    for text in bad {
        assert_eq!(is_value(text), (false, false), "{text}");
    }
}

#[test]
fn strings_are_what_serde_json_reads() {
    for text in [
        r#""""#,
        r#"" é🎯 ""#,
        r#""a\"b\\\/\b\f\n\r\t""#,
        r#""\u00e9\ud83c\udfaf""#,
        r#""\ud83c""#,
        r#""\ud83c\u0041""#,
        r#""\udfaf""#,
        "\"\u{1}\"",
        "7",
        "null",
        r#"["a"]"#,
        r#""a" "b""#,
    ] {
        assert_eq!(String::from_json(text).ok(), serde_json::from_str(text).ok(), "{text}");
    }
}

#[test]
fn numbers_are_whole_and_fit() {
    for text in [
        "0",
        "-1",
        "65535",
        "65536",
        "1.0",
        "1e3",
        "18446744073709551615",
        "18446744073709551616",
        "true",
    ] {
        assert_eq!(u16::from_json(text).ok(), serde_json::from_str(text).ok(), "{text}");
        assert_eq!(u64::from_json(text).ok(), serde_json::from_str(text).ok(), "{text}");
        assert_eq!(i64::from_json(text).ok(), serde_json::from_str(text).ok(), "{text}");
    }
}

#[test]
fn absent_field_is_null() {
    let fields = Object::read(r#"{"a":2,"b":null,"d":1,"\u0064":1}"#).unwrap();
    assert_eq!(fields.take("a"), Ok(2_u16));
    assert_eq!(fields.take("b"), Ok(None::<u16>));
    assert_eq!(fields.take("c"), Ok(None::<u16>));
    assert!(fields.take::<u16>("c").is_err());
    assert_eq!(fields.take_or("c", 7_u16), Ok(7));
    assert!(fields.take_or("b", 7_u16).is_err());
    assert!(fields.take::<u16>("d").is_err());
}

#[test]
fn what_is_nested_too_deep_is_refused() {
    let deep = |depth: usize| format!(r#"{{"a":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    assert!(Object::read(&deep(usize::from(MAX_DEPTH))).is_ok());
    assert!(Object::read(&deep(usize::from(MAX_DEPTH) + 1)).is_err());
    assert!(Object::read(&deep(100_000)).is_err());
}

#[test]
fn body_allows_surrounding_space() {
    assert_eq!(read(b" [1, 2] \n"), Ok(vec![1_u16, 2]));
    assert_eq!(read(b"[1,\"a\"]"), Ok((1_u16, "a".to_owned())));
    assert!(read::<(u16, u16)>(b"[1]").is_err());
    assert!(read::<String>(b"\"\xff\"").is_err());
}
