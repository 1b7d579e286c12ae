//! The rule that checks the specifications in `docs/`: each promise names the tests that prove it.
//!
//! A promise is a row of a table whose last column has the heading `proved by`. Features that a specification omits on
//! purpose are under a heading that starts with "Left out", and need a reason instead.

use std::collections::HashSet;

use super::Finding;
use super::source::SourceFile;
use super::tests_of::tests_of;

/// The heading of the column that names tests.
const COLUMN: &str = "proved by";

/// The start of a heading, at any level, above rows that need no proof.
const LEFT_OUT: &str = "Left out";

pub(super) fn proofs(files: &[SourceFile]) -> Vec<Finding> {
    let documents: Vec<_> = files.iter().filter(|file| is_document(file)).collect();
    if documents.is_empty() {
        return Vec::new();
    }
    let tests = Tests::of(files);
    let findings = documents
        .iter()
        .flat_map(|file| rows(file, COLUMN).into_iter().map(move |row| (*file, row)));
    findings.flat_map(|(file, row)| check(file, &row, &tests)).collect()
}

/// Returns whether the file is a specification.
pub(super) fn is_document(file: &SourceFile) -> bool {
    file.path.starts_with("docs/") && file.has_extension(&["md"])
}

/// All names of the tests of the repository.
pub(super) struct Tests(HashSet<String>);

impl Tests {
    pub(super) fn of(files: &[SourceFile]) -> Self {
        let tests: Vec<_> = files.iter().flat_map(tests_of).collect();
        Self(tests.iter().flat_map(|path| names(path)).collect())
    }

    /// Returns whether there is a test of this name, with any of the modules around it.
    pub(super) fn has(&self, name: &str) -> bool {
        let telling: Vec<_> = name.split("::").filter(|segment| *segment != "tests").collect();
        self.0.contains(&telling.join("::"))
    }
}

/// Returns all names of a test: its own name, and its name after one or more of the modules around it. Modules named
/// `tests` are omitted, since they identify nothing.
fn names(path: &[String]) -> impl Iterator<Item = String> {
    let telling: Vec<_> = path
        .iter()
        .filter(|segment| *segment != "tests")
        .map(String::as_str)
        .collect();
    (0..telling.len()).map(move |start| telling[start..].join("::"))
}

fn check(file: &SourceFile, row: &Row, tests: &Tests) -> Vec<Finding> {
    let finding = |rule| Finding {
        path: file.path.clone(),
        line: row.line,
        rule,
    };
    let named: Vec<_> = row.named().collect();
    if named.is_empty() {
        return vec![finding(format!("name the test that proves this in `{COLUMN}`"))];
    }
    let unknown = named.iter().filter(|name| !tests.has(name));
    unknown
        .map(|name| finding(format!("there is no test `{name}`")))
        .collect()
}

/// A row of a table.
pub(super) struct Row {
    /// Counted from 1.
    pub(super) line: usize,
    /// The cells, in the number of the table's head.
    pub(super) cells: Vec<String>,
}

impl Row {
    /// Returns the texts between backticks in the last cell.
    pub(super) fn named(&self) -> impl Iterator<Item = &str> {
        let last = self.cells.last().map_or("", String::as_str);
        last.split('`').skip(1).step_by(2)
    }
}

/// Returns the rows of all tables whose last column has this heading, except those under a "Left out" heading.
pub(super) fn rows(file: &SourceFile, column: &str) -> Vec<Row> {
    let mut rows = Vec::new();
    let (mut is_code, mut left_out, mut columns) = (false, None, None);
    let mut lines = file.numbered_lines().peekable();
    while let Some((number, line)) = lines.next() {
        let line = line.trim();
        if line.starts_with("```") {
            is_code = !is_code;
        }
        if is_code {
            continue;
        }
        if let Some(level) = heading_level(line) {
            let text = line[level..].trim_start();
            // Rows under a deeper heading are still left out.
            left_out = match left_out {
                Some(outer) if level > outer => Some(outer),
                _ => text.starts_with(LEFT_OUT).then_some(level),
            };
        }
        let Some(cells) = cells(line) else {
            columns = None;
            continue;
        };
        let is_header = lines.peek().is_some_and(|(_, next)| is_separator(next));
        if is_header {
            lines.next();
            let is_about_proofs = cells.last().is_some_and(|last| last.eq_ignore_ascii_case(column));
            columns = is_about_proofs.then_some(cells.len());
        } else if let Some(columns) = columns
            && left_out.is_none()
        {
            let cell = |at: usize| cells.get(at).copied().unwrap_or_default().to_owned();
            rows.push(Row {
                line: number,
                cells: (0..columns).map(cell).collect(),
            });
        }
    }
    rows
}

fn heading_level(line: &str) -> Option<usize> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    (level > 0 && line[level..].starts_with(' ')).then_some(level)
}

/// Returns the trimmed cells of a line of a table; `None` for another line. An escaped bar does not separate cells.
fn cells(line: &str) -> Option<Vec<&str>> {
    let inside = line.trim().strip_prefix('|')?;
    let inside = inside
        .strip_suffix('|')
        .filter(|cut| !cut.ends_with('\\'))
        .unwrap_or(inside);
    let mut cells = Vec::new();
    let (mut start, mut is_escaped) = (0, false);
    for (at, byte) in inside.bytes().enumerate() {
        if byte == b'|' && !is_escaped {
            cells.push(inside[start..at].trim());
            start = at + 1;
        }
        is_escaped = byte == b'\\' && !is_escaped;
    }
    cells.push(inside[start..].trim());
    Some(cells)
}

/// Returns whether a line is the separator under the head of a table, such as `|---|:-:|`.
fn is_separator(line: &str) -> bool {
    let is_rule = |cell: &str| cell.contains('-') && cell.bytes().all(|byte| matches!(byte, b'-' | b':'));
    cells(line).is_some_and(|cells| cells.into_iter().all(is_rule))
}

#[cfg(test)]
mod tests {
    use super::{SourceFile, cells, proofs};

    const TESTS: &str = "
        #[test] fn ten_events_cause_one_fetch() {}
        mod tests { #[tokio::test] async fn it_holds() {} }";

    /// Returns the findings in a document, as `path:line: rule`.
    fn found(document: &str) -> Vec<String> {
        let files = [
            SourceFile::new("docs/cache.md", document),
            SourceFile::new("src/query/tests/races.rs", TESTS),
        ];
        let found = proofs(&files).into_iter();
        found
            .map(|finding| format!("{}:{}: {}", finding.path, finding.line, finding.rule))
            .collect()
    }

    fn table(cell: &str) -> String {
        format!("# Cache\n\n| what | why | proved by |\n|---|:-:|---|\n| it holds | so | {cell} |\n")
    }

    #[test]
    fn a_statement_names_tests_that_exist() {
        for cell in [
            "`ten_events_cause_one_fetch`",
            "`races::ten_events_cause_one_fetch`, and `it_holds`",
            "`query::races::it_holds`",
            "`query::tests::races::tests::it_holds`",
        ] {
            assert_eq!(found(&table(cell)), Vec::<String>::new(), "{cell}");
        }
        for (cell, unknown) in [
            ("`it_hold`", "it_hold"),
            ("`it_holds`, `gone`", "gone"),
            ("`lifetime::it_holds`", "lifetime::it_holds"),
            ("`aces::it_holds`", "aces::it_holds"),
            ("`races`", "races"),
        ] {
            let expected = format!("docs/cache.md:5: there is no test `{unknown}`");
            assert_eq!(found(&table(cell)), [expected], "{cell}");
        }
    }

    #[test]
    fn a_statement_without_a_test_is_found() {
        for cell in ["", "it_holds", "the test of it", "``"] {
            assert_eq!(found(&table(cell)).len(), 1, "{cell}");
        }
        assert_eq!(found("| a | Proved by |\n|-|-|\n| short |\n").len(), 1);
        assert_eq!(
            found("| a | proved by |\n|-|-|\n| b |  |\n")[0],
            "docs/cache.md:3: name the test that proves this in `proved by`"
        );
    }

    #[test]
    fn omitted_proof_needs_reason() {
        let table = "| what | proved by |\n|---|---|\n| no | nobody needs it |\n";
        assert_eq!(
            found(&format!(
                "## Left out on purpose\n\n{table}\n### Of the rest\n\n{table}"
            )),
            [""; 0]
        );
        assert_eq!(found(&format!("## Left out\n\n{table}\n## Races\n\n{table}")).len(), 1);
        assert_eq!(found(&format!("## What is Left out\n\n{table}")).len(), 1);
    }

    #[test]
    fn other_tables_are_ignored() {
        for document in [
            "| proved by | what |\n|---|---|\n| nobody | a |\n",
            "```\n| what | proved by |\n|---|---|\n| a | b |\n```\n",
            "| what | proved by |\n| a | b |\n",
            "| what | proved by |\n|---|---|\n\n| a | b |\n",
        ] {
            assert_eq!(found(document), [""; 0], "{document}");
        }
        assert!(proofs(&[SourceFile::new("README.md", table("nothing"))]).is_empty());
    }

    #[test]
    fn an_escaped_bar_does_not_end_a_cell() {
        assert_eq!(cells(r"| `a \| b` | c\\|d |"), Some(vec![r"`a \| b`", r"c\\", "d"]));
        assert_eq!(cells("|a|b"), Some(vec!["a", "b"]));
        assert_eq!(cells("a | b"), None);
    }
}
