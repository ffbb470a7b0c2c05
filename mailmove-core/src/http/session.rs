use tracing::trace;

use super::{Http, Request, Response};
use crate::guard::Attempt;
use crate::{Call, Credential, Guard, Mailbox, Result, SignIn, Spool};

/// A client, a guard, and, where the server wants one, the credential of a mailbox. Clones share everything.
#[derive(Debug, Clone)]
pub struct Session {
    http: Http,
    guard: Guard,
    door: Option<(SignIn, Mailbox)>,
    /// Connections that passwords sign in.
    #[cfg(feature = "ntlm")]
    lanes: Option<std::sync::Arc<super::ntlm::Lanes>>,
}

impl Session {
    /// Without a credential.
    pub fn new(http: Http, guard: Guard) -> Self {
        Self {
            http,
            guard,
            door: None,
            #[cfg(feature = "ntlm")]
            lanes: None,
        }
    }

    /// The same, with the credential of this mailbox in every request: a token as bearer (RFC 6750), a password as basic
    /// authentication (RFC 7617).
    pub fn signed_in(mut self, sign_in: SignIn, mailbox: Mailbox) -> Self {
        self.door = Some((sign_in, mailbox));
        self
    }

    /// The same, with passwords by NTLM instead of basic authentication: NTLMv2, bound to the server's certificate over
    /// TLS. A login is `DOMAIN\user` or an address. It goes over connections of its own, which know no proxy.
    #[cfg(feature = "ntlm")]
    pub fn by_ntlm(mut self) -> Self {
        self.lanes = Some(std::sync::Arc::default());
        self
    }

    /// The guard.
    pub fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Sends a request and gives the answer, when its status is one of success.
    pub async fn send(&self, call: Call, request: &Request) -> Result<Response> {
        self.send_and(call, request, succeeded).await
    }

    /// Sends a request and gives what `read` makes of the answer.
    ///
    /// `read` sees every answer, whatever its status, as a part of the attempt: the guard judges what it returns, and a
    /// refusal of the credential is one. For what it does not know it returns the answer's [`error`](Response::error).
    pub async fn send_and<T>(&self, call: Call, request: &Request, read: impl Fn(Response) -> Result<T>) -> Result<T> {
        self.run(call, request, None, &read).await
    }

    /// As [`send`](Self::send), with the content of the answer in the spool: [`Response::body`].
    pub async fn download(&self, call: Call, request: &Request, spool: &Spool) -> Result<Response> {
        self.download_and(call, request, spool, succeeded).await
    }

    /// As [`send_and`](Self::send_and), with the content of answers of success in the spool. Others come in memory.
    pub async fn download_and<T>(
        &self,
        call: Call,
        request: &Request,
        spool: &Spool,
        read: impl Fn(Response) -> Result<T>,
    ) -> Result<T> {
        self.run(call, request, Some(spool), &read).await
    }

    async fn run<T, R>(&self, call: Call, request: &Request, spool: Option<&Spool>, read: &R) -> Result<T>
    where
        R: Fn(Response) -> Result<T>,
    {
        let Some((sign_in, mailbox)) = &self.door else {
            return self.guard.run(call, |attempt| self.attempt(attempt, request, None, spool, read)).await;
        };
        let with_credential = |credential| {
            let call = call.clone();
            async move {
                let credential = Some(&credential);
                self.guard.run(call, |attempt| self.attempt(attempt, request, credential, spool, read)).await
            }
        };
        sign_in.with(mailbox, with_credential).await
    }

    async fn attempt<T, R>(
        &self,
        attempt: Attempt,
        request: &Request,
        credential: Option<&Credential>,
        spool: Option<&Spool>,
        read: &R,
    ) -> Result<T>
    where
        R: Fn(Response) -> Result<T>,
    {
        let response = self.exchange(&attempt, request, credential, spool).await;
        trace!(guard = %self.guard, number = attempt.number(), ?request, ?response, "exchanged");
        read(response?)
    }

    async fn exchange(
        &self,
        attempt: &Attempt,
        request: &Request,
        credential: Option<&Credential>,
        spool: Option<&Spool>,
    ) -> Result<Response> {
        #[cfg(feature = "ntlm")]
        if let Some((lanes, credential)) = self.lanes.as_deref().zip(credential)
            && matches!(credential.secret, crate::Secret::Password(_))
        {
            return lanes.exchange(&self.http, attempt, request, credential, spool).await;
        }
        self.http.exchange(attempt, request, credential, spool).await
    }
}

fn succeeded(response: Response) -> Result<Response> {
    response.error().map_or(Ok(response), Err)
}
