//! The invariants that hold in every state.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// Makes more than two million random inputs in random order on the host, and checks the invariants after each of them.
/// Then all faults end, and the connection must recover.
#[test]
fn invariants_hold_for_random_inputs() {
    for seed in 0..if cfg!(target_arch = "wasm32") { 100 } else { 8_000 } {
        let mut chaos = Chaos::new(seed);
        for _ in 0..300 {
            chaos.step();
        }
        chaos.heal();
    }
}

struct Chaos {
    seed: u64,
    rng: fastrand::Rng,
    settings: Settings,
    connection: Connection<u64>,
    now: Instant,
    /// The open stream, as derived from the outputs.
    live: Option<Generation>,
    newest: Generation,
    signed_in: bool,
    role: Role,
    is_online: bool,
    /// The time at which the network was last reported as lost.
    offline_at: Instant,
    /// The time at which something last proved that there is a network.
    alive_at: Instant,
    is_away: bool,
    last_open: Option<Instant>,
    /// The last event that was delivered since the last sign-in or possible gap.
    delivered: u64,
}

impl Chaos {
    fn new(seed: u64) -> Self {
        let mut rng = fastrand::Rng::with_seed(seed);
        let settings = Settings {
            expects_hello: rng.u8(..4) > 0,
            needs_ticket: rng.u8(..4) == 0,
            max_retries: rng.u32(0..4),
            ..Settings::DEFAULT
        };
        Self {
            seed,
            rng,
            settings,
            connection: Connection::new(settings, seed),
            now: Instant::default(),
            live: None,
            newest: Generation::default(),
            signed_in: false,
            role: Role::Alone,
            is_online: true,
            offline_at: Instant::default(),
            alive_at: Instant::default(),
            is_away: false,
            last_open: None,
            delivered: 0,
        }
    }

    fn step(&mut self) {
        let pause = match self.rng.u8(..8) {
            0..4 => self.rng.u64(0..50),
            4 | 5 => self.rng.u64(0..3_000),
            6 => self.rng.u64(0..60_000),
            // Waits for the next deadline.
            _ => self.connection.poll_timeout().map_or(0, |due| {
                u64::try_from(self.now.until(due).as_millis()).unwrap_or_default()
            }),
        };
        self.now = self.now + Duration::from_millis(pause);
        let (now, back) = (self.now, u64::from(self.rng.u8(..5) == 0));
        let generation = Generation(self.newest.0.saturating_sub(back));
        let is_late_news = generation != self.newest;
        let before = (self.connection.status(), self.connection.poll_timeout());
        let mut is_signal = false;
        let connection = &mut self.connection;
        match self.rng.u8(..24) {
            0 | 1 => {
                connection.start(now);
                if !std::mem::replace(&mut self.signed_in, true) {
                    (self.last_open, self.delivered) = (None, 0);
                }
            }
            2 => {
                connection.stop();
                self.signed_in = false;
            }
            3 => connection.retry(now),
            4 => connection.handle_opportunity(now),
            5 => connection.handle_read(now, format!("e-{}", self.rng.u8(..)).parse().ok()),
            6 => {
                if std::mem::replace(&mut self.is_online, self.rng.bool()) && !self.is_online {
                    self.offline_at = now;
                }
                connection.set_online(now, self.is_online);
            }
            7 => connection.set_visible(now, self.rng.bool()),
            8 => {
                connection.suspend(now);
                self.is_away = true;
            }
            9 => {
                connection.resume(now);
                self.is_away = false;
            }
            10 => {
                self.role = [Role::Alone, Role::Leads, Role::Follows, Role::Undecided][self.rng.usize(..4)];
                connection.set_role(now, self.role);
            }
            11 => {
                is_signal = true;
                connection.handle_answer(now, generation, answer(&mut self.rng));
            }
            12 => {
                is_signal = true;
                let ticket = if self.rng.bool() {
                    Ok("ticket".to_owned())
                } else {
                    Err(answer(&mut self.rng))
                };
                connection.handle_ticket(now, generation, ticket);
            }
            13 => connection.handle_refreshed(now),
            14 => {
                self.alive_at = now;
                connection.handle_leader(Status {
                    state: State::Connected,
                    ..Status::default()
                });
            }
            15..18 => connection.handle_timeout(now),
            _ => {
                is_signal = true;
                let signal = signal(&mut self.rng);
                let is_hello = matches!(&signal, Signal::Message(message) if matches!(message.frame, Frame::Hello(_)));
                if is_hello || connection.status().state != State::Connected {
                    // The signal may start another sequence of positions.
                    self.delivered = 0;
                }
                if matches!(signal, Signal::Message(_) | Signal::Opened) && !is_late_news {
                    self.alive_at = now;
                }
                connection.handle_signal(now, generation, signal);
            }
        }
        let acted = self.drain();
        if is_signal && is_late_news {
            let after = (self.connection.status(), self.connection.poll_timeout());
            assert!(!acted && after == before, "{}: late news had an effect", self.seed);
        }
        self.check();
    }

    /// Carries out all outputs, and checks that they are right. Returns whether there were any.
    fn drain(&mut self) -> bool {
        let mut acted = false;
        while let Some(output) = self.connection.poll() {
            acted = true;
            let seed = self.seed;
            match output {
                Output::FetchTicket { generation } => {
                    assert!(self.settings.needs_ticket && self.live.is_none(), "{seed}");
                    self.check_open(generation);
                }
                Open { generation, ticket, .. } => {
                    assert_eq!(self.live.replace(generation), None, "{seed}: two streams");
                    assert_eq!(
                        ticket.is_some(),
                        self.settings.needs_ticket,
                        "{seed}: a stream without its ticket"
                    );
                    if self.settings.needs_ticket {
                        assert_eq!(generation, self.newest, "{seed}: the ticket of another");
                    } else {
                        self.check_open(generation);
                    }
                }
                Output::Join { generation, .. } => {
                    assert!(
                        self.signed_in && !self.is_away && self.role == Role::Follows,
                        "{seed}: joined for nobody"
                    );
                    assert_eq!(self.live.replace(generation), None, "{seed}: two streams");
                    self.newest = generation;
                }
                Close { generation } => {
                    assert_eq!(self.live.take(), Some(generation), "{seed}: closed what was not open");
                }
                Probe { generation } => {
                    assert_eq!((generation, self.live), (self.newest, None), "{seed}");
                    assert!(self.is_online, "{seed}: asked without a network");
                }
                Deliver(event) => {
                    assert!(self.signed_in, "{seed}: told to nobody");
                    assert!(event > self.delivered, "{seed}: told twice, or out of order");
                    self.delivered = event;
                }
                Gap => {
                    assert!(self.signed_in, "{seed}: told to nobody");
                    assert!(self.live.is_some(), "{seed}: what is read now may lack something again");
                }
                Begun(_) => {}
                Refresh | SessionEnded => assert!(self.signed_in, "{seed}: told to nobody"),
            }
        }
        acted
    }

    fn check_open(&mut self, generation: Generation) {
        let seed = self.seed;
        let may_open = self.signed_in && !self.is_away && matches!(self.role, Role::Alone | Role::Leads);
        assert!(may_open, "{seed}: a stream for nobody");
        assert!(generation > self.newest, "{seed}: a number twice");
        let earliest = self.last_open.map(|last| last + self.settings.min_open_gap);
        assert!(
            earliest.is_none_or(|earliest| self.now >= earliest),
            "{seed}: opens too close"
        );
        (self.last_open, self.newest) = (Some(self.now), generation);
    }

    /// Checks the invariants between two inputs.
    fn check(&mut self) {
        let (seed, status, due) = (self.seed, self.connection.status(), self.connection.poll_timeout());
        if !self.signed_in {
            assert_eq!((status, self.live, due), (Status::default(), None, None), "{seed}");
            // The number continues, so that late signals can be recognized.
            self.newest = self.newest.max(self.live.unwrap_or_default());
            return;
        }
        let waits = status
            .retry_at
            .is_some_and(|retry| retry <= self.now + Duration::from_secs(302));
        match status.state {
            State::Connected => assert!(self.live.is_some(), "{seed}: connected to nothing"),
            State::Error => {
                assert_eq!(self.live, None, "{seed}");
                let is_final = matches!(status.last_error, Some(error) if matches!(error.cause, Cause::Final(_)));
                assert!(is_final || waits, "{seed}: rests for ever");
            }
            State::Connecting | State::Reconnecting => {
                assert!(!self.is_away, "{seed}: tries for a page that is away");
                let is_told = matches!(self.role, Role::Follows | Role::Undecided);
                assert!(is_told || due.is_some(), "{seed}: waits for nothing");
            }
            State::Disconnected => assert_eq!(self.live, None, "{seed}"),
        }
        let is_cut_off = !self.is_online
            && self.alive_at < self.offline_at
            && self.now > self.offline_at + self.settings.offline_flap
            && due.is_none_or(|due| due > self.now);
        let is_told_well = status.state == State::Connected || self.connection.is_current();
        assert!(!(is_cut_off && is_told_well), "{seed}: connected without a network");
        if self.connection.need() != Need::None {
            assert_ne!(
                status.state,
                State::Connected,
                "{seed}: reads again and again while it is told"
            );
        }
    }

    /// Ends all faults. The connection must recover soon, and stay connected.
    fn heal(&mut self) {
        let (seed, now) = (self.seed, self.now);
        self.connection.set_online(now, true);
        self.connection.set_role(now, Role::Leads);
        self.connection.set_visible(now, true);
        self.connection.resume(now);
        (self.is_online, self.is_away, self.role) = (true, false, Role::Leads);
        self.connection.start(now);
        if !std::mem::replace(&mut self.signed_in, true) {
            self.last_open = None;
        }
        if matches!(self.connection.status().last_error, Some(error) if matches!(error.cause, Cause::Final(_))) {
            self.connection.retry(now);
        }
        self.drain();
        // The limit covers a cooldown, or a wait that a server asks for, and the attempt after it.
        let healed_by = now + self.settings.rest_cap + Duration::from_secs(20);
        while self.connection.status().state != State::Connected {
            assert!(self.now < healed_by, "{seed}: {:?}", self.connection);
            self.be_served();
            if self.connection.status().state != State::Connected {
                self.sleep_until_due();
            }
        }
        // A session that was about to end causes one more stream.
        self.beat_for(Duration::from_secs(60));
        let opened = self.newest;
        self.beat_for(Duration::from_secs(3_600));
        assert_eq!(
            self.newest, opened,
            "{seed}: opened another stream although it was well"
        );
    }

    /// Answers everything as a server that is well.
    fn be_served(&mut self) {
        let (now, newest) = (self.now, self.newest);
        self.connection.handle_ticket(now, newest, Ok("ticket".to_owned()));
        self.connection.handle_answer(now, newest, Answer::Unclear);
        self.drain();
        if self.connection.status().state != State::Connected {
            self.connection.handle_signal(now, newest, hello(true));
        }
        self.drain();
    }

    fn beat_for(&mut self, time: Duration) {
        let end = self.now + time;
        while self.now < end {
            let beat = self.now + Duration::from_secs(15);
            while self.connection.poll_timeout().is_some_and(|due| due <= beat) {
                self.sleep_until_due();
                self.be_served();
            }
            self.now = beat;
            self.connection
                .handle_signal(beat, self.newest, message(None, Frame::Heartbeat));
            self.drain();
        }
    }

    fn sleep_until_due(&mut self) {
        self.now = self.now.max(self.connection.poll_timeout().unwrap());
        self.connection.handle_timeout(self.now);
        self.drain();
    }
}

fn hello(resumed: bool) -> Signal<u64> {
    message(
        None,
        Frame::Hello(Hello {
            resumed,
            cursor: None,
            heartbeat_ms: Some(15_000),
        }),
    )
}

fn answer(rng: &mut fastrand::Rng) -> Answer {
    match rng.u8(..6) {
        0 => Answer::Unclear,
        1 => Answer::Unreachable,
        2 => Answer::Unauthorized,
        3 => Answer::Forbidden,
        4 => Answer::Missing,
        _ => Answer::Later(Duration::from_secs(rng.u64(..1_000))),
    }
}

fn signal(rng: &mut fastrand::Rng) -> Signal<u64> {
    let seq = rng.u64(1..256);
    let frame = match rng.u8(..13) {
        0 => return Signal::Opened,
        1 => return Signal::Lost,
        2 => return Signal::Refused,
        12 => return Signal::Nowhere,
        3..6 => return hello(rng.bool()),
        6 => Frame::Heartbeat,
        7 => Frame::Resync,
        8 => Frame::Shutdown {
            retry_ms: rng.u64(0..9_000),
        },
        9 => Frame::AuthExpiring {
            in_ms: rng.u64(0..60_000),
        },
        10 => Frame::Ignored,
        _ => Frame::Event(seq),
    };
    message(Some(&format!("e-{seq}")), frame)
}

#[test]
fn same_seed_gives_same_effects() {
    let run = || {
        let mut world = World::new(Settings::default());
        world.start();
        for ms in (0..200_000).step_by(500) {
            world.at(ms);
            let newest = world.newest();
            world.signal(newest, Signal::Lost);
        }
        std::mem::take(&mut world.seen)
    };
    assert_eq!(run(), run());
}
