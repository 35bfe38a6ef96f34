//! Adding and replacing pin requests.

use std::future::IntoFuture;

use cairn_primitives::Cid;
use cairn_primitives::multiaddr::Multiaddr;
use cairn_wire::pinning as wire;
use futures_util::future::BoxFuture;

use super::{Pin, PinningError, PinningService, RequestId};

/// A call that adds or replaces a pin request.
#[derive(Clone, Debug)]
#[must_use = "a call does nothing until it is awaited"]
pub struct AddPin {
    service: PinningService,
    replaced: Option<RequestId>,
    pin: wire::Pin,
    key: Option<String>,
}

impl AddPin {
    pub(super) fn new(service: PinningService, replaced: Option<RequestId>, cid: &Cid) -> Self {
        let pin = wire::Pin {
            cid: cid.to_string(),
            ..wire::Pin::default()
        };
        Self {
            service,
            replaced,
            pin,
            key: None,
        }
    }

    /// Sets the name, at most 255 characters.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.pin.name = Some(name.into());
        self
    }

    /// Adds the address of a peer that has the content, which ends with `/p2p/PEER`. A service takes at most 20.
    pub fn origin(mut self, address: &Multiaddr) -> Self {
        self.pin.origins.push(address.to_string());
        self
    }

    /// Adds addresses of peers that have the content.
    pub fn origins<'a>(self, addresses: impl IntoIterator<Item = &'a Multiaddr>) -> Self {
        addresses.into_iter().fold(self, Self::origin)
    }

    /// Adds metadata, by which pins can be listed.
    pub fn meta(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.pin.meta.insert(key.into(), value.into());
        self
    }

    /// Sets the idempotency key [default: a random one]: services that know the header `Idempotency-Key` answer a repeated request
    /// with the pin request that the first one created. It has no effect on replacing.
    pub fn idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.key = Some(key.into());
        self
    }

    async fn send(self) -> Result<Pin, PinningError> {
        let Self {
            service,
            replaced,
            pin,
            key,
        } = self;
        let record = match replaced {
            Some(id) => {
                let requestid = id.to_string();
                let endpoint = wire::ReplacePin { requestid };
                service.rest.send(&endpoint, &pin).await?
            }
            None => {
                let key = key.map_or_else(random_key, Ok)?;
                let endpoint = wire::AddPin {
                    idempotency_key: Some(key),
                };
                let rest = service.rest.repeatable(service.idempotent);
                rest.send(&endpoint, &pin).await?
            }
        };
        Pin::read(record)
    }
}

impl IntoFuture for AddPin {
    type Output = Result<Pin, PinningError>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.send())
    }
}

/// 128 random bits in hexadecimal.
fn random_key() -> Result<String, PinningError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(PinningError::Random)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
