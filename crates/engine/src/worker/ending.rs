//! How a worker ends: what has no answer is unfinished, the last books go out, sockets close.

use super::{AnswerOf, RequestOf, Worker};
use crate::action_log::Outcome;
use crate::backend::{Backend, Connection};
use crate::client::State;
use crate::player::Player;
use crate::poller::{Earlier, Poller};
use crate::recorder::LastWords;

impl<B, P, Q> Worker<'_, B, P, Q>
where
    B: Backend,
    P: Player<Request = RequestOf<B>, Answer = AnswerOf<B>>,
    Q: Poller,
{
    /// Closes the books and the connections; gives the players back.
    pub(crate) fn finish(mut self) -> Vec<P> {
        let now = self.poller.now_ns();
        self.end_in_flight(now);
        self.end_backlog(now);
        self.send_books(now);
        self.say_goodbye();
        self.players
    }

    /// Actions without an answer: unfinished, and the player knows that it can't know.
    fn end_in_flight(&mut self, now: u64) {
        for client in 0..self.clients.len() {
            let in_flight = self.clients[client].state == State::Busy;
            let Some(current) = self.clients[client].current.take() else { continue };
            let heard = &self.clients[client].answer;
            let _outcome_stays_open = self.players[client].lost(in_flight, heard);
            self.recorder.population(now, 0, -1);
            let counts = &mut self.recorder.action(current.phase, current.action).counts;
            counts.unfinished += 1;
            if let Some(log) = &mut self.recorder.log {
                log.note(client, &current, Outcome::Unfinished, now);
            }
        }
    }

    /// Actions that were due and that no connection was free for. Nothing is dropped silently:
    /// each is wished for, so that it counts under its own name.
    fn end_backlog(&mut self, now: u64) {
        let cut = now.min(self.times.stopped.unwrap_or(u64::MAX)).min(self.times.end);
        let mut turns = (0..self.clients.len()).cycle();
        while let Some(intended) = self.due_ns().filter(|due| *due < cut) {
            // While something is due, somebody may still begin it.
            let may = |client: &usize| self.clients[*client].actions_left > 0;
            let Some(client) = turns.find(may) else { return };
            self.give_up(client, intended, now);
        }
    }

    fn send_books(&mut self, now: u64) {
        let mut batch =
            self.recorder.take(self.thread, self.times.interval, now, self.poller.own_time());
        batch.behind_ns = self.behind_ns(now);
        let words = self.recorder.last_words(self.times.measuring, now);
        batch.last = Some(LastWords { stopped_ns: self.times.stopped, ..words });
        // The load is over: waiting for the coordinator harms no measurement.
        let _coordinator_gone = self.outbox.send(batch);
    }

    fn say_goodbye(&mut self) {
        for client in 0..self.clients.len() {
            let this = &mut self.clients[client];
            // Where every action has its own connection, who does nothing has none.
            if matches!(this.state, State::Idle | State::Thinking) && !self.load.reconnect {
                this.out.clear();
                this.connection.terminate(&mut this.out);
                self.poller.send(client, &mut this.out, Earlier::Answered);
            }
        }
        // Queued goodbyes leave; a refusal changes nothing for a connection that ends anyway.
        let _leaving = self.poller.wait(self.poller.now_ns());
        (0..self.clients.len()).for_each(|client| self.poller.close(client));
    }
}
