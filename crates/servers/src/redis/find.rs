//! Which program is the Redis server: `redis-server` before `valkey-server`.

use std::path::Path;

use crate::environment::Environment;
use crate::error::Error;
use crate::program::{Program, Wanted};
use crate::redis::PRODUCT;

const REDIS: Wanted = Wanted {
    product: PRODUCT,
    names: &["redis-server", "valkey-server"],
    variable: "PGSURGE_REDIS_BIN",
    install: "run scripts/install-deps, or install Redis or Valkey: \
        apt-get install redis-server (Debian, Ubuntu), dnf install valkey (Fedora, RHEL), \
        apk add valkey (Alpine), pacman -S valkey (Arch), brew install redis (macOS); \
        if it is installed, set PGSURGE_REDIS_BIN to the folder that has redis-server",
    version: |printed| printed.split_whitespace().find_map(|word| word.strip_prefix("v=")),
};

/// Finds the program, in the folder that was named or else where it usually is.
pub(crate) fn program(environment: &Environment, named: Option<&Path>) -> Result<Program, Error> {
    REDIS.find(environment, named)
}
