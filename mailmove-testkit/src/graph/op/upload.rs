//! Large attachments, which come in pieces to a URL of their own.

use bytes::Bytes;
use hyper::StatusCode;
use hyper::header::LOCATION;
use serde_json::{Value, json};
use time::OffsetDateTime;

use super::attachments::Holder;
use crate::graph::call::{Answer, Call};
use crate::graph::date;
use crate::graph::refusal::Refusal;
use crate::graph::schema;
use crate::graph::service::Shared;
use crate::graph::sessions::Upload;
use crate::graph::state::{Attachment, Content, Id, Kind};
use crate::http::{Reply, Request};
use crate::simulator::lock;

/// Smaller files are posted at once.
const SMALLEST: u64 = 3 << 20;
const LARGEST: u64 = 150 << 20;
/// Of a task.
const LARGEST_OF_TASK: u64 = 25 << 20;
/// Octets of one piece.
const LARGEST_PIECE: usize = 4 << 20;

/// Begins an upload to a message or an event, at a URL that is its own permission; or to a task, at one below it.
pub(super) fn begin(call: &Call<'_>, parameter: &str, kind: &str) -> Answer {
    let parameters = call.json()?;
    let mut wanted = call.parameter(&parameters, parameter).unwrap_or_default();
    schema::body(kind, &mut wanted, call.beta)?;
    let (Some(name), Some(size)) = (wanted["name"].as_str(), wanted["size"].as_u64()) else {
        return Err(Refusal::bad("ErrorRequiredPropertyMissing", "An upload needs a name and a size."));
    };
    if wanted["attachmentType"] != "file" {
        return Err(Refusal::bad("ErrorInvalidParameter", "Only files can be uploaded."));
    }
    if size < SMALLEST && kind == "attachmentItem" {
        let code = "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize";
        return Err(Refusal::bad(code, "Attachment size should be greater than the minimum attachment upload size."));
    }
    let is_task = kind == "attachmentInfo";
    let largest = if is_task { LARGEST_OF_TASK } else { LARGEST };
    if size > largest {
        let message = format!("The attachment is larger than {} MB.", largest >> 20);
        return Err(Refusal::bad("ErrorAttachmentSizeLimitExceeded", message));
    }
    let mut attachment = Attachment::file(name, Bytes::new());
    attachment.content_type = wanted["contentType"].as_str().map(str::to_owned);
    attachment.content_id = wanted["contentId"].as_str().map(str::to_owned);
    attachment.inline = wanted["isInline"].as_bool().unwrap_or_default();
    let holder = call.with(|mailbox| Holder::of(call, mailbox))?;
    let shared = call.shared;
    let expires = shared.hub.clock.now() + shared.settings.session_lifetime;
    let size = size as usize;
    let upload = Upload { mailbox: call.mailbox, holder, is_task, attachment, size, pieces: Vec::new(), expires };
    let path = lock(&shared.sessions).upload(upload, &shared.name(call.mailbox), &call.caller.name);
    let url = match path.strip_prefix("uploads/").filter(|_| is_task) {
        Some(token) => {
            let task = call.request.path.trim_end_matches("/attachments/createUploadSession");
            format!("{}{task}/attachmentSessions/{token}", shared.origin)
        }
        None => format!("{}/api/{path}", shared.origin),
    };
    let session = json!({
        "@odata.context": format!("{}/$metadata#microsoft.graph.uploadSession", call.base()),
        "uploadUrl": url,
        "expirationDateTime": date::exact(expiration(shared)),
        "nextExpectedRanges": ["0-"],
    });
    Ok(call.reply(StatusCode::CREATED, &session))
}

/// When a session that begins now ends, in the world's time.
pub(super) fn expiration(shared: &Shared) -> OffsetDateTime {
    OffsetDateTime::now_utc() + shared.hub.clock.outside(shared.settings.session_lifetime)
}

/// The same at the URL of a task's session, to which a token is needed as everywhere below the version.
pub(super) fn of_task(call: &Call<'_>) -> Answer {
    let token = call.target.keys.last().map_or("", String::as_str);
    piece(call.shared, call.request, token, true)
}

/// A piece, a question about the state, or the end of an upload.
pub(super) fn piece(shared: &Shared, request: &Request, token: &str, is_task: bool) -> Answer {
    let now = shared.hub.clock.now();
    let mut sessions = lock(&shared.sessions);
    sessions.uploads.retain(|_, (upload, ..)| upload.expires > now);
    let fits = sessions.uploads.get(token).is_none_or(|(upload, ..)| upload.is_task == is_task);
    let missing =
        || Refusal::new(StatusCode::NOT_FOUND, "ErrorUploadSessionNotFound", "The upload session is not found.");
    if !fits {
        return Err(missing());
    }
    match request.method.as_str() {
        "PUT" => {
            let (upload, ..) = sessions.uploads.get_mut(token).ok_or_else(missing)?;
            take(upload, request)?;
            if upload.arrived() < upload.size {
                return Ok(state(shared, upload));
            }
            let (upload, ..) = sessions.uploads.remove(token).ok_or_else(missing)?;
            drop(sessions);
            finish(shared, upload)
        }
        "GET" => sessions.uploads.get(token).map(|(upload, ..)| state(shared, upload)).ok_or_else(missing),
        "DELETE" => {
            sessions.uploads.remove(token).ok_or_else(missing)?;
            super::done()
        }
        _ => Err(Refusal::method()),
    }
}

fn state(shared: &Shared, upload: &Upload) -> Reply {
    let state = json!({
        "expirationDateTime": date::exact(expiration(shared)), "nextExpectedRanges": [upload.arrived().to_string()],
    });
    Reply::of(StatusCode::OK, "application/json", state.to_string())
}

/// Takes a piece, which has to begin where the last one ended.
fn take(upload: &mut Upload, request: &Request) -> Result<(), Refusal> {
    let bad = |message: String| Refusal::new(StatusCode::RANGE_NOT_SATISFIABLE, "ErrorInvalidContentRange", message);
    let header = request.header("content-range").unwrap_or_default();
    let range = header.strip_prefix("bytes ").and_then(|rest| {
        let (range, whole) = rest.split_once('/')?;
        let (from, to) = range.split_once('-')?;
        Some((from.parse::<usize>().ok()?, to.parse::<usize>().ok()?, whole.parse::<usize>().ok()?))
    });
    let Some((from, to, whole)) = range else { return Err(bad(format!("Content-Range '{header}' cannot be read."))) };
    if to < from || to - from + 1 != request.body.len() || whole != upload.size || to >= whole {
        return Err(bad(format!("Content-Range '{header}' does not fit the {} octets that came.", request.body.len())));
    }
    if request.body.len() > LARGEST_PIECE {
        let message = "A piece is larger than 4 MB.";
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", message));
    }
    if from != upload.arrived() {
        return Err(bad(format!("The next piece has to begin at {}.", upload.arrived())));
    }
    upload.pieces.push(request.body.clone());
    Ok(())
}

fn finish(shared: &Shared, upload: Upload) -> Answer {
    let Upload { mailbox, holder, mut attachment, size, pieces, .. } = upload;
    let mut octets = Vec::with_capacity(size);
    for piece in pieces {
        octets.extend_from_slice(&piece);
    }
    attachment.content = Content::File(octets.into());
    let mut store = lock(&shared.store);
    let mailbox = &mut store.mailboxes[mailbox];
    let number = holder.change(mailbox, |item| item.attach(attachment))?;
    let item = holder.item(mailbox)?;
    let id = Id { kind: Kind::Attachment, part: number, ..item.id(false) };
    let place = format!(
        "{}/api/v2.0/Users('{}')/Messages('{}')/Attachments('{}')",
        shared.origin,
        mailbox.address,
        item.id(false).text(),
        id.text()
    );
    let empty: Value = json!({});
    Ok(Reply::of(StatusCode::CREATED, "application/json", empty.to_string()).with(LOCATION, place))
}
