//! Plain old XML, as Outlook asks.

use bytes::Bytes;
use mailmove_core::http::{Request, Response};
use mailmove_core::{Error, ErrorKind, Result};
use url::Url;

use super::answer::{Answer, EXTERNAL, INTERNAL, Settings};
use crate::wire::writer::Writer;
use crate::wire::xml::Xml;

const ASKS: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/requestschema/2006";
const ANSWERS: &str = "http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a";

/// Where it is asked at a web server.
pub(super) fn place(origin: &Url) -> Result<Url> {
    origin.join("/autodiscover/autodiscover.xml").map_err(|error| {
        Error::new(ErrorKind::Config, "an autodiscover place is no web server").with("place", origin).because(error)
    })
}

pub(super) fn request(url: &Url, address: &str) -> Request {
    let mut out = Writer::new();
    out.open_with("Autodiscover", &[("xmlns", ASKS)]);
    out.open("Request");
    out.leaf("EMailAddress", address);
    out.leaf("AcceptableResponseSchema", ANSWERS);
    Request::post(url.clone()).parts("text/xml; charset=utf-8", out.finish())
}

pub(super) fn read(response: &Response) -> Answer {
    read_bytes(response.bytes().clone()).unwrap_or_else(|error| Answer::nothing(error.to_string()))
}

pub(super) fn read_bytes(bytes: Bytes) -> Result<Answer> {
    let mut xml = Xml::new(std::io::Cursor::new(bytes));
    xml.find(&["Autodiscover"])?;
    let (mut settings, mut redirect, mut error) = (Settings::new(), None, None);
    while let Some(response) = xml.child()? {
        if response.name != "Response" {
            xml.skip()?;
            continue;
        }
        while let Some(part) = xml.child()? {
            match part.name.as_str() {
                "Account" => redirect = account(&mut xml, &mut settings)?.or(redirect),
                "Error" => error = Some(told(&mut xml)?),
                _ => xml.skip()?,
            }
        }
    }
    Ok(match (redirect, error) {
        (Some(redirect), _) => redirect,
        (None, Some(error)) if settings.is_empty() => Answer::nothing(error),
        _ => Answer::of(settings),
    })
}

/// Reads an account: settings, or where to go on.
fn account(xml: &mut Xml, settings: &mut Settings) -> Result<Option<Answer>> {
    let (mut action, mut address, mut url) = (String::new(), None, None);
    while let Some(part) = xml.child()? {
        match part.name.as_str() {
            "Action" => action = xml.text()?,
            "RedirectAddr" => address = Some(xml.text()?),
            "RedirectUrl" => url = Some(xml.text()?),
            "Protocol" => protocol(xml, settings)?,
            _ => xml.skip()?,
        }
    }
    // What the action does not say, the element that is there does.
    let to = |text: String| match Url::parse(text.trim()) {
        Ok(url) => Answer::Redirect(url),
        Err(_) => Answer::nothing("it sends us to what is no address"),
    };
    Ok(match action.to_ascii_lowercase().as_str() {
        "settings" => None,
        _ => address.map(|address| Answer::Address(address.trim().to_owned())).or(url.map(to)),
    })
}

/// One way to reach the mailbox: EXCH is from inside, EXPR from outside.
fn protocol(xml: &mut Xml, settings: &mut Settings) -> Result<()> {
    let (mut kind, mut service) = (String::new(), None);
    while let Some(part) = xml.child()? {
        match part.name.as_str() {
            "Type" => kind = xml.text()?,
            "EwsUrl" => service = Some(xml.text()?),
            "ASUrl" if service.is_none() => service = Some(xml.text()?),
            _ => xml.skip()?,
        }
    }
    let name = match kind.trim() {
        "EXPR" | "EXHTTP" => EXTERNAL,
        "EXCH" => INTERNAL,
        _ => return Ok(()),
    };
    if let Some(service) = service.filter(|service| !service.trim().is_empty()) {
        settings.entry(name.to_owned()).or_insert_with(|| service.trim().to_owned());
    }
    Ok(())
}

fn told(xml: &mut Xml) -> Result<String> {
    let (mut code, mut message) = (String::new(), String::new());
    while let Some(part) = xml.child()? {
        match part.name.as_str() {
            "ErrorCode" => code = xml.text()?,
            "Message" => message = xml.text()?,
            _ => xml.skip()?,
        }
    }
    Ok(format!("{} {}", code.trim(), message.trim()).trim().to_owned())
}
