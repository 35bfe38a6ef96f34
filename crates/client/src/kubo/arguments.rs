//! Arguments of calls: paths, CIDs and names.

use cairn_primitives::{ByteString, Cid, ContentPath, PeerId};

/// A path, CID or name as an argument: text, a [`Cid`], a [`ContentPath`], a [`PeerId`], or bytes that need not be UTF-8. It is
/// validated by the server.
pub trait IntoPath {
    /// Converts it to the text that is sent.
    fn into_path(self) -> ByteString;
}

/// One or several arguments: anything that implements [`IntoPath`], or an array, slice or `Vec` of it.
pub trait IntoPaths {
    /// Converts them to the texts that are sent.
    fn into_paths(self) -> Vec<ByteString>;
}

macro_rules! paths {
    ($($type:ty: |$path:ident| $bytes:expr),+ $(,)?) => { $(
        impl IntoPath for $type {
            fn into_path(self) -> ByteString {
                let $path = self;
                $bytes
            }
        }
        impl IntoPaths for $type {
            fn into_paths(self) -> Vec<ByteString> {
                vec![self.into_path()]
            }
        }
    )+ };
}

paths! {
    &str: |path| path.into(),
    String: |path| path.into(),
    &String: |path| path.into(),
    ByteString: |path| path,
    &ByteString: |path| path.clone(),
    Cid: |cid| cid.to_string().into(),
    &Cid: |cid| cid.to_string().into(),
    ContentPath: |path| path.as_bytes().into(),
    &ContentPath: |path| path.as_bytes().into(),
    PeerId: |peer| peer.to_string().into(),
    &PeerId: |peer| peer.to_string().into(),
}

impl<T: IntoPath> IntoPaths for Vec<T> {
    fn into_paths(self) -> Vec<ByteString> {
        self.into_iter().map(IntoPath::into_path).collect()
    }
}

impl<T: IntoPath, const N: usize> IntoPaths for [T; N] {
    fn into_paths(self) -> Vec<ByteString> {
        self.map(IntoPath::into_path).into()
    }
}

impl<T: IntoPath + Clone> IntoPaths for &[T] {
    fn into_paths(self) -> Vec<ByteString> {
        self.iter().cloned().map(IntoPath::into_path).collect()
    }
}

impl<T: IntoPath + Clone> IntoPaths for &Vec<T> {
    fn into_paths(self) -> Vec<ByteString> {
        self.as_slice().into_paths()
    }
}

/// The argument as text.
pub(crate) fn text(path: impl IntoPath) -> String {
    path.into_path().into_text()
}

/// The arguments as text.
pub(crate) fn texts(paths: impl IntoPaths) -> Vec<String> {
    paths
        .into_paths()
        .into_iter()
        .map(ByteString::into_text)
        .collect()
}
