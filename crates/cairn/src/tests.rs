//! The command line as a whole: what it understands, what it prints of itself, what it says when something is wrong.

use std::ffi::OsString;

use cairn_wire::kubo;

use crate::environment::Environment;
use crate::error::{ErrorStyle, Problem};
use crate::globals::Globals;
use crate::grammar::{self, Invocation};
use crate::output::Format;

fn parse(line: &str) -> Result<Invocation, Problem> {
    let words = std::iter::once("cairn")
        .chain(line.split_whitespace())
        .map(OsString::from)
        .collect();
    grammar::parse("cairn", words)
}

/// What an endpoint's command would send.
fn query(line: &str) -> String {
    let invocation = parse(line).unwrap();
    invocation.values(invocation.endpoint().unwrap()).to_query()
}

fn globals(line: &str) -> Result<Globals, Problem> {
    let environment = Environment {
        home: Some("/home/someone".into()),
        ..Environment::default()
    };
    Globals::read(&parse(line)?, &environment)
}

#[test]
fn the_grammar_is_sound() {
    grammar::command("cairn").debug_assert();
}

#[test]
fn every_endpoint_is_a_command() {
    for spec in kubo::SPECS {
        let mut command = &grammar::command("cairn");
        for word in spec.path.split('/') {
            command = command
                .find_subcommand(word)
                .unwrap_or_else(|| panic!("{} is missing", spec.path));
        }
        for option in spec.options {
            assert!(
                command
                    .get_arguments()
                    .any(|argument| argument.get_long() == Some(option.name())
                        || option.name().len() == 1),
                "{} --{}",
                spec.path,
                option.name()
            );
        }
    }
}

#[test]
fn options_are_read_as_ipfs_reads_them() {
    for (line, sent) in [
        ("cat a b", "arg=a&arg=b"),
        ("cat -o 5 a", "arg=a&offset=5"),
        ("cat -o=5 a", "arg=a&offset=5"),
        ("cat -o5 a", "arg=a&offset=5"),
        ("cat --offset=-5 a", "arg=a&offset=-5"),
        ("cat a --offset -5", "arg=a&offset=-5"),
        ("cat --progress=false a", "arg=a&progress=false"),
        ("cat --progress a", "arg=a&progress=true"),
        ("cat -- -a", "arg=-a"),
        ("add -rw x", "recursive=true&wrap-with-directory=true"),
        (
            "add -rQw=false x",
            "recursive=true&quieter=true&wrap-with-directory=false",
        ),
        ("add -s size-10 x", "chunker=size-10"),
        ("add x -r", "recursive=true"),
        ("add --ignore a --ignore b x", "ignore=a&ignore=b"),
        ("pin ls -t recursive --names", "type=recursive&names=true"),
        ("config Addresses.API", "arg=Addresses.API"),
        ("config --json A.B true", "arg=A.B&arg=true&json=true"),
        ("config show", ""),
        ("block put -f v0 x", "format=v0"),
        ("version -n --all", "number=true&all=true"),
    ] {
        assert_eq!(query(line), sent, "{line}");
    }
}

#[test]
fn global_options_stand_anywhere() {
    let read =
        globals("--enc=json cat --offline a --timeout 30s --api /ip4/1.2.3.4/tcp/5").unwrap();
    assert_eq!(
        (read.format, read.api.as_deref()),
        (Format::Json, Some("/ip4/1.2.3.4/tcp/5"))
    );
    assert_eq!(read.timeout, Some(std::time::Duration::from_secs(30)));
    assert_eq!(
        read.passed_on,
        [
            ("timeout", "30s".to_owned()),
            ("offline", "true".to_owned())
        ]
    );
    assert_eq!(
        globals("cat a").unwrap().repository().unwrap().to_str(),
        Some("/home/someone/.cairn")
    );
    assert_eq!(
        globals("--repo-dir /r cat a")
            .unwrap()
            .repository()
            .unwrap()
            .to_str(),
        Some("/r")
    );
    assert_eq!(globals("config --json A.B 1").unwrap().format, Format::Text);
    assert_eq!(globals("ls --json a").unwrap().format, Format::JsonLines);
    assert_eq!(
        globals("-L cat --cid-base base32 a")
            .unwrap()
            .passed_on
            .len(),
        2
    );
    for wrong in ["--enc xml cat a", "--timeout soon cat a"] {
        assert!(globals(wrong).is_err(), "{wrong}");
    }
}

/// The long help of a command, as `--help` prints it.
fn help(line: &str) -> String {
    page(line, true)
}

fn page(line: &str, long: bool) -> String {
    let path: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    grammar::help("cairn", &path, long)
}

#[test]
fn help_tells_what_there_is() {
    insta::assert_snapshot!("help_cairn", help(""));
    insta::assert_snapshot!("help_cairn_short", page("", false));
    insta::assert_snapshot!("help_cat_short", page("cat", false));
    insta::assert_snapshot!("help_pin_ls", help("pin ls"));
    insta::assert_snapshot!("help_add", help("add"));
    insta::assert_snapshot!("help_repo", help("repo"));
    insta::assert_snapshot!("help_config_show", help("config show"));
    insta::assert_snapshot!("help_daemon", help("daemon"));
}

#[test]
fn the_help_of_profiles_lists_them() {
    let profiles = help("config profile");
    assert!(profiles.contains("`lowpower`"), "{profiles}");
    assert!(profiles.contains("`server`"), "{profiles}");
}

#[test]
fn commands_with_their_own_code_have_the_help_of_the_endpoint() {
    let disconnect = help("swarm disconnect");
    assert!(
        disconnect.starts_with("Disconnect from peers.\n"),
        "{disconnect}"
    );
    assert!(
        disconnect.contains("cairn swarm disconnect /ip4/"),
        "{disconnect}"
    );
}

#[test]
fn problems_say_what_to_do() {
    let disk = std::io::Error::other("the disk is full");
    let problem = Problem::failed("cannot write x")
        .because(&disk)
        .hint("free some space, then `{program} repo gc`")
        .hint("or try again");
    insta::assert_snapshot!(problem.render(&ErrorStyle::new("ipfs")), @r"
    Error: cannot write x
      caused by: the disk is full
    hint: free some space, then `ipfs repo gc`
    hint: or try again
    ");
    let hostile = Problem::failed("no link named \"\u{1b}[2J\u{202e}evil\"\nsecond line");
    insta::assert_snapshot!(hostile.render(&ErrorStyle::new("cairn")), @r#"
    error: no link named "\u{1b}[2J\u{202e}evil"
           second line
    "#);
}

#[test]
fn causes_that_repeat_are_said_once() {
    #[derive(Debug, thiserror::Error)]
    #[error("cannot open: {0}")]
    struct Outer(#[source] std::io::Error);
    let problem = Problem::from_error(&Outer(std::io::Error::other("gone")));
    assert_eq!(
        problem.render(&ErrorStyle::new("cairn")),
        "error: cannot open: gone\n"
    );
}

#[test]
fn hints_name_the_repository_that_the_command_named() {
    let problem = Problem::failed("x").hint("see `{program} config A`");
    let mut style = ErrorStyle::new("cairn");
    for (path, render) in [
        ("/r", "error: x\nhint: see `cairn --repo-dir /r config A`\n"),
        (
            "/a b/c's",
            "error: x\nhint: see `cairn --repo-dir '/a b/c'\\''s' config A`\n",
        ),
    ] {
        style.repository = Some(path.into());
        assert_eq!(problem.render(&style), render);
    }
}

#[test]
fn errors_are_json_where_that_is_asked_for() {
    let style = ErrorStyle::new("cairn");
    let problem = Problem::failed("cannot write \"x\"")
        .because(&std::io::Error::other("the disk is full"))
        .hint("free some space: `{program} repo gc`");
    assert_eq!(
        problem.json(&style),
        "{\"error\":\"cannot write \\\"x\\\"\",\"causes\":[\"the disk is full\"],\"hint\":\"free some space: `cairn repo gc`\"}\n"
    );
    let parser = parse("pin ls --nosuch").unwrap_err();
    assert_eq!(
        parser.json(&style),
        "{\"error\":\"unexpected argument '--nosuch' found\\n\\n  tip: to pass '--nosuch' as a value, use '-- --nosuch'\"}\n"
    );
}

#[test]
fn commands_that_are_not_there_yet_are_named() {
    for (line, what) in [
        ("tar cat x", "the old tar and urlstore commands"),
        ("update fetch", "self-updates"),
    ] {
        let said = parse(line).unwrap_err().render(&ErrorStyle::new("cairn"));
        // What has been added since is a command.
        assert!(said.contains(what) && !said.contains("filestore"), "{said}");
    }
    let said = parse("pinn ls")
        .unwrap_err()
        .json(&ErrorStyle::new("cairn"));
    assert!(said.contains("'pin'"), "{said}");
}

/// Help says what the declarations say: no default is hidden, no required argument shown as optional.
#[test]
fn help_tells_defaults_and_what_is_required() {
    for spec in kubo::SPECS {
        let page = page(&spec.path.replace('/', " "), true);
        // Long lines are wrapped.
        let flat = page.split_whitespace().collect::<Vec<_>>().join(" ");
        let (usage, _) = page
            .split_once("Usage: ")
            .and_then(|(_, rest)| rest.split_once('\n'))
            .unwrap();
        for argument in spec.arguments.iter().filter(|argument| argument.required) {
            assert!(usage.contains(&format!("<{}>", argument.name)), "{usage}");
        }
        for option in spec.options {
            let default = (option.default)();
            // Text and JSON list different kinds.
            let own = match (spec.path, option.name()) {
                ("pin/ls", "type") => Some("direct and recursive; all with paths or `--json`"),
                _ => default.as_deref(),
            };
            match own {
                None | Some("" | "false") => {}
                Some(default) => assert!(
                    flat.contains(&format!("[default: {default}]")),
                    "{} --{}: {default}",
                    spec.path,
                    option.name()
                ),
            }
        }
        assert!(!page.contains("--stream-channels") && !page.contains("--log-format"));
    }
    let add = page("add", true);
    assert!(add.contains("size-262144") && add.contains("Examples:"));
    assert!(!page("add", false).contains("Examples:"));
    assert!(help("").contains("--repo-dir") && !page("", false).contains("--repo-dir"));
}

/// Summaries are imperative: `Show`, not `Shows`.
#[test]
fn summaries_are_imperative() {
    fn check(command: &clap::Command, path: &str) {
        for below in command.get_subcommands() {
            let path = format!("{path} {}", below.get_name());
            let about = below
                .get_about()
                .map(ToString::to_string)
                .unwrap_or_default();
            let first = about.split_whitespace().next().unwrap_or_default();
            assert!(
                first.starts_with(|letter: char| letter.is_ascii_uppercase())
                    && (!first.ends_with('s') || first == "Access"),
                "{path}: {about}"
            );
            check(below, &path);
        }
    }
    check(&grammar::command("cairn"), "cairn");
}

#[test]
fn completions_offer_what_makes_sense() {
    let completion_grammar = crate::commands::completion_grammar("cairn");
    completion_grammar.clone().debug_assert();
    let at = |path: &[&str]| {
        path.iter()
            .fold(&completion_grammar, |command, word| {
                command.find_subcommand(word).unwrap()
            })
            .clone()
    };
    let argument = |path: &[&str], id: &str| {
        at(path)
            .get_arguments()
            .find(|argument| argument.get_id() == id)
            .cloned()
    };
    let values = |path: &[&str], id: &str| -> Vec<String> {
        argument(path, id)
            .unwrap()
            .get_possible_values()
            .iter()
            .map(|value| value.get_name().to_owned())
            .collect()
    };
    assert_eq!(
        values(&["pin", "ls"], "--type"),
        ["all", "direct", "indirect", "recursive"]
    );
    let keys = values(&["config"], "key");
    assert!(keys.contains(&"Addresses.API".to_owned()), "{keys:?}");
    assert!(!keys.iter().any(|key| key.contains("PrivKey")));
    assert!(values(&["config", "profile", "apply"], "profile").contains(&"server".to_owned()));
    for hidden in ["global:stream-channels", "global:local"] {
        assert!(argument(&["cat"], hidden).is_none(), "{hidden}");
    }
    assert!(argument(&["daemon"], "migrate").is_none());
    assert!(argument(&["cat"], "global:api").is_some());
    assert_eq!(
        argument(&["add"], "--pin-name").unwrap().get_value_hint(),
        clap::ValueHint::Other
    );
    assert_eq!(
        argument(&["get"], "--output").unwrap().get_value_hint(),
        clap::ValueHint::AnyPath
    );
}

#[test]
fn secrets_come_from_files_and_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "bearer:from-file\n").unwrap();
    let auth = |line: &str, environment: Environment| {
        let environment = Environment {
            home: Some("/home/someone".into()),
            ..environment
        };
        Globals::read(&parse(line).unwrap(), &environment).map(|globals| globals.api_auth)
    };
    let with = |secret: Option<&str>, file: Option<&std::path::Path>| Environment {
        api_auth: secret.map(str::to_owned),
        api_auth_file: file.map(std::path::Path::to_owned),
        ..Environment::default()
    };
    let named = format!("--api-auth-file {} id", file.display());
    for (line, environment, expected) in [
        ("id", with(None, None), None),
        ("id", with(Some("env"), Some(&file)), Some("env")),
        ("id", with(None, Some(&file)), Some("bearer:from-file")),
        (
            named.as_str(),
            with(Some("env"), None),
            Some("bearer:from-file"),
        ),
        (
            "--api-auth arg id",
            with(Some("env"), Some(&file)),
            Some("arg"),
        ),
    ] {
        assert_eq!(
            auth(line, environment).unwrap().as_deref(),
            expected,
            "{line}"
        );
    }
    std::fs::write(&file, "\n").unwrap();
    assert!(auth(&named, with(None, None)).is_err());
    assert!(auth("id", with(None, Some("/nosuch".as_ref()))).is_err());
}
