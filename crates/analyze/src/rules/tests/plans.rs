//! What plans tell.

use super::*;
use model::database_metrics::{IndexCandidate, QueryPlans, StatementLoad};
use model::finding::{Confidence, Severity};

fn scanned(share_percent: f64, costs: Option<(f64, f64)>) -> impl Fn(&mut RunResult) {
    move |result| {
        let candidate = IndexCandidate {
            table: "public.orders".to_owned(),
            columns: vec!["customer".to_owned()],
            create_index: "CREATE INDEX CONCURRENTLY ON public.orders (customer)".to_owned(),
            queryids: vec!["7".to_owned()],
            table_rows: 200_000.0,
            estimated_rows: 20.0,
            sequential_scans: 30,
            sequential_rows: 6_000_000,
            cost_before: costs.map(|it| it.0),
            cost_after: costs.map(|it| it.1),
            not_tried: costs.is_none().then(|| "hypopg is not here".to_owned()),
        };
        let candidates = vec![candidate];
        db(result).query_plans.data = Some(QueryPlans { candidates, ..QueryPlans::default() });
        let statement = StatementLoad {
            queryid: "7".to_owned(),
            text: Some("SELECT * FROM orders WHERE customer = $1".to_owned()),
            share_percent,
            ..StatementLoad::default()
        };
        db(result).query_performance.data.as_mut().unwrap().statements = vec![statement];
    }
}

#[test]
fn an_index_that_is_not_there_is_told_with_how_to_make_it() {
    let found = fires("missing_index", scanned(90.0, Some((3582.0, 78.5))));
    assert_eq!(found.advice, "CREATE INDEX CONCURRENTLY ON public.orders (customer)");
    assert!(rests_on(&found, 6_000_000.0) && rests_on(&found, 78.5), "{found:#?}");
    assert_eq!((found.severity, found.impact), (Severity::High, Some(0.9)));
    assert_eq!(fires("missing_index", scanned(19.0, None)).severity, Severity::Medium);
    quiet("missing_index", |_| {});
}

#[test]
fn an_index_that_was_not_tried_is_less_sure_and_one_that_brings_nothing_is_no_advice() {
    let found = fires("missing_index", scanned(90.0, None));
    assert_eq!(found.confidence, Confidence::Medium);
    assert!(found.evidence.iter().any(|it| it.text.contains("hypopg is not here")), "{found:#?}");
    quiet("missing_index", scanned(90.0, Some((100.0, 95.0))));
    lacks("missing_index", |it| lost(&mut it.query_plans));
}
