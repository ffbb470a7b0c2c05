use std::fmt;
use std::sync::Arc;

use mailmove_core::guard::Limits;
use mailmove_core::http::{Http, HttpSettings, Session};
use mailmove_core::{
    Access, AccessRevocation, Connector, CredentialProvider, Destination, Error, ErrorKind, FixedCredentials,
    ForwardingControl, Guard, Loss, Mailbox, Result, Root, Secret, Side, SignIn, Source, Stage, Verification,
    async_trait,
};

use crate::client::Client;
use crate::config::ZimbraConfig;
use crate::door::{Administrators, Door, Way};
use crate::endpoint::ZimbraMailbox;

/// How many requests for one mailbox a server works on at the same time.
const AT_ONCE: usize = 10;

/// One Zimbra or Carbonio server.
pub struct ZimbraConnector {
    name: String,
    config: ZimbraConfig,
    http: Http,
    guard: Guard,
    sign_in: SignIn,
    administrators: Administrators,
}

impl ZimbraConnector {
    /// A server, and who gives the credentials for its mailboxes. With a preauthentication key nobody is asked for any.
    /// Nothing is sent yet.
    pub fn new(config: ZimbraConfig, provider: Arc<dyn CredentialProvider>) -> Result<Self> {
        let mut settings = HttpSettings::new();
        settings.allow_plaintext = config.allow_plaintext;
        settings.extra_roots.clone_from(&config.extra_roots);
        let name = config.name();
        // Mailboxes have budgets of their own; the server has none that is known.
        let guard = Guard::new(name.as_str(), Limits::new().slots(1, 64));
        // A key is a secret like others: a wrong one is tried once, and not for every mailbox.
        let provider = match &config.preauth_key {
            Some(key) => {
                let secret = Secret::Password(key.clone());
                Arc::new(FixedCredentials::administrator("preauthentication", Access::Impersonate, secret))
            }
            None => provider,
        };
        let (http, sign_in) = (Http::new(settings)?, SignIn::new(provider));
        Ok(Self { name, config, http, guard, sign_in, administrators: Administrators::default() })
    }

    /// The way into a mailbox, and requests to it.
    pub(crate) fn client(&self, mailbox: &Mailbox) -> Result<Client> {
        if mailbox.root != Root::Primary {
            return Err(Error::new(ErrorKind::Unsupported, format!("the tree {} cannot be opened", mailbox.root))
                .remedy("open the primary mailbox: Zimbra has no other"));
        }
        let limits = Limits::new().slots(1, self.connections());
        let guard = self.guard.child(mailbox.address.as_str(), limits);
        let session = Session::new(self.http.clone(), guard);
        let way = Way {
            base: self.config.url.clone(),
            admin: self.config.admin(),
            access: self.config.access.clone(),
            by_key: self.config.opens_by_key(),
            administrators: self.administrators.clone(),
        };
        let door = Door::new(session.clone(), way, self.sign_in.clone(), mailbox.clone());
        Ok(Client::new(session, self.config.url.clone(), door))
    }

    /// Whether mailboxes are opened by the key of their domain.
    pub(crate) fn opens_by_key(&self) -> bool {
        self.config.opens_by_key()
    }

    fn connections(&self) -> usize {
        self.config.connections.clamp(1, AT_ONCE)
    }

    async fn open(&self, mailbox: &Mailbox) -> Result<ZimbraMailbox> {
        let opened = async {
            let client = self.client(mailbox)?;
            let name = format!("{} {mailbox}", self.name);
            ZimbraMailbox::open(name, client, mailbox.clone(), self.connections(), self.config.bulk).await
        };
        opened.await.map_err(|error| error.on(mailbox.side))
    }
}

#[async_trait]
impl Connector for ZimbraConnector {
    fn name(&self) -> &str {
        &self.name
    }

    async fn verify(&self, mailbox: &Mailbox) -> Verification {
        let mut verification = Verification::new(mailbox.clone());
        let opened = match self.open(mailbox).await {
            Ok(opened) => opened,
            Err(error) => {
                let stage = door(&error);
                return verification.failed(stage, error);
            }
        };
        // One exchange after the other went through all of these.
        verification.passed(Stage::Resolve, self.config.url.host_str().unwrap_or_default());
        verification.passed(Stage::Connect, self.name.as_str());
        if self.config.url.scheme() == "https" {
            verification.passed(Stage::Tls, "the server is who it says");
        }
        verification.passed(Stage::SignIn, "the credential was taken");
        verification.passed(Stage::Open, opened.version.to_string());
        match opened.all_folders().await {
            Ok(folders) => verification.passed(Stage::Read, format!("{} folders", folders.len())),
            Err(error) => return verification.failed(Stage::Read, error.on(mailbox.side)),
        }
        if mailbox.side == Side::Destination {
            match opened.may_write().await {
                Ok(seen) => verification.passed(Stage::Write, seen),
                Err(error) => return verification.failed(Stage::Write, error.on(mailbox.side)),
            }
        }
        verification
    }

    async fn source(&self, mailbox: &Mailbox) -> Result<Arc<dyn Source>> {
        Ok(Arc::new(self.open(mailbox).await?))
    }

    async fn destination(&self, mailbox: &Mailbox) -> Result<Arc<dyn Destination>> {
        Ok(Arc::new(self.open(mailbox).await?))
    }

    async fn inventory(&self, mailbox: &Mailbox) -> Result<Vec<Loss>> {
        self.counted(mailbox).await
    }

    fn forwarding(&self) -> Option<&dyn ForwardingControl> {
        Some(self)
    }

    fn revocation(&self) -> Option<&dyn AccessRevocation> {
        Some(self)
    }
}

impl ZimbraMailbox {
    /// Whether anything may be written. Whoever has a token of the mailbox has all its owner's rights; what can stand in
    /// the way is that it is full.
    async fn may_write(&self) -> Result<String> {
        let quota = self.info.limit("zimbraMailQuota");
        match (self.info.used, quota) {
            (Some(used), Some(quota)) if used >= quota => {
                Err(Error::new(ErrorKind::Quota, "the mailbox is full").with("used", used).with("quota", quota))
            }
            (Some(used), Some(quota)) => Ok(format!("{} of {quota} bytes are free", quota - used)),
            _ => Ok("items may be created, without a quota".to_owned()),
        }
    }
}

/// The door that stayed shut.
fn door(error: &Error) -> Stage {
    match error.kind() {
        ErrorKind::Resolve => Stage::Resolve,
        ErrorKind::Network | ErrorKind::Timeout => Stage::Connect,
        ErrorKind::Tls => Stage::Tls,
        ErrorKind::Credential | ErrorKind::CredentialExpired | ErrorKind::CredentialPending => Stage::SignIn,
        _ => Stage::Open,
    }
}

impl fmt::Debug for ZimbraConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ZimbraConnector").field("name", &self.name).finish_non_exhaustive()
    }
}
