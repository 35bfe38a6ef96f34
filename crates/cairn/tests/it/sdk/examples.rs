//! The programs in `crates/client/examples`, each run.

use std::fs;

use super::Server;

/// Takes the programs in as they are; their `main` is not called here.
macro_rules! examples {
    ($($name:ident: $path:literal),+ $(,)?) => { $(
        #[allow(dead_code)]
        #[path = $path]
        pub(super) mod $name;
    )+

        const NAMES: &[&str] = &[$(stringify!($name)),+];
    };
}

examples! {
    add_directory: "../../../../client/examples/add_directory.rs",
    add_file: "../../../../client/examples/add_file.rs",
    car: "../../../../client/examples/car.rs",
    collect: "../../../../client/examples/collect.rs",
    download: "../../../../client/examples/download.rs",
    errors: "../../../../client/examples/errors.rs",
    every_method: "../../../../client/examples/every_method/main.rs",
    json: "../../../../client/examples/json.rs",
    mutable_files: "../../../../client/examples/mutable_files.rs",
    pin: "../../../../client/examples/pin.rs",
    pin_remotely: "../../../../client/examples/pin_remotely.rs",
    read_file: "../../../../client/examples/read_file.rs",
    store_nft: "../../../../client/examples/store_nft.rs",
    upload_directory: "../../../../client/examples/upload_directory.rs",
}

#[test]
fn no_program_is_left_out() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../client/examples");
    let mut found: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_owned())
        .collect();
    found.sort();
    assert_eq!(found, NAMES);
}

#[tokio::test]
async fn programs_run() {
    let server = Server::start().await;
    let kubo = &server.kubo;
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::create_dir_all(at("tree/sub")).unwrap();
    fs::write(at("tree/1.jpg"), "a picture").unwrap();
    fs::write(at("tree/sub/2.png"), "another").unwrap();

    add_file::run(kubo, &at("tree/1.jpg")).await.unwrap();
    add_directory::run(kubo, &at("tree")).await.unwrap();
    let root = kubo
        .add(at("tree"))
        .recursive(true)
        .await
        .unwrap()
        .cid
        .to_string();
    download::run(kubo, &root, &at("got")).await.unwrap();
    assert_eq!(
        fs::read_to_string(at(&format!("got/{root}/sub/2.png"))).unwrap(),
        "another"
    );
    read_file::run(kubo, &format!("{root}/1.jpg"), &at("copy"))
        .await
        .unwrap();
    assert_eq!(fs::read_to_string(at("copy")).unwrap(), "a picture");
    car::run(kubo, &root, &at("tree.car")).await.unwrap();
    pin::run(kubo, &root, "the tree").await.unwrap();
    assert!(kubo.pins().ls_of(&root).await.unwrap_err().is_not_found());
    json::run(kubo).await.unwrap();
    mutable_files::run(kubo, "one").await.unwrap();
    mutable_files::run(kubo, "two").await.unwrap();
    assert_eq!(
        kubo.files()
            .read("/logs/example.log")
            .to_string(99)
            .await
            .unwrap(),
        "one\ntwo\n"
    );
    errors::run(kubo, "QmT78zSuBmuS4z925WZfrqQ1qHaJ56DQaTfyMUF7F8ff5o")
        .await
        .unwrap();
    errors::run(kubo, "nonsense").await.unwrap();
    collect::run(kubo).await.unwrap();
}
