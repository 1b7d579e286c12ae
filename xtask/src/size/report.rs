//! Prints the measured sizes.

use std::collections::HashMap;

use super::code::Code;
use super::load::{Load, Loaded, Sum};
use super::symbol;
use crate::shell::note;

/// The maximum length of a name; longer ones are truncated.
const MOST_LETTERS: usize = 150;

/// Prints the files of a visit.
pub(super) fn load(load: &Load) {
    let (first, all) = load.sums();
    note("   raw  brotli");
    files(&load.first);
    together(first, "together, before one can sign in");
    files(&load.later);
    together(all, "altogether, before one can work");
}

fn files(files: &[Loaded]) {
    for Loaded { name, raw, brotli } in files {
        note(&format!("{raw:>7} {brotli:>7}  {name}"));
    }
}

fn together(Sum { raw, brotli }: Sum, what: &str) {
    note(&format!("{raw:>7} {brotli:>7}  {what}"));
}

/// Prints the code by section, by crate and by the user of a generic function, and the largest functions.
pub(super) fn code(code: &Code, top: usize) {
    table(
        "sections, raw",
        code.sections.iter().map(|(name, size)| (name.clone(), *size)),
        top,
    );
    let functions: Vec<_> = code
        .functions
        .iter()
        .map(|function| (symbol::read(&function.symbol), function.size))
        .collect();
    let by_crate = functions
        .iter()
        .map(|(symbol, size)| (symbol.crate_name.clone(), *size));
    table("code by crate that defines it", by_crate, top);
    let by_user = functions.iter().filter_map(|(symbol, size)| {
        let made_for = symbol.made_for.as_ref()?;
        Some((format!("{} for {made_for}", symbol.crate_name), *size))
    });
    table("generic code of other crates by what it was made for", by_user, top);
    let by_function = functions.iter().map(|(symbol, size)| (symbol.name.clone(), *size));
    table("largest functions", by_function, top);
}

/// Adds up the rows with the same name and prints the largest ones.
fn table(title: &str, rows: impl Iterator<Item = (String, u64)>, top: usize) {
    let mut sums: HashMap<String, (u64, usize)> = HashMap::new();
    for (name, size) in rows {
        let (sum, count) = sums.entry(name).or_default();
        *sum += size;
        *count += 1;
    }
    let mut rows: Vec<_> = sums.into_iter().collect();
    rows.sort_by(|(name, (sum, _)), (other, (others, _))| others.cmp(sum).then_with(|| name.cmp(other)));
    note(title);
    for (name, (sum, count)) in rows.iter().take(top) {
        let name: String = name.chars().take(MOST_LETTERS).collect();
        note(&format!("{sum:>7}  {count:>4}×  {name}"));
    }
}
