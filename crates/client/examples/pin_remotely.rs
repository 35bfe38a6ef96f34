//! Pins a CID at a pinning service: `pin_remotely URL CID`, with the access token in `CAIRN_SERVICE_TOKEN`.

use cairn_client::Cid;
use cairn_client::pinning::{PinningError, PinningService};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("the URL is missing")?;
    let cid: Cid = arguments.next().ok_or("the CID is missing")?.parse()?;
    let token = std::env::var("CAIRN_SERVICE_TOKEN")?;

    let service = PinningService::builder(url).token(&token).build()?;
    let pin = service
        .add(&cid)
        .name("example")
        .meta("app", "docs")
        .await?;
    println!("{} {}", pin.id, pin.status.name());

    match service.wait_until_pinned(&pin.id).await {
        Ok(pin) => println!("{} is pinned", pin.cid),
        Err(PinningError::Failed { pin }) => println!("failed: {:?}", pin.status_details()),
        Err(error) => return Err(error.into()),
    }

    let mut pins = service.list().meta("app", "docs").any_status().stream();
    while let Some(pin) = pins.try_next().await? {
        println!("{} {} {:?}", pin.id, pin.cid, pin.name);
    }
    service.delete(&pin.id).await?;
    Ok(())
}
