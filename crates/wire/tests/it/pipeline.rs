//! Several statements per round trip, and how the connection stays in step when one fails.

use bytes::BytesMut;
use wire::blocking::Client;
use wire::frame::{self, Bind};
use wire::value::oid;
use wire::{Event, TransactionStatus};

use crate::server::{connect, shared};

/// What a conversation brought, in short.
fn told(client: &mut Client, requests: &mut BytesMut) -> Vec<String> {
    let mut told = Vec::new();
    let note = |event: Event<'_>| match event {
        Event::Row(row) => told.push(format!("row {}", row.value::<i64>(0).unwrap())),
        Event::Complete { tag, .. } => told.push(tag.to_owned()),
        Event::Error(error) => told.push(format!("error {}", error.code())),
        Event::Ready(status) => told.push(format!("{status:?}")),
        _ => {}
    };
    client.round_trip(requests, note).unwrap();
    told
}

/// Prepares `divide`: 100 divided by a parameter.
fn prepare(client: &mut Client) {
    let mut requests = BytesMut::new();
    frame::parse(&mut requests, "divide", "select 100 / $1", &[oid::INT8]).unwrap();
    frame::sync(&mut requests);
    assert_eq!(told(client, &mut requests), ["Idle"]);
}

fn divide(requests: &mut BytesMut, divisor: i64) {
    Bind::new(requests, "divide", 1).int8(divisor).finish().unwrap();
    frame::execute(requests, 0);
}

#[test]
fn an_error_in_the_middle_skips_to_the_next_sync_and_no_further() {
    let server = shared();
    let mut client = connect(&server);
    prepare(&mut client);
    let mut requests = BytesMut::new();
    for divisor in [5, 0, 20] {
        divide(&mut requests, divisor);
    }
    frame::sync(&mut requests);
    divide(&mut requests, 50);
    frame::sync(&mut requests);
    let expected = ["row 20", "SELECT 1", "error 22012", "Idle", "row 2", "SELECT 1", "Idle"];
    assert_eq!(told(&mut client, &mut requests), expected);
}

#[test]
fn a_transaction_fails_and_recovers_inside_one_round_trip() {
    let server = shared();
    let mut client = connect(&server);
    prepare(&mut client);
    let mut requests = BytesMut::new();
    frame::query(&mut requests, "begin").unwrap();
    divide(&mut requests, 0);
    frame::sync(&mut requests);
    divide(&mut requests, 1);
    frame::sync(&mut requests);
    frame::query(&mut requests, "rollback").unwrap();
    let expected = [
        "BEGIN",
        "InTransaction",
        "error 22012",
        "Failed",
        "error 25P02",
        "Failed",
        "ROLLBACK",
        "Idle",
    ];
    assert_eq!(told(&mut client, &mut requests), expected);
    assert_eq!(client.transaction_status(), TransactionStatus::Idle);
}

#[test]
fn more_answers_than_any_socket_buffers_do_not_block_the_requests() {
    let server = shared();
    let mut client = connect(&server);
    let sql = format!("select 1, repeat('x', 20000), '{}'", "y".repeat(20_000));
    let mut requests = BytesMut::new();
    for _ in 0..1000 {
        frame::query(&mut requests, &sql).unwrap();
    }
    let mut rows = 0;
    let count = |event: Event<'_>| rows += usize::from(matches!(event, Event::Row(_)));
    client.round_trip(&mut requests, count).unwrap();
    assert_eq!(rows, 1000);
}

#[test]
fn a_portal_gives_as_many_rows_as_asked_for() {
    let server = shared();
    let mut client = connect(&server);
    let mut requests = BytesMut::new();
    frame::parse(&mut requests, "", "select generate_series(1, 5)::int8", &[]).unwrap();
    Bind::new(&mut requests, "", 0).finish().unwrap();
    frame::execute(&mut requests, 2);
    frame::execute(&mut requests, 0);
    frame::sync(&mut requests);
    let mut suspended = 0;
    let mut rows = 0;
    let note = |event: Event<'_>| match event {
        Event::PortalSuspended => suspended += 1,
        Event::Row(_) => rows += 1,
        _ => {}
    };
    client.round_trip(&mut requests, note).unwrap();
    assert_eq!((suspended, rows), (1, 5));
}

#[test]
fn a_statement_is_described_and_closed() {
    let server = shared();
    let mut client = connect(&server);
    prepare(&mut client);
    let mut requests = BytesMut::new();
    frame::describe(&mut requests, frame::Target::Statement("divide")).unwrap();
    frame::close(&mut requests, frame::Target::Statement("divide")).unwrap();
    frame::sync(&mut requests);
    let mut seen = Vec::new();
    let note = |event: Event<'_>| match event {
        Event::ParameterDescription(parameters) => seen.extend(parameters.iter()),
        Event::RowDescription(columns) => seen.extend(columns.iter().map(|c| c.type_oid)),
        Event::CloseComplete => seen.push(0),
        _ => {}
    };
    client.round_trip(&mut requests, note).unwrap();
    assert_eq!(seen, [oid::INT8, oid::INT8, 0]);
}
