//! What is tidied up now and then: old events, expired sign-ins, answers nobody asks for again, idle rate limits.

use tokio::time::{MissedTickBehavior, interval};

use crate::state::AppState;
use crate::store::{idempotency, now, outbox, sign_ins};

/// Tidies up until the server stops.
pub(crate) async fn run(state: AppState) {
    let mut ticks = interval(state.tuning.maintenance_every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = state.stopping.cancelled() => return,
            _ = ticks.tick() => {}
        }
        state.limits.forget_idle();
        match tidy(&state).await {
            Ok(0) => {}
            Ok(events) => tracing::info!(events, "pruned the event log"),
            // The next round tries again.
            Err(error) => tracing::warn!(%error, "could not tidy up"),
        }
    }
}

async fn tidy(state: &AppState) -> Result<u64, sqlx::Error> {
    let now = now();
    let mut write = state.db.write().await?;
    sign_ins::sweep(&mut write, now).await?;
    idempotency::sweep(&mut write, now - state.tuning.answers_kept).await?;
    let pruned = outbox::prune(&mut write, state.tuning.log_rows, now - state.tuning.log_age).await?;
    write.commit().await?;
    Ok(pruned)
}
