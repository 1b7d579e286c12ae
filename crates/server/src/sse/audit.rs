//! The periodic check of all streams, for changes that no stream is notified of: sign-ins that expired or were ended
//! outside of this process, and events that another process wrote.

use std::collections::BTreeSet;

use tokio::time::{MissedTickBehavior, interval};

use crate::state::AppState;
use crate::store::{now, sign_ins};

/// Checks all streams once in each heartbeat interval until the server stops. One query for all streams costs less than
/// one query for each.
pub(crate) async fn run(state: AppState) {
    let mut ticks = interval(state.tuning.heartbeat);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = state.stopping.cancelled() => return,
            _ = ticks.tick() => {}
        }
        // After an error, the next round tries again.
        if let Err(error) = audit(&state).await {
            tracing::warn!(%error, "could not look after the streams");
        }
    }
}

async fn audit(state: &AppState) -> Result<(), sqlx::Error> {
    let listening: Vec<_> = state.hub.sign_ins().into_iter().collect();
    if listening.is_empty() {
        return Ok(());
    }
    let head = state.db.settled_head().await?;
    let mut snapshot = state.db.snapshot().await?;
    let living: BTreeSet<_> = sign_ins::living(&mut snapshot, &listening, now()).await?;
    drop(snapshot);
    state.hub.look_beyond(head);
    state.hub.look_unless(&living);
    Ok(())
}
