//! Requests to Graph that no connector makes: to a tenant's directory, and to clean up.

use std::sync::Arc;

use mailmove::guard::Limits;
use mailmove::http::{Http, HttpSettings, Method, Request, Session};
use mailmove::{Call, CredentialProvider, Error, ErrorKind, Guard, Mailbox, Result, SignIn};
use serde_json::Value;

/// Graph, for one who asks.
pub(crate) struct Rest {
    session: Session,
    endpoint: String,
}

impl Rest {
    /// Graph at this endpoint, version included, for whoever these credentials belong to.
    pub(crate) fn new(
        endpoint: &str,
        settings: HttpSettings,
        credentials: Arc<dyn CredentialProvider>,
        who: Mailbox,
    ) -> Result<Self> {
        let session = Session::new(Http::new(settings)?, Guard::new("graph", Limits::new()));
        let session = session.signed_in(SignIn::new(credentials), who);
        Ok(Self { session, endpoint: endpoint.trim_end_matches('/').to_owned() })
    }

    /// What is at this path: one object, or a page of several.
    pub(crate) async fn find(&self, path: &str) -> Result<Value> {
        self.ask(Method::GET, path, None).await
    }

    /// All that is listed at this path, page by page.
    pub(crate) async fn list(&self, path: &str) -> Result<Vec<Value>> {
        let mut page = self.find(path).await?;
        let mut all = Vec::new();
        loop {
            all.extend(page["value"].as_array_mut().map(std::mem::take).unwrap_or_default());
            let Some(link) = page["@odata.nextLink"].as_str() else { return Ok(all) };
            // The token goes to this server and to no other.
            let next = link.strip_prefix(&self.endpoint).and_then(|rest| rest.strip_prefix('/'));
            let elsewhere = || Error::new(ErrorKind::Protocol, "a listing goes on at another server");
            let next = next.ok_or_else(elsewhere)?.to_owned();
            page = self.find(&next).await?;
        }
    }

    /// Makes something, and gives what was made.
    pub(crate) async fn make(&self, path: &str, body: &Value) -> Result<Value> {
        self.ask(Method::POST, path, Some(body)).await
    }

    /// Changes what is there.
    pub(crate) async fn change(&self, path: &str, body: &Value) -> Result<()> {
        self.ask(Method::PATCH, path, Some(body)).await.map(drop)
    }

    /// Takes it away.
    pub(crate) async fn remove(&self, path: &str) -> Result<()> {
        self.ask(Method::DELETE, path, None).await.map(drop)
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value> {
        let address = format!("{}/{path}", self.endpoint);
        let url = address
            .parse()
            .map_err(|_| Error::new(ErrorKind::Config, "this is no address").with("address", &address))?;
        let call = if method == Method::POST { Call::once("graph") } else { Call::repeatable("graph") };
        let request = Request::new(method, url);
        let request = match body {
            Some(body) => request.json(body)?,
            None => request,
        };
        self.session
            .send_and(call, &request, |response| match response.error() {
                Some(error) => Err(error),
                None if response.bytes().is_empty() => Ok(Value::Null),
                None => response.json(),
            })
            .await
    }
}
