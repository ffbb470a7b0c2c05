//! COMPRESS (RFC 4978).

use async_compression::tokio::bufread::DeflateDecoder;
use async_compression::tokio::write::DeflateEncoder;
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};

use super::alice;
use crate::imap::Capability;

#[tokio::test]
async fn everything_behind_the_ok_is_deflated_both_ways() {
    let server = alice().with(Capability::CompressDeflate).start().await;
    let mut client = super::session(&server).await;
    client.refused("COMPRESS LZ4", "NO").await;
    assert!(client.ok("CAPABILITY").await[0].contains(" COMPRESS=DEFLATE"));
    let (read, write) = client.into_stream().into_split();
    let (mut read, mut write) = (DeflateDecoder::new(BufReader::new(read)), write);
    write.write_all(b"z COMPRESS DEFLATE\r\n").await.unwrap();
    let mut ok = [0; 21];
    read.get_mut().read_exact(&mut ok).await.unwrap();
    assert_eq!(&ok, b"z OK DEFLATE active\r\n");
    let mut write = DeflateEncoder::new(write);
    write.write_all(b"a COMPRESS DEFLATE\r\nb NOOP\r\n").await.unwrap();
    write.flush().await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"b OK Completed\r\n") {
        assert_ne!(read.read_buf(&mut answer).await.unwrap(), 0);
    }
    assert!(answer.starts_with(b"a NO [COMPRESSIONACTIVE]"));
}
