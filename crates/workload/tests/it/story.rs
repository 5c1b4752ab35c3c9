//! Stories step by step, without a server: what the engine is told of each of their turns.

use crate::allocations::{allocations, play};
use crate::database::Database;
use crate::driver::Driver;
use engine::{Last, Loss, Moment, Next, Player};
use model::catalog::Kind;
use model::failure::{ErrorClass, Failure};
use rand::RngExt;
use wire::TransactionStatus;
use workload::postgres::{Answer, BEGIN, COMMIT, FIRST, Protocol, ROLLBACK, Request, Statement};
use workload::story::{Failed, Story, StoryPlayer, Talk};

const READ: u16 = FIRST;
const WRITE: u16 = FIRST + 1;

/// What an action of the test's story does, by its number.
#[derive(Clone, Copy)]
enum Deed {
    /// Reads, in a transaction or without.
    Read,
    /// Writes in a transaction.
    Transfer,
    /// Writes without one.
    Write,
    /// Leaves its transaction open.
    Forget,
    /// Asks for nothing at all.
    Ask,
    /// Waits for something that is no answer.
    Dream,
}

struct Told {
    deed: Deed,
    done: u64,
    /// What it drew, once per try.
    luck: Vec<u64>,
    skipped: u64,
    losses: Vec<Loss>,
}

impl Story for Told {
    async fn act(&mut self, _action: u16, talk: &mut Talk) -> Result<(), Failed> {
        match self.deed {
            Deed::Read => {
                let row = talk.ask(|request| request.call(READ).end());
                assert_eq!(row.await?.row()?.int4(0)?, 7);
            }
            Deed::Transfer => {
                self.luck.push(talk.random.random());
                let opened = talk.ask(|request| {
                    request.begin();
                    request.call(WRITE).end();
                });
                opened.await?;
                talk.ask(Request::commit).await?;
            }
            Deed::Write => drop(talk.ask(|request| request.call(WRITE).end()).await?),
            Deed::Forget => drop(talk.ask(Request::begin).await?),
            Deed::Ask => drop(talk.ask(|_| {}).await?),
            Deed::Dream => std::future::pending().await,
        }
        self.done += 1;
        Ok(())
    }

    fn skip(&mut self) {
        self.skipped += 1;
    }

    fn lost(&mut self, loss: Loss) {
        self.losses.push(loss);
    }
}

fn statements() -> Vec<Statement> {
    vec![
        Statement::new("read", Kind::Select, "SELECT 7", &[]),
        Statement::new("write", Kind::Update, "UPDATE t SET a = a", &[]),
    ]
}

fn player(deed: Deed) -> StoryPlayer<Told> {
    let story = Told { deed, done: 0, luck: Vec::new(), skipped: 0, losses: Vec::new() };
    StoryPlayer::all(&statements(), 7, [story]).remove(0)
}

/// A player with the request that it filled last.
struct Table {
    player: StoryPlayer<Told>,
    request: Request,
}

impl Table {
    fn with(deed: Deed) -> Table {
        let mut player = player(deed);
        player.wish(Moment { elapsed: Default::default(), measured: true });
        Table { player, request: Request::default() }
    }

    fn begin(&mut self) -> Next {
        self.player.next(Last::Begin, &mut self.request)
    }

    /// An answer without an error, after which the session is in `status`.
    fn answer(&mut self, status: TransactionStatus) -> Next {
        let mut answer = Answer::default();
        answer.push_row([Some(&b"7"[..])].into_iter());
        answer.complete(1);
        answer.set_status(status);
        self.request.clear();
        self.player.next(Last::Answer(&answer), &mut self.request)
    }

    fn error(&mut self, code: [u8; 5], status: TransactionStatus) -> Next {
        let mut answer = Answer::default();
        answer.fail(Box::new(Failure::server(code, "no")));
        answer.set_status(status);
        self.request.clear();
        self.player.next(Last::Answer(&answer), &mut self.request)
    }

    fn asked(&self) -> Vec<u16> {
        self.request.statements().collect()
    }

    fn read<R>(&self, read: impl FnOnce(&Told) -> R) -> R {
        self.player.read(read).expect("the story is at home")
    }
}

fn class(next: Next) -> ErrorClass {
    let Next::Failed(failure) = next else { panic!("{next:?}") };
    failure.class
}

#[test]
fn a_story_that_ends_well_is_an_action_that_succeeded() {
    let mut table = Table::with(Deed::Read);
    assert_eq!((table.begin(), table.asked()), (Next::Send, vec![READ]));
    assert_eq!(table.answer(TransactionStatus::Idle), Next::Succeeded);
    table.player.skip();
    assert_eq!(table.read(|it| (it.done, it.skipped)), (1, 1));
}

#[test]
fn an_error_in_a_transaction_is_rolled_back_before_the_action_fails_and_may_begin_again() {
    let mut table = Table::with(Deed::Transfer);
    assert_eq!((table.begin(), table.asked()), (Next::Send, vec![BEGIN, WRITE]));
    assert_eq!(table.error(*b"40P01", TransactionStatus::Failed), Next::Send);
    assert_eq!(table.asked(), [ROLLBACK]);
    assert_eq!(class(table.answer(TransactionStatus::Idle)), ErrorClass::Deadlock);
    table.request.clear();
    assert_eq!(table.player.next(Last::Retry, &mut table.request), Next::Send);
    assert_eq!(table.asked(), [BEGIN, WRITE], "from its start");
}

#[test]
fn a_second_try_has_the_luck_of_the_first_and_the_next_action_has_its_own() {
    let mut table = Table::with(Deed::Transfer);
    let fail = |table: &mut Table| {
        table.error(*b"40001", TransactionStatus::Failed);
        table.answer(TransactionStatus::Idle);
        table.request.clear();
    };
    table.begin();
    fail(&mut table);
    table.player.next(Last::Retry, &mut table.request);
    fail(&mut table);
    table.begin();
    fail(&mut table);
    let luck = table.read(|it| it.luck.clone());
    assert_eq!(luck[0], luck[1]);
    assert_ne!(luck[1], luck[2]);
}

#[test]
fn an_error_outside_a_transaction_fails_the_action_at_once() {
    let mut table = Table::with(Deed::Write);
    table.begin();
    assert_eq!(class(table.error(*b"23505", TransactionStatus::Idle)), ErrorClass::Constraint);
    assert_eq!(table.read(|it| it.done), 0);
}

#[test]
fn slips_of_a_story_fail_its_action_and_leave_no_transaction_open() {
    let mut table = Table::with(Deed::Forget);
    table.begin();
    assert_eq!(table.answer(TransactionStatus::InTransaction), Next::Send);
    assert_eq!(table.asked(), [ROLLBACK]);
    assert_eq!(class(table.answer(TransactionStatus::Idle)), ErrorClass::Unexpected);
    for deed in [Deed::Ask, Deed::Dream] {
        let mut table = Table::with(deed);
        assert_eq!(class(table.begin()), ErrorClass::Unexpected);
        assert_eq!(class(table.begin()), ErrorClass::Unexpected, "and again");
        assert_eq!(table.read(|it| it.done), 0);
    }
}

#[test]
fn what_may_be_stored_without_an_answer_is_unknown_and_nothing_else() {
    let mut table = Table::with(Deed::Read);
    table.begin();
    assert_eq!(table.player.lost(true, &Answer::default()), Loss::Nothing, "it only read");
    let mut table = Table::with(Deed::Write);
    table.begin();
    assert_eq!(table.player.lost(true, &Answer::default()), Loss::Unknown, "it commits on its own");
    let mut table = Table::with(Deed::Transfer);
    table.begin();
    assert_eq!(
        table.player.lost(true, &Answer::default()),
        Loss::Nothing,
        "the commit was not sent"
    );
    table.request.clear();
    table.begin();
    table.answer(TransactionStatus::InTransaction);
    assert_eq!(table.asked(), [COMMIT]);
    assert_eq!(table.player.lost(true, &Answer::default()), Loss::Unknown, "the commit was sent");
    assert_eq!(table.read(|it| it.losses.clone()), [Loss::Nothing, Loss::Unknown]);
    table.request.clear();
    assert_eq!((table.begin(), table.asked()), (Next::Send, vec![BEGIN, WRITE]), "it goes on");
}

#[test]
fn a_step_of_a_story_allocates_nothing_once_its_buffers_have_grown() {
    let database = Database::new("story");
    let statements = vec![statements().remove(0)];
    let mut driver = Driver::open(&database, statements, Protocol::Prepared);
    let mut player = player(Deed::Read);
    (0..50).for_each(|_| play(&mut driver, &mut player));
    let before = allocations();
    (0..200).for_each(|_| play(&mut driver, &mut player));
    assert_eq!(allocations() - before, 0);
}
