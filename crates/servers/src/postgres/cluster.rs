//! A new data directory: `initdb`, and the configuration on top of it.

use std::fmt::Write;
use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::Error;
use crate::postgres::options::{AuthMethod, PostgresOptions};
use crate::postgres::{HOST, USER, tuning};

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
pub(crate) fn configuration(options: &PostgresOptions, socket_dir: &Path, data: &Path) -> String {
    let mut text = String::from("\n# pgsurge: a throwaway server\n");
    let mut set = |name: &str, value: &str| {
        // Writing to a string can't fail.
        let _ = writeln!(text, "{name} = '{}'", value.replace('\\', "\\\\").replace('\'', "''"));
    };
    for (name, value) in tuning::settings(tuning::memory_bytes(), tuning::free_bytes(data)) {
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
        set("ssl_cert_file", "server.crt");
        set("ssl_key_file", "server.key");
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

/// Writes a file that only its owner can read.
pub(crate) fn write_private(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let open = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    open.and_then(|mut file| std::io::Write::write_all(&mut file, bytes))
        .map_err(Error::io(format!("write {}", path.display())))
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
