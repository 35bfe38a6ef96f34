//! `dag`: nodes of any codec, and archives of DAGs.

mod export;
mod get;
mod import;
mod put;
mod resolve;
mod stat;
