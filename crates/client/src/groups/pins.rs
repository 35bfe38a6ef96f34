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
    /// Pinned objects, which are kept by garbage collection.
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
    /// Pins paths and returns their CIDs. If streamed, it reports progress.
    pub fn add(&self, paths: impl IntoPaths) -> Call<PinAdd> {
        Call::new(self.0, PinAdd::new(paths.into_paths()))
    }

    /// Lists all pins. `type("recursive")` is much faster than the default, which includes indirect pins.
    pub fn ls(&self) -> Call<PinLs> {
        Call::new(self.0, PinLs::new(Vec::new()))
    }

    /// Lists these pins. If one of the paths is not pinned, the call fails, see [`Error::is_not_found`].
    pub fn ls_of(&self, paths: impl IntoPaths) -> Call<PinLs> {
        Call::new(self.0, PinLs::new(paths.into_paths()))
    }

    /// Removes pins and returns the CIDs.
    pub fn rm(&self, paths: impl IntoPaths) -> Call<PinRm> {
        Call::new(self.0, PinRm::new(paths.into_paths()))
    }

    /// Replaces a recursive pin; reads only the difference.
    pub fn update(&self, from: impl IntoPath, to: impl IntoPath) -> Call<PinUpdate> {
        Call::new(self.0, PinUpdate::new(from.into_path(), to.into_path()))
    }

    /// Verifies that recursive pins are complete. Lists incomplete pins, or all if `verbose` is set.
    pub fn verify(&self) -> Call<PinVerify> {
        Call::new(self.0, PinVerify::new())
    }
}

/// The kind of a pin.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PinKind {
    /// The whole DAG is pinned.
    Recursive,
    /// Only the block is pinned.
    Direct,
    /// Part of the DAG of a recursive pin, which is included if the server reports it.
    Indirect(Option<Cid>),
    /// A kind that this client does not know.
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

/// The details of a pin.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PinDetails {
    /// Its kind.
    pub kind: PinKind,
    /// Its name, if it has one and `names` is set.
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
    /// The pinned CID.
    pub cid: Cid,
    /// Its kind.
    pub kind: PinKind,
    /// Its name, if it has one and `names` is set.
    pub name: Option<String>,
}

/// Pins and their details, sorted by the text of their CIDs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PinMap {
    /// The pins.
    pub pins: Vec<(Cid, PinDetails)>,
}

/// Number of pins of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PinCounts {
    /// Recursive pins.
    pub recursive: u64,
    /// Direct pins.
    pub direct: u64,
    /// Indirect pins.
    pub indirect: u64,
}

impl PinMap {
    /// The details of a pin.
    #[must_use]
    pub fn get(&self, cid: &Cid) -> Option<&PinDetails> {
        self.pins
            .iter()
            .find(|(found, _)| found == cid)
            .map(|(_, details)| details)
    }

    /// Counts the pins of each kind.
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

/// An event of pinning.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PinEvent {
    /// Progress.
    Progress {
        /// Number of blocks so far.
        blocks: u64,
        /// Their size in bytes, if reported.
        bytes: Option<u64>,
    },
    /// The paths are pinned.
    Pinned(Vec<Cid>),
}

/// The result of replacing a pin.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct UpdatedPin {
    /// The old pin.
    pub from: Cid,
    /// The new pin.
    pub to: Cid,
}

/// The result of verifying a recursive pin.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PinCheck {
    /// The pin; `None` for errors that do not concern one pin.
    pub cid: Option<Cid>,
    /// Whether all its blocks are present.
    pub ok: bool,
    /// The missing or unreadable blocks.
    pub bad: Vec<BadBlock>,
    /// Why it could not be verified.
    pub error: Option<String>,
}

/// A missing or unreadable block.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BadBlock {
    /// The block.
    pub cid: Cid,
    /// The error.
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
