//! The import options of the configuration.

use cairn_dag::import::ImportOptions;
use cairn_primitives::unixfs::directory::SizeEstimation;

use crate::config::Size;
use crate::config::sections::Import;
use crate::node::Node;

impl Node {
    /// The import options of the current configuration, the defaults of a request.
    #[must_use]
    pub fn import_options(&self) -> ImportOptions {
        ImportOptions::from(&self.config().import)
    }
}

impl From<&Import> for ImportOptions {
    fn from(import: &Import) -> Self {
        let estimation = import.unixfs_hamt_directory_size_estimation.as_deref();
        let layout = import.unixfs_dag_layout.as_deref();
        let threshold = import.unixfs_hamt_directory_size_threshold.as_ref();
        Self {
            cid_version: import.cid_version,
            raw_leaves: import.unixfs_raw_leaves,
            chunker: import.unixfs_chunker.clone(),
            hash: import.hash_function.clone(),
            trickle: layout.map(|layout| layout == "trickle"),
            max_file_links: import.unixfs_file_max_links,
            max_directory_links: import.unixfs_directory_max_links,
            max_hamt_fanout: import.unixfs_hamt_directory_max_fanout,
            hamt_threshold: threshold.map(Size::bytes),
            size_estimation: estimation.map(|estimation| match estimation {
                "block" => SizeEstimation::Block,
                "disabled" => SizeEstimation::Disabled,
                _ => SizeEstimation::Links,
            }),
            ..Self::default()
        }
    }
}
