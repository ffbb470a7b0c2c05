//! The import and export API: folders and items of all classes, whole items as streams.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use hyper::StatusCode;
use serde_json::{Map, Value, json};

use super::{delta, done, folders};
use crate::graph::call::{Answer, Call, Entity};
use crate::graph::date;
use crate::graph::fts;
use crate::graph::query::Query;
use crate::graph::refusal::Refusal;
use crate::graph::service::Shared;
use crate::graph::sessions::auth_token;
use crate::graph::show;
use crate::graph::state::{Item, Mailbox, Purpose};
use crate::http::{Reply, Request};
use crate::simulator::lock;

/// Items of one export.
const MOST: usize = 20;

pub(super) fn perform(call: &Call<'_>) -> Answer {
    if !call.shared.settings.import_export {
        return Err(Refusal::segment("admin"));
    }
    let template = call.target.template.as_str();
    match (call.request.method.as_str(), template) {
        ("GET", "folders") | ("GET", "folders/{id}/childFolders") => list_folders(call),
        ("POST", "folders") | ("POST", "folders/{id}/childFolders") => create_folder(call),
        ("GET", "folders/delta") => delta::tree(call, Purpose::Other, "mailboxFolder"),
        ("GET", "folders/{id}") => folders::show(call, Purpose::Other),
        ("PATCH", "folders/{id}") => folders::update(call, Purpose::Other),
        ("DELETE", "folders/{id}") => folders::delete(call),
        ("GET", "folders/{id}/items") => list_items(call),
        ("GET", "folders/{id}/items/delta") => delta::items(call, "mailboxItem"),
        ("GET", "items/{id}") => call.with(|mailbox| {
            call.query.check("mailboxItem", call.beta)?;
            let shown = item(call, mailbox, named(call, mailbox)?, &call.query)?;
            Ok(call.one(StatusCode::OK, shown))
        }),
        ("DELETE", "items/{id}") => delete(call),
        ("POST", "exportItems") => export(call),
        ("POST", "createImportSession") => begin(call),
        _ => Err(Refusal::segment(template)),
    }
}

fn list_folders(call: &Call<'_>) -> Answer {
    call.query.check("mailboxFolder", call.beta)?;
    call.with(|mailbox| {
        let parent = match call.target.key(0) {
            "" => mailbox.standard("msgfolderroot"),
            _ => folders::target(call, mailbox)?,
        };
        let shown = mailbox.children(parent).map(|folder| show::folder(call, mailbox, folder, "mailboxFolder"));
        show::entities(call, shown.collect::<Result<Vec<_>, _>>()?, 10)
    })
}

/// Unlike the folders of one sort, these have to say of which sort they are.
fn create_folder(call: &Call<'_>) -> Answer {
    match call.json()?.get("type").and_then(Value::as_str) {
        Some(class) if class.to_ascii_uppercase().starts_with("IPF.") => folders::create(call, Purpose::Other),
        _ => Err(Refusal::bad("ErrorInvalidParameter", "A folder needs a type.")),
    }
}

/// The item that the path means, which has to be in the folder that the path means.
fn named<'a>(call: &Call<'_>, mailbox: &'a Mailbox) -> Result<&'a Item, Refusal> {
    let item = mailbox.item(call.target.key(0))?;
    let folder = mailbox.folder(call.target.above.as_deref().unwrap_or_default())?.key;
    if item.folder == folder { Ok(item) } else { Err(Refusal::missing()) }
}

fn list_items(call: &Call<'_>) -> Answer {
    call.query.check("mailboxItem", call.beta)?;
    call.with(|mailbox| {
        let folder = folders::target(call, mailbox)?;
        let shown = mailbox.items_of(folder).map(|one| item(call, mailbox, one, &call.query));
        show::entities(call, shown.collect::<Result<Vec<_>, _>>()?, 10)
    })
}

/// An item as this API shows it, whatever it is.
pub(super) fn item(call: &Call<'_>, mailbox: &Mailbox, item: &Item, query: &Query) -> Result<Entity, Refusal> {
    let mut out = Map::new();
    let whole = show::item_with(call, mailbox, item, query)?;
    for name in [
        "id",
        "@odata.etag",
        "changeKey",
        "categories",
        "createdDateTime",
        "lastModifiedDateTime",
        "singleValueExtendedProperties",
        "multiValueExtendedProperties",
    ] {
        out.extend(whole.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    out.entry("changeKey").or_insert_with(|| show::change_key(item).into());
    out.insert("type".to_owned(), item.class.as_str().into());
    out.insert("size".to_owned(), item.size().into());
    Ok(out)
}

/// Removes an item for good, or to where it can be recovered from: the client has to say which.
fn delete(call: &Call<'_>) -> Answer {
    let soft = match call.query.other("disposalType") {
        Some("softDelete") => true,
        Some("hardDelete") => false,
        _ => {
            return Err(Refusal::bad("ErrorInvalidParameter", "disposalType has to be 'softDelete' or 'hardDelete'."));
        }
    };
    call.with(|mailbox| {
        let key = named(call, mailbox)?.key;
        if soft {
            mailbox.move_item(key, mailbox.standard("recoverableitemsdeletions"));
        } else {
            mailbox.remove_item(key);
        }
        Ok(())
    })?;
    done()
}

/// Whole items. What is wrong with one is told beside it, under 200.
fn export(call: &Call<'_>) -> Answer {
    let parameters = call.json()?;
    let ids = call.parameter(&parameters, "itemIds").unwrap_or_default();
    let ids: Vec<String> = ids.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect();
    if ids.is_empty() || ids.len() > MOST {
        let message = format!("There have to be 1 to {MOST} itemIds.");
        return Err(Refusal::bad("ErrorInvalidParameter", message));
    }
    let results = ids.into_iter().map(|id| {
        let found = call.with(|mailbox| mailbox.item(&id).cloned());
        let result = match found {
            Ok(item) => {
                let stream = fts::write(&item);
                // Told once more when it is exported again.
                call.with(|mailbox| {
                    mailbox.items.entry(item.key).and_modify(|item| item.stream = Some(stream.clone()));
                });
                json!({"itemId": id, "changeKey": show::change_key(&item), "data": call.base64(stream)})
            }
            Err(refusal) => json!({"itemId": id, "error": {"code": refusal.code, "message": refusal.message}}),
        };
        result.as_object().cloned().unwrap_or_default()
    });
    let results = results.collect();
    Ok(call.many(results, Vec::new()))
}

/// A permission to import, with a URL that is a secret.
fn begin(call: &Call<'_>) -> Answer {
    let shared = call.shared;
    let expires = shared.hub.clock.now() + shared.settings.session_lifetime;
    let name = shared.name(call.mailbox);
    let left = shared.settings.session_items;
    let token = lock(&shared.sessions).import(call.mailbox, &name, &call.caller.name, expires, left);
    let id = call.with_store(|store| store.mailbox_id(&store.mailboxes[call.mailbox]));
    let url = format!("{}/api/gv1.0/Mailboxes('{id}')/importItem?authtoken={token}", shared.origin);
    let session = json!({
        "@odata.context": format!("{}/$metadata#microsoft.graph.mailboxItemImportSession", call.base()),
        "importUrl": url, "expirationDateTime": date::exact(super::upload::expiration(shared)),
    });
    Ok(call.reply(StatusCode::CREATED, &session))
}

/// What a client imports; the data stays where it is in the body.
struct Wanted {
    folder: String,
    mode: String,
    data: Bytes,
    item: Option<String>,
    change_key: Option<String>,
}

/// Takes in an item.
pub(super) fn import(shared: &Shared, request: &Request) -> Answer {
    let expired =
        || Refusal::new(StatusCode::UNAUTHORIZED, "ErrorAccessDenied", "The authtoken is not valid any more.");
    if request.header("authorization").is_some() {
        let message = "An import URL is its own permission: there must be no Authorization header.";
        return Err(Refusal::bad("ErrorInvalidRequest", message));
    }
    if request.method != "POST" {
        return Err(Refusal::method());
    }
    let now = shared.hub.clock.now();
    let mailbox = {
        let mut sessions = lock(&shared.sessions);
        let session = sessions.imports.get_mut(&auth_token(request)).filter(|session| session.expires > now);
        let session = session.filter(|session| session.left != Some(0)).ok_or_else(expired)?;
        session.left = session.left.map(|left| left - 1);
        session.mailbox
    };
    let wanted = read(request)?;
    let item = fts::load(&wanted.data)?;
    let mut store = lock(&shared.store);
    let mailbox = &mut store.mailboxes[mailbox];
    let folder = mailbox.folder(&wanted.folder)?.key;
    let key = match (wanted.mode.to_ascii_lowercase().as_str(), &wanted.item, &wanted.change_key) {
        ("create", None, None) => mailbox.insert_item(folder, item)?,
        ("update", Some(id), Some(_)) => {
            let key = mailbox.item(id)?.key;
            let stream = item.stream.clone();
            mailbox.change_item(key, |old| {
                let (number, moves, entered) = (old.mailbox, old.moves, old.entered);
                let (folder, changed) = (old.folder, old.changed);
                *old = item;
                (old.key, old.mailbox, old.moves, old.entered) = (key, number, moves, entered);
                (old.folder, old.changed) = (folder, changed);
            });
            mailbox.items.entry(key).and_modify(|item| item.stream = stream);
            key
        }
        _ => {
            let message = "Mode is 'create' without ItemId and ChangeKey, or 'update' with both.";
            return Err(Refusal::bad("ErrorInvalidRequest", message));
        }
    };
    let item = &mailbox.items[&key];
    let made = json!({"itemId": item.id(false).text(), "changeKey": show::change_key(item)});
    Ok(Reply::of(StatusCode::OK, "application/json", made.to_string()))
}

fn read(request: &Request) -> Result<Wanted, Refusal> {
    let kind = request.header("content-type").unwrap_or_default().to_ascii_lowercase();
    if !kind.starts_with("application/json") {
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "RequestBodyRead", "JSON is expected."));
    }
    // Borrowed where it can be: the data may be as large as an item is.
    let all: std::collections::BTreeMap<String, &serde_json::value::RawValue> =
        serde_json::from_slice(&request.body).map_err(|error| Refusal::body(&error.to_string()))?;
    let mut wanted =
        Wanted { folder: String::new(), mode: String::new(), data: Bytes::new(), item: None, change_key: None };
    for (name, value) in all {
        let text = || serde_json::from_str::<String>(value.get()).map_err(|error| Refusal::body(&error.to_string()));
        match name.to_ascii_lowercase().as_str() {
            "folderid" => wanted.folder = text()?,
            "mode" => wanted.mode = text()?,
            "itemid" => wanted.item = Some(text()?),
            "changekey" => wanted.change_key = Some(text()?),
            "data" => {
                let bare = value.get().trim_matches('"');
                let octets = if bare.contains('\\') { STANDARD.decode(text()?) } else { STANDARD.decode(bare) };
                wanted.data = octets.map_err(|_| Refusal::body("Data is not base64."))?.into();
            }
            _ => return Err(Refusal::body(&format!("The property '{name}' does not exist."))),
        }
    }
    Ok(wanted)
}
