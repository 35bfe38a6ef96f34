//! Programs in the documentation are the examples, which compile.

use std::path::Path;

#[test]
fn programs_in_the_documentation_are_examples() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (page, examples) in [
        ("pinning.md", &["pin_remotely"][..]),
        ("upload.md", &["upload_directory", "store_nft"]),
    ] {
        let page = std::fs::read_to_string(root.join("../../docs").join(page)).unwrap();
        for example in examples {
            let path = root.join(format!("examples/{example}.rs"));
            let text = std::fs::read_to_string(path).unwrap();
            let program = text
                .lines()
                .skip_while(|line| line.starts_with("//!") || line.is_empty());
            let program = program.collect::<Vec<_>>().join("\n");
            let block = format!("```rust\n{program}\n```");
            assert!(
                page.contains(&block),
                "{example} is not in the page as it is"
            );
        }
    }
}
