//! Folders, tags and items as answers show them.

use std::collections::HashMap;

use super::element::Element;
use super::mail;
use super::op::Context;
use super::state::{Content, Flavour, Folder, Item, ItemKind, Mailbox, Tag, lock};
use crate::mime;

/// How ids are shown to a caller: those of another's mailbox begin with the account's id.
#[derive(Debug, Clone)]
pub(crate) struct Ids(Option<String>);

impl Ids {
    pub(crate) fn of(context: &Context<'_>) -> Self {
        let other = context.caller.as_ref().map(|caller| caller.account) != context.target;
        Self(context.target.filter(|_| other).map(|target| context.world.mailboxes[target].id.clone()))
    }

    pub(crate) fn show(&self, id: i64) -> String {
        match &self.0 {
            Some(account) => format!("{account}:{id}"),
            None => id.to_string(),
        }
    }

    pub(crate) fn list<'a>(&self, ids: impl IntoIterator<Item = &'a i64>) -> String {
        ids.into_iter().map(|id| self.show(*id)).collect::<Vec<_>>().join(",")
    }
}

/// What an answer about one mailbox needs.
pub(crate) struct Shower<'a> {
    pub(crate) mailbox: &'a Mailbox,
    pub(crate) ids: Ids,
    /// Names of tags and paths of folders are told.
    pub(crate) modern: bool,
    counts: std::cell::OnceCell<HashMap<i64, (i64, i64, i64)>>,
}

impl<'a> Shower<'a> {
    pub(crate) fn new(mailbox: &'a Mailbox, ids: Ids, modern: bool) -> Self {
        Self { mailbox, ids, modern, counts: std::cell::OnceCell::new() }
    }

    /// A folder without what is below it.
    pub(crate) fn folder(&self, folder: &Folder) -> Element {
        let name = match folder.flavour {
            Flavour::Plain => "folder",
            Flavour::Search { .. } => "search",
            Flavour::Mount { .. } => "link",
        };
        let counts = self.counts.get_or_init(|| self.mailbox.counts());
        let (items, octets, unread) = counts.get(&folder.id).copied().unwrap_or_default();
        let parent = (folder.parent != folder.id).then(|| self.ids.show(folder.parent));
        let mut element = Element::new(name).set("id", self.ids.show(folder.id));
        if self.modern {
            element = element.set("uuid", &folder.uuid).set("deletable", !folder.is_system());
        }
        element = element.set("name", &folder.name);
        if self.modern {
            element = element.set("absFolderPath", self.mailbox.path(folder.id));
        }
        element = element.set_if("l", parent);
        if let (true, Some(parent)) = (self.modern, self.mailbox.folders.get(&folder.parent)) {
            element = element.set("luuid", &parent.uuid);
        }
        let told = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        element = element.set_if("f", told(&folder.flags)).set_if("color", (folder.color != 0).then_some(folder.color));
        element = element.set_if("rgb", folder.rgb.clone()).set_if("u", (unread > 0).then_some(unread));
        element = element.set_if("view", told(&folder.view));
        element = element.set("rev", folder.rev).set("ms", folder.ms).set("md", folder.md / 1000);
        element = match &folder.flavour {
            Flavour::Plain => {
                let counted = element.set("n", items).set("s", octets);
                counted.set("i4ms", folder.content_ms).set("i4next", folder.uid_next).set_if("url", folder.url.clone())
            }
            Flavour::Search { query, types, sort } => {
                element.set("query", query).set("sortBy", sort).set("types", types)
            }
            Flavour::Mount { owner, zid, rid } => {
                element.set("owner", owner).set("zid", zid).set("rid", *rid).set("oname", &folder.name)
            }
        };
        if folder.grants.is_empty() {
            return element;
        }
        let grants = folder.grants.iter().map(|grant| {
            let shown = Element::new("grant").set("perm", &grant.perm).set("gt", &grant.kind);
            shown.set("zid", &grant.zid).set("d", &grant.name)
        });
        element.child(Element::single("acl").children(grants))
    }

    pub(crate) fn tag(&self, tag: &Tag) -> Element {
        let element = Element::new("tag").set("id", self.ids.show(tag.id)).set("name", &tag.name);
        let element = element.set_if("color", (tag.color != 0).then_some(tag.color)).set_if("rgb", tag.rgb.clone());
        element.set("rev", tag.rev).set("ms", tag.ms).set("md", tag.md / 1000)
    }

    /// Flags and tags.
    fn marks(&self, element: Element, item: &Item) -> Element {
        let element = element.set_if("f", Some(item.flags.clone()).filter(|flags| !flags.is_empty()));
        if item.tags.is_empty() {
            return element;
        }
        let element = element.set("t", self.ids.list(&item.tags));
        if self.modern { element.set("tn", self.mailbox.tag_names(&item.tags)) } else { element }
    }

    /// An item as SyncRequest names it: all that can change besides its content, or, when that is new, where it is.
    pub(crate) fn changed(&self, item: &Item, new_content: bool) -> Element {
        let element = Element::new(item.kind.element()).set("id", self.ids.show(item.id));
        let element = if new_content { element } else { self.always_marks(element, item) };
        let element = element.set("l", self.ids.show(item.folder)).set("d", item.date);
        let element = element.set("md", item.md / 1000).set("ms", item.ms).set("rev", item.rev);
        if item.kind == ItemKind::Message { element.set("cid", self.ids.show(item.conversation)) } else { element }
    }

    /// Flags and tags, even where there are none: that is what changed.
    fn always_marks(&self, element: Element, item: &Item) -> Element {
        let element = element.set("f", &item.flags).set("t", self.ids.list(&item.tags));
        if self.modern { element.set("tn", self.mailbox.tag_names(&item.tags)) } else { element }
    }

    /// A message, without what it says.
    pub(crate) fn message(&self, item: &Item) -> Element {
        let element = Element::new("m").set("s", item.size()).set("d", item.date).set("l", self.ids.show(item.folder));
        let element = self.marks(element.set("cid", self.ids.show(item.conversation)), item);
        let element = element.set("rev", item.rev).set("md", item.md / 1000).set("ms", item.ms);
        let Content::Message { blob } = &item.content else { return element };
        let start = String::from_utf8_lossy(&mime::body(blob)[..mime::body(blob).len().min(120)]).trim().to_owned();
        element.set("id", self.ids.show(item.id)).content("su", mail::subject(blob)).content("fr", start)
    }

    /// A file of the briefcase, without what it holds.
    pub(crate) fn document(&self, item: &Item) -> Element {
        let element = Element::new("doc").set("id", self.ids.show(item.id)).set("l", self.ids.show(item.folder));
        let element = self.marks(element, item).set("s", item.size()).set("d", item.date).set("ver", 1);
        let element = element.set("md", item.md / 1000).set("ms", item.ms).set("rev", item.rev);
        let Content::Document { name, kind, .. } = &item.content else { return element };
        element.set("name", name).set("ct", kind)
    }

    /// A contact with its fields.
    pub(crate) fn contact(&self, item: &Item, fields: &[String]) -> Element {
        let element = Element::new("cn").set("id", self.ids.show(item.id)).set("l", self.ids.show(item.folder));
        let element = self.marks(element, item).set("d", item.date).set("rev", item.rev);
        let mut element = element.set("md", item.md / 1000).set("ms", item.ms);
        let Content::Contact { attributes, members } = &item.content else { return element };
        element = element.set("fileAsStr", file_as(attributes));
        for (name, value) in attributes.iter().filter(|(name, _)| fields.is_empty() || fields.contains(name)) {
            element = element.pair("a", "n", name, value);
        }
        element.children(members.iter().map(|(kind, value)| Element::new("m").set("type", kind).set("value", value)))
    }
}

/// The name under which a contact is filed.
pub(crate) fn file_as(attributes: &[(String, String)]) -> String {
    let value = |name: &str| attributes.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value.as_str());
    if let Some(explicit) = value("fileAs").strip_prefix("8:") {
        return explicit.to_owned();
    }
    let names = [value("lastName"), value("firstName")];
    let both: Vec<&str> = names.into_iter().filter(|name| !name.is_empty()).collect();
    if both.is_empty() { value("company").to_owned() } else { both.join(", ") }
}

impl Context<'_> {
    /// What shows the mailbox that is meant.
    pub(crate) fn shower(&self, target: usize) -> Shower<'_> {
        Shower::new(&self.world.mailboxes[target], Ids::of(self), self.shared.settings.version.has_tag_names())
    }

    /// Notes what a request held that nobody knows.
    pub(crate) fn find(&self, finding: String) {
        let mut findings = lock(&self.shared.findings);
        if !findings.contains(&finding) {
            findings.push(finding);
        }
    }
}
