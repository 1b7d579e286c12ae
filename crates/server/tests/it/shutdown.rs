//! Stopping with streams open.

use std::time::Duration;

use server::Tuning;
use tokio::io::AsyncReadExt as _;
use wire::Event;

use crate::common::{PATIENCE, TestServer, raw_request, soon, tuning};

#[tokio::test]
async fn shutdown_tells_streams_when_to_return() {
    // So long a grace that a server which needed it would not end while anybody waits here.
    let grace = 2 * PATIENCE;
    let mut server = TestServer::tuned(Tuning {
        shutdown_grace: grace,
        ..tuning()
    })
    .await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(coach.stream().await);
        streams.push(coachee.stream().await);
    }
    let mut silent = raw_request(&coach, server.host()).await;
    soon("the first bytes", silent.read_u8()).await.unwrap();
    server.streams_become(41).await;

    server.begin_to_stop();
    let mut waits = Vec::new();
    for stream in streams {
        let [last] = <[_; 1]>::try_from(stream.rest().await).unwrap();
        assert_eq!((last.event.as_str(), &last.id), ("shutdown", &None));
        let Event::Shutdown { retry_ms } = last.decode() else {
            panic!("{last:?}")
        };
        assert!((500..=3_000).contains(&retry_ms), "{retry_ms}");
        waits.push(retry_ms);
    }
    waits.sort_unstable();
    waits.dedup();
    assert!(waits.len() > 10, "everybody would come back at once: {waits:?}");
    let host = server.host().to_owned();
    server.stop().await;
    assert!(tokio::net::TcpStream::connect(host).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stalled_reader_does_not_block_shutdown() {
    let mut server = TestServer::tuned(Tuning {
        shutdown_grace: Duration::from_millis(500),
        // Nobody waits here for so long.
        stall_limit: 2 * PATIENCE,
        ..tuning()
    })
    .await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let mut stuck = raw_request(&coachee, server.host()).await;
    soon("the first bytes", stuck.read_u8()).await.unwrap();
    server.streams_become(1).await;
    let session = coach.today().await;
    for _ in 0..150 {
        coach.add_action(&session, &"𝕏".repeat(20_000)).await;
    }
    server.stop().await;
    drop(stuck);
}
