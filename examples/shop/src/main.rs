//! A workload of one's own as a `Player`: customers of a shop look at items and order some.
//!
//! `cargo run -p pgsurge-example-shop -- load --workload shop --duration 10s --rate 500`: every
//! command and flag of pgsurge is there, with one more workload to name.

use pgsurge::Registry;
use pgsurge::workload::*;
use std::process::ExitCode;

fn main() -> ExitCode {
    let about = "customers who look at items and order some";
    pgsurge::main_with(Registry::built_in().with("shop", about, |making| {
        let table = qualified(making.schema(), &format!("shop_{}", making.run_prefix()));
        let items = making.option("items", 1000);
        if !(1..=1_000_000).contains(&items) {
            return Err(Error::Settings(format!("a shop has 1 to 1000000 items, not {items}")));
        }
        Ok(Shop { table, items, seed: making.seed(), keep_data: making.keep_data() })
    }))
}

/// The workload: what happens around the load.
struct Shop {
    table: String,
    items: i32,
    seed: u64,
    keep_data: bool,
}

/// The statements' numbers, in the order in which [`Shop::statements`] lists them.
const LOOK: u16 = FIRST;
const ORDER: u16 = FIRST + 1;

impl Workload for Shop {
    type Player = Customer;

    fn actions(&self) -> Vec<String> {
        ["look", "order"].map(str::to_owned).into()
    }

    fn statements(&self) -> Vec<Statement> {
        let look = format!("SELECT sold FROM {} WHERE item = $1", self.table);
        let order = format!("UPDATE {} SET sold = sold + $2 WHERE item = $1", self.table);
        vec![
            Statement::new("item_look", Kind::Select, look, &[Type::Int4]),
            Statement::new("item_order", Kind::Update, order, &[Type::Int4, Type::Int4]),
        ]
    }

    fn set_up(&mut self, server: &Server<'_>) -> Result<SetUp, Error> {
        let Shop { table, items, .. } = self;
        let sql = format!(
            "CREATE TABLE {table} (item int PRIMARY KEY, sold int NOT NULL); \
             INSERT INTO {table} SELECT item, 0 FROM generate_series(1, {items}) item"
        );
        let made = server.connect()?.simple_query(&sql);
        made.map_err(Error::server("creating the shop"))?;
        let rows_loaded = self.items.unsigned_abs().into();
        Ok(SetUp { created: vec![self.table.clone()], rows_loaded, ..SetUp::default() })
    }

    fn players(&mut self, clients: u32) -> Vec<Customer> {
        let random = |client| generator(self.seed, "shop", u64::from(client));
        (0..clients).map(|client| Customer::new(random(client), self.items)).collect()
    }

    /// Every order that was acknowledged is there, and no more than those without an answer.
    fn verify(&mut self, server: &Server<'_>, all: &mut [Customer]) -> Result<Verification, Error> {
        let (doing, sql) = ("adding the orders up", "SELECT sum(sold)::int8 FROM");
        let row = server.connect()?.query_one(&format!("{sql} {}", self.table), &[]);
        let stored: i64 =
            row.map_err(Error::server(doing))?.value(0).map_err(Error::unreadable(doing))?;
        let (least, unknown) =
            all.iter().fold((0, 0), |at, it| (at.0 + it.sold, at.1 + it.unknown));
        let violations = u64::from(!(least..=least + unknown).contains(&stored));
        let sample = format!("{stored} sold, {least} acknowledged, {unknown} without an answer");
        let check = Check {
            name: "every_acknowledged_order_is_stored".to_owned(),
            checked: least.unsigned_abs(),
            violations,
            sample: (violations > 0).then_some(sample),
        };
        Ok(Verification { passed: violations == 0, checks: vec![check] })
    }

    /// Called after a set-up that failed, too. The table is this run's: its name has the run in it.
    fn clean_up(&mut self, server: &Server<'_>) -> Result<CleanUp, Error> {
        if self.keep_data {
            return Ok(CleanUp::default());
        }
        let sql = format!("DROP TABLE IF EXISTS {}", self.table);
        server.connect()?.simple_query(&sql).map_err(Error::server("dropping the shop"))?;
        Ok(CleanUp { dropped: vec![self.table.clone()], ..CleanUp::default() })
    }

    fn metrics(&self, customers: &[Customer], elapsed_s: f64) -> Vec<Metric> {
        let mut baskets = Values::new(1.0, 10.0);
        customers.iter().for_each(|it| baskets.merge(&it.baskets));
        let per_s = baskets.count() as f64 / elapsed_s;
        let mut metrics = vec![
            Metric::counter("orders", "orders that were acknowledged", baskets.count()),
            Metric::gauge("orders_per_s", "per_s", "the same per second", per_s),
        ];
        metrics.extend(Metric::histogram("basket_items", "items", "items per order", &baskets));
        metrics
    }
}

/// The player: what one customer does next, step by step.
struct Customer {
    random: Generator,
    items: i32,
    item: i32,
    /// How many are ordered; 0 to look only.
    quantity: i32,
    measured: bool,
    sold: i64,
    unknown: i64,
    baskets: Values,
}

impl Customer {
    fn new(random: Generator, items: i32) -> Customer {
        let baskets = Values::new(1.0, 10.0);
        let (item, quantity, sold, unknown) = (1, 0, 0, 0);
        Customer { random, items, item, quantity, measured: false, sold, unknown, baskets }
    }
}

impl Player for Customer {
    type Request = Request;
    type Answer = Answer;

    fn wish(&mut self, moment: Moment) -> Wish {
        self.measured = moment.measured;
        self.item = self.random.random_range(1..=self.items);
        let orders = self.random.random_bool(0.3);
        self.quantity = if orders { self.random.random_range(1..=10) } else { 0 };
        Wish { action: u16::from(orders), statements: 1 }
    }

    fn next(&mut self, last: Last<'_, Answer>, request: &mut Request) -> Next {
        let Last::Answer(answer) = last else {
            match self.quantity {
                0 => request.call(LOOK).int4(self.item).end(),
                quantity => request.call(ORDER).int4(self.item).int4(quantity).end(),
            }
            return Next::Send;
        };
        if let Some(failure) = answer.failure() {
            return Next::Failed(Box::new(failure.clone()));
        }
        if self.quantity > 0 {
            self.sold += i64::from(self.quantity);
            if self.measured {
                self.baskets.record(f64::from(self.quantity));
            }
        }
        Next::Succeeded
    }

    fn lost(&mut self, in_flight: bool, _heard: &Answer) -> Loss {
        if !in_flight || self.quantity == 0 {
            return Loss::Nothing;
        }
        self.unknown += i64::from(self.quantity);
        Loss::Unknown
    }
}
