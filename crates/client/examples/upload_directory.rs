//! Uploads a file or directory to a server of nft.storage's API: `upload_directory URL PATH`, with the access token in
//! `CAIRN_SERVICE_TOKEN`.

use cairn_client::nft_storage::NftStorage;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().ok_or("the URL is missing")?;
    let path = arguments.next().ok_or("the path is missing")?;
    let token = std::env::var("CAIRN_SERVICE_TOKEN")?;

    let storage = NftStorage::builder(url).token(&token).build()?;
    let upload = storage
        .upload(&path)
        .name("example")
        .on_progress(|progress| eprint!("\r{} of {:?}", progress.sent, progress.total))
        .await?;
    println!("{} {}", upload.cid, upload.pin.status.name());

    let mut uploads = storage.list().stream();
    while let Some(upload) = uploads.try_next().await? {
        println!("{} {:?}", upload.cid, upload.name);
    }
    storage.delete(&upload.cid).await?;
    Ok(())
}
