//! `tidy`: the house rules that no compiler checks, each explained in `ARCHITECTURE.md`.
//!
//! A rule is a function from a [`SourceFile`], or from all of them, to findings. Rules about code inspect its tokens,
//! so that they do not apply to comments and strings.

mod calls;
mod evidence;
mod imports;
mod paths;
mod proofs;
mod prose;
mod source;
mod tests_of;
mod text;

use std::fmt;

use anyhow::bail;

use crate::shell::{root, step};
use source::SourceFile;

const RULES: [fn(&SourceFile) -> Vec<Finding>; 9] = [
    text::module_documentation,
    text::white_space,
    text::length,
    text::machine_paths,
    text::text_nodes,
    calls::sleeps,
    calls::leaks,
    imports::imports,
    tests_of::names,
];

/// A violation of a rule.
#[derive(Debug, PartialEq, Eq)]
struct Finding {
    path: String,
    /// Counted from 1.
    line: usize,
    rule: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}:{}: {} (see ARCHITECTURE.md, \"Rules that are tests\")",
            self.path, self.line, self.rule
        )
    }
}

pub(crate) fn run() -> anyhow::Result<()> {
    step("Checking the house rules");
    let findings = check(&source::read_all(&root())?);
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => Ok(()),
        1 => bail!("a house rule is broken: see above"),
        many => bail!("house rules are broken in {many} places: see above"),
    }
}

fn check(files: &[SourceFile]) -> Vec<Finding> {
    let each = files.iter().flat_map(|file| RULES.iter().flat_map(|rule| rule(file)));
    each.chain(proofs::proofs(files))
        .chain(evidence::evidence(files))
        .chain(prose::prose(files))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{Finding, SourceFile, check, source};
    use crate::shell::root;

    /// Returns the findings of `rule` in a file, as `line: rule`.
    pub(super) fn findings(rule: fn(&SourceFile) -> Vec<Finding>, path: &str, text: &str) -> Vec<String> {
        let found = rule(&SourceFile::new(path, text));
        assert!(found.iter().all(|finding| finding.path == path));
        found
            .into_iter()
            .map(|finding| format!("{}: {}", finding.line, finding.rule))
            .collect()
    }

    #[test]
    fn this_repository_keeps_the_house_rules() {
        let findings = check(&source::read_all(&root()).unwrap());
        let lines: Vec<_> = findings.iter().map(ToString::to_string).collect();
        assert!(lines.is_empty(), "\n{}\n", lines.join("\n"));
    }

    #[test]
    fn finding_names_place_and_rule() {
        let finding = Finding {
            path: "src/a.rs".to_owned(),
            line: 7,
            rule: "no tabs".to_owned(),
        };
        assert_eq!(
            finding.to_string(),
            "src/a.rs:7: no tabs (see ARCHITECTURE.md, \"Rules that are tests\")"
        );
    }
}
