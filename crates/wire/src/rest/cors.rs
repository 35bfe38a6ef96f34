//! Requests of browsers from pages of other origins: <https://fetch.spec.whatwg.org/#http-cors-protocol>.

/// What an API allows pages of other origins.
#[derive(Clone, Copy, Debug)]
pub struct Cors {
    /// The allowed origins.
    pub origin: AllowedOrigin,
    /// The methods that a preflight allows.
    pub methods: &'static [&'static str],
    /// The request headers that a preflight allows.
    pub headers: AllowedHeaders,
    /// The response headers that pages may read.
    pub exposed: &'static [&'static str],
    /// How long a browser may remember a preflight, in seconds.
    pub max_age: Option<u32>,
}

/// The origins that may call an API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllowedOrigin {
    /// All, answered with `*`.
    Any,
    /// All, answered with the one that asks.
    Echoed,
}

/// The request headers that a preflight allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AllowedHeaders {
    /// These.
    These(&'static [&'static str]),
    /// Those that the preflight asks for.
    Echoed,
}
