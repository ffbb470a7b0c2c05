//! The questions, one line each. A permission that is missing is an answer as well.

use std::sync::Arc;
use std::time::Duration;

use mailmove::graph::GraphConnector;
use mailmove::{
    Change, Connector, Destination, Detail, Error, ErrorKind, FeedId, Fingerprint, FolderId, Format, Item, ItemFlags,
    ItemRef, Kind, Mailbox, Mark, NewFolder, Result, Side, Source, Spool, Wanted, Write, Written,
};
use serde_json::json;

use crate::support::rest::Rest;

/// What everything is written into, a folder for each kind. They are taken away in the end, with all they hold, those of a
/// probe that died too.
pub(crate) const FOLDERS: [(Kind, &str); 3] =
    [(Kind::Mail, "mailmove probe"), (Kind::Event, "mailmove probe, events"), (Kind::Task, "mailmove probe, tasks")];
/// How a stream travels that was made here.
const MADE_HERE: &str = "import-session-foreign";
/// How often a folder is looked at before it is empty.
const LOOKS: u32 = 5;

/// Asks a tenant what no documentation answers.
pub(crate) struct Probe<'a> {
    destination: Arc<dyn Destination>,
    /// The same, which makes streams of mail from elsewhere.
    foreign: Arc<dyn Destination>,
    source: Arc<dyn Source>,
    address: String,
    rest: Rest,
    spool: Spool,
    tell: &'a (dyn Fn(String) + Sync),
    /// How long it waits before it looks again for what it wrote.
    pub(crate) pause: Duration,
}

impl<'a> Probe<'a> {
    /// Goes through the doors of a mailbox and opens it both ways.
    pub(crate) async fn open(
        [plain, foreign]: [&GraphConnector; 2],
        mailbox: &Mailbox,
        rest: Rest,
        tell: &'a (dyn Fn(String) + Sync),
    ) -> Result<Self> {
        for stage in plain.verify(mailbox).await.stages {
            let seen = stage.error.map_or(stage.seen, |error| error.to_string());
            tell(format!("{:8} {seen}", stage.stage.as_str()));
        }
        let mut reading = mailbox.clone();
        reading.side = Side::Source;
        Ok(Self {
            destination: plain.destination(mailbox).await?,
            foreign: foreign.destination(mailbox).await?,
            source: plain.source(&reading).await?,
            address: mailbox.address.clone(),
            rest,
            spool: Spool::new(16 << 20),
            tell,
            pause: Duration::from_secs(2),
        })
    }

    /// Asks everything, and takes away what it made.
    pub(crate) async fn run(&self) {
        self.mail().await;
        self.events().await;
        self.tasks().await;
        for (kind, name) in FOLDERS {
            if let Err(error) = self.clean(kind, name).await {
                (self.tell)(format!("The folder \"{name}\" stays: {error}"));
            }
        }
    }

    async fn mail(&self) {
        const HEADER: &str = "Is a message taken with the header that came with it (0x007D)?";
        const DRAFT: &str = "Is such a message a draft, and when was it received?";
        const GIVEN: &str = "Is a stream given for the id of a message?";
        const OWN: &str = "Is a stream taken that this tenant gave?";
        const MADE: &str = "Is a stream taken that was made here?";
        let folder = match self.folder(Kind::Mail).await {
            Ok(folder) => folder,
            Err(error) => return self.none(&[HEADER, DRAFT, GIVEN, OWN, MADE], &error),
        };
        self.answer(HEADER, self.write(&self.destination, &folder, self.message(1)).await.map(by));
        let items = self.list(&folder).await;
        let draft = |item: &ItemRef| {
            let draft = item.flags.state.contains(ItemFlags::DRAFT);
            let received = item.received.map_or("nobody says when".to_owned(), |received| received.to_string());
            format!("{draft}, {received}")
        };
        let shown = items.as_ref().map(|items| items.iter().map(draft).collect::<Vec<_>>().join("; "));
        self.answer(DRAFT, shown.map_err(Clone::clone));
        let items = items.unwrap_or_default();
        let stream = match self.source.capabilities().offers.iter().any(|route| route.format == Format::FASTTRANSFER) {
            true => self.source.fetch(&items, &Format::FASTTRANSFER, &self.spool).await.pop(),
            false => Some(Err(shut("MailboxItem.Export.All"))),
        };
        let stream = stream.unwrap_or_else(|| Err(Error::new(ErrorKind::NotFound, "there is no message to ask for")));
        self.answer(
            GIVEN,
            stream.as_ref().map(|item| format!("yes, of {} bytes", item.body.len())).map_err(Clone::clone),
        );
        let back = match stream {
            Ok(item) => self.write(&self.destination, &folder, Ok(item)).await,
            Err(error) => Err(error),
        };
        self.answer(OWN, back.map(by));
        let made = match self.foreign.capabilities().accepts.iter().any(|route| route.via.as_str() == MADE_HERE) {
            true => self.write(&self.foreign, &folder, self.message(2)).await,
            false => Err(shut("MailboxItem.ImportExport.All")),
        };
        self.answer(MADE, made.map(by));
    }

    async fn events(&self) {
        const AGAIN: &str = "Does an event come back whose transactionId was used by one that was removed?";
        self.answer(AGAIN, self.again().await);
    }

    async fn again(&self) -> Result<String> {
        let folder = self.folder(Kind::Event).await?;
        let first = self.write(&self.destination, &folder, self.event()).await?;
        if let Some(id) = first.id.clone() {
            self.destination.write(&folder, &[Write::Remove { id, expect: None }]).await.swap_remove(0)?;
        }
        let second = self.write(&self.destination, &folder, self.event()).await?;
        let there = self.list(&folder).await?;
        Ok(match there.as_slice() {
            [] => "no, it was taken and is not there".to_owned(),
            [_] if second.id == first.id => "yes, under its former id".to_owned(),
            [_] => "yes, under an id of its own".to_owned(),
            more => format!("yes, {} times", more.len()),
        })
    }

    async fn tasks(&self) {
        const LINKED: &str = "Are tasks listed with what links to them?";
        self.answer(LINKED, self.linked().await);
    }

    async fn linked(&self) -> Result<String> {
        let folder = self.folder(Kind::Task).await?;
        self.write(&self.destination, &folder, self.task()).await?;
        let mut like = Fingerprint::default();
        like.mark = Some(mark());
        let found = self.destination.locate(&folder, &[Wanted::Like(like)], None).await?;
        Ok(if found.iter().any(|matches| !matches.is_empty()) { "yes" } else { "no" }.to_owned())
    }

    /// The folder for a kind.
    async fn folder(&self, kind: Kind) -> Result<FolderId> {
        let name = FOLDERS.iter().find(|(own, _)| *own == kind).map_or("", |(_, name)| name);
        let mut new = NewFolder::new(vec![name.to_owned()]);
        new.kinds = vec![kind];
        Ok(self.destination.ensure_folders(&[new]).await.swap_remove(0)?.id)
    }

    fn message(&self, number: u8) -> Result<Item> {
        let text = format!(
            "Date: Mon, 1 Jan 2024 10:00:00 +0100\r\nFrom: Probe <probe@example.org>\r\nTo: probe@example.org\r\n\
             Message-ID: <mailmove-probe-{number}@example.org>\r\nSubject: probe {number}\r\nX-Probe: yes\r\n\r\nprobe\r\n"
        );
        Ok(Item::new("probe", Kind::Mail, Format::RFC5322, self.spool.body(text)?))
    }

    fn event(&self) -> Result<Item> {
        let text = calendar(
            "BEGIN:VEVENT\r\nUID:mailmove-probe@example.org\r\nDTSTAMP:20240101T090000Z\r\nDTSTART:20240101T090000Z\r\n\
             DTEND:20240101T093000Z\r\nSUMMARY:probe\r\nEND:VEVENT\r\n",
        );
        Ok(Item::new("probe", Kind::Event, Format::ICALENDAR, self.spool.body(text)?))
    }

    fn task(&self) -> Result<Item> {
        let text = calendar(
            "BEGIN:VTODO\r\nUID:mailmove-probe@example.org\r\nDTSTAMP:20240101T090000Z\r\nSUMMARY:probe\r\nEND:VTODO\r\n",
        );
        Ok(Item::new("probe", Kind::Task, Format::ICALENDAR, self.spool.body(text)?))
    }

    async fn write(&self, into: &Arc<dyn Destination>, folder: &FolderId, item: Result<Item>) -> Result<Written> {
        into.write(folder, &[Write::Create { item: item?, mark: mark() }]).await.swap_remove(0)
    }

    /// What a folder holds. What was just written may take a moment to be told.
    async fn list(&self, folder: &FolderId) -> Result<Vec<ItemRef>> {
        let present = |change| if let Change::Present(item) = change { Some(item) } else { None };
        for _ in 1..LOOKS {
            let page = self.source.changes(&FeedId::new(folder.as_str()), None, Detail::Listing).await?;
            let items: Vec<ItemRef> = page.changes.into_iter().filter_map(present).collect();
            if !items.is_empty() {
                return Ok(items);
            }
            tokio::time::sleep(self.pause).await;
        }
        Ok(Vec::new())
    }

    /// Takes the folder of this name away, past the bin.
    async fn clean(&self, kind: Kind, name: &str) -> Result<()> {
        let user = format!("users/{}", self.address);
        for folder in self.destination.folders().await? {
            if folder.path != [name] || !folder.kinds.contains(&kind) {
                continue;
            }
            let id = folder.id.as_str().split_once(':').map_or("", |(_, id)| id);
            match kind {
                Kind::Event => {
                    self.rest.make(&format!("{user}/calendars/{id}/permanentDelete"), &json!({})).await?;
                }
                Kind::Task => self.rest.remove(&format!("{user}/todo/lists/{id}")).await?,
                _ => {
                    self.rest.make(&format!("{user}/mailFolders/{id}/permanentDelete"), &json!({})).await?;
                }
            }
        }
        Ok(())
    }

    fn answer(&self, question: &str, answer: Result<String>) {
        (self.tell)(match answer {
            Ok(answer) => format!("{question} {answer}"),
            Err(error) => format!("{question} no: {error}"),
        });
    }

    fn none(&self, questions: &[&str], error: &Error) {
        questions.iter().for_each(|question| self.answer(question, Err(error.clone())));
    }
}

fn mark() -> Mark {
    Mark::new("probe")
}

fn calendar(component: &str) -> String {
    format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//mailmove//probe//EN\r\n{component}END:VCALENDAR\r\n")
}

fn by(written: Written) -> String {
    let altered: Vec<String> = written.altered.iter().map(ToString::to_string).collect();
    format!("yes, by {} {}", written.via, altered.join(", ")).trim_end().to_owned()
}

/// A door that the token does not open.
fn shut(right: &str) -> Error {
    Error::new(ErrorKind::AccessDenied, "the import and export API is shut")
        .with("missing", right)
        .remedy("grant the application this right")
}
