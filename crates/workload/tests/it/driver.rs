//! A connection under load without the engine: one request, then all of its answer.

use crate::database::Database;
use bytes::BytesMut;
use engine::{Address, Answered, Backend, Connection, Progress};
use model::failure::Failure;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;
use workload::postgres::{Answer, Postgres, PostgresConnection, Protocol, Request, Statement};

pub struct Driver {
    stream: TcpStream,
    connection: PostgresConnection,
    out: BytesMut,
    pub request: Request,
    pub answer: Answer,
    pub answered: Vec<Answered>,
}

impl Driver {
    pub fn open(database: &Database, statements: Vec<Statement>, protocol: Protocol) -> Driver {
        Driver::try_open(database, statements, protocol).expect("a connection")
    }

    pub fn try_open(
        database: &Database,
        statements: Vec<Statement>,
        protocol: Protocol,
    ) -> Result<Driver, Failure> {
        let backend = Postgres::new(&database.settings, None, statements, protocol).unwrap();
        let Address::Tcp(address) = backend.address() else { panic!("TCP was asked for") };
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let mut driver = Driver {
            stream,
            connection: backend.connection(),
            out: BytesMut::new(),
            request: Request::default(),
            answer: Answer::default(),
            answered: Vec::new(),
        };
        driver.connection.start(&mut driver.out);
        driver.converse()?;
        Ok(driver)
    }

    /// Sends what `fill` asks and waits for the whole answer.
    pub fn ask(&mut self, fill: impl FnOnce(&mut Request)) -> Result<(), Failure> {
        fill(&mut self.request);
        self.send()
    }

    /// Sends the request and waits for the whole answer.
    pub fn send(&mut self) -> Result<(), Failure> {
        self.answered.clear();
        self.connection.send(&mut self.request, &mut self.out)?;
        assert!(self.request.is_empty());
        self.converse()
    }

    fn converse(&mut self) -> Result<(), Failure> {
        let mut input = [0; 4096];
        loop {
            self.stream.write_all(&self.out).unwrap();
            self.out.clear();
            let length = self.stream.read(&mut input).unwrap();
            if length == 0 {
                return Err(self.connection.closed());
            }
            let progress = self.connection.receive(
                &input[..length],
                &mut self.out,
                &mut self.answer,
                &mut self.answered,
            )?;
            if progress == Progress::Ready {
                return Ok(());
            }
        }
    }

    /// The statements answered by the last request: number, and whether it failed.
    pub fn outcome(&self) -> Vec<(u16, bool)> {
        self.answered.iter().map(|it| (it.statement, it.failure.is_some())).collect()
    }
}
