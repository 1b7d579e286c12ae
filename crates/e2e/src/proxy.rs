//! A network between the browser and the server that can swallow what is sent over it.

use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// Passes on what is sent, until it is told to swallow it.
#[derive(Debug)]
pub struct Proxy {
    /// Where a browser finds the server behind it, such as `http://127.0.0.1:4321`.
    pub origin: String,
    /// How often it was told to let the connections of the moment die.
    deaths: Arc<watch::Sender<u64>>,
    /// Ends with it.
    _task: JoinSet<()>,
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
        let deaths = Arc::new(watch::Sender::new(0));
        let mut task = JoinSet::new();
        let own = format!("http://{}", listener.local_addr()?);
        let told = Arc::clone(&deaths);
        task.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
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
            deaths,
            _task: task,
        })
    }

    /// From now on nothing passes over the connections there are, and neither side is told. New ones are well.
    pub fn let_connections_die(&self) {
        self.deaths.send_modify(|deaths| *deaths += 1);
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut deaths: watch::Receiver<u64>) {
    let mut buffer = vec![0; 16_384];
    loop {
        tokio::select! {
            _ = deaths.changed() => break,
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
