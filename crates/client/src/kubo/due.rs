//! Which answers hold at least one record: without one they are no answers, whatever the status says.

use cairn_wire::{ReplyKind, Spec, Values};

/// Commands whose answer has at least one record among many, in order.
const DUE: &[&str] = &[
    "add",
    "block/put",
    "dag/put",
    "dag/stat",
    "pin/add",
    "repo/verify",
];

/// Whether a record is due.
pub(super) fn is_due(spec: &Spec, values: &Values) -> bool {
    match spec.reply {
        ReplyKind::One => true,
        ReplyKind::Bytes(_) => false,
        ReplyKind::Many => {
            DUE.binary_search(&spec.path).is_ok()
                && !values.loose_switch(&["silent"]).unwrap_or(false)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order_and_of_endpoints() {
        assert!(DUE.is_sorted());
        for path in DUE {
            let spec = cairn_wire::kubo::SPECS
                .iter()
                .find(|spec| spec.path == *path)
                .unwrap();
            assert!(is_due(spec, &Values::default()), "{path}");
        }
    }
}
