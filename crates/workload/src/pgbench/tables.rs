//! pgbench's tables: what we need of existing ones, and how `pgbench -i` makes them.

use crate::error::Error;
use crate::identifier::qualified;
use crate::loading::{self, Rows, TextRow};
use crate::schema::{self, Column, Fault, Found, NewTable, Privilege, Problem, Table};
use crate::workload::Server;
use wire::blocking::Client;

/// How many accounts a branch has.
pub(super) const ACCOUNTS_PER_BRANCH: i64 = 100_000;
/// How many tellers a branch has.
pub(super) const TELLERS_PER_BRANCH: i64 = 10;
/// From here on pgbench's account numbers are `bigint`.
const BIGINT_SCALE: u32 = 20_000;

/// The four tables (two where only reading is done) in one schema.
#[derive(Clone, Copy)]
pub(super) struct Tables<'a> {
    pub(super) schema: Option<&'a str>,
    pub(super) scale: u32,
    pub(super) writes: bool,
}

/// In the order in which they can be dropped.
pub(super) const NAMES: [&str; 4] =
    ["pgbench_history", "pgbench_tellers", "pgbench_accounts", "pgbench_branches"];

const READ: &[Table] = &[
    Table {
        name: "pgbench_branches",
        columns: &[Column::read("bid", "int4")],
        unique: None,
        privileges: &[Privilege::Select],
    },
    Table {
        name: "pgbench_accounts",
        columns: &[Column::read("aid", "int8"), Column::read("abalance", "int4")],
        unique: None,
        privileges: &[Privilege::Select],
    },
];

const UPDATE: &[Privilege] = &[Privilege::Select, Privilege::Update];

const WRITTEN: &[Table] = &[
    Table {
        name: "pgbench_branches",
        columns: &[Column::read("bid", "int4"), Column::written("bbalance", "int4")],
        unique: None,
        privileges: UPDATE,
    },
    Table {
        name: "pgbench_accounts",
        columns: &[Column::read("aid", "int8"), Column::written("abalance", "int4")],
        unique: None,
        privileges: UPDATE,
    },
    Table {
        name: "pgbench_tellers",
        columns: &[Column::read("tid", "int4"), Column::written("tbalance", "int4")],
        unique: None,
        privileges: UPDATE,
    },
    Table {
        name: "pgbench_history",
        columns: &[
            Column::written("tid", "int4"),
            Column::written("bid", "int4"),
            Column::written("aid", "int8"),
            Column::written("delta", "int4"),
            Column::written("mtime", "timestamptz"),
        ],
        unique: None,
        privileges: &[Privilege::Select, Privilege::Insert],
    },
];

/// What scripts need: those that write, or those that only read.
pub fn needed(writes: bool) -> &'static [Table] {
    if writes { WRITTEN } else { READ }
}

impl Tables<'_> {
    /// A table's name in SQL.
    pub(super) fn name(&self, table: &str) -> String {
        qualified(self.schema, table)
    }

    /// The scale of the tables that are there, once they are known to fit; none where none of
    /// them is.
    pub(super) fn find(&self, client: &mut Client) -> Result<Option<u32>, Error> {
        let wanted = needed(self.writes);
        let found = schema::inspect(client, self.schema, wanted)?;
        if found.iter().all(|it| *it == Found::Missing) {
            return Ok(None);
        }
        let missing = wanted.iter().zip(&found).filter(|(_, it)| **it == Found::Missing);
        let faults: Vec<_> =
            missing.map(|(table, _)| self.fault(table.name, Problem::Missing)).collect();
        if !faults.is_empty() {
            return Err(Error::Unfit(faults));
        }
        let doing = "reading the scale from pgbench_branches";
        let sql = format!("SELECT count(*) FROM {}", self.name("pgbench_branches"));
        let row = client.query_one(&sql, &[]).map_err(Error::server(doing))?;
        let branches: i64 = row.value(0).map_err(Error::unreadable(doing))?;
        match u32::try_from(branches) {
            Ok(0) => Err(Error::Unfit(vec![self.fault("pgbench_branches", Problem::Empty)])),
            Ok(scale) => Ok(Some(scale)),
            Err(_) => {
                let found = format!("{branches} branches");
                Err(Error::Unexpected { doing: doing.to_owned(), found })
            }
        }
    }

    fn fault(&self, table: &str, problem: Problem) -> Fault {
        Fault { table: self.name(table), problem }
    }

    /// All four, as `pgbench -i` creates them, without their keys: rows load faster so.
    pub(super) fn new_tables(&self) -> [NewTable; 4] {
        let aid = if self.scale >= BIGINT_SCALE { "bigint" } else { "int" };
        let table = |name: &str, columns: &str, storage: &str| {
            let name = self.name(name);
            NewTable { sql: format!("CREATE TABLE {name} ({columns}){storage}"), name }
        };
        let full = " WITH (fillfactor = 100)";
        let history =
            format!("tid int, bid int, aid {aid}, delta int, mtime timestamp, filler char(22)");
        let accounts = format!("aid {aid} NOT NULL, bid int, abalance int, filler char(84)");
        [
            table("pgbench_history", &history, ""),
            table(
                "pgbench_tellers",
                "tid int NOT NULL, bid int, tbalance int, filler char(84)",
                full,
            ),
            table("pgbench_accounts", &accounts, full),
            table("pgbench_branches", "bid int NOT NULL, bbalance int, filler char(88)", full),
        ]
    }

    /// The names of all four.
    pub(super) fn names(&self) -> [String; 4] {
        NAMES.map(|name| self.name(name))
    }

    /// Loads the tables just created, adds their keys, and settles them as `pgbench -i` does;
    /// tells how many rows there are.
    pub(super) fn fill(&self, server: &Server<'_>, client: &mut Client) -> Result<u64, Error> {
        let of = |table, column, per_branch| PgbenchRows {
            name: self.name(table),
            keyed_by: column,
            per_branch,
            scale: self.scale,
        };
        let rows = [
            of("pgbench_branches", "bid", 1),
            of("pgbench_tellers", "tid", TELLERS_PER_BRANCH),
            of("pgbench_accounts", "aid", ACCOUNTS_PER_BRANCH),
        ];
        let loaded = loading::load(server, &rows.each_ref().map(|it| it as &dyn Rows))?;
        for PgbenchRows { name, keyed_by, .. } in &rows {
            (server.progress)(&format!("indexing {name}"));
            client
                .batch(&format!("ALTER TABLE {name} ADD PRIMARY KEY ({keyed_by})"))
                .map_err(Error::server(format!("indexing {name}")))?;
            // Not in one text: VACUUM runs outside transactions.
            client
                .batch(&format!("VACUUM (ANALYZE) {name}"))
                .map_err(Error::server(format!("analyzing {name}")))?;
        }
        Ok(loaded)
    }
}

/// The rows of branches, tellers or accounts: a key, its branch, a balance of 0, a filler.
struct PgbenchRows {
    name: String,
    keyed_by: &'static str,
    per_branch: i64,
    scale: u32,
}

impl Rows for PgbenchRows {
    fn name(&self) -> &str {
        &self.name
    }

    fn copy_sql(&self) -> String {
        let columns = match self.keyed_by {
            "bid" => "bid, bbalance",
            "tid" => "tid, bid, tbalance",
            _ => "aid, bid, abalance, filler",
        };
        format!("COPY {} ({columns}) FROM STDIN", self.name)
    }

    fn count(&self) -> u64 {
        u64::from(self.scale) * self.per_branch.unsigned_abs()
    }

    fn write_row(&self, index: u64, out: &mut TextRow<'_>) {
        // MAX_SCALE times 100,000 fits.
        let index = index as i64;
        out.int(index + 1);
        if self.keyed_by != "bid" {
            out.int(index / self.per_branch + 1);
        }
        out.int(0);
        if self.keyed_by == "aid" {
            // pgbench fills accounts' fillers with blanks, the others' not at all.
            out.text("");
        }
    }
}
