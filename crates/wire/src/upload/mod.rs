//! The upload API of nft.storage. One file per endpoint.
//!
//! Reference: <https://github.com/nftstorage/nft.storage/tree/main/packages/api>. Its document describes an older state:
//! where the two differ, this is what the service answered.
//!
//! The service also has the endpoints of the pinning service below `/pins`, in that API's own form: see
//! [`crate::pinning`]. All paths exist below `/api` as well, the service's older form.

mod add;
mod check;
mod delete;
mod list;
mod records;
mod rename;
mod status;
mod store;
mod version;

pub use self::add::Upload;
pub use self::check::CheckUpload;
pub use self::delete::DeleteUpload;
pub use self::list::{ListHeaders, ListUploads};
pub use self::records::{
    Checked, Code, Deal, DealStatus, Deleted, Failure, FailureError, File, NewName, Nft, Pin,
    PinStatus, ServiceVersion, StoredNft, Success,
};
pub use self::rename::RenameUpload;
pub use self::status::GetUpload;
pub use self::store::StoreNft;
pub use self::version::GetVersion;
use crate::rest::openapi::Document;
use crate::rest::{
    AllowedHeaders, AllowedOrigin, Api, Cors, Denial, Fault, Info, Scheme, TrailingSlash,
};

/// Calls a macro with every endpoint of the API. The server, the CLI and the OpenAPI document use this list.
#[macro_export]
macro_rules! upload_endpoints {
    ($($callback:ident)::+) => {
        $($callback)::+! {
            $crate::upload::CheckUpload,
            $crate::upload::DeleteUpload,
            $crate::upload::GetUpload,
            $crate::upload::GetVersion,
            $crate::upload::ListUploads,
            $crate::upload::RenameUpload,
            $crate::upload::StoreNft,
            $crate::upload::Upload,
        }
    };
}

crate::upload_endpoints!(list_endpoints);

/// The API's OpenAPI document.
#[must_use]
pub fn openapi() -> serde_json::Value {
    let document: Document = crate::upload_endpoints!(describe_endpoints);
    document.finish::<UploadApi>()
}

/// The API.
#[derive(Debug)]
pub enum UploadApi {}

impl Api for UploadApi {
    const INFO: Info = Info {
        title: "NFT Storage API",
        version: "1.0",
        spec: "https://github.com/nftstorage/nft.storage/blob/main/packages/website/public/schema.yml",
    };

    const SCHEMES: &'static [Scheme] = &[Scheme::Bearer];

    // Its clients and its document have it without a space.
    const JSON: &'static str = "application/json;charset=UTF-8";

    const CORS: Option<Cors> = Some(Cors {
        origin: AllowedOrigin::Echoed,
        methods: &["GET", "POST", "DELETE", "PATCH", "OPTIONS"],
        headers: AllowedHeaders::Echoed,
        exposed: &[
            "Count",
            "x-ratelimit-limit",
            "x-ratelimit-remaining",
            "x-ratelimit-reset",
            "retry-after",
        ],
        max_age: Some(86_400),
    });

    const TRAILING_SLASH: TrailingSlash = TrailingSlash::Ignored;

    const ERROR_RANGES: &'static [&'static str] = &["4XX", "5XX"];

    type Error = Failure;

    fn fault(fault: &Fault) -> (u16, Failure) {
        let code = match fault {
            Fault::Parameter(_) | Fault::Body(_) => Code::InvalidRequest,
            Fault::TooLarge(_) => Code::TooLarge,
            Fault::Unauthorized => Code::ExpectedBearerString,
            Fault::Denied(denial) => match denial {
                Denial::Missing => Code::ExpectedBearerString,
                Denial::Malformed => Code::MalformedToken,
                Denial::Unknown | Denial::Revoked => Code::TokenNotFound,
                Denial::Expired => Code::TokenExpired,
                Denial::Spent => Code::TokenSpent,
                Denial::Disabled => Code::AccountRestricted,
                Denial::Scope => Code::Forbidden,
                Denial::TooMany => Code::RateLimited,
            },
            Fault::NoSuchPath => Code::NotFound,
            Fault::Method => Code::MethodNotAllowed,
            Fault::Internal => Code::Internal,
            Fault::Unavailable => Code::Maintenance,
        };
        let message = match code.message() {
            Some(message) => message.to_owned(),
            None => fault.to_string(),
        };
        (code.status(), Failure::new(code, message))
    }

    fn message(error: &Failure) -> String {
        error.error.message.clone()
    }
}
