//! Rules about language: the sentences of comments and documentation.

use super::Finding;
use super::source::SourceFile;

/// The first words of a clause. A sentence that begins with one of them has a clause as its subject.
const RELATIVES: [&str; 11] = [
    "how",
    "that",
    "what",
    "whatever",
    "where",
    "which",
    "whichever",
    "who",
    "whoever",
    "whom",
    "whose",
];

/// Pronouns without a definite referent.
const INDEFINITES: [&str; 8] = [
    "anybody",
    "everybody",
    "nobody",
    "somebody",
    "whatever",
    "whichever",
    "whoever",
    "whom",
];

/// A rule of language.
struct Rule {
    is_broken_by: fn(&str) -> bool,
    explanation: &'static str,
    /// The maximum share of sentences that may break the rule. It is only ever lowered.
    max_percent: usize,
}

const RULES: [Rule; 2] = [
    Rule {
        is_broken_by: has_clause_as_subject,
        explanation: "a sentence starts with a noun or a verb, not with a clause",
        max_percent: 7,
    },
    Rule {
        is_broken_by: has_indefinite,
        explanation: "a sentence names the thing: \"the entry\", \"the tab\", \"the request\"",
        max_percent: 4,
    },
];

/// Finds sentences of comments and documentation that break a rule of language, if there are too many of them.
pub(super) fn prose(files: &[SourceFile]) -> Vec<Finding> {
    let sentences: Vec<_> = files
        .iter()
        .flat_map(|file| sentences(file).into_iter().map(move |sentence| (file, sentence)))
        .collect();
    let broken = |rule: &Rule| {
        let found: Vec<_> = sentences
            .iter()
            .filter(|(_, (_, text))| (rule.is_broken_by)(text))
            .collect();
        let is_kept = found.len() * 100 <= sentences.len() * rule.max_percent;
        let finding = |(file, (line, text)): &&(&SourceFile, (usize, String))| Finding {
            path: file.path.clone(),
            line: *line,
            rule: format!("{}: {text:?}", rule.explanation),
        };
        if is_kept {
            Vec::new()
        } else {
            found.iter().map(finding).collect()
        }
    };
    RULES.iter().flat_map(broken).collect()
}

fn has_clause_as_subject(sentence: &str) -> bool {
    words(sentence).next().is_some_and(|first| RELATIVES.contains(&&*first))
}

fn has_indefinite(sentence: &str) -> bool {
    words(sentence).any(|word| INDEFINITES.contains(&&*word))
}

fn words(sentence: &str) -> impl Iterator<Item = String> {
    let parts = sentence.split(|character: char| !character.is_alphanumeric() && character != '\'');
    parts.filter(|part| !part.is_empty()).map(str::to_lowercase)
}

/// Returns the sentences of a file, each with the first line of its paragraph.
fn sentences(file: &SourceFile) -> Vec<(usize, String)> {
    let mut paragraphs = Paragraphs::default();
    for (number, line) in file.numbered_lines() {
        if file.is_rust() {
            paragraphs.take(number, comment(line).unwrap_or_default());
        } else if file.has_extension(&["md"]) {
            paragraphs.take(number, line.trim());
        }
    }
    paragraphs.end();
    let of = |(line, text): (usize, String)| {
        let sentences: Vec<_> = split(&without_code(&text)).map(|text| (line, text)).collect();
        sentences
    };
    paragraphs.ended.into_iter().flat_map(of).collect()
}

/// Returns the text of a comment line.
fn comment(line: &str) -> Option<&str> {
    let text = line.trim_start().strip_prefix("//")?;
    Some(text.trim_start_matches(['/', '!']).trim())
}

/// The paragraphs, items of lists and cells of tables of a file. Blocks of code are omitted.
#[derive(Default)]
struct Paragraphs {
    ended: Vec<(usize, String)>,
    current: Option<(usize, String)>,
    is_code: bool,
}

impl Paragraphs {
    fn take(&mut self, number: usize, line: &str) {
        if line.starts_with("```") {
            self.is_code = !self.is_code;
            self.end();
        } else if line.is_empty() || self.is_code {
            self.end();
        } else if line.starts_with('|') {
            self.end();
            let cells = line.split('|').map(str::trim).filter(|cell| !cell.is_empty());
            self.ended.extend(cells.map(|cell| (number, cell.to_owned())));
        } else if let Some(item) = ["- ", "* ", "# ", "## ", "### "]
            .iter()
            .find_map(|mark| line.strip_prefix(mark))
        {
            self.end();
            self.current = Some((number, item.to_owned()));
        } else if let Some((_, text)) = &mut self.current {
            text.push(' ');
            text.push_str(line);
        } else {
            self.current = Some((number, line.to_owned()));
        }
    }

    fn end(&mut self) {
        self.ended.extend(self.current.take());
    }
}

/// Returns the text with the letter `X` in place of each piece of code.
fn without_code(text: &str) -> String {
    let pieces = text.split('`').enumerate();
    pieces
        .map(|(index, piece)| if index % 2 == 0 { piece } else { "X" })
        .collect()
}

fn split(text: &str) -> impl Iterator<Item = String> {
    let mut sentences = vec![String::new()];
    for word in text.split_whitespace() {
        let ends = |last: &String| last.ends_with(['.', '!', '?', ':', ';']);
        let begins = word.trim_start_matches(['(', '"', '*']).starts_with(char::is_uppercase);
        if begins && sentences.last().is_some_and(ends) {
            sentences.push(String::new());
        }
        if let Some(last) = sentences.last_mut() {
            if !last.is_empty() {
                last.push(' ');
            }
            last.push_str(word);
        }
    }
    sentences.into_iter().filter(|sentence| !sentence.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{SourceFile, prose, sentences};

    const PLAIN: &str = "//! Starts. Ends\n//! here, `code`. Why?\nlet a = 1; // not read\n\n/// - One.\n/// - Two.\n";

    #[test]
    fn comments_are_read_by_the_sentence() {
        let found = sentences(&SourceFile::new("src/a.rs", PLAIN));
        let found: Vec<_> = found.iter().map(|(line, text)| (*line, text.as_str())).collect();
        let expected = [
            (1, "Starts."),
            (1, "Ends here, X."),
            (1, "Why?"),
            (5, "One."),
            (6, "Two."),
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn tables_are_read_by_the_cell() {
        let table = SourceFile::new("docs/a.md", "| A | What is kept. |\n|---|---|\n");
        let texts: Vec<_> = sentences(&table).into_iter().map(|(_, text)| text).collect();
        assert_eq!(texts, ["A", "What is kept.", "---", "---"]);
    }

    #[test]
    fn few_sentences_may_break_a_rule() {
        let broken = "// What is kept is kept.\n\n// The entry waits for somebody.\n";
        let found = prose(&[SourceFile::new("src/a.rs", broken)]);
        assert_eq!(found.iter().map(|finding| finding.line).collect::<Vec<_>>(), [1, 3]);
        let among_many = format!("{broken}{}", "\n// The tab waits.\n".repeat(100));
        assert!(prose(&[SourceFile::new("src/a.rs", among_many)]).is_empty());
    }
}
