//! What passes between a story and the player that carries it: one request, one answer, one word.
//!
//! Both sides hold it by turns, on one thread: the lock is never waited for.

use super::Failed;
use crate::postgres::{Answer, Request, Row};
use engine::Moment;
use model::random::Generator;
use std::future::poll_fn;
use std::ops::Deref;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

/// What the player says to the story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    /// Nothing; wait.
    Wait,
    /// This action begins.
    Begin(u16, Moment),
    /// The action begins again from its start.
    Again,
    /// The answer is there.
    Answered,
    /// The action is over, wherever it is.
    Over,
}

/// What the story did when it was asked.
#[derive(Debug)]
pub(super) enum Deed {
    /// Nothing that the player can see.
    Nothing,
    /// Filled the request.
    Asked,
    /// Ended the action.
    Ended(Result<(), Failed>),
}

/// See the module.
#[derive(Debug)]
pub(super) struct Exchange {
    pub(super) word: Word,
    pub(super) deed: Deed,
    pub(super) request: Request,
    pub(super) answer: Answer,
    /// Whether a transaction was open when the last answer came.
    pub(super) in_transaction: bool,
}

/// The exchange as both sides hold it.
#[derive(Clone, Debug)]
pub(super) struct Shared(Arc<Mutex<Exchange>>);

impl Shared {
    pub(super) fn new() -> Shared {
        Shared(Arc::new(Mutex::new(Exchange {
            word: Word::Wait,
            deed: Deed::Nothing,
            request: Request::default(),
            answer: Answer::default(),
            in_transaction: false,
        })))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, Exchange> {
        // A story that panicked ends the run; what it left here is still sound.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until `read` finds the word that it waits for.
    pub(super) async fn hear<T>(&self, read: impl Fn(&mut Exchange) -> Option<T>) -> T {
        poll_fn(|_| match read(&mut self.lock()) {
            Some(heard) => Poll::Ready(heard),
            None => Poll::Pending,
        })
        .await
    }
}

/// A story's side of the conversation.
#[derive(Debug)]
pub struct Talk {
    pub(super) shared: Shared,
    /// Chance: the user's own, from the run's seed. A second try has the luck of the first.
    pub random: Generator,
    /// When the action began, and whether it counts.
    pub moment: Moment,
}

impl Talk {
    /// Sends one round trip, as `fill` says, and waits for its answer.
    ///
    /// # Errors
    /// The server refused one of its statements; those after it were not run. The story may go on
    /// (a transaction that was open can then only be rolled back), or end with the error.
    pub async fn ask(&mut self, fill: impl FnOnce(&mut Request)) -> Result<Told, Failed> {
        {
            let mut exchange = self.shared.lock();
            fill(&mut exchange.request);
            if exchange.request.is_empty() {
                return Err(Failed::unexpected("the story asked for nothing"));
            }
            exchange.deed = Deed::Asked;
        }
        let told = self.answered().await;
        match told.failure() {
            Some(failure) => Err(failure.into()),
            None => Ok(told),
        }
    }

    async fn answered(&mut self) -> Told {
        let answer = self.shared.hear(|exchange| {
            (exchange.word == Word::Answered).then(|| {
                exchange.word = Word::Wait;
                std::mem::take(&mut exchange.answer)
            })
        });
        Told { answer: answer.await, home: self.shared.clone() }
    }
}

/// An answer. Its memory goes back for the next one when it is dropped.
#[derive(Debug)]
pub struct Told {
    answer: Answer,
    home: Shared,
}

impl Told {
    /// The first row of the first call that returned one.
    ///
    /// # Errors
    /// There is none.
    pub fn row(&self) -> Result<Row<'_>, Failed> {
        let replies = (0..self.answer.replies()).filter_map(|index| self.answer.reply(index));
        let mut rows = replies.filter_map(|reply| reply.row(0));
        rows.next().ok_or_else(|| Failed::unexpected("the answer has no row"))
    }
}

impl Deref for Told {
    type Target = Answer;

    fn deref(&self) -> &Answer {
        &self.answer
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        self.home.lock().answer = std::mem::take(&mut self.answer);
    }
}
