//! ExportItems and UploadItems.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::{Context, required, response};
use crate::ews::fts;
use crate::ews::refusal::Refusal;
use crate::ews::schema::decode_base64;
use crate::ews::state::{Id, Kind, change_key};
use crate::ews::xml::Node;

pub(super) fn export(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let ids = &required(request, "ItemIds")?.children;
    let messages = context.each("ExportItems", ids, |context, id| {
        let key = context.item(id)?;
        let item = context.known(key)?;
        let changed = item.changed;
        let stream = match &item.stream {
            Some(stream) => stream.clone(),
            None => {
                let stream = fts::write(item, context.style.version.build());
                context.store.keep_stream(key, stream.clone());
                stream
            }
        };
        Ok(vec![item_id(key, changed), Node::m("Data").text(STANDARD.encode(&stream))])
    });
    Ok(response("ExportItems", messages))
}

/// The id in other letters than everywhere else: clients must not compare it as text.
fn item_id(key: u64, changed: u64) -> Node {
    let id = Id::new(Kind::Item, key).other_text();
    Node::m("ItemId").attr("Id", id).attr("ChangeKey", change_key(changed))
}

pub(super) fn upload(context: &mut Context<'_>, request: &Node) -> Result<Node, Refusal> {
    let items = &required(request, "Items")?.children;
    let messages = context.each("UploadItems", items, |context, node| {
        let folder =
            context.folder(&Node { name: "FolderId".to_owned(), ..required(node, "ParentFolderId")?.clone() })?;
        let data = decode_base64(&required(node, "Data")?.text).ok_or_else(|| Refusal::schema("Data is not base64"))?;
        let mut item = fts::read(&data)?;
        item.stream = Some(Bytes::from(data));
        item.associated = matches!(node.attribute("IsAssociated"), Some("true" | "1"));
        let old = node.find("ItemId").map(|id| context.item(id));
        let key = match (node.attribute("CreateAction").unwrap_or_default(), old) {
            ("CreateNew", None) => context.store.insert_item(folder, item)?,
            ("CreateNew", Some(_)) => {
                let words = "ItemId must not be given with CreateNew.";
                return Err(Refusal::new("ErrorInvalidRequest", words));
            }
            ("Update", None) => return Err(Refusal::new("ErrorInvalidRequest", "Update needs an ItemId.")),
            ("Update", Some(old)) | ("UpdateOrCreate", Some(old @ Ok(_))) => {
                let (key, stream) = (old?, item.stream.clone());
                context.store.change_item(key, |old| {
                    let (folder, uid) = (old.folder, old.imap_uid);
                    let (created, changed, content) = (old.created, old.changed, old.content);
                    *old = item;
                    (old.key, old.folder, old.imap_uid) = (key, folder, uid);
                    (old.created, old.changed, old.content) = (created, changed, content);
                });
                stream.into_iter().for_each(|stream| context.store.keep_stream(key, stream));
                key
            }
            ("UpdateOrCreate", _) => context.store.insert_item(folder, item)?,
            (other, _) => return Err(Refusal::unsupported(format!("CreateAction {other}"))),
        };
        let changed = context.store.item(key).map_or(0, |item| item.changed);
        Ok(vec![item_id(key, changed)])
    });
    Ok(response("UploadItems", messages))
}
