//! The command line as a whole: what it understands, what it prints of itself, what it says when something is wrong.

use std::ffi::OsString;

use cairn_wire::kubo;

use crate::environment::Environment;
use crate::error::Problem;
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
    assert_eq!(globals("ls --json a").unwrap().format, Format::Json);
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

/// The help of a command.
fn help(line: &str) -> String {
    grammar::help(&parse(line).unwrap())
}

#[test]
fn help_tells_what_there_is() {
    insta::assert_snapshot!("help_cairn", help(""));
    insta::assert_snapshot!("help_add", help("add"));
    insta::assert_snapshot!("help_repo", help("repo"));
    insta::assert_snapshot!("help_config_show", help("config show"));
    insta::assert_snapshot!("help_daemon", help("daemon"));
}

#[test]
fn problems_say_what_to_do() {
    let disk = std::io::Error::other("the disk is full");
    let problem = Problem::failed("cannot write x")
        .because(&disk)
        .hint("free some space, then `{program} repo gc`")
        .hint("or try again");
    insta::assert_snapshot!(problem.shown("ipfs"), @r"
    Error: cannot write x
      caused by: the disk is full
    hint: free some space, then `ipfs repo gc`
    hint: or try again
    ");
    let hostile = Problem::failed("no link named \"\u{1b}[2J\u{202e}evil\"\nsecond line");
    insta::assert_snapshot!(hostile.shown("cairn"), @r#"
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
    assert_eq!(problem.shown("cairn"), "error: cannot open: gone\n");
}
