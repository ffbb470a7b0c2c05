//! Messages that take several requests: put together where nobody looks, and moved to where they belong at the end.

use mailmove_core::{Error, ErrorKind, Result, Written};

use super::create::{is_malformed, written};
use crate::client::unseen;
use crate::endpoint::GraphMailbox;
use crate::map::mail::{Attachment, Composed};
use crate::place::Place;
use crate::wire::attachment::{self, Holder, LARGE, LARGEST, SURELY_LARGE, UploadSession};
use crate::wire::message::{self, Message};

impl GraphMailbox {
    /// A message with attachments that do not fit into one request with it.
    pub(super) async fn build(&self, place: &Place, mut composed: Composed) -> Result<Written> {
        if let Some(large) = composed.rest.iter().find(|attachment| attachment.size() > LARGEST) {
            return Err(Error::new(ErrorKind::TooLarge, "an attachment is larger than Exchange Online takes")
                .with("attachment", &large.name)
                .with("bytes", large.size())
                .with("largest", LARGEST));
        }
        // A move to nowhere would be found out last.
        self.client.tell(&crate::wire::folder::mail_folder(&self.user, &place.id)).await?;
        let workshop = self.workshop.folder(&self.client, &self.user).await?;
        let ask = message::create(&self.user, &workshop, composed.json.take());
        let id = match self.client.ask::<Message>(&ask).await {
            Err(error) if is_malformed(&error) => self.post_without_header(&ask, &mut composed, error).await,
            answer => answer,
        };
        let id = id.map_err(unseen)?.id;
        let outcome = self.finish(place, &id, &mut composed).await;
        if outcome.as_ref().is_err_and(|error| error.recovery() != mailmove_core::Recovery::Locate) {
            // What stays behind is swept later.
            _ = self.client.tell(&message::remove(&self.user, &id)).await;
        }
        Ok(written(&outcome?, composed))
    }

    async fn finish(&self, place: &Place, id: &str, composed: &mut Composed) -> Result<Message> {
        for mut attachment in std::mem::take(&mut composed.rest) {
            self.attach(id, &mut attachment, &mut composed.losses).await.map_err(unseen)?;
        }
        self.client.ask(&message::move_to(&self.user, id, &place.id)).await
    }

    async fn attach(
        &self,
        message: &str,
        attachment: &mut Attachment,
        losses: &mut Vec<mailmove_core::Loss>,
    ) -> Result<()> {
        let holder = Holder::message(&self.user, message);
        if !attachment.is_item() && attachment.size() >= LARGE {
            let ask = attachment::session(&holder, &attachment.session());
            match self.client.ask::<UploadSession>(&ask).await {
                Ok(session) => return self.client.upload(session, &attachment.content).await,
                // The provider's megabytes may be larger than ours: for a session it is too small.
                Err(error) if attachment.size() < SURELY_LARGE && is_malformed(&error) => {}
                Err(error) => return Err(error),
            }
        }
        let json = attachment.json(losses)?;
        self.client.tell(&attachment::add(&holder, &json)).await
    }
}
