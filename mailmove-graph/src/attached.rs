//! Reading what hangs on events and tasks.

use mailmove_core::{Body, Error, ErrorKind, Loss, Result, Spool};
use mailmove_exchange::calendar::{Appointment, Attached};

use crate::batch::Order;
use crate::endpoint::GraphMailbox;
use crate::map::event::day_of;
use crate::wire::ask::Ask;
use crate::wire::attachment::{self, Holder};
use crate::wire::entry;
use crate::wire::page::Page;
use crate::wire::record::Record;

/// How much of an item in its standard format tells which one that is, in bytes.
const BEGINNING: usize = 64;

impl GraphMailbox {
    /// What hangs on a task.
    pub(crate) async fn attached_to_task(
        &self,
        holder: &Holder,
        spool: &Spool,
        losses: &mut Vec<Loss>,
    ) -> Result<Vec<Attached>> {
        let all: Vec<Record> = match self.client.all(&attachment::list(holder)).await {
            Err(error) if holder.may_be_shut(&error) => {
                losses.push(Loss::new("attachments", "the server denies what hangs on a task"));
                return Ok(Vec::new());
            }
            all => all?,
        };
        self.read_attached(holder, &all, spool, losses).await
    }

    /// Hangs on an event, and on each of its exceptions, what hangs there. An exception begins with copies of what hangs on
    /// its series, under other ids: they count as the series' own when names, types and sizes are the same.
    pub(crate) async fn attached_to_event(
        &self,
        record: &Record,
        exceptions: &Record,
        event: &mut Appointment,
        spool: &Spool,
        losses: &mut Vec<Loss>,
    ) -> Result<()> {
        let exceptions: Vec<Record> = exceptions.records("exceptionOccurrences").collect();
        if !std::iter::once(record).chain(&exceptions).any(may_hold) {
            return Ok(());
        }
        let holders: Vec<Holder> =
            std::iter::once(record).chain(&exceptions).map(|one| Holder::event(&self.user, one.id())).collect();
        let asks: Vec<Ask> = holders.iter().map(attachment::list).collect();
        let mut lists = self.client.batch_of::<Page<Record>>(&asks, Order::Any).await.into_iter();
        let mut next = || lists.next().unwrap_or_else(|| Err(Error::new(ErrorKind::Bug, "a list was not asked for")));
        let own = self.client.rest(&asks[0], next()?).await?;
        // Links came with the event.
        let links = std::mem::take(&mut event.attachments);
        event.attachments = self.read_attached(&holders[0], &own, spool, losses).await?;
        event.attachments.extend(links.iter().cloned());
        for ((exception, holder), ask) in exceptions.iter().zip(&holders[1..]).zip(&asks[1..]) {
            let others = match next() {
                // Somebody took the occurrence away.
                Err(error) if error.kind() == ErrorKind::NotFound => continue,
                others => self.client.rest(ask, others?).await?,
            };
            let day = day_of(exception, &event.when);
            if signature(&others) == signature(&own) {
                continue;
            }
            let mut attachments = self.read_attached(holder, &others, spool, losses).await?;
            attachments.extend(links.iter().cloned());
            if let Some(changed) = event.changed.iter_mut().find(|changed| Some(changed.original) == day) {
                changed.attachments = Some(attachments);
            }
        }
        Ok(())
    }

    /// What of a series is not like the rest, however many there are.
    pub(crate) async fn exceptions(&self, series: &Record) -> Result<Record> {
        let ask = entry::exceptions(&self.user, series.id());
        let mut told: Record = self.client.ask(&ask).await?;
        let Some(link) = told.text("exceptionOccurrences@odata.nextLink") else { return Ok(told) };
        let first =
            Page { value: told.records("exceptionOccurrences").collect(), next: Some(link.to_owned()), delta: None };
        let all: Vec<Record> = self.client.rest(&ask, first).await?;
        told.0["exceptionOccurrences"] = all.into_iter().map(|one| one.0).collect();
        Ok(told)
    }

    /// The content of each; what cannot be read is named.
    async fn read_attached(
        &self,
        holder: &Holder,
        all: &[Record],
        spool: &Spool,
        losses: &mut Vec<Loss>,
    ) -> Result<Vec<Attached>> {
        let mut read = Vec::with_capacity(all.len());
        for one in all {
            let (name, kind) = (one.text("name").unwrap_or_default(), kind(one));
            let mut lost = |why: &str| losses.push(Loss::new("attachments", format!("{name:?} is not read: {why}")));
            if kind == "referenceattachment" {
                lost("it is a link, and Graph does not tell where it leads");
                continue;
            }
            let body = match self.client.download(&attachment::value(holder, one.id()), spool).await {
                Ok(body) => body,
                Err(error) if is_its_own_fault(&error) => {
                    lost(error.message());
                    continue;
                }
                Err(error) => return Err(error),
            };
            read.push(match kind.as_str() {
                "itemattachment" => item(name, body)?,
                _ => {
                    let content_type = one.text("contentType").unwrap_or_default().to_ascii_lowercase();
                    let mut file = Attached::file(name, content_type, body);
                    file.content_id = one.text("contentId").filter(|_| one.is("isInline")).map(str::to_owned);
                    file
                }
            });
        }
        Ok(read)
    }
}

/// Whether something may hang there: parts of the text are not counted by the server.
fn may_hold(record: &Record) -> bool {
    record.is("hasAttachments") || record.0["body"]["content"].as_str().is_some_and(|text| text.contains("cid:"))
}

/// Which sort of attachment it is.
fn kind(one: &Record) -> String {
    let kind = one.text("@odata.type").unwrap_or_default();
    kind.rsplit('.').next().unwrap_or_default().to_ascii_lowercase()
}

fn signature(all: &[Record]) -> Vec<(String, String, Option<u64>)> {
    let text = |one: &Record, name: &str| one.text(name).unwrap_or_default().to_owned();
    let mut all: Vec<_> =
        all.iter().map(|one| (text(one, "name"), text(one, "contentType"), one.0["size"].as_u64())).collect();
    all.sort();
    all
}

/// Whether what cannot be read will not be read the next time either, and all else will.
fn is_its_own_fault(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Refused | ErrorKind::Unsupported | ErrorKind::TooLarge)
}

/// An item in its standard format, as a file that says which one it is.
fn item(name: &str, body: Body) -> Result<Attached> {
    let beginning = match body.reader().next_chunk()? {
        Some(chunk) => String::from_utf8_lossy(&chunk[..chunk.len().min(BEGINNING)]).to_ascii_uppercase(),
        None => String::new(),
    };
    let (content_type, ending) = match beginning.trim_start_matches('\u{feff}').trim_start() {
        text if text.starts_with("BEGIN:VCALENDAR") => ("text/calendar", ".ics"),
        text if text.starts_with("BEGIN:VCARD") => ("text/vcard", ".vcf"),
        _ => ("message/rfc822", ".eml"),
    };
    let ended = name.to_ascii_lowercase().ends_with(ending);
    Ok(Attached::file(if ended { name.to_owned() } else { format!("{name}{ending}") }, content_type, body))
}
