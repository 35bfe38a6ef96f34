//! Messages by topic. Topics are multibase (base64url) in requests and answers.

pub mod ls;
pub mod peers;
pub mod publish;
pub mod reset;
pub mod sub;
