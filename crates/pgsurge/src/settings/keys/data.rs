//! The tables: where they are, how large they are made, and what becomes of them.

use super::{Default, Flag, Key};
use crate::settings::takes::Takes;

const fn flag(name: &'static str, placeholder: &'static str) -> Option<Flag> {
    Some(Flag { name, placeholder, group: "Data" })
}

/// Where the tables are.
pub static SCHEMA: Key = Key {
    flag: flag("schema", "NAME"),
    default: Default::Follows("the search path"),
    ..Key::new(
        "load_profile.schema",
        Takes::Schema,
        "Schema of the tables, as it is spelled in the catalogs; created where it is missing",
    )
};

/// How the game's tables are made.
pub static SCHEMA_VARIANT: Key = Key {
    flag: flag("schema-variant", "NAME"),
    default: Default::Is("careful"),
    ..Key::new(
        "load_profile.schema_variant",
        Takes::Choice(&["careful", "seed"]),
        "Indexes of the game's tables where they have to be created: those of a careful team, or \
         primary keys only",
    )
};

/// pgbench's scale.
pub static SCALE: Key = Key {
    flag: flag("scale", "N"),
    default: Default::Is("1"),
    ..Key::new(
        "load_profile.scale",
        Takes::Count { min: 1, max: 20_000 },
        "Size of pgbench's tables where they have to be created, 100,000 accounts per unit",
    )
};

/// Set-up alone. It belongs to one run, so no file can hold it.
pub static INIT_ONLY: Key = Key {
    flag: flag("init-only", ""),
    default: Default::Is("false"),
    ..Key::new(
        "flags.init_only",
        Takes::Switch,
        "Make the tables and rows of this plan on a server of yours, keep them, and load nothing",
    )
};

/// Rows that are there.
pub static REUSE_DATA: Key = Key {
    flag: flag("reuse-data", "RUN"),
    ..Key::new(
        "load_profile.reuse_data",
        Takes::RunName,
        "Use what --init-only or --keep-data left under this name, put back to its start, instead \
         of loading; it stays afterwards",
    )
};

/// What stays.
pub static KEEP_DATA: Key = Key {
    flag: flag("keep-data", ""),
    default: Default::Is("false"),
    ..Key::new(
        "load_profile.keep_data",
        Takes::Switch,
        "Keep the tables and rows that this run makes on a server of yours",
    )
};

/// What only pgbench's scripts have.
pub static PGBENCH: &[&Key] = &[&SCALE];

/// All of them, in the order of the documentation.
pub(super) static ALL: &[&Key] =
    &[&SCHEMA, &SCHEMA_VARIANT, &SCALE, &INIT_ONLY, &REUSE_DATA, &KEEP_DATA];
