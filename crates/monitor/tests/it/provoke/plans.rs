//! A large table that is scanned for want of an index, and no more once the index is there.

use crate::server::Place;
use model::database_metrics::{IndexCandidate, QueryPlans, StatementPlan};

const ROWS: f64 = 200_000.0;

/// See the module.
pub fn plans(place: &Place) {
    place.sql(
        "CREATE TABLE orders (id int PRIMARY KEY, customer int, status varchar(9), amount int); \
         INSERT INTO orders SELECT i, i % 10000, 'open', 1 FROM generate_series(1, 200000) i",
    );
    place.sql("ANALYZE orders");
    let without = watch(place);
    let plan = plan_of_table(&without, "Seq Scan");
    assert!(plan.total_cost.unwrap() > 1000.0, "{plan:?}");
    let [candidate] = without.candidates.as_slice() else { panic!("not one: {without:?}") };
    is_the_index(place, candidate);
    let extensions = "SELECT count(*)::float8 FROM pg_extension WHERE extname = 'hypopg'";
    let amount = "SELECT sum(amount)::float8 FROM orders";
    assert_eq!((place.number(extensions), place.number(amount)), (0.0, ROWS), "left behind");
    place.sql("CREATE INDEX by_customer ON orders (customer, status)");
    let with = watch(place);
    assert_eq!(with.candidates, []);
    assert!(with.statements.iter().all(|it| it.reason.is_none()), "{with:?}");
    assert!(with.statements.iter().flat_map(|it| &it.nodes).all(|it| it.node_type != "Seq Scan"));
}

/// Reads and writes by customer; what was written is taken back.
fn watch(place: &Place) -> QueryPlans {
    let seen = place.watch(|| {
        let mut client = place.client();
        for customer in 0..30 {
            let read = format!("SELECT amount FROM orders WHERE customer = {customer}");
            client.batch(&read).unwrap();
            client.batch("BEGIN").unwrap();
            let write = format!(
                "UPDATE orders SET amount = 0 WHERE customer = {customer} AND status = 'open'"
            );
            client.batch(&write).unwrap();
            client.batch("ROLLBACK").unwrap();
        }
    });
    let plans = seen.database.query_plans;
    plans.data().unwrap_or_else(|| panic!("{plans:?}")).clone()
}

fn plan_of_table<'a>(plans: &'a QueryPlans, node_type: &str) -> &'a StatementPlan {
    assert_eq!(plans.statements.len(), 2, "{plans:?}");
    let plan = &plans.statements[0];
    assert_eq!(plan.nodes.len(), 1, "{plan:?}");
    let node = &plan.nodes[0];
    assert_eq!(
        (node.node_type.as_str(), node.table.as_deref()),
        (node_type, Some("public.orders"))
    );
    assert_eq!(node.table_rows, Some(ROWS), "{node:?}");
    assert!(node.estimated_rows <= 100.0, "{node:?}");
    assert!(node.filter.as_deref().unwrap().contains("customer = $"), "{node:?}");
    plan
}

fn is_the_index(place: &Place, candidate: &IndexCandidate) {
    let create = "CREATE INDEX CONCURRENTLY ON public.orders (customer, status)";
    assert_eq!(candidate.create_index, create);
    assert_eq!((candidate.queryids.len(), candidate.table_rows), (2, ROWS), "{candidate:?}");
    assert!(candidate.sequential_rows >= 60 * ROWS as u64, "{candidate:?}");
    let available = "SELECT count(*)::float8 FROM pg_available_extensions WHERE name = 'hypopg'";
    if place.number(available) > 0.0 {
        let (before, after) = (candidate.cost_before.unwrap(), candidate.cost_after.unwrap());
        assert!(after < before / 10.0, "{candidate:?}");
    } else {
        assert!(candidate.not_tried.as_ref().unwrap().contains("hypopg"), "{candidate:?}");
    }
}
