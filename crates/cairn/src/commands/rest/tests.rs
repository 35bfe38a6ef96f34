use std::collections::BTreeMap;

use cairn_wire::pinning::{Failure, GetPin, Pin, PinStatus, Pinning};
use cairn_wire::rest::{Access, Fault, Info, Listed, Scheme};
use cairn_wire::shape::{Json, NoBody};

use super::*;

enum TestApi {}

impl Api for TestApi {
    const INFO: Info = Info {
        title: "Trial API",
        version: "1",
        spec: "https://example.net/",
    };
    const SCHEMES: &'static [Scheme] = &[];
    type Error = Failure;

    fn fault(fault: &Fault) -> (u16, Failure) {
        Pinning::fault(fault)
    }

    fn message(error: &Failure) -> String {
        Pinning::message(error)
    }
}

#[derive(
    Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema,
)]
#[serde(rename_all = "lowercase")]
enum Order {
    /// Oldest first.
    Up,
    /// Newest first.
    Down,
}

cairn_wire::endpoint! {
    /// Do everything.
    ///
    /// <https://example.net/everything>
    struct Everything: POST "/things/{kind}" as "everything" of TestApi {
        path {
            /// The kind.
            kind: String = "kind";
        }
        query {
            /// The order.
            order: Order = Value "order", default Order::Up;
            /// At most so many.
            limit: Option<u32> = Value "limit", 1..=10;
            /// These CIDs.
            cid: Vec<String> = List "cid";
            /// Metadata.
            meta: BTreeMap<String, String> = Prefix "meta-";
            /// A must.
            must: String = Value "must";
        }
        headers {
            /// A name.
            title: Option<String> = Escaped "X-Title";
        }
        body: Json<Pin>,
        reply: 200 One<PinStatus>,
        errors: [400],
        access: Access::Open,
        safe: false,
        command: "things/do",
    }
}

impl Listed for Everything {}

fn parse(line: &str) -> Result<ArgMatches, clap::Error> {
    let words = std::iter::once("do").chain(line.split_whitespace());
    command::<Everything>().try_get_matches_from(words)
}

fn read(line: &str) -> Result<Everything, String> {
    let matches = parse(line).map_err(|error| error.to_string())?;
    let parameters =
        parameters::<Everything>(&matches).map_err(|problem| problem.message().to_owned())?;
    Everything::from_request(&parameters).map_err(|error| error.to_string())
}

#[test]
fn a_declaration_gives_arguments_and_options() {
    command::<Everything>().debug_assert();
    command::<GetPin>().debug_assert();
    let whole = read(
        "x/y --order down --limit 5 --cid a,b --cid c --body-cid d --meta k=v=w --must m --title ü/% --name n --cid-x",
    );
    assert!(whole.is_err(), "an unknown option");
    // `meta` is also a field of the body.
    let help = command::<Everything>().render_help().to_string();
    assert!(
        help.contains("--meta <") && help.contains("--body-meta <"),
        "{help}"
    );
    let line = "x/y --service http://a --order down --limit 5 --body-cid d --meta k=v=w --must m --title ü/% --name n";
    let read_back = read(line).unwrap();
    assert_eq!(
        read_back,
        Everything {
            kind: "x/y".to_owned(),
            order: Order::Down,
            limit: Some(5),
            cid: Vec::new(),
            meta: BTreeMap::from([("k".to_owned(), "v=w".to_owned())]),
            must: "m".to_owned(),
            title: Some("ü/%".to_owned()),
        }
    );
    assert_eq!(
        Everything::from_request(&read_back.to_request()),
        Ok(read_back)
    );
    let shortest = read("x --service http://a --body-cid d --must m").unwrap();
    assert_eq!((shortest.order, shortest.limit), (Order::Up, None));
    for (wrong, why) in [
        ("x --service http://a --body-cid d", "--must"),
        ("x --body-cid d --must m", "--service"),
        (
            "x --service http://a --body-cid d --must m --order side",
            "up, down",
        ),
        (
            "x --service http://a --body-cid d --must m --limit 11",
            "limit",
        ),
        (
            "x --service http://a --body-cid d --must m --meta k",
            "KEY=VALUE",
        ),
        ("--service http://a --body-cid d --must m", "KIND"),
    ] {
        let error = read(wrong).unwrap_err();
        assert!(error.contains(why), "{wrong}: {error}");
    }
}

#[test]
fn help_is_made_of_the_docs() {
    let help = command::<Everything>().render_long_help().to_string();
    for text in [
        "Do everything",
        "https://example.net/everything",
        "<KIND>",
        "The kind",
        "The order [default: up]",
        "[possible values: up, down]",
        "--meta <KEY=VALUE>",
        "--title <TEXT>",
        "URL of a server of the Trial API",
    ] {
        assert!(help.contains(text), "{text} is missing in {help}");
    }
}

#[test]
fn the_fields_of_a_body_are_options() {
    type Body = Json<Fields>;
    let command = <Body as CommandBody<PutFields>>::arguments(Command::new("x"));
    command.clone().debug_assert();
    let words = "x --text t --number -5 --flag --items a --items b --map k=v --inner {\"a\":1}";
    let matches = command
        .clone()
        .try_get_matches_from(words.split(' '))
        .unwrap();
    let fields: Fields = body::value::<Body, _>(&matches).unwrap();
    assert_eq!(
        fields,
        Fields {
            text: "t".to_owned(),
            number: Some(-5),
            flag: true,
            items: vec!["a".to_owned(), "b".to_owned()],
            map: BTreeMap::from([("k".to_owned(), "v".to_owned())]),
            inner: Some(Inner { a: 1 }),
        }
    );
    let missing = command.clone().try_get_matches_from(["x"]).unwrap_err();
    assert!(missing.to_string().contains("--text"), "{missing}");
    let wrong = command
        .try_get_matches_from(["x", "--text", "t", "--number", "many"])
        .unwrap();
    let problem = body::value::<Body, Fields>(&wrong).unwrap_err();
    assert!(problem.message().starts_with("--number: "), "{problem:?}");
}

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct Inner {
    a: u8,
}

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
struct Fields {
    /// A text.
    text: String,
    #[serde(default)]
    number: Option<i32>,
    #[serde(default)]
    flag: bool,
    #[serde(default)]
    items: Vec<String>,
    #[serde(default)]
    map: BTreeMap<String, String>,
    #[serde(default)]
    inner: Option<Inner>,
}

cairn_wire::endpoint! {
    /// Put fields.
    struct PutFields: PUT "/fields" as "putFields" of TestApi {
        path {}
        query {}
        body: Json<Fields>,
        reply: 204 Nothing,
        errors: [],
        access: Access::Open,
        safe: false,
        command: "fields/put",
    }
}

impl Listed for PutFields {}

cairn_wire::endpoint! {
    /// Get bytes.
    struct GetBytes: GET "/bytes" as "getBytes" of TestApi {
        path {}
        query {}
        body: NoBody,
        reply: 200 Bytes,
        errors: [],
        access: Access::Open,
        safe: true,
        command: "bytes/get",
    }
}

impl Listed for GetBytes {}

#[test]
fn every_kind_of_endpoint_can_be_run() {
    fn runs<E: Endpoint<Body: CommandBody<E> + OpenApiContent, Reply: PrintableReply<E::Api>>>() {
        command::<E>().debug_assert();
    }
    runs::<Everything>();
    runs::<PutFields>();
    runs::<GetBytes>();
    runs::<GetPin>();
}

#[test]
fn records_are_tables() {
    let record = serde_json::json!({
        "id": "a\u{1b}[31m",
        "pin": { "cid": "bafy", "origins": ["x", "y"] },
        "list": [{ "n": 1 }, { "n": 2 }],
        "none": null,
    });
    let table = print::table(&record);
    for line in [
        "pin.cid      bafy",
        "pin.origins  x, y",
        "list.0.n     1",
        "none\n",
    ] {
        assert!(table.contains(line), "{line:?} is missing in {table}");
    }
    assert!(!table.contains('\u{1b}'), "{table}");
}
