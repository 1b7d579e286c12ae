//! The content of a compiled function's name: its crate, and the type for which the compiler made this copy.
//!
//! The parser covers only the necessary part of the mangling that rustc calls "v0".

/// The crates of the app's own types.
const OWN: [&str; 2] = ["freshet", "wire"];

/// The content of a function's name.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Symbol {
    /// The name as in the source.
    pub(super) name: String,
    /// The crate of its source; for a generic function, the crate that defines it.
    pub(super) crate_name: String,
    /// The first type or function of the app that a generic function of another crate was made for.
    pub(super) made_for: Option<String>,
}

/// Reads a name.
pub(super) fn read(symbol: &str) -> Symbol {
    let name = format!("{:#}", rustc_demangle::demangle(symbol));
    let crate_name = defining_crate(symbol)
        .or_else(|| crate_of_trait(&name))
        .unwrap_or_else(|| "not Rust".to_owned());
    let made_for = if OWN.contains(&crate_name.as_str()) {
        None
    } else {
        first_own_path(&name)
    };
    Symbol {
        name,
        crate_name,
        made_for,
    }
}

/// Follows the path at the start of a mangled name to its root, the crate. Returns `None` if the path begins with a
/// type: a default method of a trait.
fn defining_crate(symbol: &str) -> Option<String> {
    let path = symbol.strip_prefix("_R")?.as_bytes();
    let mut at = 0;
    // A back reference leads to an earlier position, so the loop ends; the limit is for invalid names.
    for _ in 0..64 {
        at = match path.get(at)? {
            // A crate: its name follows.
            b'C' => return identifier(&path[after_number(path, at + 1)..]),
            // An item in a namespace; its parent follows.
            b'N' => at + 2,
            // A generic path; its arguments follow.
            b'I' => at + 1,
            // An implementation; its module follows.
            b'M' | b'X' => after_number(path, at + 1),
            b'B' => reference(&path[at + 1..])?,
            _ => return None,
        };
    }
    None
}

/// Returns the position after the disambiguator of equal names, if there is one: `s`, digits, `_`.
fn after_number(path: &[u8], at: usize) -> usize {
    if path.get(at) != Some(&b's') {
        return at;
    }
    let end = path[at..].iter().position(|byte| *byte == b'_');
    end.map_or(at, |end| at + end + 1)
}

/// Reads an identifier: a decimal length, an optional underscore, and this number of bytes.
fn identifier(text: &[u8]) -> Option<String> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let length: usize = std::str::from_utf8(&text[..digits]).ok()?.parse().ok()?;
    let start = digits + usize::from(text.get(digits) == Some(&b'_'));
    String::from_utf8(text.get(start..start + length)?.to_vec()).ok()
}

/// Returns the target of a back reference: a number of base 62, less one, ended by `_`.
fn reference(text: &[u8]) -> Option<usize> {
    let mut value = 0_usize;
    for (index, byte) in text.iter().enumerate() {
        let digit = match byte {
            b'_' if index == 0 => return Some(0),
            b'_' => return value.checked_add(1),
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'z' => byte - b'a' + 10,
            b'A'..=b'Z' => byte - b'A' + 36,
            _ => return None,
        };
        value = value.checked_mul(62)?.checked_add(usize::from(digit))?;
    }
    None
}

/// Returns the crate of `Trait` in `<Type as Trait>::method`.
fn crate_of_trait(name: &str) -> Option<String> {
    let mut depth = 0_usize;
    for (at, letter) in name.char_indices() {
        match letter {
            '<' => depth += 1,
            // The arrow of a function's type is not a closing bracket.
            '>' if !name[..at].ends_with('-') => depth = depth.saturating_sub(1),
            ' ' if depth == 1 && name[at..].starts_with(" as ") => {
                let path = &name[at + " as ".len()..];
                let end = path.find(|letter: char| !letter.is_alphanumeric() && letter != '_');
                return Some(path[..end.unwrap_or(path.len())].to_owned());
            }
            _ => {}
        }
    }
    None
}

/// Returns the first path in a name that begins with a crate of the app.
fn first_own_path(name: &str) -> Option<String> {
    let is_path = |letter: char| letter.is_alphanumeric() || letter == '_' || letter == ':';
    name.split(|letter| !is_path(letter))
        .find(|path| path.split_once("::").is_some_and(|(root, _)| OWN.contains(&root)))
        .map(|path| path.trim_end_matches(':').to_owned())
}

#[cfg(test)]
mod tests {
    use super::{crate_of_trait, read};

    #[test]
    fn generic_function_has_owner_and_user() {
        // <yew::Scope<freshet::app::App>>::reuse
        let symbol = read("_RNvMCs1_3yewINtB2_5ScopeNtNtCs2_7freshet3app3AppE5reuse");
        assert_eq!(symbol.crate_name, "yew");
        assert_eq!(symbol.made_for.as_deref(), Some("freshet::app::App"), "{}", symbol.name);
    }

    #[test]
    fn an_implementation_belongs_to_where_it_stands() {
        // <freshet::Api as core::fmt::Debug>::fmt, implemented in freshet::api
        let symbol = read("_RNvXNtCs1_7freshet3apiNtB4_3ApiNtNtCs2_4core3fmt5Debug3fmt");
        assert_eq!((symbol.crate_name.as_str(), symbol.made_for), ("freshet", None));
    }

    #[test]
    fn a_default_method_belongs_to_its_trait() {
        let name = "<alloc::vec::Vec<fn() -> u8> as core::fmt::Write>::write_fmt";
        assert_eq!(crate_of_trait(name).as_deref(), Some("core"));
        assert_eq!(crate_of_trait("memcpy"), None);
    }

    #[test]
    fn unmangled_name_is_not_rust() {
        assert_eq!(read("memcpy").crate_name, "not Rust");
        assert_eq!(read("_R").crate_name, "not Rust");
        assert_eq!(read("_RNvC99_7").crate_name, "not Rust");
    }
}
