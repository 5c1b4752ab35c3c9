//! Who waited for whom when most sessions did: a nested list, below each session those that it held
//! up.

use super::statement;
use model::database_metrics::{BlockedSession, BlockingSession, DatabaseMetrics, LockMoment};
use model::units::{count, decimal, milliseconds, several};
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// How many waiting sessions are listed: the shape of a tree shows by then, and the JSON has 50.
const SHOWN: usize = 20;

/// The worst moment; nothing where nobody waited, or nobody could look.
pub(super) fn text(database: &DatabaseMetrics) -> String {
    let locks = database.lock_contention.data();
    let Some((locks, moment)) = locks.and_then(|it| Some((it, it.worst.as_ref()?))) else {
        return String::new();
    };
    let waiting = several(moment.waiting_sessions, "session");
    let (mean, at) = (decimal(locks.waiting_sessions.mean), decimal(moment.at_s));
    let mut out = format!(
        "The worst moment: {waiting} waited at {at} s; {mean} on average. Below each session \
         those that it held up.\n\n"
    );
    out.push_str(&Tree::of(moment));
    out
}

struct Tree<'a> {
    moment: &'a LockMoment,
    /// Processes that have their line.
    told: BTreeSet<i64>,
    out: String,
}

impl Tree<'_> {
    fn of(moment: &LockMoment) -> String {
        let mut tree = Tree { moment, told: BTreeSet::new(), out: String::new() };
        for root in &moment.blocking {
            tree.line(0, &holder(root));
            tree.waiting_for(root.pid, 1);
        }
        // What is left waits in a circle, or for a session that nobody saw.
        for blocked in &moment.blocked {
            tree.blocked(blocked, 0);
        }
        let left = moment.waiting_sessions.saturating_sub(tree.told.len() as u64);
        if left > 0 {
            tree.line(0, &format!("and {} more that waited", count(left)));
        }
        tree.out
    }

    fn waiting_for(&mut self, pid: i64, depth: usize) {
        for blocked in self.moment.blocked.iter().filter(|it| it.blocked_by.contains(&pid)) {
            self.blocked(blocked, depth);
        }
    }

    /// A session that waits, once: it may wait for several.
    fn blocked(&mut self, blocked: &BlockedSession, depth: usize) {
        if self.told.len() == SHOWN || !self.told.insert(blocked.pid) {
            return;
        }
        self.line(depth, &waiter(blocked, depth));
        self.waiting_for(blocked.pid, depth + 1);
    }

    fn line(&mut self, depth: usize, text: &str) {
        // Writing to a String can't fail.
        let _ok = writeln!(self.out, "{:indent$}- {text}", "", indent = depth * 2);
    }
}

fn holder(root: &BlockingSession) -> String {
    let state = root.state.as_deref().unwrap_or("its state hidden");
    let age = root.transaction_age_ms.map(milliseconds);
    let age = age.map(|age| format!(", its transaction open for {age}")).unwrap_or_default();
    format!("process {} holds, {state}{age}: {}", root.pid, statement(&root.statement))
}

fn waiter(blocked: &BlockedSession, depth: usize) -> String {
    // Before PostgreSQL 14 nobody tells; no longer than its statement runs.
    let age = match (blocked.waiting_ms, blocked.statement_age_ms) {
        (Some(waiting_ms), _) => format!(" for {}", milliseconds(waiting_ms)),
        (None, Some(age_ms)) => format!(" for {} at most", milliseconds(age_ms)),
        (None, None) => String::new(),
    };
    // Who stands above it is told by that.
    let others = match (depth, blocked.blocked_by.len()) {
        (0, _) => {
            let pids = blocked.blocked_by.iter().map(i64::to_string).collect::<Vec<_>>();
            format!(", behind {}", pids.join(", "))
        }
        (_, 0 | 1) => String::new(),
        (_, n) => format!(", behind {} in all", several(n as u64, "session")),
    };
    let (pid, lock, sql) = (blocked.pid, &blocked.lock, statement(&blocked.statement));
    format!("process {pid} waits for a lock ({lock}){age}{others}: {sql}")
}
