//! Secrets in a file of their own, sealed one by one with XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03).
//!
//! ```json
//! {"version":1,"last":2,"sealed":{"<mailbox, as a keyed digest>":{"nonce":"<hex>","secret":"<hex>","generation":2}}}
//! ```
//!
//! The name of the mailbox and the generation are sealed in: an entry that was moved to another mailbox does not open.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::{fmt, fs, io};

use async_trait::async_trait;
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use mailmove_core::{Error, ErrorKind, Mailbox, Result, Secret};
use secrecy::zeroize::Zeroizing;
use secrecy::{ExposeSecret, SecretBox};
use serde::{Deserialize, Serialize};

use super::{SecretStore, StoredSecret, name};

/// The key of a [`SealedSecrets`] file: 256 random bits that the host keeps elsewhere.
pub struct SealingKey(SecretBox<[u8; 32]>);

impl SealingKey {
    /// This key.
    pub fn new(key: [u8; 32]) -> Self {
        Self(SecretBox::new(Box::new(key)))
    }
}

impl fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealingKey")
    }
}

/// A [`SecretStore`] in a file that only its owner can read (mode 0600) and that opens only with its key.
#[derive(Debug)]
pub struct SealedSecrets {
    path: PathBuf,
    key: SealingKey,
    kept: Mutex<Kept>,
}

#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Kept {
    version: u32,
    last: u64,
    sealed: BTreeMap<String, Sealed>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Sealed {
    nonce: String,
    secret: String,
    generation: u64,
}

/// What is sealed.
#[derive(Serialize, Deserialize)]
struct Plain<'a> {
    login: Option<std::borrow::Cow<'a, str>>,
    token: bool,
    secret: std::borrow::Cow<'a, str>,
}

const VERSION: u32 = 1;

impl SealedSecrets {
    /// Opens the file at this path with this key; it is made with the first secret.
    ///
    /// # Errors
    ///
    /// [`Storage`](ErrorKind::Storage): the file cannot be read, or is none of ours. A wrong key shows with the first
    /// secret that is asked for.
    pub fn open(path: impl Into<PathBuf>, key: SealingKey) -> Result<Self> {
        let path = path.into();
        let kept = match fs::read(&path) {
            Ok(text) => serde_json::from_slice::<Kept>(&text).ok().filter(|kept| kept.version == VERSION),
            Err(missing) if missing.kind() == io::ErrorKind::NotFound => Some(Kept::default()),
            Err(failed) => return Err(storage("the file of secrets cannot be read", &path).because(failed)),
        };
        let kept = kept.ok_or_else(|| storage("this is not a file of secrets, or one of a newer version", &path))?;
        Ok(Self { path, key, kept: Mutex::new(kept) })
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.key.0.expose_secret().into())
    }

    /// What stands for a mailbox in the file: nobody without the key learns who gave a secret.
    fn entry(&self, mailbox: &Mailbox) -> String {
        blake3::keyed_hash(self.key.0.expose_secret(), name(mailbox).as_bytes()).to_hex().to_string()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a new version, and only then takes it for true.
    fn change(&self, change: impl FnOnce(&mut Kept) -> Result<()>) -> Result<()> {
        let mut kept = self.kept();
        let mut next = kept.clone();
        next.version = VERSION;
        change(&mut next)?;
        self.write(&next)
            .map_err(|failed| storage("the file of secrets cannot be written", &self.path).because(failed))?;
        *kept = next;
        Ok(())
    }

    fn write(&self, kept: &Kept) -> io::Result<()> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let draft = self.path.with_extension(format!("{}.new", std::process::id()));
        let _ = fs::remove_file(&draft);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&draft)?;
        file.write_all(&serde_json::to_vec(kept)?)?;
        file.sync_all()?;
        fs::rename(&draft, &self.path)?;
        if cfg!(unix) { fs::File::open(folder)?.sync_all() } else { Ok(()) }
    }
}

#[async_trait]
impl SecretStore for SealedSecrets {
    async fn put(&self, mailbox: &Mailbox, login: Option<String>, secret: Secret) -> Result<()> {
        let (text, token) = match &secret {
            Secret::Password(text) => (text, false),
            Secret::Token(text) => (text, true),
            _ => return Err(Error::new(ErrorKind::Unsupported, "secrets of this kind cannot be kept")),
        };
        let plain = Plain { login: login.map(Into::into), token, secret: text.expose_secret().into() };
        let plain = Zeroizing::new(serde_json::to_vec(&plain).map_err(|_| broken(&self.path))?);
        self.change(|kept| {
            kept.last += 1;
            let (entry, generation) = (self.entry(mailbox), kept.last);
            let mut nonce = [0; 24];
            getrandom::fill(&mut nonce).map_err(|_| Error::new(ErrorKind::Bug, "this system has no random numbers"))?;
            let payload = Payload { msg: &plain, aad: &bound(&entry, generation) };
            let sealed = self.cipher().encrypt(&XNonce::from(nonce), payload).map_err(|_| broken(&self.path))?;
            kept.sealed.insert(entry, Sealed { nonce: to_hex(&nonce), secret: to_hex(&sealed), generation });
            Ok(())
        })
    }

    async fn find(&self, mailbox: &Mailbox) -> Result<Option<StoredSecret>> {
        let entry = self.entry(mailbox);
        let Some(sealed) = self.kept().sealed.get(&entry).cloned() else { return Ok(None) };
        let open = || {
            let nonce: [u8; 24] = from_hex(&sealed.nonce)?.try_into().ok()?;
            let text = from_hex(&sealed.secret)?;
            let payload = Payload { msg: &text, aad: &bound(&entry, sealed.generation) };
            let plain = Zeroizing::new(self.cipher().decrypt(&XNonce::from(nonce), payload).ok()?);
            let plain: Plain<'_> = serde_json::from_slice(&plain).ok()?;
            let secret = plain.secret.into_owned();
            let secret = if plain.token { Secret::token(secret) } else { Secret::password(secret) };
            Some(StoredSecret::new(plain.login.map(Into::into), secret, sealed.generation))
        };
        open().map(Some).ok_or_else(|| broken(&self.path))
    }

    async fn clear(&self, mailbox: &Mailbox) -> Result<()> {
        let entry = self.entry(mailbox);
        if !self.kept().sealed.contains_key(&entry) {
            return Ok(());
        }
        self.change(|kept| {
            kept.sealed.remove(&entry);
            Ok(())
        })
    }

    async fn clear_all(&self) -> Result<()> {
        self.change(|kept| {
            kept.sealed.clear();
            Ok(())
        })
    }
}

fn bound(entry: &str, generation: u64) -> Vec<u8> {
    format!("mailmove secret 1 {entry} {generation}").into_bytes()
}

fn storage(message: &str, path: &Path) -> Error {
    Error::new(ErrorKind::Storage, message).with("path", path.display()).remedy("check the path and its rights")
}

fn broken(path: &Path) -> Error {
    storage("a secret does not open: the key is another one, or the file was changed", path)
        .remedy("give the key with which the file was made, or clear the file and ask the users again")
}

fn to_hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let byte = |pair: &[u8]| Some((digit(*pair.first()?)? * 16 + digit(*pair.get(1)?)?) as u8);
    text.as_bytes().chunks(2).map(byte).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use mailmove_core::Side;

    fn mailbox(name: &str) -> Mailbox {
        Mailbox::new(Side::Source, name)
    }

    fn password(stored: Option<StoredSecret>) -> String {
        match stored.unwrap().secret {
            Secret::Password(text) => text.expose_secret().to_owned(),
            _ => panic!("not a password"),
        }
    }

    #[tokio::test]
    async fn secrets_come_back_and_the_file_tells_nothing() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("secrets");
        let open = |key: u8| SealedSecrets::open(&path, SealingKey::new([key; 32])).unwrap();
        let store = open(7);
        store.put(&mailbox("alice@x"), Some("al".into()), Secret::password("correct horse")).await.unwrap();
        store.put(&mailbox("bob@x"), None, Secret::password("battery")).await.unwrap();
        drop(store);
        let file = fs::read_to_string(&path).unwrap();
        for word in ["horse", "battery", "alice", "bob", "password"] {
            assert!(!file.contains(word), "{word}");
        }
        let store = open(7);
        assert_eq!(password(store.find(&mailbox("Alice@x")).await.unwrap()), "correct horse");
        assert_eq!(open(8).find(&mailbox("alice@x")).await.unwrap().map(drop), None, "unknown without the key");
        store.clear(&mailbox("alice@x")).await.unwrap();
        assert!(store.find(&mailbox("alice@x")).await.unwrap().is_none());
        assert_eq!(password(open(7).find(&mailbox("bob@x")).await.unwrap()), "battery");
        store.clear_all().await.unwrap();
        assert!(open(7).find(&mailbox("bob@x")).await.unwrap().is_none());
        assert!(!format!("{store:?}").contains("7, 7"));
    }

    #[tokio::test]
    async fn what_was_changed_or_moved_to_another_mailbox_does_not_open() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("secrets");
        let open = || SealedSecrets::open(&path, SealingKey::new([7; 32]));
        let store = open().unwrap();
        for name in ["alice@x", "bob@x"] {
            store.put(&mailbox(name), None, Secret::password(name)).await.unwrap();
        }
        let (alice, bob) = (store.entry(&mailbox("alice@x")), store.entry(&mailbox("bob@x")));
        let swapped = store.kept().sealed.get(&bob).cloned().unwrap();
        let swap = |kept: &mut Kept| {
            kept.sealed.insert(alice, swapped);
            Ok(())
        };
        store.change(swap).unwrap();
        assert_eq!(store.find(&mailbox("alice@x")).await.unwrap_err().kind(), ErrorKind::Storage);
        assert_eq!(password(store.find(&mailbox("bob@x")).await.unwrap()), "bob@x");
        fs::write(&path, "{}").unwrap();
        assert_eq!(open().unwrap_err().kind(), ErrorKind::Storage);
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn only_its_owner_may_read_the_file() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("secrets");
        let store = SealedSecrets::open(&path, SealingKey::new([1; 32])).unwrap();
        store.put(&mailbox("a@x"), None, Secret::token("t")).await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
