//! The streams: thousands of connections, read by one thread.

use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::frames::{Frame, Frames};
use crate::people::People;
use crate::publish::number_of;
use crate::server::Server;
use crate::tally::Tally;

/// How long all of them may take to open.
const LIMIT: Duration = Duration::from_secs(120);

/// How many wait for their `hello` at the same time.
const MOST_OPENING: usize = 256;

/// How many are opened at once, and how often.
const BATCH: usize = 10;
const PAUSE: Duration = Duration::from_millis(10);

thread_local! {
    /// One for all: what is read is taken in before anything else runs.
    static BUFFER: RefCell<Vec<u8>> = RefCell::new(vec![0; 1 << 16]);
}

/// Streams that are open until this is closed or dropped.
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
    /// Opens a stream for each of the first so many coachees, and waits until all were greeted.
    ///
    /// Each `run` comes from an address of its own, so that it does not run out of ports that an earlier one has used.
    pub(crate) async fn open(
        server: &Server,
        people: &People,
        streams: usize,
        run: usize,
        tally: &Tally,
    ) -> anyhow::Result<Self> {
        let to: SocketAddr = server.address.parse()?;
        let from = SocketAddr::from(([127, 0, 0, 2 + u8::try_from(run % 200)?], 0));
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
                let read = read(&socket, |frame| {
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

    /// Closes all of them; says how many the server had ended before.
    pub(crate) fn close(self) -> usize {
        self.shared.ended.get()
    }
}

/// Reads until the end.
async fn read(socket: &TcpStream, mut each: impl FnMut(Frame<'_>)) -> io::Result<()> {
    let mut frames = Frames::default();
    loop {
        socket.readable().await?;
        let read = BUFFER.with_borrow_mut(|buffer| {
            let length = socket.try_read(buffer)?;
            frames.take_in(&buffer[..length], &mut each);
            io::Result::Ok(length)
        });
        match read {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
}
