//! Things that a test does to a server, and what the monitor must have counted of them; the
//! versions from 12 on are held to the same.

mod plans;
mod relations;
mod sessions;
mod storage;
mod work;

pub use plans::plans;
pub use relations::{locked_relations, named_relations, relations};
pub use sessions::{replication, sessions};
pub use storage::storage;
pub use work::{checkpoint, jit, workers};

use crate::server::Place;
use model::database_metrics::{Section, Status};

/// Whether this server has a view or a column of one (`pg_stat_wal.wal_write`).
pub fn has(place: &Place, what: &str) -> bool {
    let (view, column) = what.split_once('.').unwrap_or((what, "%"));
    let sql = format!(
        "SELECT count(*)::float8 FROM pg_attribute \
          WHERE attrelid = to_regclass('pg_catalog.{view}') AND attname LIKE '{column}'"
    );
    place.number(&sql) > 0.0
}

/// Whether a setting of the server is on.
pub fn is_on(place: &Place, setting: &str) -> bool {
    let sql = "SELECT count(*)::float8 FROM pg_settings WHERE setting = 'on' AND name = '{}'";
    place.number(&sql.replace("{}", setting)) > 0.0
}

/// The numbers of a section that this server has; none where it has not, and says so.
#[track_caller]
pub fn found<T: std::fmt::Debug>(section: &Section<T>, is_there: bool) -> Option<&T> {
    match is_there {
        true => {
            assert_eq!(section.status, Status::Ok, "{section:?}");
            section.data()
        }
        false => {
            let reason = section.reason.as_deref().unwrap_or_default();
            assert!(reason.contains("and later have it"), "{section:?}");
            assert_eq!((section.status, section.data().is_none()), (Status::Missing, true));
            None
        }
    }
}
