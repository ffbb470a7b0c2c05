//! Files that are uploaded before a request uses them.

use hyper::StatusCode;

use super::server::Shared;
use super::service::html;
use super::state::lock;
use super::world::Upload;
use crate::http::{Reply, Request};

/// Takes a file; the answer is a tuple of JavaScript, whether it went well or not.
pub(crate) fn take(
    shared: &Shared,
    request: &Request,
    token: Option<String>,
    parameters: &[(String, String)],
) -> Reply {
    let mut world = lock(&shared.world);
    let caller = token.ok_or(()).and_then(|token| world.caller(&token).cloned().map_err(|_| ()));
    let Ok(caller) = caller else { return html(StatusCode::UNAUTHORIZED, "must authenticate") };
    if caller.csrf.is_some() && caller.csrf.as_deref() != request.header("x-zimbra-csrf-token") {
        return html(StatusCode::UNAUTHORIZED, "must authenticate");
    }
    let format = parameters.iter().find(|(key, _)| key == "fmt").map_or("", |(_, value)| value.as_str());
    let mut words = format.split(',');
    if !words.any(|word| word == "raw") {
        return html(StatusCode::BAD_REQUEST, "fmt=raw is the only form that is taken here");
    }
    let extended = format.split(',').any(|word| word == "extended");
    let largest = shared.settings.max_message;
    let kind = request.header("content-type").unwrap_or("application/octet-stream").to_owned();
    let text = if kind.starts_with("multipart/form-data") {
        "400,'null'".to_owned()
    } else if largest > 0 && request.body.len() > largest {
        "413,'null'".to_owned()
    } else if request.body.is_empty() {
        "204,'null'".to_owned()
    } else {
        let id = format!("{}:{}", world.word("upload"), world.word("upload"));
        let name = request.header("content-disposition").and_then(|value| value.split("filename=").nth(1));
        let name = name.unwrap_or("unknown").trim_matches('"').to_owned();
        let size = request.body.len();
        world
            .uploads
            .insert(id.clone(), Upload { account: caller.account, kind: kind.clone(), bytes: request.body.clone() });
        if extended {
            let list = serde_json::json!([{"aid": id, "ct": kind, "filename": name, "s": size}]);
            format!("200,'null',{list}")
        } else {
            format!("200,'null','{id}'")
        }
    };
    // The page that browsers get says the same with a status of its own: that of HTTP is 200 but for files too large.
    let status = if text.starts_with("413") { StatusCode::PAYLOAD_TOO_LARGE } else { StatusCode::OK };
    Reply::of(status, "text/plain; charset=utf-8", text)
}
