use std::sync::Arc;

use mailmove_core::{Connector, Destination, Mailbox, Result, Side, Source, Stage, Verification, async_trait};

use super::MemoryMailbox;

#[async_trait]
impl Connector for MemoryMailbox {
    fn name(&self) -> &str {
        "memory:"
    }

    async fn verify(&self, mailbox: &Mailbox) -> Verification {
        let mut verification = Verification::new(mailbox.clone());
        verification.passed(Stage::Open, format!("{} folders", self.state().folders.len()));
        verification.passed(Stage::Read, "");
        if mailbox.side == Side::Destination {
            verification.passed(Stage::Write, "");
        }
        verification
    }

    async fn source(&self, mailbox: &Mailbox) -> Result<Arc<dyn Source>> {
        Ok(self.open(mailbox.side))
    }

    async fn destination(&self, mailbox: &Mailbox) -> Result<Arc<dyn Destination>> {
        Ok(self.open(mailbox.side))
    }
}
