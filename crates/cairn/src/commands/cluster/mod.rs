//! `cluster`: commands for any peer with the REST API of IPFS Cluster, in the grammar of `ipfs-cluster-ctl`.

mod add;
mod connect;
mod health;
mod ipfs_gc;
mod password;
mod peer;
mod pin;
mod pin_ls;
mod print;
mod status;
mod user;

use cairn_wire::kubo::Group;

use super::OwnCommand;

/// The commands.
pub(crate) const COMMANDS: &[OwnCommand] = &[
    OwnCommand {
        path: "cluster/add",
        command: add::command,
        run: |invocation, globals| Box::pin(add::run(invocation, globals)),
    },
    OwnCommand {
        path: "cluster/health/alerts",
        command: health::alerts_command,
        run: |invocation, globals| Box::pin(health::alerts(invocation, globals)),
    },
    OwnCommand {
        path: "cluster/health/bandwidth",
        command: health::bandwidth_command,
        run: |invocation, globals| Box::pin(health::bandwidth(invocation, globals)),
    },
    OwnCommand {
        path: "cluster/health/check",
        command: health::check_command,
        run: |invocation, globals| Box::pin(health::check(invocation, globals)),
    },
    OwnCommand {
        path: "cluster/health/graph",
        command: health::graph_command,
        run: |invocation, globals| Box::pin(health::graph(invocation, globals)),
    },
    OwnCommand {
        path: "cluster/health/metrics",
        command: health::metrics_command,
        run: |invocation, globals| Box::pin(health::metrics(invocation, globals)),
    },
    OwnCommand {
        path: "cluster/id",
        command: peer::id_command,
        run: |invocation, globals| Box::pin(peer::id(invocation, globals)),
    },
    OwnCommand {
        path: "cluster/ipfs/gc",
        command: ipfs_gc::command,
        run: |invocation, globals| Box::pin(ipfs_gc::run(invocation, globals)),
    },
    OwnCommand {
        path: "cluster/peers/add",
        command: peer::add_command,
        run: |invocation, globals| Box::pin(peer::add(invocation, globals)),
    },
    OwnCommand {
        path: "cluster/peers/ls",
        command: peer::ls_command,
        run: |invocation, globals| Box::pin(peer::ls(invocation, globals)),
    },
    OwnCommand {
        path: "cluster/peers/rm",
        command: peer::rm_command,
        run: |invocation, globals| Box::pin(peer::rm(invocation, globals)),
    },
    OwnCommand {
        path: "cluster/pin/add",
        command: pin::add_command,
        run: |invocation, globals| Box::pin(pin::add(invocation, globals)),
    },
    OwnCommand {
        path: "cluster/pin/ls",
        command: pin_ls::command,
        run: |invocation, globals| Box::pin(pin_ls::run(invocation, globals)),
    },
    OwnCommand {
        path: "cluster/pin/rm",
        command: pin::rm_command,
        run: |invocation, globals| Box::pin(pin::rm(invocation, globals)),
    },
    OwnCommand {
        path: "cluster/pin/update",
        command: pin::update_command,
        run: |invocation, globals| Box::pin(pin::update(invocation, globals)),
    },
    OwnCommand {
        path: "cluster/recover",
        command: status::recover_command,
        run: |invocation, globals| Box::pin(status::recover(invocation, globals)),
    },
    OwnCommand {
        path: "cluster/status",
        command: status::command,
        run: |invocation, globals| Box::pin(status::run(invocation, globals)),
    },
    OwnCommand {
        path: "cluster/token",
        command: peer::token_command,
        run: |invocation, globals| Box::pin(peer::token(invocation, globals)),
    },
    OwnCommand {
        path: "cluster/version",
        command: peer::version_command,
        run: |invocation, globals| Box::pin(peer::version(invocation, globals)),
    },
    OwnCommand {
        path: "cluster/user/add",
        command: user::add_command,
        run: |invocation, globals| Box::pin(user::add(invocation, globals)),
    },
    OwnCommand {
        path: "cluster/user/ls",
        command: user::ls_command,
        run: |_, globals| Box::pin(user::ls(globals)),
    },
    OwnCommand {
        path: "cluster/user/rm",
        command: user::rm_command,
        run: |invocation, globals| Box::pin(user::rm(invocation, globals)),
    },
];

/// The groups of the commands.
pub(crate) const GROUPS: &[Group] = &[
    Group {
        path: "cluster",
        summary: "Manage the pins of a cluster",
    },
    Group {
        path: "cluster/health",
        summary: "Show metrics and connections of peers",
    },
    Group {
        path: "cluster/ipfs",
        summary: "Manage the IPFS nodes of peers",
    },
    Group {
        path: "cluster/peers",
        summary: "Manage peers",
    },
    Group {
        path: "cluster/pin",
        summary: "Manage the pinset",
    },
    Group {
        path: "cluster/user",
        summary: "Manage the users of this node's REST API",
    },
];

#[cfg(test)]
mod tests;
