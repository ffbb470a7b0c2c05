//! New contacts, events and tasks.

use mailmove_core::{Error, ErrorKind, Flags, ItemId, Loss, Mark, Recovery, Result, Spool, Via, Written};
use mailmove_exchange::calendar::{Appointment, Attached, Task, read_event};
use serde_json::{Map, Value, json};

use super::New;
use crate::capabilities::{CREATE_CONTACT, CREATE_EVENT, CREATE_TASK, rendered_anew};
use crate::client::{unseen, uuid};
use crate::endpoint::GraphMailbox;
use crate::entries::{UNFINISHED, mark_of};
use crate::map;
use crate::map::contact::Photo;
use crate::place::{Area, Place};
use crate::wire::ask::Ask;
use crate::wire::attachment::Holder;
use crate::wire::entry;
use crate::wire::property::Property;
use crate::wire::record::Record;

/// The largest picture that is taken, in bytes.
const LARGEST_PHOTO: usize = 4_000_000;

/// The mark of what is whole and has none.
pub(super) const NO_MARK: &str = "-";

/// An entry that is ready to be sent.
struct Ready {
    json: Map<String, Value>,
    losses: Vec<Loss>,
    /// What follows when the entry is there.
    then: Then,
}

enum Then {
    Nothing,
    Photo(Photo),
    /// Exceptions of a series, and what hangs on it or on them.
    Event(Box<Appointment>),
    /// What hangs on a task.
    Task(Vec<Attached>),
}

impl GraphMailbox {
    /// Stores a new entry. One that takes several requests carries its mark only with the last of them.
    pub(super) async fn create_entry(&self, place: &Place, new: &New<'_>) -> Result<Written> {
        let mut ready = ready(place, new, &self.spool)?;
        let uid = new.item.fingerprint.uid.clone().unwrap_or_default();
        let single = matches!(ready.then, Then::Nothing);
        identify(place.area, &mut ready.json, &uid, single.then_some(new.mark));
        let ask = entry::create(&self.user, place, &Value::Object(ready.json));
        let mut record: Record = match self.client.ask(&ask).await {
            // Sent before, and the answer was lost; or made, and removed since.
            Err(error) if error.kind() == ErrorKind::Conflict && place.area == Area::Calendars => {
                match self.marked(place, new.mark).await? {
                    Some(record) => record,
                    None => self.client.ask(&another_request(ask)).await?,
                }
            }
            answer => answer?,
        };
        if !single {
            let finished = self.finish_entry(place, &record, ready.then, &mut ready.losses).await;
            let finished = match finished {
                Ok(()) => self.mark_entry(place, record.id(), new.mark).await,
                failed => failed.map(|()| Record::default()),
            };
            match finished {
                Ok(marked) => record = marked,
                Err(error) => {
                    let gone = self.client.tell(&entry::purge(&self.user, place, record.id())).await;
                    // Without its mark it is known for unfinished: whoever looks before writing again takes it away.
                    let stays = gone.is_err_and(|error| error.kind() != ErrorKind::NotFound);
                    return Err(if stays { error.with_recovery(Recovery::Locate) } else { unseen(error) });
                }
            }
        }
        let mut written = Written::new(via(place.area)).with_id(ItemId::new(record.id()));
        written.revision = Some(map::revision::from_number(map::revision::of_version(record.version())));
        written.losses = ready.losses;
        Ok(written)
    }

    /// The entry that carries this mark.
    async fn marked(&self, place: &Place, mark: &Mark) -> Result<Option<Record>> {
        let all: Vec<Record> = self.client.all(&entry::known(&self.user, place)).await?;
        Ok(all.into_iter().find(|record| mark_of(place.area, record).as_deref() == Some(mark.as_str())))
    }

    async fn finish_entry(&self, place: &Place, record: &Record, then: Then, losses: &mut Vec<Loss>) -> Result<()> {
        match then {
            Then::Nothing => Ok(()),
            Then::Photo(photo) if photo.bytes.len() > LARGEST_PHOTO => {
                losses.push(Loss::new("photo", "the picture is larger than Exchange takes"));
                Ok(())
            }
            Then::Photo(photo) => {
                let content_type = if photo.content_type == "image/png" { "image/png" } else { "image/jpeg" };
                let put = self.client.put(&entry::photo(&self.user, record.id()), content_type, photo.bytes).await;
                match put {
                    // A picture that Exchange cannot read is no reason to lose the contact.
                    Err(error)
                        if matches!(
                            error.kind(),
                            ErrorKind::Refused | ErrorKind::TooLarge | ErrorKind::Unsupported
                        ) =>
                    {
                        losses.push(Loss::new("photo", "the server did not take the picture"));
                        Ok(())
                    }
                    done => done,
                }
            }
            Then::Event(event) => {
                if has_files(&event.attachments) {
                    let holder = Holder::event(&self.user, record.id());
                    self.hang(&holder, &event.attachments, &[], losses).await?;
                }
                self.change_occurrences(place, record.id(), &event, losses).await
            }
            Then::Task(files) => {
                let holder = Holder::task(&self.user, &place.id, record.id());
                self.hang(&holder, &files, &[], losses).await
            }
        }
    }

    /// Says that an entry is whole.
    async fn mark_entry(&self, place: &Place, id: &str, mark: &Mark) -> Result<Record> {
        let mark = if mark.as_str().is_empty() { NO_MARK } else { mark.as_str() };
        if place.area == Area::Tasks {
            let links: Vec<Record> = self.client.all(&entry::links(&self.user, place, id)).await?;
            let own = links.iter().find(|link| link.text("applicationName") == Some(entry::APPLICATION));
            let absent = || Error::new(ErrorKind::Conflict, "somebody took away by what the task would be known");
            let ask = entry::name_link(&self.user, place, id, own.ok_or_else(absent)?.id(), mark);
            self.client.tell(&ask).await?;
            return self.entries(place, &[&ItemId::new(id)]).await.swap_remove(0);
        }
        let fields = json!({ "singleValueExtendedProperties": [Property::Mark.with(mark)] });
        self.client.ask(&entry::update(&self.user, place, id, None, &fields)).await
    }

    /// Changes the categories of entries; they have no other state.
    pub(super) async fn categorize(&self, place: &Place, id: &ItemId, add: &Flags, remove: &Flags) -> Result<Written> {
        let record = self.entries(place, &[id]).await.swap_remove(0)?;
        let now = map::flags::with_categories(Flags::default(), &record.categories());
        let mut wanted = now.minus(remove).plus(add);
        let mut written = Written::new(super::change::UPDATE).with_id(id.clone());
        written.losses = map::flags::unchangeable(now.state ^ wanted.state, place.area.kind());
        wanted.state &= map::flags::kept(place.area.kind());
        let mut version = record;
        if let Some(fields) = map::flags::changes(&now, &wanted) {
            let ask: Ask = entry::update(&self.user, place, id.as_str(), version.etag(), &fields);
            version = self.client.ask(&ask).await?;
        }
        written.revision = Some(map::revision::from_number(map::revision::of_version(version.version())));
        Ok(written)
    }
}

/// The same event as something that was never sent before.
fn another_request(ask: Ask) -> Ask {
    let Some(mut json) = ask.json() else { return ask };
    json["transactionId"] = uuid(fastrand::u128(..)).into();
    ask.with_json(&json)
}

fn ready(place: &Place, new: &New<'_>, spool: &Spool) -> Result<Ready> {
    let item = new.item;
    let mut losses = map::flags::losses(item.flags.state, item.kind);
    losses.push(rendered_anew(item.kind));
    let (mut json, categories, then) = match place.area {
        Area::Contacts => {
            let mut parts = map::contact::read(&String::from_utf8_lossy(&item.body.bytes()?))?;
            losses.append(&mut parts.losses);
            let kept: Vec<Value> = parts.kept.map(|kept| Property::Kept.with(kept)).into_iter().collect();
            parts.json.insert("singleValueExtendedProperties".to_owned(), kept.into());
            (parts.json, parts.categories, parts.photo.map_or(Then::Nothing, Then::Photo))
        }
        Area::Calendars => {
            let (event, lost) = read_event(&item.body, spool)?;
            losses.extend(lost);
            let (mut json, lost) = map::event::json(&event);
            losses.extend(lost);
            let files = event.changed.iter().any(|changed| changed.attachments.is_some());
            let plain =
                event.changed.is_empty() && event.deleted.is_empty() && !has_files(&event.attachments) && !files;
            // The provider takes the same event once, however often it is sent. What takes several requests is begun anew.
            let number = match new.mark.as_str() {
                mark if plain && !mark.is_empty() => {
                    map::revision::hash(&format!("{place}\0{mark}\0{}", item.body.digest()))
                }
                _ => fastrand::u128(..),
            };
            json.insert("transactionId".to_owned(), uuid(number).into());
            let categories = event.categories.clone();
            (json, categories, if plain { Then::Nothing } else { Then::Event(Box::new(event)) })
        }
        Area::Tasks => {
            let (task, lost) = Task::read(&item.body, spool)?;
            losses.extend(lost);
            let (json, lost) = map::task::json(&task);
            losses.extend(lost);
            let files = has_files(&task.attachments);
            (json, task.categories, if files { Then::Task(task.attachments) } else { Then::Nothing })
        }
        Area::Mail | Area::Notes | Area::Journal => return Err(Error::new(ErrorKind::Bug, "this is no entry")),
    };
    let all = categories.into_iter().fold(item.flags.clone(), |flags, name| flags.with_category(name));
    if all.categories().len() > 0 {
        json.insert("categories".to_owned(), all.categories().collect());
    }
    losses.sort();
    losses.dedup();
    Ok(Ready { json, losses, then })
}

fn via(area: Area) -> Via {
    match area {
        Area::Contacts => CREATE_CONTACT,
        Area::Tasks => CREATE_TASK,
        _ => CREATE_EVENT,
    }
}

/// Whether there is more than links, which travel with the entry.
pub(super) fn has_files(attached: &[Attached]) -> bool {
    attached.iter().any(|one| one.body().is_some())
}

/// Gives an entry what it is known by. Without a mark it is not finished.
fn identify(area: Area, json: &mut Map<String, Value>, uid: &str, mark: Option<&Mark>) {
    // What is finished has a mark, and be it one that says nothing else.
    let mark = mark.map(|mark| if mark.as_str().is_empty() { NO_MARK } else { mark.as_str() });
    if area == Area::Tasks {
        let origin = json!({
            "applicationName": entry::APPLICATION, "displayName": mark.unwrap_or(UNFINISHED), "externalId": uid,
        });
        let links = json.entry("linkedResources").or_insert_with(|| json!([]));
        links.as_array_mut().into_iter().for_each(|links| links.insert(0, origin.clone()));
        return;
    }
    let properties = json.entry("singleValueExtendedProperties").or_insert_with(|| json!([]));
    if let Some(properties) = properties.as_array_mut() {
        properties.extend((!uid.is_empty()).then(|| Property::Uid.with(uid)));
        properties.extend(mark.map(|mark| Property::Mark.with(mark)));
    }
}
