//! Commands that need no repository: what they answer depends on what is asked alone.
//!
//! The command line runs them wherever it is, as `ipfs` does; a server answers them like any other.

use std::collections::HashMap;
use std::future::Future;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use cairn_wire::kubo::{cid, commands, multibase, version};
use cairn_wire::{Endpoint, ParseError, Spec, Values};
use futures_util::future::BoxFuture;

use super::{Answer, Asked, Call, Failure, Handler, answer, error};

/// What answers an endpoint that needs no repository.
pub(crate) trait Standalone: Endpoint {
    /// Answers one call.
    fn answer(
        self,
        asked: Asked,
    ) -> impl Future<Output = Result<Answer<Self::Reply>, Failure>> + Send;
}

impl<E: Standalone> Handler for E {
    async fn handle(self, call: Call) -> Result<Answer<Self::Reply>, Failure> {
        self.answer(call.asked).await
    }
}

struct Route {
    spec: Spec,
    run: fn(Asked) -> Result<BoxFuture<'static, Response>, ParseError>,
}

fn run<E: Standalone>(asked: Asked) -> Result<BoxFuture<'static, Response>, ParseError> {
    let request = E::from_values(&asked.values)?;
    Ok(Box::pin(async move {
        let shown = answer::Shown::of(&asked);
        answer::respond::<E>(request.answer(asked), shown, None).await
    }))
}

macro_rules! routes {
    ($($endpoint:path),+ $(,)?) => {
        [$( (<$endpoint as Endpoint>::SPEC.path, Route { spec: <$endpoint as Endpoint>::SPEC, run: run::<$endpoint> }) ),+]
    };
}

static ROUTES: LazyLock<HashMap<&'static str, Route>> = LazyLock::new(|| {
    HashMap::from(routes![
        cid::base32::CidBase32,
        cid::bases::CidBases,
        cid::codecs::CidCodecs,
        cid::format::CidFormat,
        cid::hashes::CidHashes,
        cid::inspect::CidInspect,
        commands::Commands,
        multibase::decode::MultibaseDecode,
        multibase::encode::MultibaseEncode,
        multibase::list::MultibaseList,
        multibase::transcode::MultibaseTranscode,
        version::deps::VersionDeps,
    ])
});

/// Whether [`standalone_router`] answers the command of this path, as in `cid/format`.
#[must_use]
pub fn is_standalone(path: &str) -> bool {
    ROUTES.contains_key(path)
}

/// The part of the face that needs no repository, for a caller in the same process: records are answered as JSON.
pub fn standalone_router() -> Router {
    Router::new().fallback(dispatch)
}

async fn dispatch(request: Request) -> Response {
    let Some(route) = request
        .uri()
        .path()
        .strip_prefix("/api/v0/")
        .and_then(|command| ROUTES.get(command))
    else {
        return error::not_found(true);
    };
    let values = match Values::from_query(request.uri().query().unwrap_or_default()) {
        Ok(values) => values,
        Err(refused) => return error::parse(&refused),
    };
    let asked = match Asked::read(&route.spec, request, values).await {
        Ok(asked) => asked,
        Err(refused) => return refused,
    };
    match (route.run)(asked) {
        Ok(answer) => answer.await,
        Err(refused) => error::parse(&refused),
    }
}
