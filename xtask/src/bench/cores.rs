//! Runs the app's benchmarks, each a file in `benches/`, and shows criterion's results as one table.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context as _, bail};
use serde_json::Value;
use walkdir::WalkDir;

use crate::shell::{cargo, root, run as run_program, step, target_dir};

/// One line of the table.
#[derive(Debug, PartialEq)]
struct Measurement {
    name: String,
    /// The median, which other programs on the same machine affect least.
    nanoseconds: f64,
    throughput: Option<Throughput>,
}

/// The amount that one iteration handles.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Throughput {
    Bytes(f64),
    Elements(f64),
}

pub(super) fn run(only: Option<&str>) -> anyhow::Result<()> {
    let benches = benches(&root().join("benches"))?;
    let results = target_dir()?.join("criterion");
    forget_last_run(&results)?;

    step(&format!("Measuring {}", benches.join(", ")));
    let mut bench = cargo();
    bench.args(["bench", "--package", "freshet"]);
    for name in &benches {
        bench.args(["--bench", name]);
    }
    bench.args(["--", "--noplot", "--quiet"]).args(only);
    // The table has criterion's results.
    run_program(bench.stdout(Stdio::null())).context("a benchmark failed: see above")?;

    let measurements = read(&results)?;
    if measurements.is_empty() {
        bail!(
            "nothing was measured: no benchmark has {:?} in its name",
            only.unwrap_or_default()
        );
    }
    println!("{}", table(&measurements));
    Ok(())
}

/// Returns the names of the benchmarks in a folder.
fn benches(folder: &Path) -> anyhow::Result<Vec<String>> {
    let list = fs::read_dir(folder).with_context(|| format!("cannot list {}", folder.display()))?;
    let mut names = Vec::new();
    for entry in list {
        let path = entry.context("cannot list the benchmarks")?.path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            names.extend(path.file_stem().map(|name| name.to_string_lossy().into_owned()));
        }
    }
    names.sort();
    Ok(names)
}

/// Removes the newest results of an earlier run, so that only the results of this run are shown.
fn forget_last_run(results: &Path) -> anyhow::Result<()> {
    for newest in newest(results) {
        fs::remove_dir_all(&newest).with_context(|| format!("cannot remove {}", newest.display()))?;
    }
    Ok(())
}

/// Returns the folders of the newest results.
fn newest(results: &Path) -> Vec<PathBuf> {
    let folders = WalkDir::new(results).sort_by_file_name().into_iter().flatten();
    let folders = folders.map(walkdir::DirEntry::into_path);
    folders
        .filter(|path| path.join("estimates.json").is_file() && path.ends_with("new"))
        .collect()
}

fn read(results: &Path) -> anyhow::Result<Vec<Measurement>> {
    let read = |path: PathBuf| -> anyhow::Result<Value> {
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} is not JSON", path.display()))
    };
    let mut measurements = Vec::new();
    for folder in newest(results) {
        let (benchmark, estimates) = (
            read(folder.join("benchmark.json"))?,
            read(folder.join("estimates.json"))?,
        );
        let measurement = measurement(&benchmark, &estimates);
        measurements.push(measurement.with_context(|| format!("{} is not what was expected", folder.display()))?);
    }
    Ok(measurements)
}

fn measurement(benchmark: &Value, estimates: &Value) -> Option<Measurement> {
    let throughput = &benchmark["throughput"];
    let throughput = (throughput["Bytes"].as_f64().map(Throughput::Bytes))
        .or_else(|| throughput["Elements"].as_f64().map(Throughput::Elements));
    Some(Measurement {
        name: benchmark["full_id"].as_str()?.to_owned(),
        nanoseconds: estimates["median"]["point_estimate"].as_f64()?,
        throughput,
    })
}

fn table(measurements: &[Measurement]) -> String {
    let mut rows = vec![["name".to_owned(), "time".to_owned(), "throughput".to_owned()]];
    rows.extend(measurements.iter().map(|measurement| {
        let seconds = measurement.nanoseconds / 1e9;
        let throughput = match measurement.throughput {
            Some(Throughput::Bytes(bytes)) => amount(bytes / seconds, "B/s"),
            Some(Throughput::Elements(elements)) => amount(elements / seconds, "/s"),
            None => String::new(),
        };
        [measurement.name.clone(), time(measurement.nanoseconds), throughput]
    }));
    let widths = [0, 1, 2].map(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0));
    let lines = rows.iter().map(|[name, time, throughput]| {
        let [first, second, third] = widths;
        format!("{name:first$}  {time:>second$}  {throughput:>third$}")
            .trim_end()
            .to_owned()
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// Formats a time in the unit that gives one to three digits before the point.
fn time(nanoseconds: f64) -> String {
    match nanoseconds {
        small if small < 1e3 => format!("{small:.1} ns"),
        middle if middle < 1e6 => format!("{:.1} µs", middle / 1e3),
        large if large < 1e9 => format!("{:.2} ms", large / 1e6),
        huge => format!("{:.2} s", huge / 1e9),
    }
}

fn amount(count: f64, unit: &str) -> String {
    match count {
        small if small < 1e3 => format!("{small:.1} {unit}"),
        middle if middle < 1e6 => format!("{:.1} k{unit}", middle / 1e3),
        large if large < 1e9 => format!("{:.1} M{unit}", large / 1e6),
        huge => format!("{:.2} G{unit}", huge / 1e9),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Measurement, Throughput, benches, forget_last_run, read, root, table};

    fn measured(name: &str, nanoseconds: f64, throughput: Option<Throughput>) -> Measurement {
        let name = name.to_owned();
        Measurement {
            name,
            nanoseconds,
            throughput,
        }
    }

    #[test]
    fn table_shows_units_and_throughput() {
        let list = [
            measured("a", 12.34, None),
            measured("decode/equal", 81_475.7, Some(Throughput::Bytes(547_918.0))),
            measured("b", 6_200_000.0, Some(Throughput::Elements(1_000.0))),
        ];
        let expected = "\
name              time  throughput
a              12.3 ns
decode/equal   81.5 µs    6.72 GB/s
b              6.20 ms     161.3 k/s";
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let found = table(&list);
        assert_eq!(words(&found), words(expected), "\n{found}");
        let ends: Vec<_> = found
            .lines()
            .filter(|line| line.contains("/s"))
            .map(|line| line.chars().count())
            .collect();
        assert_eq!(ends[0], ends[1], "aligned:\n{found}");
    }

    #[test]
    fn only_what_was_measured_last_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, version: &str, median: f64, throughput: Value| {
            let path = folder.path().join(name).join(version);
            std::fs::create_dir_all(&path).unwrap();
            let benchmark = json!({"full_id": name, "throughput": throughput});
            std::fs::write(path.join("benchmark.json"), benchmark.to_string()).unwrap();
            let estimates = json!({"median": {"point_estimate": median}, "mean": {"point_estimate": 0.0}});
            std::fs::write(path.join("estimates.json"), estimates.to_string()).unwrap();
        };
        write("decode/gone", "new", 1.0, Value::Null);
        forget_last_run(folder.path()).unwrap();
        write("decode/full", "base", 1.0, Value::Null);
        write("decode/full", "new", 2.0, json!({"Bytes": 10}));
        write("decode/equal", "new", 3.0, Value::Null);
        let expected = [
            measured("decode/equal", 3.0, None),
            measured("decode/full", 2.0, Some(Throughput::Bytes(10.0))),
        ];
        assert_eq!(read(folder.path()).unwrap(), expected);
        assert_eq!(read(&folder.path().join("nothing")).unwrap(), []);
    }

    #[test]
    fn bench_files_are_registered() {
        let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
        for name in benches(&root().join("benches")).unwrap() {
            assert!(
                manifest.contains(&format!("[[bench]]\nname = \"{name}\"\nharness = false\n")),
                "{name}"
            );
        }
    }
}
