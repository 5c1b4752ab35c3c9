//! A workload of one's own as an `async fn`: tellers of a bank move money between accounts.
//!
//! `cargo run -p pgsurge-example-bank -- load --workload bank --duration 10s --rate 500`: every
//! command and flag of pgsurge is there, with one more workload to name.

use pgsurge::workload::*;

/// What every account has at first.
const CAPITAL: i64 = 100;
/// The statements' numbers, in the order in which they are added below.
const BALANCE: u16 = FIRST;
const MOVE: u16 = FIRST + 1;

fn main() -> std::process::ExitCode {
    pgsurge::main_with(Registry::built_in().with("bank", "tellers who move money", bank))
}

/// The workload: what happens around the load. Its table is made and dropped with each run.
fn bank(making: &mut Making<'_>) -> Result<Stories<Teller>, Error> {
    let accounts = making.number("accounts", 1000, 2..=1_000_000);
    let columns = "account int PRIMARY KEY, balance bigint CHECK (balance >= 0)";
    let rows = format!("SELECT account, {CAPITAL} FROM generate_series(1, {accounts}) account");
    let mut tables = making.tables();
    let table = tables.add("bank", columns, &rows);
    let balance = format!("SELECT balance FROM {table} WHERE account = $1 FOR UPDATE");
    let change = format!("UPDATE {table} SET balance = balance + $2 WHERE account = $1");
    let teller = move |_| Teller { accounts, amounts: Values::new(1.0, CAPITAL as f64) };
    Ok(Stories::new(making.seed(), teller)
        .tables(tables)
        .action("transfer")
        .statement("balance", Kind::Select, balance, &[Type::Int4])
        .statement("move", Kind::Update, change, &[Type::Int4, Type::Int8])
        .check(move |server, _| {
            // Whatever became of transfers without an answer.
            let stored = server.number(&format!("SELECT sum(balance)::int8 FROM {table}"))?;
            let (checked, sum) = (accounts.unsigned_abs().into(), i64::from(accounts) * CAPITAL);
            Ok(Check::range("no_money_is_made_or_lost", checked, sum..=sum, stored))
        })
        .counter("transfers", "transfers that were acknowledged", |it| it.amounts.count())
        .histogram(("amount", "coins"), "what a transfer moved", |it| it.amounts.clone()))
}

/// One teller: what he knows, and what he counts.
struct Teller {
    accounts: i32,
    amounts: Values,
}

impl Story for Teller {
    fn wish(&mut self, _moment: Moment, _random: &mut Generator) -> Wish {
        Wish { action: 0, statements: 3 }
    }

    async fn act(&mut self, _action: u16, talk: &mut Talk) -> Result<(), Failed> {
        let from = talk.random.random_range(1..=self.accounts);
        let to = (from + talk.random.random_range(0..self.accounts - 1)) % self.accounts + 1;
        let amount = talk.random.random_range(1..=CAPITAL);
        let balance = talk.ask(|request| {
            request.begin();
            request.call(BALANCE).int4(from).end();
        });
        if balance.await?.row()?.int8(0)? < amount {
            return talk.ask(Request::rollback).await.map(drop);
        }
        let moved = talk.ask(|request| {
            request.call(MOVE).int4(from).int8(-amount).end();
            request.call(MOVE).int4(to).int8(amount).end();
            request.commit();
        });
        moved.await?;
        if talk.moment.measured {
            self.amounts.record(amount as f64);
        }
        Ok(())
    }
}
