//! Records of the API, and what the services have for them.

use std::collections::HashSet;

use cairn_primitives::{Cid, rfc3339};
use cairn_services::format_time;
use cairn_services::pin_queue::{MAX_META, PinDelegates, PinSpec, info};
use cairn_store::shared::{Millis, NameMatch, PinFilter, PinRequest, PinState};
use cairn_wire::pinning::{GetPins, Pin, PinStatus, Pinning, Status, TextMatchingStrategy};

use super::error::bad_parameter;
use crate::rest::ErrorResponse;

/// The request for a pin.
pub(super) fn spec(pin: Pin, idempotency_key: Option<String>) -> PinSpec {
    PinSpec {
        cid: pin.cid,
        name: pin.name,
        origins: pin.origins,
        meta: pin.meta,
        idempotency_key,
    }
}

/// A request as the API shows it.
pub(super) fn status(pin: PinRequest, delegates: &PinDelegates) -> PinStatus {
    let mut info = info(&pin);
    if let Some(warning) = delegates.warning {
        info.insert("warning".to_owned(), warning.to_owned());
    }
    PinStatus {
        requestid: pin.id.to_string(),
        status: match pin.state {
            PinState::Queued => Status::Queued,
            PinState::Pinning => Status::Pinning,
            PinState::Pinned => Status::Pinned,
            PinState::Failed => Status::Failed,
        },
        created: format_time(pin.created()),
        pin: Pin {
            cid: pin.cid_text,
            name: pin.name,
            origins: pin.origins,
            meta: pin.meta,
        },
        delegates: delegates.addresses.clone(),
        info,
    }
}

fn state(status: Status) -> PinState {
    match status {
        Status::Queued => PinState::Queued,
        Status::Pinning => PinState::Pinning,
        Status::Pinned => PinState::Pinned,
        Status::Failed => PinState::Failed,
    }
}

/// A time in milliseconds, and whether it was rounded down to them.
fn time(name: &str, text: &str) -> Result<(Millis, bool), ErrorResponse<Pinning>> {
    let (seconds, nanos) = rfc3339::parse(text)
        .ok_or_else(|| bad_parameter(name, &format!("{text:?} is not a time of RFC 3339")))?;
    let millis = seconds.saturating_mul(1_000) + Millis::from(nanos / 1_000_000);
    Ok((millis, !nanos.is_multiple_of(1_000_000)))
}

/// Refuses what is in a list twice.
fn unique<T: std::hash::Hash + Eq>(name: &str, items: &[T]) -> Result<(), ErrorResponse<Pinning>> {
    let mut seen = HashSet::new();
    if items.iter().all(|item| seen.insert(item)) {
        Ok(())
    } else {
        Err(bad_parameter(name, "a value is there twice"))
    }
}

/// The filter of a listing. Without CIDs, name, metadata and statuses it has what is pinned, as the specification
/// says of a request without filters; with one of them and without statuses it has all that match. The times are for
/// paging, and change neither.
pub(super) fn filter(query: &GetPins) -> Result<PinFilter, ErrorResponse<Pinning>> {
    unique("cid", &query.cid)?;
    unique(
        "status",
        &query
            .status
            .iter()
            .map(|status| status.name())
            .collect::<Vec<_>>(),
    )?;
    let cids = query.cid.iter().map(|text| {
        text.parse::<Cid>()
            .map_err(|error| bad_parameter("cid", &format!("{text:?}: {error}")))
    });
    let how = match query.r#match.unwrap_or_default() {
        TextMatchingStrategy::Exact => NameMatch::Exact,
        TextMatchingStrategy::IExact => NameMatch::ExactFolded,
        TextMatchingStrategy::Partial => NameMatch::Partial,
        TextMatchingStrategy::IPartial => NameMatch::PartialFolded,
    };
    let meta = query.meta.clone().unwrap_or_default();
    if meta.len() > MAX_META {
        return Err(bad_parameter("meta", "more than 1000 keys"));
    }
    let mut states: Vec<_> = query.status.iter().copied().map(state).collect();
    if states.is_empty() && query.cid.is_empty() && query.name.is_none() && meta.is_empty() {
        states.push(PinState::Pinned);
    }
    let before = match &query.before {
        // Created before a time between two milliseconds is created at the first of them or before.
        Some(text) => Some(time("before", text).map(|(time, rounded)| time + i64::from(rounded))?),
        None => None,
    };
    let after = match &query.after {
        Some(text) => Some(time("after", text)?.0),
        None => None,
    };
    Ok(PinFilter {
        cids: cids.collect::<Result<_, _>>()?,
        name: query.name.clone().map(|name| (name, how)),
        states,
        before,
        after,
        meta,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(change: impl FnOnce(&mut GetPins)) -> Result<PinFilter, u16> {
        let mut query = GetPins::new();
        change(&mut query);
        filter(&query).map_err(|refusal| refusal.status)
    }

    #[test]
    fn only_a_listing_without_filters_has_what_is_pinned() {
        let pinned = [PinState::Pinned];
        assert_eq!(listing(|_| {}).unwrap().states, pinned);
        // The pages of such a listing are of the same pins.
        let paged = |query: &mut GetPins| {
            query.before = Some("2026-01-01T00:00:00Z".to_owned());
            query.limit = 5;
        };
        assert_eq!(listing(paged).unwrap().states, pinned);
        let named = |query: &mut GetPins| query.name = Some("name".to_owned());
        assert_eq!(listing(named).unwrap().states, []);
        let with_meta = |query: &mut GetPins| {
            query.meta = Some([("a".to_owned(), "b".to_owned())].into());
        };
        assert_eq!(listing(with_meta).unwrap().states, []);
        let queued = |query: &mut GetPins| query.status = vec![Status::Queued];
        assert_eq!(listing(queued).unwrap().states, [PinState::Queued]);
    }

    #[test]
    fn times_are_exclusive_at_any_precision() {
        let limits = |text: &str| {
            let filter = listing(|query| {
                query.before = Some(text.to_owned());
                query.after = Some(text.to_owned());
            });
            filter.map(|filter| (filter.before.unwrap(), filter.after.unwrap()))
        };
        assert_eq!(limits("1970-01-01T00:00:01.005Z"), Ok((1_005, 1_005)));
        assert_eq!(limits("1970-01-01T01:00:01.005+01:00"), Ok((1_005, 1_005)));
        assert_eq!(limits("1970-01-01T00:00:01.005001Z"), Ok((1_006, 1_005)));
        for bad in ["", "yesterday", "1970-01-01", "12345"] {
            assert_eq!(limits(bad), Err(400), "{bad}");
        }
    }

    #[test]
    fn lists_have_each_value_once() {
        let twice = |query: &mut GetPins| query.status = vec![Status::Failed; 2];
        assert_eq!(listing(twice).unwrap_err(), 400);
        let invalid = |query: &mut GetPins| query.cid = vec!["Qm1".to_owned()];
        assert_eq!(listing(invalid).unwrap_err(), 400);
    }
}
