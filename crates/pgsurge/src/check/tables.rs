//! The tables of the plan's workload: there and fit, missing, or not fit, column by column.

use super::line::Line;
use super::server::only_reading;
use model::plan::Plan;
use wire::blocking::{Client, Param};
use workload::Error;
use workload::hokm;
use workload::identifier::quote;
use workload::pgbench::{self, Script};
use workload::schema::{self, Fault, Found, Problem, Table, Trigger};

const NAME: &str = "tables";

/// What was found of them.
#[derive(Debug)]
pub struct Tables {
    /// The names of those that are needed, and whether each is there and fits.
    pub found: Vec<(&'static str, bool)>,
    /// Why others don't fit.
    pub faults: Vec<Fault>,
    /// Triggers of the user's that a run would fire.
    pub triggers: Vec<Trigger>,
    /// The schema where missing ones would be made; none where there is no such schema.
    pub schema: Option<String>,
    /// Whether our role may make them there.
    pub may_create: bool,
    /// Our role.
    pub role: String,
}

/// Looks at them, in transactions that may only read.
///
/// # Errors
/// The server does not answer.
pub fn read(client: &mut Client, plan: &Plan) -> Result<Tables, Error> {
    let schema = plan.data.schema.as_deref();
    let needed = needed(plan);
    let (mut inspected, mut triggers) = (Ok(Vec::new()), Ok(Vec::new()));
    let place = only_reading(client, |client| {
        inspected = schema::inspect(client, schema, &needed);
        if inspected.is_ok() {
            triggers = schema::triggers(client, schema, &needed);
        }
        Ok(())
    })
    .and_then(|()| only_reading(client, |client| place(client, schema)));
    let (schema, may_create, role) = place.map_err(Error::server("looking at the schema"))?;
    let (found, faults) = match inspected {
        Ok(found) => (found, Vec::new()),
        Err(Error::Unfit(faults)) => (Vec::new(), faults),
        Err(other) => return Err(other),
    };
    let is_there = |it: &Found| *it != Found::Missing;
    let found = needed.iter().zip(&found).map(|(table, it)| (table.name, is_there(it))).collect();
    Ok(Tables { found, faults, triggers: triggers?, schema, may_create, role })
}

/// Those of the built-in workloads; one of the user's own knows its tables alone.
fn needed(plan: &Plan) -> Vec<Table> {
    let profile = &plan.workload.profile;
    let game = profile.hokm.as_ref().map(|_| hokm::tables_needed());
    let mut scripts = plan.workload.mix.iter().filter_map(|part| Script::parse(&part.name));
    let scripts =
        profile.pgbench.as_ref().map(|_| pgbench::tables_needed(scripts.any(Script::writes)));
    game.into_iter().chain(scripts).flatten().copied().collect()
}

const PLACE: &str = "\
SELECT n.nspname::text, coalesce(pg_catalog.has_schema_privilege(n.oid, 'CREATE'), false),
       pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'), current_user::text
FROM (SELECT coalesce($1::text, current_schema()::text) AS name) wanted
LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = wanted.name";

type Place = (Option<String>, bool, String);

/// The schema, whether we may create in it, and who we are. One that is named and missing is
/// created by the run.
fn place(client: &mut Client, schema: Option<&str>) -> Result<Place, wire::Error> {
    let row = client.query_one(PLACE, &[schema.map_or(Param::Null, Param::Text)])?;
    let found = row.value::<Option<&str>>(0)?.map(str::to_owned);
    let (in_schema, in_database): (bool, bool) = (row.value(1)?, row.value(2)?);
    let may_create = if found.is_some() { in_schema } else { schema.is_some() && in_database };
    Ok((found.or(schema.map(str::to_owned)), may_create, row.value::<&str>(3)?.to_owned()))
}

/// Judges them.
pub fn judge(tables: &Tables) -> Vec<Line> {
    let mut lines = of_tables(tables);
    lines.extend(of_triggers(&tables.triggers));
    lines
}

fn of_triggers(triggers: &[Trigger]) -> Option<Line> {
    let named: Vec<String> = triggers.iter().map(ToString::to_string).collect();
    let disable = |it: &Trigger| {
        let Trigger { name, table } = it;
        format!("ALTER TABLE {table} DISABLE TRIGGER {}", quote(name))
    };
    let mend = triggers.iter().map(disable).collect::<Vec<_>>().join("; ");
    let why = format!("a run fires them: {}", Trigger::WHY);
    (!triggers.is_empty()).then(|| {
        Line::warning("triggers", named.join(", "), why)
            .mend(format!("{mend} (in a copy of the database, where others need them)"))
    })
}

fn of_tables(tables: &Tables) -> Vec<Line> {
    if !tables.faults.is_empty() {
        return tables.faults.iter().map(|fault| unfit(fault, &tables.role)).collect();
    }
    if tables.found.is_empty() {
        return vec![Line::ok(NAME, "only the workload itself knows them: a run looks at them")];
    }
    let named = |there: bool| {
        let names = tables.found.iter().filter(|it| it.1 == there).map(|it| it.0);
        names.collect::<Vec<_>>().join(", ")
    };
    let (there, missing) = (named(true), named(false));
    if missing.is_empty() {
        return vec![Line::ok(NAME, format!("fit: {there}"))];
    }
    let also = if there.is_empty() { String::new() } else { format!("; fit: {there}") };
    let found = format!("missing: {missing}{also}");
    vec![match (&tables.schema, tables.may_create) {
        (Some(_), true) => {
            Line::ok(NAME, format!("{found}; a run makes what is missing and drops it again"))
        }
        (Some(schema), false) => {
            let (schema, role) = (quote(schema), quote(&tables.role));
            Line::no_run(NAME, found, format!("{role} may not create tables in schema {schema}"))
                .mend(format!("GRANT CREATE ON SCHEMA {schema} TO {role}"))
        }
        (None, _) => Line::no_run(NAME, found, "the search path has no schema to create them in")
            .mend(format!("ALTER ROLE {} SET search_path = public", quote(&tables.role))),
    }]
}

fn unfit(fault: &Fault, role: &str) -> Line {
    let (table, role) = (&fault.table, quote(role));
    let change = |what: String| format!("ALTER TABLE {table} {what}, or name another database");
    let of = |column: &str, what: String| change(format!("ALTER COLUMN {} {what}", quote(column)));
    let mend = match &fault.problem {
        Problem::NotAllowed { privilege } => format!("GRANT {privilege} ON {table} TO {role}"),
        Problem::NoColumn { column } => change(format!("ADD COLUMN {} …", quote(column))),
        Problem::Type { column, value, .. } => of(column, format!("TYPE {value}")),
        Problem::TooShort { column, max_chars, .. } => {
            of(column, format!("TYPE varchar({max_chars})"))
        }
        Problem::Generated { column } => of(column, "DROP EXPRESSION".to_owned()),
        Problem::Required { column } => of(column, "SET DEFAULT …".to_owned()),
        Problem::NotUnique { columns } => format!("CREATE UNIQUE INDEX ON {table} ({columns})"),
        _ => "name another database or --schema".to_owned(),
    };
    Line::no_run(NAME, fault.to_string(), "the workload's statements would fail on it").mend(mend)
}

#[cfg(test)]
mod tests {
    use super::super::line::{Consequence, Outcome};
    use super::*;

    fn tables(found: &[(&'static str, bool)], schema: Option<&str>, may_create: bool) -> Tables {
        let (schema, role) = (schema.map(str::to_owned), "bench".to_owned());
        let (found, faults, triggers) = (found.to_vec(), Vec::new(), Vec::new());
        Tables { found, faults, triggers, schema, may_create, role }
    }

    fn one(tables: &Tables) -> Line {
        let mut lines = judge(tables);
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines.remove(0)
    }

    const NO_RUN: Outcome = Outcome::Problem(Consequence::NoRun);

    #[test]
    fn tables_that_fit_or_can_be_made_are_fine() {
        let there = one(&tables(&[("games", true)], Some("public"), false));
        assert_eq!((there.outcome, there.found.as_str()), (Outcome::Ok, "fit: games"));
        let missing = one(&tables(&[("games", true), ("players", false)], Some("public"), true));
        assert_eq!(missing.outcome, Outcome::Ok);
        assert!(missing.found.starts_with("missing: players; fit: games"), "{missing:?}");
    }

    #[test]
    fn tables_that_can_not_be_made_are_a_problem_with_the_grant() {
        let line = one(&tables(&[("games", false)], Some("game"), false));
        assert_eq!(line.outcome, NO_RUN);
        assert_eq!(line.mend.unwrap(), "GRANT CREATE ON SCHEMA \"game\" TO \"bench\"");
        assert!(
            one(&tables(&[("games", false)], None, false)).mend.unwrap().contains("search_path")
        );
    }

    #[test]
    fn each_fault_has_a_line_and_a_remedy_of_its_own() {
        let fault = |problem| Fault { table: "games".into(), problem };
        let column = || "status".to_owned();
        let faults = vec![
            fault(Problem::NotAllowed { privilege: "INSERT" }),
            fault(Problem::Required { column: column() }),
            fault(Problem::TooShort { column: column(), found: "varchar(2)".into(), max_chars: 9 }),
            fault(Problem::NotUnique { columns: "session_id".into() }),
        ];
        let lines = judge(&Tables { faults, ..tables(&[], None, false) });
        let mends: Vec<_> = lines.iter().map(|it| it.mend.clone().unwrap()).collect();
        assert_eq!(mends[0], "GRANT INSERT ON games TO \"bench\"");
        assert!(mends[1].contains("ALTER COLUMN \"status\" SET DEFAULT"), "{mends:?}");
        assert!(mends[2].contains("TYPE varchar(9)"), "{mends:?}");
        assert_eq!(mends[3], "CREATE UNIQUE INDEX ON games (session_id)");
        assert!(lines.iter().all(|it| it.outcome == NO_RUN));
    }
}
