//! `make test-versions`: PostgreSQL 12 to 18 carry every workload, and tell all that their version
//! has. Not part of `cargo test`, for it needs servers that `scripts/install-versions` fetches.

#![allow(clippy::unwrap_used, reason = "a test's helpers fail the test, as its body does")]

mod matrix;
#[allow(dead_code, unused_imports, reason = "shared with the monitor's tests, which need more")]
#[path = "../../../monitor/tests/it/provoke/mod.rs"]
mod provoke;
#[allow(dead_code, reason = "shared with the other tests, which need more of it")]
#[path = "../it/running.rs"]
mod running;
#[allow(dead_code, reason = "shared with the monitor's own tests, which need more of it")]
#[path = "../../../monitor/tests/it/server.rs"]
mod server;

use matrix::Version;

/// A test of each version.
macro_rules! versions {
    ($($name:ident $major:literal),* $(,)?) => {
        $(#[test]
        fn $name() {
            let version = Version::start($major);
            version.carries_pgbench();
            version.tells_all_it_has();
            version.counts_what_is_provoked();
        })*
    };
}

versions![
    version_12_carries_the_load_and_tells_all_it_has 12,
    version_13_carries_the_load_and_tells_all_it_has 13,
    version_14_carries_the_load_and_tells_all_it_has 14,
    version_15_carries_the_load_and_tells_all_it_has 15,
    version_16_carries_the_load_and_tells_all_it_has 16,
    version_17_carries_the_load_and_tells_all_it_has 17,
    version_18_carries_the_load_and_tells_all_it_has 18,
];
