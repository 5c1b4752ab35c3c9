//! The numbers of the types that we send and read. PostgreSQL fixes them for ever.
#![allow(missing_docs)] // each constant is the type of its name

/// A type's number.
pub type Oid = u32;

/// Lets the server find the type out.
pub const UNSPECIFIED: Oid = 0;
pub const BOOL: Oid = 16;
pub const BYTEA: Oid = 17;
pub const NAME: Oid = 19;
pub const INT8: Oid = 20;
pub const INT2: Oid = 21;
pub const INT4: Oid = 23;
pub const TEXT: Oid = 25;
pub const JSON: Oid = 114;
pub const FLOAT4: Oid = 700;
pub const FLOAT8: Oid = 701;
pub const VARCHAR: Oid = 1043;
pub const DATE: Oid = 1082;
pub const TIMESTAMP: Oid = 1114;
pub const TIMESTAMPTZ: Oid = 1184;
pub const NUMERIC: Oid = 1700;
pub const UUID: Oid = 2950;
pub const JSONB: Oid = 3802;

pub const BOOL_ARRAY: Oid = 1000;
pub const INT2_ARRAY: Oid = 1005;
pub const INT4_ARRAY: Oid = 1007;
pub const TEXT_ARRAY: Oid = 1009;
pub const VARCHAR_ARRAY: Oid = 1015;
pub const INT8_ARRAY: Oid = 1016;
pub const FLOAT8_ARRAY: Oid = 1022;
pub const TIMESTAMP_ARRAY: Oid = 1115;
pub const TIMESTAMPTZ_ARRAY: Oid = 1185;
pub const JSONB_ARRAY: Oid = 3807;
