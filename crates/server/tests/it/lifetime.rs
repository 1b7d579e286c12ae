//! How long a stream lives, and how many of one person live at the same time.

use std::time::{Duration, Instant};

use server::Tuning;
use wire::Event;

use crate::common::{Stream, TestServer, tuning};

/// Waits for the end, which is announced, and says when to come back.
async fn goodbye(stream: Stream) -> u64 {
    let rest = stream.rest().await;
    let [last] = &rest[..] else { panic!("{rest:?}") };
    assert_eq!(last.id, None);
    match last.decode() {
        Event::Shutdown { retry_ms } => retry_ms,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn stream_ends_and_resumes_at_its_lifetime() {
    let lifetime = Duration::from_secs(2);
    let server = TestServer::tuned(Tuning {
        stream_lifetime: lifetime,
        ..tuning()
    })
    .await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let session = coach.today().await;
    let opened = Instant::now();
    let mut stream = coachee.stream().await;
    coach.add_action(&session, "before").await;
    let seen = stream.next_logged().await.cursor();
    let retry = goodbye(stream).await;
    assert!(opened.elapsed() >= lifetime.mul_f64(0.8), "{:?}", opened.elapsed());
    assert!((100..=500).contains(&retry), "{retry}");
    coach.add_action(&session, "between").await;
    let mut next = coachee.stream_after(&seen).await;
    assert!(next.resumed());
    assert_eq!(next.next_logged().await.cursor().seq, seen.seq + 1);
}

#[tokio::test]
async fn stream_lifetimes_are_spread() {
    let lifetime = Duration::from_secs(2);
    let server = TestServer::tuned(Tuning {
        stream_lifetime: lifetime,
        ..tuning()
    })
    .await;
    let coach = server.sign_in("coach").await;
    let mut streams = Vec::new();
    for _ in 0..20 {
        let opened = Instant::now();
        let stream = coach.stream().await;
        streams.push(tokio::spawn(async move {
            goodbye(stream).await;
            opened.elapsed()
        }));
    }
    let mut lives = Vec::new();
    for stream in streams {
        lives.push(stream.await.unwrap());
    }
    lives.sort_unstable();
    assert!(lives[0] >= lifetime.mul_f64(0.8), "{lives:?}");
    // Twenty that are spread over 400 ms by chance are all within 40 ms once in a hundred thousand billion times.
    assert!(lives[19] - lives[0] > Duration::from_millis(40), "{lives:?}");
}

#[tokio::test]
async fn who_opens_too_many_streams_loses_the_oldest() {
    let mut server = TestServer::tuned(Tuning {
        streams_per_person: 3,
        ..tuning()
    })
    .await;
    let (coach, coachee) = (server.sign_in("coach").await, server.sign_in("coachee").await);
    let mut other = coachee.stream().await;
    let oldest = coach.stream().await;
    let mut kept = [coach.stream().await, coach.stream().await];
    server.streams_become(4).await;
    // In whatever browser.
    let mut newest = server.sign_in("coach").await.stream().await;
    let retry = goodbye(oldest).await;
    // Whoever came back at once would push the next one out.
    assert!((30_000..=60_000).contains(&retry), "{retry}");
    server.streams_become(4).await;
    coach.add_action(&coach.today().await, "for all that are left").await;
    for stream in kept.iter_mut().chain([&mut other, &mut newest]) {
        assert_eq!(stream.next_logged().await.event, "action_created");
    }
}
