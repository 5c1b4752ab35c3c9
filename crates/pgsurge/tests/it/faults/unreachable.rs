//! Servers that can't be used at all: exit code 3, the reason with its SQLSTATE, what to do, and
//! no file left behind.

use super::document::{self, Chapter};
use crate::database::{Database, server, unused_port, url};
use crate::running::Load;
use servers::PostgresOptions;

#[test]
fn a_server_that_is_not_running_is_told_with_its_address() {
    let port = unused_port();
    let ended = Load::at(&format!("postgres://bench@127.0.0.1:{port}/game?sslmode=disable")).run();
    let told = ended.refused(3);
    let begin = format!("error: cannot connect to 127.0.0.1:{port} as \"bench\": ");
    assert!(told.contains(&begin) && told.contains("refused"), "{told}");
    assert!(told.contains("hint: is the server running"), "{told}");
    document::refused(Chapter::Connecting, "nobody listens there", &ended);
}

#[test]
fn a_wrong_password_is_told_with_its_code_and_without_the_password() {
    let options = PostgresOptions { password: Some("right horse".into()), ..Default::default() };
    let server = server(options);
    let url = url(&server);
    let ended = Load::at(&url).env("PGPASSWORD", "wrong4711").args("-v").run();
    let told = ended.refused(3);
    assert!(told.contains("password authentication failed"), "{told}");
    assert!(told.contains("(28P01)") && told.contains("hint: set PGPASSWORD"), "{told}");
    assert!(!told.contains("wrong4711"), "{told}");
    document::refused(Chapter::Connecting, "a wrong password", &ended);
    let none = Load::at(&url).run();
    assert!(none.refused(3).contains("hint: set PGPASSWORD"), "{}", none.err);
}

#[test]
fn an_unknown_database_is_told_with_its_code() {
    let database = Database::new("known");
    let ended = Load::at(&database.url().replace("/known", "/unknown")).run();
    let told = ended.refused(3);
    assert!(told.contains("\"unknown\" does not exist") && told.contains("(3D000)"), "{told}");
    assert!(told.contains("\nhint: "), "{told}");
    document::refused(Chapter::Connecting, "an unknown database", &ended);
}
