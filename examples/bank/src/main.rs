//! A workload of one's own as an `async fn`: tellers of a bank move money between accounts.
//!
//! `cargo run -p pgsurge-example-bank -- load --workload bank --duration 10s --rate 500`: every
//! command and flag of pgsurge is there, with one more workload to name.

use pgsurge::Registry;
use pgsurge::workload::*;
use std::process::ExitCode;

fn main() -> ExitCode {
    let about = "tellers who move money between accounts";
    pgsurge::main_with(Registry::built_in().with("bank", about, |making| {
        let table = qualified(making.schema(), &format!("bank_{}", making.run_prefix()));
        let accounts = making.option("accounts", 1000);
        if !(2..=1_000_000).contains(&accounts) {
            let text = format!("a bank has 2 to 1000000 accounts, not {accounts}");
            return Err(Error::Settings(text));
        }
        Ok(Bank { table, accounts, seed: making.seed(), keep_data: making.keep_data() })
    }))
}

/// The player: what one teller does, from top to bottom.
struct Teller {
    random: Generator,
    accounts: i32,
    from: i32,
    to: i32,
    amount: i64,
    measured: bool,
    refused: u64,
    amounts: Values,
}

/// The statements' numbers, in the order in which [`Bank::statements`] lists them.
const BALANCE: u16 = FIRST;
const MOVE: u16 = FIRST + 1;
/// What every account has at first.
const CAPITAL: i64 = 100;

impl Story for Teller {
    fn wish(&mut self, moment: Moment) -> Wish {
        self.measured = moment.measured;
        self.from = self.random.random_range(1..=self.accounts);
        // Another one, so far away.
        let away = self.random.random_range(1..self.accounts);
        self.to = (self.from + away - 1) % self.accounts + 1;
        self.amount = self.random.random_range(1..=2 * CAPITAL);
        Wish { action: 0, statements: 3 }
    }

    async fn act(&mut self, _action: u16, talk: &mut Talk) -> Result<(), Failed> {
        let Teller { from, to, amount, .. } = *self;
        let balance = talk.ask(|request| {
            request.begin();
            request.call(BALANCE).int4(from).end();
        });
        if balance.await?.row()?.int8(0)? < amount {
            talk.ask(Request::rollback).await?;
            self.refused += u64::from(self.measured);
            return Ok(());
        }
        let moved = talk.ask(|request| {
            request.call(MOVE).int4(from).int8(-amount).end();
            request.call(MOVE).int4(to).int8(amount).end();
            request.commit();
        });
        moved.await?;
        if self.measured {
            self.amounts.record(amount as f64);
        }
        Ok(())
    }
}

/// The workload: what happens around the load.
struct Bank {
    table: String,
    accounts: i32,
    seed: u64,
    keep_data: bool,
}

impl Workload for Bank {
    type Player = StoryPlayer<Teller>;

    fn actions(&self) -> Vec<String> {
        vec!["transfer".to_owned()]
    }

    fn statements(&self) -> Vec<Statement> {
        let table = &self.table;
        let balance = format!("SELECT balance FROM {table} WHERE account = $1 FOR UPDATE");
        let change = format!("UPDATE {table} SET balance = balance + $2 WHERE account = $1");
        vec![
            Statement::new("balance", Kind::Select, balance, &[Type::Int4]),
            Statement::new("move", Kind::Update, change, &[Type::Int4, Type::Int8]),
        ]
    }

    fn set_up(&mut self, server: &Server<'_>) -> Result<SetUp, Error> {
        let Bank { table, accounts, .. } = self;
        let sql = format!(
            "CREATE TABLE {table} (account int PRIMARY KEY, balance bigint CHECK (balance >= 0)); \
             INSERT INTO {table} SELECT account, {CAPITAL} FROM generate_series(1, {accounts}) account"
        );
        let made = server.connect()?.simple_query(&sql);
        made.map_err(Error::server("founding the bank"))?;
        let rows_loaded = self.accounts.unsigned_abs().into();
        Ok(SetUp { created: vec![self.table.clone()], rows_loaded, ..SetUp::default() })
    }

    fn players(&mut self, clients: u32) -> Vec<StoryPlayer<Teller>> {
        let teller = |client| Teller {
            random: generator(self.seed, "bank", u64::from(client)),
            accounts: self.accounts,
            from: 1,
            to: 2,
            amount: 0,
            measured: false,
            refused: 0,
            amounts: Values::new(1.0, 200.0),
        };
        StoryPlayer::all(&self.statements(), (0..clients).map(teller))
    }

    /// No money is made and none is lost, whatever became of transfers without an answer.
    fn verify(
        &mut self,
        server: &Server<'_>,
        _tellers: &mut [StoryPlayer<Teller>],
    ) -> Result<Verification, Error> {
        let (doing, sql) = ("adding the balances up", "SELECT sum(balance)::int8 FROM");
        let row = server.connect()?.query_one(&format!("{sql} {}", self.table), &[]);
        let stored: i64 =
            row.map_err(Error::server(doing))?.value(0).map_err(Error::unreadable(doing))?;
        let wanted = i64::from(self.accounts) * CAPITAL;
        let sample = format!("{stored} in all accounts, not {wanted}");
        let check = Check {
            name: "no_money_is_made_or_lost".to_owned(),
            checked: self.accounts.unsigned_abs().into(),
            violations: u64::from(stored != wanted),
            sample: (stored != wanted).then_some(sample),
        };
        Ok(Verification { passed: stored == wanted, checks: vec![check] })
    }

    /// Called after a set-up that failed, too. The table is this run's: its name has the run in it.
    fn clean_up(&mut self, server: &Server<'_>) -> Result<CleanUp, Error> {
        if self.keep_data {
            return Ok(CleanUp::default());
        }
        let sql = format!("DROP TABLE IF EXISTS {}", self.table);
        server.connect()?.simple_query(&sql).map_err(Error::server("closing the bank"))?;
        Ok(CleanUp { dropped: vec![self.table.clone()], ..CleanUp::default() })
    }

    fn metrics(&self, tellers: &[StoryPlayer<Teller>], _elapsed_s: f64) -> Vec<Metric> {
        let (mut amounts, mut refused) = (Values::new(1.0, 200.0), 0);
        for teller in tellers {
            teller.read(|it| {
                amounts.merge(&it.amounts);
                refused += it.refused;
            });
        }
        let all = (amounts.count() + refused).max(1) as f64;
        let share = 100.0 * refused as f64 / all;
        let mut metrics = vec![
            Metric::counter("transfers", "transfers that were acknowledged", amounts.count()),
            Metric::gauge("refused_percent", "percent", "transfers without the means", share),
        ];
        metrics.extend(Metric::histogram("amount", "coins", "what a transfer moved", &amounts));
        metrics
    }
}
