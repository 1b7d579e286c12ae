//! One stream's own task: reads the log for one person and fills a bounded queue, until there is a reason to stop.

use std::convert::Infallible;

use axum::response::sse::Event as Frame;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, sleep_until, timeout, timeout_at};
use wire::{Cursor, Timestamp, UserId};

use super::frame;
use super::hub::Seat;
use crate::listener::Peer;
use crate::state::AppState;
use crate::store::sign_ins::TokenHash;
use crate::store::{now, outbox, sign_ins};

/// How many frames wait for a reader.
pub(super) const QUEUE: usize = 64;

/// How many events are read from the log at once.
const PAGE: u32 = 64;

/// Why a stream ends.
#[derive(Debug, thiserror::Error)]
pub(super) enum End {
    /// The reader hung up.
    #[error("the reader is gone")]
    Gone,
    /// The reader did not make room in time.
    #[error("the reader stalled")]
    Stalled,
    /// The sign-in behind it was ended or has expired.
    #[error("the sign-in has ended")]
    SignedOut,
    /// The server stops.
    #[error("the server stops")]
    Stopping,
    /// The log can not be read.
    #[error("database: {0}")]
    Store(#[from] sqlx::Error),
}

/// Everything one stream needs. Owns the seat: when the task ends, for whatever reason, the stream is unregistered.
pub(super) struct Delivery {
    pub(super) state: AppState,
    pub(super) seat: Seat,
    pub(super) person: UserId,
    pub(super) sign_in: TokenHash,
    /// Everything up to here was sent, or is known to the reader otherwise.
    pub(super) position: u64,
    /// Whether the reader's cursor could be taken up.
    pub(super) resumed: bool,
    pub(super) queue: mpsc::Sender<Frame>,
    /// Fails when the response's body is dropped: it was read to its end, or its connection is gone.
    pub(super) body_gone: oneshot::Receiver<Infallible>,
    pub(super) peer: Peer,
    /// When the last frame was put into the queue.
    pub(super) silent_since: Instant,
    /// Since when the next frame waits for room in the queue.
    pub(super) waiting_since: Option<Instant>,
}

impl Delivery {
    /// Runs until the stream ends, and its response with it.
    pub(super) async fn run(mut self) {
        let Err(end) = self.deliver().await;
        if let End::Store(error) = &end {
            tracing::error!(%error, "a stream ends");
        }
        let Self {
            state,
            seat,
            queue,
            body_gone,
            peer,
            ..
        } = self;
        // Without its sender the body ends after what is queued, but only a reader that reads gets there. One that
        // does not is hung up on at the socket, because its response is not asked for anything.
        drop(queue);
        if matches!(end, End::Stalled) || timeout(state.tuning.stall_limit, body_gone).await.is_err() {
            peer.cut();
        }
        drop(seat);
        tracing::debug!(reason = %end, "stream closed");
    }

    async fn deliver(&mut self) -> Result<Infallible, End> {
        let heartbeat = self.state.tuning.heartbeat;
        let after = Cursor {
            epoch: self.state.db.epoch().to_owned(),
            seq: self.position,
        };
        self.send(frame::hello(&after, self.resumed, heartbeat)).await?;
        loop {
            self.seat.notice();
            let expires_at = self.catch_up().await?;
            let expiry = (expires_at - now()).to_std().unwrap_or_default();
            tokio::select! {
                biased;
                () = self.queue.closed() => return Err(End::Gone),
                () = self.state.stopping.cancelled() => {
                    self.send(frame::shutdown()).await?;
                    return Err(End::Stopping);
                }
                () = self.seat.woken() => {}
                () = sleep_until(self.silent_since + heartbeat) => self.send(frame::heartbeat()).await?,
                // Renewed meanwhile or not: the next look at the log says.
                () = sleep(expiry) => {}
            }
        }
    }

    /// Sends everything in the log that was not sent yet. Says until when the sign-in lives.
    ///
    /// Each look takes the sign-in and the events from one snapshot: what is sent was allowed at that moment.
    async fn catch_up(&mut self) -> Result<Timestamp, End> {
        loop {
            let mut log = self.state.db.snapshot().await?;
            let Some(sign_in) = sign_ins::find(&mut log, &self.sign_in, now()).await? else {
                let farewells = outbox::farewells_after(&mut log, self.person, self.position).await?;
                drop(log);
                for farewell in &farewells {
                    self.send_entry(farewell).await?;
                }
                return Err(End::SignedOut);
            };
            let newest = log.cursor();
            if newest.seq == self.position {
                return Ok(sign_in.expires_at);
            }
            let limit = self.state.tuning.lag_limit;
            let lag = outbox::count_after(&mut log, self.person, self.position, limit + 1).await?;
            if lag > limit || outbox::pruned_through(&mut log).await? > self.position {
                drop(log);
                self.resync(&newest).await?;
                continue;
            }
            let page = outbox::page_after(&mut log, self.person, self.position, sign_in.since_seq, PAGE).await?;
            drop(log);
            let whole = self.send_page(&page).await?;
            if whole && page.len() < PAGE as usize {
                self.position = newest.seq;
                return Ok(sign_in.expires_at);
            }
        }
    }

    /// Sends as many of these as the reader takes within a heartbeat, and says whether those were all. A slow reader
    /// is not told for minutes what its sign-in was once allowed to see.
    async fn send_page(&mut self, entries: &[outbox::Entry]) -> Result<bool, End> {
        let deadline = Instant::now() + self.state.tuning.heartbeat;
        for entry in entries {
            // Nothing is lost when this is given up: a frame is in the queue and counted, or neither.
            match timeout_at(deadline, self.send_entry(entry)).await {
                Ok(sent) => sent?,
                Err(_) => return Ok(false),
            }
        }
        Ok(true)
    }

    async fn send_entry(&mut self, entry: &outbox::Entry) -> Result<(), End> {
        self.send(frame::entry(self.state.db.epoch(), entry)).await?;
        self.position = entry.seq;
        Ok(())
    }

    async fn resync(&mut self, newest: &Cursor) -> Result<(), End> {
        self.send(frame::resync(newest)).await?;
        self.position = newest.seq;
        Ok(())
    }

    /// Puts a frame into the queue, waiting for room as long as a reader is given.
    async fn send(&mut self, frame: Frame) -> Result<(), End> {
        // Goes on counting if the wait is given up and taken up again.
        let since = *self.waiting_since.get_or_insert_with(Instant::now);
        tokio::select! {
            biased;
            room = self.queue.reserve() => {
                room.or(Err(End::Gone))?.send(frame);
                self.silent_since = Instant::now();
                self.waiting_since = None;
                Ok(())
            }
            // A stopping server waits for nobody.
            () = self.state.stopping.cancelled() => Err(End::Stalled),
            () = sleep_until(since + self.state.tuning.stall_limit) => Err(End::Stalled),
        }
    }
}
