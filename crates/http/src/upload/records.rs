//! The records of the API, made of those of the services.

use cairn_primitives::Cid;
use cairn_store::shared::{Millis, Upload, UploadCheck, UploadStatus};
use cairn_wire::upload::{Checked, File, Nft, Pin, PinStatus};
use jiff::Timestamp;

pub(super) fn status(status: UploadStatus) -> PinStatus {
    match status {
        UploadStatus::Pinned => PinStatus::Pinned,
        _ => PinStatus::Pinning,
    }
}

/// A time with milliseconds, as JavaScript writes it.
pub(super) fn time(millis: Millis) -> String {
    let time = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{time:.3}")
}

pub(super) fn nft(upload: Upload) -> Nft {
    let cid = upload.cid.to_string();
    let created = time(upload.created);
    // Rows are written by this program; one that cannot be read shows no files rather than hiding the upload.
    let files: Vec<File> = serde_json::from_str(&upload.files).unwrap_or_default();
    Nft {
        pin: Pin {
            cid: cid.clone(),
            created: created.clone(),
            size: upload.size,
            status: status(upload.status),
        },
        cid,
        size: upload.size,
        created,
        r#type: upload.kind,
        scope: upload.scope,
        files,
        name: upload.name,
        parts: upload
            .parts
            .into_iter()
            .map(|part| part.cid.to_string())
            .collect(),
        deals: Vec::new(),
    }
}

pub(super) fn checked(cid: &Cid, check: &UploadCheck) -> Checked {
    Checked {
        cid: cid.to_string(),
        pin: Pin {
            cid: cid.to_string(),
            created: time(check.created),
            size: check.size,
            status: status(check.status),
        },
        deals: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_milliseconds() {
        assert_eq!(time(1_615_568_587_787), "2021-03-12T17:03:07.787Z");
        assert_eq!(time(1_615_568_587_000), "2021-03-12T17:03:07.000Z");
    }
}
