//! Indexes that would spare scans of whole tables: only where a plan scans a large table for few
//! of its rows, the table really was scanned so, and no index begins with those columns.

use super::filter::{Comparison, conditions};
use super::scans::SequentialScans;
use super::table::Table;
use super::tree::Node;
use model::database_metrics::IndexCandidate;

/// A table of fewer rows is read as fast as an index would be; and scans that went over fewer
/// rows on average were not what took the time (PoWA's limit for its own proposals).
const LARGE_ROWS: f64 = 10_000.0;
/// From about this share of the rows on, the planner would rather read the whole table.
const KEPT_SHARE: f64 = 0.05;
/// More columns make an index that serves one statement alone.
const MOST_COLUMNS: usize = 3;
/// How many a result names.
const MOST: usize = 10;

/// The candidates so far.
#[derive(Debug, Default)]
pub(super) struct Candidates(Vec<IndexCandidate>);

impl Candidates {
    /// Looks at one step of the plan of a statement.
    pub(super) fn look(
        &mut self,
        (queryid, node): (&str, &Node),
        table: &Table,
        scans: SequentialScans,
    ) {
        let Some((schema, name)) = &node.relation else { return };
        let Some(filter) = node.filter.as_ref().filter(|_| node.node_type == "Seq Scan") else {
            return;
        };
        let rows = table.rows.unwrap_or(scans.live_rows as f64);
        let is_scanned = scans.scans > 0 && scans.rows as f64 / scans.scans as f64 > LARGE_ROWS;
        if rows <= LARGE_ROWS || !is_scanned || node.rows > rows * KEPT_SHARE {
            return;
        }
        let columns = columns(filter, &node.alias, table);
        if columns.is_empty() || table.has_index(&columns) {
            return;
        }
        let quoted: Vec<&str> =
            columns.iter().filter_map(|it| table.columns.get(it)).map(|it| &*it.1).collect();
        self.add(IndexCandidate {
            table: format!("{schema}.{name}"),
            create_index: format!(
                "CREATE INDEX CONCURRENTLY ON {} ({})",
                table.quoted,
                quoted.join(", ")
            ),
            columns,
            queryids: vec![queryid.to_owned()],
            table_rows: rows,
            estimated_rows: node.rows,
            sequential_scans: scans.scans,
            sequential_rows: scans.rows,
            ..IndexCandidate::default()
        });
    }

    /// One index serves all whose columns it begins with.
    fn add(&mut self, mut new: IndexCandidate) {
        let same = self.0.iter_mut().find(|it| {
            it.table == new.table
                && (it.columns.starts_with(&new.columns) || new.columns.starts_with(&it.columns))
        });
        let Some(old) = same else { return self.0.push(new) };
        let is_longer = new.columns.len() > old.columns.len();
        let fewest = old.estimated_rows.min(new.estimated_rows);
        if is_longer {
            std::mem::swap(old, &mut new);
        }
        old.estimated_rows = fewest;
        for queryid in new.queryids {
            if !old.queryids.contains(&queryid) {
                old.queryids.push(queryid);
            }
        }
    }

    /// Those of the tables with the most rows scanned, first.
    pub(super) fn finish(mut self) -> Vec<IndexCandidate> {
        self.0.sort_by_key(|it| std::cmp::Reverse(it.sequential_rows));
        self.0.truncate(MOST);
        self.0
    }
}

/// What the index is made of: columns compared for equality first, then one for a range.
fn columns(filter: &str, alias: &str, table: &Table) -> Vec<String> {
    let mut found = conditions(filter, alias);
    found.retain(|it| {
        let kind = table.columns.get(&it.column).map(|column| column.0.as_str());
        kind.is_some_and(|kind| !it.is_cast_to_text || kind == "character varying")
    });
    let mut columns: Vec<String> = Vec::new();
    for comparison in [Comparison::Equality, Comparison::Range] {
        for condition in found.iter().filter(|it| it.comparison == comparison) {
            if columns.len() < MOST_COLUMNS && !columns.contains(&condition.column) {
                columns.push(condition.column.clone());
                if comparison == Comparison::Range {
                    break;
                }
            }
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(indexes: &[&[&str]]) -> Table {
        let column = |name: &str, kind: &str| (name.to_owned(), (kind.to_owned(), name.to_owned()));
        Table {
            number: 1,
            quoted: "shop.orders".to_owned(),
            rows: Some(200_000.0),
            columns: [
                column("customer", "integer"),
                column("status", "character varying"),
                column("at", "timestamp with time zone"),
                column("name", "character"),
            ]
            .into(),
            indexes: indexes
                .iter()
                .map(|index| index.iter().map(|it| Some((*it).to_owned())).collect())
                .collect(),
        }
    }

    fn scan(filter: &str, rows: f64) -> Node {
        Node {
            node_type: "Seq Scan".to_owned(),
            relation: Some(("shop".to_owned(), "orders".to_owned())),
            alias: "o".to_owned(),
            filter: Some(filter.to_owned()),
            rows,
            ..Node::default()
        }
    }

    const SCANNED: SequentialScans = SequentialScans { scans: 10, rows: 2_000_000, live_rows: 0 };
    const EQUAL: &str = "(o.customer = $1)";

    fn found(nodes: &[Node], table: &Table, scans: SequentialScans) -> Vec<IndexCandidate> {
        let mut candidates = Candidates::default();
        for (number, node) in nodes.iter().enumerate() {
            candidates.look((&number.to_string(), node), table, scans);
        }
        candidates.finish()
    }

    #[test]
    fn columns_of_equality_come_before_one_of_a_range() {
        let filter =
            "((o.at > $1) AND ((o.status)::text = $2) AND (o.customer = $3) AND (o.at < $4))";
        let found = found(&[scan(filter, 10.0)], &table(&[]), SCANNED);
        assert_eq!(
            found[0].create_index,
            "CREATE INDEX CONCURRENTLY ON shop.orders (status, customer, at)"
        );
        assert_eq!(columns("((o.name)::text = $1)", "o", &table(&[])), [""; 0]);
    }

    #[test]
    fn one_index_serves_all_statements_that_it_can() {
        let longer = "((o.customer = $1) AND (o.at > $2))";
        let nodes = [scan(EQUAL, 50.0), scan(longer, 5.0), scan(EQUAL, 50.0)];
        let found = found(&nodes, &table(&[]), SCANNED);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].columns.len(), found[0].estimated_rows), (2, 5.0));
        assert_eq!(found[0].queryids, ["1", "0", "2"]);
    }

    #[test]
    fn nothing_is_proposed_where_an_index_would_not_help() {
        let is_quiet = |node: Node, table: &Table, scans| {
            assert_eq!(found(&[node], table, scans), []);
        };
        is_quiet(scan(EQUAL, 50.0), &table(&[&["customer", "at"]]), SCANNED);
        is_quiet(scan(EQUAL, 20_000.0), &table(&[]), SCANNED);
        is_quiet(scan(EQUAL, 50.0), &table(&[]), SequentialScans::default());
        is_quiet(scan(EQUAL, 50.0), &table(&[]), SequentialScans { scans: 1000, ..SCANNED });
        let small = Table { rows: Some(9_000.0), ..table(&[]) };
        is_quiet(scan(EQUAL, 50.0), &small, SCANNED);
        let index_scan = Node { node_type: "Index Scan".to_owned(), ..scan(EQUAL, 50.0) };
        is_quiet(index_scan, &table(&[]), SCANNED);
        assert_eq!(found(&[scan(EQUAL, 50.0)], &table(&[&["at", "customer"]]), SCANNED).len(), 1);
    }
}
