//! `dag/import`.

use cairn_dag::import::CarImport;
use cairn_dag::pin::PinError;
use cairn_dag::{FetchError, NodeError};
use cairn_wire::kubo::dag::import::{DagImport, ImportStats, Imported, ImportedRoot};

use super::super::super::error::text;
use super::super::super::files::Files;
use super::super::super::{Answer, Call, Failure, Handler, Records};
use super::super::fast_provide::{FastProvide, Kept};

impl Handler for DagImport {
    async fn handle(self, (call, mut files): (Call, Files)) -> Result<Answer<Self>, Failure> {
        let form = call.cids()?;
        let node = call.node().clone();
        let blocks = if self.local_only {
            call.blocks().local()
        } else {
            call.blocks()
        };
        Ok(Records::work(move |out| async move {
            let mut import = CarImport::new(node.store().clone(), self.allow_big_block);
            let mut any = false;
            while files.next().await?.is_some() {
                any = true;
                while let Some(data) = files.chunk().await? {
                    import.write(data).await?;
                }
                import.end_archive().await?;
            }
            if !any {
                return Err(Failure::normal("expected a file argument"));
            }
            let imported = import.finish().await?;
            if self.pin_roots {
                for root in &imported.roots {
                    let pinned = imported.pin(node.pins(), &blocks, root).await;
                    let pin_error_msg = pinned
                        .err()
                        .map(|error| pin_failure(&error))
                        .unwrap_or_default();
                    out.send(Imported::Root(ImportedRoot {
                        cid: form.show(root).into(),
                        pin_error_msg,
                    }))
                    .await?;
                }
            }
            drop(imported.hold);
            if self.stats {
                let stats = ImportStats {
                    block_count: imported.blocks,
                    block_bytes_count: imported.bytes,
                };
                out.send(Imported::Stats(stats)).await?;
            }
            let kept = Kept {
                is_pinned: self.pin_roots,
                is_in_mfs: false,
            };
            let fast = FastProvide::new(
                self.fast_provide_root,
                self.fast_provide_dag,
                self.fast_provide_wait,
            );
            fast.announce(&call, &imported.roots, kept).await
        }))
    }
}

/// Why a root is not pinned, as `dag import` reports it: of an absent block only which one it is.
fn pin_failure(error: &PinError) -> String {
    use FetchError::{NotFound, Offline};
    match error {
        PinError::Node(NodeError::Fetch(Offline { cid } | NotFound { cid }))
        | PinError::Incomplete(NodeError::Fetch(Offline { cid } | NotFound { cid })) => {
            text(&NotFound { cid: cid.clone() })
        }
        error => text(error),
    }
}
