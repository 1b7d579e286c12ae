//! Periodic work: the deletion of outdated data, and checkpoints of the write-ahead log. Outdated data are old events,
//! expired sign-ins, devices that were not used for long, stored responses, rows that were deleted long ago, and idle
//! rate limits.

use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, sleep, timeout};
use wire::{Action, Agreement, Goal};

use crate::state::AppState;
use crate::store::{deletion, devices, idempotency, now, outbox, sign_ins};

/// The delay of a checkpoint after a write.
const FOLD_AFTER: Duration = Duration::from_secs(1);

/// The minimum interval between two waits for a quiet moment while the write-ahead log is large. All requests pause
/// during such a wait.
const QUIET_EVERY: Duration = Duration::from_secs(5);

/// Deletes outdated data at intervals until the server stops.
pub(crate) async fn run(state: AppState) {
    let mut ticks = interval(state.tuning.maintenance_every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = state.stopping.cancelled() => return,
            _ = ticks.tick() => {}
        }
        state.limits.forget_idle();
        state.audit.forget_idle();
        state.quotas.forget_idle();
        match tidy(&state).await {
            Ok(0) => {}
            Ok(events) => tracing::info!(events, "pruned the event log"),
            // The next round tries again.
            Err(error) => tracing::warn!(%error, "could not tidy up"),
        }
    }
}

/// Checkpoints the write-ahead log into the file shortly after each write, until the server stops.
pub(crate) async fn fold(state: AppState) {
    let fold = async {
        let mut tried_at = None::<Instant>;
        let mut is_large = false;
        loop {
            if is_large {
                // A large log is checkpointed again even without a further write.
                drop(timeout(QUIET_EVERY, state.db.written()).await);
            } else {
                state.db.written().await;
            }
            sleep(FOLD_AFTER).await;
            let may_wait = tried_at.is_none_or(|at| at.elapsed() >= QUIET_EVERY);
            match fold_once(&state, may_wait).await {
                Ok((left, waited)) => {
                    is_large = left;
                    tried_at = if waited { Some(Instant::now()) } else { tried_at };
                }
                // The next round tries again. In the end, the writing connection checkpoints by itself.
                Err(error) => tracing::warn!(%error, "could not fold what was written into the file"),
            }
        }
    };
    tokio::select! {
        () = state.stopping.cancelled() => {}
        () = fold => {}
    }
}

/// Checkpoints once. Returns whether the log is still large, and whether a quiet moment was awaited.
async fn fold_once(state: &AppState, may_wait: bool) -> Result<(bool, bool), sqlx::Error> {
    if !state.db.fold().await? {
        return Ok((false, false));
    }
    let is_large = !may_wait || !state.db.fold_in_quiet().await?;
    Ok((is_large, may_wait))
}

async fn tidy(state: &AppState) -> Result<u64, sqlx::Error> {
    let now = now();
    let mut write = state.db.write().await?;
    sign_ins::sweep(&mut write, now).await?;
    devices::sweep(&mut write, now - state.tuning.device_lifetime).await?;
    idempotency::sweep(&mut write, now - state.tuning.answers_kept).await?;
    let deleted = now - state.tuning.deleted_kept;
    deletion::purge::<Action>(&mut write, deleted).await?;
    deletion::purge::<Agreement>(&mut write, deleted).await?;
    deletion::purge::<Goal>(&mut write, deleted).await?;
    let kept = outbox::Kept {
        rows: state.tuning.log_rows,
        bytes: state.tuning.log_bytes,
        since: now - state.tuning.log_age,
    };
    let pruned = outbox::prune(&mut write, &kept).await?;
    write.commit().await?;
    Ok(pruned)
}
