//! Copies between a TCP connection and a stream.

use std::io;

use libp2p::futures::{AsyncReadExt as RemoteRead, AsyncWriteExt as RemoteWrite};
use libp2p::swarm::Stream;
use tokio::io::{AsyncReadExt as LocalRead, AsyncWriteExt as LocalWrite};
use tokio::net::TcpStream;

/// Size of each of the two buffers, in bytes.
const BUFFER: usize = 64 << 10;

/// Copies in both directions until both have ended. The end of one direction is passed on.
pub(super) async fn both(mut local: TcpStream, remote: Stream) -> io::Result<()> {
    let (mut local_read, mut local_write) = local.split();
    let (mut remote_read, mut remote_write) = RemoteRead::split(remote);
    let out = async {
        let mut buffer = vec![0; BUFFER];
        loop {
            let length = LocalRead::read(&mut local_read, &mut buffer).await?;
            let Some(data) = buffer.get(..length).filter(|data| !data.is_empty()) else {
                return RemoteWrite::close(&mut remote_write).await;
            };
            RemoteWrite::write_all(&mut remote_write, data).await?;
            RemoteWrite::flush(&mut remote_write).await?;
        }
    };
    let back = async {
        let mut buffer = vec![0; BUFFER];
        loop {
            let length = RemoteRead::read(&mut remote_read, &mut buffer).await?;
            let Some(data) = buffer.get(..length).filter(|data| !data.is_empty()) else {
                return LocalWrite::shutdown(&mut local_write).await;
            };
            LocalWrite::write_all(&mut local_write, data).await?;
        }
    };
    tokio::try_join!(out, back).map(|((), ())| ())
}
