//! What a pooler changes for a plan: pure judgement.

use super::{Mode, Pooler};
use model::plan::Protocol;
use model::run_result;

/// Why a plan can't run through a pooler.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The protocol that was asked for does not work through it.
    #[error(
        "the pooler in between does not keep prepared statements from one transaction to the next"
    )]
    Prepared,
    /// No transactions.
    #[error("the pooler in between works in statement mode, where there are no transactions")]
    Statement,
    /// The server would never hear of the limit.
    #[error("the pooler in between does not hand statement_timeout on: {0}")]
    StatementTimeout(String),
    /// More connections than it takes.
    #[error("the plan needs {needed} connections, and the pooler takes {max} (max_client_conn)")]
    TooManyClients {
        /// Those of the load and one for us.
        needed: u64,
        /// Its limit.
        max: u64,
    },
    /// Each connection would keep one of the server's, and there are fewer.
    #[error(
        "the plan needs {needed} connections, each keeps one to the server in session mode, and \
         the pooler has {size} of them (pool_size)"
    )]
    PoolTooSmall {
        /// Those of the load and one for us.
        needed: u64,
        /// Its limit.
        size: u64,
    },
}

impl Refusal {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            Refusal::Prepared => {
                "leave --protocol away (statements then go unnamed), or let PgBouncer 1.21 or \
                 newer keep them: max_prepared_statements = 200"
            }
            Refusal::Statement => "set pool_mode = transaction in the pooler, or name the server",
            Refusal::StatementTimeout(_) => {
                "leave --statement-timeout away and set it for the role: ALTER ROLE … SET \
                 statement_timeout = …"
            }
            Refusal::TooManyClients { .. } => {
                "use fewer --connections, or raise max_client_conn in the pooler"
            }
            Refusal::PoolTooSmall { .. } => {
                "use fewer --connections, raise default_pool_size in the pooler, or set \
                 pool_mode = transaction there"
            }
        }
    }
}

/// How statements travel, of a plan that says `planned`; `asked` when a person said so rather than
/// the default.
///
/// # Errors
/// What was asked for can't work.
pub fn protocol(pooler: &Pooler, planned: Protocol, asked: bool) -> Result<Protocol, Refusal> {
    if pooler.mode == Some(Mode::Statement) {
        return Err(Refusal::Statement);
    }
    match (planned, pooler.keeps_prepared, asked) {
        (Protocol::Prepared, Some(false), true) => Err(Refusal::Prepared),
        (Protocol::Prepared, Some(false) | None, false) => Ok(Protocol::Extended),
        (planned, ..) => Ok(planned),
    }
}

/// Whether the pooler has room for the connections of a plan, as far as it says. The server's
/// `max_connections` is the pooler's business.
///
/// # Errors
/// It has not.
pub fn room(pooler: &Pooler, connections: u32) -> Result<(), Refusal> {
    // One more for set-up and verification, which go on beside the load.
    let needed = u64::from(connections) + 1;
    let Some(console) = &pooler.console else { return Ok(()) };
    if let Some(max) = console.max_clients.filter(|max| needed > *max) {
        return Err(Refusal::TooManyClients { needed, max });
    }
    let size = console.pool_size.filter(|_| pooler.mode == Some(Mode::Session));
    match size.filter(|size| needed > *size) {
        Some(size) => Err(Refusal::PoolTooSmall { needed, size }),
        None => Ok(()),
    }
}

impl Pooler {
    /// Whether a monitor may look at its console beside so many connections and take no client's
    /// place: set-up, the monitor and this look are three more.
    pub fn has_room_for_a_look(&self, connections: u32) -> bool {
        let max = self.console.as_ref().and_then(|console| console.max_clients);
        max.is_none_or(|max| u64::from(connections) + 3 <= max)
    }

    /// How a result tells of it, for statements that travel by `used` and not as `planned`.
    pub fn in_result(&self, planned: Protocol, used: Protocol) -> run_result::Pooler {
        run_result::Pooler {
            kind: if self.is_pgbouncer { "pgbouncer" } else { "unknown" }.to_owned(),
            version: self.console.as_ref().map(|it| it.version.clone()),
            mode: self.mode.map(|it| it.name().to_owned()),
            protocol: used.name().to_owned(),
            effects: self.effects(planned, used),
        }
    }

    /// What it changes for a reader of the result, a sentence each.
    pub fn effects(&self, planned: Protocol, used: Protocol) -> Vec<String> {
        let mut effects = Vec::new();
        if planned != used {
            effects.push(format!(
                "statements went unnamed ({}) and were parsed at every call, because the pooler {} \
                 prepared statements from one transaction to the next",
                used.name(),
                match self.keeps_prepared {
                    None => "may not keep",
                    _ => "does not keep",
                }
            ));
        }
        effects.push(match self.mode {
            Some(Mode::Session) => {
                "each connection kept one to the server; service times include the way through the \
                 pooler"
                    .to_owned()
            }
            _ => "connections shared fewer ones to the server; service times include the way \
                  through the pooler and the wait in it for one of those"
                .to_owned(),
        });
        effects
    }
}

#[cfg(test)]
mod tests {
    use super::super::Console;
    use super::*;

    fn pooler(mode: Mode, keeps_prepared: Option<bool>) -> Pooler {
        Pooler { mode: Some(mode), keeps_prepared, ..Pooler::default() }
    }

    #[test]
    fn the_default_protocol_gives_way_and_one_that_was_asked_for_does_not() {
        let forgetful = pooler(Mode::Transaction, Some(false));
        let settle = |asked| protocol(&forgetful, Protocol::Prepared, asked);
        assert_eq!(settle(false), Ok(Protocol::Extended));
        assert_eq!(settle(true), Err(Refusal::Prepared));
        assert_eq!(protocol(&forgetful, Protocol::Simple, false), Ok(Protocol::Simple));
    }

    #[test]
    fn a_pooler_that_keeps_prepared_statements_changes_nothing() {
        for keeps in [pooler(Mode::Session, Some(true)), pooler(Mode::Transaction, Some(true))] {
            assert_eq!(protocol(&keeps, Protocol::Prepared, false), Ok(Protocol::Prepared));
        }
    }

    #[test]
    fn what_could_not_be_told_is_tried_only_when_it_was_asked_for() {
        let unknown = pooler(Mode::Transaction, None);
        assert_eq!(protocol(&unknown, Protocol::Prepared, true), Ok(Protocol::Prepared));
        assert_eq!(protocol(&unknown, Protocol::Prepared, false), Ok(Protocol::Extended));
    }

    #[test]
    fn without_transactions_nothing_runs() {
        let told = protocol(&pooler(Mode::Statement, Some(true)), Protocol::Simple, true);
        assert_eq!(told, Err(Refusal::Statement));
    }

    #[test]
    fn the_pool_has_to_hold_all_connections_only_where_each_keeps_one() {
        let with = |mode, pool_size| {
            let console = Console { max_clients: Some(100), pool_size, ..Console::default() };
            Pooler { console: Some(console), ..pooler(mode, None) }
        };
        assert_eq!(room(&with(Mode::Transaction, Some(5)), 99), Ok(()));
        let refused = Refusal::TooManyClients { needed: 101, max: 100 };
        assert_eq!(room(&with(Mode::Transaction, Some(5)), 100), Err(refused));
        let refused = Refusal::PoolTooSmall { needed: 6, size: 5 };
        assert_eq!(room(&with(Mode::Session, Some(5)), 5), Err(refused));
        assert_eq!(room(&with(Mode::Session, None), 5), Ok(()));
    }

    #[test]
    fn a_result_tells_of_the_protocol_that_was_used_instead() {
        let forgetful = pooler(Mode::Transaction, Some(false));
        let told = forgetful.in_result(Protocol::Prepared, Protocol::Extended);
        assert_eq!(
            (told.protocol.as_str(), told.mode.as_deref()),
            ("extended", Some("transaction"))
        );
        assert!(told.effects[0].contains("parsed at every call"), "{:?}", told.effects);
        let kept = forgetful.in_result(Protocol::Simple, Protocol::Simple);
        assert_eq!(kept.effects.len(), 1);
    }
}
