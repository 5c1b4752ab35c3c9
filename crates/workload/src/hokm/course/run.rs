//! Carrying an action out: send what may travel together, check what comes back, remember what
//! is committed, roll back what failed.

use super::{Boundary, Course, Stage};
use crate::hokm::scene::Scene;
use crate::hokm::step::Step;
use crate::postgres::{Answer, Request};
use engine::{Last, Loss, Next};
use model::failure::{ErrorClass, Failure};

impl Course {
    /// The next request, or how it ended.
    pub fn proceed(
        &mut self,
        last: &Last<'_, Answer>,
        scene: &mut Scene<'_>,
        request: &mut Request,
    ) -> Next {
        match last {
            Last::Begin | Last::Retry => {
                (self.next, self.fault) = (self.done, None);
                self.send(scene, request)
            }
            Last::Answer(answer) => self.receive(answer, scene, request),
        }
    }

    fn receive(&mut self, answer: &Answer, scene: &mut Scene<'_>, request: &mut Request) -> Next {
        if let Stage::Undoing(failure) = std::mem::take(&mut self.stage) {
            return self.fail(failure);
        }
        if let Some(failure) = answer.failure() {
            return self.undo(failure.clone(), answer, request);
        }
        self.check(answer, scene);
        if self.next == self.group_end(self.done) {
            self.commit(answer, scene);
        }
        if let Some(fault) = self.fault.take() {
            let failure = Failure::new(ErrorClass::Unexpected, fault);
            return self.undo(failure, answer, request);
        }
        if self.is_done() {
            self.is_pending = false;
            return Next::Succeeded;
        }
        self.send(scene, request)
    }

    /// Sends what may travel together: to the end of the group, or to a step that waits.
    fn send(&mut self, scene: &mut Scene<'_>, request: &mut Request) -> Next {
        let Some(boundary) = self.boundary(self.next) else {
            self.is_pending = false;
            return Next::Succeeded;
        };
        let end = self.group_end(self.next);
        let (start, explicit) = (self.next, boundary != Boundary::Autocommit);
        if explicit && start == self.done {
            request.begin();
        }
        self.first_reply = request.len();
        let mut seq = scene.place.seq + self.events(self.done..start);
        while self.next < end && (self.next == start || !self.steps[self.next].waits) {
            let step = self.steps[self.next].step;
            scene.encode(step, &self.facts, seq, request);
            seq += step.events();
            self.next += 1;
        }
        self.sent = start..self.next;
        match boundary {
            Boundary::Transaction if self.next == end => request.commit(),
            Boundary::Undone if self.next == end => request.rollback(),
            _ => {}
        }
        self.stage = Stage::Sent;
        Next::Send
    }

    fn check(&mut self, answer: &Answer, scene: &mut Scene<'_>) {
        let undone = self.is_undone();
        for index in self.sent.clone() {
            let step = self.steps[index].step;
            let earlier = &self.steps[self.done..index];
            let stored = earlier.iter().any(|planned| planned.step.stores_state());
            let expected = if stored { self.facts.after } else { scene.place.state };
            let reply = answer.reply(self.first_reply + index - self.sent.start);
            // What an undone transaction shows to itself is nobody's state.
            let looks = undone && stored && step.is_read();
            let fault = match reply {
                _ if looks => None,
                Some(reply) => scene.fault(step, &expected, reply),
                None => Some("was not answered".to_owned()),
            };
            let fault = fault.map(|fault| scene.describe(step, &fault));
            let tally = match step {
                Step::RollbackCheck => &mut scene.memory.rollback_looks,
                _ => &mut scene.memory.answers,
            };
            tally.expect(fault.is_none(), || fault.clone().unwrap_or_default());
            if self.fault.is_none() {
                self.fault = fault;
            }
        }
    }

    /// The group's end is answered: what it changed is acknowledged now.
    fn commit(&mut self, answer: &Answer, scene: &mut Scene<'_>) {
        let end = self.group_end(self.done);
        if self.is_undone() {
            scene.memory.rollbacks += 1;
        } else {
            for index in self.done..end {
                let sent_now = index.checked_sub(self.sent.start);
                let reply = sent_now.and_then(|at| answer.reply(self.first_reply + at));
                scene.acknowledge(self.steps[index].step, &mut self.facts, reply);
            }
        }
        self.skip_group();
    }

    /// Rolls back what is open, then fails.
    fn undo(&mut self, failure: Failure, answer: &Answer, request: &mut Request) -> Next {
        let failure = Box::new(failure);
        if !answer.in_transaction() {
            return self.fail(failure);
        }
        request.rollback();
        self.sent = 0..0;
        self.stage = Stage::Undoing(failure);
        Next::Send
    }

    fn fail(&mut self, failure: Box<Failure>) -> Next {
        self.stage = Stage::Idle;
        self.next = self.done;
        self.failures += 1;
        Next::Failed(failure)
    }

    /// The connection is gone. Says whether something may be stored all the same.
    pub fn lose(&mut self, in_flight: bool) -> Loss {
        let sent = matches!(std::mem::take(&mut self.stage), Stage::Sent) && in_flight;
        let end = self.group_end(self.done);
        let ends = !self.sent.is_empty() && self.sent.end == end;
        let keeps = self.boundary(self.done).is_some_and(|it| it != Boundary::Undone);
        let writes = self.open_steps().any(|step| !step.is_read());
        self.next = self.done;
        if sent && ends && keeps && writes {
            self.is_in_doubt = true;
            return Loss::Unknown;
        }
        Loss::Nothing
    }
}
