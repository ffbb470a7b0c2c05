//! New messages.
//!
//! A batch goes out as one MULTIAPPEND where the server knows it, otherwise as a row of APPENDs that wait for nothing.
//! A message goes over unchanged; only when the server refuses it is it looked at, and mended in what the server names.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use mailmove_core::{Error, ErrorKind, Flags, Format, Item, ItemFlags, ItemId, Kind, Loss, Result, Written};

use super::Client;
use super::flags::keep;
use super::known::KnownFolder;
use super::write::{Turn, of_folder, to_write};
use crate::capabilities::{APPEND, BATCH_BYTES, BATCH_ITEMS, munged_header};
use crate::engine::{Answer, Burst, Opened};
use crate::error::{Asked, Fault};
use crate::map::flags;
use crate::map::message::header;
use crate::map::repair::{
    Defects, Mended, alterations, asks_for_receipt, examine, mended_length, prescribe, receipt_set_aside,
};
use crate::map::space::Spelling;
use crate::pool::{Ticket, Use};
use crate::wire::{Append, AppendMessage, Appended, Before, Chunks, Command, LiteralMode, StatusLine, date};

/// One message and how it goes over.
struct Draft<'a> {
    item: &'a Item,
    /// What must not be sent to this server.
    never: &'a [Cow<'static, str>],
    flags: Flags,
    written: Written,
    /// As a literal8, since it holds NUL.
    binary: bool,
    /// As one with UTF-8 in its header, since it has some and the server wants to be told.
    utf8: bool,
    mend: Defects,
    length: u64,
    /// What of its flags the folder keeps.
    kept: Flags,
}

/// Drafts that go in one command, by their place.
type Group = Vec<usize>;

impl Client {
    /// One verdict per message, in their order. They are stored in their order.
    pub(super) async fn append(&self, folder: &Arc<KnownFolder>, items: &[&Item], turn: Turn) -> Vec<Result<Written>> {
        let mut work = Work { drafts: Vec::new(), verdicts: Vec::new(), recreated: false };
        let permanent = folder.facts().permanent.clone();
        for item in items {
            work.verdicts.push(self.admit(item).err().map(Err));
            let mut draft = Draft::new(item, permanent.as_deref(), &self.quirks.never_sent);
            let wide = |item: &Item| header(&item.body).is_ok_and(|header| !header.is_ascii());
            draft.utf8 = self.spelling == Spelling::Utf8 && wide(item);
            if self.quirks.munges_headers && wide(item) {
                draft.written.losses.push(munged_header());
            }
            if self.quirks.read_receipts
                && let Err(error) = draft.set_receipt_aside()
            {
                work.verdicts.pop();
                work.verdicts.push(Some(Err(error)));
            }
            work.drafts.push(draft);
        }
        let good: Group = (0..items.len()).filter(|at| work.verdicts[*at].is_none()).collect();
        let mut groups: VecDeque<Group> = match self.offered.multiappend {
            true => VecDeque::from([good]),
            false => good.into_iter().map(|at| vec![at]).collect(),
        };
        groups.retain(|group| !group.is_empty());
        if !groups.is_empty()
            && let Err(error) = self.append_groups(folder, &mut work, groups, turn).await
        {
            work.fail_rest(&error);
        }
        let missing = || Err(Error::new(ErrorKind::Bug, "a message was not answered"));
        work.verdicts.into_iter().map(|verdict| verdict.unwrap_or_else(missing)).collect()
    }

    /// Whether it can be tried at all.
    fn admit(&self, item: &Item) -> Result<()> {
        if item.kind != Kind::Mail || item.format != Format::RFC5322 {
            let what = format!("IMAP takes no {} as {}", item.kind, item.format);
            return Err(Error::new(ErrorKind::Unsupported, what));
        }
        match self.offered.append_limit {
            Some(limit) if item.body.len() > limit => {
                Err(Error::new(ErrorKind::TooLarge, "the message is larger than the server takes")
                    .with("bytes", item.body.len())
                    .with("limit", limit))
            }
            _ => Ok(()),
        }
    }

    async fn append_groups(
        &self,
        folder: &Arc<KnownFolder>,
        work: &mut Work<'_>,
        mut groups: VecDeque<Group>,
        turn: Turn,
    ) -> Result<()> {
        let weight = groups.iter().flatten().map(|at| work.drafts[*at].length).sum();
        let what = match weight >= BATCH_BYTES / 2 || work.drafts.len() >= BATCH_ITEMS / 2 {
            true => Use::WriteLarge { abreast: self.appends_abreast() },
            false => Use::Write,
        };
        let ticket = self.lane(folder, weight, what).await?;
        let (under_way, before) = folder.send_behind(ticket.number());
        let mut before = before.map(|over| Before { over, in_vain: self.abreast_in_vain.clone() });
        let mut again = VecDeque::new();
        let mut turn = turn;
        if self.quirks.no_pipeline_append {
            // Nobody else's turn comes before the last answer.
            std::mem::swap(&mut again, &mut groups);
        } else {
            let (opened, answers) = self.send(folder, &ticket, work, &groups, &mut before);
            turn = None;
            self.learn_keywords(folder, opened, work).await;
            // Whatever one answer says, every other is heard as well.
            let mut outcomes = Vec::with_capacity(answers.len());
            for answer in answers {
                outcomes.push(answer.await);
            }
            // What is sent again goes out behind what was held back for this.
            drop(under_way);
            for (group, outcome) in groups.drain(..).zip(outcomes) {
                again.extend(self.heard(folder, &ticket, work, group, outcome).await);
            }
        }
        // One after the other from here on, so that what is left keeps its order.
        while let Some(group) = again.pop_front() {
            let (opened, mut answers) = self.send(folder, &ticket, work, &VecDeque::from([group.clone()]), &mut before);
            self.learn_keywords(folder, opened, work).await;
            if let Some(answer) = answers.pop() {
                let split = self.heard(folder, &ticket, work, group, answer.await).await;
                split.into_iter().rev().for_each(|group| again.push_front(group));
            }
        }
        drop(turn);
        Ok(())
    }

    /// Whether one folder may be written by several connections.
    fn appends_abreast(&self) -> bool {
        self.offered.multiappend && self.quirks.appends_abreast && !self.abreast_in_vain.load(Ordering::Relaxed)
    }

    /// Sends one command per group. Before keywords go into a folder for the first time, it is opened in the same write,
    /// to hear which of them it keeps.
    fn send(
        &self,
        folder: &KnownFolder,
        ticket: &Ticket,
        work: &Work<'_>,
        groups: &VecDeque<Group>,
        before: &mut Option<Before>,
    ) -> (Option<Opened>, Vec<Answer<Option<Appended>>>) {
        let mut burst = Burst::default();
        let mut command = |group: &Group| {
            let messages = group.iter().map(|at| work.drafts[*at].message()).collect();
            // RFC 3516 has no say about LITERAL+ for literal8 on servers of before RFC 7888.
            let binary = group.iter().any(|at| work.drafts[*at].binary || work.drafts[*at].utf8);
            let literals = match binary || self.quirks.no_pipeline_append {
                true => LiteralMode::Sync,
                false => self.offered.literals(),
            };
            Append::new(&folder.wire, messages, literals).behind(before.take())
        };
        let answers = groups.iter().map(|group| burst.add(command(group))).collect();
        let keywords = groups.iter().flatten().any(|at| flags::has_keywords(&work.drafts[*at].flags));
        if keywords && folder.facts().permanent.is_none() {
            return (Some(ticket.connection().send_in(to_write(folder), burst)), answers);
        }
        ticket.connection().send(burst);
        (None, answers)
    }

    /// What the folder does not keep is a loss of each message that has it.
    async fn learn_keywords(&self, folder: &KnownFolder, opened: Option<Opened>, work: &mut Work<'_>) {
        let Some(mut opened) = opened else { return };
        // A folder that cannot be opened, or is another one by now, shows in what APPEND says.
        if let Ok(selected) = opened.selected().await
            && folder.check(&selected).is_ok()
        {
            let permanent = folder.facts().permanent.clone();
            work.drafts.iter_mut().for_each(|draft| draft.note_losses(permanent.as_deref()));
        }
    }

    /// Turns an answer into verdicts, and gives back what has to be sent another way, in order.
    async fn heard(
        &self,
        folder: &Arc<KnownFolder>,
        ticket: &Ticket,
        work: &mut Work<'_>,
        group: Group,
        answer: Result<Option<Appended>, Fault>,
    ) -> Vec<Group> {
        let fault = match answer {
            Ok(appended) => {
                work.written(folder, &group, appended);
                return Vec::new();
            }
            Err(fault) => fault,
        };
        let mut error = of_folder(fault.write_error(Asked::Item, "store the message"));
        if let Fault::Refused(line) = fault {
            match error.kind() {
                ErrorKind::NotFound if folder.facts().exists && !std::mem::replace(&mut work.recreated, true) => {
                    match self.recreate(folder, ticket).await {
                        Ok(()) => return vec![group],
                        Err(failed) => error = failed,
                    }
                }
                ErrorKind::Refused | ErrorKind::TooLarge if group.len() > 1 => {
                    // All or nothing was nothing: whose fault is it?
                    let (left, right) = group.split_at(group.len() / 2);
                    return vec![left.to_vec(), right.to_vec()];
                }
                ErrorKind::Refused => match work.drafts[group[0]].change(&line, self.offered.binary) {
                    Ok(true) => return vec![group],
                    Ok(false) => {}
                    Err(failed) => error = failed,
                },
                _ => {}
            }
        }
        work.fail(&group, &error);
        Vec::new()
    }

    /// Somebody deleted the folder while we wrote into it.
    async fn recreate(&self, folder: &KnownFolder, ticket: &Ticket) -> Result<()> {
        tracing::info!(target: "mailmove::imap", folder = %folder.display(), "the folder is gone and is made again");
        let mut burst = Burst::default();
        let created = burst.add(Command::create(&folder.wire, None));
        let subscribed = (folder.facts().subscribed == Some(true)).then(|| burst.add(Command::subscribe(&folder.wire)));
        ticket.connection().send(burst);
        created.await.map_err(|fault| self.in_folder(folder, &fault, "make the folder again"))?;
        if let Some(Err(fault @ Fault::Lost { .. })) = match subscribed {
            Some(answer) => Some(answer.await),
            None => None,
        } {
            return Err(self.in_folder(folder, &fault, "subscribe to the folder"));
        }
        Ok(())
    }
}

/// A batch on its way.
struct Work<'a> {
    drafts: Vec<Draft<'a>>,
    verdicts: Vec<Option<Result<Written>>>,
    /// The folder had to be made again: what is in it now has UIDs of another epoch.
    recreated: bool,
}

impl Work<'_> {
    fn written(&mut self, folder: &KnownFolder, group: &[usize], appended: Option<Appended>) {
        let mut facts = folder.facts();
        let appended = appended.filter(|appended| {
            !self.recreated && *facts.validity.get_or_insert(appended.validity) == appended.validity
        });
        for (place, at) in group.iter().enumerate() {
            let mut written = self.drafts[*at].written.clone();
            written.id = appended.as_ref().map(|appended| ItemId::new(appended.uids[place].to_string()));
            self.verdicts[*at] = Some(Ok(written));
        }
    }

    fn fail(&mut self, group: &[usize], error: &Error) {
        group.iter().for_each(|at| self.verdicts[*at] = Some(Err(error.clone())));
    }

    /// What was not sent, because something failed before it.
    fn fail_rest(&mut self, error: &Error) {
        self.verdicts
            .iter_mut()
            .filter(|verdict| verdict.is_none())
            .for_each(|verdict| *verdict = Some(Err(error.clone())));
    }
}

impl<'a> Draft<'a> {
    fn new(item: &'a Item, permanent: Option<&[String]>, never: &'a [Cow<'static, str>]) -> Self {
        let (flags, losses) = keep(&item.flags, permanent, never);
        let mut written = Written::new(APPEND);
        written.losses = losses;
        if item.received.is_some_and(|received| date::quoted(received).is_none()) {
            written.losses.push(Loss::new("received-date", "the date cannot be written in IMAP"));
        }
        let (kept, length) = (flags.clone(), item.body.len());
        Self { item, never, flags, written, binary: false, utf8: false, mend: Defects::empty(), length, kept }
    }

    fn message(&self) -> AppendMessage {
        let chunks: Box<dyn Chunks> = match self.mend.is_empty() {
            true => Box::new(self.item.body.reader()),
            false => Box::new(Mended::new(&self.item.body, self.mend)),
        };
        AppendMessage {
            flags: flags::to_wire(&self.flags).0,
            date: self.item.received.and_then(date::quoted),
            chunks,
            length: self.length,
            binary: self.binary,
            utf8: self.utf8,
        }
    }

    /// The folder said what it keeps. The flags that went out stay: a server passes over what it does not keep.
    fn note_losses(&mut self, permanent: Option<&[String]>) {
        let (kept, losses) = keep(&self.item.flags, permanent, self.never);
        self.kept = kept;
        let others = self.written.losses.drain(..).filter(|loss| !matches!(&*loss.code, "keyword" | "flag"));
        self.written.losses = losses.into_iter().chain(others.collect::<Vec<_>>()).collect();
    }

    /// A message that nobody read yet must not tell its sender, years later, that now somebody did.
    fn set_receipt_aside(&mut self) -> Result<()> {
        let read = self.item.flags.state.contains(ItemFlags::SEEN);
        if !read && asks_for_receipt(&header(&self.item.body)?) {
            self.mend = Defects::RECEIPT;
            self.length = mended_length(&self.item.body, self.mend)?;
            self.written.altered.push(receipt_set_aside());
        }
        Ok(())
    }

    /// Changes what can be changed about a message that was refused alone. False: nothing is left to try.
    fn change(&mut self, refusal: &StatusLine, binary: bool) -> Result<bool> {
        if self.flags != self.kept {
            self.flags.clone_from(&self.kept);
            return Ok(true);
        }
        if std::mem::take(&mut self.utf8) {
            return Ok(true);
        }
        let aside = self.mend & Defects::RECEIPT;
        if self.mend != aside {
            return Ok(false);
        }
        let defects = examine(&self.item.body)?;
        if defects.contains(Defects::NUL) && binary && !std::mem::replace(&mut self.binary, true) {
            return Ok(true);
        }
        self.binary = false;
        let mend = prescribe(defects, refusal);
        if mend.is_empty() {
            return Ok(false);
        }
        self.mend = mend | aside;
        self.length = mended_length(&self.item.body, self.mend)?;
        self.written.altered.extend(alterations(mend, refusal));
        Ok(true)
    }
}
