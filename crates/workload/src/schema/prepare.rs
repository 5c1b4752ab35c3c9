//! Lets the server read every statement before any load: what tables that fit column by column
//! may still not allow (an operator, a type that only a comparison needs) is found here.

use crate::error::Error;
use crate::postgres::Statement;
use model::catalog::Kind;
use wire::blocking::Client;

/// Has each statement read. Not by the command `PREPARE`: `pg_stat_statements` would keep its
/// text as that of the statement, and count what the load runs under it.
pub fn prepare(client: &mut Client, statements: &[Statement]) -> Result<(), Error> {
    for statement in statements.iter().filter(|it| it.kind != Kind::Transaction) {
        let doing = format!("checking statement {}", statement.name);
        let types: Vec<_> = statement.parameters.iter().map(|kind| kind.oid()).collect();
        client.parse(&statement.sql, &types).map_err(Error::server(&doing))?;
    }
    Ok(())
}
