//! Every due recording of Kubo 0.42.0, replayed against the program.

use cairn_testkit::dns::DnsServer;
use cairn_testkit::recording::Set;
use cairn_testkit::replay::Replayer;
use cairn_testkit::selection::Selection;
use cairn_testkit::server;

#[test]
fn every_due_answer_is_kubos() {
    let set = Set::kubo().unwrap();
    let due = Selection::kubo().unwrap().select(&set);
    let repository = server::recorded_repository(env!("CARGO_BIN_EXE_cairn")).unwrap();
    // Kubo was asked where no domain exists.
    let dns = DnsServer::start(&[]).unwrap();
    repository
        .configure(|config| config["DNS"]["Resolvers"] = serde_json::json!({".": dns.url()}))
        .unwrap();
    let daemon = repository.start(&["--offline"]).unwrap();
    assert_eq!(
        repository.api_file().unwrap(),
        daemon.rpc_address(),
        "the api file tells where the RPC listens"
    );

    let mut replayer = Replayer::new(&set, &daemon.rpc()).unwrap();
    let outcomes: Vec<_> = due
        .iter()
        .map(|recording| {
            // The recorded configuration names no servers; no domain is looked up from here on.
            if recording.name == "config.show" {
                repository
                    .configure(|config| config["DNS"]["Resolvers"] = serde_json::json!({}))
                    .unwrap();
            }
            replayer.run(recording).unwrap()
        })
        .collect();
    let different: Vec<_> = outcomes
        .iter()
        .filter(|outcome| !outcome.same())
        .map(ToString::to_string)
        .collect();
    assert!(
        different.is_empty(),
        "{} of {} answers differ:\n{}\n\nthe daemon said:\n{}",
        different.len(),
        outcomes.len(),
        different.join("\n"),
        daemon.log()
    );
}
