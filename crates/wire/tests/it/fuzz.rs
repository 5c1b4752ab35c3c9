//! The fuzzer's targets on random inputs: from noise to streams that are almost right.

use proptest::prelude::*;

#[path = "../../fuzz/targets.rs"]
mod targets;

/// A message that is right in its frame, and often in its body.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let tag = prop::sample::select(b"12ADCDDEIKNRRSTZcdntsGHW?".to_vec());
    let body = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..40),
        Just(Vec::new()),
        Just(b"I".to_vec()),
        Just(b"SELECT 1\0".to_vec()),
        Just(b"SFATAL\0VFATAL\0C57P01\0Mgone\0\0".to_vec()),
        Just(b"\0\x02\0\0\0\x01x\xff\xff\xff\xff".to_vec()),
        Just(b"TimeZone\0UTC\0".to_vec()),
        prop::sample::select(vec![0u8, 3, 5, 7, 10, 11, 12]).prop_map(|code| vec![0, 0, 0, code]),
        Just(b"\0\0\0\x0aSCRAM-SHA-256\0\0".to_vec()),
        Just(b"\0\0\0\x05salt".to_vec()),
    ];
    // Now and then the length lies.
    let lie = prop_oneof![9 => Just(0i32), 1 => any::<i32>()];
    (tag, body, lie).prop_map(|(tag, body, lie)| {
        let length = (body.len() as i32 + 4).wrapping_add(lie);
        [&[tag][..], &length.to_be_bytes(), &body].concat()
    })
}

/// How to cut, what opens the conversation, messages, noise.
fn stream() -> impl Strategy<Value = Vec<u8>> {
    let opening = prop::sample::select(vec![
        &b""[..],
        b"N",
        b"R\0\0\0\x08\0\0\0\0",
        b"N\x52\0\0\0\x08\0\0\0\0Z\0\0\0\x05I",
        b"Ecould not fork new process for connection: no memory\n\0",
    ]);
    let messages = prop::collection::vec(message(), 0..8);
    let noise = prop::collection::vec(any::<u8>(), 0..20);
    (any::<u8>(), opening, messages, noise).prop_map(|(cut, opening, messages, noise)| {
        [&[cut][..], opening, &messages.concat(), &noise].concat()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn a_session_survives_any_bytes_cut_anywhere(data in stream()) {
        targets::session(&data);
    }

    #[test]
    fn a_login_survives_any_bytes_cut_anywhere(data in stream()) {
        targets::login(&data);
    }

    #[test]
    fn values_survive_any_bytes(data in prop::collection::vec(any::<u8>(), 0..200)) {
        targets::values(&data);
    }

    #[test]
    fn arrays_survive_almost_right_bytes(
        head in prop::collection::vec(0u8..3, 12..28),
        rest in prop::collection::vec(0u8..6, 0..40),
    ) {
        targets::values(&[head, rest].concat());
    }
}
