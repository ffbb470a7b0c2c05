use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// What an access token says about itself. It is read and not verified: good for saying which right is missing, never
/// for deciding what may be done.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Claims {
    /// For whom it is.
    #[serde(default)]
    pub aud: Option<String>,
    /// The tenant that gave it.
    #[serde(default)]
    pub tid: Option<String>,
    /// The application.
    #[serde(default, alias = "azp")]
    pub appid: Option<String>,
    /// The rights of the application itself.
    #[serde(default)]
    pub roles: Vec<String>,
    /// The rights that a user passed on, separated by blanks.
    #[serde(default)]
    pub scp: Option<String>,
    /// The directory roles of whoever signed in, by id.
    #[serde(default)]
    pub wids: Vec<String>,
}

impl Claims {
    /// What this token says, when it is one that says anything.
    pub fn of(token: &SecretString) -> Option<Self> {
        let mut parts = token.expose_secret().split('.');
        let (_, claims) = (parts.next()?, parts.next()?);
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(claims.trim_end_matches('=')).ok()?).ok()
    }

    /// Every right it carries.
    pub fn rights(&self) -> impl Iterator<Item = &str> {
        let passed_on = self.scp.as_deref().unwrap_or_default().split_whitespace();
        self.roles.iter().map(String::as_str).chain(passed_on)
    }

    /// Which of these rights it does not carry.
    pub fn missing<'a>(&self, wanted: &[&'a str]) -> Vec<&'a str> {
        wanted.iter().copied().filter(|right| !self.rights().any(|has| has == *right)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_says_which_rights_it_carries() {
        let claims =
            r#"{"aud":"https://outlook.office365.com","tid":"t","appid":"a","roles":["IMAP.AccessAsApp"],"exp":1}"#;
        let token = SecretString::from(format!("e30.{}.sig", URL_SAFE_NO_PAD.encode(claims)));
        let claims = Claims::of(&token).unwrap();
        assert_eq!(claims.aud.as_deref(), Some("https://outlook.office365.com"));
        assert_eq!(claims.missing(&["IMAP.AccessAsApp", "full_access_as_app"]), ["full_access_as_app"]);
        let delegated = Claims { scp: Some("Mail.Read EWS.AccessAsUser.All".into()), ..Claims::default() };
        assert_eq!(delegated.missing(&["EWS.AccessAsUser.All"]), Vec::<&str>::new());
    }

    #[test]
    fn a_token_that_says_nothing_is_no_error() {
        for token in ["", "opaque", "a.b.c", "a.e30=.c", "ya29.a0"] {
            let claims = Claims::of(&SecretString::from(token.to_owned()));
            assert!(claims.is_none_or(|claims| claims.roles.is_empty()), "{token}");
        }
    }
}
