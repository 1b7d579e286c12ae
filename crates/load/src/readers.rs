//! The streams: thousands of connections in one thread.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::io::{AsyncRead as _, AsyncWriteExt as _, ReadBuf};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::frames::{Frame, Frames};
use crate::people::People;
use crate::publish::number_of;
use crate::server::Server;
use crate::tally::Tally;

/// The time limit for the opening of all streams.
const LIMIT: Duration = Duration::from_secs(120);

/// The maximum number of streams that wait for their `hello` at the same time.
const MOST_OPENING: usize = 256;

/// The number of streams that are opened at once, and the interval.
const BATCH: usize = 10;
const PAUSE: Duration = Duration::from_millis(10);

thread_local! {
    /// One buffer for all streams, because each read is parsed before other code runs.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; 1 << 16]);
}

/// Streams that stay open until this value is closed or dropped.
#[derive(Debug)]
pub(crate) struct Readers {
    tasks: JoinSet<io::Result<()>>,
    shared: Rc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    greeted: Cell<usize>,
    ended: Cell<usize>,
    changed: Notify,
}

impl Readers {
    /// Opens a stream for each of the first `streams` coachees, and waits until all have received `hello`.
    ///
    /// Each `run` has its own local address, so that it does not search for free ports among those of an earlier run.
    pub(crate) async fn open(
        server: &Server,
        people: &People,
        streams: usize,
        run: usize,
        tally: &Tally,
    ) -> anyhow::Result<Self> {
        let to: SocketAddr = server.address.parse()?;
        let [_, _, high, low] = std::process::id().to_be_bytes();
        let from = SocketAddr::from(([127, 100 + u8::try_from(run % 100)?, high, low.clamp(1, 254)], 0));
        let mut readers = Self {
            tasks: JoinSet::new(),
            shared: Rc::default(),
        };
        let opening = Arc::new(Semaphore::new(MOST_OPENING));
        let mut pauses = interval(PAUSE);
        pauses.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for (number, coachee) in people.coachees.iter().take(streams).enumerate() {
            if number % BATCH == 0 {
                pauses.tick().await;
            }
            let permit = Arc::clone(&opening).acquire_owned().await?;
            let request = format!(
                "GET /api/sse HTTP/1.1\r\nhost: {to}\r\naccept: text/event-stream\r\ncookie: {}\r\n\r\n",
                coachee.person.cookie
            );
            let (shared, tally) = (Rc::clone(&readers.shared), tally.clone());
            readers.tasks.spawn_local(async move {
                let socket = TcpSocket::new_v4()?;
                socket.bind(from)?;
                let mut socket = socket.connect(to).await?;
                socket.write_all(request.as_bytes()).await?;
                let mut permit = Some(permit);
                let read = read(&mut socket, |frame| {
                    if frame.event == "hello" {
                        drop(permit.take());
                        shared.greeted.set(shared.greeted.get() + 1);
                        shared.changed.notify_one();
                    } else if let (Some(seq), false) = (frame.seq, frame.data.is_empty()) {
                        tally.came(number, seq, number_of(frame));
                    }
                });
                let ended = read.await;
                shared.ended.set(shared.ended.get() + 1);
                shared.changed.notify_one();
                ended
            });
        }
        let greeted = timeout(LIMIT, async {
            while readers.shared.greeted.get() < streams {
                ensure!(readers.shared.ended.get() == 0, "a stream was refused or ended");
                readers.shared.changed.notified().await;
            }
            Ok(())
        });
        let context = || format!("{} of {streams} streams opened", readers.shared.greeted.get());
        greeted.await.with_context(context)??;
        Ok(readers)
    }

    /// Closes all streams. Returns the number of streams that the server had ended before.
    pub(crate) fn close(self) -> usize {
        self.shared.ended.get()
    }
}

/// Reads until the end of the stream.
async fn read(socket: &mut TcpStream, mut each: impl FnMut(Frame<'_>)) -> io::Result<()> {
    let mut frames = Frames::default();
    poll_fn(|context| {
        BUFFER.with_borrow_mut(|buffer| {
            loop {
                let mut read = ReadBuf::new(buffer);
                ready!(Pin::new(&mut *socket).poll_read(context, &mut read))?;
                if read.filled().is_empty() {
                    return Poll::Ready(Ok(()));
                }
                frames.take_in(read.filled(), &mut each);
            }
        })
    })
    .await
}
