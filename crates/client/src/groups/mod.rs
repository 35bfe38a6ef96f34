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
pub mod bootstrap;
pub mod cids;
pub mod config;
pub mod dag;
pub mod files;
pub mod filestore;
pub mod keys;
pub mod listing;
pub mod log;
pub mod multibase;
pub mod names;
pub mod node;
pub mod objects;
pub mod p2p;
pub mod pins;
pub mod pubsub;
pub mod refs;
pub mod remote_pins;
pub mod repo;
pub mod routing;
pub mod stats;
pub mod swarm;

/// A declared command that the client cannot call does not compile: add it to a group.
macro_rules! all_callable {
    ($($command:path),+ $(,)?) => {
        const _: fn() = || {
            fn callable<C: crate::Callable>() {}
            $( callable::<$command>(); )+
        };
    };
}

cairn_wire::kubo_commands!(all_callable);
