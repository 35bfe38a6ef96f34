//! Links between blocks.

use cairn_primitives::Cid;
use cairn_wire::kubo::refs::links::{Ref, Refs};
use cairn_wire::kubo::refs::local::RefsLocal;

use crate::error::{Error, PartialResponse};
use crate::kubo::{Call, IntoPaths, Kubo, cid, list, setters};

impl Kubo {
    /// Lists the links of objects: the CIDs of the linked objects, or formatted by `format` or `edges`.
    ///
    /// ```no_run
    /// # async fn example(kubo: cairn_client::Kubo) -> Result<(), cairn_client::Error> {
    /// let all = kubo.refs("bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354").recursive(true).unique(true).await?;
    /// let mut blocks = kubo.refs_local().stream();
    /// while let Some(cid) = blocks.try_next().await? {
    ///     println!("{cid}");
    /// }
    /// # let _ = all; Ok(())
    /// # }
    /// ```
    pub fn refs(&self, paths: impl IntoPaths) -> Call<Refs> {
        Call::new(self, Refs::new(paths.into_paths()))
    }

    /// Lists all blocks that are stored locally.
    pub fn refs_local(&self) -> Call<RefsLocal> {
        Call::new(self, RefsLocal::new())
    }
}

/// The link of a record, or its error.
pub(super) fn link(found: Ref) -> Result<String, Error> {
    if found.err.is_empty() {
        Ok(found.r#ref)
    } else {
        Err(PartialResponse::new(found.err).into())
    }
}

list! {
    Refs, Ref => String, |found, items| {
        items.push_back(link(found)?);
        Ok(())
    };
    RefsLocal, Ref => Cid, |found, items| {
        items.push_back(cid(&link(found)?)?);
        Ok(())
    };
}

cairn_wire::Refs!(setters);
