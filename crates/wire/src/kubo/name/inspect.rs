//! `name/inspect`.

use std::fmt::Write as _;

use cairn_primitives::duration;
use cairn_primitives::quote::Quoted;
use serde::{Deserialize, Serialize};

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct InspectedRecord {
    /// Its fields.
    pub entry: RecordFields,
    /// Its length, in bytes.
    pub pb_size: usize,
    /// `V1+V2` or `V2`.
    pub signature_type: String,
    /// Its bytes in hexadecimal, sixteen a line.
    pub hex_dump: String,
    /// Whether it is valid, where that was asked.
    pub validation: Option<RecordValidation>,
}

/// The fields of a record, as far as they can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RecordFields {
    /// The path; empty where it cannot be read.
    pub value: String,
    /// 0: the record ends at a time.
    pub validity_type: Option<u64>,
    /// That time, in RFC 3339.
    pub validity: Option<String>,
    /// The sequence number.
    pub sequence: Option<u64>,
    /// How long the record may be cached, in nanoseconds.
    #[serde(rename = "TTL")]
    pub ttl: Option<u64>,
}

/// Whether a record is valid.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RecordValidation {
    /// Whether it is.
    pub valid: bool,
    /// Why not.
    pub reason: String,
    /// The name that it was checked against.
    pub name: String,
}

command! {
    /// Inspect a record of an IPNS name.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-name-inspect>
    pub struct NameInspect: "name/inspect" {
        examples: [
            "{program} name inspect --verify=NAME record",
        ],
        arguments {}
        options {
            /// IPNS name to verify the record against.
            verify: Option<String> = "verify", None;
            /// Include a hex dump of the record.
            dump: bool = "dump", true;
        }
        body: Files { name: "record", many: false, recursive: false },
        reply: One<InspectedRecord>,
        safe: true,
        needs: Repository,
        text: |_, record, out| show(record, out),
    }
}

fn show(record: &InspectedRecord, out: &mut String) {
    let entry = &record.entry;
    let mut line = |label: &str, value: String| {
        let _ = writeln!(out, "{label:16}{value}");
    };
    if !entry.value.is_empty() {
        line("Value:", Quoted(&entry.value).to_string());
    }
    if let Some(kind) = entry.validity_type {
        line("Validity Type:", kind.to_string());
    }
    if let Some(validity) = &entry.validity {
        line("Validity:", Quoted(validity).to_string());
    }
    if let Some(sequence) = entry.sequence {
        line("Sequence:", sequence.to_string());
    }
    if let Some(ttl) = entry.ttl {
        line("TTL:", duration::format(ttl));
    }
    line("Protobuf Size:", record.pb_size.to_string());
    line("Signature Type:", record.signature_type.clone());
    match &record.validation {
        None => out.push_str("\nThis record was not verified. Pass '--verify k51...' to verify.\n"),
        Some(validation) => {
            out.push_str("\nValidation results:\n");
            let width = if validation.reason.is_empty() { 7 } else { 8 };
            let mut line = |label: &str, value: &dyn std::fmt::Display| {
                let _ = writeln!(out, " {label:width$}{value}");
            };
            line("Valid:", &validation.valid);
            if !validation.reason.is_empty() {
                line("Reason:", &validation.reason);
            }
            line("Name:", &validation.name);
        }
    }
    if !record.hex_dump.is_empty() {
        let _ = write!(out, "\nHex Dump:\n{}", record.hex_dump);
    }
}
