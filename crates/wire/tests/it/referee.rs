//! tokio-postgres reads what we wrote: two of ours could agree on the same mistake.

use tokio_postgres::{NoTls, types::Type};
use wire::blocking::Param;
use wire::frame::copy_row::{BinaryRow, binary_begin, binary_end};

use crate::server::{connect, shared};

/// Runs one query with tokio-postgres.
fn referee(server: &servers::Postgres, sql: &str) -> Vec<tokio_postgres::Row> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, connection) = tokio_postgres::connect(&server.url(), NoTls).await.unwrap();
        let running = tokio::spawn(connection);
        let rows = client.query(sql, &[]).await.unwrap();
        drop(client);
        running.await.unwrap().unwrap();
        rows
    })
}

#[test]
fn what_bind_wrote_is_what_the_referee_reads() {
    let server = shared();
    let mut client = connect(&server);
    let columns = "a int4, b int8, c float8, d text, e bool, f int4[], g text[]";
    client.batch(&format!("create table referee_bind ({columns})")).unwrap();
    let params = [
        Param::Int4(-5),
        Param::Int8(1 << 40),
        Param::Float8(-0.25),
        Param::Text("ä"),
        Param::Bool(false),
        Param::Int4Array(&[1, 2]),
        Param::TextArray(&["x", "y z"]),
    ];
    let sql = "insert into referee_bind values ($1, $2, $3, $4, $5, $6, $7)";
    assert_eq!(client.execute(sql, &params).unwrap(), 1);
    let rows = referee(&server, "select * from referee_bind");
    let row = &rows[0];
    assert_eq!((row.get::<_, i32>(0), row.get::<_, i64>(1)), (-5, 1 << 40));
    assert_eq!((row.get::<_, f64>(2), row.get::<_, &str>(3)), (-0.25, "ä"));
    assert!(!row.get::<_, bool>(4));
    assert_eq!((row.get::<_, Vec<i32>>(5), row.get(6)), (vec![1, 2], vec!["x", "y z"]));
}

#[test]
fn what_a_copy_wrote_is_what_the_referee_reads() {
    let server = shared();
    let mut client = connect(&server);
    client.batch("create table referee_copy (a int8, b text)").unwrap();
    let mut writer = client.copy_in("copy referee_copy from stdin (format binary)").unwrap();
    writer.append(binary_begin).unwrap();
    writer.append(|buf| BinaryRow::new(buf, 2).int8(9).text("neun").end()).unwrap();
    writer.append(|buf| BinaryRow::new(buf, 2).int8(10).null().end()).unwrap();
    writer.append(binary_end).unwrap();
    assert_eq!(writer.finish().unwrap(), 2);
    let rows = referee(&server, "select a, b from referee_copy order by a");
    assert_eq!((rows[0].get::<_, i64>(0), rows[0].get(1)), (9, Some("neun")));
    assert_eq!((rows[1].get::<_, i64>(0), rows[1].get(1)), (10, None::<&str>));
}

#[test]
fn columns_have_the_types_that_the_referee_sees() {
    let server = shared();
    let sql = "select 1::int8 as a, 'x'::text as b, '{}'::jsonb as c, now()::timestamp as d";
    let ours = connect(&server).query_one(sql, &[]).unwrap();
    let ours: Vec<_> = ours.columns().iter().map(|c| (c.name.clone(), c.type_oid)).collect();
    let theirs = referee(&server, sql);
    let theirs: Vec<_> =
        theirs[0].columns().iter().map(|c| (c.name().to_owned(), c.type_().oid())).collect();
    assert_eq!(ours, theirs);
    assert_eq!(ours[2].1, Type::JSONB.oid());
}
