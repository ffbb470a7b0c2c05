//! Where mail that arrives is sent on to, as far as rules of the inbox tell it. What an administrator set for the mailbox as
//! a whole (`ForwardingSmtpAddress`) has no interface in Graph.

use mailmove_core::{Error, ErrorKind, Forwarding, ForwardingControl, Loss, Mailbox, Result, async_trait};
use serde_json::Value;

use crate::client::Client;
use crate::connector::GraphConnector;
use crate::wire::ask::Path;
use crate::wire::record::Record;
use crate::wire::rule;

impl GraphConnector {
    /// Whether mail that arrives is answered automatically.
    pub async fn replies_automatically(&self, mailbox: &Mailbox) -> Result<bool> {
        let settings: Value = self.client(mailbox).ask(&rule::replies(&Path::user(&mailbox.address))).await?;
        let status = settings["automaticRepliesSetting"]["status"].as_str().unwrap_or("disabled");
        Ok(!status.eq_ignore_ascii_case("disabled"))
    }

    /// Rules of the inbox and automatic replies. Rules that were made here are not the user's.
    pub(crate) async fn counted(&self, mailbox: &Mailbox) -> Result<Vec<Loss>> {
        let told = |error: Error| error.on(mailbox.side);
        let rules = all(&self.client(mailbox), mailbox).await.map_err(told)?;
        let rules = rules.iter().filter(|one| one.text("displayName") != Some(rule::NAME)).count();
        let replies = self.replies_automatically(mailbox).await.map_err(told)?;
        let rules = (rules > 0).then(|| {
            Loss::new(
                "rules",
                format!("{rules} rules of the inbox are not carried; write them anew at the destination"),
            )
        });
        let replies = replies.then(|| {
            let told =
                "mail that comes is answered automatically, which is not carried; switch it on at the destination";
            Loss::new("automatic-replies", told)
        });
        Ok(rules.into_iter().chain(replies).collect())
    }

    /// What a migration should know of a source before it begins.
    pub(crate) async fn warnings(&self, mailbox: &Mailbox) -> Vec<String> {
        let mut warnings = Vec::new();
        match self.forwardings(mailbox).await {
            Ok(all) if !all.is_empty() => {
                let all: Vec<String> = all.iter().map(ToString::to_string).collect();
                warnings.push(format!("mail that comes is sent on to {}, where it arrives as well", all.join(", ")));
            }
            _ => {}
        }
        if self.replies_automatically(mailbox).await.unwrap_or(false) {
            warnings.push("mail that comes is answered automatically".to_owned());
        }
        warnings
    }
}

#[async_trait]
impl ForwardingControl for GraphConnector {
    async fn forwardings(&self, mailbox: &Mailbox) -> Result<Vec<Forwarding>> {
        let told = |error: Error| error.on(mailbox.side);
        let rules = all(&self.client(mailbox), mailbox).await.map_err(told)?;
        let forwarding = |(target, keeps_copy)| Forwarding { target, keeps_copy };
        Ok(rules.iter().flat_map(rule::targets).map(forwarding).collect())
    }

    async fn forward(&self, mailbox: &Mailbox, to: &[Forwarding]) -> Result<()> {
        let told = |error: Error| error.on(mailbox.side);
        if to.iter().any(|one| one.keeps_copy != to[0].keeps_copy) {
            let error = Error::new(ErrorKind::Unsupported, "a mailbox either keeps a copy of all mail or of none");
            return Err(told(error.remedy("ask for a copy with each target, or with none")));
        }
        let (client, user) = (self.client(mailbox), Path::user(&mailbox.address));
        let rules = all(&client, mailbox).await.map_err(told)?;
        let (ours, theirs): (Vec<Record>, Vec<Record>) =
            rules.into_iter().partition(|one| one.text("displayName") == Some(rule::NAME));
        // What was told before, a user's own rules among it, can be set again: those go on by themselves.
        let already: Vec<(String, bool)> = theirs.iter().flat_map(rule::targets).collect();
        let wanted = to.iter().filter(|one| !already.contains(&(one.target.clone(), one.keeps_copy)));
        for (at, one) in wanted.enumerate() {
            client.tell(&rule::send_on(&user, &one.target, at + 1, one.keeps_copy)).await.map_err(told)?;
        }
        // The new ones are there before the old ones go, so that no mail stays behind in between.
        for old in ours {
            client.tell(&rule::remove(&user, old.id())).await.map_err(told)?;
        }
        Ok(())
    }
}

async fn all(client: &Client, mailbox: &Mailbox) -> Result<Vec<Record>> {
    client.all(&rule::list(&Path::user(&mailbox.address))).await
}
