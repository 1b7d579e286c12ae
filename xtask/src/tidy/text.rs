//! Rules about text: documentation, white space, length, paths that exist only on one machine.

use super::Finding;
use super::source::SourceFile;

/// The maximum number of lines. A longer file has more than one subject.
const MAX_LINES: usize = 400;

/// The starts of such paths, written in parts so that the rule does not find itself.
const MACHINE_PATHS: [&str; 4] = [
    concat!("/wo", "rk/"),
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
];

/// Finds modules that do not begin with their documentation.
pub(super) fn module_documentation(file: &SourceFile) -> Vec<Finding> {
    if !file.is_rust() || file.text.starts_with("//!") {
        return Vec::new();
    }
    vec![finding(
        file,
        1,
        "a module starts with a `//!` comment that says what it is",
    )]
}

/// Finds invisible characters in the files that people edit.
pub(super) fn white_space(file: &SourceFile) -> Vec<Finding> {
    if !file.has_extension(&["css", "html", "md", "rs", "toml"]) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (number, line) in file.numbered_lines() {
        if line.ends_with(char::is_whitespace) {
            findings.push(finding(file, number, "no white space at the end of a line"));
        }
        if line.contains('\t') {
            findings.push(finding(file, number, "no tabs"));
        }
    }
    findings
}

/// Finds files with too many lines.
pub(super) fn length(file: &SourceFile) -> Vec<Finding> {
    let parts: Vec<_> = file.path.split('/').collect();
    let is_product = matches!(parts[..], ["src", ..] | ["crates", _, "src", ..] | ["xtask", "src", ..]);
    let lines = file.text.lines().count();
    if !is_product || lines <= MAX_LINES {
        return Vec::new();
    }
    vec![finding(
        file,
        MAX_LINES + 1,
        &format!("{lines} lines: split it, a file has at most {MAX_LINES}"),
    )]
}

/// Finds texts that are nodes of their own in `html!`. A browser that translates the page may replace such a node, and
/// the app can not update it after that. The element that shows a text has to set it.
pub(super) fn text_nodes(file: &SourceFile) -> Vec<Finding> {
    if !file.is_rust() || !file.path.starts_with("src/") || !file.text.contains("html!") {
        return Vec::new();
    }
    let lines = file.numbered_lines().filter(|(_, line)| has_text_node(line));
    lines
        .map(|(number, _)| finding(file, number, "set a text with `~textContent`, not as a node of its own"))
        .collect()
}

/// Returns whether a child in braces, at the start of a line or after a tag or another child, is a text.
fn has_text_node(line: &str) -> bool {
    line.match_indices("{ ").any(|(at, braces)| {
        let (before, inside) = (line[..at].trim_end(), &line[at + braces.len()..]);
        let is_child = before.is_empty() || before.ends_with(['>', '}']) && !before.ends_with("=>");
        is_child && ["\"", "&", "format!("].iter().any(|start| inside.starts_with(start))
    })
}

/// Finds absolute paths of one machine.
pub(super) fn machine_paths(file: &SourceFile) -> Vec<Finding> {
    let names_one = |line: &str| MACHINE_PATHS.iter().any(|path| line.contains(path));
    let lines = file.numbered_lines().filter(|(_, line)| names_one(line));
    lines
        .map(|(number, _)| finding(file, number, "no absolute path of somebody's machine"))
        .collect()
}

fn finding(file: &SourceFile, line: usize, rule: &str) -> Finding {
    Finding {
        path: file.path.clone(),
        line,
        rule: rule.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::{length, machine_paths, module_documentation, text_nodes, white_space};
    use crate::tidy::tests::findings;

    #[test]
    fn a_module_starts_with_its_documentation() {
        assert!(findings(module_documentation, "src/a.rs", "//! What it is.\n").is_empty());
        assert!(findings(module_documentation, "README.md", "# Freshet\n").is_empty());
        assert_eq!(
            findings(module_documentation, "src/a.rs", "use b;\n//! Late.\n").len(),
            1
        );
        assert_eq!(findings(module_documentation, "src/a.rs", "").len(), 1);
    }

    #[test]
    fn nothing_invisible_is_in_a_line() {
        let text = "a \n\tb\nc\r\n";
        let found = findings(white_space, "static/app.css", text);
        let lines: Vec<_> = found.iter().map(|line| &line[..2]).collect();
        assert_eq!(lines, ["1:", "2:", "3:"]);
        assert!(findings(white_space, "a.json", text).is_empty());
    }

    #[test]
    fn a_file_has_at_most_400_lines() {
        assert!(findings(length, "src/a.rs", &"a\n".repeat(400)).is_empty());
        assert_eq!(findings(length, "crates/b/src/a.rs", &"a\n".repeat(401)).len(), 1);
        assert!(findings(length, "tests/a.rs", &"a\n".repeat(401)).is_empty());
    }

    #[test]
    fn a_path_of_one_machine_is_found_anywhere() {
        let text = format!("//! See {}me/anna/notes.\n", "/ho");
        assert_eq!(findings(machine_paths, "src/a.rs", &text).len(), 1);
        assert!(findings(machine_paths, "src/a.rs", "//! homework/done\n").is_empty());
    }

    #[test]
    fn text_is_no_node_of_its_own() {
        for (text, count) in [
            ("html! { <p>{ \"Saved\" }</p> }", 1),
            ("html! {\n    { format!(\"{count}\") }\n}", 1),
            ("html! { <p>{ icon }{ &props.text }</p> }", 1),
            ("html! { <p ~textContent=\"Saved\" /> }", 0),
            ("html! { <p>{ content }</p> }", 0),
            ("html! {}\nlet word = if is_one { \"one\" } else { \"many\" };", 0),
            ("html! {}\nmatch kind { Kind::A => { \"a\" } }", 0),
            ("let no_view = { \"a\" };", 0),
        ] {
            assert_eq!(findings(text_nodes, "src/a.rs", text).len(), count, "{text}");
        }
    }
}
