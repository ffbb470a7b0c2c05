//! One request and its answer: who asks, what goes wrong on purpose, what is done, how it is sent.

use std::convert::Infallible;
use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH};
use hyper::{Response, StatusCode};

use super::body::{Body, Cut, Piece};
use super::fault::Action;
use super::hub::Hub;
use super::log::LoggedRequest;
use super::message::{Label, Reply, Request, Service};

/// Answers that are larger are not compressed: it would take longer than it saves.
const LARGEST_PACKED: usize = 4 << 20;

/// Answers a request; an error ends the connection without a word.
pub(super) async fn answer<S: Service>(
    hub: Arc<Hub<S::Mishap>>,
    service: Arc<S>,
    connection: u64,
    request: hyper::Request<Incoming>,
) -> Result<Response<Body>, Cut> {
    let (head, body) = request.into_parts();
    let gzip = head.headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    let mut plan = Plan::new(gzip.is_some_and(|value| value.contains("gzip")));
    let collected = Limited::new(body, service.largest()).collect().await;
    let whole = collected.is_ok();
    let request = Request {
        method: head.method,
        path: head.uri.path().to_owned(),
        query: head.uri.query().unwrap_or_default().to_owned(),
        headers: head.headers,
        body: collected.map(|body| body.to_bytes()).unwrap_or_default(),
        number: hub.log.number(),
    };
    plan.number = request.number;
    let (label, read) = service.read(&request);
    let logged = logged(&hub, connection, &request, &label);
    let actions = hub.faults.decide(&logged);
    hub.log.request(logged);
    if !whole {
        return plan.finish(service.planted(StatusCode::PAYLOAD_TOO_LARGE, ""), &hub);
    }
    if !actions.is_empty() {
        hub.log.fault();
    }
    let _turn = match service.admit(&request, &label) {
        Ok(turn) => turn,
        Err(refused) => return plan.finish(refused, &hub),
    };
    tokio::time::sleep(hub.round_trip).await;
    if let Some(early) = plan.prepare(&hub, &*service, &label, actions).await? {
        return plan.finish(early, &hub);
    }
    if let Some(delay) = plan.late {
        let tasks = hub.tasks.clone();
        tasks.spawn_late(async move {
            tokio::time::sleep(delay).await;
            service.answer(&request, read, plan.mishaps);
        });
        return Err(Cut);
    }
    let answer = service.answer(&request, read, std::mem::take(&mut plan.mishaps));
    if plan.lose {
        return Err(Cut);
    }
    plan.finish(answer, &hub)
}

fn logged<M>(hub: &Hub<M>, connection: u64, request: &Request, label: &Label) -> LoggedRequest {
    let secret = |name: &str| matches!(name, "authorization" | "cookie" | "proxy-authorization");
    let headers = request.headers.iter().map(|(name, value)| {
        let value = if secret(name.as_str()) {
            "***".to_owned()
        } else {
            String::from_utf8_lossy(value.as_bytes()).into_owned()
        };
        (name.as_str().to_owned(), value)
    });
    let path = match (&label.shown, request.query.as_str()) {
        (Some(shown), _) => shown.clone(),
        (None, "") => request.path.clone(),
        (None, query) => format!("{}?{query}", request.path),
    };
    LoggedRequest {
        number: request.number,
        connection,
        at: hub.clock.now(),
        caller: label.caller.clone(),
        mailbox: label.mailbox.clone(),
        operation: label.operation.clone(),
        method: request.method.to_string(),
        path,
        headers: headers.collect(),
        body: label.body.clone().unwrap_or_else(|| beginning(&request.body)),
        size: request.body.len(),
        status: None,
        answered: 0,
    }
}

impl<M: Clone> Hub<M> {
    /// Writes down a request that came inside of another one; what is to go wrong with it.
    #[cfg(feature = "graph")]
    pub(crate) fn inner(&self, request: &Request, label: &Label) -> Vec<Action<M>> {
        let logged = logged(self, 0, request, label);
        let actions = self.faults.decide(&logged);
        self.log.request(logged);
        if !actions.is_empty() {
            self.log.fault();
        }
        actions
    }
}

fn beginning(body: &Bytes) -> String {
    String::from_utf8_lossy(&body[..body.len().min(100_000)]).into_owned()
}

/// What the faults of one request come to.
struct Plan<M> {
    gzip: bool,
    number: u64,
    lose: bool,
    late: Option<Duration>,
    cut: Option<usize>,
    truncate: Option<usize>,
    slow: Option<(usize, Duration)>,
    replacements: Vec<(String, String)>,
    mishaps: Vec<M>,
}

impl<M> Plan<M> {
    fn new(gzip: bool) -> Self {
        Self {
            gzip,
            number: 0,
            lose: false,
            late: None,
            cut: None,
            truncate: None,
            slow: None,
            replacements: Vec::new(),
            mishaps: Vec::new(),
        }
    }

    /// Does what comes first; the answer, when the request is not executed.
    async fn prepare(
        &mut self,
        hub: &Hub<M>,
        service: &impl Service<Mishap = M>,
        label: &Label,
        actions: Vec<Action<M>>,
    ) -> Result<Option<Reply>, Cut> {
        let mut answer = None;
        for action in actions {
            match action {
                Action::Status { code, retry_after, body } => {
                    let status = StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
                    let mut refused = service.planted(status, &body);
                    if let Some(wait) = retry_after {
                        refused = refused.retry_after(hub.clock.outside(wait));
                        hub.log.back_off(label.mailbox.as_deref(), hub.clock.now(), wait);
                    }
                    answer = Some(refused);
                }
                Action::CutBefore => return Err(Cut),
                Action::LoseAnswer => self.lose = true,
                Action::CommitLate(delay) => self.late = Some(delay),
                Action::Stall => match std::future::pending::<Infallible>().await {},
                Action::Wait(time) => tokio::time::sleep(time).await,
                Action::CutOutput { after } => self.cut = Some(after),
                Action::Truncate { after } => self.truncate = Some(after),
                Action::Slow { chunk, delay } => self.slow = Some((chunk, delay)),
                Action::Replace(from, to) => self.replacements.push((from, to)),
                Action::Mishap(mishap) => self.mishaps.push(mishap),
            }
        }
        Ok(answer)
    }

    /// Spoils the answer and sends it.
    fn finish(&self, mut answer: Reply, hub: &Hub<M>) -> Result<Response<Body>, Cut> {
        if !self.replacements.is_empty() || self.truncate.is_some() {
            let text = String::from_utf8_lossy(&Piece::whole(&answer.content)).into_owned();
            let text = self.replacements.iter().fold(text, |text, (from, to)| text.replace(from, to));
            let mut bytes = Bytes::from(text);
            bytes.truncate(self.truncate.unwrap_or(usize::MAX));
            answer.content = vec![Piece::Plain(bytes)];
        }
        let size = answer.content.iter().map(Piece::len).sum::<usize>();
        hub.log.answer(self.number, answer.status.as_u16(), size);
        let mut response = Response::builder().status(answer.status);
        if self.gzip && (1000..LARGEST_PACKED).contains(&size) && self.cut.is_none() {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
            encoder.write_all(&Piece::whole(&answer.content)).map_err(|_| Cut)?;
            answer.content = vec![Piece::Plain(encoder.finish().map_err(|_| Cut)?.into())];
            response = response.header(CONTENT_ENCODING, "gzip");
        }
        for (name, value) in answer.headers {
            response = response.header(name, value);
        }
        if answer.status != StatusCode::NO_CONTENT {
            response = response.header(CONTENT_LENGTH, answer.content.iter().map(Piece::len).sum::<usize>());
        }
        response.body(Body::new(answer.content, self.cut, self.slow)).map_err(|_| Cut)
    }
}
