//! Settings that were not the same before and after: then the numbers are of two servers.

use crate::table::{ABSENT, Table};
use model::database_metrics::DatabaseMetrics;

/// Each with both its values, in the setting's own unit.
pub(super) fn changed(database: &DatabaseMetrics) -> Table {
    let mut table = Table::new(["setting", "before", "after"], 3);
    let Some(settings) = database.settings.data() else { return table };
    table.rows.extend(settings.changed.iter().map(|it| {
        let unit = settings.values.get(&it.name).and_then(|it| it.unit.as_deref());
        // `8kB` is what it counts, `ms` what it is in.
        let times =
            |unit: &str| if unit.starts_with(|c: char| c.is_ascii_digit()) { "× " } else { "" };
        let unit = unit.map(|unit| format!(" {}{unit}", times(unit))).unwrap_or_default();
        let value = |of: &Option<String>| {
            of.as_ref().map_or_else(|| ABSENT.to_owned(), |value| format!("{value}{unit}"))
        };
        vec![it.name.clone(), value(&it.from), value(&it.to)]
    }));
    table
}
