//! A candidate tried with `hypopg`: an index that only the planner of our own session sees. An
//! extension that had to be made for it is rolled back with the transaction.

use super::super::session::text;
use super::explain::Explainer;
use super::tree::total_cost;
use model::database_metrics::Unread;
use wire::blocking::Param;

/// Whether the extension is here, could be made, and is ours to make.
const SQL: &str = "\
    SELECT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname = 'hypopg'), \
           EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'hypopg') \
           AND (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)";

/// Whether candidates can be tried.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    is_to_be_made: bool,
}

impl Trial {
    /// Whether there is a way, and which.
    pub(super) fn find(explainer: &mut Explainer<'_>) -> Result<Trial, Unread> {
        let rows = explainer.session.query("extensions", SQL, &[])?;
        let is = |at| rows.first().and_then(|row| row.value::<bool>(at).ok()).unwrap_or(false);
        match (is(0), is(1)) {
            (true, _) => Ok(Trial { is_to_be_made: false }),
            (false, true) => Ok(Trial { is_to_be_made: true }),
            _ => Err(Unread::missing("the extension hypopg is not in this database")),
        }
    }

    /// The estimated cost of a statement before and after the index.
    pub(super) fn costs(
        &self,
        explainer: &mut Explainer<'_>,
        (create_index, statement): (&str, &str),
    ) -> Result<(f64, f64), Unread> {
        explainer.in_transaction("BEGIN", |it| {
            if self.is_to_be_made {
                it.session.query("hypopg", "CREATE EXTENSION hypopg", &[])?;
            }
            let schema = "SELECT pg_catalog.quote_ident(nspname) FROM pg_catalog.pg_extension e \
                            JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace \
                           WHERE extname = 'hypopg'";
            let rows = it.session.query("hypopg", schema, &[])?;
            let schema = rows.first().and_then(|row| text(row, 0)).unwrap_or_default();
            let before = cost(it, statement)?;
            // It has nothing to wait for, and does not know the word.
            let definition = create_index.replacen(" CONCURRENTLY", "", 1);
            let create = format!("SELECT count(*) FROM {schema}.hypopg_create_index($1)");
            it.session.query("a hypothetical index", &create, &[Param::Text(&definition)])?;
            let after = cost(it, statement);
            // Such an index is in the session's memory: no rollback takes it away.
            let reset = format!("SELECT {schema}.hypopg_reset()");
            it.session.query("hypopg", &reset, &[])?;
            Ok((before, after?))
        })
    }
}

fn cost(explainer: &mut Explainer<'_>, statement: &str) -> Result<f64, Unread> {
    let plan = explainer.explain(statement)?;
    total_cost(&plan).ok_or_else(|| Unread::missing("the plan has no cost"))
}
