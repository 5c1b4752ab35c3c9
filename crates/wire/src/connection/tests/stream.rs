//! A running session: cuts, counts of Ready, limits.

use bytes::BytesMut;
use proptest::prelude::*;

use super::{message, ready, send, told};
use crate::error::Error;
use crate::event::{Event, TransactionStatus};
use crate::frame::{self, Bind, FrameError};

fn row(values: &[Option<Vec<u8>>]) -> Vec<u8> {
    let mut body = (values.len() as u16).to_be_bytes().to_vec();
    for value in values {
        let length = value.as_ref().map_or(-1, |value| value.len() as i32);
        body.extend(length.to_be_bytes());
        body.extend(value.iter().flatten());
    }
    message(b'D', &body)
}

fn server_message() -> impl Strategy<Value = Vec<u8>> {
    let value = prop::option::of(prop::collection::vec(any::<u8>(), 0..30));
    prop_oneof![
        prop::collection::vec(value, 0..5).prop_map(|values| row(&values)),
        "[A-Z]{1,8} [0-9]{1,9}".prop_map(|tag| message(b'C', format!("{tag}\0").as_bytes())),
        "[a-z]{1,9}".prop_map(|name| message(b'S', format!("{name}\0{name}\0").as_bytes())),
        "[ -~]{0,40}"
            .prop_map(|text| { message(b'N', format!("VNOTICE\0C00000\0M{text}\0\0").as_bytes()) }),
        prop::collection::vec(any::<u8>(), 0..300).prop_map(|data| message(b'd', &data)),
        Just(message(b'2', b"")),
        Just(message(b'1', b"")),
        Just(message(b'E', b"VERROR\0C22012\0Mdivision by zero\0\0")),
    ]
}

proptest! {
    #[test]
    fn any_cut_tells_the_same_events(
        messages in prop::collection::vec(server_message(), 1..20),
        mut cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
    ) {
        let stream = [messages.concat(), message(b'Z', b"I")].concat();
        let awaiting = || {
            let mut connection = ready();
            send(&mut connection, |buf| frame::query(buf, "x").unwrap());
            connection
        };
        let whole = told(&mut awaiting(), &stream).unwrap();
        prop_assert_eq!(whole.len(), messages.len() + 1);
        let mut at: Vec<_> = cuts.drain(..).map(|cut| cut.index(stream.len())).collect();
        at.extend([0, stream.len()]);
        at.sort_unstable();
        let mut connection = awaiting();
        let pieces = at.windows(2).flat_map(|cut| {
            told(&mut connection, &stream[cut[0]..cut[1]]).unwrap()
        });
        prop_assert_eq!(pieces.collect::<Vec<_>>(), whole);
        prop_assert!(connection.is_ready());
    }

    #[test]
    fn a_bound_row_of_values_is_what_the_server_would_read(
        int in any::<i64>(),
        text in "\\PC{0,40}",
        ints in prop::collection::vec(any::<i32>(), 0..6),
        texts in prop::collection::vec(prop::option::of("\\PC{0,9}"), 0..6),
    ) {
        let mut buf = BytesMut::new();
        let bind = Bind::new(&mut buf, "s", 5).int8(int).text(&text).null();
        bind.int4_array(ints.iter().copied()).nullable_text_array(texts.clone()).finish().unwrap();
        // Portal, statement, formats: then the parameters are laid out as a row's columns are.
        let values = &buf[b"Bxxxx\0s\0\0\x01\0\x01".len()..buf.len() - 4];
        let row = crate::row::Row::parse(values).unwrap();
        prop_assert_eq!(row.value(0), Ok(int));
        prop_assert_eq!(row.value(1), Ok(&*text));
        prop_assert_eq!(row.value::<Option<i32>>(2), Ok(None));
        let array: crate::value::Array<'_> = row.value(3).unwrap();
        prop_assert_eq!(array.elements().collect::<Result<Vec<i32>, _>>(), Ok(ints));
        let array: crate::value::Array<'_> = row.value(4).unwrap();
        let read: Result<Vec<Option<String>>, _> = array.elements().collect();
        prop_assert_eq!(read, Ok(texts));
    }
}

#[test]
fn every_single_cut_tells_the_same_events() {
    let one = [row(&[Some(b"abc".to_vec()), None]), message(b'C', b"SELECT 1\0")].concat();
    let stream = [one.clone(), one, message(b'Z', b"T")].concat();
    for cut in 0..=stream.len() {
        let mut connection = ready();
        send(&mut connection, |buf| frame::query(buf, "x").unwrap());
        let mut events = told(&mut connection, &stream[..cut]).unwrap();
        events.extend(told(&mut connection, &stream[cut..]).unwrap());
        let row = "Row([Some([97, 98, 99]), None])";
        let complete = "Complete { tag: \"SELECT 1\", rows: 1 }";
        assert_eq!(events, [row, complete, row, complete, "Ready(InTransaction)"], "{cut}");
    }
}

#[test]
fn it_is_ready_only_after_the_last_ready() {
    let mut connection = ready();
    send(&mut connection, |buf| {
        frame::query(buf, "begin").unwrap();
        frame::execute(buf, 0);
        frame::sync(buf);
    });
    assert_eq!((connection.outstanding(), connection.is_ready()), (2, false));
    told(&mut connection, &message(b'Z', b"T")).unwrap();
    assert!(!connection.is_ready());
    told(&mut connection, &message(b'Z', b"E")).unwrap();
    assert!(connection.is_ready());
    assert_eq!(connection.transaction_status(), TransactionStatus::Failed);
}

#[test]
fn a_batch_without_its_sync_is_not_ready() {
    let mut connection = ready();
    send(&mut connection, |buf| {
        frame::execute(buf, 0);
        frame::flush(buf);
    });
    assert!(!connection.is_ready());
    assert!(told(&mut connection, &message(b'2', b"")).is_ok());
    send(&mut connection, frame::sync);
    told(&mut connection, &message(b'Z', b"I")).unwrap();
    assert!(connection.is_ready());
}

#[test]
fn answers_that_nobody_asked_for_are_refused_but_news_are_not() {
    let notice = message(b'N', b"VNOTICE\0Mhi\0\0");
    let parameter = message(b'S', b"TimeZone\0UTC\0");
    let notification = message(b'A', b"\0\0\0\x07channel\0payload\0");
    let mut connection = ready();
    let news = [notice, parameter, notification].concat();
    let events = told(&mut connection, &news).unwrap();
    assert_eq!(
        events[2],
        "Notification { process_id: 7, channel: \"channel\", payload: \"payload\" }"
    );
    assert_eq!(connection.parameter("timezone"), Some("UTC"));
    for unasked in [message(b'D', b"\0\0"), message(b'Z', b"I"), message(b'C', b"X\0")] {
        let error = told(&mut ready(), &unasked).unwrap_err();
        assert!(matches!(error, Error::Protocol(_)), "{error}");
    }
}

#[test]
fn a_length_beyond_the_limit_is_refused_before_the_bytes_are_there() {
    let mut connection = ready();
    connection.set_max_frame_bytes(1000);
    send(&mut connection, |buf| frame::query(buf, "x").unwrap());
    let error = told(&mut connection, &[b'd', 0, 0, 0x03, 0xe8]).unwrap_err();
    assert!(matches!(error, Error::FrameTooLong { bytes: 1001, max_bytes: 1000 }), "{error}");
    let again = told(&mut connection, &[]).unwrap_err();
    assert!(matches!(again, Error::Misuse(_)), "{again}");
}

#[test]
fn a_claimed_length_takes_no_memory() {
    let mut connection = ready();
    send(&mut connection, |buf| frame::query(buf, "x").unwrap());
    told(&mut connection, &[b'd', 3, 0xff, 0xff, 0xff, 1, 2, 3]).unwrap();
    assert!(connection.buffered_bytes() < 100);
}

#[test]
fn a_long_message_gives_its_memory_back() {
    let mut connection = ready();
    send(&mut connection, |buf| frame::query(buf, "x").unwrap());
    let long = message(b'd', &[7; 1 << 20]);
    told(&mut connection, &long[..1 << 19]).unwrap();
    assert!(connection.buffered_bytes() >= 1 << 19);
    told(&mut connection, &long[1 << 19..]).unwrap();
    assert!(connection.buffered_bytes() <= 4096);
}

#[test]
fn requests_change_places_with_an_empty_buffer_and_follow_a_full_one() {
    let mut connection = ready();
    let (mut requests, mut out) = (BytesMut::new(), BytesMut::new());
    frame::sync(&mut requests);
    let place = requests.as_ptr();
    connection.send(&mut requests, &mut out).unwrap();
    assert_eq!((out.as_ptr(), requests.len()), (place, 0));
    frame::sync(&mut requests);
    connection.send(&mut requests, &mut out).unwrap();
    assert_eq!((&out[..], requests.len()), (&b"S\0\0\0\x04S\0\0\0\x04"[..], 0));
}

#[test]
fn half_a_request_is_refused() {
    let mut connection = ready();
    for half in [&b"S\0\0\0"[..], b"S\0\0\0\x03", b"Q\0\0\0\x09x\0"] {
        let sent = connection.send(&mut BytesMut::from(half), &mut BytesMut::new());
        assert!(matches!(sent, Err(Error::Frame(FrameError::NotFrames))), "{half:?}");
    }
    assert!(connection.is_ready());
}

#[test]
fn the_end_of_the_connection_says_where_it_came() {
    let mut connection = ready();
    assert!(connection.closed().to_string().ends_with("while idle"));
    send(&mut connection, |buf| frame::query(buf, "x").unwrap());
    assert!(connection.closed().to_string().ends_with("while waiting for an answer"));
    told(&mut connection, b"D\0\0").unwrap();
    assert!(connection.closed().to_string().ends_with("while in the middle of a message"));
}

#[test]
fn a_fatal_error_is_the_reason_of_the_end_that_follows() {
    let mut connection = ready();
    let gone = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0";
    told(&mut connection, &message(b'E', gone)).unwrap();
    assert_eq!(connection.closed().to_string(), "terminating connection (57P01)");
}

#[test]
fn an_error_says_all_its_fields() {
    let body =
        b"SFEHLER\0VERROR\0C23505\0Mno\x1b[31m\0Ddetail\0Hhint\0P12\0spublic\0tt\0cc\0nk\0\0";
    let mut connection = ready();
    let mut seen = None;
    let note = &mut |event: Event<'_>| {
        if let Event::Error(error) = event {
            seen = Some(error.to_owned());
        }
    };
    connection.feed(&message(b'E', body), &mut BytesMut::new(), note).unwrap();
    let error = seen.unwrap();
    assert_eq!((error.severity.as_str(), error.code.bytes()), ("ERROR", b"23505"));
    assert_eq!((error.detail.as_deref(), error.hint.as_deref()), (Some("detail"), Some("hint")));
    assert_eq!((error.position, error.constraint.as_deref()), (Some(12), Some("k")));
    // No escape sequence reaches a terminal.
    assert_eq!(error.to_string(), "no [31m (23505)");
}
