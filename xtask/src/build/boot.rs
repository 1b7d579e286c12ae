//! Moves the script that starts the app out of the page.
//!
//! Trunk writes it into `index.html`. The server's content security policy allows only scripts from files
//! (`script-src 'self' 'wasm-unsafe-eval'`), so every inline module is moved into a file named after its content. Data
//! blocks, such as the app's configuration, are not scripts and stay.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::{Context as _, bail};

use super::hash;

/// Rewrites `index.html` in `dist` and writes the files that it then refers to.
///
/// # Errors
///
/// If the page can not be read or written, or holds an inline script that is not a module.
pub(super) fn externalize(dist: &Path) -> anyhow::Result<()> {
    let page = dist.join("index.html");
    let html = std::fs::read_to_string(&page)
        .with_context(|| format!("cannot read {}: Trunk should have written it", page.display()))?;
    let Rewritten { html, files } = rewrite(&html)?;
    for (name, script) in files {
        std::fs::write(dist.join(&name), script).with_context(|| format!("cannot write {name}"))?;
    }
    std::fs::write(&page, html).with_context(|| format!("cannot write {}", page.display()))
}

#[derive(Debug, Default)]
struct Rewritten {
    html: String,
    /// The name and content of each new file.
    files: Vec<(String, String)>,
}

fn rewrite(html: &str) -> anyhow::Result<Rewritten> {
    let mut rewritten = Rewritten::default();
    let mut rest = html;
    while let Some(start) = next_tag(rest) {
        let (before, element) = rest.split_at(start);
        rewritten.html.push_str(before);
        if element.starts_with("<!--") {
            let end = element.find("-->").map_or(element.len(), |end| end + "-->".len());
            rewritten.html.push_str(&element[..end]);
            rest = &element[end..];
            continue;
        }
        let script = Script::parse(element)?;
        match script.kind()? {
            Kind::Stays => rewritten.html.push_str(&element[..script.length]),
            Kind::Moves => {
                let name = file_name(script.text);
                // The page is served for paths of any depth, so the address starts at the root.
                write!(rewritten.html, r#"<script type="module" src="/{name}"></script>"#)?;
                rewritten.files.push((name, script.text.trim_start().to_owned()));
            }
        }
        rest = &element[script.length..];
    }
    rewritten.html.push_str(rest);
    Ok(rewritten)
}

/// Returns the start of the next script element or comment.
fn next_tag(html: &str) -> Option<usize> {
    // The conversion to ASCII lower case changes no offset.
    let lower = html.to_ascii_lowercase();
    let script = lower.match_indices("<script").map(|(at, _)| at).find(|at| {
        let next = lower.as_bytes().get(at + "<script".len());
        next.is_none_or(|next| next.is_ascii_whitespace() || *next == b'>' || *next == b'/')
    });
    [script, lower.find("<!--")].into_iter().flatten().min()
}

/// A script element.
struct Script<'html> {
    /// The text between `<script` and `>`.
    attributes: &'html str,
    /// The text between the tags.
    text: &'html str,
    /// The length of the whole element, in bytes.
    length: usize,
}

enum Kind {
    Moves,
    Stays,
}

impl<'html> Script<'html> {
    /// Reads the element that `html` starts with.
    fn parse(html: &'html str) -> anyhow::Result<Self> {
        let unfinished = "index.html holds a script element without an end";
        let open_end = tag_end(html).context(unfinished)?;
        // The same as in a browser: the first `</script` ends any text.
        let text_length = html[open_end..]
            .to_ascii_lowercase()
            .find("</script")
            .context(unfinished)?;
        let close = open_end + text_length;
        let length = close + html[close..].find('>').context(unfinished)? + 1;
        Ok(Self {
            attributes: &html["<script".len()..open_end - 1],
            text: &html[open_end..close],
            length,
        })
    }

    fn kind(&self) -> anyhow::Result<Kind> {
        let kind = attribute(self.attributes, "type")
            .unwrap_or_default()
            .to_ascii_lowercase();
        if attribute(self.attributes, "src").is_some() {
            return Ok(Kind::Stays);
        }
        match kind.as_str() {
            "module" => Ok(Kind::Moves),
            "" | "text/javascript" | "application/javascript" | "importmap" => bail!(
                "index.html holds an inline script, which the content security policy forbids: move it into a file"
            ),
            _ => Ok(Kind::Stays),
        }
    }
}

/// Returns the end of the opening tag, just after its `>`; a `>` in a quoted value does not count.
fn tag_end(html: &str) -> Option<usize> {
    let mut quote = None;
    for (at, letter) in html.char_indices() {
        match quote {
            Some(open) if open == letter => quote = None,
            Some(_) => {}
            None if letter == '"' || letter == '\'' => quote = Some(letter),
            None if letter == '>' => return Some(at + 1),
            None => {}
        }
    }
    None
}

/// Returns the value of an attribute; empty if it has none.
fn attribute(attributes: &str, name: &str) -> Option<String> {
    let mut rest = attributes;
    loop {
        rest = rest.trim_start_matches(|letter: char| letter.is_whitespace() || letter == '/');
        if rest.is_empty() {
            return None;
        }
        let end = rest
            .find(|letter: char| letter.is_whitespace() || letter == '=')
            .unwrap_or(rest.len());
        let (found, after) = rest.split_at(end);
        let after_space = after.trim_start();
        let value;
        (value, rest) = match after_space.strip_prefix('=') {
            None => ("", after),
            Some(assigned) => split_value(assigned.trim_start()),
        };
        if found.eq_ignore_ascii_case(name) {
            return Some(value.to_owned());
        }
    }
}

fn split_value(text: &str) -> (&str, &str) {
    for quote in ['"', '\''] {
        if let Some(quoted) = text.strip_prefix(quote) {
            return quoted.split_once(quote).unwrap_or((quoted, ""));
        }
    }
    text.split_at(text.find(char::is_whitespace).unwrap_or(text.len()))
}

/// Returns a name that changes with the content, so that the file may be cached for ever.
fn file_name(script: &str) -> String {
    format!("boot-{}.js", hash([script.as_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::{attribute, externalize, rewrite};

    /// The output of Trunk 0.21.14 for a page with a comment, a data block and a rust link.
    const PAGE: &str = r#"<!DOCTYPE html>
<html lang="en">
<head>
    <meta charset="utf-8">
    <title>Freshet</title>
    <!-- <script type="module">not a script</script> -->
    <script type="application/json" id="freshet-config">{"api_base":"/api"}</script>

<script type="module">
import init, * as bindings from '/freshet-589f611cbd1a0562.js';
const wasm = await init({ module_or_path: '/freshet-589f611cbd1a0562_bg.wasm' });


window.wasmBindings = bindings;


dispatchEvent(new CustomEvent("TrunkApplicationStarted", {detail: {wasm}}));

</script>
<link rel="modulepreload" href="/freshet-589f611cbd1a0562.js" crossorigin="anonymous" integrity="sha384-PdsXVh7F1d0Cu6anH2lAn7smrBRgTWzJVWyQofAT8Tugbl+0KcvuUaNXJkkBt7Lr"><link rel="preload" href="/freshet-589f611cbd1a0562_bg.wasm" crossorigin="anonymous" integrity="sha384-94IKRbmTNYDRDyNfsHaZ6MEm0ZXMjMVbHtwNWKNULPUBCi7p/aiGvsTaUsDO6/w3" as="fetch" type="application/wasm"></head>
<body></body>
</html>"#;

    #[test]
    fn inline_script_moves_into_file() {
        let rewritten = rewrite(PAGE).unwrap();
        let [(name, script)] = &rewritten.files[..] else {
            panic!("one file: {:?}", rewritten.files)
        };
        assert!(name.starts_with("boot-") && name.ends_with(".js"), "{name}");
        assert!(
            script.starts_with("import init, * as bindings from '/freshet-589f611cbd1a0562.js';"),
            "{script}"
        );
        assert!(script.trim_end().ends_with("{detail: {wasm}}));"), "{script}");

        let start = PAGE.find("<script type=\"module\">\nimport").unwrap();
        let end = PAGE.find("<link rel").unwrap() - 1;
        let reference = format!("<script type=\"module\" src=\"/{name}\"></script>");
        assert_eq!(rewritten.html, [&PAGE[..start], &reference, &PAGE[end..]].concat());
    }

    #[test]
    fn the_name_follows_the_content() {
        let name = |script: &str| {
            rewrite(&format!("<script type=module>{script}</script>"))
                .unwrap()
                .files[0]
                .0
                .clone()
        };
        assert_eq!(name("start(1)"), name("start(1)"));
        assert_ne!(name("start(1)"), name("start(2)"));
    }

    #[test]
    fn rewritten_page_stays_unchanged() {
        let once = rewrite(PAGE).unwrap().html;
        let twice = rewrite(&once).unwrap();
        assert_eq!(twice.html, once);
        assert!(twice.files.is_empty());
    }

    #[test]
    fn every_inline_module_moves_however_it_is_written() {
        let page = "<SCRIPT nonce='a>b' Type = \"MODULE\" >one()</Script ><script type=module>two()</script>";
        let rewritten = rewrite(page).unwrap();
        let scripts: Vec<_> = rewritten.files.iter().map(|(_, script)| script.as_str()).collect();
        assert_eq!(scripts, ["one()", "two()"]);
        assert!(!rewritten.html.contains("one()") && !rewritten.html.contains("two()"));
    }

    #[test]
    fn blocked_script_is_an_error() {
        for page in [
            "<script>alert(1)</script>",
            "<script type=\"text/javascript\">alert(1)</script>",
        ] {
            let error = rewrite(page).unwrap_err().to_string();
            assert!(error.contains("move it into a file"), "{error}");
        }
        assert!(rewrite("<script src=\"/theme.js\"></script><scripture>").is_ok());
        assert!(rewrite("<script type=\"module\">never ends").is_err());
    }

    #[test]
    fn attributes_are_found_whatever_stands_around_them() {
        let attributes = r#" async type="module" data-src='x' crossorigin id=boot"#;
        assert_eq!(attribute(attributes, "type").as_deref(), Some("module"));
        assert_eq!(attribute(attributes, "async").as_deref(), Some(""));
        assert_eq!(attribute(attributes, "crossorigin").as_deref(), Some(""));
        assert_eq!(attribute(attributes, "id").as_deref(), Some("boot"));
        assert_eq!(attribute(attributes, "src"), None);
    }

    #[test]
    fn the_files_are_written_beside_the_page() {
        let dist = tempfile::tempdir().unwrap();
        std::fs::write(dist.path().join("index.html"), PAGE).unwrap();
        externalize(dist.path()).unwrap();
        let html = std::fs::read_to_string(dist.path().join("index.html")).unwrap();
        let name = &rewrite(PAGE).unwrap().files[0].0;
        assert!(html.contains(name.as_str()));
        assert!(dist.path().join(name).exists());
    }
}
