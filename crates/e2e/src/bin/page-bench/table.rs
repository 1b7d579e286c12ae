//! The table that is printed.

use std::fmt::Write as _;

use crate::run::{BURST, Burst};

/// Everything that was measured of one app and one size.
pub(crate) struct Measured {
    name: &'static str,
    rows: usize,
    singles: Vec<f64>,
    bursts: Vec<Burst>,
}

impl Measured {
    pub(crate) const fn new(name: &'static str, rows: usize) -> Self {
        Self {
            name,
            rows,
            singles: Vec::new(),
            bursts: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, singles: Vec<f64>, burst: Burst) {
        self.singles.extend(singles);
        self.bursts.push(burst);
    }

    fn single(&self, percentile: usize) -> f64 {
        of(self.singles.clone(), percentile)
    }

    fn burst(&self, what: impl Fn(&Burst) -> f64) -> f64 {
        of(self.bursts.iter().map(what).collect(), 50)
    }
}

/// A percentile of some numbers.
fn of(mut numbers: Vec<f64>, percentile: usize) -> f64 {
    numbers.sort_by(f64::total_cmp);
    let at = (numbers.len() * percentile / 100).min(numbers.len().saturating_sub(1));
    numbers.get(at).copied().unwrap_or(f64::NAN)
}

type Line = (&'static str, usize, fn(&Measured) -> f64);

/// What is shown, and with how many digits after the point.
const LINES: [Line; 7] = [
    ("event to screen, p50, ms", 1, |it| it.single(50)),
    ("event to screen, p95, ms", 1, |it| it.single(95)),
    ("burst: right after the last event, ms", 0, |it| {
        it.burst(|burst| burst.right_after)
    }),
    ("burst: reads", 0, |it| it.burst(|burst| f64::from(burst.reads))),
    ("burst: tasks of more than 50 ms", 0, |it| {
        it.burst(|burst| f64::from(burst.long_tasks))
    }),
    ("burst: main thread, ms", 0, |it| it.burst(|burst| burst.busy)),
    ("burst: memory held, MB", 1, |it| it.burst(|burst| burst.growth / 1e6)),
];

/// A table in Markdown: a column for each app, with its ratio to the first.
pub(crate) fn table(measured: &[Vec<Measured>]) -> String {
    let mut text = String::new();
    for of_size in measured {
        let Some(first) = of_size.first() else { continue };
        let names: String = of_size.iter().map(|each| format!(" {} |", each.name)).collect();
        let took = of(
            of_size
                .iter()
                .map(|each| each.burst(|burst| burst.changing.as_secs_f64()))
                .collect(),
            50,
        );
        _ = writeln!(
            text,
            "\n| {} rows (burst: {BURST} changes in {took:.1} s) |{names}",
            first.rows
        );
        _ = writeln!(text, "|---|{}", "---:|".repeat(of_size.len()));
        for (name, digits, value) in LINES {
            let cells: String = of_size
                .iter()
                .map(|each| cell(value(each), value(first), digits))
                .collect();
            _ = writeln!(text, "| {name} |{cells}");
        }
    }
    text
}

fn cell(value: f64, first: f64, digits: usize) -> String {
    let ratio = value / first;
    if value.to_bits() == first.to_bits() || !ratio.is_finite() {
        format!(" {value:.digits$} |")
    } else {
        format!(" {value:.digits$} (×{ratio:.2}) |")
    }
}
