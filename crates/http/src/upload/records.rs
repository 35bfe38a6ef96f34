//! The records of the API, made of those of the services.

use cairn_primitives::Cid;
use cairn_services::format_time;
use cairn_store::shared::{Upload, UploadCheck, UploadStatus};
use cairn_wire::upload::{Checked, File, Nft, Pin, PinStatus};

pub(super) fn status(status: UploadStatus) -> PinStatus {
    match status {
        UploadStatus::Pinned => PinStatus::Pinned,
        _ => PinStatus::Pinning,
    }
}

pub(super) fn nft(upload: Upload) -> Nft {
    let cid = upload.cid.to_string();
    let created = format_time(upload.created);
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
            created: format_time(check.created),
            size: check.size,
            status: status(check.status),
        },
        deals: Vec::new(),
    }
}
