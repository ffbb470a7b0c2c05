//! Autodiscover, in all three of its protocols: where the web service of an address is, or who may know.

use hyper::header::LOCATION;
use hyper::{Method, StatusCode};

use super::answer;
use super::service::Shared;
use super::state::lock;
use super::xml::{self, Node};
use crate::http::{Reply, Request};

/// What is said of an address instead of where its web service is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Direction {
    /// Ask for this address.
    Address(String),
    /// Ask at this URL, in the same protocol.
    Url(String),
    /// This is the web service.
    Service(String),
    /// Nobody knows it.
    Unknown,
}

/// The last part of the path of a request to Autodiscover.
pub(super) fn operation(path: &str) -> Option<&'static str> {
    let path = path.to_ascii_lowercase();
    let rest = path.strip_prefix("/autodiscover/")?;
    ["autodiscover.xml", "autodiscover.svc", "autodiscover.json"].into_iter().find(|name| rest.starts_with(name))
}

/// The answer to a request.
pub(super) fn answer(shared: &Shared, request: &Request, signed_in: bool) -> Reply {
    let operation = operation(&request.path).unwrap_or_default();
    if operation == "autodiscover.json" {
        let address = request.path.rsplit('/').next().unwrap_or_default();
        let address = address.replace("%40", "@");
        return json(shared, request, &address);
    }
    if request.method == Method::GET {
        return match &shared.settings.pointer {
            Some(url) => moved(url),
            None => answer::html(StatusCode::METHOD_NOT_ALLOWED, "<html><body>POST only</body></html>"),
        };
    }
    if !signed_in {
        return answer::unauthorized(&shared.settings);
    }
    let Ok(question) = xml::parse(&request.body) else {
        return answer::html(StatusCode::BAD_REQUEST, "<html><body>no XML</body></html>");
    };
    match operation {
        "autodiscover.svc" => soap(shared, request, &question),
        _ => pox(shared, request, &question),
    }
}

fn moved(url: &str) -> Reply {
    answer::html(StatusCode::FOUND, "").with(LOCATION, url)
}

fn known(shared: &Shared, request: &Request, address: &str) -> Direction {
    let directions = &shared.settings.directions;
    if let Some((_, direction)) = directions.iter().find(|(known, _)| known.eq_ignore_ascii_case(address)) {
        return direction.clone();
    }
    let host = request.header("host").unwrap_or("localhost");
    match lock(&shared.store).primary(address) {
        Some(_) => Direction::Service(format!("http://{host}/EWS/Exchange.asmx")),
        None => Direction::Unknown,
    }
}

fn json(shared: &Shared, request: &Request, address: &str) -> Reply {
    match known(shared, request, address) {
        Direction::Service(url) => {
            Reply::of(StatusCode::OK, "application/json", format!("{{\"Protocol\":\"EWS\",\"Url\":\"{url}\"}}"))
        }
        Direction::Url(url) => moved(&url),
        Direction::Address(_) | Direction::Unknown => {
            let text = "{\"ErrorCode\":\"UserNotFound\",\"ErrorMessage\":\"nobody\"}";
            Reply::of(StatusCode::NOT_FOUND, "application/json", text.to_owned())
        }
    }
}

fn pox(shared: &Shared, request: &Request, question: &Node) -> Reply {
    let address = question.at(&["Request", "EMailAddress"]).map(|node| node.text.clone()).unwrap_or_default();
    let account = match known(shared, request, &address) {
        Direction::Address(to) => format!("<Action>redirectAddr</Action><RedirectAddr>{to}</RedirectAddr>"),
        Direction::Url(to) => format!("<Action>redirectUrl</Action><RedirectUrl>{to}</RedirectUrl>"),
        Direction::Service(url) => format!(
            "<AccountType>email</AccountType><Action>settings</Action>\
             <Protocol><Type>EXCH</Type><ASUrl>{url}</ASUrl></Protocol>\
             <Protocol><Type>EXPR</Type><ASUrl>{url}</ASUrl><EwsUrl>{url}</EwsUrl></Protocol>\
             <Protocol><Type>WEB</Type></Protocol>"
        ),
        Direction::Unknown => {
            let text = "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">\
                        <Response><Error Time=\"10:00:00\" Id=\"1\"><ErrorCode>500</ErrorCode>\
                        <Message>The e-mail address cannot be found.</Message></Error></Response></Autodiscover>";
            return document(text.to_owned());
        }
    };
    document(format!(
        "<Autodiscover xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006\">\
         <Response xmlns=\"http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a\">\
         <User><DisplayName>x</DisplayName></User><Account>{account}</Account></Response></Autodiscover>"
    ))
}

fn soap(shared: &Shared, request: &Request, question: &Node) -> Reply {
    let path = ["Body", "GetUserSettingsRequestMessage", "Request"];
    let Some(asked) = question.at(&path) else {
        return answer::html(StatusCode::INTERNAL_SERVER_ERROR, "<html><body>no request</body></html>");
    };
    let address = asked.at(&["Users", "User", "Mailbox"]).map(|node| node.text.clone()).unwrap_or_default();
    let wanted = asked.find("RequestedSettings").map(|node| node.children.as_slice()).unwrap_or_default();
    let (code, target, settings) = match known(shared, request, &address) {
        Direction::Address(to) => ("RedirectAddress", to, String::new()),
        Direction::Url(to) => ("RedirectUrl", to, String::new()),
        Direction::Unknown => ("InvalidUser", String::new(), String::new()),
        Direction::Service(url) => {
            let settings = wanted.iter().filter_map(|name| {
                let value = setting(shared, &name.text, &address, &url)?;
                Some(format!("<UserSetting><Name>{}</Name><Value>{value}</Value></UserSetting>", name.text))
            });
            ("NoError", String::new(), settings.collect())
        }
    };
    document(format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>\
         <GetUserSettingsResponseMessage xmlns=\"http://schemas.microsoft.com/exchange/2010/Autodiscover\"><Response>\
         <ErrorCode>NoError</ErrorCode><ErrorMessage/><UserResponses><UserResponse><ErrorCode>{code}</ErrorCode>\
         <ErrorMessage/><RedirectTarget>{target}</RedirectTarget><UserSettingErrors/>\
         <UserSettings>{settings}</UserSettings></UserResponse></UserResponses></Response>\
         </GetUserSettingsResponseMessage></s:Body></s:Envelope>"
    ))
}

fn setting(shared: &Shared, name: &str, address: &str, url: &str) -> Option<String> {
    match name {
        "ExternalEwsUrl" | "InternalEwsUrl" => Some(url.to_owned()),
        "AutoDiscoverSMTPAddress" => Some(lock(&shared.store).primary(address)?.to_owned()),
        "PublicFolderInformation" => Some(lock(&shared.store).public_mailboxes().first()?.address.clone()),
        "InternalRpcClientServer" => {
            let store = lock(&shared.store);
            let public = store.public_mailboxes().iter().find(|public| public.address.eq_ignore_ascii_case(address))?;
            let domain = address.rsplit_once('@').map(|(_, domain)| domain).unwrap_or_default();
            Some(format!("{}@{domain}", public.guid))
        }
        _ => None,
    }
}

fn document(text: String) -> Reply {
    Reply::of(StatusCode::OK, "text/xml; charset=utf-8", text)
}
