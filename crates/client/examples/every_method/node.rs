//! The node: keys, names, its configuration, its repository, and commands that need no repository.

use std::error::Error;
use std::time::Duration;

use cairn_client::Kubo;

use super::Report;
use super::content::Made;

/// A private key, from [RFC 8410](https://www.rfc-editor.org/rfc/rfc8410#section-10.3).
const KEY: &[u8] = b"-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
";

pub(crate) async fn run(
    kubo: &Kubo,
    made: &Made,
    report: &mut Report,
) -> Result<(), Box<dyn Error>> {
    report.call("check_version", kubo.check_version()).await;
    report
        .call("apply_workarounds", kubo.clone().apply_workarounds())
        .await;
    report.call("version", kubo.version()).await;
    report.call("version_check", kubo.version_check()).await;
    report.call("version_deps", kubo.version_deps()).await;
    report.call("commands", kubo.commands()).await;
    report.call("mount", kubo.mount()).await;
    report.call("id", kubo.id()).await;
    keys(kubo, report).await;
    names(kubo, made, report).await;
    texts(kubo, made, report).await;
    config(kubo, report).await?;
    log(kubo, report).await;
    let filestore = kubo.filestore();
    report.call("filestore.ls", filestore.ls()).await;
    report
        .call("filestore.ls_of", filestore.ls_of(&made.file))
        .await;
    report.call("filestore.verify", filestore.verify()).await;
    report
        .call("filestore.verify_of", filestore.verify_of(&made.file))
        .await;
    report.call("filestore.dups", filestore.dups()).await;
    let stats = kubo.stats();
    report.call("stats.bw", stats.bw()).await;
    report.call("stats.dht", stats.dht()).await;
    report.call("stats.bitswap", stats.bitswap()).await;
    report.call("stats.repo", stats.repo()).await;
    report.call("stats.provide", stats.provide()).await;
    Ok(())
}

async fn keys(kubo: &Kubo, report: &mut Report) {
    let keys = kubo.keys();
    report.call("keys.generate", keys.generate("every")).await;
    report
        .call(
            "keys.import",
            keys.import("imported", KEY.to_vec())
                .format("pem-pkcs8-cleartext"),
        )
        .await;
    report.call("keys.ls", keys.ls()).await;
    let signed = report.call("keys.sign", keys.sign(b"data")).await;
    let signature = signed.map_or_else(|| "u".to_owned(), |signed| signed.signature);
    report
        .call("keys.verify", keys.verify(b"data", signature))
        .await;
    report
        .call("keys.rename", keys.rename("every", "renamed"))
        .await;
    report
        .call("keys.rm", keys.rm(["renamed", "imported"]))
        .await;
}

async fn names(kubo: &Kubo, made: &Made, report: &mut Report) {
    let names = kubo.names();
    let published = report
        .call(
            "names.publish",
            names
                .publish(format!("/ipfs/{}", made.root))
                .allow_offline(true)
                .lifetime(Duration::from_secs(3600)),
        )
        .await;
    let name = published.map_or_else(|| super::PEER.to_owned(), |published| published.name);
    report
        .call("names.resolve", names.resolve(format!("/ipns/{name}")))
        .await;
    report.call("names.resolve_own", names.resolve_own()).await;
    let record = report.bytes("names.get", names.get(&name)).await;
    let record = record.unwrap_or_default();
    report
        .call(
            "names.put",
            names
                .put(&name, record.clone())
                .allow_offline(true)
                .force(true),
        )
        .await;
    report
        .call(
            "names.inspect",
            names.inspect(record.clone()).verify(name.as_str()),
        )
        .await;
    report
        .call("names.pubsub_state", names.pubsub_state())
        .await;
    report.call("names.pubsub_subs", names.pubsub_subs()).await;
    report
        .call(
            "names.pubsub_cancel",
            names.pubsub_cancel(format!("/ipns/{name}")),
        )
        .await;
    report.call("dns", kubo.dns("cairn.invalid")).await;
    // The record of a name is the value of a key.
    let key = format!("/ipns/{name}");
    let routing = kubo.routing();
    report
        .call(
            "routing.put",
            routing.put(&key, record.clone()).allow_offline(true),
        )
        .await;
    report.call("routing.get", routing.get(&key)).await;
    report.call("dht.put", kubo.dht().put(&key, record)).await;
    report.call("dht.get", kubo.dht().get(&key)).await;
}

async fn texts(kubo: &Kubo, made: &Made, report: &mut Report) {
    let cids = kubo.cids();
    report.call("cids.base32", cids.base32(&made.file)).await;
    report.call("cids.bases", cids.bases()).await;
    report.call("cids.codecs", cids.codecs()).await;
    report.call("cids.hashes", cids.hashes()).await;
    report.call("cids.format", cids.format(&made.file)).await;
    report.call("cids.inspect", cids.inspect(&made.file)).await;
    let multibase = kubo.multibase();
    report
        .bytes("multibase.encode", multibase.encode(b"text"))
        .await;
    report
        .bytes("multibase.decode", multibase.decode(b"mdGV4dA"))
        .await;
    report
        .bytes("multibase.transcode", multibase.transcode(b"mdGV4dA"))
        .await;
    report.call("multibase.list", multibase.list()).await;
}

async fn config(kubo: &Kubo, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let config = kubo.config();
    let before = report.call("config.get", config.get()).await;
    report
        .call("config.value", config.value("Datastore.GCPeriod"))
        .await;
    report
        .call("config.set", config.set("Datastore.GCPeriod", "2h")?)
        .await;
    report
        .call(
            "config.apply_profile",
            config.apply_profile("test").dry_run(true),
        )
        .await;
    if let Some(before) = before {
        report
            .call("config.replace", config.replace(&before)?)
            .await;
    }
    Ok(())
}

async fn log(kubo: &Kubo, report: &mut Report) {
    let log = kubo.log();
    report.call("log.level", log.level("all", "error")).await;
    report.call("log.levels", log.levels()).await;
    report.call("log.ls", log.ls()).await;
    report.follow("log.tail", log.tail().stream()).await;
    let diag = kubo.diag();
    report.call("diag.cmds", diag.cmds()).await;
    report
        .call(
            "diag.set_cmds_time",
            diag.set_cmds_time(Duration::from_secs(60)),
        )
        .await;
    report.call("diag.clear_cmds", diag.clear_cmds()).await;
    report.call("diag.healthy", diag.healthy()).await;
    report
        .bytes("diag.profile", diag.profile().profile_time("0s"))
        .await;
    report.call("diag.sys", diag.sys()).await;
}

/// The repository, last because it is collected.
pub(crate) async fn finish(kubo: &Kubo, report: &mut Report) -> Result<(), Box<dyn Error>> {
    let repo = kubo.repo();
    report.call("repo.ls", repo.ls()).await;
    report.call("repo.stat", repo.stat()).await;
    report.call("repo.version", repo.version()).await;
    report.call("repo.verify", repo.verify()).await;
    report.call("repo.gc", repo.gc()).await;
    Ok(())
}
