//! Content paths: the clean form of a path is the same path, and no name in it leads up.
#![no_main]

use cairn_primitives::ContentPath;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &[u8]| {
    let path = match ContentPath::parse(text) {
        Ok(path) => path,
        Err(error) => {
            assert!(error.to_string().chars().all(|letter| !letter.is_control()));
            return;
        }
    };
    assert_eq!(ContentPath::new(path.as_bytes()), Ok(path.clone()));
    assert!(
        path.names()
            .all(|name| !matches!(name, b"" | b"." | b"..") && !name.contains(&b'/'))
    );
    assert_eq!(path.cid().is_none(), path.is_mutable());
    assert_eq!(path.ends_in_slash(), path.as_bytes().ends_with(b"/"));
    let deeper = path.join(["a", "b"]).expect("names can be added");
    assert_eq!(deeper.names().count(), path.names().count() + 2);
});
