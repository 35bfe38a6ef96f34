//! The swarm: transports, connections and their limits.
