//! A story as the engine's player.

use super::exchange::{Deed, Shared, Talk, Word};
use super::{Failed, Story};
use crate::postgres::{Answer, BEGIN, COMMIT, FIRST, ROLLBACK, Request, Statement};
use engine::{Last, Loss, Moment, Next, Player, Wish};
use model::catalog::Kind;
use model::random::{Generator, generator};
use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// A story with its luck.
struct Person<S> {
    story: S,
    random: Generator,
}

/// Where it is between its actions.
type Home<S> = Arc<Mutex<Option<Box<Person<S>>>>>;

fn at<S>(home: &Home<S>) -> MutexGuard<'_, Option<Box<Person<S>>>> {
    home.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A player whose steps a [`Story`] tells.
pub struct StoryPlayer<S> {
    home: Home<S>,
    shared: Shared,
    life: Pin<Box<dyn Future<Output = ()> + Send>>,
    action: u16,
    moment: Moment,
    /// The kinds of the workload's own statements, by number from [`FIRST`].
    kinds: Arc<[Kind]>,
    /// Whether the transaction that is open has written something.
    wrote: bool,
    /// Whether what is in flight may be stored when its answer never comes.
    may_store: bool,
}

impl<S: Story> StoryPlayer<S> {
    /// One player for each of `stories`, of a workload with these statements in a run of `seed`.
    pub fn all(
        statements: &[Statement],
        seed: u64,
        stories: impl IntoIterator<Item = S>,
    ) -> Vec<StoryPlayer<S>> {
        let kinds: Arc<[Kind]> = statements.iter().map(|it| it.kind).collect();
        // No other workload of a mix has a statement of this name.
        let purpose = format!("story of {}", statements.first().map_or("", |it| it.name));
        let random = |index| generator(seed, &purpose, index);
        let people = (0..).zip(stories);
        people.map(|(index, story)| StoryPlayer::new(kinds.clone(), story, random(index))).collect()
    }

    fn new(kinds: Arc<[Kind]>, story: S, random: Generator) -> StoryPlayer<S> {
        let moment = Moment { elapsed: Duration::ZERO, measured: false };
        let shared = Shared::new();
        let talk = Talk { shared: shared.clone(), random: random.clone(), moment };
        let home = Arc::new(Mutex::new(Some(Box::new(Person { story, random }))));
        let life = Box::pin(life(home.clone(), talk));
        let (action, wrote, may_store) = (0, false, false);
        StoryPlayer { home, shared, life, action, moment, kinds, wrote, may_store }
    }

    /// Something of every story's memory: sum it up, or merge it.
    pub fn each<T>(players: &[StoryPlayer<S>], read: impl Fn(&S) -> T) -> impl Iterator<Item = T> {
        players.iter().filter_map(move |player| player.read(&read))
    }

    /// Reads what the story remembers; none while an action of it is under way, which none is
    /// once the load has ended.
    pub fn read<R>(&self, read: impl FnOnce(&S) -> R) -> Option<R> {
        at(&self.home).as_deref().map(|person| read(&person.story))
    }

    fn home<R>(&self, tell: impl FnOnce(&mut Person<S>) -> R) -> Option<R> {
        at(&self.home).as_deref_mut().map(tell)
    }

    /// Lets the story go on until it waits.
    fn poll(&mut self) {
        // Nobody wakes a story but the answer, and we bring that.
        let mut context = Context::from_waker(Waker::noop());
        // A life has no end.
        let _pending = self.life.as_mut().poll(&mut context);
    }

    /// Drops the action that is under way.
    fn stop(&mut self) {
        self.shared.lock().word = Word::Over;
        self.poll();
        self.shared.lock().request.clear();
    }

    /// Notes whether the request that leaves now may be stored without our knowing.
    fn watch(&mut self, request: &Request, in_transaction: bool) {
        let mut is_open = in_transaction;
        self.may_store = false;
        for statement in request.own_statements() {
            match statement {
                BEGIN => (is_open, self.wrote) = (true, false),
                COMMIT => (is_open, self.may_store) = (false, self.may_store || self.wrote),
                ROLLBACK => is_open = false,
                own => match self.kinds.get(usize::from(own - FIRST)) {
                    Some(Kind::Select) => {}
                    // It may be an END.
                    Some(Kind::Transaction) => self.may_store |= self.wrote,
                    _ if is_open => self.wrote = true,
                    _ => self.may_store = true,
                },
            }
        }
    }
}

impl<S: Story> Player for StoryPlayer<S> {
    type Request = Request;
    type Answer = Answer;

    fn wish(&mut self, moment: Moment) -> Wish {
        let wish = self.home(|it| it.story.wish(moment, &mut it.random));
        // Between actions a story is at home.
        let wish = wish.unwrap_or(Wish { action: 0, statements: 1 });
        (self.action, self.moment) = (wish.action, moment);
        wish
    }

    fn next(&mut self, last: Last<'_, Answer>, request: &mut Request) -> Next {
        let mut exchange = self.shared.lock();
        exchange.word = match last {
            Last::Begin | Last::Retry => {
                (exchange.in_transaction, self.wrote) = (false, false);
                match last {
                    Last::Retry => Word::Again,
                    _ => Word::Begin(self.action, self.moment),
                }
            }
            Last::Answer(answer) => {
                exchange.answer.copy_from(answer);
                exchange.in_transaction = answer.in_transaction();
                Word::Answered
            }
        };
        exchange.deed = Deed::Nothing;
        std::mem::swap(&mut exchange.request, request);
        drop(exchange);
        self.poll();
        let mut exchange = self.shared.lock();
        std::mem::swap(&mut exchange.request, request);
        let in_transaction = exchange.in_transaction;
        let deed = std::mem::replace(&mut exchange.deed, Deed::Nothing);
        drop(exchange);
        match deed {
            Deed::Asked => {
                self.watch(request, in_transaction);
                Next::Send
            }
            Deed::Ended(Ok(())) => Next::Succeeded,
            Deed::Ended(Err(failed)) => Next::Failed(failed.0),
            Deed::Nothing => {
                self.stop();
                Next::Failed(Failed::unexpected("the story waits for what is no answer").0)
            }
        }
    }

    fn skip(&mut self) {
        self.home(|it| it.story.skip());
    }

    fn lost(&mut self, in_flight: bool, _heard: &Answer) -> Loss {
        self.stop();
        let loss = if in_flight && self.may_store { Loss::Unknown } else { Loss::Nothing };
        self.home(|it| it.story.lost(loss));
        loss
    }
}

impl<S> fmt::Debug for StoryPlayer<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoryPlayer").field("action", &self.action).finish_non_exhaustive()
    }
}

/// A story's life: one action after the other, each ended with a deed.
async fn life<S: Story>(home: Home<S>, mut talk: Talk) {
    let shared = talk.shared.clone();
    let (mut action, mut luck) = (0, talk.random.clone());
    loop {
        let word = shared.hear(|exchange| match exchange.word {
            Word::Begin(..) | Word::Again => {
                Some(std::mem::replace(&mut exchange.word, Word::Wait))
            }
            _ => None,
        });
        let word = word.await;
        let Some(mut person) = at(&home).take() else { continue };
        if let Word::Begin(begins, moment) = word {
            (action, talk.moment) = (begins, moment);
            luck.clone_from(&person.random);
        }
        talk.random.clone_from(&luck);
        let ended = {
            let act = pin!(person.story.act(action, &mut talk));
            unless_over(&shared, act).await
        };
        person.random.clone_from(&talk.random);
        *at(&home) = Some(person);
        if let Some(ended) = ended {
            end(&mut talk, ended).await;
        }
    }
}

/// What `act` comes to; none when the action is over before.
async fn unless_over<T>(
    shared: &Shared,
    mut act: Pin<&mut (impl Future<Output = T> + Send)>,
) -> Option<T> {
    let polled = poll_fn(|context| {
        // The lock is let go before the story takes it.
        let is_over = shared.lock().word == Word::Over;
        if is_over { Poll::Ready(None) } else { act.as_mut().poll(context).map(Some) }
    });
    polled.await
}

/// Ends an action: a transaction that is open is rolled back first.
async fn end(talk: &mut Talk, ended: Result<(), Failed>) {
    let shared = talk.shared.clone();
    let is_open = shared.lock().in_transaction;
    let ended = match (is_open, ended) {
        (true, Ok(())) => Err(Failed::unexpected("the story ended with its transaction open")),
        (_, ended) => ended,
    };
    if is_open {
        let rollback = pin!(talk.ask(Request::rollback));
        // Had it failed, the connection would not be usable.
        if unless_over(&shared, rollback).await.is_none() {
            return;
        }
    }
    shared.lock().deed = Deed::Ended(ended);
}
