//! The rule that checks `docs/security.md`: the tests and files that it names as evidence exist.
//!
//! Evidence is the last column of a table with this heading. A row whose requirement holds (`yes` in the column before)
//! names a test or a file; another row describes the missing part.

use std::collections::HashSet;

use super::Finding;
use super::proofs::{Row, Tests, is_document, rows};
use super::source::SourceFile;

/// The heading of the column.
const COLUMN: &str = "evidence";

/// The extensions of files.
const EXTENSIONS: [&str; 7] = ["css", "html", "js", "md", "rs", "sql", "toml"];

pub(super) fn evidence(files: &[SourceFile]) -> Vec<Finding> {
    let documents = files.iter().filter(|file| is_document(file));
    let found: Vec<_> = documents
        .flat_map(|file| rows(file, COLUMN).into_iter().map(move |row| (file, row)))
        .collect();
    if found.is_empty() {
        return Vec::new();
    }
    let known = Known {
        tests: Tests::of(files),
        files: files.iter().map(|file| file.path.as_str()).collect(),
    };
    let findings = found.iter().flat_map(|(file, row)| {
        known.check(row).into_iter().map(|rule| Finding {
            path: file.path.clone(),
            line: row.line,
            rule,
        })
    });
    findings.collect()
}

struct Known<'a> {
    tests: Tests,
    files: HashSet<&'a str>,
}

impl Known<'_> {
    fn check(&self, row: &Row) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut is_proved = false;
        for name in row.named() {
            if is_path(name) {
                if !self.has_file(name) {
                    wrong.push(format!("there is no file `{name}`"));
                }
            } else if is_name(name) {
                if !self.tests.has(name) {
                    wrong.push(format!("there is no test `{name}`"));
                }
            } else {
                continue;
            }
            is_proved = true;
        }
        let [.., holds, evidence] = row.cells.as_slice() else {
            return wrong;
        };
        if holds == "yes" && !is_proved {
            wrong.push("name the test or the file that shows this in `evidence`".to_owned());
        } else if evidence.is_empty() {
            wrong.push("say what is missing in `evidence`".to_owned());
        }
        wrong
    }

    /// Returns whether a file exists. A folder, with `/` at its end, exists if it contains a file.
    fn has_file(&self, path: &str) -> bool {
        self.files.contains(path) || (path.ends_with('/') && self.files.iter().any(|file| file.starts_with(path)))
    }
}

/// Returns whether this is a path within the repository. Addresses of the server begin with a slash.
fn is_path(text: &str) -> bool {
    let is_file = || SourceFile::new(text, "").has_extension(&EXTENSIONS) || text.starts_with(".ci/");
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"-./_".contains(&byte);
    text.bytes().all(is_part) && !text.starts_with('/') && (text.ends_with('/') || is_file())
}

/// Returns whether this has the form of a test name, such as `ten_events_cause_one_fetch`.
fn is_name(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b':');
    text.contains('_') && text.bytes().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::{SourceFile, evidence};

    /// Returns the findings in a table with this row, as `line: rule`.
    fn found(row: &str) -> Vec<String> {
        let document = format!("| number | asked | holds? | evidence |\n|---|---|---|---|\n{row}\n");
        let files = [
            SourceFile::new("docs/security.md", document),
            SourceFile::new("src/api/mod.rs", "#[test] fn it_holds() {}"),
        ];
        let found = evidence(&files).into_iter();
        found
            .map(|finding| format!("{}: {}", finding.line, finding.rule))
            .collect()
    }

    #[test]
    fn evidence_names_tests_and_files_that_exist() {
        for row in [
            "| 1.1.1 | a | yes | `it_holds` |",
            "| 1.1.1 | a | yes | `api::it_holds`, in `src/api/mod.rs` and `src/api/` |",
            "| 1.1.1 | a | partly | `it_holds`; `GET /a_b` with `no-store`, `--an-option`, `text/html`, `/a_b.js`, `Path=/` |",
            "| 1.1.1 | a | no | there is nothing |",
        ] {
            assert_eq!(found(row), [""; 0], "{row}");
        }
        for (row, rule) in [
            ("| 1 | a | yes | `it_hold` |", "there is no test `it_hold`"),
            (
                "| 1 | a | no | `it_holds`, `it_does_not` |",
                "there is no test `it_does_not`",
            ),
            (
                "| 1 | a | yes | `src/api/gone.rs` |",
                "there is no file `src/api/gone.rs`",
            ),
            ("| 1 | a | partly | `src/gone/` |", "there is no file `src/gone/`"),
        ] {
            assert_eq!(found(row), [format!("3: {rule}")], "{row}");
        }
    }

    #[test]
    fn what_holds_names_its_evidence() {
        for row in [
            "| 1 | a | yes | it does |",
            "| 1 | a | yes | `no-store` |",
            "| 1 | a | yes | |",
        ] {
            assert_eq!(
                found(row),
                ["3: name the test or the file that shows this in `evidence`"],
                "{row}"
            );
        }
        assert_eq!(found("| 1 | a | no | |"), ["3: say what is missing in `evidence`"]);
    }
}
