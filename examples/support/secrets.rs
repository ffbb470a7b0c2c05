//! Secrets come from the environment or from a prompt, never from the command line.

use std::io::IsTerminal;

use mailmove::{EndpointUrl, Error, ErrorKind, Result, Secret, Side};

/// The secret of this side: `MAILMOVE_{SOURCE,DESTINATION}_{PASSWORD,TOKEN}`, or what is typed at a terminal.
pub(crate) fn secret(url: &EndpointUrl, side: Side) -> Result<Secret> {
    if let Some(secret) = from_environment(side)? {
        return Ok(secret);
    }
    let [password, token] = names(side);
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        let told = Error::new(ErrorKind::Credential, "no password and no token was given").on(side);
        return Err(told.remedy(format!("set {password} or {token}, or run in a terminal to be asked")));
    }
    let whose = url.login.as_deref().or(url.mailbox.as_deref()).unwrap_or("nobody");
    let typed = rpassword::prompt_password(format!("{side}: password of {whose} at {}: ", url.host));
    match typed {
        Ok(typed) if !typed.is_empty() => Ok(Secret::password(typed)),
        _ => Err(Error::new(ErrorKind::Credential, "no password was typed").on(side)),
    }
}

/// The secret of this side, if the environment has one.
pub(crate) fn from_environment(side: Side) -> Result<Option<Secret>> {
    let [password, token] = names(side);
    match (read(&password, side)?, read(&token, side)?) {
        (Some(_), Some(_)) => {
            let told = Error::new(ErrorKind::Config, format!("both {password} and {token} are set")).on(side);
            Err(told.remedy("set the one that shall be used"))
        }
        (Some(password), None) => Ok(Some(Secret::password(password))),
        (None, Some(token)) => Ok(Some(Secret::token(token))),
        (None, None) => Ok(None),
    }
}

fn names(side: Side) -> [String; 2] {
    ["PASSWORD", "TOKEN"].map(|what| format!("MAILMOVE_{}_{what}", side.as_str().to_uppercase()))
}

fn read(name: &str, side: Side) -> Result<Option<String>> {
    match std::env::var(name) {
        Ok(value) if value.is_empty() => Ok(None),
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => {
            let told = Error::new(ErrorKind::Config, format!("{name} is not UTF-8")).on(side);
            Err(told.remedy("give the secret in UTF-8"))
        }
    }
}
