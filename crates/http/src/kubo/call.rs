//! The context of a call: everything but the command's own arguments and options.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::Request;
use axum::response::Response;
use cairn_dag::Blocks;
use cairn_dag::resolve::{self, Resolved};
use cairn_node::config::GoDuration;
use cairn_primitives::bytestring::to_text;
use cairn_primitives::multibase::{self, Base};
use cairn_primitives::path::ContentPath;
use cairn_primitives::{Cid, Version};
use cairn_store::names::NameOptions;
use cairn_wire::kubo::Spec;
use cairn_wire::kubo::command::{Nothing, Repository};
use cairn_wire::shape::{self, BodyKind};
use cairn_wire::{ParseError, Values};

use super::answer::{self, Encoding};
use super::files::{self, Files};
use super::{Failure, Rpc, error};
use crate::stream::Trailers;

/// One call of a command on a node.
pub(crate) struct Call {
    pub(crate) rpc: Arc<Rpc>,
    pub(crate) context: CallContext,
    /// One view for the whole call, so that all its blocks are fetched in one session.
    blocks: OnceLock<Blocks>,
}

impl Deref for Call {
    type Target = CallContext;

    fn deref(&self) -> &CallContext {
        &self.context
    }
}

impl DerefMut for Call {
    fn deref_mut(&mut self) -> &mut CallContext {
        &mut self.context
    }
}

/// What a handler receives, depending on whether its command needs a repository.
pub(crate) trait CallType {
    /// The call.
    type Call: Send;

    /// The call; `None` where there is no node and the command needs one.
    fn call(rpc: Option<&Arc<Rpc>>, context: CallContext) -> Option<Self::Call>;
}

impl CallType for Repository {
    type Call = Call;

    fn call(rpc: Option<&Arc<Rpc>>, context: CallContext) -> Option<Call> {
        let rpc = rpc?.clone();
        Some(Call {
            rpc,
            context,
            blocks: OnceLock::new(),
        })
    }
}

impl CallType for Nothing {
    type Call = CallContext;

    fn call(_: Option<&Arc<Rpc>>, context: CallContext) -> Option<CallContext> {
        Some(context)
    }
}

/// What a handler receives, depending on the body of the request.
pub(crate) trait RequestBody {
    /// The call, with the body where the command has one.
    type Input<T: Send>: Send;

    /// Combines both; `None` where a required body is missing.
    fn input<T: Send>(call: T, files: Option<Files>) -> Option<Self::Input<T>>;
}

impl RequestBody for shape::NoBody {
    type Input<T: Send> = T;

    fn input<T: Send>(call: T, _: Option<Files>) -> Option<T> {
        Some(call)
    }
}

impl RequestBody for shape::Files {
    type Input<T: Send> = (T, Files);

    fn input<T: Send>(call: T, files: Option<Files>) -> Option<(T, Files)> {
        Some((call, files?))
    }
}

/// The context of a request without a node.
pub(crate) struct CallContext {
    pub(crate) values: Values,
    pub(crate) encoding: Encoding,
    pub(crate) timeout: Option<Duration>,
    pub(crate) trailers: Trailers,
    cid_base: Option<Base>,
    bad_base: Option<String>,
    upgrade: bool,
    offline: bool,
}

impl CallContext {
    /// Reads the options that all commands share, and arguments in the body. An error is a complete response.
    pub(crate) async fn read(
        spec: &Spec,
        request: Request,
        mut values: Values,
    ) -> Result<(Self, Option<Files>), Response> {
        let request = files::arguments(spec, request, &mut values)
            .await
            .map_err(|refused| error::bad_request(&refused.to_string()))?;
        let encoding = match values.loose(&["encoding", "enc"]) {
            None => Encoding::Json,
            Some(name) => Encoding::from_name(name)
                .ok_or_else(|| error::bad_request(&format!("invalid encoding: {name}")))?,
        };
        let timeout = match values.loose(&["timeout"]) {
            None => None,
            // Kubo answers an invalid timeout with an empty response.
            Some(text) => Some(
                text.parse::<GoDuration>()
                    .map(GoDuration::to_std)
                    .map_err(|_| answer::nothing_at_all())?,
            ),
        };
        let (cid_base, bad_base) = match values.loose(&["cid-base"]) {
            None => (None, None),
            Some(name) => multibase::by_name(name)
                .map_or_else(|_| (None, Some(name.to_owned())), |base| (Some(base), None)),
        };
        let offline = values.loose_switch(&["offline"]).unwrap_or(false);
        let upgrade = match values.loose_switch(&["upgrade-cidv0-in-output"]) {
            Some(on) => on,
            // CIDv0 has only one base: any other needs version 1.
            None => cid_base.is_some_and(|base| base != Base::Base58Btc),
        };
        let trailers = Trailers::of(request.headers(), request.extensions());
        let files = match spec.body {
            BodyKind::Nothing => None,
            _ => match Files::new(request) {
                Ok(Some(files)) => Some(files),
                Ok(None) if spec.files.optional => Some(Files::none()),
                Ok(None) => return Err(error::parse(&ParseError::MissingFile(spec.files.name))),
                Err(refused) => return Err(error::bad_request(&error::text(&refused))),
            },
        };
        let context = Self {
            values,
            encoding,
            timeout,
            trailers,
            cid_base,
            bad_base,
            upgrade,
            offline,
        };
        Ok((context, files))
    }

    /// As [`Self::cids`], for Kubo's older commands: a base alone does not turn version 0 into version 1.
    pub(crate) fn old_cids(&self) -> Result<CidForm, Failure> {
        let upgrade = self.values.loose_switch(&["upgrade-cidv0-in-output"]);
        Ok(CidForm {
            upgrade: upgrade.unwrap_or(false),
            ..self.cids()?
        })
    }

    /// Whether peers must not be contacted.
    pub(crate) fn is_offline(&self) -> bool {
        self.offline
    }

    /// As [`Self::cids`], but with the base of the path's CID by default.
    pub(crate) fn cids_like(&self, path: &[u8]) -> Result<CidForm, Failure> {
        let explicit = self.cid_base.is_some() || self.bad_base.is_some();
        match base_in(&to_text(path)).filter(|_| !explicit && !path.starts_with(b"/ipns/")) {
            None => self.cids(),
            Some((cid, base)) => Ok(CidForm {
                base: (cid.version() == Version::V1).then_some(base),
                upgrade: cid.version() == Version::V1,
            }),
        }
    }

    /// How CIDs are formatted. Fails for an unknown base.
    pub(crate) fn cids(&self) -> Result<CidForm, Failure> {
        match &self.bad_base {
            Some(name) => Err(Failure::normal(format!(
                "unsupported multibase encoding: {name}"
            ))),
            None => Ok(CidForm {
                base: self.cid_base,
                upgrade: self.upgrade,
            }),
        }
    }
}

impl Call {
    /// The node.
    pub(crate) fn node(&self) -> &Arc<cairn_node::Node> {
        &self.rpc.node
    }

    /// The blocks that this call reads from.
    pub(crate) fn blocks(&self) -> Blocks {
        let view = || {
            if self.offline {
                self.node().offline_blocks()
            } else {
                self.node().blocks()
            }
        };
        self.blocks.get_or_init(view).clone()
    }

    /// Reads a content path.
    pub(crate) fn path(&self, text: impl AsRef<[u8]>) -> Result<ContentPath, Failure> {
        Ok(ContentPath::parse(text)?)
    }

    /// The block that a path leads to.
    pub(crate) async fn resolve(&self, text: impl AsRef<[u8]>) -> Result<Cid, Failure> {
        Ok(self.follow(text).await?.cid)
    }

    /// Resolves a path to a block, and the rest of the path inside it.
    pub(crate) async fn follow(&self, text: impl AsRef<[u8]>) -> Result<Resolved, Failure> {
        let path = self.path(text)?;
        if !path.is_mutable() {
            return Ok(resolve::resolve(&self.blocks(), &path).await?);
        }
        let path = Box::pin(self.names(path, NameOptions::default(), true)).await?;
        Ok(resolve::resolve(&self.blocks(), &path).await?)
    }

    /// Resolves the names of a mutable path.
    pub(crate) async fn names(
        &self,
        path: ContentPath,
        options: NameOptions,
        recursive: bool,
    ) -> Result<ContentPath, Failure> {
        let options = NameOptions {
            offline: self.offline,
            ..options
        };
        let names = self.node().names();
        Ok(resolve::follow_names(&*names, path, &options, recursive)
            .await?
            .path)
    }
}

/// The CID in a path and its base, if there is one.
fn base_in(path: &str) -> Option<(Cid, Base)> {
    let mut parts = path.splitn(4, '/');
    let first = parts.next()?;
    let named = if first.is_empty() {
        parts.nth(1)?
    } else {
        first
    };
    Cid::parse(named).ok()
}

/// How CIDs are formatted in a response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CidForm {
    base: Option<Base>,
    upgrade: bool,
}

impl CidForm {
    /// Writes a CID.
    pub(crate) fn show(self, cid: &Cid) -> String {
        match (self.base, cid.version()) {
            (None, Version::V0) if self.upgrade => cid.to_v1().to_string(),
            (None, _) => cid.to_string(),
            (Some(base), Version::V0) if self.upgrade => cid.to_v1().encode(base),
            (Some(_), Version::V0) => cid.to_string(),
            (Some(base), Version::V1) => cid.encode(base),
        }
    }
}

/// The failure of a call whose timeout expired.
pub(crate) fn timed_out() -> Failure {
    Failure::normal("context deadline exceeded")
}
