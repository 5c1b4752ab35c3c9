//! Plans asked for after the load: those of the statements that ran, and nothing executed for it.

use crate::provoke;
use crate::server::Place;
use model::database_metrics::StatementPlan;

#[test]
fn a_large_table_that_is_scanned_for_few_rows_lacks_exactly_this_index() {
    provoke::plans(&Place::new("plans"));
}

/// The plans of what `statements` did.
fn plans(place: &Place, statements: &[&str]) -> Vec<StatementPlan> {
    let seen = place.watch(|| {
        let mut client = place.client();
        statements.iter().for_each(|it| client.batch(it).unwrap());
    });
    seen.database.query_plans.data().unwrap().statements.clone()
}

#[test]
fn a_statement_without_a_plan_says_why_and_the_others_have_theirs() {
    let place = Place::new("unplanned");
    let all = plans(&place, &["SELECT interval '1 day'", "SELECT now()", "CREATE TABLE t (x int)"]);
    let [one, other] = all.as_slice() else { panic!("{all:?}") };
    let (with, without) = if one.reason.is_none() { (one, other) } else { (other, one) };
    assert!(with.total_cost.is_some() && with.nodes.is_empty(), "{with:?}");
    let reason = without.reason.as_deref().unwrap();
    assert!(reason.contains("42601") && without.total_cost.is_none(), "{reason}");
}

#[test]
fn a_locked_table_keeps_nobody_waiting_for_its_plan() {
    let place = Place::new("locked_plan");
    place.sql("CREATE TABLE locked (x int)");
    let mut holder = place.client();
    let seen = place.watch(|| {
        place.sql("SELECT * FROM locked");
        holder.batch("BEGIN").unwrap();
        holder.batch("LOCK TABLE locked IN ACCESS EXCLUSIVE MODE").unwrap();
    });
    let plans = seen.database.query_plans.data().unwrap();
    let plan = plans.statements.iter().find(|it| it.reason.is_some()).unwrap();
    assert!(plan.reason.as_deref().unwrap().contains("55P03"), "{plan:?}");
}
