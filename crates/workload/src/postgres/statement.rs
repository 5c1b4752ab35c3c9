//! Statements as a workload declares them, and how they travel.
//!
//! A statement is one SQL text with a stable name and typed parameters. The first three of every
//! catalogue are transaction control, the same for all workloads; a workload's own follow.

use model::catalog::{Kind, StatementSpec};
use wire::value::{Oid, oid};

/// The statement number of `BEGIN`.
pub const BEGIN: u16 = 0;
/// The statement number of `COMMIT`.
pub const COMMIT: u16 = 1;
/// The statement number of `ROLLBACK`.
pub const ROLLBACK: u16 = 2;
/// The number of a workload's first own statement.
pub const FIRST: u16 = 3;

/// One SQL command with a stable name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The stable name (`game_load`), also the prepared statement's.
    pub name: &'static str,
    /// The text, with `$1`, `$2` … for its parameters; it may carry a schema.
    pub sql: String,
    /// How a result groups it. Of kind `Transaction` it is sent unprepared whatever the protocol,
    /// because PostgreSQL counts prepared utility statements once.
    pub kind: Kind,
    /// The types of its parameters, in order.
    pub parameters: &'static [Type],
}

impl Statement {
    /// A statement without a schema in its text.
    pub fn new(
        name: &'static str,
        kind: Kind,
        sql: impl Into<String>,
        parameters: &'static [Type],
    ) -> Statement {
        Statement { name, sql: sql.into(), kind, parameters }
    }

    /// How the catalogue lists it.
    pub fn spec(&self) -> StatementSpec {
        StatementSpec { name: self.name.to_owned(), sql: self.sql.clone(), kind: self.kind }
    }
}

/// The three that every catalogue begins with: `begin`, `commit`, `rollback`.
pub fn transaction_control() -> [Statement; 3] {
    [("begin", "BEGIN"), ("commit", "COMMIT"), ("rollback", "ROLLBACK")]
        .map(|(name, sql)| Statement::new(name, Kind::Transaction, sql, &[]))
}

/// A parameter's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // each is PostgreSQL's type of its name
pub enum Type {
    Bool,
    Int2,
    Int4,
    Int8,
    Float8,
    Text,
    Jsonb,
    Timestamp,
    Timestamptz,
    BoolArray,
    Int4Array,
    Int8Array,
    Float8Array,
    TextArray,
    JsonbArray,
    TimestampArray,
}

impl Type {
    /// PostgreSQL's number of it.
    pub fn oid(self) -> Oid {
        match self {
            Type::Bool => oid::BOOL,
            Type::Int2 => oid::INT2,
            Type::Int4 => oid::INT4,
            Type::Int8 => oid::INT8,
            Type::Float8 => oid::FLOAT8,
            Type::Text => oid::TEXT,
            Type::Jsonb => oid::JSONB,
            Type::Timestamp => oid::TIMESTAMP,
            Type::Timestamptz => oid::TIMESTAMPTZ,
            Type::BoolArray => oid::BOOL_ARRAY,
            Type::Int4Array => oid::INT4_ARRAY,
            Type::Int8Array => oid::INT8_ARRAY,
            Type::Float8Array => oid::FLOAT8_ARRAY,
            Type::TextArray => oid::TEXT_ARRAY,
            Type::JsonbArray => oid::JSONB_ARRAY,
            Type::TimestampArray => oid::TIMESTAMP_ARRAY,
        }
    }

    /// Its name in SQL.
    pub fn name(self) -> &'static str {
        match self {
            Type::Bool => "bool",
            Type::Int2 => "int2",
            Type::Int4 => "int4",
            Type::Int8 => "int8",
            Type::Float8 => "float8",
            Type::Text => "text",
            Type::Jsonb => "jsonb",
            Type::Timestamp => "timestamp",
            Type::Timestamptz => "timestamptz",
            Type::BoolArray => "bool[]",
            Type::Int4Array => "int4[]",
            Type::Int8Array => "int8[]",
            Type::Float8Array => "float8[]",
            Type::TextArray => "text[]",
            Type::JsonbArray => "jsonb[]",
            Type::TimestampArray => "timestamp[]",
        }
    }

    /// The type of an array's elements; none when it is no array.
    pub fn element(self) -> Option<Type> {
        match self {
            Type::BoolArray => Some(Type::Bool),
            Type::Int4Array => Some(Type::Int4),
            Type::Int8Array => Some(Type::Int8),
            Type::Float8Array => Some(Type::Float8),
            Type::TextArray => Some(Type::Text),
            Type::JsonbArray => Some(Type::Jsonb),
            Type::TimestampArray => Some(Type::Timestamp),
            _ => None,
        }
    }
}

/// How statements travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// One text with its values in it, a round trip per statement.
    Simple,
    /// Parsed, bound and executed each time.
    Extended,
    /// Parsed once per connection, then bound and executed.
    #[default]
    Prepared,
}

impl Protocol {
    /// Every choice.
    pub const ALL: [Protocol; 3] = [Protocol::Simple, Protocol::Extended, Protocol::Prepared];

    /// The word for it, as pgbench's `-M` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Protocol::Simple => "simple",
            Protocol::Extended => "extended",
            Protocol::Prepared => "prepared",
        }
    }

    /// The protocol of that name.
    pub fn parse(name: &str) -> Option<Protocol> {
        Protocol::ALL.into_iter().find(|protocol| protocol.name() == name)
    }
}
