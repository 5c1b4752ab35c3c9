//! The scripted world: a server that answers each request after a delay of the test's choosing.
//! Its time is in `clock`.

use super::clock::Virtual;
use crate::action_log::Notes;
use crate::backend::{Address, Answered, Backend, Connection, Progress};
use crate::collector::{Collector, Observer};
use crate::pace::{Arrivals, Curve, Lane, Stage};
use crate::player::{Last, Loss, Moment, Next, Player, Wish};
use crate::poller::{Poller as _, PollerChoice};
use crate::settings::{Control, Load, Shape, Unit};
use crate::worker::{Parts, Worker};
use bytes::BytesMut;
use model::catalog::{Catalog, Kind, StatementSpec};
use model::failure::{ErrorClass, Failure};
use model::measured::{Interval, Measured};
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

pub(super) const MS: u64 = 1_000_000;

/// What the scripted server does with a request that reaches it at a time (ns).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    /// Answers after so many ns.
    After(u64),
    /// Answers with an error of this SQLSTATE after 1 ms.
    Error(&'static [u8; 5]),
    /// Closes the connection after 1 ms.
    Hangup,
    /// Never answers.
    Never,
}

pub(super) type Script = Box<dyn FnMut(u64) -> Reply>;

pub(super) struct Scripted {
    address: Address,
}

pub(super) struct Talk;

impl Backend for Scripted {
    type Connection = Talk;

    fn address(&self) -> &Address {
        &self.address
    }

    fn connection(&self) -> Talk {
        Talk
    }
}

impl Connection for Talk {
    type Request = u32;
    type Answer = Option<Failure>;

    fn start(&mut self, out: &mut BytesMut) {
        out.extend_from_slice(b"?");
    }

    fn send(&mut self, _request: &mut u32, out: &mut BytesMut) -> Result<(), Failure> {
        out.extend_from_slice(b"ask");
        Ok(())
    }

    fn receive(
        &mut self,
        input: &[u8],
        _out: &mut BytesMut,
        answer: &mut Option<Failure>,
        answered: &mut Vec<Answered>,
    ) -> Result<Progress, Failure> {
        *answer = None;
        if input.len() == 5 {
            let code = input.try_into().unwrap();
            *answer = Some(Failure::server(code, "scripted"));
        }
        if input != b"!" {
            let failure = answer.clone().map(Box::new);
            answered.push(Answered { statement: 0, rows: 1, failure });
        }
        Ok(Progress::Ready)
    }

    fn closed(&mut self) -> Failure {
        Failure::new(ErrorClass::ConnectionLost, "hung up")
    }

    fn terminate(&mut self, _out: &mut BytesMut) {}
}

/// Asks `steps` times per action.
pub(super) struct Asker {
    /// Whether it asks once more after a failure, as a rollback would, before it fails.
    pub(super) undoes: bool,
    pub(super) failing: Option<Failure>,
    pub(super) steps: u32,
    pub(super) left: u32,
    pub(super) wishes: u64,
}

impl Player for Asker {
    type Request = u32;
    type Answer = Option<Failure>;

    fn wish(&mut self, _moment: Moment) -> Wish {
        self.wishes += 1;
        Wish { action: 0, statements: self.steps }
    }

    fn next(&mut self, last: Last<'_, Option<Failure>>, _request: &mut u32) -> Next {
        if let Some(failure) = self.failing.take() {
            return Next::Failed(Box::new(failure));
        }
        match last {
            Last::Begin | Last::Retry => self.left = self.steps,
            Last::Answer(Some(failure)) if self.undoes => {
                self.failing = Some(failure.clone());
                return Next::Send;
            }
            Last::Answer(Some(failure)) => return Next::Failed(Box::new(failure.clone())),
            Last::Answer(None) => {}
        }
        if self.left == 0 {
            return Next::Succeeded;
        }
        self.left -= 1;
        Next::Send
    }

    fn lost(&mut self, _in_flight: bool, _heard: &Self::Answer) -> Loss {
        if self.failing.take().is_some() {
            return Loss::Nothing;
        }
        // The last step is the one that stores.
        if self.left == 0 { Loss::Unknown } else { Loss::Nothing }
    }
}

/// An observer that keeps everything.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) intervals: Vec<Interval>,
    pub(super) notes: Notes,
}

impl Observer for Heard {
    fn interval(&mut self, interval: &Interval) {
        self.intervals.push(interval.clone());
    }

    fn actions(&mut self, notes: Notes) {
        self.notes.notes.extend(notes.notes);
        self.notes.dropped += notes.dropped;
    }
}

/// One run of `clients` clients.
pub(super) struct Run {
    pub(super) load: Load,
    pub(super) steps: u32,
    pub(super) undoes: bool,
    pub(super) script: Script,
}

pub(super) fn closed(clients: u32, seconds: u64) -> Load {
    Load {
        clients,
        threads: 1,
        poller: PollerChoice::Auto,
        shape: Shape::Closed { think_min: Duration::ZERO, think_max: Duration::ZERO, users: None },
        warm_up: Duration::ZERO,
        duration: Duration::from_secs(seconds),
        grace: Duration::from_secs(10),
        max_tries: 3,
        actions_per_client: None,
        latency_limit: None,
        noted_share: None,
        reconnect: false,
        connect_timeout: Duration::from_secs(5),
        seed: 1,
    }
}

pub(super) fn open(clients: u32, seconds: u64, per_s: f64) -> Load {
    let stage = Stage::hold(Duration::from_secs(seconds), per_s);
    let shape = Shape::Open {
        curve: Arc::new(Curve::new(&[stage])),
        arrivals: Arrivals::Uniform,
        unit: Unit::Actions,
        max_backlog: Duration::from_secs(30),
    };
    Load { shape, ..closed(clients, seconds) }
}

impl Run {
    pub(super) fn new(load: Load, script: impl FnMut(u64) -> Reply + 'static) -> Run {
        Run { load, steps: 1, undoes: false, script: Box::new(script) }
    }

    pub(super) fn steps(self, steps: u32) -> Run {
        Run { steps, ..self }
    }

    /// A failed try is rolled back, which takes another round trip.
    pub(super) fn undoing(self) -> Run {
        Run { undoes: true, ..self }
    }

    /// Everything that was counted, and every interval.
    pub(super) fn go(self) -> (Measured, Vec<Interval>) {
        let (measured, heard) = self.hear();
        (measured, heard.intervals)
    }

    /// Everything that was counted, and all that an observer hears.
    pub(super) fn hear(self) -> (Measured, Heard) {
        let catalog = Catalog {
            actions: vec!["ask".to_owned()],
            statements: vec![StatementSpec {
                name: "ask".to_owned(),
                sql: String::new(),
                kind: Kind::Select,
            }],
        };
        let clients = self.load.clients as usize;
        let address = Address::Tcp(SocketAddr::from((Ipv4Addr::LOCALHOST, 1)));
        let (outbox, inbox) = sync_channel(100_000);
        let Run { steps, undoes, .. } = self;
        let asker = |_| Asker { undoes, failing: None, steps, left: 0, wishes: 0 };
        let parts = Parts {
            thread: 0,
            backend: &Scripted { address },
            load: &self.load,
            control: &Control::default(),
            catalog: &catalog,
            lane: Lane { first: 0, width: clients as u64, of: clients as u64 },
            ranks: (0..clients as u64).collect(),
            players: (0..clients).map(asker).collect(),
            outbox,
        };
        let poller = Virtual::new(clients, self.script);
        let mut worker = Worker::new(parts, poller);
        worker.open().unwrap();
        let begin_ns = worker.poller.now_ns() + MS;
        worker.run(begin_ns).unwrap();
        worker.finish();
        let mut collector = Collector::new(&self.load, &catalog, begin_ns);
        let mut heard = Heard::default();
        for batch in inbox.try_iter() {
            collector.take(batch, &mut heard);
        }
        (collector.finish(false), heard)
    }
}
