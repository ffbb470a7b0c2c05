//! One question at one place.

use mailmove_core::http::{Request, Response};
use mailmove_core::{Call, Error, ErrorKind, Mailbox, Result};
use url::Url;

use super::answer::{Answer, EXTERNAL, INTERNAL};
use super::{Discovery, Protocol, json, pox, soap};

/// A question: for whom, where, and whether a credential may be shown there.
pub(super) struct Question<'a> {
    pub(super) mailbox: &'a Mailbox,
    pub(super) address: &'a str,
    pub(super) protocol: Protocol,
    pub(super) url: Url,
    pub(super) trusted: bool,
    /// The settings to ask for, where a protocol lets one choose.
    pub(super) wanted: &'a [&'a str],
}

/// What is asked when the web service is looked for.
pub(super) const SERVICE: [&str; 2] = [EXTERNAL, INTERNAL];

impl Protocol {
    /// Where this is spoken at a web server.
    pub(super) fn place(self, origin: &Url, address: &str) -> Result<Url> {
        match self {
            Protocol::Json => json::place(origin, address),
            Protocol::Soap => soap::place(origin),
            Protocol::Pox => pox::place(origin),
        }
    }
}

impl Discovery {
    /// Asks without a credential, and with one where it is wanted and may be shown. A refused credential is an error:
    /// it is not carried from door to door.
    pub(super) async fn ask(&self, question: &Question<'_>) -> Result<Answer> {
        let request = match question.protocol {
            Protocol::Json => json::request(&question.url)?,
            Protocol::Soap => soap::request(&question.url, question.address, question.wanted),
            Protocol::Pox => pox::request(&question.url, question.address),
        };
        let open = self.send(&request, question, None).await?;
        match open {
            Some(answer) => Ok(answer),
            None if question.protocol == Protocol::Json => Ok(Answer::nothing("it wants a credential")),
            None if !question.trusted => Ok(Answer::nothing(format!(
                "it wants a credential and lies outside of the mailbox's domain: {} is not among the hosts to trust",
                question.url.host_str().unwrap_or_default()
            ))),
            None => {
                let answer = self.send(&request, question, Some(question.mailbox)).await?;
                Ok(answer.unwrap_or_else(|| Answer::nothing("it wants another credential")))
            }
        }
    }

    /// Where a pointer leads. It is asked in the open, and told nothing.
    pub(super) async fn pointer(&self, origin: &Url) -> Result<Answer> {
        let read = |response: Response| Ok(redirect(&response, origin).unwrap_or_else(|| nothing(&response)));
        let (session, request) = (self.session_of(&self.pointers), Request::get(pox::place(origin)?));
        or_nothing(session.send_and(Call::repeatable("autodiscover"), &request, read).await)
    }

    /// The answer; `None` when it wants a credential and got none.
    async fn send(
        &self,
        request: &Request,
        question: &Question<'_>,
        mailbox: Option<&Mailbox>,
    ) -> Result<Option<Answer>> {
        let session = match mailbox {
            Some(mailbox) => {
                let session = self.session_of(&self.http).signed_in(self.sign_in.clone(), mailbox.clone());
                self.passwords.over(session)
            }
            None => self.session_of(&self.http),
        };
        let read = |response: Response| match response.status().as_u16() {
            401 if mailbox.is_none() => Ok(None),
            // One refusal is enough to lock nobody out and to tell what is wrong.
            401 | 456 => Err(response.error().unwrap_or_else(|| Error::new(ErrorKind::Credential, "refused"))),
            429 | 503 => Err(response.error().unwrap_or_else(|| Error::new(ErrorKind::Unavailable, "busy"))),
            200 => Ok(Some(match question.protocol {
                Protocol::Json => json::read(&response),
                Protocol::Soap => soap::read(&response),
                Protocol::Pox => pox::read(&response),
            })),
            404 if question.protocol == Protocol::Json => Ok(Some(json::read(&response))),
            _ => Ok(Some(redirect(&response, &question.url).unwrap_or_else(|| nothing(&response)))),
        };
        let sent = session.send_and(Call::repeatable("autodiscover"), request, read).await;
        match sent {
            Ok(answer) => Ok(answer),
            Err(error) => or_nothing(Err(error)).map(Some),
        }
    }
}

fn nothing(response: &Response) -> Answer {
    Answer::nothing(format!("status {}", response.status().as_u16()))
}

/// Where an answer of the web server itself leads.
fn redirect(response: &Response, from: &Url) -> Option<Answer> {
    let moved = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let location = response.header("location").filter(|_| moved)?;
    Some(match from.join(location) {
        Ok(url) => Answer::Redirect(url),
        Err(_) => Answer::nothing("it sends us to what is no address"),
    })
}

/// A place that is not there, or not what it should be, is passed over. A refused credential is not.
fn or_nothing(answer: Result<Answer>) -> Result<Answer> {
    match answer {
        Err(error)
            if matches!(
                error.kind(),
                ErrorKind::Resolve
                    | ErrorKind::Network
                    | ErrorKind::Timeout
                    | ErrorKind::Tls
                    | ErrorKind::Unavailable
                    | ErrorKind::Throttled
                    | ErrorKind::Protocol
            ) =>
        {
            Ok(Answer::nothing(error.to_string()))
        }
        answer => answer,
    }
}
