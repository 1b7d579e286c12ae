//! How long reading a list takes: all of it, and against the list that was read before.
//!
//! On the host, where it is faster than in a browser; the ratios are much the same.

#[cfg(not(target_arch = "wasm32"))]
fn main() {
    host::benches();
    criterion::Criterion::default().configure_from_args().final_summary();
}

/// Criterion is for the host only.
#[cfg(target_arch = "wasm32")]
fn main() {}

#[cfg(not(target_arch = "wasm32"))]
#[expect(clippy::unwrap_used, reason = "what can not be read can not be measured")]
mod host {
    use std::hint::black_box;

    use criterion::{BatchSize, Criterion, Throughput, criterion_group};
    use freshet::api::Rows;
    use wire::{Action, ActionId, CoachingSessionId, Envelope, GoalId, ItemStatus, UserId};

    const ROWS: u128 = 1_000;

    type Edit = fn(&mut Vec<Action>);

    const EDITS: [(&str, Edit); 6] = [
        ("equal", |_| {}),
        ("one_changed", |list| list[500].body = Some("changed".to_owned())),
        ("all_changed", |list| {
            for action in list {
                action.status = ItemStatus::Completed;
            }
        }),
        ("one_inserted_at_the_front", |list| list.insert(0, action(ROWS))),
        ("one_moved", |list| {
            let action = list.remove(100);
            list.insert(800, action);
        }),
        ("reversed", |list| list.reverse()),
    ];

    criterion_group!(benches, decode);

    fn decode(criterion: &mut Criterion) {
        let list: Vec<_> = (0..ROWS).map(action).collect();
        let body = write(&list);
        let last = Rows::<Action>::read(body.clone(), None).unwrap();

        let mut group = criterion.benchmark_group("decode_1000_actions");
        group.throughput(Throughput::Bytes(body.len() as u64));
        let mut bench = |name: &str, body: &Vec<u8>, last: Option<&Rows<Action>>| {
            group.bench_function(name, |bencher| {
                let copy = || body.clone();
                let read = |body| Rows::read(black_box(body), last).unwrap();
                bencher.iter_batched(copy, read, BatchSize::LargeInput);
            });
        };
        bench("full", &body, None);
        for (name, edit) in EDITS {
            let mut list = list.clone();
            edit(&mut list);
            bench(name, &write(&list), Some(&last));
        }
        group.finish();
    }

    fn write(list: &[Action]) -> Vec<u8> {
        let status_code = 200;
        serde_json::to_vec(&Envelope {
            status_code,
            data: list,
        })
        .unwrap()
    }

    /// About 550 bytes of an action.
    fn action(number: u128) -> Action {
        let id = |kind: u128| (kind << 96) + 0x4000_8000_0000_0000_0000 + number * 0x9e37_79b9;
        let moment = "2026-11-21T11:18:12.550066Z".parse().unwrap();
        let body = "Write down what \"done\" means, with an example or two, and show it to the team.\nThen ask.";
        Action {
            id: ActionId::from_u128(id(1)),
            coaching_session_id: CoachingSessionId::from_u128(7),
            goal_id: Some(GoalId::from_u128(id(2))),
            user_id: UserId::from_u128(9),
            body: Some(format!("{number}: {body}")),
            due_by: Some(moment),
            status: ItemStatus::InProgress,
            status_changed_at: moment,
            created_at: moment,
            updated_at: moment,
            assignee_ids: vec![UserId::from_u128(9)],
            version: None,
        }
    }
}
