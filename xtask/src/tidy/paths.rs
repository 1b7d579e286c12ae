//! Finds every path that a file names, such as `crate::query::Key`, as an absolute path.
//!
//! `use` trees are expanded, `self` and `super` are resolved from the file's path, and the content of macros counts as
//! well. Names that an import shortens are not resolved: the import itself is found.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::source::SourceFile;

/// A path that a file names.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NamedPath {
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) segments: Vec<String>,
    /// The inline modules around it, as in `mod tests { … }`.
    pub(super) inside: Vec<String>,
}

impl NamedPath {
    /// Returns whether the path starts with `prefix`, segment by segment. A `*` in a segment of the prefix stands for
    /// any text.
    pub(super) fn starts_with(&self, prefix: &str) -> bool {
        let mut wanted = prefix.split("::");
        let mut segments = self.segments.iter();
        wanted.all(|wanted| segments.next().is_some_and(|segment| matches(wanted, segment)))
    }

    /// Returns whether the path ends with `suffix`, segment by segment.
    pub(super) fn ends_with(&self, suffix: &str) -> bool {
        let wanted: Vec<_> = suffix.split("::").collect();
        let start = self.segments.len().checked_sub(wanted.len());
        start.is_some_and(|start| self.segments[start..].iter().map(String::as_str).eq(wanted))
    }
}

/// Returns whether a name matches a pattern with at most one `*`.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    match pattern.split_once('*') {
        None => pattern == name,
        Some((start, end)) => name.len() >= start.len() + end.len() && name.starts_with(start) && name.ends_with(end),
    }
}

/// Returns the module of a file, such as `["crate", "query", "cache"]`.
pub(super) fn module_of(path: &str) -> Vec<String> {
    let inside = path.rsplit_once("src/").map_or(path, |(_, inside)| inside);
    let inside = inside.strip_suffix(".rs").unwrap_or(inside);
    let mut module = vec!["crate".to_owned()];
    module.extend(inside.split('/').map(str::to_owned));
    if module
        .last()
        .is_some_and(|last| last == "mod" || (module.len() == 2 && (last == "lib" || last == "main")))
    {
        module.pop();
    }
    module
}

/// Returns every path that the file names.
pub(super) fn paths(file: &SourceFile) -> Vec<NamedPath> {
    let mut scan = Scan {
        module: module_of(&file.path),
        inside: Vec::new(),
        paths: Vec::new(),
    };
    scan.tokens(file.tokens());
    scan.paths
}

struct Scan {
    module: Vec<String>,
    inside: Vec<String>,
    paths: Vec<NamedPath>,
}

impl Scan {
    fn tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            match token {
                TokenTree::Ident(ident) if ident == "mod" && self.inline_module(&tokens[at..]) => {
                    at += 3;
                }
                TokenTree::Ident(_) => at += self.path(&tokens[at..], &[]),
                TokenTree::Group(group) => {
                    self.tokens(group.stream());
                    at += 1;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => at += 1,
            }
        }
    }

    /// Scans `mod name { … }` if `tokens` start with it, and returns whether they do.
    fn inline_module(&mut self, tokens: &[TokenTree]) -> bool {
        let [_, TokenTree::Ident(name), TokenTree::Group(body), ..] = tokens else {
            return false;
        };
        self.inside.push(name.to_string());
        self.tokens(body.stream());
        self.inside.pop();
        true
    }

    /// Scans the path at the start of `tokens`, whose first segments are `before`; returns the number of its tokens.
    fn path(&mut self, tokens: &[TokenTree], before: &[String]) -> usize {
        let Some(TokenTree::Ident(first)) = tokens.first() else {
            return 1;
        };
        let line = first.span().start().line;
        let mut segments = before.to_vec();
        segments.push(plain(first));
        let mut at = 1;
        while is_separator(tokens.get(at..at + 2)) {
            match tokens.get(at + 2) {
                Some(TokenTree::Ident(next)) => segments.push(plain(next)),
                Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
                    self.tree(group.stream(), &segments);
                    return at + 3;
                }
                // Covers `use crate::*` and `Vec::<u8>`.
                _ => {
                    at += 2;
                    break;
                }
            }
            at += 3;
        }
        let segments = self.absolute(segments);
        self.paths.push(NamedPath {
            line,
            segments,
            inside: self.inside.clone(),
        });
        at
    }

    /// Scans the braces of a `use` tree.
    fn tree(&mut self, tokens: TokenStream, before: &[String]) {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
        for branch in tokens.split(is_comma) {
            self.path(branch, before);
        }
    }

    /// Replaces `self` and `super` at the start by the modules that they denote, and removes a trailing `self`.
    fn absolute(&self, mut segments: Vec<String>) -> Vec<String> {
        let ups = segments.iter().take_while(|segment| *segment == "super").count();
        let starts_here = segments
            .first()
            .is_some_and(|first| first == "self" && segments.len() > 1);
        if segments.len() > 1 && segments.last().is_some_and(|last| last == "self") {
            segments.pop();
        }
        if ups == 0 && !starts_here {
            return segments;
        }
        let mut path: Vec<_> = self.module.iter().chain(&self.inside).cloned().collect();
        path.truncate(path.len().saturating_sub(ups).max(1));
        path.extend(segments.drain(ups.max(usize::from(starts_here))..));
        path
    }
}

/// Returns the identifier without `r#`.
fn plain(ident: &proc_macro2::Ident) -> String {
    let text = ident.to_string();
    text.strip_prefix("r#").map_or_else(|| text.clone(), str::to_owned)
}

fn is_separator(tokens: Option<&[TokenTree]>) -> bool {
    let is_colon = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ':');
    tokens.is_some_and(|tokens| tokens.iter().all(is_colon))
}

#[cfg(test)]
mod tests {
    use super::{SourceFile, matches, module_of, paths};

    fn named(path: &str, text: &str) -> Vec<String> {
        let file = SourceFile::new(path, text);
        let found = paths(&file).into_iter().filter(|path| path.segments.len() > 1);
        found
            .map(|path| format!("{} {}", path.line, path.segments.join("::")))
            .collect()
    }

    #[test]
    fn a_tree_of_imports_is_opened() {
        let text = "use crate::{\n  api::{self, client::Client},\n  query,\n};";
        assert_eq!(
            named("src/a.rs", text),
            ["2 crate::api", "2 crate::api::client::Client", "3 crate::query"]
        );
    }

    #[test]
    fn relative_path_is_resolved() {
        assert_eq!(
            named("src/query/cache.rs", "use super::key::Key;"),
            ["1 crate::query::key::Key"]
        );
        assert_eq!(named("src/query/mod.rs", "use super::api;"), ["1 crate::api"]);
        assert_eq!(
            named("src/query/cache.rs", "self::x::y()"),
            ["1 crate::query::cache::x::y"]
        );
        assert_eq!(named("src/a.rs", "mod tests { use super::super::b; }"), ["1 crate::b"]);
    }

    #[test]
    fn paths_in_macros_count() {
        let text = "// web_sys::window\nfn a() { html! { <p>{ yew::b() }</p> }; let _ = \"js_sys::c\"; }";
        assert_eq!(named("src/a.rs", text), ["2 yew::b"]);
    }

    #[test]
    fn a_pattern_may_leave_a_part_open() {
        assert!(matches("Html*Element", "HtmlInputElement") && matches("*Event", "SubmitEvent"));
        assert!(!matches("Html*Element", "HtmlDocument") && !matches("gloo_*", "gloo"));
        assert!(!matches("aba*aba", "ababa"), "the parts do not overlap");
    }

    #[test]
    fn a_file_is_a_module() {
        assert_eq!(module_of("src/lib.rs").join("::"), "crate");
        assert_eq!(module_of("src/query/mod.rs").join("::"), "crate::query");
        assert_eq!(
            module_of("crates/server/src/store/users.rs").join("::"),
            "crate::store::users"
        );
    }
}
