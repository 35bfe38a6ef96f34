//! Commands about peers. There need not be any: then most of them fail, and the outcome is the error.

use cairn_client::Kubo;

use super::content::Made;
use super::{PEER, Report};

pub(crate) async fn run(kubo: &Kubo, made: &Made, report: &mut Report) {
    report.call("id_of", kubo.id_of(PEER)).await;
    report.call("ping", kubo.ping(PEER).count(1)).await;
    report.call("check", kubo.check("bafkqaaa").via(PEER)).await;
    swarm(kubo, report).await;
    routing(kubo, made, report).await;
    pubsub(kubo, report).await;
    exchange(kubo, made, report).await;
    p2p(kubo, report).await;
    remote_pins(kubo, made, report).await;
}

async fn swarm(kubo: &Kubo, report: &mut Report) {
    let address = format!("/ip4/127.0.0.1/tcp/9/p2p/{PEER}");
    let bootstrap = kubo.bootstrap();
    report.call("bootstrap.add", bootstrap.add(&address)).await;
    report.call("bootstrap.list", bootstrap.list()).await;
    report.call("bootstrap.rm", bootstrap.rm(&address)).await;
    report.call("bootstrap.rm_all", bootstrap.rm_all()).await;
    let swarm = kubo.swarm();
    report.call("swarm.addrs", swarm.addrs()).await;
    report.call("swarm.autonat", swarm.autonat()).await;
    report
        .call("swarm.listen_addrs", swarm.listen_addrs())
        .await;
    report.call("swarm.local_addrs", swarm.local_addrs()).await;
    report.call("swarm.connect", swarm.connect(&address)).await;
    report
        .call("swarm.disconnect", swarm.disconnect(&address))
        .await;
    let filter = "/ip4/192.0.2.0/ipcidr/24";
    report
        .call("swarm.add_filters", swarm.add_filters(filter))
        .await;
    report.call("swarm.filters", swarm.filters()).await;
    report
        .call("swarm.rm_filters", swarm.rm_filters(filter))
        .await;
    report
        .call("swarm.add_peering", swarm.add_peering(&address))
        .await;
    report.call("swarm.peering", swarm.peering()).await;
    report
        .call("swarm.rm_peering", swarm.rm_peering(PEER))
        .await;
    report.call("swarm.peers", swarm.peers()).await;
    report.call("swarm.resources", swarm.resources()).await;
}

async fn routing(kubo: &Kubo, made: &Made, report: &mut Report) {
    let routing = kubo.routing();
    report
        .call("routing.findpeer", routing.findpeer(PEER))
        .await;
    report
        .call("routing.findprovs", routing.findprovs(&made.file))
        .await;
    report
        .call("routing.provide", routing.provide(&made.file))
        .await;
    report.call("routing.reprovide", routing.reprovide()).await;
    let dht = kubo.dht();
    report.call("dht.findpeer", dht.findpeer(PEER)).await;
    report
        .call("dht.findprovs", dht.findprovs(&made.file))
        .await;
    report.call("dht.provide", dht.provide(&made.file)).await;
    report.call("dht.query", dht.query(PEER)).await;
}

async fn pubsub(kubo: &Kubo, report: &mut Report) {
    let pubsub = kubo.pubsub();
    report.call("pubsub.ls", pubsub.ls()).await;
    report.call("pubsub.peers", pubsub.peers()).await;
    report
        .call("pubsub.peers_of", pubsub.peers_of("a topic"))
        .await;
    report
        .call("pubsub.publish", pubsub.publish("a topic", "a message"))
        .await;
    report
        .follow("pubsub.subscribe", pubsub.subscribe("a topic").stream())
        .await;
    report.call("pubsub.reset", pubsub.reset()).await;
}

async fn exchange(kubo: &Kubo, made: &Made, report: &mut Report) {
    let bitswap = kubo.bitswap();
    report.call("bitswap.stat", bitswap.stat()).await;
    report.call("bitswap.wantlist", bitswap.wantlist()).await;
    report.call("bitswap.ledger", bitswap.ledger(PEER)).await;
    let provide = kubo.provide();
    report.call("provide.stat", provide.stat()).await;
    report.call("provide.once", provide.once(&made.file)).await;
    report.call("provide.clear", provide.clear()).await;
}

async fn p2p(kubo: &Kubo, report: &mut Report) {
    let p2p = kubo.p2p();
    report
        .call("p2p.listen", p2p.listen("/x/every", "/ip4/127.0.0.1/tcp/9"))
        .await;
    report
        .call(
            "p2p.forward",
            p2p.forward("/x/every", "/ip4/127.0.0.1/tcp/0", format!("/p2p/{PEER}")),
        )
        .await;
    report.call("p2p.ls", p2p.ls()).await;
    report.call("p2p.streams", p2p.streams()).await;
    report.call("p2p.close_stream", p2p.close_stream("1")).await;
    report.call("p2p.close", p2p.close().all(true)).await;
}

async fn remote_pins(kubo: &Kubo, made: &Made, report: &mut Report) {
    let remote = kubo.remote_pins();
    // Nobody listens there.
    report
        .call(
            "remote_pins.add_service",
            remote.add_service("nest", "http://127.0.0.1:9/psa", "token"),
        )
        .await;
    report.call("remote_pins.services", remote.services()).await;
    report
        .call(
            "remote_pins.add",
            remote.add(&made.root).service("nest").background(true),
        )
        .await;
    report
        .call("remote_pins.ls", remote.ls().service("nest"))
        .await;
    report
        .call("remote_pins.rm", remote.rm().service("nest"))
        .await;
    report
        .call("remote_pins.rm_service", remote.rm_service("nest"))
        .await;
}
