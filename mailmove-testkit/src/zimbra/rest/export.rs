//! Many items in one archive. What cannot be read is passed over in silence, as Zimbra does: the answer is 200 all the
//! same.

use std::collections::HashMap;
use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use hyper::StatusCode;
use hyper::header::CONTENT_DISPOSITION;

use super::meta;
use super::tar::{self, Entry};
use super::target::Target;
use super::{Answered, Visit, read};
use crate::http::Reply;
use crate::zimbra::ical::Calendar;
use crate::zimbra::op::Query;
use crate::zimbra::service::html;
use crate::zimbra::show::file_as;
use crate::zimbra::state::{Content, Flavour, Item, ItemKind, Mailbox};
use crate::zimbra::trouble::Mishap;
use crate::zimbra::vcard;

/// Entries of one folder before the next part of it begins.
const PART: usize = 500;

pub(super) fn export(visit: &mut Visit<'_>) -> Answered {
    if visit.shared.settings.export_disabled {
        return Err(html(StatusCode::FORBIDDEN, "export is disabled"));
    }
    let chosen = chosen(visit)?;
    let mut export = Export {
        version: visit.shared.settings.version,
        meta: visit.parameter("meta") != Some("0"),
        body: visit.parameter("body") != Some("0"),
        mailbox: &visit.world.mailboxes[visit.target],
        counts: HashMap::new(),
        names: HashMap::new(),
        out: Vec::new(),
    };
    let mailbox = export.mailbox;
    let skipped: Vec<usize> = visit
        .mishaps
        .iter()
        .filter_map(|mishap| match mishap {
            Mishap::SkipExported(nth) => Some(*nth),
            _ => None,
        })
        .collect();
    let ends = visit.mishaps.iter().find_map(|mishap| match mishap {
        Mishap::EndExport(after) => Some(*after),
        _ => None,
    });
    for folder in &chosen.folders {
        export.folder(*folder);
    }
    if chosen.tags {
        mailbox.tags.keys().for_each(|tag| export.tag(*tag));
    }
    for (at, id) in chosen.items.iter().enumerate() {
        if ends == Some(at) {
            break;
        }
        if !skipped.contains(&(at + 1)) {
            export.item(&mailbox.items[id]);
        }
    }
    let mut out = export.out;
    if out.is_empty() && visit.parameter("emptyname").is_none() {
        return Ok(Reply::empty(StatusCode::NO_CONTENT));
    }
    let whole = ends.is_none_or(|ends| ends >= chosen.items.len());
    if whole {
        tar::end(&mut out);
    }
    let gzip = visit.parameter("fmt") != Some("tar");
    let (bytes, kind) = if gzip {
        let level =
            visit.parameter("zlv").and_then(|level| level.parse().ok()).map_or(Compression::fast(), Compression::new);
        (packed(&out, level, whole), "application/x-compressed-tar")
    } else {
        (out, "application/x-tar")
    };
    let name = visit.parameter("filename").unwrap_or("export").to_owned();
    let suffix = if gzip { ".tgz" } else { ".tar" };
    let reply = Reply::of(StatusCode::OK, kind, bytes);
    Ok(reply.with(CONTENT_DISPOSITION, format!("attachment; filename=\"{name}{suffix}\"")))
}

/// The archive compressed; without its end when it ends in the middle.
fn packed(out: &[u8], level: Compression, whole: bool) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    let _ = encoder.write_all(out);
    if whole {
        return encoder.finish().unwrap_or_default();
    }
    let _ = encoder.flush();
    encoder.get_ref().clone()
}

/// What goes into the archive.
struct Chosen {
    folders: Vec<i64>,
    tags: bool,
    items: Vec<i64>,
}

fn chosen(visit: &mut Visit<'_>) -> Result<Chosen, Reply> {
    let invalid = |why: &str| html(StatusCode::BAD_REQUEST, why);
    if let Some(list) = visit.parameter("list").map(str::to_owned) {
        let mailbox = visit.mailbox();
        let ids = list.split(',').filter_map(|id| id.rsplit(':').next()?.trim().parse().ok());
        let items = ids.filter(|id| mailbox.items.contains_key(id)).collect();
        return Ok(Chosen { folders: Vec::new(), tags: false, items });
    }
    let folder = match visit.find()? {
        Target::Item(id, _) => return Ok(Chosen { folders: Vec::new(), tags: false, items: vec![id] }),
        Target::Folder(folder) => folder,
    };
    let period = (number(visit, "start"), number(visit, "end"));
    let days = i64::from(visit.shared.settings.export_days);
    match period {
        _ if days == 0 => {}
        (Some(start), Some(end)) if end - start <= days * 24 * 3600 * 1000 => {}
        (Some(_), Some(_)) => return Err(html(StatusCode::INTERNAL_SERVER_ERROR, "mail.EXPORT_PERIOD_TOO_LONG")),
        _ => return Err(html(StatusCode::INTERNAL_SERVER_ERROR, "mail.EXPORT_PERIOD_NOT_SPECIFIED")),
    }
    let query = visit.parameter("query").map(Query::parse).transpose();
    let query = query.map_err(|refusal| invalid(&refusal.reason))?;
    let kinds = kinds(visit.parameter("types")).ok_or_else(|| invalid("unknown type"))?;
    let plain = query.is_none() && period == (None, None) && visit.parameter("types").is_none();
    let mailbox = visit.mailbox();
    let below = mailbox.below(folder);
    let within = |item: &&Item| {
        below.contains(&item.folder)
            && kinds.contains(&item.kind)
            && query.as_ref().is_none_or(|query| query.fits(mailbox, item))
            && period.0.is_none_or(|start| item.date >= start)
            && period.1.is_none_or(|end| item.date < end)
    };
    let mut items: Vec<&Item> = mailbox.items.values().filter(within).collect();
    items.sort_by_key(|item| (item.folder, item.id));
    let items: Vec<i64> = items.into_iter().map(|item| item.id).collect();
    let whole = folder == 1 && plain;
    let folders = if whole {
        below
    } else if folder != 1 && !items.is_empty() {
        vec![folder]
    } else {
        Vec::new()
    };
    Ok(Chosen { folders, tags: whole, items })
}

fn number(visit: &Visit<'_>, name: &str) -> Option<i64> {
    visit.parameter(name)?.parse().ok()
}

pub(super) fn kinds(types: Option<&str>) -> Option<Vec<ItemKind>> {
    let Some(types) = types else { return Some(ItemKind::ALL.to_vec()) };
    let words = types.split(',').filter(|word| *word != "conversation");
    words.map(|word| ItemKind::ALL.into_iter().find(|kind| kind.view() == word)).collect()
}

struct Export<'a> {
    version: crate::zimbra::version::Version,
    meta: bool,
    body: bool,
    mailbox: &'a Mailbox,
    /// Entries of a folder so far.
    counts: HashMap<i64, usize>,
    /// Names of contacts that were used, and how often.
    names: HashMap<String, usize>,
    out: Vec<u8>,
}

impl Export<'_> {
    fn put(&mut self, name: String, bytes: Vec<u8>, kind: u8, word: &str, time: i64, unread: bool) {
        tar::write(&mut self.out, &Entry { name, bytes, time, kind, unread }, word);
    }

    fn folder(&mut self, id: i64) {
        let folder = &self.mailbox.folders[&id];
        if !self.meta || folder.flavour != Flavour::Plain {
            return;
        }
        let name = format!("{}.meta", clean(&self.mailbox.path(id)[1..], true));
        let bytes = meta::of_folder(self.mailbox, id).to_string().into_bytes();
        let name = if id == 1 { "USER_ROOT.meta".to_owned() } else { name };
        self.put(name, bytes, 1, "folder", folder.md / 1000, false);
    }

    fn tag(&mut self, id: i64) {
        if self.meta {
            let tag = &self.mailbox.tags[&id];
            let bytes = meta::of_tag(self.mailbox, id).to_string().into_bytes();
            self.put(format!("Tags/{}.meta", clean(&tag.name, false)), bytes, 3, "tag", tag.md / 1000, false);
        }
    }

    /// An item; one whose file is gone is left out.
    fn item(&mut self, item: &Item) {
        let mut short = false;
        let blob = match &item.content {
            Content::Message { blob } | Content::Document { blob, .. } => {
                let Some(stored) = item.stored().filter(|_| !blob.is_empty()) else { return };
                let mut bytes = stored.to_vec();
                short = bytes.len() < blob.len();
                bytes.resize(blob.len(), b' ');
                Some(bytes)
            }
            Content::Calendar { invites, .. } if !self.meta => {
                let text = Calendar::join(invites.iter().map(|invite| &invite.calendar), "PUBLISH");
                Some(text.into_bytes())
            }
            Content::Calendar { .. } => Some(read::digest(item)),
            Content::Contact { attributes, members } if !self.meta => {
                let card = (attributes.clone(), members.clone());
                Some(vcard::format(&card, &file_as(attributes)).into_bytes())
            }
            Content::Contact { .. } => None,
        };
        let name = self.name(item);
        let (kind, word, time, unread) = (item.kind.number(), item.kind.view(), item.date / 1000, item.has_flag('u'));
        if self.meta {
            let told = match (&item.content, &blob) {
                // The digest is that of what was once stored, whatever is left of it.
                (Content::Message { blob } | Content::Document { blob, .. }, _) => Some(blob.as_ref()),
                (_, blob) => blob.as_deref(),
            };
            let bytes = meta::of_item(self.version, self.mailbox, item, told).to_string().into_bytes();
            self.put(format!("{name}.meta"), bytes, kind, word, time, unread);
        }
        if let Some(blob) = blob {
            let blob = if self.body { blob } else { head(blob) };
            self.put(name.clone(), blob, kind, word, time, unread);
        }
        if short {
            self.put(format!("{name}.err"), Vec::new(), kind, word, time, unread);
        }
    }

    fn name(&mut self, item: &Item) -> String {
        let folder = clean(&self.mailbox.path(item.folder)[1..], true);
        let count = self.counts.entry(item.folder).and_modify(|count| *count += 1).or_insert(1);
        let folder = if *count >= PART { format!("{folder}!{}", *count / PART) } else { folder };
        let (title, extension) = match &item.content {
            Content::Message { blob } => (crate::zimbra::mail::subject(blob), ".eml"),
            Content::Contact { attributes, .. } => (file_as(attributes), if self.meta { "" } else { ".vcf" }),
            Content::Calendar { .. } => {
                let title = crate::zimbra::calendar::name(item).unwrap_or_default();
                let task = item.kind == ItemKind::Task && self.meta;
                (
                    title,
                    if task {
                        ".task"
                    } else if self.meta {
                        ".appt"
                    } else {
                        ".ics"
                    },
                )
            }
            Content::Document { name, .. } => (name.clone(), ""),
        };
        let plain = matches!(item.kind, ItemKind::Contact | ItemKind::Document);
        let name = match (title.is_empty(), plain) {
            (true, _) => format!("{}-{}", item.kind.view(), item.id),
            (false, true) => title,
            (false, false) => format!("{:010}-{title}", item.id),
        };
        let name: String = name.chars().take(if name.chars().count() > 121 { 120 } else { 121 }).collect();
        let name = clean(&name, false).trim().trim_end_matches('.').to_owned();
        let path = if folder.is_empty() { name } else { format!("{folder}/{name}") };
        let used = self.names.entry(format!("{path}{extension}").to_lowercase()).or_insert(0);
        *used += 1;
        let number =
            if *used > 1 && item.kind == ItemKind::Contact { format!("-{:02}", *used - 1) } else { String::new() };
        format!("{path}{number}{extension}")
    }
}

/// A name without what file systems do not take.
fn clean(name: &str, folder: bool) -> String {
    let odd = |character: char| ":*?\"<>|\0".contains(character) || (character == '/' && !folder);
    name.chars().map(|character| if odd(character) { '_' } else { character }).collect()
}

/// The header of a message alone.
fn head(blob: Vec<u8>) -> Vec<u8> {
    let length = blob.len() - crate::mime::body(&blob).len();
    blob[..length].to_vec()
}
