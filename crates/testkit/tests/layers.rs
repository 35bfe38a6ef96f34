//! The crates' layers, read from `cargo metadata`.

use std::path::Path;

use cairn_testkit::layers;

#[test]
fn dependencies_point_down_only() {
    let edges = layers::edges(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    assert!(edges.contains_key("cairn"), "{edges:?}");
    layers::check(&edges).unwrap();
}
