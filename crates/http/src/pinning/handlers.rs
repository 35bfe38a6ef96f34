//! The endpoints.

use cairn_wire::pinning::{
    AddPin, DeletePin, GetPin, GetPins, PinResults, PinStatus, Pinning, ReplacePin,
};

use super::PinningFace;
use super::convert::{filter, spec, status};
use crate::rest::{Answer, ErrorResponse, Handler, Input};

type Refusal = ErrorResponse<Pinning>;

impl Handler<PinningFace> for GetPins {
    async fn handle(self, call: Input<PinningFace, Self>) -> Result<Answer<Self>, Refusal> {
        let account = call.caller.caller()?.account;
        let queue = &call.service.queue;
        let limit = usize::try_from(self.limit).unwrap_or(usize::MAX);
        let page = queue.list(account, filter(&self)?, limit).await?;
        let delegates = queue.delegates().await;
        let results = page.pins.into_iter().map(|pin| status(pin, &delegates));
        Ok(PinResults {
            count: page.count,
            results: results.collect(),
        })
    }
}

impl Handler<PinningFace> for AddPin {
    async fn handle(self, call: Input<PinningFace, Self>) -> Result<PinStatus, Refusal> {
        let account = call.caller.caller()?.account;
        let queue = &call.service.queue;
        let pin = queue
            .add(account, spec(call.body, self.idempotency_key))
            .await?;
        Ok(status(pin, &*queue.delegates().await))
    }
}

impl Handler<PinningFace> for GetPin {
    async fn handle(self, call: Input<PinningFace, Self>) -> Result<PinStatus, Refusal> {
        let account = call.caller.caller()?.account;
        let queue = &call.service.queue;
        let pin = queue.get(account, &self.requestid).await?;
        Ok(status(pin, &*queue.delegates().await))
    }
}

impl Handler<PinningFace> for ReplacePin {
    async fn handle(self, call: Input<PinningFace, Self>) -> Result<PinStatus, Refusal> {
        let account = call.caller.caller()?.account;
        let queue = &call.service.queue;
        let new = spec(call.body, None);
        let pin = queue.replace(account, &self.requestid, new).await?;
        Ok(status(pin, &*queue.delegates().await))
    }
}

impl Handler<PinningFace> for DeletePin {
    async fn handle(self, call: Input<PinningFace, Self>) -> Result<(), Refusal> {
        let account = call.caller.caller()?.account;
        Ok(call.service.queue.delete(account, &self.requestid).await?)
    }
}
