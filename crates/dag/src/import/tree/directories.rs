//! Assigns entries to directories, based on their order.
//!
//! Entries are a flat sequence of paths, such as the parts of a multipart body: a directory's entries follow it, and
//! an unannounced directory starts with its first entry. The rules are those of
//! <https://pkg.go.dev/github.com/ipfs/boxo/files#NewFileFromPartReader>.
//! <https://pkg.go.dev/github.com/ipfs/boxo/files#NewFileFromPartReader>.

use cairn_primitives::ByteString;

use super::path;

/// The stack of open directories. The first one is the body itself and stays open.
#[derive(Debug)]
pub(super) struct DirectoryStack<T> {
    open: Vec<Open<T>>,
}

#[derive(Debug)]
struct Open<T> {
    path: ByteString,
    /// The entry that came last; empty when it has no name, or none came.
    current: ByteString,
    folder: T,
}

/// The next step to place an entry.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PlacementStep {
    /// The innermost directory is complete: leave it and try again.
    Leave,
    /// An unannounced directory of this name starts: enter it and try again.
    Enter(ByteString),
    /// The entry belongs to the innermost directory, under this name.
    Here(ByteString),
    /// The entry lies below a file and is skipped.
    Skip,
}

impl<T> DirectoryStack<T> {
    pub(super) fn new(body: T) -> Self {
        Self {
            open: vec![Open {
                path: "/".into(),
                current: ByteString::new(),
                folder: body,
            }],
        }
    }

    /// The next step for an entry, by its clean path.
    pub(super) fn step(&mut self, entry: &[u8]) -> PlacementStep {
        let outermost = self.open.len() == 1;
        let Some(top) = self.open.last_mut() else {
            return PlacementStep::Skip;
        };
        let Some(rest) = path::below(entry, &top.path) else {
            // Every clean path lies below the body.
            return if outermost {
                PlacementStep::Skip
            } else {
                PlacementStep::Leave
            };
        };
        if !top.current.is_empty()
            && path::below(entry, &path::within(&top.path, &top.current)).is_some()
        {
            return PlacementStep::Skip;
        }
        match rest.iter().position(|&byte| byte == b'/') {
            Some(slash) => {
                let folder = rest.get(..slash).unwrap_or_default();
                top.current = folder.into();
                PlacementStep::Enter(folder.into())
            }
            None => {
                top.current = rest.into();
                PlacementStep::Here(rest.into())
            }
        }
    }

    /// Enters a folder of the innermost one.
    pub(super) fn enter(&mut self, name: &[u8], folder: T) {
        let path = self
            .open
            .last()
            .map_or_else(|| "/".into(), |top| path::within(&top.path, name));
        self.open.push(Open {
            path,
            current: ByteString::new(),
            folder,
        });
    }

    /// Leaves the innermost folder.
    pub(super) fn leave(&mut self) {
        if self.open.len() > 1 {
            self.open.pop();
        }
    }

    /// How many folders are open within the body.
    pub(super) fn depth(&self) -> usize {
        self.open.len() - 1
    }

    /// The path of the innermost folder.
    pub(super) fn path(&self) -> &[u8] {
        self.open.last().map_or(&b"/"[..], |top| &top.path)
    }

    /// What was given with the innermost folder.
    pub(super) fn folder_mut(&mut self) -> Option<&mut T> {
        self.open.last_mut().map(|top| &mut top.folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds entries (a folder ends with a slash) and tells what happened.
    fn run(entries: &[&str]) -> Vec<String> {
        let mut places = DirectoryStack::new(());
        let mut log = Vec::new();
        for entry in entries {
            let clean = path::clean(entry.as_bytes());
            loop {
                match places.step(&clean) {
                    PlacementStep::Leave => {
                        log.push("<".into());
                        places.leave();
                    }
                    PlacementStep::Enter(name) => {
                        log.push(format!(">{name}"));
                        places.enter(&name, ());
                    }
                    PlacementStep::Here(name) => {
                        if entry.ends_with('/') {
                            log.push(format!(">{name}"));
                            places.enter(&name, ());
                        } else {
                            log.push(name.to_string());
                        }
                        break;
                    }
                    PlacementStep::Skip => {
                        log.push("-".into());
                        break;
                    }
                }
            }
        }
        log
    }

    #[test]
    fn follows_announced_folders() {
        assert_eq!(
            run(&["d/", "d/a", "d/s/", "d/s/b", "d/z", "e"]),
            [">d", "a", ">s", "b", "<", "z", "<", "e"]
        );
    }

    #[test]
    fn makes_folders_that_nobody_announced() {
        assert_eq!(
            run(&["p/q/r", "p/s", "x"]),
            [">p", ">q", "r", "<", "s", "<", "x"]
        );
        assert_eq!(
            run(&["a/b/c/d", "a/x/y"]),
            [">a", ">b", ">c", "d", "<", "<", ">x", "y"]
        );
    }

    #[test]
    fn passes_over_what_lies_below_a_file() {
        assert_eq!(run(&["a", "a/b", "c"]), ["a", "-", "c"]);
        assert_eq!(run(&["a", "b", "a/c"]), ["a", "b", ">a", "c"]);
    }

    #[test]
    fn takes_entries_without_a_name() {
        assert_eq!(run(&["", ""]), ["", ""]);
        assert_eq!(run(&["/", "x"]), [">", "x"]);
    }
}
