//! Large files, range by range, at an address that is a secret of its own, or at one of Graph's where tasks are.

use bytes::{Bytes, BytesMut};
use mailmove_core::http::{Method, Request, Response};
use mailmove_core::{Body, BodyReader, Error, ErrorKind, Recovery, Result};
use secrecy::SecretString;
use url::Url;

use crate::client::{Client, succeeded};
use crate::error::Fault;
use crate::wire::attachment::{Progress, RANGE, UploadSession};

/// Where a file is put.
struct Place {
    /// Where ranges go.
    content: Url,
    /// Where it is asked how far they went.
    state: Url,
    /// None where the token is the permission.
    secret: Option<SecretString>,
}

impl Client {
    /// Puts a file at the address of a session. A session that the server has forgotten leaves nothing behind, or all of
    /// it: whoever hears of that has to do the whole anew.
    pub(crate) async fn upload(&self, session: UploadSession, body: &Body) -> Result<()> {
        let url = address(&session)?;
        let secret = Some(SecretString::from(session.upload_url));
        self.upload_to(&Place { content: url.clone(), state: url, secret }, body).await
    }

    /// The same for a task: its sessions stand below the version, and what is put there stands below them.
    pub(crate) async fn upload_to_task(&self, session: UploadSession, body: &Body) -> Result<()> {
        let state = address(&session)?;
        let mut content = state.clone();
        if let Ok(mut segments) = content.path_segments_mut() {
            segments.pop_if_empty().push("content");
        }
        // Nobody else gets the token.
        let secret = (!self.is_own(&state)).then(|| SecretString::from(session.upload_url));
        self.upload_to(&Place { content, state, secret }, body).await
    }

    async fn upload_to(&self, place: &Place, body: &Body) -> Result<()> {
        let mut reader = body.reader();
        let mut from = 0;
        while let Some(range) = next_range(&mut reader)? {
            let end = from + range.len() as u64;
            self.put_range(place, range, from, body.len()).await.map_err(forgotten)?;
            from = end;
        }
        if from != body.len() {
            return Err(Error::new(ErrorKind::Bug, "a spooled file has another length than it says"));
        }
        Ok(())
    }

    /// Puts one range there. A range of which the answer was lost is not put there twice.
    async fn put_range(&self, place: &Place, range: Bytes, from: u64, total: u64) -> Result<()> {
        let length = range.len() as u64;
        let end = from + length;
        let request = Request::new(Method::PUT, place.content.clone())
            .header("content-range", &format!("bytes {from}-{}/{total}", end - 1))?
            .content("application/octet-stream", range);
        let put = self.at(place, "upload range", request, length, |response| {
            match response.status().as_u16() {
                // It has that range already: the first answer was lost.
                416 => Ok(false),
                401 | 403 | 404 | 410 => Err(over(&response)),
                _ => succeeded(&response).map(|()| true),
            }
        });
        if put.await? {
            return Ok(());
        }
        let status = Request::get(place.state.clone());
        let progress = |response: Response| match response.status().is_success() {
            true => response.json::<Progress>(),
            false if matches!(response.status().as_u16(), 401 | 403 | 404 | 410) => Err(over(&response)),
            false => Err(Fault::of(&response).error()),
        };
        let progress = self.at(place, "upload status", status, 0, progress).await?;
        match progress.next() {
            Some(next) if next < end => Err(Error::new(ErrorKind::Refused, "the server refused a part of a file")),
            _ => Ok(()),
        }
    }

    async fn at<T>(
        &self,
        place: &Place,
        name: &'static str,
        request: Request,
        bytes: u64,
        read: impl Fn(Response) -> Result<T>,
    ) -> Result<T> {
        match &place.secret {
            Some(secret) => self.upload_bare(name, request, secret, bytes, false, read).await,
            None => self.upload_own(name, request, bytes, read).await,
        }
    }
}

fn address(session: &UploadSession) -> Result<Url> {
    Url::parse(&session.upload_url)
        .map_err(|_| Error::new(ErrorKind::Protocol, "the server gave no address to put a file at"))
}

/// A session ends with its last range, of which the answer may have been lost, or with its time.
fn forgotten(error: Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => Error::new(ErrorKind::Unavailable, "the server does not know an upload any more")
            .with_recovery(Recovery::Requeue)
            .because(error),
        _ => error,
    }
}

/// The address is not good any more; the message is still there, and can be put together anew.
fn over(response: &Response) -> Error {
    Error::new(ErrorKind::Unavailable, "the server does not know the address any more that it gave for a large file")
        .with("status", response.status().as_u16())
        .with_recovery(Recovery::Requeue)
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
