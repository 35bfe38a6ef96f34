//! `pin/remote`: pins at remote pinning services.

mod pins;
mod service;

use std::sync::Arc;

use cairn_node::remote_services;
use cairn_primitives::Cid;
use cairn_wire::kubo::pin::remote::RemotePin;
use cairn_wire::pinning::PinStatus;

use super::super::call::CidForm;
use super::super::{Call, Failure};
use crate::remote_pins::{RemotePins, ServiceAddress};

/// A service, and what speaks to it.
struct Service {
    client: Arc<dyn RemotePins>,
    at: ServiceAddress,
}

impl Service {
    /// The service that a request names.
    fn named(call: &Call, name: Option<&str>) -> Result<Self, Failure> {
        let name = name.ok_or_else(|| Failure::normal("a service name must be passed"))?;
        if name.is_empty() {
            return Err(Failure::normal("remote pinning service name not specified"));
        }
        let found = remote_services::find(call.node().config_file(), name)?;
        let client = call.rpc.remote_pins.clone();
        let client = client.ok_or_else(|| {
            Failure::normal("this program has no client for remote pinning services")
        })?;
        Ok(Self {
            client,
            at: ServiceAddress {
                endpoint: found.endpoint,
                token: found.key.expose().to_owned(),
            },
        })
    }
}

/// The record of a pin. A CID that cannot be parsed is passed on unchanged.
fn to_record(pin: PinStatus, form: CidForm) -> RemotePin {
    RemotePin {
        status: pin.status.name().to_owned(),
        cid: match pin.pin.cid.parse::<Cid>() {
            Ok(cid) => form.show(&cid),
            Err(_) => pin.pin.cid,
        },
        name: pin.pin.name.unwrap_or_default(),
    }
}
