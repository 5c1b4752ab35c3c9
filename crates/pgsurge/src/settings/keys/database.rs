//! The servers: the one under load, and the Redis that a migration starts from.

use super::{Default, Flag, Key};
use crate::settings::takes::Takes;

const PORT: Takes = Takes::Count { min: 1, max: 65_535 };

const fn flag(name: &'static str, placeholder: &'static str) -> Option<Flag> {
    Some(Flag { name, placeholder, group: "Server" })
}

/// The server as a whole.
pub static URL: Key = Key {
    flag: flag("database-url", "URL"),
    ..Key::new(
        "database.url",
        // It may hold a password.
        Takes::Secret,
        "Test this server: postgres://user@host:port/database or libpq's key=value pairs",
    )
};

/// Its host.
pub static HOST: Key = Key {
    flag: flag("db-host", "HOST"),
    ..Key::new("database.host", Takes::Text, "Name or address of the server, or a socket's folder")
};

/// Its port.
pub static PORT_NUMBER: Key = Key {
    flag: flag("db-port", "PORT"),
    default: Default::Follows("5432"),
    ..Key::new("database.port", PORT, "Port of the server")
};

/// The database.
pub static DATABASE: Key = Key {
    flag: flag("db-name", "NAME"),
    default: Default::Follows("the user's name"),
    ..Key::new("database.database", Takes::Text, "Database to open")
};

/// The role.
pub static USER: Key = Key {
    flag: flag("db-user", "NAME"),
    default: Default::Follows("the system user's name"),
    ..Key::new("database.user", Takes::Text, "Role to log in as")
};

/// The password.
pub static PASSWORD: Key = Key {
    flag: flag("db-password", "PASSWORD"),
    ..Key::new(
        "database.password",
        Takes::Secret,
        "Password; other users of this machine can read it here, so prefer PGPASSWORD, ~/.pgpass \
         or --password-file",
    )
};

/// The file of the password.
pub static PASSWORD_FILE: Key = Key {
    flag: flag("password-file", "FILE"),
    ..Key::new("database.password_file", Takes::Text, "Read the password from a file's first line")
};

/// How much TLS.
pub static SSLMODE: Key = Key {
    flag: flag("sslmode", "MODE"),
    default: Default::Follows("prefer"),
    ..Key::new(
        "database.sslmode",
        Takes::Choice(&["disable", "allow", "prefer", "require", "verify-ca", "verify-full"]),
        "How much TLS to ask for, in libpq's words",
    )
};

/// Whom to trust.
pub static SSLROOTCERT: Key = Key {
    flag: flag("sslrootcert", "FILE"),
    ..Key::new(
        "database.sslrootcert",
        Takes::Text,
        "Certificates to trust, a PEM file or the word system",
    )
};

static REDIS_URL: Key =
    Key::new("redis.url", Takes::Secret, "The whole of it: redis://:password@host:port/db");
static REDIS_HOST: Key = Key::new("redis.host", Takes::Text, "Name or address of the server");
static REDIS_PORT: Key =
    Key { default: Default::Follows("6379"), ..Key::new("redis.port", PORT, "Port of the server") };
static REDIS_PASSWORD: Key = Key::new("redis.password", Takes::Secret, "Password");
static REDIS_DB: Key = Key {
    default: Default::Follows("0"),
    ..Key::new("redis.db", Takes::Count { min: 0, max: 1_000_000 }, "Number of the database")
};

/// All of them, in the order of the documentation.
pub(super) static ALL: &[&Key] = &[
    &URL,
    &HOST,
    &PORT_NUMBER,
    &DATABASE,
    &USER,
    &PASSWORD,
    &PASSWORD_FILE,
    &SSLMODE,
    &SSLROOTCERT,
    &REDIS_URL,
    &REDIS_HOST,
    &REDIS_PORT,
    &REDIS_PASSWORD,
    &REDIS_DB,
];
