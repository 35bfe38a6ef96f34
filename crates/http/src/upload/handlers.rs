//! The endpoints.

use cairn_primitives::{Cid, rfc3339};
use cairn_services::accounts::Caller;
use cairn_services::format_time;
use cairn_services::uploads::{UploadInfo, Uploader, Uploads};
use cairn_store::shared::Millis;
use cairn_wire::upload::{
    CheckUpload, Code, DeleteUpload, Deleted, GetUpload, GetVersion, ListHeaders, ListUploads,
    RenameUpload, ServiceVersion, StoreNft, StoredNft, Success, Upload,
};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde_json::value::RawValue;

use super::Face;
use super::body::{Fields, content, files};
use super::error::{UploadFailure, failure, invalid_cid, refuse};
use super::records::{checked, nft};
use crate::rest::{Answer, Handler, Input, RawOrFiles};

/// The media types of CARs.
const CAR_TYPES: &[&str] = &["application/car", "application/vnd.ipld.car"];

/// The type of a file that was sent without one.
const UNKNOWN_TYPE: &str = "application/octet-stream";

/// Maximum length of a name, in characters.
const MAX_NAME: usize = 1_024;

fn parse_cid(text: &str) -> Result<Cid, UploadFailure> {
    text.parse().map_err(|_| invalid_cid(text))
}

fn uploader(caller: &Caller) -> Uploader {
    Uploader {
        account: caller.account,
        token: caller.token_name.clone(),
    }
}

impl Face {
    fn uploads(&self) -> &Uploads {
        self.services.uploads()
    }
}

/// The name of an upload that was sent without one.
fn default_name() -> String {
    format!(
        "Upload at {}",
        format_time(Timestamp::now().as_millisecond())
    )
}

/// Reads a time as JavaScript does: RFC 3339, or a date or time of UTC. Times between two milliseconds are the later one,
/// so that what was created before them still is.
fn parse_time(text: &str) -> Option<Millis> {
    let nanos = match rfc3339::parse(&text.to_ascii_uppercase()) {
        Some((seconds, nanos)) => i128::from(seconds) * 1_000_000_000 + i128::from(nanos),
        None => parse_other_time(text)?,
    };
    let floor = nanos.div_euclid(1_000_000);
    let rest = nanos.rem_euclid(1_000_000);
    Millis::try_from(floor + i128::from(rest > 0)).ok()
}

/// Reads a time in another form than that of RFC 3339: nanoseconds since 1970.
fn parse_other_time(text: &str) -> Option<i128> {
    const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);
    if let Ok(time) = text.parse::<Timestamp>() {
        return Some(time.as_nanosecond());
    }
    // Not as a timestamp: those end a day before the year 9999 does.
    let utc: DateTime = match text.parse::<Date>() {
        Ok(date) if !text.contains([':', 'T', ' ']) => date.into(),
        _ => text.parse().ok()?,
    };
    Some(utc.duration_since(EPOCH).as_nanos())
}

impl Handler<Face> for Upload {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, UploadFailure> {
        let who = uploader(call.caller.caller()?);
        let given = self.name.filter(|name| !name.is_empty());
        let name = Some(given.unwrap_or_else(default_name));
        let uploads = call.service.uploads();
        let stored = match call.body {
            RawOrFiles::Files(form) => {
                let parts = files(form, Fields::Files);
                uploads.directory(&who, name, parts).await
            }
            RawOrFiles::Raw(body) => {
                let kind = body.media_type().unwrap_or(UNKNOWN_TYPE).to_owned();
                let essence = kind.split(';').next().unwrap_or_default().trim();
                let is_car = CAR_TYPES
                    .iter()
                    .any(|known| essence.eq_ignore_ascii_case(known));
                let info = UploadInfo { name, kind };
                if is_car {
                    uploads.car(&who, info, content(body)).await
                } else {
                    uploads.file(&who, info, content(body)).await
                }
            }
        };
        let upload = stored.map_err(|error| failure(&error))?;
        Ok(Success::new(nft(upload)))
    }
}

impl Handler<Face> for StoreNft {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, UploadFailure> {
        let who = uploader(call.caller.caller()?);
        let parts = files(call.body, Fields::Any);
        let stored = call.service.uploads().nft(&who, parts).await;
        let stored = stored.map_err(|error| failure(&error))?;
        let ipnft = stored.upload.cid.to_string();
        let data = RawValue::from_string(stored.metadata).map_err(|error| {
            tracing::error!(%error, "cannot write metadata");
            refuse(Code::Internal, "")
        })?;
        Ok(Success::new(StoredNft {
            url: format!("ipfs://{ipnft}/metadata.json"),
            ipnft,
            data,
        }))
    }
}

impl Handler<Face> for RenameUpload {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, UploadFailure> {
        let account = call.caller.caller()?.account;
        let cid = parse_cid(&self.cid)?;
        let name = call.body.name;
        if name.is_empty() || name.chars().count() > MAX_NAME {
            let reason = format!("the name must have 1 to {MAX_NAME} characters");
            return Err(refuse(Code::InvalidRequest, reason));
        }
        let renamed = call.service.uploads().rename(account, &cid, &name).await;
        let upload = renamed.map_err(|error| failure(&error))?;
        Ok(Success::new(nft(upload)))
    }
}

impl Handler<Face> for ListUploads {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, UploadFailure> {
        let account = call.caller.caller()?.account;
        let before = match &self.before {
            Some(text) => Some(parse_time(text).ok_or_else(|| {
                refuse(
                    Code::InvalidRequest,
                    format!("invalid parameter before: {text:?} is not a time"),
                )
            })?),
            None => None,
        };
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let listed = call.service.uploads().list(account, before, limit).await;
        let page = listed.map_err(|error| failure(&error))?;
        let headers = ListHeaders {
            count: Some(page.total),
        };
        let uploads = page.uploads.into_iter().map(nft).collect();
        Ok((headers, Success::new(uploads)))
    }
}

impl Handler<Face> for GetUpload {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, UploadFailure> {
        let account = call.caller.caller()?.account;
        let cid = parse_cid(&self.cid)?;
        let found = call.service.uploads().get(account, &cid).await;
        let upload = found.map_err(|error| failure(&error))?;
        Ok(Success::new(nft(upload)))
    }
}

impl Handler<Face> for DeleteUpload {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, UploadFailure> {
        let account = call.caller.caller()?.account;
        let cid = parse_cid(&self.cid)?;
        let removed = call.service.uploads().remove(account, &cid).await;
        removed.map_err(|error| failure(&error))?;
        Ok(Deleted { ok: true })
    }
}

impl Handler<Face> for CheckUpload {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, UploadFailure> {
        let cid = parse_cid(&self.cid)?;
        let found = call.service.uploads().check(&cid).await;
        let check = found.map_err(|error| failure(&error))?;
        Ok(Success::new(checked(&cid, &check)))
    }
}

impl Handler<Face> for GetVersion {
    async fn handle(self, call: Input<Face, Self>) -> Result<Answer<Self>, UploadFailure> {
        let version = &call.service.version;
        Ok(ServiceVersion {
            version: version.version.clone(),
            commit: version.commit.clone(),
            branch: String::new(),
            mode: "rw-".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_javascript_does() {
        for (text, millis) in [
            ("2021-03-12T17:03:07.787Z", Some(1_615_568_587_787)),
            ("2021-03-12T18:03:07.787+01:00", Some(1_615_568_587_787)),
            ("2021-03-12T17:03:07.7871Z", Some(1_615_568_587_788)),
            ("2021-03-12T17:03:07", Some(1_615_568_587_000)),
            ("2021-03-12", Some(1_615_507_200_000)),
            ("9999-12-31T23:59:59Z", Some(253_402_300_799_000)),
            ("9999-12-31t23:59:59.9999z", Some(253_402_300_800_000)),
            ("9999-12-31T23:59:59-01:00", Some(253_402_304_399_000)),
            ("9999-12-31T23:59:59", Some(253_402_300_799_000)),
            ("9999-12-31", Some(253_402_214_400_000)),
            ("0000-01-01T00:00:00Z", Some(-62_167_219_200_000)),
            ("10000-01-01T00:00:00Z", None),
            ("yesterday", None),
            ("", None),
        ] {
            assert_eq!(parse_time(text), millis, "{text}");
        }
    }
}
