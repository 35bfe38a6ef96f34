//! `POST /token`.

use super::{Cluster, Token};
use crate::shape::NoBody;

endpoint! {
    /// Get a JWT for the authenticated user.
    ///
    /// It is valid until the user's password changes. 401 also if the peer has no users.
    ///
    /// <https://ipfscluster.io/documentation/reference/api/#authentication>
    pub struct GenerateToken: POST "/token" as "generateToken" of Cluster {
        path {}
        query {}
        body: NoBody,
        reply: 200 One<Token>,
        errors: [401],
        access: Scope("cluster"),
        safe: true,
        command: "cluster/token",
    }
}
