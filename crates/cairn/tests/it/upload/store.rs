//! NFTs with their metadata.

use serde_json::json;

use super::Server;

pub(crate) fn metadata_and_files_are_stored(server: &Server) {
    let meta =
        r#"{"name":"Hello","z":1.0,"image":null,"properties":{"videoClip":"","list":[null]}}"#;
    let call = server.call("POST", "/store").form(&[
        (
            r#"name="image"; filename="pinpie.jpg""#,
            "image/jpeg",
            b"image",
        ),
        (r#"name="meta""#, "", meta.as_bytes()),
        (
            r#"name="properties.videoClip"; filename="clip.mp4""#,
            "video/mp4",
            b"video",
        ),
        (
            r#"name="properties.list.0"; filename="first""#,
            "text/plain",
            b"first",
        ),
    ]);
    let answer = server.send(&call);
    assert_eq!(answer.status, 200, "{}", answer.text());
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    let stored = &body["value"];
    let ipnft = stored["ipnft"].as_str().unwrap();
    assert!(ipnft.starts_with("bafyrei"), "{ipnft}");
    assert_eq!(stored["url"], format!("ipfs://{ipnft}/metadata.json"));
    // The order of keys and the numbers are the client's; files are URLs.
    let metadata = server.cat(&format!("{ipnft}/metadata.json"));
    let metadata = String::from_utf8(metadata).unwrap();
    let image = stored["data"]["image"].as_str().unwrap();
    let clip = stored["data"]["properties"]["videoClip"].as_str().unwrap();
    let first = stored["data"]["properties"]["list"][0].as_str().unwrap();
    assert_eq!(
        metadata,
        format!(
            r#"{{"name":"Hello","z":1.0,"image":"{image}","properties":{{"videoClip":"{clip}","list":["{first}"]}}}}"#
        )
    );
    assert!(answer.text().contains(&metadata), "{}", answer.text());
    for (url, name, content) in [
        (image, "pinpie.jpg", "image"),
        (clip, "clip.mp4", "video"),
        (first, "first", "first"),
    ] {
        let path = url.strip_prefix("ipfs://").unwrap();
        assert!(path.ends_with(&format!("/{name}")), "{url}");
        assert_eq!(server.cat(path), content.as_bytes());
    }
    // The node links to the files' directories.
    let directory = image.split('/').nth(2).unwrap();
    let node = server.ask(&format!("dag/get?arg={ipnft}"));
    assert_eq!(node["type"], "nft");
    assert_eq!(node["image"], json!({ "/": directory }));
    assert_eq!(node["z"], 1);
    let own = format!("/{ipnft}");
    let listed = server.value(&server.call("GET", &own));
    assert_eq!(listed["type"], "nft");
    assert_eq!(
        listed["files"][0],
        json!({ "name": "pinpie.jpg", "type": "image/jpeg" })
    );
    assert!(listed["size"].as_u64().unwrap() > 100);
    // All of it is pinned.
    server.collect();
    assert_eq!(server.cat(&format!("{directory}/pinpie.jpg")), b"image");
}

pub(crate) fn metadata_needs_no_files_and_must_have_their_places(server: &Server) {
    let call = server.call("POST", "/store");
    let stored = server.value(&call.form(&[(r#"name="meta""#, "", br#"{"name":"n"}"#)]));
    assert_eq!(stored["data"], json!({ "name": "n" }));
    let image = (r#"name="image"; filename="a""#, "", &b"x"[..]);
    for (name, parts) in [
        ("no metadata", vec![image]),
        ("no JSON", vec![(r#"name="meta""#, "", &b"{"[..]), image]),
        ("no object", vec![(r#"name="meta""#, "", &b"[]"[..]), image]),
        (
            "a value in the place",
            vec![(r#"name="meta""#, "", &br#"{"image":"x"}"#[..]), image],
        ),
        (
            "no place",
            vec![
                (r#"name="meta""#, "", &br#"{"a":1}"#[..]),
                (r#"name="a.b"; filename="a""#, "", &b"x"[..]),
            ],
        ),
    ] {
        let call = server.call("POST", "/store").form(&parts);
        assert_eq!(server.refusal(&call, 400).0, "HTTP_ERROR", "{name}");
    }
    let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(2 << 20));
    let call = server.call("POST", "/store");
    let call = call.form(&[(r#"name="meta""#, "", long.as_bytes())]);
    assert_eq!(server.refusal(&call, 400).0, "HTTP_ERROR");
    assert_eq!(server.count(), 1);
}
