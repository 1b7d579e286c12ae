//! The content security policy of the app's page.

use std::path::Path;

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};
use sha2::{Digest as _, Sha256};

use crate::assets::INDEX;

/// Returns the policy for the current page in this folder.
///
/// Scripts come from files of the server. An inline script of the page is allowed by its hash (CSP level 3, 8.3),
/// because Trunk writes such a script to start the app.
pub(super) fn policy(dist: &Path) -> HeaderValue {
    let page = std::fs::read_to_string(dist.join(INDEX)).unwrap_or_default();
    let hashes: String = inline_scripts(&page).map(|script| source(&script)).collect();
    let policy = format!(
        "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'{hashes}; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    );
    HeaderValue::try_from(policy).unwrap_or(HeaderValue::from_static("default-src 'none'"))
}

fn source(script: &str) -> String {
    format!(" 'sha256-{}'", BASE64_STANDARD.encode(Sha256::digest(script)))
}

/// Returns the inline scripts of a page. Data blocks are not scripts (HTML, 4.12.1).
fn inline_scripts(page: &str) -> impl Iterator<Item = String> {
    let mut emitter = DefaultEmitter::<()>::default();
    // Without this, the tokenizer reads the text of a script as tags.
    emitter.naively_switch_states(true);
    let mut script = None::<String>;
    Tokenizer::new_with_emitter(page, emitter).filter_map(move |token| {
        match token.unwrap_or_else(|never| match never {}) {
            Token::StartTag(tag) => script = is_inline_script(&tag).then(String::new),
            Token::String(text) => {
                if let Some(script) = &mut script {
                    script.push_str(&String::from_utf8_lossy(&text.value));
                }
            }
            Token::EndTag(_) => return script.take(),
            _ => {}
        }
        None
    })
}

fn is_inline_script(tag: &StartTag<()>) -> bool {
    let attribute = |name: &[u8]| tag.attributes.get(name).map(|value| value.to_ascii_lowercase());
    let is_code = attribute(b"type").is_none_or(|kind| [&b""[..], b"module", b"text/javascript"].contains(&&*kind));
    *tag.name == *b"script" && attribute(b"src").is_none() && is_code
}

#[cfg(test)]
mod tests {
    use super::{inline_scripts, policy, source};

    #[test]
    fn finds_scripts_and_no_data() {
        let page = r#"<!-- <script>commented</script> --><script type="application/json">{"a": 1}</script>
            <script src="/file.js"></script><script>let a = "<b>" < 1;</script><title>text</title>
            <SCRIPT TYPE=module>import b</SCRIPT>"#;
        let found: Vec<_> = inline_scripts(page).collect();
        assert_eq!(found, [r#"let a = "<b>" < 1;"#, "import b"]);
    }

    /// The hash is the example of CSP level 3, 8.3.
    #[test]
    fn hashes_a_script() {
        let script = "doSomething();";
        assert_eq!(
            source(script),
            format!(" 'sha256-{}'", "RFWPLDbv2BY+rCkDzsE+0fr8ylGr2R2faWMhq4lfEQc=")
        );
    }

    #[test]
    fn allows_no_inline_script_without_a_page() {
        let folder = tempfile::tempdir().unwrap();
        let policy = policy(folder.path());
        assert!(
            policy
                .to_str()
                .unwrap()
                .contains("script-src 'self' 'wasm-unsafe-eval';")
        );
    }
}
