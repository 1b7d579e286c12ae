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

/// What is shown of an app, and how.
struct Line {
    name: &'static str,
    /// How many digits after the point.
    digits: usize,
    /// Whether to say how much it is of what the first app needs.
    compared: bool,
    value: fn(&Measured) -> f64,
}

const fn line(name: &'static str, digits: usize, compared: bool, value: fn(&Measured) -> f64) -> Line {
    Line {
        name,
        digits,
        compared,
        value,
    }
}

const LINES: [Line; 7] = [
    line("event to screen, median, ms", 1, true, |it| it.single(50)),
    line("event to screen, 95 %, ms", 1, true, |it| it.single(95)),
    line("burst: right after the last event, ms", 1, false, |it| {
        it.burst(|burst| burst.right_after)
    }),
    line("burst: reads", 0, false, |it| it.burst(|burst| f64::from(burst.reads))),
    line("burst: tasks of more than 50 ms", 0, false, |it| {
        it.burst(|burst| f64::from(burst.long_tasks))
    }),
    line("burst: main thread, ms", 0, true, |it| it.burst(|burst| burst.busy)),
    line("burst: memory held more than before, MB", 1, false, |it| {
        it.burst(|burst| burst.growth / 1e6)
    }),
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
        for line in LINES {
            let cells: String = of_size.iter().map(|each| line.cell(each, first)).collect();
            _ = writeln!(text, "| {} |{cells}", line.name);
        }
    }
    text
}

impl Line {
    fn cell(&self, of: &Measured, first: &Measured) -> String {
        let (value, digits) = ((self.value)(of), self.digits);
        if self.compared && !std::ptr::eq(of, first) {
            format!(" {value:.digits$} (×{:.2}) |", value / (self.value)(first))
        } else {
            format!(" {value:.digits$} |")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Measured, of, table};
    use crate::run::Burst;

    #[test]
    fn percentiles_are_of_what_was_measured() {
        let numbers: Vec<f64> = (0..100).rev().map(f64::from).collect();
        assert_eq!((of(numbers.clone(), 50), of(numbers, 95)), (50.0, 95.0));
        assert!(of(Vec::new(), 50).is_nan());
    }

    #[test]
    fn each_app_is_compared_with_the_first() {
        let measured = |name, time| {
            let mut measured = Measured::new(name, 200);
            let burst = Burst {
                changing: Duration::from_millis(1_500),
                right_after: time,
                reads: 7,
                long_tasks: 0,
                busy: time,
                growth: 0.0,
            };
            measured.add(vec![time], burst);
            measured
        };
        let table = table(&[vec![measured("one", 10.0), measured("two", 2.5)]]);
        for line in [
            "| 200 rows (burst: 500 changes in 1.5 s) | one | two |",
            "|---|---:|---:|",
            "| event to screen, median, ms | 10.0 | 2.5 (×0.25) |",
            "| burst: reads | 7 | 7 |",
        ] {
            assert!(table.lines().any(|each| each == line), "{line}: {table}");
        }
    }
}
