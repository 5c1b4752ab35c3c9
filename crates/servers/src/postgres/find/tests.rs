//! Which folders count as an installation.

use super::*;

#[test]
fn versions_are_read_from_what_programs_print() {
    let debian = "postgres (PostgreSQL) 15.8 (Debian 15.8-1.pgdg120+1)";
    assert_eq!(version_in(debian), Some(("15.8", 15)));
    assert_eq!(version_in("initdb (PostgreSQL) 17beta1"), Some(("17beta1", 17)));
    assert_eq!(version_in("bash, version 5"), None);
}
