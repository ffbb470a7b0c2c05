//! Archives taken in, with or without `.meta`. What fails is told by the callback alone: without one the answer is 200
//! and empty whatever happened to single items.

use std::io::Read;

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use hyper::StatusCode;

use super::meta::{self, Meta};
use super::tar::{self, Entry};
use super::target::Target;
use super::{Answered, Visit, export};
use crate::http::Reply;
use crate::mime::Part;
use crate::zimbra::calendar;
use crate::zimbra::ical::Calendar;
use crate::zimbra::mail;
use crate::zimbra::op::tag_list;
use crate::zimbra::refusal::Refusal;
use crate::zimbra::service::html;
use crate::zimbra::state::{Adding, Content, Flavour, ItemKind, Mailbox};
use crate::zimbra::trouble::Mishap;
use crate::zimbra::vcard;

/// What is done with items that are there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Resolve {
    Skip,
    Modify,
    Replace,
    Reset,
}

pub(super) fn import(visit: &mut Visit<'_>) -> Answered {
    let Target::Folder(mut folder) = visit.find()? else {
        return Err(html(StatusCode::BAD_REQUEST, "not a folder"));
    };
    let resolve = match visit.parameter("resolve").map(str::to_lowercase).as_deref() {
        None | Some("skip") => Resolve::Skip,
        Some("modify") => Resolve::Modify,
        Some("replace") => Resolve::Replace,
        Some("reset") => Resolve::Reset,
        Some(_) => return Err(html(StatusCode::BAD_REQUEST, "invalid resolve")),
    };
    let kinds = export::kinds(visit.parameter("types")).ok_or_else(|| html(StatusCode::BAD_REQUEST, "unknown type"))?;
    let callback = visit.parameter("callback").map(str::to_owned);
    let subfolder = visit.parameter("subfolder").map(str::to_owned);
    let dated = visit.parameter("timestamp") != Some("0");
    let mut failures: Vec<Refusal> = Vec::new();
    let mut bytes = visit.request.body.to_vec();
    let mut end: Option<Refusal> = None;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut unpacked = Vec::new();
        if MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut unpacked).is_err() {
            end = Some(failure("INVALID_FORMAT", "unknown"));
        }
        bytes = unpacked;
    }
    let entries = match tar::read(&bytes) {
        Ok(entries) => entries,
        Err(why) => {
            end = Some(failure("INVALID_FORMAT", &why));
            Vec::new()
        }
    };
    let shared = visit.shared;
    let mishaps = visit.mishaps.clone();
    let mailbox = visit.mailbox();
    if let Some(path) = subfolder {
        folder = match make(mailbox, &format!("{}{path}", mailbox.path(folder).trim_end_matches('/')), "") {
            Ok(folder) => folder,
            Err(refusal) => return Ok(told(callback.as_deref(), Some(&refusal), &[])),
        };
    }
    if resolve == Resolve::Reset {
        let below = mailbox.below(folder);
        let gone: Vec<i64> =
            mailbox.items.values().filter(|item| below.contains(&item.folder)).map(|item| item.id).collect();
        gone.into_iter().for_each(|item| mailbox.remove(item));
    }
    let mut import = Import { version: shared.settings.version, mailbox, folder, resolve, kinds, dated };
    let (mut pending, mut seen_meta, mut nth): (Option<Meta>, bool, usize) = (None, false, 0);
    let mut parts = entries.into_iter().peekable();
    while let Some(entry) = parts.next() {
        if let Some(name) = entry.name.strip_suffix(".meta") {
            seen_meta = true;
            match meta::read(&entry.bytes) {
                Ok(meta) => pending = Some(meta),
                Err(_) => failures.push(failure("INVALID_FORMAT", &entry.name)),
            }
            if parts.peek().is_some_and(|next| next.name == name) {
                continue;
            }
        } else if entry.name.ends_with(".err") {
            failures.push(failure("MISMATCHED_SIZE", &entry.name));
            continue;
        } else if pending.is_none() && seen_meta {
            failures.push(failure("MISSING_META", &entry.name));
            continue;
        }
        nth += 1;
        if mishaps.contains(&Mishap::SkipImported(nth)) {
            pending = None;
            continue;
        }
        let planted = mishaps.iter().find_map(|mishap| match mishap {
            Mishap::FailImported(at, code) if *at == nth => Some(Refusal::new(code, "a fault was planted here")),
            _ => None,
        });
        let has_file = !entry.name.ends_with(".meta");
        let done = match (planted, pending.take()) {
            (Some(planted), _) => Err(planted),
            (None, Some(meta)) => import.item(meta, has_file.then_some(&entry)),
            (None, None) if has_file => import.bare(&entry),
            (None, None) => Ok(()),
        };
        match done {
            Ok(()) => {}
            Err(refusal) if refusal.code == "mail.QUOTA_EXCEEDED" => {
                end = Some(refusal);
                break;
            }
            Err(refusal) if refusal.code == "mail.ALREADY_EXISTS" && resolve == Resolve::Skip => {}
            Err(refusal) => failures.push(refusal),
        }
    }
    Ok(told(callback.as_deref(), end.as_ref(), &failures))
}

fn failure(code: &str, path: &str) -> Refusal {
    let words = code.to_lowercase().replace('_', " ");
    Refusal::new(&format!("formatter.{code}"), format!("{words}: {path}")).argument("path", "STR", path)
}

/// What the client hears: nothing, an error, or a page that calls its script.
fn told(callback: Option<&str>, end: Option<&Refusal>, failures: &[Refusal]) -> Reply {
    let Some(callback) = callback.filter(|callback| !callback.is_empty()) else {
        return match end {
            None => Reply::of(StatusCode::OK, "text/html; charset=utf-8", ""),
            Some(refusal) => html(StatusCode::INTERNAL_SERVER_ERROR, &refusal.code),
        };
    };
    let odd = |character: char| !character.is_ascii_alphanumeric() && !"_.".contains(character);
    if callback.contains(odd) {
        return html(StatusCode::BAD_REQUEST, "invalid callback");
    }
    let word = match (end, failures.is_empty()) {
        (Some(_), _) => "fail",
        (None, true) => "success",
        (None, false) => "warn",
    };
    let faults: String = end
        .into_iter()
        .chain(failures)
        .map(|refusal| {
            let fault = crate::zimbra::soap::fault(crate::zimbra::soap::Form::Json, refusal);
            format!(",\n\t{}", crate::zimbra::element::json_text(&fault))
        })
        .collect();
    let page = format!(
        "<html>\n<head>\n</head>\n<body onload='onLoad()'>\n<script>\nfunction onLoad() {{\n    \
         window.parent.{callback}('{word}'{faults});\n}}\n</script>\n</body>\n</html>\n"
    );
    Reply::of(StatusCode::OK, "text/html; charset=utf-8", page)
}

/// The folder of a path, which is made where it is missing; another view than this one is refused.
fn make(mailbox: &mut Mailbox, path: &str, view: &str) -> Result<i64, Refusal> {
    let mut at = 1;
    for name in path.split('/').filter(|name| !name.is_empty()) {
        let full = format!("{}/{name}", mailbox.path(at).trim_end_matches('/'));
        at = match mailbox.at_path(&full) {
            Some(folder) => folder,
            None => mailbox.create_folder(at, name, view, Flavour::Plain)?,
        };
    }
    let own = &mailbox.folders[&at].view;
    if !view.is_empty() && !own.is_empty() && own != view {
        return Err(failure("INVALID_TYPE", path).argument("view", "STR", view));
    }
    Ok(at)
}

struct Import<'a> {
    version: crate::zimbra::version::Version,
    mailbox: &'a mut Mailbox,
    folder: i64,
    resolve: Resolve,
    kinds: Vec<ItemKind>,
    dated: bool,
}

impl Import<'_> {
    /// An item with what is known of it, and its file if it has one.
    fn item(&mut self, meta: Meta, file: Option<&Entry>) -> Result<(), Refusal> {
        if let Some(file) = file {
            let other =
                (file.kind != 0 && file.kind != meta.kind) || (meta.digest.is_some() && file.bytes.len() != meta.size);
            if other {
                return Err(failure("MISMATCHED_META", &file.name));
            }
        } else if meta.digest.is_some() {
            return Err(failure("MISSING_BLOB", &meta.path));
        }
        let own = self.mailbox.path(self.folder);
        let root = self.folder == 1 || meta.path.starts_with(&format!("{own}/"));
        let path = if root { meta.path.clone() } else { format!("{own}{}", meta.path) };
        match meta.kind {
            1 => return self.make_folder(&path, &meta),
            3 => return self.mailbox.create_tag(&meta.name, meta.color, None).map(|_| ()),
            _ => {}
        }
        let Some(kind) = ItemKind::ALL.into_iter().find(|kind| kind.number() == meta.kind) else {
            return Err(failure("INVALID_TYPE", &path));
        };
        if !self.kinds.contains(&kind) {
            return Ok(());
        }
        let path = if kind == ItemKind::Document { path.rsplit_once('/').map_or("", |(path, _)| path) } else { &path };
        let folder = make(self.mailbox, path, kind.view())?;
        let bytes = file.map(|file| Bytes::from(file.bytes.clone())).unwrap_or_default();
        let (content, known) = self.content(kind, folder, &meta, bytes)?;
        let tags = tag_list(self.mailbox, &meta.tags)?;
        let flags = meta.flags.clone();
        match known {
            Some(known) if self.resolve == Resolve::Replace => self.mailbox.remove(known),
            Some(known) => {
                if self.resolve == Resolve::Modify {
                    self.mailbox.rewrite(known, |item| {
                        (item.flags, item.tags) = (flags.clone(), tags.clone());
                        if kind != ItemKind::Message {
                            item.content = content.clone();
                        }
                    });
                }
                return Ok(());
            }
            None => {}
        }
        let date = Some(meta.date * 1000);
        self.mailbox.add(Adding { folder, kind, content, flags, tags, date }).map(|_| ())
    }

    /// What an item holds, and the item that is the same already.
    fn content(
        &mut self,
        kind: ItemKind,
        folder: i64,
        meta: &Meta,
        bytes: Bytes,
    ) -> Result<(Content, Option<i64>), Refusal> {
        let reset = self.resolve == Resolve::Reset;
        let known = |mailbox: &Mailbox, same: &dyn Fn(&Content) -> bool| {
            let items = mailbox.items.values().filter(|item| item.folder == folder && item.kind == kind);
            items.filter(|item| !reset && same(&item.content)).map(|item| item.id).next()
        };
        Ok(match kind {
            ItemKind::Message => {
                let sum = meta::sum(self.version, &bytes);
                if meta.digest.as_ref().is_some_and(|digest| *digest != sum)
                    && self.version > crate::zimbra::Version::Zimbra7
                {
                    // The digest only finds what is there already; that it is not the file's own is not noticed.
                    tracing::trace!(path = meta.path, "digest of another file");
                }
                let told = meta.digest.clone().unwrap_or(sum);
                let version = self.version;
                let same = |content: &Content| matches!(content, Content::Message { blob } if meta::sum(version, blob) == told);
                let found = known(self.mailbox, &same);
                (Content::Message { blob: bytes }, found)
            }
            ItemKind::Contact => {
                let mut attributes = meta.fields.clone();
                let members = attributes.iter().find(|(name, _)| name == "groupMember");
                let members = members.map(|(_, text)| meta::members(text)).unwrap_or_default();
                attributes.retain(|(name, _)| name != "groupMember");
                if attributes.is_empty() {
                    return Err(failure("MISSING_VCARD_FIELDS", &meta.path));
                }
                let field = |attributes: &[(String, String)], name: &str| {
                    attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone())
                };
                let own = ["email", "firstName", "fullName"].map(|name| field(&attributes, name));
                let same = |content: &Content| {
                    let Content::Contact { attributes, .. } = content else { return false };
                    own[0].is_some() && ["email", "firstName", "fullName"].map(|name| field(attributes, name)) == own
                };
                let found = known(self.mailbox, &same);
                (Content::Contact { attributes, members }, found)
            }
            ItemKind::Appointment | ItemKind::Task => {
                let text: Vec<Calendar> = invites(&bytes);
                let found = text.first().and_then(Calendar::component).and_then(|one| one.value("UID"));
                let found = found.and_then(|uid| calendar::with_uid(self.mailbox, uid)).filter(|_| !reset);
                if text.is_empty() {
                    return Err(failure("UNKNOWN_ERROR", &meta.path));
                }
                (calendar::content(self.mailbox, text), found)
            }
            ItemKind::Document => {
                let name = meta.name.clone();
                let same = |content: &Content| matches!(content, Content::Document { name: own, .. } if *own == name);
                let found = known(self.mailbox, &same);
                let kind = "application/octet-stream".to_owned();
                (Content::Document { name: meta.name.clone(), kind, blob: bytes }, found)
            }
        })
    }

    fn make_folder(&mut self, path: &str, meta: &Meta) -> Result<(), Refusal> {
        if path.trim_matches('/').is_empty() || self.mailbox.at_path(path).is_some() {
            return Ok(());
        }
        let folder = make(self.mailbox, path, &meta.view)?;
        let (flags, color) = (meta.flags.clone(), meta.color);
        self.mailbox.change_folder(folder, |folder| (folder.flags, folder.color) = (flags, color));
        Ok(())
    }

    /// A file of which nothing is known but its name.
    fn bare(&mut self, entry: &Entry) -> Result<(), Refusal> {
        let (directory, name) = entry.name.rsplit_once('/').unwrap_or(("", &entry.name));
        let kind = match name.rsplit_once('.').map(|(_, extension)| extension) {
            _ if name.is_empty() => return Ok(()),
            Some("eml") => ItemKind::Message,
            Some("vcf") => ItemKind::Contact,
            Some("ics") if directory == "Tasks" || directory.starts_with("Tasks/") => ItemKind::Task,
            Some("ics") => ItemKind::Appointment,
            _ => ItemKind::Document,
        };
        if !self.kinds.contains(&kind) {
            return Ok(());
        }
        let folder = self.place(kind, directory)?;
        let (flags, tags) = (if entry.unread { "u" } else { "" }.to_owned(), Vec::new());
        let date = self.dated.then_some(entry.time * 1000);
        let text = String::from_utf8_lossy(&entry.bytes);
        match kind {
            ItemKind::Message => {
                let content = Content::Message { blob: entry.bytes.clone().into() };
                self.mailbox.add(Adding { folder, kind, content, flags, tags, date }).map(|_| ())
            }
            ItemKind::Contact => {
                let cards = vcard::parse(&text).map_err(|_| failure("MISSING_VCARD_FIELDS", &entry.name))?;
                for (attributes, members) in cards {
                    let content = Content::Contact { attributes, members };
                    let flags = String::new();
                    self.mailbox.add(Adding { folder, kind, content, flags, tags: Vec::new(), date: None })?;
                }
                Ok(())
            }
            ItemKind::Appointment | ItemKind::Task => calendar::import(self.mailbox, folder, &entry.bytes).map(|_| ()),
            ItemKind::Document => {
                let (name, kind_of) = (name.to_owned(), "application/octet-stream".to_owned());
                let content = Content::Document { name, kind: kind_of, blob: entry.bytes.clone().into() };
                self.mailbox.add(Adding { folder, kind, content, flags: String::new(), tags, date }).map(|_| ())
            }
        }
    }

    /// Where a file goes: by its directory, or by its kind.
    fn place(&mut self, kind: ItemKind, directory: &str) -> Result<i64, Refusal> {
        let own = self.mailbox.path(self.folder);
        if directory.is_empty() && self.folder == 1 {
            return Ok(match kind {
                ItemKind::Message => 2,
                ItemKind::Contact => 7,
                ItemKind::Appointment => 10,
                ItemKind::Task => 15,
                ItemKind::Document => 16,
            });
        }
        let full = format!("/{}", directory.trim_start_matches('/'));
        let below = full.strip_prefix(own.trim_end_matches('/')).unwrap_or(&full);
        make(self.mailbox, &format!("{}/{}", own.trim_end_matches('/'), below.trim_start_matches('/')), kind.view())
    }
}

/// The calendars in the file of an appointment: the messages of all its invites.
fn invites(file: &Bytes) -> Vec<Calendar> {
    let messages = Part::read(file).parts;
    let texts = messages.iter().flat_map(|message| mail::calendars(&message.content()));
    let parsed = texts.filter_map(|text| Calendar::parse(&text).ok());
    parsed.flat_map(|calendar| calendar.by_uid()).flat_map(|(_, calendars)| calendars).collect()
}
