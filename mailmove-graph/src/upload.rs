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

impl Place {
    /// Where the file of a task is put. Nobody but Graph gets the token.
    fn of_task(session: &UploadSession, own: bool) -> Result<Self> {
        let state = address(session)?;
        let mut content = state.clone();
        if let Ok(mut segments) = content.path_segments_mut() {
            segments.pop_if_empty().push("content");
        }
        let secret = (!own).then(|| SecretString::from(session.upload_url.as_str()));
        Ok(Self { content, state, secret })
    }

    /// The same request, with its address told to nobody: that of the content, with which that of the state begins.
    fn hidden(&self, request: Request) -> Request {
        request.hiding(self.content.as_str().into())
    }

    /// Whether a refusal says that the server does not know the place any more. Where the address is no permission, one
    /// that is denied is denied the next time as well.
    fn is_over(&self, response: &Response) -> bool {
        match response.status().as_u16() {
            401 | 403 => self.secret.is_some(),
            status => matches!(status, 404 | 410),
        }
    }
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
        let own = self.is_own(&address(&session)?);
        self.upload_to(&Place::of_task(&session, own)?, body).await
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
                _ if place.is_over(&response) => Err(over(&response)),
                _ => succeeded(&response).map(|()| true),
            }
        });
        if put.await? {
            return Ok(());
        }
        let status = Request::get(place.state.clone());
        let progress = |response: Response| match response.status().is_success() {
            true => response.json::<Progress>(),
            false if place.is_over(&response) => Err(over(&response)),
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
            Some(secret) => self.upload_bare(name, place.hidden(request), secret, bytes, false, read).await,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_is_a_permission_is_not_told_wherever_it_leads() {
        let session = UploadSession { upload_url: "https://elsewhere.example.org/a/s3cr3t?token=t0k3n".to_owned() };
        let place = Place::of_task(&session, false).unwrap();
        assert_eq!(place.content.path(), "/a/s3cr3t/content");
        for url in [&place.content, &place.state] {
            let told = format!("{:?}", place.hidden(Request::get(url.clone())));
            assert!(!told.contains("s3cr3t") && !told.contains("t0k3n"), "{told}");
        }
        assert!(Place::of_task(&session, true).unwrap().secret.is_none());
    }
}
