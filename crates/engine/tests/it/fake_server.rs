//! A TCP server of known delays that keeps its own books, and the backend that talks to it.
//!
//! A request is 8 bytes: a number. The server answers with the same 8 bytes after the delay that
//! its script gives, and notes how long it really took between having the request and having
//! sent the answer.

use bytes::BytesMut;
use engine::pace::{Arrivals, Curve, Stage};
use engine::poller::{PollerChoice, Uring};
use engine::{
    Address, Answered, Backend, Connection, Control, Last, Load, Loss, Moment, Next, Player,
    Progress, Shape, Unit, Wish,
};
use model::catalog::{Catalog, Kind, StatementSpec};
use model::failure::{ErrorClass, Failure};
use model::measured::{Interval, Measured};
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How long the answer to request number `n` takes.
pub(crate) type Delay = fn(u64) -> Duration;

pub(crate) struct FakeServer {
    pub(crate) address: SocketAddr,
    pub(crate) took_us: Arc<Mutex<Vec<u64>>>,
}

impl FakeServer {
    pub(crate) fn start(delay: Delay) -> FakeServer {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let took_us = Arc::new(Mutex::new(Vec::new()));
        let books = took_us.clone();
        std::thread::spawn(move || {
            for socket in listener.incoming().flatten() {
                let books = books.clone();
                std::thread::spawn(move || serve(socket, delay, &books));
            }
        });
        FakeServer { address, took_us }
    }

    /// The server's own quantile in ms.
    pub(crate) fn quantile_ms(&self, quantile: f64) -> f64 {
        let mut took = self.took_us.lock().unwrap().clone();
        took.sort_unstable();
        took[((took.len() as f64 * quantile).ceil() as usize).clamp(1, took.len()) - 1] as f64
            / 1000.0
    }
}

fn serve(mut socket: TcpStream, delay: Delay, books: &Mutex<Vec<u64>>) {
    socket.set_nodelay(true).unwrap();
    let mut request = [0; 8];
    while socket.read_exact(&mut request).is_ok() {
        let came = Instant::now();
        let number = u64::from_be_bytes(request);
        // Number 0 is the handshake.
        if number > 0 {
            wait_until(came + delay(number));
        }
        if socket.write_all(&request).is_err() {
            return;
        }
        if number > 0 {
            books.lock().unwrap().push(came.elapsed().as_micros() as u64);
        }
    }
}

/// The delay is the truth that the test rests on: sleep most of it, then be exact.
fn wait_until(due: Instant) {
    let spin = Duration::from_micros(200);
    if let Some(rest) = due.checked_duration_since(Instant::now() + spin) {
        std::thread::sleep(rest);
    }
    while Instant::now() < due {
        std::hint::spin_loop();
    }
}

pub(crate) struct Echo(pub(crate) Address);

#[derive(Default)]
pub(crate) struct Talk {
    input: Vec<u8>,
}

impl Backend for Echo {
    type Connection = Talk;

    fn address(&self) -> &Address {
        &self.0
    }

    fn connection(&self) -> Talk {
        Talk::default()
    }
}

impl Connection for Talk {
    type Request = u64;
    type Answer = u64;

    fn start(&mut self, out: &mut BytesMut) {
        out.extend_from_slice(&0_u64.to_be_bytes());
    }

    fn send(&mut self, request: &mut u64, out: &mut BytesMut) -> Result<(), Failure> {
        out.extend_from_slice(&request.to_be_bytes());
        Ok(())
    }

    fn receive(
        &mut self,
        input: &[u8],
        _out: &mut BytesMut,
        answer: &mut u64,
        answered: &mut Vec<Answered>,
    ) -> Result<Progress, Failure> {
        self.input.extend_from_slice(input);
        let Ok(bytes) = <[u8; 8]>::try_from(self.input.as_slice()) else {
            return Ok(Progress::Pending);
        };
        self.input.clear();
        *answer = u64::from_be_bytes(bytes);
        if *answer > 0 {
            answered.push(Answered { statement: 0, rows: 1, failure: None });
        }
        Ok(Progress::Ready)
    }

    fn closed(&mut self) -> Failure {
        Failure::new(ErrorClass::ConnectionLost, "the server closed the connection")
    }

    fn terminate(&mut self, _out: &mut BytesMut) {}
}

/// Asks with its own numbers and checks that the answer is to its question.
pub(crate) struct Caller {
    pub(crate) next: u64,
    pub(crate) step: u64,
}

impl Player for Caller {
    type Request = u64;
    type Answer = u64;

    fn wish(&mut self, _moment: Moment) -> Wish {
        self.next += self.step;
        Wish { action: 0, statements: 1 }
    }

    fn next(&mut self, last: Last<'_, u64>, request: &mut u64) -> Next {
        match last {
            Last::Begin | Last::Retry => {
                *request = self.next;
                Next::Send
            }
            Last::Answer(answer) if *answer == self.next => Next::Succeeded,
            Last::Answer(_) => {
                let mixed_up = Failure::new(ErrorClass::Unexpected, "another client's answer");
                Next::Failed(Box::new(mixed_up))
            }
        }
    }

    fn lost(&mut self, _in_flight: bool, _heard: &Self::Answer) -> Loss {
        Loss::Nothing
    }
}

/// Both pollers; epoll alone where the system forbids the ring, as many containers do.
pub(crate) fn pollers() -> Vec<PollerChoice> {
    match Uring::probe() {
        Ok(()) => vec![PollerChoice::Epoll, PollerChoice::IoUring],
        Err(_) => vec![PollerChoice::Epoll],
    }
}

pub(crate) fn closed(clients: u32, duration: Duration) -> Load {
    Load {
        clients,
        threads: 2,
        poller: PollerChoice::Auto,
        shape: Shape::Closed { think_min: Duration::ZERO, think_max: Duration::ZERO, users: None },
        warm_up: Duration::ZERO,
        duration,
        grace: Duration::from_secs(5),
        max_tries: 1,
        actions_per_client: None,
        latency_limit: None,
        noted_share: None,
        reconnect: false,
        connect_timeout: Duration::from_secs(5),
        seed: 7,
    }
}

pub(crate) fn open(clients: u32, duration: Duration, per_s: f64) -> Load {
    let shape = Shape::Open {
        curve: Arc::new(Curve::new(&[Stage::hold(duration, per_s)])),
        arrivals: Arrivals::Uniform,
        unit: Unit::Actions,
        max_backlog: Duration::from_secs(30),
    };
    Load { shape, ..closed(clients, duration) }
}

pub(crate) fn catalog() -> Catalog {
    let statement = StatementSpec { name: "echo".into(), sql: String::new(), kind: Kind::Select };
    Catalog { actions: vec!["echo".into()], statements: vec![statement] }
}

/// Runs `load` against `address`; `control` may end it early.
pub(crate) fn run(
    address: Address,
    load: &Load,
    control: &Control,
    observer: &mut dyn FnMut(&Interval),
) -> Result<Measured, engine::Error> {
    let count = u64::from(load.clients);
    let players = (0..count).map(|i| Caller { next: i + 1, step: count }).collect();
    let mut observer = |interval: &Interval| observer(interval);
    engine::run(&Echo(address), players, &catalog(), load, (control, &mut observer))
        .map(|finished| finished.measured)
}
