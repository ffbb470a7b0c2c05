//! Large files, range by range, at an address that is a secret of its own.

use bytes::{Bytes, BytesMut};
use mailmove_core::http::{Method, Request, Response};
use mailmove_core::{Body, BodyReader, Error, ErrorKind, Result};
use secrecy::SecretString;
use url::Url;

use crate::client::{Client, succeeded};
use crate::error::Fault;
use crate::wire::attachment::{Progress, RANGE, UploadSession};

impl Client {
    /// Puts a file at the address of a session.
    pub(crate) async fn upload(&self, session: UploadSession, body: &Body) -> Result<()> {
        let url = Url::parse(&session.upload_url)
            .map_err(|_| Error::new(ErrorKind::Protocol, "the server gave no address to put a file at"))?;
        let secret = SecretString::from(session.upload_url);
        let mut reader = body.reader();
        let mut from = 0;
        while let Some(range) = next_range(&mut reader)? {
            let end = from + range.len() as u64;
            self.put_range(&url, &secret, range, from, body.len()).await?;
            from = end;
        }
        if from != body.len() {
            return Err(Error::new(ErrorKind::Bug, "a spooled file has another length than it says"));
        }
        Ok(())
    }

    /// Puts one range there. A range of which the answer was lost is not put there twice.
    async fn put_range(&self, url: &Url, secret: &SecretString, range: Bytes, from: u64, total: u64) -> Result<()> {
        let length = range.len() as u64;
        let end = from + length;
        let request = Request::new(Method::PUT, url.clone())
            .header("content-range", &format!("bytes {from}-{}/{total}", end - 1))?
            .content("application/octet-stream", range);
        let put = self.upload_bare("upload range", request, secret, length, false, |response| {
            match response.status().as_u16() {
                // It has that range already: the first answer was lost.
                416 => Ok(false),
                _ => succeeded(&response).map(|()| true),
            }
        });
        if put.await? {
            return Ok(());
        }
        let status = Request::get(url.clone());
        let progress = |response: Response| match response.status().is_success() {
            true => response.json::<Progress>(),
            false => Err(Fault::of(&response).error()),
        };
        let progress = self.upload_bare("upload status", status, secret, 0, false, progress).await?;
        match progress.next() {
            Some(next) if next < end => Err(Error::new(ErrorKind::Refused, "the server refused a part of a file")),
            _ => Ok(()),
        }
    }
}

/// The next bytes of a file: a full range, but for the last.
fn next_range(reader: &mut BodyReader) -> Result<Option<Bytes>> {
    use std::io::Read;

    let mut range = BytesMut::zeroed(RANGE);
    let mut filled = 0;
    while filled < RANGE {
        let count = reader
            .read(&mut range[filled..])
            .map_err(|error| Error::new(ErrorKind::Storage, "a spooled file cannot be read").because(error))?;
        if count == 0 {
            break;
        }
        filled += count;
    }
    range.truncate(filled);
    Ok((filled > 0).then(|| range.freeze()))
}
