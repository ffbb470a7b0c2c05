//! A client of few words.

use std::io;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::zimbra::ZimbraServer;
use crate::zimbra::element::{Element, parse_json, parse_xml};
use crate::zimbra::refusal::SOAP12;

pub(super) struct Client {
    /// Host and port, of users or of administrators.
    pub(super) host: String,
    pub(super) token: Option<String>,
    /// What stands in the context besides the token.
    pub(super) context: String,
    /// `Name: value` and a line end, for each.
    pub(super) headers: String,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Reply {
    pub(super) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let lines = self.head.lines().filter_map(|line| line.split_once(": "));
        lines.into_iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }
}

impl Client {
    pub(super) fn new(server: &ZimbraServer) -> Self {
        Self::at(&server.url())
    }

    pub(super) fn at(url: &str) -> Self {
        let host = url.trim_start_matches("http://").to_owned();
        Self { host, token: None, context: String::new(), headers: String::new() }
    }

    pub(super) async fn signed_in(server: &ZimbraServer, user: &str, password: &str) -> Self {
        let mut client = Self::new(server);
        let answer = client.ok(&sign_in(user, password)).await;
        client.token = answer.value("authToken");
        client
    }

    pub(super) async fn administrator(server: &ZimbraServer, name: &str, password: &str) -> Self {
        let mut client = Self::at(&server.admin_url());
        let request = format!(
            "<AuthRequest xmlns=\"urn:zimbraAdmin\"><name>{name}</name><password>{password}</password></AuthRequest>"
        );
        client.token = client.ok(&request).await.value("authToken");
        client
    }

    /// Sends an operation in XML; fails when the connection ends before the answer does.
    pub(super) async fn send(&self, operation: &str) -> io::Result<Reply> {
        let token = self.token.as_ref().map_or_else(String::new, |token| format!("<authToken>{token}</authToken>"));
        let envelope = format!(
            "<soap:Envelope xmlns:soap=\"{SOAP12}\"><soap:Header><context xmlns=\"urn:zimbra\">{token}{}</context>\
             </soap:Header><soap:Body>{operation}</soap:Body></soap:Envelope>",
            self.context
        );
        let path = if operation.contains("urn:zimbraAdmin") { "/service/admin/soap/" } else { "/service/soap/" };
        self.http("POST", path, envelope.as_bytes()).await
    }

    /// The answer to an operation that is no fault.
    pub(super) async fn ok(&self, operation: &str) -> Element {
        let reply = self.send(operation).await.unwrap();
        assert_eq!(reply.status, 200, "{operation}\n{}", reply.text());
        parse_xml(&reply.body).unwrap().find("Body").unwrap().children[0].clone()
    }

    /// The code of the fault that an operation ends with.
    pub(super) async fn fault(&self, operation: &str) -> String {
        let reply = self.send(operation).await.unwrap();
        assert_eq!(reply.status, 500, "{operation}\n{}", reply.text());
        let envelope = parse_xml(&reply.body).unwrap();
        let path = ["Body", "Fault", "Detail", "Error", "Code"];
        path.iter().fold(&envelope, |element, name| element.find(name).unwrap()).own_text().to_owned()
    }

    /// The body of the answer to an operation in JSON.
    pub(super) async fn json(&self, name: &str, namespace: &str, members: serde_json::Value) -> Element {
        let mut request = members;
        request["_jsns"] = namespace.into();
        let mut context = serde_json::json!({"_jsns": "urn:zimbra"});
        if let Some(token) = &self.token {
            context["authToken"] = serde_json::json!([{"_content": token}]);
        }
        let envelope = serde_json::json!({"Header": {"context": context}, "Body": {name: request}});
        let reply = self.http("POST", "/service/soap/", envelope.to_string().as_bytes()).await.unwrap();
        parse_json(&reply.body).unwrap().find("Body").unwrap().children[0].clone()
    }

    /// A mailbox's path, read.
    pub(super) async fn get(&self, path: &str) -> Reply {
        self.http("GET", path, b"").await.unwrap()
    }

    /// The id of something uploaded.
    pub(super) async fn upload(&self, bytes: &[u8]) -> String {
        let reply = self.http("POST", "/service/upload?fmt=raw", bytes).await.unwrap();
        let text = reply.text();
        assert!(text.starts_with("200,'null','"), "{text}");
        text.trim_start_matches("200,'null','").trim_end_matches('\'').to_owned()
    }

    /// The id of a message that was uploaded and added, with these attributes.
    pub(super) async fn add(&self, attributes: &str, message: &[u8]) -> String {
        let aid = self.upload(message).await;
        let inner = format!("<m {attributes} aid=\"{aid}\" noICal=\"1\"/>");
        self.ok(&mail("AddMsgRequest", "", &inner)).await.find("m").unwrap().value("id").unwrap()
    }

    pub(super) async fn http(&self, method: &str, path: &str, body: &[u8]) -> io::Result<Reply> {
        let cookie = self.token.as_ref().map_or_else(String::new, |token| {
            format!("Cookie: ZM_AUTH_TOKEN={token}; ZM_ADMIN_AUTH_TOKEN={token}\r\n")
        });
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n{cookie}{}\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.headers,
            body.len()
        );
        let mut stream = TcpStream::connect(&self.host).await?;
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let head = String::from_utf8_lossy(&answer[..end]).into_owned();
        let body = answer.split_off(end + 4);
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")?.parse().ok());
        if length.is_some_and(|length: usize| length != body.len()) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok(Reply { status: status.ok_or(io::ErrorKind::InvalidData)?, head, body })
    }
}

pub(super) fn sign_in(user: &str, password: &str) -> String {
    format!(
        "<AuthRequest xmlns=\"urn:zimbraAccount\"><account by=\"name\">{user}</account><password>{password}</password>\
         </AuthRequest>"
    )
}

/// An element of the mailbox's namespace.
pub(super) fn mail(name: &str, attributes: &str, inner: &str) -> String {
    format!("<{name} xmlns=\"urn:zimbraMail\" {attributes}>{inner}</{name}>")
}
