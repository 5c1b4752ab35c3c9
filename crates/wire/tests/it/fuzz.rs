//! The fuzzer's targets on random inputs: from noise to streams that are almost right.

use proptest::prelude::*;

#[path = "../../fuzz/targets.rs"]
mod targets;

/// Messages of a login and of a session, as a server would send them.
const RIGHT: [(u8, &[u8]); 22] = [
    (b'R', b"\0\0\0\0"),
    (b'R', b"\0\0\0\x03"),
    (b'R', b"\0\0\0\x05salt"),
    (b'R', b"\0\0\0\x0aSCRAM-SHA-256\0\0"),
    (b'K', b"\0\0\0\x01\0\0\0\x02"),
    (b'S', b"TimeZone\0UTC\0"),
    (b'N', b"SNOTICE\0VNOTICE\0C00000\0Mhello\0\0"),
    (b'A', b"\0\0\0\x07channel\0payload\0"),
    (b'1', b""),
    (b'2', b""),
    (b'3', b""),
    (b'n', b""),
    (b't', b"\0\x01\0\0\0\x17"),
    (b'T', b"\0\x01a\0\0\0\0\0\0\0\0\0\0\x17\0\x04\xff\xff\xff\xff\0\x01"),
    (b'D', b"\0\x02\0\0\0\x01x\xff\xff\xff\xff"),
    (b'C', b"SELECT 1\0"),
    (b'E', b"SERROR\0VERROR\0C22012\0Mdivision by zero\0\0"),
    (b'G', b"\0\0\x01\0\0"),
    (b'H', b"\x01\0\0"),
    (b'd', b"1\t2\n"),
    (b'c', b""),
    (b'Z', b"I"),
];

/// Mostly a right message, now and then one whose tag, body or length is not.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let right = prop::sample::select(RIGHT.to_vec()).prop_map(|(tag, body)| (tag, body.to_vec()));
    let wrong = (any::<u8>(), prop::collection::vec(any::<u8>(), 0..40));
    let mixed = (prop::sample::select(RIGHT.to_vec()), prop::sample::select(RIGHT.to_vec()))
        .prop_map(|((tag, _), (_, body))| (tag, body.to_vec()));
    let lie = prop_oneof![20 => Just(0i32), 1 => -9i32..9, 1 => any::<i32>()];
    (prop_oneof![20 => right, 1 => wrong, 1 => mixed], lie).prop_map(|((tag, body), lie)| {
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
        b"NR\0\0\0\x08\0\0\0\0",
        b"Ecould not fork new process for connection: no memory\n\0",
    ]);
    let messages = prop::collection::vec(message(), 0..16);
    let noise = prop::collection::vec(any::<u8>(), 0..20);
    // Small pieces cut the most.
    let cut = prop_oneof![0u8..12, any::<u8>()];
    (cut, opening, messages, noise).prop_map(|(cut, opening, messages, noise)| {
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
