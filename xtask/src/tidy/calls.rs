//! Rules about forbidden calls: sleeps, and leaks of resources that a guard should own.

use proc_macro2::{TokenStream, TokenTree};

use super::Finding;
use super::paths::paths;
use super::source::SourceFile;

/// Finds tests that sleep. A test waits for a condition, such as a message or a state, with a timeout as the limit.
pub(super) fn sleeps(file: &SourceFile) -> Vec<Finding> {
    let is_test_file = is_test(&file.path);
    let mut findings = Vec::new();
    for path in paths(file) {
        let blocks = path.ends_with("thread::sleep");
        let is_test = is_test_file || path.inside.iter().any(|module| module == "tests");
        if blocks || (is_test && path.ends_with("sleep")) {
            let rule = "no sleeping: wait for the thing itself, with a timeout as the limit";
            findings.push(Finding {
                path: file.path.clone(),
                line: path.line,
                rule: rule.to_owned(),
            });
        }
    }
    findings
}

fn is_test(path: &str) -> bool {
    path.split('/').any(|part| part == "tests" || part == "tests.rs")
}

/// Finds leaks. A guard owns each registration with the browser and removes it.
pub(super) fn leaks(file: &SourceFile) -> Vec<Finding> {
    let mut lines = Vec::new();
    leaking_calls(file.tokens(), &mut lines);
    let rule = "no `forget` and no `into_js_value`: keep it in a guard whose `Drop` takes it back";
    lines
        .into_iter()
        .map(|line| Finding {
            path: file.path.clone(),
            line,
            rule: rule.to_owned(),
        })
        .collect()
}

/// Collects the lines that call `.forget()`, `Closure::forget`, `mem::forget` or `into_js_value`.
fn leaking_calls(tokens: TokenStream, lines: &mut Vec<usize>) {
    let mut after_access = false;
    for token in tokens {
        match &token {
            TokenTree::Group(group) => leaking_calls(group.stream(), lines),
            TokenTree::Ident(ident) if *ident == "into_js_value" || (after_access && *ident == "forget") => {
                lines.push(ident.span().start().line);
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
        // Counts only after `.` or `::`; the definition of a function may be named `forget`.
        after_access = matches!(&token, TokenTree::Punct(punct) if matches!(punct.as_char(), '.' | ':'));
    }
}

#[cfg(test)]
mod tests {
    use super::{leaks, sleeps};
    use crate::tidy::tests::findings;

    #[test]
    fn a_test_does_not_sleep() {
        let text = "async fn a() {\n sleep(SECOND).await; }\n";
        assert_eq!(findings(sleeps, "tests/a.rs", text).len(), 1);
        assert_eq!(findings(sleeps, "src/sse/tests.rs", text).len(), 1);
        assert_eq!(
            findings(sleeps, "src/query/tests/races.rs", "use tokio::time::{self, sleep};").len(),
            1
        );
        assert_eq!(
            findings(sleeps, "src/a.rs", "mod tests { fn b() { time::sleep(C); } }").len(),
            1
        );
        assert!(findings(sleeps, "src/a.rs", text).is_empty());
        assert!(
            findings(
                sleeps,
                "tests/a.rs",
                "// sleep(1)\nfn asleep() { timeout(LIMIT, asleep()) }"
            )
            .is_empty()
        );
    }

    #[test]
    fn nothing_blocks_a_thread_to_wait() {
        assert_eq!(
            findings(sleeps, "xtask/src/a.rs", "fn a() { std::thread::sleep(b) }").len(),
            1
        );
    }

    #[test]
    fn nothing_is_leaked_to_the_browser() {
        for text in [
            "closure\n.forget()",
            "Closure::forget(a)",
            "std::mem::forget(a)",
            "a.into_js_value()",
        ] {
            assert_eq!(findings(leaks, "src/a.rs", text).len(), 1, "{text}");
        }
        assert!(
            findings(
                leaks,
                "src/a.rs",
                "/// Calls `a.forget()`.\nfn forget() { \"b.forget()\" }"
            )
            .is_empty()
        );
    }
}
