//! The parsing of a stream, by the browser and by the connection.

#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test that can not go on must say so")]

mod common;
#[path = "common/live.rs"]
mod live;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use common::{Channel, settle, until};
use freshet::browser::{EventSource, StreamEvent};
use freshet::sse::{Delivery, Report, State};
use live::{Page, QUICK, event, gaps, queries};
use serde_json::json;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use wire::EventKind;

wasm_bindgen_test_configure!(run_in_browser);

/// A stream as the browser reads it.
struct Stream {
    channel: Channel,
    heard: Rc<RefCell<Vec<StreamEvent>>>,
    source: EventSource,
}

impl Stream {
    async fn open() -> Self {
        let (channel, heard) = (Channel::silent(), Rc::<RefCell<Vec<StreamEvent>>>::default());
        let source = EventSource::open(&channel.stream_url(), EventKind::NAMES, {
            let heard = Rc::clone(&heard);
            move |event| heard.borrow_mut().push(event)
        });
        let source = source.unwrap();
        channel.wait("open=1").await;
        Self { channel, heard, source }
    }

    /// Returns the names, data and last event ids of the messages so far.
    fn messages(&self) -> Vec<(String, String, String)> {
        let heard = self.heard.borrow();
        let messages = heard.iter().filter_map(|event| match event {
            StreamEvent::Message { name, data, id } => Some((name.clone(), data.clone(), id.clone())),
            StreamEvent::Opened | StreamEvent::Lost | StreamEvent::Refused => None,
        });
        messages.collect()
    }

    fn data(&self) -> Vec<String> {
        self.messages().into_iter().map(|(_, data, _)| data).collect()
    }

    /// Sends bytes, and waits until this is the data of the newest message.
    async fn send(&self, bytes: impl AsRef<[u8]>, last: &str) {
        self.channel.send_bytes(bytes.as_ref()).await;
        until("the message has arrived", || {
            self.data().last().is_some_and(|data| data == last)
        })
        .await;
    }
}

#[wasm_bindgen_test]
async fn leading_byte_order_mark_is_ignored() {
    let stream = Stream::open().await;
    stream
        .send("\u{FEFF}data: 1\n\n\u{FEFF}data: 2\n\ndata: 3\n\n", "3")
        .await;
    assert_eq!(stream.data(), ["1", "3"]);
}

#[wasm_bindgen_test]
async fn all_line_endings_are_accepted() {
    let stream = Stream::open().await;
    stream
        .send("data: 1\n\ndata: 2\r\rdata: 3\r\n\r\ndata: 4\r\ndata: 5\r", "3")
        .await;
    // The previous piece ended between the two characters of a line ending.
    stream.send("\ndata: 6\r\n\r", "4\n5\n6").await;
    stream.send("\ndata: 7\n\n", "7").await;
    assert_eq!(stream.data(), ["1", "2", "3", "4\n5\n6", "7"]);
}

#[wasm_bindgen_test]
async fn multi_line_data_is_joined() {
    let stream = Stream::open().await;
    let text = concat!(
        "data: one\ndata: two\n\n",
        "data\ndata: after an empty line\n\n",
        "data\n\n",
        "data:\n\n",
        "data:  two spaces\n\n",
        "data:a:b\n\n",
        "Data: another field\n\n",
        ": a comment\n\n",
        ":\n\n",
        "event: heartbeat\n\n",
        "data: end\n\n",
    );
    stream.send(text, "end").await;
    let expected = ["one\ntwo", "\nafter an empty line", "", "", " two spaces", "a:b", "end"];
    assert_eq!(stream.data(), expected);
    assert!(stream.messages().iter().all(|(name, ..)| name == "message"));
}

#[wasm_bindgen_test]
async fn an_id_stays_until_another_is_sent() {
    let stream = Stream::open().await;
    let text = concat!(
        "data: none\n\n",
        "id: k-1\ndata: first\n\n",
        "data: still\n\n",
        "id: k-2\n\n",
        "data: without data\n\n",
        "id: k\0-3\ndata: nothing\n\n",
        "event: heartbeat\ndata: {}\n\n",
        "id\ndata: cleared\n\n",
        "id: k-4\ndata: again\n\n",
        "id:\ndata: end\n\n",
    );
    stream.send(text, "end").await;
    let ids: Vec<_> = stream.messages().into_iter().map(|(_, data, id)| (data, id)).collect();
    let expected = [
        ("none", ""),
        ("first", "k-1"),
        ("still", "k-1"),
        ("without data", "k-2"),
        ("nothing", "k-2"),
        ("{}", "k-2"),
        ("cleared", ""),
        ("again", "k-4"),
        ("end", ""),
    ];
    assert_eq!(ids, expected.map(|(data, id)| (data.to_owned(), id.to_owned())));
}

#[wasm_bindgen_test]
async fn a_letter_in_pieces_is_a_letter() {
    let stream = Stream::open().await;
    let text = "Bär 🎯 日本";
    for cut in 1..text.len() {
        let (head, tail) = text.as_bytes().split_at(cut);
        let mark = format!("cut at {cut}");
        stream
            .send([format!("data: {mark}\n\ndata: ").as_bytes(), head].concat(), &mark)
            .await;
        stream.send([tail, b"\n\n"].concat(), text).await;
    }
    assert_eq!(stream.data().len(), 2 * (text.len() - 1));
}

#[wasm_bindgen_test]
async fn incomplete_message_is_dropped() {
    let stream = Stream::open().await;
    stream
        .send("id: k-1\ndata: whole\n\nid: k-2\nevent: heartbeat\ndata: {}\n", "whole")
        .await;
    stream.channel.drop_streams().await;
    until("the stream is lost", || {
        stream.heard.borrow().last() == Some(&StreamEvent::Lost)
    })
    .await;
    assert_eq!(stream.data(), ["whole"]);
    drop(stream.source);
}

#[wasm_bindgen_test]
async fn browser_event_names_are_not_messages() {
    let stream = Stream::open().await;
    stream
        .send(
            "event: error\ndata: 1\n\nevent: open\ndata: 2\n\nevent: message\ndata: 3\n\n",
            "3",
        )
        .await;
    let expected = [
        StreamEvent::Opened,
        StreamEvent::Message {
            name: "message".to_owned(),
            data: "3".to_owned(),
            id: String::new(),
        },
    ];
    assert_eq!(*stream.heard.borrow(), expected);
}

#[wasm_bindgen_test]
async fn dropped_stream_closes_silently() {
    let Stream { channel, heard, source } = Stream::open().await;
    channel.send("data: 1\n\n").await;
    until("it has arrived", || heard.borrow().len() == 2).await;
    drop(source);
    channel.wait("open=0").await;
    channel.send("data: 2\n\n").await;
    settle().await;
    assert_eq!(heard.borrow().len(), 2);
    assert_eq!(Rc::strong_count(&heard), 1, "whoever listened is gone");
}

#[wasm_bindgen_test]
async fn half_event_is_replayed() {
    let channel = Channel::new().await;
    let page = Page::alone(&channel, QUICK);
    page.connected().await;
    let second = event(2);
    channel
        .send(&format!("{}{}", event(1), &second[..second.len() - 1]))
        .await;
    page.hears(1).await;
    channel.drop_streams().await;
    let stats = channel.wait("opened=2&open=1").await;
    assert_eq!(queries(&stats), ["", "last_event_id=e-1"]);
    assert_eq!(page.heard(), [1]);
}

#[wasm_bindgen_test]
async fn server_retry_field_is_ignored() {
    let channel = Channel::new().await;
    let page = Page::alone(&channel, QUICK);
    page.connected().await;
    // Every stream requests an immediate reconnection, and ends.
    channel.greet("retry: 0\n\n").await;
    channel.send(&format!("retry: 0\n\n{}", event(1))).await;
    page.hears(1).await;
    for opened in 2..=5 {
        channel.drop_streams().await;
        channel.wait(&format!("opened={opened}&open=1")).await;
    }
    let waited = gaps(&channel.stats().await);
    for (gap, least) in waited[1..].iter().zip([40, 80, 160]) {
        assert!(*gap >= Duration::from_millis(least), "{waited:?}");
    }
}

#[wasm_bindgen_test]
async fn unreadable_event_reports_its_kind() {
    let channel = Channel::new().await;
    let page = Page::alone(&channel, QUICK);
    page.connected().await;
    let envelope = |number: u128| {
        let text = event(number);
        text.split_once("data: ").unwrap().1.to_owned()
    };
    // Events without a name, with the name of unnamed messages, and with a name that differs from the one in the
    // envelope.
    channel.send(&format!("id: e-1\ndata: {}", envelope(1))).await;
    channel
        .send(&format!("id: e-2\nevent: message\ndata: {}", envelope(2)))
        .await;
    channel
        .send(&format!("id: e-3\nevent: action_updated\ndata: {}", envelope(3)))
        .await;
    channel
        .send("id: e-4\nevent: error\ndata: {}\n\nid: e-5\nevent: not_known\ndata: {}\n\n")
        .await;
    channel
        .send("id: e-6\nevent: topics_changed\ndata: {\"type\"\n\n")
        .await;
    channel.send("id: e-7\nevent: topics_changed\n\n").await;
    channel.send(&event(8)).await;
    page.hears(4).await;
    assert_eq!(page.heard(), [1, 2, 3, 8]);
    let unreadable = Report::Delivery(Rc::new(Delivery::Unreadable(EventKind::TopicsChanged)));
    assert_eq!(page.count(&unreadable), 1);
    let stats = channel.stats().await;
    assert_eq!((page.status().state, &stats["opened"]), (State::Connected, &json!(1)));
}
