//! Pins at pinning services.

use cairn_primitives::Cid;
use cairn_wire::kubo::pin::remote::RemotePin as Record;
use cairn_wire::kubo::pin::remote::add::PinRemoteAdd;
use cairn_wire::kubo::pin::remote::ls::PinRemoteLs;
use cairn_wire::kubo::pin::remote::rm::PinRemoteRm;
use cairn_wire::kubo::pin::remote::service::add::PinRemoteServiceAdd;
use cairn_wire::kubo::pin::remote::service::ls::{
    PinRemoteServiceLs, RemoteService, RemoteServices,
};
use cairn_wire::kubo::pin::remote::service::rm::PinRemoteServiceRm;

use crate::error::Error;
use crate::kubo::{Call, IntoPath, cid, list, nothing, one, setters, some, text};

group! {
    /// Pins at remote pinning services, made by the server.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// let remote = kubo.remote_pins();
    /// remote.add_service("nest", "https://pins.example/psa", "a token").await?;
    /// remote.add("/ipfs/bafkqabtimvwgy3yk").service("nest").name("hello").background(true).await?;
    /// for pin in remote.ls().service("nest").status(["queued", "pinned"]).await? {
    ///     println!("{} {}", pin.cid, pin.status);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    RemotePins, remote_pins
}

impl RemotePins<'_> {
    /// Pins a path at a service.
    pub fn add(&self, path: impl IntoPath) -> Call<PinRemoteAdd> {
        Call::new(self.0, PinRemoteAdd::new(text(path)))
    }

    /// Lists pins at a service.
    pub fn ls(&self) -> Call<PinRemoteLs> {
        Call::new(self.0, PinRemoteLs::new())
    }

    /// Removes pins at a service.
    pub fn rm(&self) -> Call<PinRemoteRm> {
        Call::new(self.0, PinRemoteRm::new())
    }

    /// Adds a service with its API and an access token.
    pub fn add_service(
        &self,
        name: impl IntoPath,
        endpoint: impl IntoPath,
        key: impl IntoPath,
    ) -> Call<PinRemoteServiceAdd> {
        Call::new(
            self.0,
            PinRemoteServiceAdd::new(text(name), text(endpoint), text(key)),
        )
    }

    /// Lists the services.
    pub fn services(&self) -> Call<PinRemoteServiceLs> {
        Call::new(self.0, PinRemoteServiceLs::new())
    }

    /// Removes a service.
    pub fn rm_service(&self, name: impl IntoPath) -> Call<PinRemoteServiceRm> {
        Call::new(self.0, PinRemoteServiceRm::new(text(name)))
    }
}

/// A pin at a service.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RemotePin {
    /// The pinned CID.
    pub cid: Cid,
    /// `queued`, `pinning`, `pinned` or `failed`.
    pub status: String,
    /// Its name.
    pub name: Option<String>,
}

fn pin(record: Record) -> Result<RemotePin, Error> {
    Ok(RemotePin {
        cid: cid(&record.cid)?,
        status: record.status,
        name: some(record.name),
    })
}

nothing!(PinRemoteRm, PinRemoteServiceAdd, PinRemoteServiceRm);

one! {
    PinRemoteServiceLs, RemoteServices => Vec<RemoteService>, |services| Ok(services.remote_services);
}

list! {
    PinRemoteAdd, Record => RemotePin, |record, items| {
        items.push_back(pin(record)?);
        Ok(())
    };
    PinRemoteLs, Record => RemotePin, |record, items| {
        items.push_back(pin(record)?);
        Ok(())
    };
}

cairn_wire::PinRemoteAdd!(setters);
cairn_wire::PinRemoteLs!(setters);
cairn_wire::PinRemoteRm!(setters);
cairn_wire::PinRemoteServiceLs!(setters);
