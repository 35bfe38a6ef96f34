#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use super::walk::{Symlinks, Walk, WalkOptions};
use super::{Content, Part, Pattern, any_of};

fn names(path: &Path, options: WalkOptions) -> Vec<String> {
    let shown = |part: Part| {
        let kind = match part.content {
            Content::Directory => "d",
            Content::Symlink(_) => "l",
            _ => "f",
        };
        format!("{kind} {}", String::from_utf8(part.name).unwrap())
    };
    Walk::of(path, None, options)
        .unwrap()
        .map(|part| shown(part.unwrap()))
        .collect()
}

/// `top` with files, directories and links.
fn tree() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let top = folder.path().join("top");
    fs::create_dir_all(top.join("b/deep")).unwrap();
    fs::create_dir_all(top.join("empty")).unwrap();
    for file in ["a", "b/1", "b/deep/2", ".hidden", "b-", "c"] {
        fs::write(top.join(file), file).unwrap();
    }
    symlink("a", top.join("link")).unwrap();
    symlink("b", top.join("way")).unwrap();
    folder
}

/// As the command line walks.
fn all() -> WalkOptions {
    WalkOptions {
        recursive: true,
        hidden: false,
        symlinks: Symlinks::Keep,
        follow_root: false,
        refuse_special: true,
        ..WalkOptions::default()
    }
}

#[test]
fn walks_in_order_and_passes_over_what_is_hidden() {
    let folder = tree();
    let top = folder.path().join("top");
    assert_eq!(
        names(&top, all()),
        [
            "d top",
            "f top/a",
            "d top/b",
            "f top/b/1",
            "d top/b/deep",
            "f top/b/deep/2",
            "f top/b-",
            "f top/c",
            "d top/empty",
            "l top/link",
            "l top/way"
        ]
    );
    let hidden = WalkOptions {
        hidden: true,
        ..all()
    };
    assert!(names(&top, hidden).contains(&"f top/.hidden".to_owned()));
    let followed = WalkOptions {
        symlinks: Symlinks::Follow,
        ..all()
    };
    let followed = names(&top, followed);
    assert!(
        followed.contains(&"f top/link".to_owned())
            && followed.contains(&"f top/way/deep/2".to_owned()),
        "{followed:?}"
    );
    assert_eq!(names(&top.join(".hidden"), all()), ["f .hidden"]);
    assert_eq!(names(&top.join("way"), all()), ["l way"]);
    assert_eq!(names(&top.join("b/.."), all())[0], "d top");
}

#[test]
fn by_default_what_lies_directly_in_a_directory_is_sent() {
    let folder = tree();
    let top = folder.path().join("top");
    let _socket = std::os::unix::net::UnixListener::bind(top.join("socket")).unwrap();
    assert_eq!(
        names(&top, WalkOptions::default()),
        [
            "d top",
            "f top/.hidden",
            "f top/a",
            "d top/b",
            "f top/b-",
            "f top/c",
            "d top/empty"
        ]
    );
    // A link that is named is followed.
    assert_eq!(names(&top.join("way"), WalkOptions::default())[0], "d way");
}

#[test]
fn special_files_are_refused_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("socket");
    let _held = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    let mut walk = Walk::of(&socket, None, all()).unwrap();
    assert!(walk.next().unwrap().is_err());
    let gone = Walk::of(&folder.path().join("gone"), None, all()).unwrap();
    assert!(gone.last().unwrap().is_err());
}

#[test]
fn patterns_choose_files_and_bring_their_directories() {
    let folder = tree();
    let top = folder.path().join("top");
    let chosen = |patterns: &[&str], special: bool| {
        let patterns: Vec<Pattern> = patterns.iter().map(|text| (*text).into()).collect();
        names(
            &top,
            WalkOptions {
                recursive: true,
                matcher: any_of(&patterns, special),
                ..WalkOptions::default()
            },
        )
    };
    assert_eq!(
        chosen(&["**/2"], true),
        ["d top", "d top/b", "d top/b/deep", "f top/b/deep/2"]
    );
    assert_eq!(
        chosen(&["a", "b/*"], true),
        ["d top", "f top/a", "d top/b", "f top/b/1", "d top/b/deep"]
    );
    assert!(!chosen(&["*"], true).contains(&"f top/.hidden".to_owned()));
    assert!(chosen(&["*"], false).contains(&"f top/.hidden".to_owned()));
    assert!(chosen(&["**"], true).contains(&"d top/empty".to_owned()));
    assert_eq!(chosen(&["none"], true), ["d top"]);
}

#[cfg(feature = "regex")]
#[test]
fn regular_expressions_look_at_whole_paths() {
    let folder = tree();
    let top = folder.path().join("top");
    let pattern = Pattern::from(regex::Regex::new("deep/[0-9]$").unwrap());
    let options = WalkOptions {
        recursive: true,
        matcher: any_of(&[pattern], true),
        ..WalkOptions::default()
    };
    assert_eq!(names(&top, options)[3..], ["f top/b/deep/2"]);
}

#[test]
fn the_server_is_told_where_files_are_for_nocopy() {
    let folder = tree();
    let options = WalkOptions {
        absolute_paths: true,
        ..all()
    };
    let path = folder.path().join("top/a");
    let part = Walk::of(&path, None, options).unwrap().next().unwrap();
    assert_eq!(part.unwrap().absolute_path, Some(path));
    let _: Option<Arc<dyn super::Matcher>> = any_of(&[], true);
}
