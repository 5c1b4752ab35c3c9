//! How the server would execute the statements that mattered, and which indexes they lack.
//!
//! Nothing is executed for it: plans are the planner's, with estimates, for any values.

use serde::{Deserialize, Serialize};

/// Plans of the statements that took the most execution time or read the most blocks.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct QueryPlans {
    /// At most 20 SELECT, UPDATE, DELETE and WITH, those that matter most first.
    pub statements: Vec<StatementPlan>,
    /// Indexes that would spare scans of whole tables, at most 10.
    pub candidates: Vec<IndexCandidate>,
}

/// The plan of one statement, or why there is none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StatementPlan {
    /// The server's number of it, as in `query_performance`.
    pub queryid: String,
    /// The planner's estimate for all of it, in its own unit (reading a page in order is 1).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_cost: Option<f64>,
    /// Its steps that read a table or an index, outermost first, at most 20.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nodes: Vec<PlanNode>,
    /// Why there is no plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A step of a plan that reads a table or an index.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PlanNode {
    /// What the server calls it: `Seq Scan`, `Index Scan` …
    pub node_type: String,
    /// Schema and name of the table; absent where the step reads an index alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<String>,
    /// The name of the index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<String>,
    /// What is checked of each row that was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub filter: Option<String>,
    /// Rows that the step gives, by the planner's estimate, all its processes together.
    pub estimated_rows: f64,
    /// Rows of the table, as the server estimates them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table_rows: Option<f64>,
}

/// An index that would spare scans of a whole table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IndexCandidate {
    /// Schema and name.
    pub table: String,
    /// Its columns: those compared for equality first, then one compared for a range.
    pub columns: Vec<String>,
    /// The statement that makes it.
    pub create_index: String,
    /// The statements that scan the table for want of it.
    pub queryids: Vec<String>,
    /// Rows of the table, as the server estimates them.
    pub table_rows: f64,
    /// Rows that the scan keeps, by the planner's estimate; of the statement that keeps fewest.
    pub estimated_rows: f64,
    /// Scans of the whole table in the window, each parallel worker's counted.
    pub sequential_scans: u64,
    /// Rows that they went over.
    pub sequential_rows: u64,
    /// The estimated cost of the first statement as it is, where `hypopg` could try the index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_before: Option<f64>,
    /// The same with the index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_after: Option<f64>,
    /// Why it was not tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_tried: Option<String>,
}
