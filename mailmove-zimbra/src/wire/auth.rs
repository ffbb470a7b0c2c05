use mailmove_core::{Error, ErrorKind, Result};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::node::Node;
use super::soap::{ACCOUNT, ADMIN, Operation, fields};

/// A token and what the server says beside it.
#[derive(Debug, Clone)]
pub(crate) struct Granted {
    pub(crate) token: SecretString,
    /// The token is good for nothing but a second step.
    pub(crate) second_factor: bool,
}

/// A user signs in.
pub(crate) struct Auth {
    pub(crate) account: String,
    pub(crate) proof: Proof,
}

/// By what.
pub(crate) enum Proof {
    Password(SecretString),
    /// A value that only the holder of the domain's key can make.
    Preauth {
        value: String,
        timestamp: i64,
    },
}

impl Operation for Auth {
    const NAME: &'static str = "Auth";
    const NAMESPACE: &'static str = ACCOUNT;
    type Answer = Granted;

    fn write(&self) -> Map<String, Value> {
        let account = json!({ "by": "name", "_content": self.account });
        fields(match &self.proof {
            Proof::Password(password) => {
                json!({ "account": account, "password": { "_content": password.expose_secret() } })
            }
            Proof::Preauth { value, timestamp } => {
                let preauth = json!({ "timestamp": timestamp, "expires": 0, "_content": value });
                json!({ "account": account, "preauth": preauth })
            }
        })
    }

    fn read(&self, answer: Node<'_>) -> Result<Granted> {
        granted(answer)
    }
}

/// An administrator signs in, on the administrators' port.
pub(crate) struct AdminAuth {
    pub(crate) name: String,
    pub(crate) password: SecretString,
}

impl Operation for AdminAuth {
    const NAME: &'static str = "Auth";
    const NAMESPACE: &'static str = ADMIN;
    type Answer = Granted;

    fn write(&self) -> Map<String, Value> {
        fields(json!({ "name": self.name, "password": self.password.expose_secret() }))
    }

    fn read(&self, answer: Node<'_>) -> Result<Granted> {
        granted(answer)
    }
}

pub(super) fn granted(answer: Node<'_>) -> Result<Granted> {
    let token = answer.child_text("authToken").filter(|token| !token.is_empty());
    let token = token.ok_or_else(|| Error::new(ErrorKind::Protocol, "the server let us in and gave no token"))?;
    let second = answer.child_text("twoFactorAuthRequired").is_some_and(|text| matches!(&*text, "1" | "true"));
    Ok(Granted { token: SecretString::from(token.into_owned()), second_factor: second })
}
