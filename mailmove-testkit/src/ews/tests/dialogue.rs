//! A client of few words.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::ews::xml::{self, Node, Ns};
use crate::ews::{EwsServer, Version};

pub(super) struct Client {
    addr: std::net::SocketAddr,
    authorization: Option<String>,
    version: Version,
    headers: String,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) head: String,
    pub(super) body: String,
}

impl Client {
    pub(super) fn new(server: &EwsServer) -> Self {
        Self::signed_in(server, "ann@x.test", "secret")
    }

    pub(super) fn signed_in(server: &EwsServer, user: &str, password: &str) -> Self {
        Self::with(server, Some(format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))))
    }

    pub(super) fn with(server: &EwsServer, authorization: Option<String>) -> Self {
        Self { addr: server.addr(), authorization, version: Version::Exchange2016, headers: String::new() }
    }

    pub(super) fn version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// A SOAP header, with the prefix `t:`.
    pub(super) fn header(mut self, xml: &str) -> Self {
        self.headers.push_str(xml);
        self
    }

    pub(super) fn acting_as(self, address: &str) -> Self {
        self.header(&format!(
            "<t:ExchangeImpersonation><t:ConnectingSID><t:SmtpAddress>{address}</t:SmtpAddress></t:ConnectingSID>\
             </t:ExchangeImpersonation>"
        ))
    }

    /// Sends an operation, prefixes `m:` and `t:`; fails when the connection ends before the answer does.
    pub(super) async fn send(&self, operation: &str) -> io::Result<Reply> {
        let envelope = format!(
            "<s:Envelope xmlns:s=\"{}\" xmlns:t=\"{}\" xmlns:m=\"{}\"><s:Header><t:RequestServerVersion \
             Version=\"{}\"/>{}</s:Header><s:Body>{operation}</s:Body></s:Envelope>",
            Ns::Soap.uri(),
            Ns::Types.uri(),
            Ns::Messages.uri(),
            self.version.name(),
            self.headers
        );
        self.post(envelope.as_bytes()).await
    }

    pub(super) async fn post(&self, body: &[u8]) -> io::Result<Reply> {
        let authorization =
            self.authorization.as_ref().map_or_else(String::new, |value| format!("Authorization: {value}\r\n"));
        let head = format!(
            "POST /EWS/Exchange.asmx HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml; charset=utf-8\r\n{authorization}\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(self.addr).await?;
        stream.write_all(head.as_bytes()).await?;
        stream.write_all(body).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (head, body) = text.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
        let length =
            head.lines().find_map(|line| line.strip_prefix("content-length: ")).and_then(|text| text.parse().ok());
        if length != Some(body.len()) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
        let status = status.ok_or(io::ErrorKind::InvalidData)?;
        Ok(Reply { status, head: head.to_owned(), body: body.to_owned() })
    }

    /// The response messages of an operation that was answered.
    pub(super) async fn ask(&self, operation: &str) -> Vec<Node> {
        let reply = self.send(operation).await.unwrap();
        assert_eq!(reply.status, 200, "{}", reply.body);
        let envelope = xml::parse(reply.body.as_bytes()).unwrap();
        let body = envelope.find("Body").unwrap().children[0].clone();
        body.find("ResponseMessages").unwrap().children.clone()
    }

    /// The only response message, which is a success.
    pub(super) async fn ok(&self, operation: &str) -> Node {
        let mut messages = self.ask(operation).await;
        assert_eq!(messages.len(), 1, "{messages:?}");
        assert_eq!(messages[0].value("ResponseCode"), Some("NoError"), "{messages:?}");
        messages.remove(0)
    }

    /// The response codes of an operation.
    pub(super) async fn codes(&self, operation: &str) -> Vec<String> {
        let messages = self.ask(operation).await;
        messages.iter().map(|message| message.value("ResponseCode").unwrap_or_default().to_owned()).collect()
    }

    /// The response code of a SOAP fault.
    pub(super) async fn fault(&self, operation: &str) -> String {
        let reply = self.send(operation).await.unwrap();
        assert_eq!(reply.status, 500, "{}", reply.body);
        let envelope = xml::parse(reply.body.as_bytes()).unwrap();
        envelope.at(&["Body", "Fault", "detail", "ResponseCode"]).unwrap().text.clone()
    }

    /// Creates a message from MIME in a folder, without sending it; its id.
    pub(super) async fn create(&self, folder: &str, mime: &str) -> String {
        let message = self.ok(&create(folder, &mime_content(mime))).await;
        id(&message)
    }
}

/// CreateItem for a message with these children.
pub(super) fn create(folder: &str, children: &str) -> String {
    format!(
        "<m:CreateItem MessageDisposition=\"SaveOnly\"><m:SavedItemFolderId><t:DistinguishedFolderId Id=\"{folder}\"/>\
         </m:SavedItemFolderId><m:Items><t:Message>{children}</t:Message></m:Items></m:CreateItem>"
    )
}

pub(super) fn mime_content(mime: &str) -> String {
    format!("<t:MimeContent>{}</t:MimeContent>", STANDARD.encode(mime))
}

/// GetItem with this inside its shape.
pub(super) fn get(id: &str, shape: &str) -> String {
    format!("<m:GetItem><m:ItemShape>{shape}</m:ItemShape><m:ItemIds><t:ItemId Id=\"{id}\"/></m:ItemIds></m:GetItem>")
}

/// The id of the only item in a response message.
pub(super) fn id(message: &Node) -> String {
    let item = &message.find("Items").unwrap().children[0];
    item.find("ItemId").unwrap().attribute("Id").unwrap().to_owned()
}
