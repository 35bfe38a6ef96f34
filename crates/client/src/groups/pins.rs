//! Pins.

use std::collections::BTreeMap;

use cairn_primitives::Cid;
use cairn_wire::kubo::pin::add::{PinAdd, Pinned};
use cairn_wire::kubo::pin::ls::{PinInfo, PinList, PinLs, PinnedItem};
use cairn_wire::kubo::pin::rm::{PinRm, Unpinned};
use cairn_wire::kubo::pin::update::PinUpdate;
use cairn_wire::kubo::pin::verify::{CheckedPin, PinVerify};

use crate::error::{EncoderError, Error};
use crate::kubo::{Call, IntoPath, IntoPaths, cid, cids, list, many, one, setters};

group! {
    /// Pins: what garbage collection keeps.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// let cid = kubo.add_str("keep this").pin(false).await?;
    /// kubo.pins().add(&cid).name("notes").await?;
    /// for (cid, pin) in kubo.pins().ls().r#type("recursive").names(true).await?.pins {
    ///     println!("{cid} {:?} {:?}", pin.kind, pin.name);
    /// }
    /// kubo.pins().rm(&cid).await?;
    /// # Ok(())
    /// # }
    /// ```
    Pins, pins
}

impl Pins<'_> {
    /// Pins what these paths lead to, and gives the CIDs. Streamed, it tells how far it has come.
    pub fn add(&self, paths: impl IntoPaths) -> Call<PinAdd> {
        Call::new(self.0, PinAdd::new(paths.into_paths()))
    }

    /// Lists all pins, with what each of them keeps. `type("recursive")` is much faster: nothing below a pin is read.
    pub fn ls(&self) -> Call<PinLs> {
        Call::new(self.0, PinLs::new(Vec::new()))
    }

    /// Lists how these are pinned. That one of them is not is an error ([`Error::is_not_found`]).
    pub fn ls_of(&self, paths: impl IntoPaths) -> Call<PinLs> {
        Call::new(self.0, PinLs::new(paths.into_paths()))
    }

    /// Removes pins, and gives the CIDs.
    pub fn rm(&self, paths: impl IntoPaths) -> Call<PinRm> {
        Call::new(self.0, PinRm::new(paths.into_paths()))
    }

    /// Replaces a recursive pin by another, reading only what differs.
    pub fn update(&self, from: impl IntoPath, to: impl IntoPath) -> Call<PinUpdate> {
        Call::new(self.0, PinUpdate::new(from.into_path(), to.into_path()))
    }

    /// Checks that all blocks below recursive pins are here. Gives the pins that are not whole; with `verbose` all.
    pub fn verify(&self) -> Call<PinVerify> {
        Call::new(self.0, PinVerify::new())
    }
}

/// How something is pinned.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PinKind {
    /// With all below it.
    Recursive,
    /// Alone.
    Direct,
    /// Below a recursive pin: that one, where the server names it.
    Indirect(Option<Cid>),
    /// In a way that this client does not know.
    Other(String),
}

impl PinKind {
    fn read(text: &str) -> Self {
        match text {
            "recursive" => Self::Recursive,
            "direct" => Self::Direct,
            "indirect" => Self::Indirect(None),
            other => match other.strip_prefix("indirect through ").map(str::parse) {
                Some(Ok(cid)) => Self::Indirect(Some(cid)),
                _ => Self::Other(other.to_owned()),
            },
        }
    }
}

/// What is said of a pin besides its CID.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PinDetails {
    /// How it is pinned.
    pub kind: PinKind,
    /// The pin's name, where there is one and names were asked for.
    pub name: Option<String>,
}

impl From<PinInfo> for PinDetails {
    fn from(info: PinInfo) -> Self {
        Self {
            kind: PinKind::read(&info.r#type),
            name: info.name.filter(|name| !name.is_empty()),
        }
    }
}

/// A pin.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pin {
    /// What is pinned.
    pub cid: Cid,
    /// How it is pinned.
    pub kind: PinKind,
    /// The pin's name, where there is one and names were asked for.
    pub name: Option<String>,
}

/// Pins by their CIDs, in the order of their texts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PinMap {
    /// The pins.
    pub pins: Vec<(Cid, PinDetails)>,
}

/// How many pins there are of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PinCounts {
    /// Pinned with all below them.
    pub recursive: u64,
    /// Pinned alone.
    pub direct: u64,
    /// Below recursive pins.
    pub indirect: u64,
}

impl PinMap {
    /// How something is pinned.
    #[must_use]
    pub fn get(&self, cid: &Cid) -> Option<&PinDetails> {
        self.pins
            .iter()
            .find(|(found, _)| found == cid)
            .map(|(_, details)| details)
    }

    /// How many there are of each kind.
    #[must_use]
    pub fn counts(&self) -> PinCounts {
        let mut counts = PinCounts::default();
        for (_, details) in &self.pins {
            match details.kind {
                PinKind::Recursive => counts.recursive += 1,
                PinKind::Direct => counts.direct += 1,
                PinKind::Indirect(_) => counts.indirect += 1,
                PinKind::Other(_) => {}
            }
        }
        counts
    }

    fn read(keys: BTreeMap<String, PinInfo>) -> Result<Self, Error> {
        let pins = keys
            .into_iter()
            .map(|(key, info)| Ok((cid(&key)?, info.into())));
        Ok(Self {
            pins: pins.collect::<Result<_, Error>>()?,
        })
    }
}

/// What happens while something is pinned.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PinEvent {
    /// So many blocks were seen.
    Progress {
        /// Blocks.
        blocks: u64,
        /// Their bytes, as far as the server tells.
        bytes: Option<u64>,
    },
    /// These are pinned.
    Pinned(Vec<Cid>),
}

/// A pin that was replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpdatedPin {
    /// What was pinned.
    pub from: Cid,
    /// What is pinned now.
    pub to: Cid,
}

/// How a recursive pin was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PinCheck {
    /// The pin; `None` when what the server tells is not about one.
    pub cid: Option<Cid>,
    /// Whether all blocks below it are here.
    pub ok: bool,
    /// The blocks that are not, or cannot be read.
    pub bad: Vec<BadBlock>,
    /// Why it could not be checked.
    pub error: Option<String>,
}

/// A block that is absent or cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadBlock {
    /// The block.
    pub cid: Cid,
    /// What is wrong with it.
    pub error: String,
}

fn check(found: CheckedPin) -> Result<PinCheck, Error> {
    let bad = found.bad_nodes.into_iter().map(|bad| {
        Ok(BadBlock {
            cid: cid(&bad.cid)?,
            error: bad.err,
        })
    });
    Ok(PinCheck {
        cid: match found.cid.as_str() {
            "" => None,
            text => Some(cid(text)?),
        },
        ok: found.ok,
        bad: bad.collect::<Result<_, Error>>()?,
        error: Some(found.err).filter(|error| !error.is_empty()),
    })
}

one! {
    PinAdd, Pinned => Vec<Cid>, |pinned| cids(pinned.pins.as_deref().unwrap_or_default());
    PinLs, PinList => PinMap, |list| PinMap::read(list.keys);
    PinRm, Unpinned => Vec<Cid>, |unpinned| cids(&unpinned.pins);
    PinUpdate, Unpinned => UpdatedPin, |updated| match cids(&updated.pins)?.as_slice() {
        [from, to] => Ok(UpdatedPin { from: from.clone(), to: to.clone() }),
        other => Err(EncoderError::decoding("two pins", format!("there are {}", other.len())).into()),
    };
}

many! {
    PinAdd, Pinned => PinEvent, |pinned, items| {
        items.push_back(match pinned.pins {
            Some(pins) => PinEvent::Pinned(cids(&pins)?),
            None => PinEvent::Progress { blocks: pinned.progress.unwrap_or(0), bytes: pinned.bytes },
        });
        Ok(())
    };
    PinLs, PinnedItem => Pin, |pin, items| {
        let PinDetails { kind, name } = pin.info.into();
        items.push_back(Pin { cid: cid(&pin.cid)?, kind, name });
        Ok(())
    };
}

list! {
    PinVerify, CheckedPin => PinCheck, |found, items| {
        items.push_back(check(found)?);
        Ok(())
    };
}

cairn_wire::PinAdd!(setters);
cairn_wire::PinLs!(setters);
cairn_wire::PinRm!(setters);
cairn_wire::PinUpdate!(setters);
cairn_wire::PinVerify!(setters);
