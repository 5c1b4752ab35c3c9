//! Who is there: users that come and go with the stages, and connections that are there for one
//! action only. Opening and losing connections stands in `connecting`.

use super::{AnswerOf, RequestOf, Worker};
use crate::backend::Backend;
use crate::client::State;
use crate::pace::Change;
use crate::player::Player;
use crate::poller::Poller;

impl<B, P, Q> Worker<'_, B, P, Q>
where
    B: Backend,
    P: Player<Request = RequestOf<B>, Answer = AnswerOf<B>>,
    Q: Poller,
{
    /// The load begins: whoever is there from the start begins to act.
    pub(super) fn attend_from(&mut self, begin_ns: u64) {
        for client in 0..self.clients.len() {
            let is_usable = self.clients[client].state == State::Idle;
            self.clients[client].free_since_ns = begin_ns;
            if self.load.reconnect && is_usable {
                // It has shown that there is a server.
                self.hang_up(client, begin_ns);
                self.clients[client].enter(State::Closed);
            }
            match self.ramp.is_some() {
                true => {}
                false if self.load.reconnect => self.comes(client, begin_ns),
                false if is_usable => self.release(client, begin_ns),
                false => {}
            }
        }
    }

    /// Lets users come and go whose time has come.
    #[inline]
    pub(super) fn attend(&mut self, now: u64) {
        if self.ramp.is_some() {
            self.attend_due(now);
        }
    }

    fn attend_due(&mut self, now: u64) {
        while let Some((at, change)) = self.ramp.as_mut().and_then(|ramp| ramp.peek()) {
            if self.times.begin + at > now || !self.may_begin(now) {
                return;
            }
            if let Some(ramp) = &mut self.ramp {
                ramp.take(change);
            }
            match change {
                Change::Comes(client) => self.comes(client, now),
                Change::Goes(client) => self.goes(client, now),
            }
        }
    }

    /// When the next user comes or goes; none while nobody can.
    pub(super) fn next_change_ns(&mut self) -> Option<u64> {
        let (at, _) = self.ramp.as_mut().filter(|_| self.running)?.peek()?;
        let at = self.times.begin + at;
        self.may_begin(at).then_some(at)
    }

    /// A user comes, or may act again after a pause: it connects, or acts at once where it is
    /// connected already, or where every action brings its own connection.
    pub(super) fn comes(&mut self, client: usize, at: u64) {
        let this = &mut self.clients[client];
        this.is_wanted = true;
        match this.state {
            State::Closed if self.load.reconnect => {
                this.enter(State::Idle);
                this.timer = 0;
                this.free_since_ns = at;
                self.release(client, at);
            }
            State::Closed => self.to_open.push_back(client),
            State::Idle => self.release(client, at),
            // It left a moment ago and had not finished yet.
            _ => {}
        }
    }

    /// A user goes: at once when it does nothing, else after its current action.
    fn goes(&mut self, client: usize, at: u64) {
        let this = &mut self.clients[client];
        this.is_wanted = false;
        match this.state {
            State::Idle | State::Thinking => self.leave(client, at),
            State::Connecting | State::Opening if this.current.is_none() => {
                self.opening -= 1;
                self.poller.close(client);
                this.enter(State::Closed);
                this.timer = 0;
            }
            _ => {}
        }
    }

    /// Closes what the client has open; it does nothing until it is wanted.
    pub(super) fn leave(&mut self, client: usize, at: u64) {
        // Where every action has its own connection, it went with the action.
        if !self.load.reconnect {
            self.hang_up(client, at);
        }
        let this = &mut self.clients[client];
        this.enter(State::Closed);
        this.timer = 0;
    }
}
