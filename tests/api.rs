//! The API checks the status of an answer on arrival, and leaves the parsing of its body to the caller.

#![cfg(target_arch = "wasm32")]
#![expect(clippy::unwrap_used, reason = "a test that can not go on must say so")]

mod common;

use std::cell::Cell;
use std::rc::Rc;

use common::{Channel, settle};
use freshet::api::{Api, Kind, Rows, read_one};
use freshet::config::Config;
use serde_json::{Value, json};
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};
use wire::{CoachingSessionId, Goal};

wasm_bindgen_test_configure!(run_in_browser);

/// An API in front of a server that answers for the goals of one coaching session.
struct World {
    channel: Channel,
    api: Api,
    session: CoachingSessionId,
    reads: Rc<Cell<usize>>,
    farewells: Rc<Cell<usize>>,
}

impl World {
    fn new() -> Self {
        let channel = Channel::silent();
        let config = Config {
            api_base: channel.rest_url(),
            ..Config::parse("{}").unwrap()
        };
        let api = Api::new(&config);
        let (reads, farewells) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
        let count = |counter: &Rc<Cell<usize>>| {
            let counter = Rc::clone(counter);
            move || counter.set(counter.get() + 1)
        };
        let read = count(&reads);
        api.on_read(move |_| read());
        api.on_unauthorized(count(&farewells));
        Self {
            channel,
            api,
            session: CoachingSessionId::from_u128(7),
            reads,
            farewells,
        }
    }

    async fn answer(&self, status: u16, body: Value) {
        let path = format!("coaching_sessions/{}/goals", self.session);
        self.channel.answer(&path, status, body).await;
    }

    async fn fails(&self) -> Kind {
        self.api.session_goals(self.session).await.unwrap_err().kind().clone()
    }
}

#[wasm_bindgen_test]
async fn body_is_returned_unparsed() {
    let world = World::new();
    world.answer(200, json!({"status_code": 200, "data": []})).await;
    let body = world.api.session_goals(world.session).await.unwrap();
    let first = Rows::<Goal>::read(body.clone(), None).unwrap();
    assert_eq!(first.body(), body);
    let again = world.api.session_goals(world.session).await.unwrap();
    assert!(Rows::read(again, Some(&first)).unwrap().is_same(&first));
    assert_eq!((world.reads.get(), world.farewells.get()), (2, 0));

    // The caller checks the content of the body.
    world.answer(200, json!({"status_code": 200, "data": {"id": 7}})).await;
    let body = world.api.session_goals(world.session).await.unwrap();
    assert_eq!(read_one::<Vec<Goal>>(&body).unwrap_err().kind(), &Kind::Unreadable);
    assert_eq!(Rows::read(body, Some(&first)).unwrap_err().kind(), &Kind::Unreadable);
}

#[wasm_bindgen_test]
async fn error_envelope_is_detected_before_reading() {
    let world = World::new();
    for (status, in_body) in [(401, 401), (200, 401)] {
        world.answer(status, json!({"data": [], "status_code": in_body})).await;
        assert_eq!(world.fails().await, Kind::Unauthorized);
    }
    settle().await;
    assert_eq!(world.farewells.get(), 2);
    world.answer(200, json!({"status_code": 503, "error": "busy"})).await;
    assert_eq!(world.fails().await, Kind::Unavailable(None));
    world.answer(404, json!({})).await;
    assert_eq!(world.fails().await, Kind::NotFound);
    settle().await;
    assert_eq!(world.farewells.get(), 2);
}

#[wasm_bindgen_test]
async fn answer_after_sign_out_is_dropped() {
    let world = World::new();
    let path = format!("coaching_sessions/{}/goals", world.session);
    world.channel.hold(&path).await;
    let mut waiting = Box::pin(world.api.session_goals(world.session));
    let begun = std::future::poll_fn(|cx| std::task::Poll::Ready(waiting.as_mut().poll(cx).is_pending())).await;
    assert!(begun);
    world.api.fence();
    world.answer(401, json!({"status_code": 401})).await;
    assert_eq!(waiting.await.unwrap_err().kind(), &Kind::Unauthorized);
    settle().await;
    assert_eq!((world.reads.get(), world.farewells.get()), (0, 0));
}
