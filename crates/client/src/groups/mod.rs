//! The commands of the Kubo RPC, in the groups of the Python client.

/// Declares a group, which borrows the client, and the method of the client that returns it.
macro_rules! group {
    ($(#[$docs:meta])* $name:ident, $method:ident) => {
        $(#[$docs])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<'a>(&'a $crate::Kubo);

        impl $crate::Kubo {
            #[doc = concat!("The calls of [`", stringify!($name), "`].")]
            #[must_use]
            pub fn $method(&self) -> $name<'_> {
                $name(self)
            }
        }
    };
}

pub mod blocks;
pub mod cids;
pub mod config;
pub mod dag;
pub mod files;
pub mod filestore;
pub mod keys;
pub mod listing;
pub mod multibase;
pub mod names;
pub mod node;
pub mod pins;
pub mod refs;
pub mod repo;
