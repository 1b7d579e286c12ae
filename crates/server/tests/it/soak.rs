//! What is left in memory after many sign-ins.
#![cfg(target_os = "linux")]

use futures_util::StreamExt as _;
use reqwest::Method;
use server::PasswordCost;

use crate::common::{Person, Running, demo, dist, memory, start};

/// How many passwords the server hashes at the same time.
const SLOTS: u64 = 4;

/// What may be left beyond the buffers of the slots.
const SOME: u64 = 60 << 20;

#[tokio::test]
async fn sign_in_attempts_leave_no_memory_behind() {
    let folder = tempfile::tempdir().unwrap();
    let (dist, data) = (dist(&folder), folder.path().join("test.db"));
    let Running { child, base, .. } = start(demo(&dist, &data, &["--sign-ins-per-minute", "10000"])).await;
    let before = memory(&child);
    let attempts = (0..500).map(|number| {
        let stranger = Person::stranger(&base);
        async move {
            // One in five is right; the others are of people who do not exist, which costs as much.
            let is_right = number % 5 == 0;
            let name = server::DEMO_PEOPLE[number / 5 % server::DEMO_PEOPLE.len()];
            let form = if is_right {
                [
                    ("email", name.to_owned()),
                    ("password", server::DEMO_PASSWORD.to_owned()),
                ]
            } else {
                [
                    ("email", format!("{number}@example.com")),
                    ("password", "wrong".to_owned()),
                ]
            };
            let request = stranger.request(Method::POST, "/api/login").form(&form);
            let answer = stranger.send(request).await;
            assert_eq!(answer.status, if is_right { 200 } else { 401 }, "{answer:?}");
        }
    });
    futures_util::stream::iter(attempts)
        .buffer_unordered(40)
        .collect::<Vec<_>>()
        .await;
    let buffers = SLOTS * u64::from(PasswordCost::default().memory_kib) * 1_024;
    let grown = memory(&child).saturating_sub(before);
    assert!(grown < buffers + SOME, "{grown} bytes more than before");
}
