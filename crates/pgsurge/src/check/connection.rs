//! The way to the server: encryption, the pooler in between, room for the plan's connections. Pure
//! judgement of what was found on it.

use super::line::Line;
use crate::load::Slots;
use crate::pooler::{self, Pooler, Refusal};
use model::plan::Plan;

/// What was found.
#[derive(Clone, Debug)]
pub struct Connection {
    /// User, host, port and database.
    pub server: String,
    /// Version of TLS and cipher; none where nothing is encrypted.
    pub tls: Option<(String, String)>,
    /// What stands in between.
    pub pooler: Option<Pooler>,
    /// Why the pooler does not hand the plan's statement timeout on.
    pub timeout: Option<Refusal>,
    /// The server's room; none where the pooler decides that.
    pub slots: Option<Slots>,
}

/// Judges it for `plan`; `asked` when a person asked for its protocol.
pub fn judge(connection: &Connection, plan: &Plan, asked: bool) -> Vec<Line> {
    let mut lines = vec![Line::ok("connection", connection.server.clone()), tls(connection)];
    match &connection.pooler {
        None => lines.push(Line::ok("pooler", "none in between")),
        Some(pooler) => lines.push(through(pooler, plan, asked)),
    }
    lines.extend(connection.timeout.as_ref().map(|it| refused("statement_timeout", "refused", it)));
    lines.extend(match (&connection.pooler, &connection.slots) {
        (Some(pooler), _) => Some(pooled(pooler, plan)),
        (None, Some(slots)) => Some(room(slots, plan)),
        (None, None) => None,
    });
    lines
}

fn tls(connection: &Connection) -> Line {
    match &connection.tls {
        Some((version, cipher)) => Line::ok("tls", format!("{version}, {cipher}")),
        None => Line::ok("tls", "none: nothing is encrypted"),
    }
}

fn refused(name: &'static str, found: impl Into<String>, refusal: &Refusal) -> Line {
    Line::no_run(name, found, refusal.to_string()).mend(refusal.hint())
}

fn through(pooler: &Pooler, plan: &Plan, asked: bool) -> Line {
    const NAME: &str = "pooler";
    let used = match pooler::protocol(pooler, plan.protocol, asked) {
        Ok(used) => used,
        Err(refusal) => return refused(NAME, pooler.name(), &refusal),
    };
    let effects = pooler.effects(plan.protocol, used).join("; ");
    let line = Line::warning(NAME, pooler.name(), effects);
    match used == plan.protocol {
        true => line,
        false => line.mend("max_prepared_statements = 200 in PgBouncer 1.21 or newer"),
    }
}

fn pooled(pooler: &Pooler, plan: &Plan) -> Line {
    const NAME: &str = "connections";
    let needed = u64::from(plan.connections) + 1;
    let clients = pooler.console.as_ref().and_then(|it| it.max_clients);
    let found = match clients {
        Some(max) => format!("{needed} needed, the pooler takes {max}"),
        None => format!("{needed} needed; how many the pooler takes is hidden from this role"),
    };
    match pooler::room(pooler, plan.connections) {
        Ok(()) => Line::ok(NAME, found),
        Err(refusal) => refused(NAME, found, &refusal),
    }
}

fn room(slots: &Slots, plan: &Plan) -> Line {
    const NAME: &str = "connections";
    let needed = u64::from(plan.connections) + 1;
    let Slots { max, reserved, used } = *slots;
    let found =
        format!("{needed} needed; max_connections {max}, {reserved} reserved, {used} in use");
    let wanted = needed + reserved.max(3) + used;
    let mend = format!("ALTER SYSTEM SET max_connections = {wanted}, then restart the server");
    if needed > slots.most() {
        Line::no_run(NAME, found, "the plan can never have its connections").mend(mend)
    } else if needed > slots.free() {
        let why = "others hold some of them: connects fail until those are free";
        Line::warning(NAME, found, why).mend(mend)
    } else {
        Line::ok(NAME, found)
    }
}

#[cfg(test)]
mod tests {
    use super::super::line::{Consequence, Outcome};
    use super::super::machine::plan_of;
    use super::*;
    use crate::pooler::{Console, Mode};

    fn direct(max: u64, reserved: u64, used: u64) -> Connection {
        let slots = Some(Slots { max, reserved, used });
        let server = "bench@db:5432/game".to_owned();
        Connection { server, tls: None, pooler: None, timeout: None, slots }
    }

    fn pooled(pooler: Pooler) -> Connection {
        Connection { pooler: Some(pooler), slots: None, ..direct(0, 0, 0) }
    }

    fn judged(connection: &Connection, asked: bool, name: &str) -> Line {
        let lines = judge(connection, &plan_of(50), asked);
        lines.into_iter().find(|it| it.name == name).unwrap()
    }

    const NO_RUN: Outcome = Outcome::Problem(Consequence::NoRun);

    #[test]
    fn room_is_what_is_neither_reserved_nor_in_use() {
        let outcome = |of: &Connection| judged(of, false, "connections").outcome;
        assert_eq!(outcome(&direct(100, 3, 46)), Outcome::Ok);
        assert_eq!(outcome(&direct(100, 3, 47)), Outcome::Warning);
        assert_eq!(outcome(&direct(54, 3, 0)), Outcome::Ok);
        assert_eq!(outcome(&direct(53, 3, 0)), NO_RUN);
        let mend = judged(&direct(53, 3, 2), false, "connections").mend.unwrap();
        assert_eq!(mend, "ALTER SYSTEM SET max_connections = 56, then restart the server");
    }

    #[test]
    fn behind_a_pooler_the_servers_room_is_not_judged() {
        let pooler = Pooler { mode: Some(Mode::Transaction), ..Pooler::default() };
        let with = |max_clients| {
            let console = Some(Console { max_clients: Some(max_clients), ..Console::default() });
            judged(&pooled(Pooler { console, ..pooler.clone() }), false, "connections")
        };
        assert_eq!(with(51).outcome, Outcome::Ok);
        assert_eq!(with(50).outcome, NO_RUN);
        let hidden = judged(&pooled(pooler), false, "connections");
        assert!(hidden.outcome == Outcome::Ok && hidden.found.contains("hidden"), "{hidden:?}");
    }

    #[test]
    fn a_pooler_that_changes_the_protocol_is_a_warning_and_one_that_can_not_a_problem() {
        let forgetful = Pooler {
            mode: Some(Mode::Transaction),
            keeps_prepared: Some(false),
            ..Pooler::default()
        };
        let line = judged(&pooled(forgetful.clone()), false, "pooler");
        assert_eq!(line.outcome, Outcome::Warning);
        assert!(line.mend.unwrap().contains("max_prepared_statements"));
        assert_eq!(judged(&pooled(forgetful), true, "pooler").outcome, NO_RUN);
    }

    #[test]
    fn encryption_is_told_as_it_is() {
        let tls = Some(("TLS 1.3".to_owned(), "AES".to_owned()));
        let encrypted = Connection { tls, ..direct(100, 0, 0) };
        assert_eq!(judged(&encrypted, false, "tls").found, "TLS 1.3, AES");
        assert!(judged(&direct(100, 0, 0), false, "tls").found.starts_with("none"));
    }
}
