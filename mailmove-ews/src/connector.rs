use std::fmt;
use std::sync::Arc;

use mailmove_core::guard::Limits;
use mailmove_core::http::{Http, HttpSettings, Session};
use mailmove_core::{
    Access, Connector, CredentialProvider, Destination, Error, ErrorKind, Guard, Mailbox, Result, Root, Side, SignIn,
    Source, Stage, Verification, async_trait,
};
use url::Url;

use crate::client::Client;
use crate::config::{Address, EwsConfig};
use crate::discover::{Autodiscover, Discovery, Place, Protocol};
use crate::endpoint::EwsMailbox;
use crate::error;
use crate::public::PublicFolders;
use crate::wire::envelope::Header;
use crate::wire::folder::FolderData;
use crate::wire::get_folder::GetFolder;
use crate::wire::ids::FolderRef;
use crate::wire::version::Version;

/// One Exchange server, on premises or in the cloud.
pub struct EwsConnector {
    name: String,
    config: EwsConfig,
    http: Http,
    guard: Guard,
    provider: Arc<dyn CredentialProvider>,
    sign_in: SignIn,
    discovery: Option<Arc<Discovery>>,
}

impl EwsConnector {
    /// A server, and who gives the credentials for its mailboxes. Nothing is sent yet.
    pub fn new(config: EwsConfig, provider: Arc<dyn CredentialProvider>) -> Result<Self> {
        let mut settings = HttpSettings::new();
        settings.allow_plaintext = config.allow_plaintext;
        settings.extra_roots.clone_from(&config.extra_roots);
        let name = config.name();
        // Mailboxes have budgets of their own; the server has none that is known.
        let guard = Guard::new(name.as_str(), Limits::new().slots(1, 64));
        let (http, sign_in) = (Http::new(settings)?, SignIn::new(provider.clone()));
        let discovery = match &config.address {
            Address::Autodiscover(autodiscover) => {
                let (http, sign_in) = (http.clone(), sign_in.clone());
                Some(Arc::new(Discovery::new(autodiscover.clone(), http, sign_in, config.passwords)?))
            }
            Address::Url(_) => None,
        };
        Ok(Self { name, config, http, guard, provider, sign_in, discovery })
    }

    /// Opens a mailbox: its root folder tells the version it speaks.
    async fn open(&self, mailbox: &Mailbox) -> Result<EwsMailbox> {
        self.open_root(mailbox).await.map(|(opened, _)| opened).map_err(|error| error.on(mailbox.side))
    }

    /// Who knows where public folders are: autodiscover, at the server itself when nobody else was named.
    fn public_folders(&self, mailbox: &Mailbox, url: &Url) -> Result<PublicFolders> {
        let discovery = match &self.discovery {
            Some(discovery) => discovery.clone(),
            None => {
                let origin = Place::At(url.origin().ascii_serialization());
                let settings = Autodiscover::new().at([origin]).speaking([Protocol::Soap]);
                let (http, sign_in) = (self.http.clone(), self.sign_in.clone());
                Arc::new(Discovery::new(settings, http, sign_in, self.config.passwords)?)
            }
        };
        Ok(PublicFolders::new(discovery, mailbox.clone()))
    }

    /// Where the web service of a mailbox is.
    async fn service(&self, mailbox: &Mailbox) -> Result<Url> {
        match (&self.config.address, &self.discovery) {
            (Address::Url(url), _) => Ok(url.clone()),
            (_, Some(discovery)) => discovery.service(mailbox).await,
            (_, None) => Err(Error::new(ErrorKind::Bug, "nobody can say where the server is")),
        }
    }

    async fn open_root(&self, mailbox: &Mailbox) -> Result<(EwsMailbox, FolderData)> {
        let access = match &self.config.access {
            Some(access) => access.clone(),
            None => self.provider.credential(mailbox).await?.access,
        };
        let (impersonate, delegate) = match access {
            Access::Owner => (None, None),
            Access::Impersonate => (Some(mailbox.address.clone()), None),
            Access::Delegate => (None, Some(mailbox.address.clone())),
            _ => {
                return Err(Error::new(ErrorKind::Unsupported, "Exchange knows no such access to mailboxes")
                    .remedy("use the access impersonate or delegate, or the owner's own credential"));
            }
        };
        let whose = delegate.clone().filter(|_| mailbox.root != Root::PublicFolders);
        let root = FolderRef::Distinguished { name: root_name(mailbox)?, mailbox: whose };
        let limits = Limits::new().slots(1, self.config.connections.max(1));
        let guard = self.guard.child(mailbox.address.as_str(), limits);
        let session = Session::new(self.http.clone(), guard).signed_in(self.sign_in.clone(), mailbox.clone());
        let header = Header { version: Version::Exchange2016, impersonate };
        let url = self.service(mailbox).await?;
        let client = Client::new(session, url, header, &mailbox.address).over(self.config.passwords);
        let (client, folder) = negotiate(client, &root, self.config.version).await?;
        let name = format!("{} {mailbox}", self.name);
        let url = client.url().clone();
        let opened = EwsMailbox::new(name, client, mailbox.clone(), folder.id.clone(), delegate);
        let opened = match mailbox.root {
            Root::PublicFolders => opened.of_public(self.public_folders(mailbox, &url)?).await?,
            _ => opened,
        };
        Ok((opened, folder))
    }
}

/// Speaks the newest version that the mailbox takes. It is the mailbox that decides and not the server in front: they
/// may differ by years.
async fn negotiate(mut client: Client, root: &FolderRef, only: Option<Version>) -> Result<(Client, FolderData)> {
    let versions = only.map_or(Version::ALL.to_vec(), |version| vec![version]);
    let mut last = Error::new(ErrorKind::Bug, "no version to speak");
    for version in versions {
        client = client.speaking(version);
        match client.probe(&GetFolder { folders: vec![root.clone()], rights: true }).await {
            Ok((server, Some(folder))) => {
                // What the server said it understands is what it is asked from now on.
                let version = server.map_or(version, |server| server.min(version));
                return Ok((client.speaking(version), folder));
            }
            Ok((_, None)) => return Err(Error::new(ErrorKind::Protocol, "the server gave no root folder")),
            Err(error) if error::is_about_version(&error) => last = error,
            // Servers from before a version existed know neither its name nor a code for that.
            Err(error) if is_schema(&error) && version > Version::Exchange2007Sp1 => last = error,
            Err(error) => return Err(error),
        }
    }
    Err(last)
}

fn is_schema(error: &Error) -> bool {
    matches!(error::code(error), Some("ErrorSchemaValidation" | "ErrorInvalidRequest"))
}

fn root_name(mailbox: &Mailbox) -> Result<&'static str> {
    match mailbox.root {
        Root::Primary => Ok("msgfolderroot"),
        Root::Archive => Ok("archivemsgfolderroot"),
        Root::PublicFolders if mailbox.side == Side::Source => Ok("publicfoldersroot"),
        Root::Recoverable if mailbox.side == Side::Source => Ok("recoverableitemsroot"),
        root => Err(Error::new(ErrorKind::Unsupported, format!("the tree {root} cannot be opened")).remedy(
            "write into the primary mailbox or the archive; public folders and recoverable items are read only",
        )),
    }
}

#[async_trait]
impl Connector for EwsConnector {
    fn name(&self) -> &str {
        &self.name
    }

    async fn verify(&self, mailbox: &Mailbox) -> Verification {
        let mut verification = Verification::new(mailbox.clone());
        let (opened, root) = match self.open_root(mailbox).await {
            Ok(opened) => opened,
            Err(error) => {
                let stage = door(&error);
                return verification.failed(stage, error.on(mailbox.side));
            }
        };
        // One exchange went through all of these.
        let url = opened.client.url();
        verification.passed(Stage::Resolve, url.host_str().unwrap_or_default());
        verification.passed(Stage::Connect, self.name.as_str());
        if url.scheme() == "https" {
            verification.passed(Stage::Tls, "the server is who it says");
        }
        verification.passed(Stage::SignIn, "the credential was taken");
        verification.passed(Stage::Open, format!("speaking {}", opened.version()));
        match opened.tree().await {
            Ok(folders) => verification.passed(Stage::Read, format!("{} folders", folders.len())),
            Err(error) => return verification.failed(Stage::Read, error.on(mailbox.side)),
        }
        if mailbox.side == Side::Destination {
            match root.writable {
                Some(false) => {
                    let error = Error::new(ErrorKind::AccessDenied, "nothing may be written into this mailbox");
                    return verification.failed(Stage::Write, error.on(mailbox.side));
                }
                Some(true) => verification.passed(Stage::Write, "items may be created"),
                None => verification.passed(Stage::Write, "the server does not tell rights"),
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

impl fmt::Debug for EwsConnector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EwsConnector").field("name", &self.name).finish_non_exhaustive()
    }
}
