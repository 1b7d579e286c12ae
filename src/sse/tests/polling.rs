//! Polling, if and only if there is no stream.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::polling::Polling;
use super::*;

struct Reader(Polling, Settings, u64);

impl Reader {
    fn new(settings: Settings) -> Self {
        Self(Polling::default(), settings, 0)
    }

    fn need(&mut self, need: Need) {
        self.0.set_need(Instant::from_millis(self.2), need, &self.1);
    }

    /// Returns the times at which it polls until then, in seconds.
    fn until(&mut self, ms: u64) -> Vec<u64> {
        let mut reads = Vec::new();
        while let Some(due) = self.0.poll_timeout().filter(|due| due.as_millis() <= ms) {
            assert!(self.0.handle_timeout(due, &self.1));
            reads.push(due.as_millis() / 1_000);
        }
        self.2 = ms;
        reads
    }
}

#[test]
fn polls_while_disconnected() {
    let mut reader = Reader::new(SETTINGS);
    reader.need(Need::Now);
    // A repeated report belongs to the same outage.
    reader.until(4_000);
    reader.need(Need::Now);
    assert!(!reader.0.is_polling());
    assert_eq!(reader.until(160_000), [5, 15, 25, 35, 45, 55, 65, 95, 125, 155]);
    assert!(reader.0.is_polling());
    reader.need(Need::None);
    assert!(!reader.0.is_polling());
    assert_eq!((reader.0.poll_timeout(), reader.until(500_000)), (None, vec![]));
    // The next outage begins anew.
    reader.need(Need::Now);
    assert_eq!(reader.until(520_000), [505, 515]);
}

#[test]
fn hidden_tab_polls_on_return() {
    let mut reader = Reader::new(SETTINGS);
    reader.need(Need::Now);
    assert_eq!(reader.until(16_000), [5, 15]);
    reader.need(Need::Paused);
    assert_eq!((reader.until(100_000), reader.0.is_polling()), (vec![], false));
    reader.need(Need::Now);
    assert_eq!(reader.until(100_000), [100]);
    // A short outage causes no poll.
    reader.need(Need::None);
    reader.need(Need::Paused);
    reader.until(102_000);
    reader.need(Need::Now);
    assert_eq!(reader.until(104_999), Vec::<u64>::new());
}

#[test]
fn a_deployment_may_do_without() {
    let mut reader = Reader::new(Settings {
        poll_every: Duration::ZERO,
        ..SETTINGS
    });
    reader.need(Need::Now);
    assert_eq!(reader.until(100_000), Vec::<u64>::new());
}

#[test]
fn polling_is_needed_only_without_connection() {
    let mut world = World::new(SETTINGS);
    let need = |world: &World| world.connection.need();
    assert_eq!(need(&world), Need::None);
    world.start();
    assert_eq!(need(&world), Need::Now);
    world.hello(1, fresh("e-0"));
    assert_eq!(need(&world), Need::None);
    world.at(20_000).signal(1, Signal::Lost);
    assert_eq!(need(&world), Need::Now);
    world.act(|connection, now| connection.set_visible(now, false));
    assert_eq!(need(&world), Need::Paused);
    world.act(|connection, now| connection.set_visible(now, true));
    world.act(|connection, now| connection.set_online(now, false));
    assert_eq!(need(&world), Need::Paused);
    world.stop();
    assert_eq!(need(&world), Need::None);
}
