//! One page in one browser, and what is measured there.

use std::time::Duration;

use anyhow::ensure;
use e2e::page::Page;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use crate::stage::{AT_ONCE, Session, Stage, text};

/// How many single changes are made, and how many of them before it counts.
const SINGLES: usize = 40;
const WARM_UP: usize = 5;
/// The time between single changes: long enough for nothing to be left of the one before.
const APART: Duration = Duration::from_millis(300);
/// How many changes make a burst, and in what time at best.
pub(crate) const BURST: usize = 500;
const BURST_TIME: Duration = Duration::from_millis(1_000);

pub(crate) struct Run {
    pub(crate) page: Page,
    rows: usize,
}

/// What became of a burst.
#[derive(Debug)]
pub(crate) struct Burst {
    /// How long it took to make the changes.
    pub(crate) changing: Duration,
    /// From the last event to the right document, in milliseconds.
    pub(crate) right_after: f64,
    pub(crate) reads: u32,
    pub(crate) long_tasks: u32,
    /// How long the main thread was busy, in milliseconds.
    pub(crate) busy: f64,
    /// How much more memory is held than before, in bytes.
    pub(crate) growth: f64,
}

#[derive(Deserialize)]
struct Shown {
    took: f64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Settled {
    arrivals: usize,
    long_tasks: u32,
    reads: u32,
    wrong: u32,
    reached: Option<f64>,
}

impl Run {
    pub(crate) const fn new(page: Page, rows: usize) -> Self {
        Self { page, rows }
    }

    /// Times from the arrival of an event to its text in the document, in milliseconds.
    pub(crate) async fn singles(&self, stage: &Stage, session: &Session, round: usize) -> anyhow::Result<Vec<f64>> {
        let mut times = Vec::new();
        for turn in 0..WARM_UP + SINGLES {
            let row = turn * 37 % self.rows;
            let text = text(row, (round + 1) * 1_000 + turn);
            let shown = self.wait::<Shown>("probe.shown", json!(text));
            let change = async {
                // The page has begun to wait by then, or hears of it later, which changes nothing.
                sleep(APART).await;
                stage.change(session, row, &text).await
            };
            let (shown, ()) = tokio::try_join!(shown, change)?;
            if turn >= WARM_UP {
                times.push(shown.took);
            }
        }
        Ok(times)
    }

    /// Makes many changes in little time.
    pub(crate) async fn burst(&self, stage: &Stage, session: &Session, round: usize) -> anyhow::Result<Burst> {
        let version = |turn: usize| (round + 1) * 100_000 + turn / self.rows;
        let changes = (0..BURST).map(|turn| (turn % self.rows, text(turn % self.rows, version(turn))));
        let mut expected: Vec<Value> = self.page.eval(TEXTS, Vec::new()).await?;
        for (row, text) in changes.clone() {
            expected[row] = json!(text);
        }
        let (busy, held) = self.usage().await?;
        let expect = "probe.expect(arguments[0], arguments[1]); return null;";
        self.page
            .eval::<()>(expect, vec![json!(BURST), json!(expected)])
            .await?;

        let begun = Instant::now();
        let gap = BURST_TIME / u32::try_from(BURST / AT_ONCE)?;
        for (turn, few) in (0_u32..).zip(changes.collect::<Vec<_>>().chunks(AT_ONCE)) {
            sleep_until(begun + gap * turn).await;
            stage.change_all(session, few.iter().cloned()).await?;
        }
        let changing = begun.elapsed();
        let settled: Settled = self.wait("probe.settled", Value::Null).await?;
        ensure!(
            settled.arrivals == BURST && settled.wrong == 0,
            "of {BURST} events {} arrived, and {} rows are wrong",
            settled.arrivals,
            settled.wrong
        );
        let (busy_after, held_after) = self.usage().await?;
        Ok(Burst {
            changing,
            right_after: settled.reached.unwrap_or(f64::NAN),
            reads: settled.reads,
            long_tasks: settled.long_tasks,
            busy: busy_after - busy,
            growth: held_after - held,
        })
    }

    /// How long the main thread has been busy, in milliseconds, and how many bytes are held: JavaScript and WebAssembly.
    async fn usage(&self) -> anyhow::Result<(f64, f64)> {
        self.page.command("HeapProfiler.collectGarbage", json!({})).await?;
        let metrics = self.page.command("Performance.getMetrics", json!({})).await?;
        let metric = |name: &str| {
            let all = metrics["metrics"].as_array().into_iter().flatten();
            let found = all.filter(|metric| metric["name"] == name);
            found.filter_map(|metric| metric["value"].as_f64()).sum::<f64>()
        };
        let wasm = "return probe.memory?.buffer.byteLength ?? 0;";
        let wasm: f64 = self.page.eval(wasm, Vec::new()).await?;
        Ok((metric("TaskDuration") * 1e3, metric("JSHeapUsedSize") + wasm))
    }

    /// Waits for what a function of the probe calls back with.
    async fn wait<T: DeserializeOwned>(&self, function: &str, argument: Value) -> anyhow::Result<T> {
        let script = format!("{function}(...[...arguments].filter((each) => each !== null));");
        let answer = self.page.driver.execute_async(script, vec![argument]).await?;
        Ok(serde_json::from_value(answer.json().clone())?)
    }

    pub(crate) async fn close(self) -> anyhow::Result<()> {
        Ok(self.page.driver.quit().await?)
    }
}

const TEXTS: &str =
    "return [...document.querySelectorAll('[data-testid=actions] .text')].map((row) => row.textContent);";
