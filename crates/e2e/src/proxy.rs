//! A network between the browser and the server that can swallow what is sent over it, or answer in the server's place.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy, sink};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// A network that wants a person to sign in to it first.
pub const PORTAL: &str = "200 OK";
/// A proxy that does not find the server.
pub const NOT_FOUND: &str = "404 Not Found";
/// A proxy that asks for a password.
pub const UNAUTHORIZED: &str = "401 Unauthorized";

/// Passes on what is sent, until it is told to do something else.
#[derive(Debug)]
pub struct Proxy {
    /// The origin for a browser, such as `http://127.0.0.1:4321`.
    pub origin: String,
    /// What becomes of the connections of the moment.
    ends: Arc<watch::Sender<End>>,
    /// The status with which new connections are answered in the server's place, if they are.
    status: Arc<Mutex<Option<&'static str>>>,
    /// Ends with it.
    _task: JoinSet<()>,
}

/// How a connection ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Nothing passes any more, and neither side is told.
    Silently,
    /// Both sides are told.
    Closed,
}

impl Proxy {
    /// Stands before the server with this origin.
    ///
    /// # Errors
    ///
    /// When there is no free port.
    pub async fn before(origin: &str) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = origin.trim_start_matches("http://").to_owned();
        let ends = Arc::new(watch::Sender::new(End::Closed));
        let status = Arc::new(Mutex::new(None));
        let mut task = JoinSet::new();
        let own = format!("http://{}", listener.local_addr()?);
        let (told, answers) = (Arc::clone(&ends), Arc::clone(&status));
        task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let status = *answers.lock().unwrap_or_else(PoisonError::into_inner);
                if let Some(status) = status {
                    connections.spawn(answer_with_page(near, status));
                    continue;
                }
                let Ok(far) = TcpStream::connect(&address).await else {
                    continue;
                };
                let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
                connections.spawn(pass(near_in, far_out, told.subscribe()));
                connections.spawn(pass(far_in, near_out, told.subscribe()));
            }
        });
        Ok(Self {
            origin: own,
            ends,
            status,
            _task: task,
        })
    }

    /// From now on nothing passes over the connections there are, and neither side is told. New ones are well.
    pub fn let_connections_die(&self) {
        self.ends.send_replace(End::Silently);
    }

    /// Closes every connection, and from now on answers every request with a page of HTML and this status; or lets
    /// requests through again.
    pub fn intercept(&self, status: Option<&'static str>) {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) = status;
        self.ends.send_replace(End::Closed);
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut ends: watch::Receiver<End>) {
    let mut buffer = vec![0; 16_384];
    loop {
        tokio::select! {
            _ = ends.changed() => match *ends.borrow() {
                End::Silently => break,
                End::Closed => return,
            },
            read = from.read(&mut buffer) => match read {
                Ok(length @ 1..) if to.write_all(&buffer[..length]).await.is_ok() => {}
                // It has ended, in this direction at least; dropping the half says so.
                Ok(_) | Err(_) => return,
            },
        }
    }
    // Both ends stay open, and nobody ever hears of the other.
    std::future::pending::<()>().await;
}

async fn answer_with_page(mut near: TcpStream, status: &str) {
    let head = format!("HTTP/1.1 {status}\r\ncontent-type: text/html\r\nconnection: close\r\n\r\n");
    let page = format!("{head}<!doctype html><title>{status}</title>");
    // A browser that has gone needs no answer.
    drop(near.write_all(page.as_bytes()).await);
    drop(near.shutdown().await);
    // What it asks is read to the end: closed before, the connection would be reset, and the answer lost.
    drop(copy(&mut near, &mut sink()).await);
}
