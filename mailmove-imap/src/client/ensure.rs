//! Folders that shall be there: created, subscribed and asked for their state in one write.

use std::collections::HashMap;
use std::sync::Arc;

use mailmove_core::{EnsuredFolder, Epoch, Error, ErrorKind, FolderId, NewFolder, Position, Result};

use super::known::KnownFolder;
use super::{Client, burst};
use crate::engine::Answer;
use crate::error::{Asked, Fault};
use crate::map::folder::attribute;
use crate::map::space::id_of;
use crate::pool::{Ticket, Use};
use crate::wire::{Command, MailboxStatus, StatusLine, StatusQuery};

/// One folder, and what became of it.
struct Wish<'a> {
    asked: &'a NewFolder,
    id: FolderId,
    folder: Arc<KnownFolder>,
    create: Create,
    created: bool,
}

/// How a folder is to be created.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Create {
    /// Not at all: it is there.
    No,
    /// With its role.
    WithRole,
    /// Without.
    Plain,
}

type Verdict = Result<EnsuredFolder>;

impl Client {
    /// One verdict per folder, in their order.
    pub(crate) async fn ensure_folders(&self, folders: &[NewFolder]) -> Vec<Verdict> {
        self.take_fresh();
        let mut paths: Vec<&NewFolder> = Vec::new();
        for folder in folders {
            match paths.iter().position(|known| known.path == folder.path) {
                // The later word about the subscription counts.
                Some(at) if folder.subscribed.is_some() => paths[at] = folder,
                Some(_) => {}
                None => paths.push(folder),
            }
        }
        let ensured = self.reading("make folders", || self.make(&paths)).await;
        let mut verdicts: HashMap<&[String], Verdict> = match ensured {
            Ok(verdicts) => paths.iter().map(|folder| folder.path.as_slice()).zip(verdicts).collect(),
            Err(error) => paths.iter().map(|folder| (folder.path.as_slice(), Err(error.clone()))).collect(),
        };
        let mut answers = Vec::with_capacity(folders.len());
        for folder in folders {
            let Some(verdict) = verdicts.get_mut(folder.path.as_slice()) else { continue };
            answers.push(verdict.clone().map_err(|error| self.here(error).with("folder", folder.path.join("/"))));
            // Who asks a second time did not create it.
            if let Ok(ensured) = verdict {
                ensured.created = false;
            }
        }
        answers
    }

    async fn make(&self, folders: &[&NewFolder]) -> Result<Vec<Verdict>> {
        let ticket = self.lane(&KnownFolder::nowhere(), 4096, Use::Write).await?;
        let mut verdicts: Vec<Option<Verdict>> = folders.iter().map(|_| None).collect();
        let mut wishes: Vec<(usize, Wish<'_>)> = Vec::new();
        for (at, asked) in folders.iter().enumerate() {
            match self.wish(asked) {
                Ok(wish) => wishes.push((at, wish)),
                Err(error) => verdicts[at] = Some(Err(error)),
            }
        }
        // Parents first, whatever the order they were asked in.
        wishes.sort_by_key(|(_, wish)| wish.asked.path.len());
        let new = wishes.iter().filter(|(_, wish)| wish.create != Create::No).count();
        if new > 1 {
            // Where folders are made, mail will follow.
            self.pool.expect_work(new);
        }
        for last in [false, true] {
            let again = self.round(&ticket, wishes, last, &mut verdicts).await?;
            if again.is_empty() {
                break;
            }
            wishes = again;
        }
        let missing = || Err(Error::new(ErrorKind::Bug, "a folder was not answered"));
        Ok(verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(missing)).collect())
    }

    fn wish<'a>(&self, asked: &'a NewFolder) -> Result<Wish<'a>> {
        let wire = self.space().wire(&asked.path).ok_or_else(|| {
            Error::new(ErrorKind::Unsupported, "the server has no folders below folders")
                .with_recovery(mailmove_core::Recovery::StopFolder)
        })?;
        let delimiter = self.space().delimiter;
        let odd = |name: &String| name.is_empty() || name.chars().any(|c| c.is_control() || Some(c) == delimiter);
        if wire.is_empty() || asked.path.iter().any(odd) {
            return Err(Error::new(ErrorKind::Refused, "no folder of the server can have this name")
                .with_recovery(mailmove_core::Recovery::StopFolder)
                .remedy("map the folder to another name"));
        }
        let id = FolderId::new(id_of(&wire));
        let folder = self.folder(&id);
        let (exists, selectable) = {
            let facts = folder.facts();
            (facts.exists, facts.selectable)
        };
        let create = match (exists && (selectable || asked.kinds.is_empty()), self.role(asked)) {
            (true, _) => Create::No,
            (false, Some(_)) => Create::WithRole,
            (false, None) => Create::Plain,
        };
        Ok(Wish { asked, id, folder, create, created: false })
    }

    fn role(&self, asked: &NewFolder) -> Option<&'static str> {
        asked.role.filter(|_| self.offered.has("CREATE-SPECIAL-USE")).and_then(attribute)
    }

    /// One write and its answers. Gives back what has to be asked another way.
    async fn round<'a>(
        &self,
        ticket: &Ticket,
        wishes: Vec<(usize, Wish<'a>)>,
        last: bool,
        verdicts: &mut [Option<Verdict>],
    ) -> Result<Vec<(usize, Wish<'a>)>> {
        let (commands, answers) =
            burst(|burst| wishes.iter().map(|(_, wish)| self.ask(wish, burst)).collect::<Vec<Answers>>());
        ticket.connection().send(commands);
        let mut again = Vec::new();
        for ((at, mut wish), answers) in wishes.into_iter().zip(answers) {
            match self.hear(&mut wish, answers).await? {
                Heard::There(status) => verdicts[at] = Some(ensured(&wish, status.as_ref())),
                Heard::Refused(line) if last => {
                    let fault = Fault::Refused(line);
                    verdicts[at] = Some(Err(fault.error(Asked::Folder, "make the folder")));
                }
                Heard::Refused(line) => {
                    wish.create = Create::Plain;
                    if !line.is_named("USEATTR") {
                        self.make_parents(ticket, &wish).await?;
                    }
                    again.push((at, wish));
                }
            }
        }
        Ok(again)
    }

    fn ask(&self, wish: &Wish<'_>, burst: &mut crate::engine::Burst) -> Answers {
        let wire = &wish.folder.wire;
        let create = match wish.create {
            Create::No => None,
            Create::WithRole => Some(burst.add(Command::create(wire, self.role(wish.asked)))),
            Create::Plain => Some(burst.add(Command::create(wire, None))),
        };
        let known = wish.folder.facts().subscribed.filter(|_| wish.create == Create::No);
        let subscribe = match wish.asked.subscribed {
            Some(wanted) if known == Some(wanted) => None,
            Some(true) => Some(burst.add(Command::subscribe(wire))),
            Some(false) => Some(burst.add(Command::unsubscribe(wire))),
            None => None,
        };
        let selectable = !wish.asked.kinds.is_empty() || wish.folder.facts().selectable;
        let status = selectable.then(|| burst.add(StatusQuery::new(wire, self.offered.condstore)));
        Answers { create, subscribe, status }
    }

    async fn hear(&self, wish: &mut Wish<'_>, answers: Answers) -> Result<Heard> {
        let mut refusal = None;
        if let Some(answer) = answers.create {
            match answer.await {
                Ok(_) => wish.created = true,
                Err(Fault::Refused(line)) if already_there(&line) => {}
                Err(Fault::Refused(line)) => refusal = Some(line),
                Err(fault) => return Err(fault.error(Asked::Folder, "make the folder")),
            }
        }
        if let Some(answer) = answers.subscribe {
            match answer.await {
                Ok(_) => wish.folder.facts().subscribed = wish.asked.subscribed,
                // Not to be on a list that one is not on is no fault, and a folder without a subscription is a folder.
                Err(Fault::Refused(line)) => {
                    tracing::debug!(target: "mailmove::imap", answer = %line.quote(), "no subscription");
                }
                Err(fault) => return Err(fault.error(Asked::Folder, "subscribe to the folder")),
            }
        }
        let Some(answer) = answers.status else {
            return Ok(match refusal {
                Some(line) => Heard::Refused(line),
                None => {
                    wish.folder.facts().exists = true;
                    Heard::There(None)
                }
            });
        };
        match answer.await {
            Ok(Some(status)) => {
                wish.folder.learn(&status);
                Ok(Heard::There(Some(status)))
            }
            Ok(None) => Err(crate::error::protocol("the server tells no state of a folder")),
            Err(Fault::Refused(line)) => Ok(Heard::Refused(refusal.unwrap_or(line))),
            Err(fault) => Err(fault.error(Asked::Folder, "look at the folder")),
        }
    }

    /// Most servers make parents by themselves. For the others, one by one; what cannot be made shows below it.
    async fn make_parents(&self, ticket: &Ticket, wish: &Wish<'_>) -> Result<()> {
        for depth in 1..wish.asked.path.len() {
            let wire = self.space().wire(&wish.asked.path[..depth]);
            let Some(wire) = wire else { continue };
            let wire = self.spelling.said(wire);
            let answer = ticket.connection().submit(Command::create(&wire, None)).await;
            if let Err(fault @ Fault::Lost { .. }) = answer {
                return Err(fault.error(Asked::Folder, "make the folder"));
            }
        }
        Ok(())
    }
}

struct Answers {
    create: Option<Answer<StatusLine>>,
    subscribe: Option<Answer<StatusLine>>,
    status: Option<Answer<Option<MailboxStatus>>>,
}

enum Heard {
    There(Option<MailboxStatus>),
    Refused(StatusLine),
}

fn already_there(line: &StatusLine) -> bool {
    line.is_named("ALREADYEXISTS") || line.text.to_ascii_lowercase().contains("exists")
}

fn ensured(wish: &Wish<'_>, status: Option<&MailboxStatus>) -> Verdict {
    let epoch = status.and_then(|status| status.validity).map(|validity| validity.to_string());
    let mut ensured = EnsuredFolder::new(wish.id.clone(), Epoch::new(epoch.unwrap_or_default()));
    ensured.created = wish.created;
    ensured.items = status.and_then(|status| status.messages);
    ensured.position = status.and_then(|status| status.next).map(|next| Position::new(next.to_string()));
    Ok(ensured)
}
