//! Lets the server read every statement before any load: what tables that fit column by column
//! may still not allow (an operator, a type that only a comparison needs) is found here.

use crate::error::Error;
use crate::identifier::quote;
use crate::postgres::Statement;
use model::catalog::Kind;
use wire::blocking::Client;

/// Prepares and forgets each statement. `pg_stat_statements` counts neither.
pub fn prepare(client: &mut Client, statements: &[Statement]) -> Result<(), Error> {
    for statement in statements.iter().filter(|it| it.kind != Kind::Transaction) {
        let doing = format!("checking statement {}", statement.name);
        let name = quote(&format!("pgsurge_{}", statement.name));
        let types: Vec<_> = statement.parameters.iter().map(|kind| kind.name()).collect();
        let types = match types.as_slice() {
            [] => String::new(),
            types => format!(" ({})", types.join(", ")),
        };
        let sql = format!("PREPARE {name}{types} AS {}", statement.sql);
        client.batch(&sql).map_err(Error::server(&doing))?;
        client.batch(&format!("DEALLOCATE {name}")).map_err(Error::server(&doing))?;
    }
    Ok(())
}
