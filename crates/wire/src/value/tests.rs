//! Values in both formats, and values that are none.

use super::{Array, Decode, DecodeError, Jsonb, TimestampUs};

fn refused<'a, T: Decode<'a>>(bytes: &'a [u8]) -> bool {
    matches!(T::from_binary(bytes), Err(DecodeError::Malformed { .. }))
}

#[test]
fn integers_widen_and_never_narrow() {
    assert_eq!(i64::from_binary(&[0xff, 0xfe]), Ok(-2));
    assert_eq!(i64::from_binary(&[0, 0, 0, 5]), Ok(5));
    assert_eq!(i32::from_binary(&[0x80, 0]), Ok(-32768));
    assert!(refused::<i32>(&[0; 8]) && refused::<i16>(&[0; 4]) && refused::<i64>(&[0; 3]));
}

#[test]
fn texts_read_as_the_numbers_they_say() {
    assert_eq!(i64::from_text(b"-9223372036854775808"), Ok(i64::MIN));
    assert_eq!(f64::from_text(b"NaN").map(f64::is_nan), Ok(true));
    assert_eq!(bool::from_text(b"f"), Ok(false));
    assert!(i16::from_text(b"40000").is_err() && bool::from_text(b"true").is_err());
}

#[test]
fn infinity_stays_infinite() {
    for value in [i64::MIN, i64::MAX, 0, -1, 1_700_000_000_000_000] {
        let wire = TimestampUs(value).to_wire().to_be_bytes();
        assert_eq!(TimestampUs::from_binary(&wire), Ok(TimestampUs(value)));
    }
    assert_eq!(TimestampUs::from_binary(&i64::MAX.to_be_bytes()), Ok(TimestampUs(i64::MAX)));
    assert_eq!(TimestampUs::from_binary(&[0; 8]), Ok(TimestampUs(946_684_800_000_000)));
}

#[test]
fn json_without_its_version_is_refused() {
    assert_eq!(Jsonb::from_binary(b"\x01{}"), Ok(Jsonb("{}")));
    assert!(refused::<Jsonb<'_>>(b"{}") && refused::<Jsonb<'_>>(b""));
}

#[test]
fn an_array_that_claims_more_than_it_has_is_refused() {
    let array = |len: i32| {
        let head = [1, 0, 23, len, 1].map(i32::to_be_bytes).concat();
        [head, b"\0\0\0\x04\0\0\0\x09".to_vec()].concat()
    };
    let good = array(1);
    let good = Array::from_binary(&good).unwrap();
    assert_eq!((good.element_type(), good.elements().next()), (23, Some(Ok(9))));
    assert!(refused::<Array<'_>>(&array(2)) && refused::<Array<'_>>(&array(i32::MAX)));
    assert!(refused::<Array<'_>>(&array(-1)) && refused::<Array<'_>>(b""));
}

#[test]
fn a_null_is_an_error_unless_it_is_expected() {
    assert_eq!(i32::from_nullable_binary(None), Err(DecodeError::Null));
    assert_eq!(Option::<i32>::from_nullable_binary(None), Ok(None));
    assert_eq!(Option::<i32>::from_nullable_text(Some(b"7")), Ok(Some(7)));
}
