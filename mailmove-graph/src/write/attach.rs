//! What hangs on events and tasks: put there when they are there, before they get their mark.

use mailmove_core::{Body, Error, ErrorKind, Loss, Result};
use mailmove_exchange::calendar::Attached;

use super::create::is_malformed;
use crate::endpoint::GraphMailbox;
use crate::map::attached;
use crate::wire::attachment::{self, Holder, LARGE, SURELY_LARGE, UploadSession};
use crate::wire::record::Record;

impl GraphMailbox {
    /// Hangs these files on something that may hold others, left there by somebody who did not come to an end, or copied
    /// from a series to its occurrence. `inherited` is what hangs on the series. What the server does not take is named.
    pub(super) async fn hang(
        &self,
        holder: &Holder,
        wanted: &[Attached],
        inherited: &[Attached],
        losses: &mut Vec<Loss>,
    ) -> Result<()> {
        let mut there: Vec<Record> = match self.client.all(&attachment::list(holder)).await {
            Err(error) if holder.may_be_shut(&error) => Vec::new(),
            there => there?,
        };
        // Copies are known by their names, where these tell them apart.
        let mut known: Vec<&Attached> = if apart(inherited) { inherited.iter().collect() } else { Vec::new() };
        let mut due: Vec<(&Attached, &Body)> = Vec::new();
        for file in wanted {
            let Some(body) = file.body() else { continue };
            let name = attached::name(file);
            let copy = there.iter().position(|one| one.text("name") == Some(&name));
            match (known.iter().position(|one| *one == file), copy) {
                (Some(at), Some(copy)) => {
                    known.swap_remove(at);
                    there.swap_remove(copy);
                }
                _ => due.push((file, body)),
            }
        }
        for one in there {
            match self.client.tell(&attachment::remove(holder, one.id())).await {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        for (file, body) in due {
            match self.hang_one(holder, file, body, losses).await {
                // One file is no reason to lose all the rest.
                Err(error) if is_about_the_file(&error) || holder.may_be_shut(&error) => {
                    losses.push(lost(file, error.message()))
                }
                done => done?,
            }
        }
        Ok(())
    }

    async fn hang_one(&self, holder: &Holder, file: &Attached, body: &Body, losses: &mut Vec<Loss>) -> Result<()> {
        if body.len() > holder.largest() {
            losses.push(lost(file, &format!("it is larger than {} MB", holder.largest() >> 20)));
            return Ok(());
        }
        if !holder.is_task
            && let Some(item) = attached::message(file, body, &self.spool, losses)?
        {
            match self.client.tell(&attachment::add(holder, &item)).await {
                Err(error) if is_malformed(&error) => {}
                done => return done,
            }
        }
        if body.len() >= LARGE {
            let ask = attachment::session(holder, &attached::session(file, body, holder.is_task));
            match self.client.ask::<UploadSession>(&ask).await {
                Ok(session) if holder.is_task => return self.client.upload_to_task(session, body).await,
                Ok(session) => return self.client.upload(session, body).await,
                // The provider's megabytes may be larger than ours: for a session it is too small.
                Err(error) if body.len() < SURELY_LARGE && is_malformed(&error) => {}
                Err(error) => return Err(error),
            }
        }
        self.client.tell(&attachment::add(holder, &attached::file(file, body, holder.is_task)?)).await
    }
}

/// Whether names tell these apart.
fn apart(files: &[Attached]) -> bool {
    let mut names: Vec<String> = files.iter().filter(|file| file.body().is_some()).map(attached::name).collect();
    let count = names.len();
    names.sort();
    names.dedup();
    names.len() == count
}

fn is_about_the_file(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Refused | ErrorKind::TooLarge | ErrorKind::Unsupported)
}

fn lost(file: &Attached, why: &str) -> Loss {
    Loss::new("attachments", format!("{:?} is not kept: {why}", attached::name(file)))
}
