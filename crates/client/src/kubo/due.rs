//! Which answers hold at least one record: without one they are no answers, whatever the status says.

use cairn_wire::Values;
use cairn_wire::kubo::Spec;
use cairn_wire::shape::ReplyKind;

/// Whether a record is due.
pub(super) fn is_due(spec: &Spec, values: &Values) -> bool {
    match spec.reply {
        ReplyKind::One => true,
        ReplyKind::Bytes | ReplyKind::Nothing => false,
        ReplyKind::Many | ReplyKind::OneOrMany => {
            spec.never_empty && !values.loose_switch(&["silent"]).unwrap_or(false)
        }
    }
}
