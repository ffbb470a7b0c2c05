use std::ffi::OsString;
use std::path::PathBuf;

use secrecy::SecretString;

use super::{Access, FixedCredentials, Secret};
use crate::{Error, ErrorKind, Result, Side};

/// The secrets of one side as the environment gives them: `MAILMOVE_SOURCE_PASSWORD` and its kin. An empty variable is
/// as good as none.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct EnvironmentSecrets {
    /// Of which side.
    pub side: Side,
    /// `PASSWORD`: of whoever signs in, or of the certificate's file.
    pub password: Option<SecretString>,
    /// `TOKEN`: a bearer token.
    pub token: Option<SecretString>,
    /// `TENANT`: of the application.
    pub tenant: Option<String>,
    /// `CLIENT_ID`: of the application.
    pub client_id: Option<String>,
    /// `CLIENT_SECRET`: of the application.
    pub client_secret: Option<SecretString>,
    /// `CERTIFICATE`: the file with the application's certificate and key (PEM or PKCS#12), or with the key of a service
    /// account (JSON).
    pub certificate: Option<PathBuf>,
    /// `PREAUTH_KEY`: of a Zimbra domain.
    pub preauth_key: Option<SecretString>,
}

impl EnvironmentSecrets {
    /// What this process was given for this side.
    pub fn read(side: Side) -> Result<Self> {
        Self::read_by(side, |name| std::env::var_os(name))
    }

    /// The same from somewhere else: `variable` gives the value of a name.
    pub fn read_by(side: Side, variable: impl Fn(&str) -> Option<OsString>) -> Result<Self> {
        let raw = |what: &str| variable(&name(side, what)).filter(|value| !value.is_empty());
        let text = |what: &str| {
            let value = raw(what).map(OsString::into_string).transpose();
            value
                .map_err(|_| Error::new(ErrorKind::Config, "a variable is not text").with("variable", name(side, what)))
        };
        let secret = |what: &str| text(what).map(|value| value.map(SecretString::from));
        Ok(Self {
            side,
            password: secret("PASSWORD")?,
            token: secret("TOKEN")?,
            tenant: text("TENANT")?,
            client_id: text("CLIENT_ID")?,
            client_secret: secret("CLIENT_SECRET")?,
            certificate: raw("CERTIFICATE").map(PathBuf::from),
            preauth_key: secret("PREAUTH_KEY")?,
        })
    }

    /// The credentials that a password or a token make, when there is one: those of an administrator when one is named,
    /// the mailboxes' owners' otherwise. An application has [none](Self::names_application) of this kind.
    pub fn fixed(&self, administrator: Option<(&str, Access)>) -> Result<Option<FixedCredentials>> {
        let secret = match (&self.password, &self.token) {
            _ if self.names_application() => return Ok(None),
            (Some(_), Some(_)) => return Err(self.both("PASSWORD", "TOKEN")),
            (Some(password), None) => Secret::Password(password.clone()),
            (None, Some(token)) => Secret::Token(token.clone()),
            (None, None) => return Ok(None),
        };
        Ok(Some(match administrator {
            Some((login, access)) => FixedCredentials::administrator(login, access, secret),
            None => FixedCredentials::owner(secret),
        }))
    }

    /// Whether an application signs in, or a service account. Then no password is ever tried.
    pub fn names_application(&self) -> bool {
        self.client_id.is_some() || self.client_secret.is_some() || self.certificate.is_some()
    }

    /// The name of a variable of this side.
    pub fn variable(&self, what: &str) -> String {
        name(self.side, what)
    }

    pub(crate) fn both(&self, one: &str, other: &str) -> Error {
        Error::new(ErrorKind::Config, "two variables say how to sign in, and only one can be meant")
            .on(self.side)
            .with("one", self.variable(one))
            .with("other", self.variable(other))
            .remedy("take one of the two away")
    }
}

fn name(side: Side, what: &str) -> String {
    format!("MAILMOVE_{}_{what}", side.as_str().to_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CredentialProvider, Mailbox};

    fn read(pairs: &'static [(&'static str, &'static str)]) -> EnvironmentSecrets {
        let value = |wanted: &str| pairs.iter().find(|(name, _)| *name == wanted).map(|(_, value)| value.into());
        EnvironmentSecrets::read_by(Side::Source, value).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_the_owners_unless_an_administrator_is_named() {
        let secrets = read(&[("MAILMOVE_SOURCE_PASSWORD", "horse"), ("MAILMOVE_DESTINATION_TOKEN", "x")]);
        let alice = Mailbox::new(Side::Source, "alice");
        let owner = secrets.fixed(None).unwrap().unwrap().credential(&alice).await.unwrap();
        assert_eq!((owner.login.as_str(), owner.access), ("alice", Access::Owner));
        let admin = secrets.fixed(Some(("admin", Access::Authzid))).unwrap().unwrap();
        assert_eq!(admin.credential(&alice).await.unwrap().login, "admin");
        assert!(!format!("{secrets:?}").contains("horse"));
    }

    #[test]
    fn two_ways_of_signing_in_are_one_too_many() {
        let secrets = read(&[("MAILMOVE_SOURCE_PASSWORD", "a"), ("MAILMOVE_SOURCE_TOKEN", "b")]);
        let error = secrets.fixed(None).unwrap_err();
        assert!(error.to_string().contains("MAILMOVE_SOURCE_TOKEN"), "{error}");
    }

    #[test]
    fn nothing_and_an_application_make_no_fixed_credentials() {
        assert!(read(&[]).fixed(None).unwrap().is_none());
        assert!(read(&[("MAILMOVE_SOURCE_PASSWORD", "")]).fixed(None).unwrap().is_none());
        let secrets = read(&[
            ("MAILMOVE_SOURCE_CLIENT_ID", "id"),
            ("MAILMOVE_SOURCE_CERTIFICATE", "app.p12"),
            ("MAILMOVE_SOURCE_PASSWORD", "of the file"),
        ]);
        assert!(secrets.fixed(None).unwrap().is_none() && secrets.names_application());
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_not_text_is_named() {
        use std::os::unix::ffi::OsStringExt;
        let broken = |name: &str| name.ends_with("TENANT").then(|| OsString::from_vec(vec![0xff]));
        let error = EnvironmentSecrets::read_by(Side::Destination, broken).unwrap_err();
        assert!(error.to_string().contains("MAILMOVE_DESTINATION_TENANT"), "{error}");
    }
}
