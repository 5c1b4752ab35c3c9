//! Which installation is used, and what is said when there is none.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use servers::{Environment, Error, Postgres, PostgresOptions, Redis, RedisOptions};

use crate::base::{Base, small};
use crate::environment;

fn start_with(variables: &[(&str, &Path)]) -> Result<Postgres, Error> {
    let environment = Environment::from_pairs(variables.iter().copied());
    let options = PostgresOptions { settings: small(), ..Default::default() };
    Postgres::start(&environment, &options)
}

/// The folder of the installation that is found on this machine.
fn installed() -> &'static Path {
    static FOUND: OnceLock<PathBuf> = OnceLock::new();
    FOUND.get_or_init(|| {
        let options = PostgresOptions { settings: small(), ..Default::default() };
        Postgres::start(&environment(), &options).unwrap().bin_dir().to_owned()
    })
}

fn write_program(path: &Path, script: &str) {
    std::fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(path, PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
fn a_named_folder_without_postgres_is_an_error_that_says_what_to_install() {
    let base = Base::new();
    let error = start_with(&[("PGSURGE_PG_BIN", base.path())]).unwrap_err();
    let text = error.to_string();
    assert!(text.starts_with("no working PostgreSQL was found"), "{text}");
    assert!(text.contains(&format!("{}: no initdb", base.path().display())), "{text}");
    let hint = error.hint().unwrap();
    for named in ["scripts/install-deps", "apt-get install postgresql", "PGSURGE_PG_BIN"] {
        assert!(hint.contains(named), "{hint}");
    }
}

#[test]
fn a_named_folder_without_redis_is_an_error_that_says_what_to_install() {
    let base = Base::new();
    let bin_dir = Some(base.path().to_owned());
    let options = RedisOptions { bin_dir, ..Default::default() };
    let error = Redis::start(&Environment::default(), &options).unwrap_err();
    assert!(error.to_string().contains("no redis-server, no valkey-server"), "{error}");
    assert!(error.hint().unwrap().contains("apt-get install redis"), "{error}");
}

#[test]
fn is_found_without_any_environment_where_distributions_put_it() {
    // Only where the machine has it in such a place; it does wherever a package brought it.
    let found = start_with(&[]).map(|server| server.bin_dir().to_owned());
    match found {
        Ok(folder) => assert!(folder.join("initdb").is_file()),
        Err(error) => assert!(matches!(error, Error::NotFound { .. }), "{error}"),
    }
}

#[test]
fn pg_config_is_asked_first() {
    let base = Base::new();
    write_program(&base.path().join("pg_config"), &format!("echo {}", installed().display()));
    let server = start_with(&[("PATH", base.path())]).unwrap();
    assert_eq!(server.bin_dir(), installed());
}

#[test]
fn links_in_the_path_lead_to_the_installation() {
    let base = Base::new();
    for program in ["initdb", "postgres"] {
        symlink(installed().join(program), base.path().join(program)).unwrap();
    }
    let server = start_with(&[("PATH", base.path())]).unwrap();
    assert_eq!(server.bin_dir(), installed());
    assert_eq!(server.psql("select 1").unwrap(), "1");
}

#[test]
fn folders_with_programs_that_do_not_work_are_passed_over() {
    let base = Base::new();
    for program in ["initdb", "postgres"] {
        write_program(&base.path().join(program), "echo broken >&2; exit 1");
    }
    let error = start_with(&[("PGSURGE_PG_BIN", base.path())]).unwrap_err();
    assert!(error.to_string().contains("postgres doesn't work"), "{error}");
    let path = std::env::join_paths([base.path(), installed()]).unwrap();
    let server = start_with(&[("PATH", Path::new(&path))]).unwrap();
    assert_eq!(server.bin_dir(), installed());
}

#[test]
fn an_installation_without_its_share_files_is_passed_over() {
    let base = Base::new();
    let version = "postgres (PostgreSQL) 15.8";
    write_program(&base.path().join("postgres"), &format!("echo '{version}'"));
    let show = "case $1 in --version) echo 'initdb (PostgreSQL) 15.8';; \
                *) echo POSTGRES_BKI=/nonexistent/postgres.bki >&2;; esac";
    write_program(&base.path().join("initdb"), show);
    let error = start_with(&[("PGSURGE_PG_BIN", base.path())]).unwrap_err();
    assert!(error.to_string().contains("/nonexistent/postgres.bki is missing"), "{error}");
}

#[test]
fn a_version_that_is_too_old_is_passed_over() {
    let base = Base::new();
    for program in ["postgres", "initdb"] {
        let script = format!("echo '{program} (PostgreSQL) 9.6.24'");
        write_program(&base.path().join(program), &script);
    }
    let error = start_with(&[("PGSURGE_PG_BIN", base.path())]).unwrap_err();
    assert!(error.to_string().contains("version 9.6.24 is older than 12"), "{error}");
}
