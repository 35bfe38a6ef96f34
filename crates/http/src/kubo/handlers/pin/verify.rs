//! `pin/verify`.

use cairn_wire::kubo::pin::verify::{BadNode, CheckedPin, PinVerify};

use super::super::super::error::text;
use super::super::super::{Answer, Call, Failure, Handler, Records};

impl Handler for PinVerify {
    async fn handle(self, call: Call) -> Result<Answer<Self>, Failure> {
        if self.verbose && self.quiet {
            return Err(Failure::normal(
                "the --verbose and --quiet options can not be used at the same time",
            ));
        }
        let form = call.cids()?;
        let mut pins = call.node().pins().verify();
        Ok(Records::large(move |out| async move {
            while let Some(pin) = pins.next().await {
                let record = match pin {
                    Ok(pin) if pin.ok() && !self.verbose => continue,
                    Ok(pin) => CheckedPin {
                        cid: form.show(&pin.cid),
                        err: String::new(),
                        ok: pin.ok(),
                        bad_nodes: if self.quiet {
                            Vec::new()
                        } else {
                            pin.bad
                                .into_iter()
                                .map(|bad| BadNode {
                                    cid: form.show(&bad.cid),
                                    err: text(&bad.error),
                                })
                                .collect()
                        },
                    },
                    Err(error) => CheckedPin {
                        err: text(&error),
                        ..CheckedPin::default()
                    },
                };
                out.send(record).await?;
            }
            Ok(())
        }))
    }
}
