//! Secrets come from the environment or from a prompt, never from the command line.

use std::io::IsTerminal;
use std::sync::Arc;

use mailmove::{
    Access, ConnectOptions, CredentialProvider, EndpointUrl, EnvironmentSecrets, Error, ErrorKind, FixedCredentials,
    Result, Secret, Side,
};

/// The credentials of this side: from `MAILMOVE_{SOURCE,DESTINATION}_…`, or of what is typed at a terminal.
pub(crate) fn credentials(
    url: &EndpointUrl,
    side: Side,
    options: &ConnectOptions,
) -> Result<Arc<dyn CredentialProvider>> {
    if let Some(given) = from_environment(url, side, options)? {
        return Ok(given);
    }
    let secret = Secret::password(typed(url, side)?);
    Ok(Arc::new(url.credentials(secret).map_err(|error| error.on(side))?))
}

/// The credentials of this side, if the environment has any.
pub(crate) fn from_environment(
    url: &EndpointUrl,
    side: Side,
    options: &ConnectOptions,
) -> Result<Option<Arc<dyn CredentialProvider>>> {
    let secrets = EnvironmentSecrets::read(side).map_err(|error| error.on(side))?;
    if let (Some("preauth"), Some(key)) = (url.auth.as_deref(), &secrets.preauth_key) {
        let key = FixedCredentials::administrator("preauth", Access::Impersonate, Secret::Password(key.clone()));
        return Ok(Some(Arc::new(key)));
    }
    if secrets.names_application() {
        return application(url, &secrets, options).map_err(|error| error.on(side));
    }
    let administrator = match (&url.access, &url.login) {
        (Access::Owner, _) | (_, None) => None,
        (access, Some(login)) => Some((login.as_str(), access.clone())),
    };
    let fixed = secrets.fixed(administrator)?;
    Ok(fixed.map(|fixed| Arc::new(fixed) as Arc<dyn CredentialProvider>))
}

/// An application of Microsoft Entra, or a service account of Google.
#[cfg(feature = "oauth")]
fn application(
    url: &EndpointUrl,
    secrets: &EnvironmentSecrets,
    options: &ConnectOptions,
) -> Result<Option<Arc<dyn CredentialProvider>>> {
    use mailmove::http::{Http, HttpSettings};
    use mailmove::oauth::{Cloud, GMAIL_IMAP_ADMIN, OauthCredentials};

    let trusting = |settings: HttpSettings, pem: &Vec<u8>| settings.trusting(String::from_utf8_lossy(pem));
    let mut settings = options.trust.iter().fold(HttpSettings::new(), trusting);
    settings.allow_plaintext = options.allow_plaintext;
    let http = Http::new(settings)?;
    #[cfg(feature = "graph")]
    if url.scheme == "graph" {
        let config = mailmove::graph_config(url)?;
        let mut cloud = config.cloud.clone();
        if let Some(authority) = &config.authority {
            cloud.login = authority.as_str().trim_end_matches('/').to_owned();
        }
        let made = OauthCredentials::from_environment(secrets, http, &cloud, &[&config.scope()])?;
        return Ok(made.map(|made| Arc::new(made) as Arc<dyn CredentialProvider>));
    }
    let cloud = Cloud::world();
    let scope = if secrets.tenant.is_some() { cloud.exchange_scope() } else { GMAIL_IMAP_ADMIN.to_owned() };
    let made = OauthCredentials::from_environment(secrets, http, &cloud, &[&scope])?;
    Ok(made.map(|made| Arc::new(made) as Arc<dyn CredentialProvider>))
}

#[cfg(not(feature = "oauth"))]
fn application(
    _url: &EndpointUrl,
    secrets: &EnvironmentSecrets,
    _options: &ConnectOptions,
) -> Result<Option<Arc<dyn CredentialProvider>>> {
    let told = Error::new(ErrorKind::Config, "an application is named, and this program was built without OAuth");
    let told = told.with("variable", secrets.variable("CLIENT_ID or CERTIFICATE"));
    Err(told.remedy("build it with --features oauth, or give a password or a token"))
}

fn typed(url: &EndpointUrl, side: Side) -> Result<String> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        let name = |what: &str| format!("MAILMOVE_{}_{what}", side.as_str().to_uppercase());
        let told = Error::new(ErrorKind::Credential, "no password and no token was given").on(side);
        let (password, token) = (name("PASSWORD"), name("TOKEN"));
        return Err(told.remedy(format!("set {password} or {token}, or run in a terminal to be asked")));
    }
    let whose = url.login.as_deref().or(url.mailbox.as_deref()).unwrap_or("nobody");
    match rpassword::prompt_password(format!("{side}: password of {whose} at {}: ", url.host)) {
        Ok(typed) if !typed.is_empty() => Ok(typed),
        _ => Err(Error::new(ErrorKind::Credential, "no password was typed").on(side)),
    }
}
