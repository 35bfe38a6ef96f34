//! What is said about a request beside its status: the keys of the API's `info`.

use std::collections::BTreeMap;

use cairn_store::shared::{PinRequest, PinState};

use crate::format_time;

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
