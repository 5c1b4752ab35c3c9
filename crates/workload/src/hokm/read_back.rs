//! Reading a game back, request by request: first whoever may still be at the commit in doubt must
//! have gone, then the game tells.
//!
//! The server does not notice that we are gone while it commits: until its process has ended, "not
//! there" can become "there". Whether the process is there can be asked only where its number is
//! one of the server's, which it is not behind a pooler, and nobody waits for ever: then what is
//! not there stays unknown.

use super::player::HokmPlayer;
use super::scene::Scene;
use super::statements as sql;
use crate::postgres::{Answer, Request};
use engine::{Last, Next};
use model::failure::{ErrorClass, Failure};

/// How long the server waits before it looks again, in seconds.
const PAUSE_S: f64 = 0.02;
/// So often do we look: five seconds, a slow disk's or standby's time to confirm.
const MOST_LOOKS: u32 = 250;

/// A place that has to be read back before anything else happens.
#[derive(Clone, Copy, Debug)]
pub struct ReadBack {
    /// Which.
    pub place: usize,
    /// The process that may be at the commit in doubt, while it is worth asking for.
    backend: Option<i32>,
    looks: u32,
    /// Nothing can change any more without us.
    is_certain: bool,
}

impl ReadBack {
    /// Nothing is in doubt, but something was odd.
    pub fn of_odd(place: usize) -> ReadBack {
        ReadBack { place, backend: None, looks: 0, is_certain: true }
    }

    /// A commit is in doubt that was sent to this process.
    pub fn of_lost(place: usize, backend: Option<i32>) -> ReadBack {
        ReadBack { place, backend, looks: 0, is_certain: false }
    }

    /// How many statements it takes, if nobody has to wait.
    pub fn statements(&self) -> u32 {
        READ_BACK_STATEMENTS + u32::from(self.backend.is_some())
    }

    /// Takes the answer to whether the process is there.
    fn look(&mut self, answer: &Answer) -> Result<(), String> {
        let row = answer.reply(0).and_then(|reply| reply.row(0)).ok_or("no row")?;
        let number = |column| row.int8(column).map_err(|error| error.to_string());
        let (real, left) = (number(0)?, number(1)?);
        self.looks += 1;
        let is_direct = answer.process_id().is_some_and(|told| i64::from(told) == real);
        self.is_certain = is_direct && left == 0;
        if self.is_certain || !is_direct || self.looks >= MOST_LOOKS {
            self.backend = None;
        }
        Ok(())
    }
}

/// Statements that ask for a game.
const READ_BACK_STATEMENTS: u32 = 3;

impl HokmPlayer {
    /// The next request of reading back, or how it ended.
    pub(super) fn read_back(
        &mut self,
        mut doubtful: ReadBack,
        last: &Last<'_, Answer>,
        request: &mut Request,
    ) -> Next {
        let was_looking = doubtful.backend.is_some();
        let found = match last {
            Last::Answer(answer) => match (answer.failure(), was_looking) {
                (Some(failure), _) => return Next::Failed(Box::new(failure.clone())),
                (None, true) => {
                    if let Err(what) = doubtful.look(answer) {
                        return Next::Failed(Box::new(Failure::new(ErrorClass::Unexpected, what)));
                    }
                    self.doubtful = Some(doubtful);
                    None
                }
                (None, false) => Some(*answer),
            },
            Last::Begin | Last::Retry => None,
        };
        let HokmPlayer { world, places, memory, scratch, .. } = self;
        let mut scene = Scene { world, place: &mut places[doubtful.place], memory, scratch };
        match (found, doubtful.backend) {
            (Some(answer), _) => return self.take_read_back(doubtful, answer),
            (None, Some(backend)) => {
                request.call(sql::BACKEND_WAIT).float8(PAUSE_S).int4(backend).end();
            }
            (None, None) => scene.ask(request),
        }
        Next::Send
    }

    fn take_read_back(&mut self, doubtful: ReadBack, answer: &Answer) -> Next {
        let HokmPlayer { world, places, memory, scratch, main, .. } = self;
        let mut scene = Scene { world, place: &mut places[doubtful.place], memory, scratch };
        self.doubtful = None;
        let found = match scene.found(answer) {
            Ok(found) => found,
            Err(what) => {
                // Nothing to go on from: the game is left as it is, and another begins.
                let key = scene.place.key.clone();
                scene.memory.answers.violate(|| format!("game {key}: {what}"));
                let fold = scene.place.fold();
                scene.memory.ended_events = scene.memory.ended_events.plus(fold);
                scene.place.begin_next(world);
                main.is_pending = false;
                let failure = Failure::new(ErrorClass::Unexpected, what);
                return Next::Failed(Box::new(failure));
            }
        };
        let was_pending = main.is_pending;
        let (now, is_measured) = (main.wished_at, main.is_measured);
        scene.settle(main, &found, doubtful.is_certain);
        if was_pending && !main.is_pending {
            scene.conclude(now, is_measured);
        }
        Next::Succeeded
    }
}
