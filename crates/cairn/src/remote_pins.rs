//! Remote pinning services, through the client of this program.

use std::collections::HashMap;
use std::error::Error;
use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use cairn_client::rest::{CallError, Rest};
use cairn_client::{Address, Http};
use cairn_http::remote_pins::{RemoteCall, RemotePinError, RemotePins, ServiceAddress};
use cairn_primitives::with_causes;
use cairn_wire::pinning::{
    AddPin, DeletePin, Failure, GetPin, GetPins, Pin, PinResults, PinStatus, Pinning,
};
use cairn_wire::rest::Api as _;
use http::HeaderValue;

/// How long one call may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Services whose connections are kept.
const MOST_KEPT: usize = 64;

/// Maximum length of a message of a service that is passed on, in characters.
const MOST_TEXT: usize = 1024;

/// Speaks to services, and keeps connections to them.
#[derive(Debug, Default)]
pub(crate) struct Client {
    kept: Mutex<HashMap<String, Http>>,
}

impl Client {
    fn rest(&self, at: &ServiceAddress) -> Result<Rest<Pinning>, RemotePinError> {
        let http = self.http(&at.endpoint)?;
        let rest = Rest::new(http, "");
        if at.token.is_empty() {
            return Ok(rest);
        }
        let value = HeaderValue::from_str(&format!("Bearer {}", at.token)).map_err(|_| {
            RemotePinError("the access token has characters that no header can carry".to_owned())
        })?;
        Ok(rest.with_authorization(value))
    }

    fn http(&self, endpoint: &str) -> Result<Http, RemotePinError> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(http) = kept.get(endpoint) {
            return Ok(http.clone());
        }
        let address: Address = endpoint.parse().map_err(|error| described(&error))?;
        let http = Http::new(&address).map_err(|error| described(&error))?;
        if kept.len() >= MOST_KEPT {
            kept.clear();
        }
        kept.insert(endpoint.to_owned(), http.clone());
        Ok(http)
    }
}

/// Calls an endpoint within the time limit.
async fn bounded<T>(
    call: impl Future<Output = Result<T, CallError<Failure>>>,
) -> Result<T, RemotePinError> {
    match tokio::time::timeout(LIMIT, call).await {
        Ok(answer) => answer.map_err(|error| refused(&error)),
        Err(_) => Err(RemotePinError(format!(
            "the service did not answer within {} s",
            LIMIT.as_secs()
        ))),
    }
}

impl RemotePins for Client {
    fn list<'a>(&'a self, at: &'a ServiceAddress, request: GetPins) -> RemoteCall<'a, PinResults> {
        Box::pin(async move { bounded(self.rest(at)?.call(&request)).await })
    }

    fn add<'a>(
        &'a self,
        at: &'a ServiceAddress,
        request: AddPin,
        pin: Pin,
    ) -> RemoteCall<'a, PinStatus> {
        Box::pin(async move { bounded(self.rest(at)?.send(&request, &pin)).await })
    }

    fn get<'a>(&'a self, at: &'a ServiceAddress, request: GetPin) -> RemoteCall<'a, PinStatus> {
        Box::pin(async move { bounded(self.rest(at)?.call(&request)).await })
    }

    fn delete<'a>(&'a self, at: &'a ServiceAddress, request: DeletePin) -> RemoteCall<'a, ()> {
        Box::pin(async move { bounded(self.rest(at)?.call(&request)).await })
    }
}

/// The error message of a service, or why the call failed.
fn refused(error: &CallError<Failure>) -> RemotePinError {
    match error {
        CallError::Refused {
            status,
            error: failure,
            ..
        } => {
            let message = Pinning::message(failure);
            let message: String = message.chars().take(MOST_TEXT).collect();
            RemotePinError(format!(
                "the service answered {status}: {}: {message}",
                failure.error.reason
            ))
        }
        other => described(other),
    }
}

/// An error and its causes, as one text of bounded length.
fn described(error: &(dyn Error + 'static)) -> RemotePinError {
    let text = with_causes(error);
    RemotePinError(text.chars().take(MOST_TEXT).collect())
}
