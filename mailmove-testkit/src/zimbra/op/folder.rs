//! Folders, read and made.

use super::{Context, answer};
use crate::zimbra::element::Element;
use crate::zimbra::refusal::Refusal;
use crate::zimbra::show::Shower;
use crate::zimbra::state::{Flavour, view_is_known};

/// A folder with all below it; without a name, all that users see.
pub(super) fn get(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let spec = request.find("folder");
    let base = match spec.and_then(|spec| spec.value("uuid").or_else(|| spec.value("l"))) {
        Some(text) => context.mailbox()?.folder_by(&text)?,
        None => 1,
    };
    let path = spec.and_then(|spec| spec.value("path"));
    let folder = match path {
        Some(path) => {
            let mailbox = context.mailbox()?;
            let full = format!("{}/{path}", mailbox.path(base));
            mailbox.at_path(&full).ok_or_else(|| Refusal::missing("FOLDER", path))?
        }
        None => base,
    };
    let depth = request.number("depth").filter(|depth| *depth >= 0).unwrap_or(i64::MAX);
    let view = request.value("view");
    let shower = context.shower(context.target()?);
    Ok(answer().child(tree(&shower, folder, depth, view.as_deref())))
}

/// A folder and what is below it, to a depth.
pub(super) fn tree(shower: &Shower<'_>, id: i64, depth: i64, view: Option<&str>) -> Element {
    let element = shower.folder(&shower.mailbox.folders[&id]);
    if depth == 0 {
        return element;
    }
    let mut children: Vec<_> = shower.mailbox.children(id).collect();
    children.sort_by_key(|folder| folder.name.to_lowercase());
    let shown = children.into_iter().map(|folder| tree(shower, folder.id, depth - 1, view));
    let fits = |child: &Element| match view {
        Some(view) => child.value("view").as_deref() == Some(view) || !child.children.is_empty(),
        None => true,
    };
    let shown: Vec<Element> = shown.filter(fits).collect();
    element.children(shown)
}

/// The parent and the name that a request wants, from `l` and `name`, or from a path as the name.
fn place(context: &mut Context<'_>, spec: &Element) -> Result<(i64, String), Refusal> {
    let name = spec.value("name").ok_or_else(|| Refusal::invalid("missing required attribute: name"))?;
    let parent = spec.value("l");
    let mailbox = context.mailbox()?;
    if let Some(parent) = parent {
        return Ok((mailbox.folder_by(&parent)?, name));
    }
    // A path makes what is missing of it.
    let trimmed = name.trim_matches('/').to_owned();
    let (above, last) = trimmed.rsplit_once('/').unwrap_or(("", &trimmed));
    let mut parent = 1;
    for part in above.split('/').filter(|part| !part.is_empty()) {
        let path = format!("{}/{part}", mailbox.path(parent));
        parent = match mailbox.at_path(&path) {
            Some(id) => id,
            None => mailbox.create_folder(parent, part, "", Flavour::Plain)?,
        };
    }
    Ok((parent, last.to_owned()))
}

/// Makes a folder of a flavour; one that is there may be taken instead.
fn make(context: &mut Context<'_>, spec: &Element, flavour: Flavour, view: &str) -> Result<Element, Refusal> {
    let (parent, name) = place(context, spec)?;
    if !view_is_known(view) {
        return Err(Refusal::new("mail.INVALID_TYPE", format!("unknown type: {view}")));
    }
    let exists = spec.flag("fie");
    let mailbox = context.mailbox()?;
    let plain = flavour == Flavour::Plain;
    let (id, made) = match mailbox.create_folder(parent, &name, view, flavour) {
        Ok(id) => (id, true),
        Err(refusal) if refusal.code == "mail.ALREADY_EXISTS" && exists && plain => {
            let there = mailbox.at_path(&format!("{}/{}", mailbox.path(parent), name.trim_end_matches(' ')));
            (there.ok_or(refusal)?, false)
        }
        Err(refusal) => return Err(refusal),
    };
    if made {
        let flags = spec.value("f").unwrap_or_default();
        let (color, rgb, url) = (spec.number("color").unwrap_or(0), spec.value("rgb"), spec.value("url"));
        mailbox.change_folder(id, |folder| {
            (folder.flags, folder.color, folder.rgb, folder.url) = (flags, color, rgb, url);
        });
    }
    let shower = context.shower(context.target()?);
    Ok(answer().child(shower.folder(&shower.mailbox.folders[&id])))
}

pub(super) fn create(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let spec = request.find("folder").ok_or_else(|| Refusal::invalid("missing required element: folder"))?;
    make(context, spec, Flavour::Plain, &spec.value("view").unwrap_or_default())
}

pub(super) fn search(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let spec = request.find("search").ok_or_else(|| Refusal::invalid("missing required element: search"))?;
    let query = spec.value("query").ok_or_else(|| Refusal::invalid("missing required attribute: query"))?;
    let text = |name: &str, otherwise: &str| spec.value(name).unwrap_or_else(|| otherwise.to_owned());
    let flavour = Flavour::Search { query, types: text("types", ""), sort: text("sortBy", "dateDesc") };
    make(context, spec, flavour, "search folder")
}

pub(super) fn mount(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let spec = request.find("link").ok_or_else(|| Refusal::invalid("missing required element: link"))?;
    let owner = spec.value("zid").or_else(|| spec.value("owner"));
    let owner = owner.ok_or_else(|| Refusal::invalid("missing required attribute: zid"))?;
    let number = context.world.account(&owner);
    let number = number.ok_or_else(|| Refusal::new("account.NO_SUCH_ACCOUNT", format!("no such account: {owner}")))?;
    let theirs = &context.world.mailboxes[number];
    let rid = match (spec.number("rid"), spec.value("path")) {
        (Some(rid), _) => rid,
        (None, Some(path)) => theirs.at_path(&path).ok_or_else(|| Refusal::missing("FOLDER", path))?,
        (None, None) => return Err(Refusal::invalid("must specify either remote id or path")),
    };
    let flavour = Flavour::Mount { owner: theirs.address.clone(), zid: theirs.id.clone(), rid };
    make(context, spec, flavour, &spec.value("view").unwrap_or_default())
}
