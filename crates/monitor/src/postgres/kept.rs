//! The statements that a connection's server keeps for us: each is read and planned once, and run ten
//! times a second. Not for what is asked once, nor behind a pooler, where the next statement may go
//! to a server that has never heard of it.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};
use wire::Error;
use wire::blocking::{Client, OwnedRow, Param};

/// More texts than a monitor has: beyond them nothing more is kept, so that no server's memory grows.
const MOST: usize = 64;

/// See the module.
pub(super) struct Kept {
    /// The texts, with the numbers in their names.
    numbers: BTreeMap<String, usize>,
    /// What names begin with, of this connection alone: a pooler that we don't know of may give us a
    /// server with statements of an earlier one, or of another run.
    prefix: String,
    is_off: bool,
}

impl Kept {
    pub(super) fn behind_pooler(is_off: bool) -> Kept {
        Kept { numbers: BTreeMap::new(), prefix: String::new(), is_off }
    }

    /// A new connection has kept nothing yet.
    pub(super) fn forget(&mut self) {
        self.numbers.clear();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        self.prefix = format!("pgsurge_monitor_{}_{now:x}", std::process::id());
    }

    /// Runs a statement, from its second time on as the server has kept it.
    pub(super) fn run(
        &mut self,
        client: &mut Client,
        sql: &str,
        params: &[Param<'_>],
    ) -> Result<Vec<OwnedRow>, Error> {
        if self.is_off {
            return client.query(sql, params);
        }
        let answer = match self.numbers.get(sql) {
            Some(number) => client.run_prepared(&self.name(*number), params),
            None if self.numbers.len() >= MOST => return client.query(sql, params),
            None => {
                let number = self.numbers.len();
                let answer = client.prepare_and_run(&self.name(number), sql, params);
                if answer.is_ok() {
                    self.numbers.insert(sql.to_owned(), number);
                }
                answer
            }
        };
        match answer {
            Err(error) if is_of_keeping(&error) => {
                self.is_off = true;
                client.query(sql, params)
            }
            answer => answer,
        }
    }

    fn name(&self, number: usize) -> String {
        format!("{}_{number}", self.prefix)
    }
}

/// Whether it would not have come without keeping: the statement is not there (26000) or another's
/// is (42P05), as behind a pooler that we were not told of, or its columns have other types since an
/// extension was updated (0A000).
fn is_of_keeping(error: &Error) -> bool {
    matches!(error.code(), Some("26000" | "42P05" | "0A000"))
}
