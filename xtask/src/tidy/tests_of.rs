//! The tests of a file, and the rule about their names.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::Finding;
use super::paths::module_of;
use super::source::SourceFile;

/// The attributes of a test function, alone or at the end of a path.
const ATTRIBUTES: [&str; 2] = ["test", "wasm_bindgen_test"];

/// Returns the paths of all test functions of a file, such as `["crate", "query", "tests", "races",
/// "ten_events_cause_one"]`.
pub(super) fn tests_of(file: &SourceFile) -> Vec<Vec<String>> {
    let mut tests = Vec::new();
    scan(file.tokens(), &module_of(&file.path), &mut tests);
    tests
}

/// The maximum number of words in the name of a test.
const MAX_WORDS: usize = 8;

/// Finds long names of tests. A name says behaviour, and leaves the details to the test.
pub(super) fn names(file: &SourceFile) -> Vec<Finding> {
    let tests = tests_of(file).into_iter().filter_map(|mut path| path.pop());
    let long = tests.filter(|name| name.split('_').count() > MAX_WORDS);
    let finding = |name: String| {
        let function = format!("fn {name}(");
        let line = file.numbered_lines().find(|(_, line)| line.contains(&function));
        Finding {
            path: file.path.clone(),
            line: line.map_or(1, |(number, _)| number),
            rule: format!("the name of a test has at most {MAX_WORDS} words"),
        }
    };
    long.map(finding).collect()
}

fn scan(tokens: TokenStream, module: &[String], tests: &mut Vec<Vec<String>>) {
    let within = |name: String| module.iter().cloned().chain([name]).collect::<Vec<_>>();
    let tokens: Vec<_> = tokens.into_iter().collect();
    let mut is_test = false;
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match (token, tokens.get(at + 1), tokens.get(at + 2)) {
            (TokenTree::Punct(sign), Some(TokenTree::Group(attribute)), _)
                if sign.as_char() == '#' && attribute.delimiter() == Delimiter::Bracket =>
            {
                is_test |= makes_a_test(attribute.stream());
                at += 1;
            }
            (TokenTree::Ident(word), Some(TokenTree::Ident(name)), _) if *word == "fn" => {
                if is_test {
                    tests.push(within(name.to_string()));
                }
                is_test = false;
                at += 1;
            }
            (TokenTree::Ident(word), Some(TokenTree::Ident(name)), Some(TokenTree::Group(body))) if *word == "mod" => {
                scan(body.stream(), &within(name.to_string()), tests);
                at += 2;
            }
            // Skips `pub(super) async`.
            (TokenTree::Ident(word), ..) if *word == "pub" || *word == "async" => {}
            (TokenTree::Group(group), ..) => {
                is_test &= group.delimiter() == Delimiter::Parenthesis;
                scan(group.stream(), module, tests);
            }
            _ => is_test = false,
        }
        at += 1;
    }
}

/// Returns whether an attribute, such as `tokio::test(start_paused = true)`, makes a function a test.
fn makes_a_test(attribute: TokenStream) -> bool {
    let path = attribute.into_iter().take_while(|token| match token {
        TokenTree::Ident(_) => true,
        TokenTree::Punct(sign) => sign.as_char() == ':',
        TokenTree::Group(_) | TokenTree::Literal(_) => false,
    });
    let last = path.filter(|token| matches!(token, TokenTree::Ident(_))).last();
    last.is_some_and(|name| ATTRIBUTES.contains(&name.to_string().as_str()))
}

#[cfg(test)]
mod tests {
    use super::super::tests::findings;
    use super::{SourceFile, names, tests_of};

    #[test]
    fn long_name_of_test_is_a_finding() {
        let text = "#[test]\nfn one_two_three_four_five_six_seven_eight() {}\n#[test]\nfn a_b_c_d_e_f_g_h_i() {}\n\
                    fn this_is_a_function_that_is_no_test() {}\n";
        let found = ["4: the name of a test has at most 8 words"];
        assert_eq!(findings(names, "tests/a.rs", text), found);
    }

    fn found(path: &str, text: &str) -> Vec<String> {
        let tests = tests_of(&SourceFile::new(path, text));
        tests.into_iter().map(|path| path.join("::")).collect()
    }

    #[test]
    fn every_kind_of_test_is_one() {
        for attribute in [
            "#[test]",
            "#[tokio::test]",
            "#[tokio::test(start_paused = true)]",
            "#[wasm_bindgen_test]",
            "#[wasm_bindgen_test::wasm_bindgen_test]",
            "#[cfg(not(target_arch = \"wasm32\"))] #[test] #[should_panic(expected = \"b\")]",
            "#[test] /// Why.\n",
        ] {
            for function in [
                "fn a() {}",
                "async fn a() {}",
                "pub(crate) async fn a() -> Result<(), b::Error> {}",
            ] {
                let text = format!("fn b() {{}}\n{attribute}\n{function}\nfn c() {{}}");
                assert_eq!(found("src/x.rs", &text), ["crate::x::a"], "{text}");
            }
        }
    }

    #[test]
    fn nothing_else_is_a_test() {
        for text in [
            "fn a() {}",
            "#[cfg(test)] fn a() {}",
            "#[test] struct A; fn a() {}",
            "#[test] const A: fn(u8) = b; fn a() {}",
            "// #[test] fn a() {}",
            "macro_rules! a { ($b:ident) => { #[test] fn $b() {} } }",
            "const A: &str = \"#[test] fn a() {}\";",
            "#[doc = test] fn a() {}",
        ] {
            assert_eq!(found("src/x.rs", text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_test_is_where_its_modules_are() {
        let text = "mod tests { use b; mod c { #[test] fn a() {} } #[test] fn d() {} } #[test] fn e() {}";
        assert_eq!(
            found("src/query/cache.rs", text),
            [
                "crate::query::cache::tests::c::a",
                "crate::query::cache::tests::d",
                "crate::query::cache::e"
            ]
        );
        assert_eq!(
            found("tests/session.rs", "#[test] fn a() {}"),
            ["crate::tests::session::a"]
        );
        assert_eq!(found("crates/server/src/main.rs", "#[test] fn a() {}"), ["crate::a"]);
    }
}
