//! GetUserSettings in SOAP.

use bytes::Bytes;
use mailmove_core::http::{Request, Response};
use mailmove_core::{Error, ErrorKind, Result};
use url::Url;

use super::answer::{Answer, Settings};
use crate::wire::writer::Writer;
use crate::wire::xml::Xml;

const NAMESPACE: &str = "http://schemas.microsoft.com/exchange/2010/Autodiscover";

/// Where it is asked at a web server.
pub(super) fn place(origin: &Url) -> Result<Url> {
    origin.join("/autodiscover/autodiscover.svc").map_err(|error| {
        Error::new(ErrorKind::Config, "an autodiscover place is no web server").with("place", origin).because(error)
    })
}

pub(super) fn request(url: &Url, address: &str, wanted: &[&str]) -> Request {
    let mut out = Writer::new();
    out.open_with(
        "s:Envelope",
        &[
            ("xmlns:s", "http://schemas.xmlsoap.org/soap/envelope/"),
            ("xmlns:a", NAMESPACE),
            ("xmlns:w", "http://www.w3.org/2005/08/addressing"),
        ],
    );
    out.open("s:Header");
    out.leaf("a:RequestedServerVersion", "Exchange2010");
    out.leaf("w:Action", &format!("{NAMESPACE}/Autodiscover/GetUserSettings"));
    out.leaf("w:To", url.as_str());
    out.close();
    out.open("s:Body");
    out.open("a:GetUserSettingsRequestMessage");
    out.open("a:Request");
    out.open("a:Users");
    out.open("a:User");
    out.leaf("a:Mailbox", address);
    out.close();
    out.close();
    out.open("a:RequestedSettings");
    wanted.iter().for_each(|name| out.leaf("a:Setting", name));
    Request::post(url.clone()).parts("text/xml; charset=utf-8", out.finish())
}

pub(super) fn read(response: &Response) -> Answer {
    read_bytes(response.bytes().clone()).unwrap_or_else(|error| Answer::nothing(error.to_string()))
}

pub(super) fn read_bytes(bytes: Bytes) -> Result<Answer> {
    let mut xml = Xml::new(std::io::Cursor::new(bytes));
    if xml.find(&["Response", "Fault"])?.name == "Fault" {
        return Ok(Answer::nothing("the answer is a fault"));
    }
    let mut all = Settings::new();
    let mut verdict = user(&mut xml, &mut all)?;
    // What is said of the user is worth more than what is said of the request.
    if let Some(users) = verdict.users.take() {
        verdict = *users;
    }
    Ok(match (verdict.code.as_str(), verdict.target) {
        ("RedirectAddress", Some(target)) => Answer::Address(target),
        ("RedirectUrl", Some(target)) => match Url::parse(&target) {
            Ok(url) => Answer::Redirect(url),
            Err(_) => Answer::nothing("it sends us to what is no address"),
        },
        ("NoError" | "", _) => Answer::of(all),
        (code, _) => Answer::nothing(code),
    })
}

/// What is said of a request or of a user.
#[derive(Default)]
struct Verdict {
    code: String,
    target: Option<String>,
    users: Option<Box<Verdict>>,
}

fn user(xml: &mut Xml, all: &mut Settings) -> Result<Verdict> {
    let mut verdict = Verdict::default();
    while let Some(part) = xml.child()? {
        match part.name.as_str() {
            "ErrorCode" => verdict.code = xml.text()?.trim().to_owned(),
            "RedirectTarget" => verdict.target = Some(xml.text()?.trim().to_owned()).filter(|text| !text.is_empty()),
            "UserResponses" => {
                while xml.child()?.is_some() {
                    verdict.users = Some(Box::new(user(xml, all)?));
                }
            }
            "UserSettings" => {
                while xml.child()?.is_some() {
                    let (mut name, mut value) = (String::new(), String::new());
                    while let Some(field) = xml.child()? {
                        match field.name.as_str() {
                            "Name" => name = xml.text()?,
                            "Value" => value = xml.text()?,
                            _ => xml.skip()?,
                        }
                    }
                    all.insert(name.trim().to_owned(), value.trim().to_owned());
                }
            }
            _ => xml.skip()?,
        }
    }
    Ok(verdict)
}
