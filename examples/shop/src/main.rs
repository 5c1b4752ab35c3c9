//! A workload of one's own as a `Player`: customers of a shop look at items and order some.
//!
//! `cargo run -p pgsurge-example-shop -- load --workload shop --duration 10s --rate 500`: every
//! command and flag of pgsurge is there, with one more workload to name.

use pgsurge::workload::*;
use std::process::ExitCode;

fn main() -> ExitCode {
    let about = "customers who look at items and order some";
    pgsurge::main_with(Registry::built_in().with("shop", about, |making| {
        let items = making.number("items", 1000, 1..=1_000_000);
        let rows = format!("SELECT item, 0 FROM generate_series(1, {items}) item");
        let mut tables = making.tables();
        let table = tables.add("shop", "item int PRIMARY KEY, sold int NOT NULL", &rows);
        Ok(Shop { tables, table, items, seed: making.seed(), sold: 0 })
    }))
}

/// The workload: what happens around the load. Its table is made and dropped with each run.
struct Shop {
    tables: OwnTables,
    table: String,
    items: i32,
    seed: u64,
    /// What earlier runs have sold, where their table is used again (`--reuse-data`).
    sold: i64,
}

impl Shop {
    fn sold(&self, server: &Server<'_>) -> Result<i64, Error> {
        server.number(&format!("SELECT sum(sold)::int8 FROM {}", self.table))
    }
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

    fn own_tables(&mut self) -> Option<&mut OwnTables> {
        Some(&mut self.tables)
    }

    fn set_up(&mut self, server: &Server<'_>) -> Result<SetUp, Error> {
        let done = self.tables.set_up(server, &self.statements())?;
        self.sold = self.sold(server)?;
        Ok(done)
    }

    fn players(&mut self, clients: u32) -> Vec<Customer> {
        let random = |client| generator(self.seed, "shop", u64::from(client));
        (0..clients).map(|client| Customer::new(random(client), self.items)).collect()
    }

    /// Every order that was acknowledged is there, and no more than those without an answer.
    fn verify(&mut self, server: &Server<'_>, all: &mut [Customer]) -> Result<Verification, Error> {
        let stored = self.sold(server)? - self.sold;
        let (least, unknown) =
            all.iter().fold((0, 0), |at, it| (at.0 + it.sold, at.1 + it.unknown));
        let name = "every_acknowledged_order_is_stored";
        let check = Check::range(name, least.unsigned_abs(), least..=least + unknown, stored);
        Ok(Verification::of(vec![check]))
    }

    fn metrics(&self, customers: &[Customer], elapsed_s: f64) -> Vec<Metric> {
        let baskets: Values = customers.iter().map(|it| it.baskets.clone()).sum();
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
