//! Hokm players on one blocking connection, one action after the other, in a time that the test
//! makes up: what they wish, what they send, what they remember.

use crate::database::Database;
use bytes::BytesMut;
use engine::{Address, Answered, Backend, Connection, Last, Loss, Moment, Next, Player, Progress};
use model::failure::Failure;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use workload::Workload;
use workload::hokm::{Hokm, HokmPlayer, HokmProfile};
use workload::postgres::{Answer, Postgres, PostgresConnection, Protocol, Request};

/// One action as it happened.
#[derive(Clone, Debug, PartialEq)]
pub struct Acted {
    pub action: String,
    /// The workload statements that the wish promised.
    pub promised: u32,
    /// All statements sent, transaction control included, by their names.
    pub sent: Vec<String>,
    /// Every byte of the requests.
    pub bytes: Vec<u8>,
    pub failure: Option<Failure>,
}

impl Acted {
    /// The workload's own statements.
    pub fn statements(&self) -> impl Iterator<Item = &str> {
        self.sent.iter().map(String::as_str).filter(|name| !is_control(name))
    }
}

fn is_control(name: &str) -> bool {
    matches!(name, "begin" | "commit" | "rollback")
}

/// Where a connection goes.
#[derive(Clone, Copy, Debug)]
pub enum At {
    /// In this request of an action, from 0.
    Request(usize),
    /// In the request that holds a statement of this name.
    Statement(&'static str),
    /// In the first request after whose end a change stays, expiries left aside.
    Change,
}

/// A connection that goes.
#[derive(Clone, Copy, Debug)]
pub struct Cut {
    pub at: At,
    pub server: Hears,
}

/// What the server does with a request whose answer nobody hears.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hears {
    /// It does not get it.
    Never,
    /// It has done what it says before the connection goes.
    Before,
    /// It gets it before the connection goes, and takes its time.
    Late,
}

impl Cut {
    /// Whether it is at this request, after those that were `sent` before.
    fn is_now(&self, request: usize, sent: &[String], statements: &[String]) -> bool {
        let has = |name: &str| statements.iter().any(|it| it == name);
        let last = sent.iter().rev().find(|it| is_control(it));
        let alone = last.is_none_or(|it| it != "begin") && !has("begin");
        match self.at {
            At::Request(at) => at == request,
            At::Statement(name) => has(name),
            At::Change => {
                let writes = ["event_batch", "session_open", "session_state"];
                has("commit") || (alone && writes.into_iter().any(has))
            }
        }
    }
}

pub struct Session {
    pub workload: Hokm,
    pub players: Vec<HokmPlayer>,
    pub elapsed: Duration,
    /// How much time each action takes.
    pub pace: Duration,
    /// Whether the players hear which process of the server's answers them: not behind a pooler.
    pub is_direct: bool,
    names: Vec<String>,
    backend: Postgres,
    line: Line,
    turn: usize,
}

/// The connection, and what is kept for it.
struct Line {
    stream: TcpStream,
    connection: PostgresConnection,
    out: BytesMut,
    request: Request,
    answer: Answer,
    answered: Vec<Answered>,
}

impl Session {
    pub fn open(database: &Database, profile: HokmProfile, clients: u32) -> Session {
        let mut workload = Hokm::new(profile).unwrap();
        workload.set_up(&database.server()).unwrap();
        let own = workload.statements();
        let names = ["begin", "commit", "rollback"].map(str::to_owned).into_iter();
        let names = names.chain(own.iter().map(|own| own.name.to_owned())).collect();
        let mut settings = (*database.settings).clone();
        // Thousands of commits one after the other: nobody pulls the plug here.
        let lazily = ("synchronous_commit".to_owned(), "off".to_owned());
        settings.runtime_parameters.push(lazily);
        let backend = Postgres::new(&settings, None, own, Protocol::Prepared).unwrap();
        let players = workload.players(clients);
        let line = Line::open(&backend);
        let (elapsed, pace) = (Duration::ZERO, Duration::from_millis(1));
        Session { workload, players, elapsed, pace, is_direct: true, names, backend, line, turn: 0 }
    }

    /// The next player's next action.
    pub fn act(&mut self) -> Acted {
        self.turn = (self.turn + 1) % self.players.len();
        self.act_as(self.turn)
    }

    /// So many actions.
    pub fn act_times(&mut self, actions: usize) -> Vec<Acted> {
        (0..actions).map(|_| self.act()).collect()
    }

    /// Acts until it has done an action of this name; returns that.
    pub fn act_until(&mut self, name: &str) -> Acted {
        for _ in 0..50_000 {
            let acted = self.act();
            if acted.action == name {
                return acted;
            }
        }
        panic!("nobody wished for {name}");
    }

    /// The next action of one player.
    pub fn act_as(&mut self, player: usize) -> Acted {
        self.act_until_cut(player, None).expect("no request is lost")
    }

    /// The next action of one player. Where it is cut, the connection goes and the player hears
    /// no answer; what it lost is returned.
    pub fn act_until_cut(&mut self, player: usize, cut: Option<Cut>) -> Result<Acted, Loss> {
        self.elapsed += self.pace;
        let moment = Moment { elapsed: self.elapsed, measured: true };
        let Session { players, line, names, .. } = self;
        let player = &mut players[player];
        let wish = player.wish(moment);
        let mut acted = Acted {
            action: self.workload.actions()[usize::from(wish.action)].clone(),
            promised: wish.statements,
            sent: Vec::new(),
            bytes: Vec::new(),
            failure: None,
        };
        if !self.is_direct {
            line.answer.set_process_id(None);
        }
        let mut next = player.next(Last::Begin, &mut line.request);
        let mut requests = 0;
        while next == Next::Send {
            let statements = line.request.statements();
            let asked: Vec<_> = statements.map(|id| names[usize::from(id)].clone()).collect();
            let cut = cut.filter(|cut| cut.is_now(requests, &acted.sent, &asked));
            acted.sent.extend(asked);
            match cut {
                Some(cut) => {
                    match cut.server {
                        Hears::Never => {}
                        Hears::Before => drop(line.ask()),
                        Hears::Late => drop(line.tell()),
                    }
                    let loss = player.lost(true, &line.answer);
                    *line = Line::open(&self.backend);
                    return Err(loss);
                }
                None => acted.bytes.extend_from_slice(&line.ask()),
            }
            requests += 1;
            next = player.next(Last::Answer(&line.answer), &mut line.request);
        }
        if let Next::Failed(failure) = next {
            acted.failure = Some(*failure);
        }
        Ok(acted)
    }

    /// The names of the checks that fail.
    pub fn failed_checks(&mut self, database: &Database) -> Vec<String> {
        let verified = self.workload.verify(&database.server(), &mut self.players).unwrap();
        let failed = verified.checks.into_iter().filter(|check| check.violations > 0);
        failed
            .map(|check| format!("{} ({})", check.name, check.sample.unwrap_or_default()))
            .collect()
    }
}

impl Line {
    fn open(backend: &Postgres) -> Line {
        let Address::Tcp(address) = backend.address() else { panic!("TCP was asked for") };
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut line = Line {
            stream,
            connection: backend.connection(),
            out: BytesMut::new(),
            request: Request::default(),
            answer: Answer::default(),
            answered: Vec::new(),
        };
        line.connection.start(&mut line.out);
        line.converse();
        line
    }

    /// Sends the request, waits for all of its answer, returns what was sent.
    fn ask(&mut self) -> Vec<u8> {
        let bytes = self.tell();
        self.converse();
        bytes
    }

    /// Sends the request, returns what was sent.
    fn tell(&mut self) -> Vec<u8> {
        self.answered.clear();
        self.connection.send(&mut self.request, &mut self.out).unwrap();
        self.stream.write_all(&self.out).unwrap();
        let bytes = self.out.to_vec();
        self.out.clear();
        bytes
    }

    fn converse(&mut self) {
        let mut input = [0; 65_536];
        loop {
            self.stream.write_all(&self.out).unwrap();
            self.out.clear();
            let length = self.stream.read(&mut input).unwrap();
            let (out, answer) = (&mut self.out, &mut self.answer);
            let heard = &input[..length];
            let progress = self.connection.receive(heard, out, answer, &mut self.answered).unwrap();
            if progress == Progress::Ready {
                return;
            }
        }
    }
}
