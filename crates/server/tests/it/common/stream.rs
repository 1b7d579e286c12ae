//! A reader of server-sent events: line by line, as the specification has it.

use reqwest::Method;
use reqwest::header::HeaderMap;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpSocket, TcpStream};
use wire::{Cursor, Event};

use super::{Person, soon};

/// One event as it came.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) event: String,
    pub(crate) id: Option<String>,
    pub(crate) data: String,
}

impl Frame {
    /// The event, as the app reads it.
    pub(crate) fn decode(&self) -> Event {
        wire::decode(&self.event, &self.data).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn cursor(&self) -> Cursor {
        self.id
            .as_deref()
            .unwrap_or_else(|| panic!("no id: {self:?}"))
            .parse()
            .unwrap()
    }
}

/// An open stream, after its `hello`.
pub(crate) struct Stream {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) hello: Frame,
    response: reqwest::Response,
    buffer: Vec<u8>,
}

impl Stream {
    pub(crate) async fn open(person: &Person, path: &str) -> Self {
        Self::send(person.request(Method::GET, path)).await
    }

    /// Opens a stream by a request with further headers.
    pub(crate) async fn send(request: reqwest::RequestBuilder) -> Self {
        let response = soon("a stream", request.send()).await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        assert_eq!(status, 200, "{:?}", response.text().await);
        let mut stream = Self {
            status,
            headers,
            hello: Frame::default(),
            response,
            buffer: Vec::new(),
        };
        stream.hello = stream.next().await;
        assert_eq!((stream.hello.event.as_str(), &stream.hello.id), ("hello", &None));
        stream
    }

    pub(crate) fn resumed(&self) -> bool {
        match self.hello.decode() {
            Event::Hello { resumed, .. } => resumed,
            other => panic!("{other:?}"),
        }
    }

    /// The next event, whatever it is.
    pub(crate) async fn next(&mut self) -> Frame {
        soon("an event", self.read())
            .await
            .unwrap_or_else(|| panic!("the stream has ended"))
    }

    /// The next event that is in the log.
    pub(crate) async fn next_logged(&mut self) -> Frame {
        loop {
            let frame = self.next().await;
            if frame.id.is_some() {
                return frame;
            }
        }
    }

    /// Waits for the end; hands back what came before it.
    pub(crate) async fn rest(mut self) -> Vec<Frame> {
        soon("the end of a stream", async {
            let mut frames = Vec::new();
            while let Some(frame) = self.read().await {
                frames.push(frame);
            }
            frames
        })
        .await
    }

    async fn read(&mut self) -> Option<Frame> {
        let mut frame = Frame::default();
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                return Some(frame);
            }
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut frame.event),
                "id" => frame.id = Some(value.to_owned()),
                "data" => frame.data.push_str(value),
                _ => panic!("an unexpected line: {line:?}"),
            }
        }
    }

    /// One line; `None` at the end, clean or not.
    async fn line(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let rest = self.buffer.split_off(end + 1);
                let mut line = std::mem::replace(&mut self.buffer, rest);
                line.pop();
                return Some(String::from_utf8(line).unwrap());
            }
            match self.response.chunk().await {
                Ok(Some(bytes)) => self.buffer.extend_from_slice(&bytes),
                Ok(None) | Err(_) => return None,
            }
        }
    }
}

/// A connection on which a stream was asked for, and nothing else done: for readers that misbehave.
pub(crate) async fn raw_request(person: &Person, host: &str) -> TcpStream {
    let socket = TcpSocket::new_v4().unwrap();
    // So that the little that fits into the buffers is little on every machine.
    socket.set_recv_buffer_size(4_096).unwrap();
    let mut socket = socket.connect(host.parse().unwrap()).await.unwrap();
    let request = format!(
        "GET /api/sse HTTP/1.1\r\nhost: {host}\r\ncookie: {}\r\n\r\n",
        person.cookie
    );
    socket.write_all(request.as_bytes()).await.unwrap();
    socket
}
