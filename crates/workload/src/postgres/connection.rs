//! One connection under load: the engine's seam on top of the wire's state machine.
//!
//! ```text
//! Login ─> Preparing ─> Running
//! ```
//! In a batch (extended, prepared) an error makes the server skip the calls after it up to the
//! Sync: they are not reported as answered. The simple protocol has no batches: each call is sent
//! when the one before it was answered, and after an error the rest is not sent.

use super::answer::Answer;
use super::encode::{Encoder, unexpected};
use super::failure;
use super::request::Request;
use super::statement::Protocol;
use bytes::{Buf, BytesMut};
use engine::{Answered, Connection, Progress};
use model::failure::{ErrorClass, Failure};
use std::sync::Arc;
use wire::{Event, TransactionStatus};

/// A connection of [`super::Postgres`].
pub struct PostgresConnection {
    wire: wire::Connection,
    encoder: Arc<Encoder>,
    stage: Stage,
    /// Messages to be handed to the wire; kept for its memory.
    plain: BytesMut,
    /// Queries of the simple protocol that wait for their turn.
    queue: BytesMut,
    /// What is being answered.
    round: Round,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// From the first byte to the first Ready.
    Login,
    /// The statements are being parsed.
    Preparing,
    /// Requests and answers.
    Running,
}

/// One round trip under way.
#[derive(Default)]
struct Round {
    /// The statements called, in order.
    statements: Vec<u16>,
    /// How many of them are answered.
    answered: usize,
    /// Nothing of the answer has come yet.
    fresh: bool,
    failed: bool,
    /// What makes the connection unusable.
    broken: Option<Failure>,
    /// The server is ready for the next batch or query.
    ready: Option<TransactionStatus>,
}

impl PostgresConnection {
    pub(super) fn new(wire: wire::Connection, encoder: Arc<Encoder>) -> PostgresConnection {
        PostgresConnection {
            wire,
            encoder,
            stage: Stage::Login,
            plain: BytesMut::new(),
            queue: BytesMut::new(),
            round: Round::default(),
        }
    }

    /// What has to follow once the server is ready.
    fn proceed(&mut self, out: &mut BytesMut) -> Result<Progress, Failure> {
        match self.stage {
            Stage::Login => {
                let prepared = self.encoder.prepare(&mut self.plain);
                self.round.statements = prepared.map_err(|cause| unexpected(cause.to_string()))?;
                if self.round.statements.is_empty() {
                    self.stage = Stage::Running;
                    return Ok(Progress::Ready);
                }
                self.stage = Stage::Preparing;
                self.forward(out)?;
                Ok(Progress::Pending)
            }
            Stage::Preparing => {
                self.stage = Stage::Running;
                Ok(Progress::Ready)
            }
            Stage::Running => self.proceed_with_queue(out),
        }
    }

    #[inline]
    fn proceed_with_queue(&mut self, out: &mut BytesMut) -> Result<Progress, Failure> {
        if self.round.failed {
            self.queue.clear();
            return Ok(Progress::Ready);
        }
        if self.queue.is_empty() {
            return match self.round.answered == self.round.statements.len() {
                true => Ok(Progress::Ready),
                false => Err(out_of_step("the server answered fewer statements than it was sent")),
            };
        }
        self.take_from_queue();
        self.forward(out)?;
        Ok(Progress::Pending)
    }

    /// Moves the next query from the queue to the messages to be sent.
    fn take_from_queue(&mut self) {
        // The encoder wrote it: a tag, and a length that counts itself.
        let length = self.queue.get(1..5).map_or(0, |mut bytes| bytes.get_u32() as usize + 1);
        let length = length.min(self.queue.len());
        self.plain.extend_from_slice(&self.queue[..length]);
        self.queue.advance(length);
    }

    #[inline]
    fn forward(&mut self, out: &mut BytesMut) -> Result<(), Failure> {
        self.wire.send(&mut self.plain, out).map_err(|error| failure::of_connection(&error))
    }
}

impl Connection for PostgresConnection {
    type Request = Request;
    type Answer = Answer;

    fn start(&mut self, out: &mut BytesMut) {
        // A settings file that can't be turned into a startup message: the engine has no way to
        // hear of it here, so the first `receive` or `closed` tells.
        if let Err(error) = self.wire.start(out) {
            self.round.broken = Some(failure::of_connection(&error));
        }
    }

    #[inline]
    fn send(&mut self, request: &mut Request, out: &mut BytesMut) -> Result<(), Failure> {
        if request.is_empty() {
            return Err(unexpected("a request without a call".to_owned()));
        }
        let simple = self.encoder.protocol() == Protocol::Simple;
        self.queue.clear();
        let target = if simple { &mut self.queue } else { &mut self.plain };
        let encoded = self.encoder.encode(request, target);
        self.round.begin(request.statements());
        request.clear();
        if let Err(failure) = encoded {
            // Half a batch must not go out with the next one.
            self.plain.clear();
            self.queue.clear();
            return Err(failure);
        }
        if simple {
            self.take_from_queue();
        }
        self.forward(out)
    }

    #[inline]
    fn receive(
        &mut self,
        input: &[u8],
        out: &mut BytesMut,
        answer: &mut Answer,
        answered: &mut Vec<Answered>,
    ) -> Result<Progress, Failure> {
        if let Some(failure) = self.round.broken.take() {
            return Err(failure);
        }
        let PostgresConnection { wire, encoder, stage, round, .. } = self;
        if std::mem::take(&mut round.fresh) {
            answer.clear(encoder.protocol() != Protocol::Simple);
        }
        let fed = match stage {
            Stage::Running => {
                wire.feed(input, out, &mut |event| round.take(event, encoder, answer, answered))
            }
            _ => wire.feed(input, out, &mut |event| round.take_early(event, encoder)),
        };
        if let Some(failure) = round.broken.take() {
            return Err(failure);
        }
        fed.map_err(|error| failure::of_connection(&error))?;
        match round.ready.take() {
            None => Ok(Progress::Pending),
            Some(status) => {
                answer.set_status(status);
                if self.stage == Stage::Login {
                    let key = self.wire.backend_key();
                    answer.set_process_id(key.map(|(process_id, _)| process_id));
                }
                self.proceed(out)
            }
        }
    }

    fn closed(&mut self) -> Failure {
        let broken = self.round.broken.take();
        broken.unwrap_or_else(|| failure::of_connection(&self.wire.closed()))
    }

    fn terminate(&mut self, out: &mut BytesMut) {
        self.wire.terminate(out);
    }
}

impl Round {
    #[inline]
    fn begin(&mut self, statements: impl Iterator<Item = u16>) {
        self.statements.clear();
        self.statements.extend(statements);
        (self.answered, self.fresh, self.failed) = (0, true, false);
    }

    /// An event while a request is being answered.
    #[inline]
    fn take(
        &mut self,
        event: Event<'_>,
        encoder: &Encoder,
        answer: &mut Answer,
        answered: &mut Vec<Answered>,
    ) {
        match event {
            Event::Row(row) => answer.push_row(row.iter()),
            Event::Complete { tag, rows } => match self.statements.get(self.answered) {
                Some(&statement) if tag == "ROLLBACK" && !encoder.rolls_back(statement) => {
                    self.fail(answer, answered, undone());
                }
                Some(&statement) => {
                    answer.complete(rows);
                    answered.push(Answered { statement, rows, failure: None });
                    self.answered += 1;
                }
                None => self.break_off("the server answered more statements than it was sent"),
            },
            Event::EmptyQuery => self.break_off("a statement of the workload is empty"),
            Event::Ready(status) => self.ready = Some(status),
            Event::Error(error) if error.is_fatal() => {
                self.broken = Some(failure::of_statement(&error));
            }
            Event::Error(error) => self.fail(answer, answered, failure::of_statement(&error)),
            Event::CopyIn(_) | Event::CopyOut(_) => {
                self.break_off("COPY can't be a statement of a workload");
            }
            _ => {}
        }
    }

    /// An event before the connection is usable.
    fn take_early(&mut self, event: Event<'_>, encoder: &Encoder) {
        match event {
            Event::ParseComplete => self.answered += 1,
            Event::Ready(status) => self.ready = Some(status),
            Event::Error(error) => {
                let mut failure = failure::of_statement(&error);
                let id = self.statements.get(self.answered);
                if let Some(statement) = id.and_then(|id| encoder.statement(*id)) {
                    failure.message = format!("preparing {}: {}", statement.name, failure.message);
                }
                self.broken.get_or_insert(failure);
            }
            _ => {}
        }
    }

    /// The call being answered failed; or all were answered, and then it was the implicit commit.
    #[cold]
    fn fail(&mut self, answer: &mut Answer, answered: &mut Vec<Answered>, failure: Failure) {
        let failure = Box::new(failure);
        if let Some(&statement) = self.statements.get(self.answered) {
            answered.push(Answered { statement, rows: 0, failure: Some(failure.clone()) });
        }
        answer.fail(failure);
        self.failed = true;
    }

    #[cold]
    fn break_off(&mut self, what: &str) {
        self.broken.get_or_insert_with(|| out_of_step(what));
    }
}

/// What a commit means that ended a failed transaction: without it, nobody would notice.
#[cold]
fn undone() -> Failure {
    unexpected("the transaction had failed: its commit rolled it back".to_owned())
}

#[cold]
fn out_of_step(what: &str) -> Failure {
    Failure::new(ErrorClass::Protocol, what)
}
