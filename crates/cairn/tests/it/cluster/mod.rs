//! The cluster, through its REST API: against recordings of IPFS Cluster 1.1.6, and as several peers on one database.

mod access;
mod commands;
mod nginx;
mod peers;
mod permission;
mod recordings;
mod rest;
mod shards;
mod single;
mod view;
