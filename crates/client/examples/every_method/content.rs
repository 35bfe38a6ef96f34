//! Content: files, blocks, DAGs, objects, pins, and the mutable file system.

use std::error::Error;
use std::fs;
use std::path::Path;

use cairn_client::{Cid, Kubo};
use serde_json::json;

use super::Report;

/// An empty node.
const EMPTY: &str = "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n";

/// What other calls need.
pub(crate) struct Made {
    pub(crate) file: Cid,
    pub(crate) root: Cid,
}

pub(crate) async fn run(
    kubo: &Kubo,
    folder: &Path,
    report: &mut Report,
) -> Result<Made, Box<dyn Error>> {
    let made = add(kubo, folder, report).await?;
    read(kubo, folder, &made, report).await;
    blocks(kubo, report).await?;
    dag(kubo, &made, report).await?;
    objects(kubo, &made, report).await;
    pins(kubo, &made, report).await?;
    files(kubo, &made, report).await;
    Ok(made)
}

async fn add(kubo: &Kubo, folder: &Path, report: &mut Report) -> Result<Made, Box<dyn Error>> {
    let tree = folder.join("tree");
    fs::create_dir_all(tree.join("sub"))?;
    fs::write(tree.join("hello.txt"), "hello\n")?;
    fs::write(tree.join("sub/two.txt"), "two\n")?;
    let added = report.call("add", kubo.add(&tree).recursive(true)).await;
    let root = added.ok_or("the other calls need `add`")?.cid;
    report
        .call(
            "add_all",
            kubo.add_all([tree.join("hello.txt"), tree.join("sub/two.txt")]),
        )
        .await;
    report.call("add_bytes", kubo.add_bytes("bytes")).await;
    let file = report.call("add_str", kubo.add_str("hello\n")).await;
    let file = file.ok_or("the other calls need `add_str`")?;
    let object = report
        .call("add_json", kubo.add_json(&json!({"a": 1})))
        .await;
    let value = kubo.get_json::<serde_json::Value>(object.as_ref().unwrap_or(&file));
    report.call("get_json", value).await;
    Ok(Made { file, root })
}

async fn read(kubo: &Kubo, folder: &Path, made: &Made, report: &mut Report) {
    report.bytes("cat", kubo.cat(&made.file)).await;
    report
        .call("get", kubo.get(&made.root).to_dir(folder.join("got")))
        .await;
    report.call("ls", kubo.ls(&made.root)).await;
    report
        .call("refs", kubo.refs(&made.root).recursive(true))
        .await;
    report.call("refs_local", kubo.refs_local()).await;
    report
        .call(
            "resolve",
            kubo.resolve(format!("/ipfs/{}/hello.txt", made.root)),
        )
        .await;
}

async fn blocks(kubo: &Kubo, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let blocks = kubo.blocks();
    let put = report.call("blocks.put", blocks.put(b"a block")).await;
    let cid = put
        .and_then(|put| put.into_iter().next())
        .ok_or("the other calls need `blocks.put`")?
        .cid;
    report.bytes("blocks.get", blocks.get(&cid)).await;
    report.call("blocks.stat", blocks.stat(&cid)).await;
    report.call("blocks.rm", blocks.rm(&cid)).await;
    Ok(())
}

async fn dag(kubo: &Kubo, made: &Made, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let dag = kubo.dag();
    report.call("dag.put", dag.put(br#"{"a": [1, 2]}"#)).await;
    let put = dag.put_value(&json!({"b": 3}))?;
    let put = report.call("dag.put_value", put).await;
    let node = put
        .and_then(|put| put.into_iter().next())
        .unwrap_or_else(|| made.root.clone());
    report.bytes("dag.get", dag.get(&node)).await;
    report
        .call("dag.resolve", dag.resolve(format!("{node}/b")))
        .await;
    report.call("dag.stat", dag.stat(&made.root)).await;
    let car = report.bytes("dag.export", dag.export(&made.root)).await;
    report
        .call("dag.import", dag.import(car.unwrap_or_default()))
        .await;
    Ok(())
}

async fn objects(kubo: &Kubo, made: &Made, report: &mut Report) {
    let objects = kubo.objects();
    let empty = report
        .call("objects.new_object", objects.new_object())
        .await;
    let empty = empty.map_or_else(|| EMPTY.to_owned(), |cid| cid.to_string());
    report
        .call("objects.new_from", objects.new_from("unixfs-dir"))
        .await;
    report.bytes("objects.data", objects.data(&made.root)).await;
    report.call("objects.get", objects.get(&made.root)).await;
    report
        .call("objects.links", objects.links(&made.root))
        .await;
    report
        .call(
            "objects.put",
            objects.put(br#"{"Data":"another","Links":[]}"#),
        )
        .await;
    report.call("objects.stat", objects.stat(&made.root)).await;
    let linked = report
        .call(
            "objects.patch_add_link",
            objects.patch_add_link(&made.root, "linked", &made.file),
        )
        .await;
    let linked = linked.unwrap_or_else(|| made.root.clone());
    report
        .call("objects.diff", objects.diff(&made.root, &linked))
        .await;
    report
        .call(
            "objects.patch_rm_link",
            objects.patch_rm_link(&linked, "hello.txt"),
        )
        .await;
    report
        .call(
            "objects.patch_append_data",
            objects.patch_append_data(&empty, b"data"),
        )
        .await;
    report
        .call(
            "objects.patch_set_data",
            objects.patch_set_data(&empty, b"data"),
        )
        .await;
}

async fn pins(kubo: &Kubo, made: &Made, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let pins = kubo.pins();
    let before = kubo.add_str("pinned before").pin(false).await?;
    let after = kubo.add_str("pinned after").pin(false).await?;
    report.call("pins.add", pins.add(&before)).await;
    report.call("pins.ls", pins.ls()).await;
    report.call("pins.ls_of", pins.ls_of(&made.root)).await;
    report
        .call("pins.update", pins.update(&before, &after))
        .await;
    report.call("pins.rm", pins.rm(&after)).await;
    report.call("pins.verify", pins.verify()).await;
    Ok(())
}

async fn files(kubo: &Kubo, made: &Made, report: &mut Report) {
    let files = kubo.files();
    report
        .call("files.mkdir", files.mkdir("/every").parents(true))
        .await;
    report
        .call(
            "files.write",
            files.write("/every/note", b"a note").create(true),
        )
        .await;
    report.bytes("files.read", files.read("/every/note")).await;
    report
        .call(
            "files.cp",
            files.cp(format!("/ipfs/{}", made.root), "/every/tree"),
        )
        .await;
    report
        .call("files.mv", files.mv("/every/note", "/every/moved"))
        .await;
    report.call("files.ls", files.ls("/every").long(true)).await;
    report.call("files.stat", files.stat("/every/moved")).await;
    report
        .call("files.chmod", files.chmod(0o644, "/every/moved"))
        .await;
    report
        .call("files.touch", files.touch("/every/moved"))
        .await;
    report
        .call("files.chcid", files.chcid("/every").cid_version(1))
        .await;
    report.call("files.flush", files.flush("/every")).await;
    report
        .call("files.rm", files.rm("/every").recursive(true))
        .await;
}
