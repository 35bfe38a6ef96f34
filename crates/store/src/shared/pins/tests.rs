//! Ids, folding and the parts of intervals.

use proptest::prelude::*;

use super::count::{BUCKETS, Part, parts};
use super::{RequestId, fold};

#[test]
fn ids_are_read_as_they_are_written() {
    let id = RequestId::of(1_790_000_000_123, &[7; 10]).unwrap();
    let text = id.to_string();
    assert_eq!(text.len(), 26);
    assert!(text.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    assert_eq!(text.parse(), Ok(id));
    assert_eq!(id.created(), 1_790_000_000_123);
    for bad in [
        "",
        "x",
        &text.to_uppercase(),
        &text[1..],
        &format!("{text}0"),
        "é",
    ] {
        assert!(bad.parse::<RequestId>().is_err(), "{bad}");
    }
    // Texts are in the order of time.
    assert!(
        RequestId::of(1, &[9; 10]).unwrap().to_string()
            < RequestId::of(2, &[0; 10]).unwrap().to_string()
    );
    assert!(RequestId::of(-1, &[0; 10]).is_err());
    assert!(RequestId::of(1, &[0; 9]).is_err());
}

#[test]
fn folding_is_that_of_unicode() {
    for (one, other) in [
        ("Straße", "STRASSE"),
        ("ΌΣΟΣ", "όσος"),
        ("Ǆ", "ǆ"),
        ("ﬁle", "FILE"),
        ("K", "k"),
    ] {
        assert_eq!(fold(one), fold(other), "{one} {other}");
    }
    assert_ne!(fold("é"), fold("e"));
}

/// The interval of times of a part.
fn times(part: &Part) -> (i64, i64) {
    let shift = part.level.map_or(0, |level| BUCKETS[level]);
    (part.from << shift, part.to << shift)
}

proptest! {
    #[test]
    fn parts_cover_an_interval_once(from in 0_i64..1 << 42, length in 0_i64..1 << 42) {
        let to = from + length;
        let parts = parts(Some(from), Some(to));
        let mut covered: Vec<_> = parts.iter().map(times).collect();
        covered.sort_unstable();
        let mut at = from;
        for (start, end) in covered {
            prop_assert_eq!(start, at);
            at = end;
        }
        prop_assert_eq!(at, to);
        for part in &parts {
            if part.level.is_none() {
                prop_assert!(part.to - part.from < 2 << BUCKETS[0]);
            }
        }
    }
}

#[test]
fn an_interval_without_ends_has_no_edges() {
    assert!(
        parts(None, None)
            .iter()
            .all(|part| part.level == Some(BUCKETS.len() - 1))
    );
    assert!(parts(Some(5), Some(5)).is_empty());
    assert!(parts(Some(7), Some(5)).is_empty());
    assert!(parts(Some(i64::MAX), None).is_empty());
    assert!(parts(None, Some(i64::MIN)).is_empty());
    let newest = parts(None, Some(1_790_000_000_123));
    assert_eq!(
        newest.iter().map(|part| times(part).1).max(),
        Some(1_790_000_000_123)
    );
}
