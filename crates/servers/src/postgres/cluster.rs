//! A new data directory: `initdb`, and the configuration on top of it.

use std::fmt::Write;
use std::path::Path;

use crate::postgres::options::{AuthMethod, PostgresOptions};
use crate::postgres::{HOST, USER, tuning};

/// The names of the TLS files in the data directory.
pub(crate) const CERTIFICATE: &str = "server.crt";
pub(crate) const KEY: &str = "server.key";

/// The arguments of `initdb`.
pub(crate) fn initdb_arguments(
    data: &Path,
    password_file: Option<&Path>,
    method: AuthMethod,
) -> Vec<String> {
    // Decides how initdb stores the password; who has to give it is written afterwards.
    let method = password_file.map_or("trust", |_| method.name());
    let mut arguments = vec![
        format!("--pgdata={}", data.display()),
        format!("--username={USER}"),
        "--encoding=UTF8".to_owned(),
        "--locale=C".to_owned(),
        "--auth-local=trust".to_owned(),
        format!("--auth-host={method}"),
        // Skips only the sync at the end of initdb; the server itself runs with fsync on.
        "--no-sync".to_owned(),
    ];
    arguments.extend(password_file.map(|file| format!("--pwfile={}", file.display())));
    arguments
}

/// The lines that go to the end of `postgresql.conf`.
pub(crate) fn configuration(
    options: &PostgresOptions,
    socket_dir: &Path,
    data_dir: &Path,
) -> String {
    let mut text = String::from("\n# pgsurge: a throwaway server\n");
    let mut set = |name: &str, value: &str| {
        // Writing to a string can't fail.
        let _ = writeln!(text, "{name} = '{}'", value.replace('\\', "\\\\").replace('\'', "''"));
    };
    for (name, value) in tuning::settings(tuning::memory_bytes(), tuning::free_bytes(data_dir)) {
        set(name, &value);
    }
    set("listen_addresses", HOST);
    // A list: quoted once more, or a comma in the path would make it two.
    set("unix_socket_directories", &format!("\"{}\"", socket_dir.display()));
    set("max_connections", &options.max_connections.to_string());
    set("cluster_name", "pgsurge");
    set("log_destination", "stderr");
    set("logging_collector", "off");
    if options.auth_method == AuthMethod::Md5 {
        set("password_encryption", "md5");
    } else {
        set("password_encryption", "scram-sha-256");
    }
    if options.tls.is_some() {
        set("ssl", "on");
        set("ssl_cert_file", CERTIFICATE);
        set("ssl_key_file", KEY);
    }
    text
}

/// The whole `pg_hba.conf`.
pub(crate) fn access_rules(options: &PostgresOptions) -> String {
    // First, since it is how the server is prepared; the socket's folder is private.
    let mut lines = vec![format!("local all {USER} trust")];
    lines.extend(options.hba.iter().cloned());
    let method = options.password.as_ref().map_or("trust", |_| options.auth_method.name());
    for connection in ["local all all", "host all all 127.0.0.1/32"] {
        lines.push(format!("{connection} {method}"));
    }
    for connection in ["local replication all", "host replication all 127.0.0.1/32"] {
        lines.push(format!("{connection} {method}"));
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_in_values_stay_values() {
        let text = configuration(&PostgresOptions::default(), Path::new("/a'b,c"), Path::new("/"));
        assert!(text.contains("unix_socket_directories = '\"/a''b,c\"'"), "{text}");
    }

    #[test]
    fn without_a_password_nobody_is_asked_and_with_one_everybody_on_tcp() {
        let mut options = PostgresOptions::default();
        assert!(access_rules(&options).contains("host all all 127.0.0.1/32 trust"));
        options.password = Some("x".to_owned());
        assert!(!access_rules(&options).replace("local all postgres trust", "").contains("trust"));
    }
}
