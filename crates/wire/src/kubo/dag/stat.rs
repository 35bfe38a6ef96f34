//! `dag/stat`.

use cairn_primitives::ByteString;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize, Serializer};

use crate::text::human_bytes;

/// The size of what is reachable from roots: counted so far, or, with a ratio, in total.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DagCounts {
    /// Number of unique blocks; only in the last record.
    #[serde(skip_serializing_if = "is_zero")]
    pub unique_blocks: u64,
    /// Total size of the unique blocks, in bytes.
    #[serde(skip_serializing_if = "is_zero")]
    pub total_size: u64,
    /// Bytes of blocks that several roots share, counted once less than they occur; only in the last record.
    #[serde(skip_serializing_if = "is_zero")]
    pub shared_size: u64,
    /// The sum of the sizes of all roots, divided by [`Self::total_size`]; only in the last record.
    #[serde(skip_serializing_if = "is_nothing", serialize_with = "as_go")]
    pub ratio: f32,
    /// Each root.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub dag_stats: Vec<DagCount>,
}

/// The size of what is reachable from one root.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct DagCount {
    /// The root.
    pub cid: String,
    /// Bytes of its blocks.
    #[serde(skip_serializing_if = "is_zero")]
    pub size: u64,
    /// Its blocks, each counted once.
    #[serde(skip_serializing_if = "is_zero")]
    pub num_blocks: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn is_nothing(ratio: &f32) -> bool {
    *ratio == 0.0
}

/// Integers without a fraction, as Go writes them.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn as_go<S: Serializer>(ratio: &f32, serializer: S) -> Result<S::Ok, S::Error> {
    /// Above this, 32-bit floats cannot represent every integer.
    const EXACT: f32 = 16_777_216.0;
    if ratio.fract() == 0.0 && (0.0..EXACT).contains(ratio) {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and in range"
        )]
        return serializer.serialize_u32(*ratio as u32);
    }
    serializer.serialize_f32(*ratio)
}

command! {
    /// Show the size and number of blocks of DAGs.
    ///
    /// <https://docs.ipfs.tech/reference/kubo/rpc/#api-v0-dag-stat>
    pub struct DagStat: "dag/stat" {
        arguments {
            /// Root CIDs or paths.
            roots: Vec<ByteString> = required "root",
        }
        options {
            /// Show progress [default: true on a terminal].
            progress: Option<bool> = "progress" | "p", None;
        }
        body: NoBody,
        reply: Many<DagCounts>,
        never_empty: true,
        safe: true,
        needs: Repository,
        cli: Custom,
        text: |_, counts, out| table(counts, out),
    }
}

fn table(counts: &DagCounts, out: &mut String) {
    let width = counts.dag_stats.first().map_or(0, |stat| stat.cid.len());
    // A formatted write into text cannot fail.
    let _ = writeln!(out, "\n{:<width$}\t{:<15}\tSize", "CID", "Blocks");
    for stat in &counts.dag_stats {
        let _ = writeln!(out, "{}\t{:<15}\t{}", stat.cid, stat.num_blocks, stat.size);
    }
    let _ = write!(
        out,
        "\nSummary\nTotal Size: {} ({})\nUnique Blocks: {}\nShared Size: {} ({})\nRatio: {:.6}\n\n\n",
        counts.total_size,
        human_bytes(counts.total_size),
        counts.unique_blocks,
        counts.shared_size,
        human_bytes(counts.shared_size),
        counts.ratio,
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_written_as_go_writes_them() {
        let counts = |ratio| DagCounts {
            ratio,
            ..DagCounts::default()
        };
        for (ratio, json) in [
            (1.0, r#"{"Ratio":1}"#),
            (1.9902962, r#"{"Ratio":1.9902962}"#),
            (0.0, "{}"),
        ] {
            let written = serde_json::to_string(&counts(ratio)).unwrap();
            assert_eq!(written, json);
            assert_eq!(
                serde_json::from_str::<DagCounts>(&written).unwrap(),
                counts(ratio)
            );
        }
    }
}
