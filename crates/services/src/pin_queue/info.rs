//! What is said about a request beside its status: the keys of the API's `info`.

use std::collections::BTreeMap;

use cairn_primitives::rfc3339;
use cairn_store::shared::{Millis, PinRequest, PinState};

/// The first and the last time of the years 0 to 9999, which RFC 3339 has.
const YEARS: (Millis, Millis) = (-62_167_219_200_000, 253_402_300_799_999);

/// A time as RFC 3339 with three decimals; one outside the years 0 to 9999 as the nearest time in them.
#[must_use]
pub fn format_time(time: Millis) -> String {
    let time = time.clamp(YEARS.0, YEARS.1);
    let (seconds, millis) = (time.div_euclid(1_000), time.rem_euclid(1_000));
    // Whole seconds have no decimals and end with `Z`.
    let text = rfc3339::format(seconds, 0).unwrap_or_default();
    format!("{}.{millis:03}Z", text.trim_end_matches('Z'))
}

/// More about a request: `status_details`, `dag_size`, `raw_size`.
#[must_use]
pub fn info(pin: &PinRequest) -> BTreeMap<String, String> {
    let mut info = BTreeMap::new();
    let mut add = |key: &str, value: Option<String>| {
        if let Some(value) = value {
            info.insert(key.to_owned(), value);
        }
    };
    add("status_details", details(pin));
    add("dag_size", pin.dag_size.map(|size| size.to_string()));
    add("raw_size", pin.raw_size.map(|size| size.to_string()));
    info
}

fn details(pin: &PinRequest) -> Option<String> {
    let Some(queue) = &pin.queue else {
        return pin.details.clone();
    };
    let arrived = if queue.blocks > 0 {
        format!("; {} blocks, {} bytes so far", queue.blocks, queue.bytes)
    } else {
        String::new()
    };
    Some(match (pin.state, queue.next) {
        (PinState::Pinning, _) if queue.blocks == 0 => "fetching; no block so far".to_owned(),
        (PinState::Pinning, _) => format!("fetching{arrived}"),
        (_, Some(next)) => {
            let waits = queue.details.as_deref().unwrap_or("waiting");
            let time = format_time(next);
            format!("{waits}{arrived}; attempt {} at {time}", queue.attempts + 1)
        }
        (_, None) if queue.attempts == 0 => "waiting for its turn".to_owned(),
        (_, None) => format!("looking for peers that have the content{arrived}"),
    })
}
