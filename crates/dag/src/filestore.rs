//! The blocks of the filestore and their status.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use cairn_primitives::cid::CidError;
use cairn_primitives::{Cid, Codec, Multihash};
use cairn_store::BlockError;
use cairn_store::block::{Filestore, ReferenceFault};
use cairn_store::meta::{Reference, ReferenceOrder};

use crate::listing::Listing;

/// References per page.
const PAGE: usize = 1024;
/// References that are checked before the bad ones among them are removed.
const CHECKED: usize = 64;

/// The status of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// It can be read, or was not checked.
    Ok,
    /// The file cannot be read.
    FileError,
    /// The file is gone.
    NoFile,
    /// The file was changed.
    Changed,
    /// Something else is wrong.
    Other,
    /// There is no such reference.
    Missing,
}

impl Status {
    /// The number that Kubo has for it.
    #[must_use]
    pub fn number(self) -> i32 {
        match self {
            Self::Ok => 0,
            Self::FileError => 10,
            Self::NoFile => 11,
            Self::Changed => 12,
            Self::Other => 20,
            Self::Missing => 30,
        }
    }

    /// Whether `verify --remove-bad-blocks` removes it.
    fn is_bad(self) -> bool {
        !matches!(self, Self::Ok | Self::Other)
    }
}

/// Why a reference is bad, or the argument is invalid.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReferenceProblem {
    /// The argument is not a CID.
    #[error("{text:?} is not a CID")]
    NotCid {
        /// The text.
        text: String,
        /// Why.
        #[source]
        error: CidError,
    },
    /// There is no such reference.
    #[error("no reference to block {cid} exists")]
    Missing {
        /// The block, as CIDv1 raw.
        cid: Cid,
    },
    /// The file cannot be opened.
    #[error("cannot open {}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        error: Arc<io::Error>,
    },
    /// The file ends before the block does.
    #[error("the file is shorter than before")]
    Short,
    /// The bytes in the file are not those of the block.
    #[error("the file was changed: {path} at offset {offset}")]
    Changed {
        /// The file, as the reference names it.
        path: String,
        /// Byte offset of the block in the file.
        offset: u64,
    },
    /// The reference cannot be read for another reason.
    #[error(transparent)]
    Reference(ReferenceFault),
    /// The store failed.
    #[error(transparent)]
    Store(BlockError),
}

/// A listed reference.
#[derive(Clone, Debug)]
pub struct CheckedReference {
    /// The block, as CIDv1 raw; `None` if the argument is not a CID.
    pub cid: Option<Cid>,
    /// The location; `None` if there is no reference.
    pub reference: Option<Reference>,
    /// Its status.
    pub status: Status,
    /// The problem, if any.
    pub problem: Option<ReferenceProblem>,
}

/// What to list.
#[derive(Clone, Debug, Default)]
pub struct ListOptions {
    /// The order, if all are listed.
    pub order: ReferenceOrder,
    /// Lists and checks only these CIDs, in this order; all references if empty.
    pub only: Vec<String>,
    /// Whether to check all references.
    pub verify: bool,
    /// Whether to remove references whose block cannot be read.
    pub remove: bool,
}

/// Lists references in a separate thread.
#[must_use]
pub fn list(files: Arc<Filestore>, options: ListOptions) -> Listing<CheckedReference, BlockError> {
    Listing::start(move |each| {
        if options.only.is_empty() {
            list_all(&files, &options, each)
        } else {
            list_only(&files, &options, each)
        }
    })
}

/// Lists the blocks that are both referenced and in the store, in a separate thread.
#[must_use]
pub fn duplicates(files: Arc<Filestore>) -> Listing<Cid, BlockError> {
    Listing::start(move |each| {
        let pages = &mut |page: Vec<Reference>| {
            for found in page {
                if files.below().has_blocking(&found.key)? && !each(raw(&found.key)) {
                    return Ok(false);
                }
            }
            Ok(true)
        };
        pages_of(&files, ReferenceOrder::Key, PAGE, pages)
    })
}

fn raw(key: &Multihash) -> Cid {
    Cid::v1(Codec::RAW, key.clone())
}

/// Calls `each` with one page after another, until it answers `false`.
fn pages_of(
    files: &Filestore,
    order: ReferenceOrder,
    size: usize,
    each: &mut dyn FnMut(Vec<Reference>) -> Result<bool, BlockError>,
) -> Result<(), BlockError> {
    let mut last: Option<Reference> = None;
    loop {
        let page = files.page(order, last.as_ref(), size)?;
        last = page.last().cloned();
        if last.is_none() || !each(page)? {
            return Ok(());
        }
    }
}

fn list_all(
    files: &Filestore,
    options: &ListOptions,
    each: &mut dyn FnMut(CheckedReference) -> bool,
) -> Result<(), BlockError> {
    let size = if options.verify { CHECKED } else { PAGE };
    let mut show = |page: Vec<Reference>| {
        if !options.verify {
            return Ok(page.into_iter().map(unchecked).all(&mut *each));
        }
        let page: Vec<CheckedReference> =
            page.into_iter().map(|found| check(files, found)).collect();
        remove_bad(files, options, &page)?;
        Ok(page.into_iter().all(&mut *each))
    };
    pages_of(files, options.order, size, &mut show)
}

fn list_only(
    files: &Filestore,
    options: &ListOptions,
    each: &mut dyn FnMut(CheckedReference) -> bool,
) -> Result<(), BlockError> {
    for text in &options.only {
        let found = match Cid::parse(text) {
            Err(error) => CheckedReference {
                cid: None,
                reference: None,
                status: Status::Other,
                problem: Some(ReferenceProblem::NotCid {
                    text: text.clone(),
                    error,
                }),
            },
            Ok((cid, _)) => {
                let key = std::slice::from_ref(cid.hash());
                match files.references(key)?.pop().flatten() {
                    Some(found) => check(files, found),
                    None => missing(raw(cid.hash())),
                }
            }
        };
        remove_bad(files, options, std::slice::from_ref(&found))?;
        if !each(found) {
            break;
        }
    }
    Ok(())
}

fn unchecked(reference: Reference) -> CheckedReference {
    CheckedReference {
        cid: Some(raw(&reference.key)),
        reference: Some(reference),
        status: Status::Ok,
        problem: None,
    }
}

fn missing(cid: Cid) -> CheckedReference {
    CheckedReference {
        reference: None,
        status: Status::Missing,
        problem: Some(ReferenceProblem::Missing { cid: cid.clone() }),
        cid: Some(cid),
    }
}

/// Reads the block.
fn check(files: &Filestore, reference: Reference) -> CheckedReference {
    let (status, problem) = match files.read(&reference) {
        Ok(_) => (Status::Ok, None),
        Err(BlockError::Referenced { source, .. }) => {
            let (status, problem) = diagnose(files, &reference, source);
            (status, Some(problem))
        }
        Err(other) => (Status::Other, Some(ReferenceProblem::Store(other))),
    };
    CheckedReference {
        status,
        problem,
        ..unchecked(reference)
    }
}

/// The status of a reference that cannot be followed.
fn diagnose(
    files: &Filestore,
    reference: &Reference,
    fault: ReferenceFault,
) -> (Status, ReferenceProblem) {
    let open = |error| ReferenceProblem::Open {
        path: files.path_of(reference).unwrap_or_default(),
        error,
    };
    match fault {
        ReferenceFault::Missing(error) => (Status::NoFile, open(error)),
        ReferenceFault::Unreadable(error) => (Status::FileError, open(error)),
        ReferenceFault::Short => (Status::Changed, ReferenceProblem::Short),
        ReferenceFault::Changed => {
            let problem = ReferenceProblem::Changed {
                path: reference.path.to_string(),
                offset: reference.offset,
            };
            (Status::Changed, problem)
        }
        other => (Status::Other, ReferenceProblem::Reference(other)),
    }
}

fn remove_bad(
    files: &Filestore,
    options: &ListOptions,
    page: &[CheckedReference],
) -> Result<(), BlockError> {
    if !options.remove {
        return Ok(());
    }
    let bad: Vec<Reference> = page
        .iter()
        .filter(|found| found.status.is_bad())
        .filter_map(|found| found.reference.clone())
        .collect();
    if bad.is_empty() {
        return Ok(());
    }
    files.forget(&bad)
}
