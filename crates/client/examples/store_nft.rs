//! Stores an NFT at a server of nft.storage's API: `store_nft URL IMAGE`, with the access token in `CAIRN_SERVICE_TOKEN`.

use cairn_client::nft_storage::NftStorage;
use serde::Serialize;

/// Metadata as in ERC-1155.
#[derive(Serialize)]
struct Metadata {
    name: &'static str,
    description: &'static str,
    /// The URL of the image, which the server fills in.
    image: Option<String>,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("the URL is missing")?;
    let image = arguments.next().ok_or("the image is missing")?;
    let token = std::env::var("CAIRN_SERVICE_TOKEN")?;

    let storage = NftStorage::builder(url).token(&token).build()?;
    let metadata = Metadata {
        name: "A pile of stones",
        description: "It marks a trail",
        image: None,
    };
    let stored = storage.store(&metadata).file("image", image).await?;
    println!("{} {}", stored.cid, stored.url);
    println!("{}", stored.metadata);
    Ok(())
}
