use super::{Cause, Confidence, aadsts};
use crate::guard::Health;
use crate::{Error, ErrorKind, Side, Stage};

/// What was seen at a door that stayed shut.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Evidence {
    /// On which side.
    pub side: Option<Side>,
    /// At which door.
    pub stage: Option<Stage>,
    /// What the error is.
    pub kind: Option<ErrorKind>,
    /// The status of HTTP.
    pub status: Option<u16>,
    /// By which means the server lets people sign in, when it said: schemes of HTTP, mechanisms of SASL.
    pub offered: Option<Vec<String>>,
    /// The server's own codes.
    pub codes: Vec<String>,
    /// The number of Microsoft's sign-in service.
    pub aadsts: Option<u32>,
    /// What the server said, without secrets.
    pub answer: Option<String>,
    /// What TLS said.
    pub tls: Option<String>,
    /// Which rights the token lacks, when it could be read.
    pub missing_rights: Vec<String>,
    /// Whether a token was offered; otherwise a password.
    pub token: Option<bool>,
    /// How the server did lately.
    pub health: Option<Health>,
    /// Whether the same credential signed in before.
    pub succeeded_before: bool,
    /// Who runs the server.
    pub platform: Option<Platform>,
    pub(super) pointed: Vec<(Cause, Confidence, String)>,
}

/// Who runs the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Platform {
    /// A provider: Exchange Online, Google Workspace.
    Online,
    /// Somebody in their own house.
    OnPremises,
}

impl Evidence {
    /// What an error says. These facts are read: `status`, `challenges` (as in `WWW-Authenticate`), `mechanisms` (of
    /// SASL, separated by blanks), `mechanism` (the one that was tried), `code` and `error` (codes of the server),
    /// `aadsts`, `answer`, `reason` (of TLS), `before` (the credential signed in before).
    pub fn of(error: &Error) -> Self {
        let fact = |wanted: &str| error.context().find(|(name, _)| *name == wanted).map(|(_, value)| value);
        let answer = fact("answer").map(str::to_owned);
        let challenges = fact("challenges").map(schemes);
        let mechanisms = fact("mechanisms").map(|text| text.split_whitespace().map(str::to_owned).collect());
        Self {
            side: error.side(),
            kind: Some(error.kind()),
            status: fact("status").and_then(|text| text.parse().ok()),
            offered: challenges.or(mechanisms),
            codes: [fact("code"), fact("error")].into_iter().flatten().map(str::to_owned).collect(),
            aadsts: fact("aadsts").and_then(|text| text.parse().ok()).or_else(|| aadsts::number(answer.as_deref()?)),
            token: fact("mechanism").map(|tried| TOKENS.contains(&tried)),
            succeeded_before: fact("before").is_some(),
            tls: fact("reason").filter(|_| error.kind() == ErrorKind::Tls).map(str::to_owned),
            answer: answer.or_else(|| (error.kind() != ErrorKind::Tls).then(|| error.message().to_owned())),
            ..Self::default()
        }
    }

    /// The same at this door.
    pub fn at(mut self, stage: Stage) -> Self {
        self.stage = Some(stage);
        self
    }

    /// The same with one more code of the server.
    pub fn with_code(mut self, code: impl Into<String>) -> Self {
        self.codes.push(code.into());
        self
    }

    /// The same, when a token was offered (`true`) or a password (`false`).
    pub fn with_token(mut self, token: bool) -> Self {
        self.token = Some(token);
        self
    }

    /// The same with rights that the token lacks.
    pub fn missing(mut self, rights: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.missing_rights.extend(rights.into_iter().map(Into::into));
        self
    }

    /// The same with how the server did lately.
    pub fn with_health(mut self, health: Health) -> Self {
        self.health = Some(health);
        self
    }

    /// The same, when the same credential signed in before.
    pub fn after_success(mut self) -> Self {
        self.succeeded_before = true;
        self
    }

    /// The same for a server that this one runs.
    pub fn on(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// The same with what only the connector can know.
    pub fn pointing_to(mut self, cause: Cause, confidence: Confidence, because: impl Into<String>) -> Self {
        self.pointed.push((cause, confidence, because.into()));
        self
    }
}

/// Mechanisms of SASL that carry a token.
const TOKENS: [&str; 3] = ["XOAUTH2", "OAUTHBEARER", "X-ZIMBRA"];

/// The schemes in challenges, which stand where a word is followed by a blank, a comma or the end, and not by `=`.
fn schemes(challenges: &str) -> Vec<String> {
    let words = challenges.split(',').filter_map(|part| part.split_whitespace().next());
    words.filter(|word| !word.contains('=')).map(str::to_owned).collect()
}
