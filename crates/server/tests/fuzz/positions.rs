//! Any position, type and header of a stream.

use fuzz::{search, text};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_oneof};
use reqwest::Method;
use reqwest::header::HeaderValue;

use super::routes::encoded;
use super::{Stage, check};
use crate::common::{Answer, soon};

/// A way to ask for a stream.
#[derive(Clone, Debug)]
struct Asked {
    query: Vec<(String, String)>,
    last_event_id: Option<String>,
}

fn asked(position: String) -> impl Strategy<Value = Asked> {
    let near = (any::<u64>(), any::<bool>()).prop_map(move |(seq, is_own)| {
        let epoch = position.rsplit_once('-').map_or("x", |(epoch, _)| epoch);
        format!("{}-{seq}", if is_own { epoch } else { "other" })
    });
    let position = move || prop_oneof![2 => near.clone(), 1 => text()].boxed();
    let name = prop_oneof![
        4 => proptest::sample::select(&["last_event_id", "types", "events", "ticket", "since"][..])
            .prop_map(str::to_owned),
        1 => "[a-z_]{0,12}",
    ];
    let value = prop_oneof![
        position(),
        "(action_created|goal_updated|[a-z_]{0,9})(,[a-z_]{0,14}){0,4}".boxed()
    ];
    let header = proptest::option::of(position());
    (vec((name, value), 0..4), header).prop_map(|(query, last_event_id)| Asked { query, last_event_id })
}

#[test]
fn stream_begins_with_hello_or_is_refused() -> anyhow::Result<()> {
    let stage = Stage::new();
    let position = stage.wait(async { stage.person.get("/api/users/current").await.cursor().to_string() });
    search(&asked(position), |asked| {
        stage.wait(async {
            let pairs = asked.query.iter();
            let query: Vec<String> = pairs
                .map(|(name, value)| format!("{name}={}", encoded(value)))
                .collect();
            let path = format!("/api/sse?{}", query.join("&"));
            let mut request = stage.person.request(Method::GET, &path);
            if let Some(value) = asked.last_event_id.as_deref().map(HeaderValue::from_str) {
                let Ok(value) = value else { return Ok(()) };
                request = request.header("last-event-id", value);
            }
            let mut response = soon("an answer", request.send()).await.unwrap();
            let (status, headers) = (response.status().as_u16(), response.headers().clone());
            if status != 200 {
                let text = soon("a body", response.text()).await.unwrap();
                return check(&Answer { status, headers, text });
            }
            let first = soon("a frame", response.chunk()).await.unwrap().unwrap_or_default();
            match String::from_utf8_lossy(&first) {
                frame if frame.contains("event: hello\n") => Ok(()),
                frame => Err(format!("it begins with {frame:?}")),
            }
        })
    })
}
