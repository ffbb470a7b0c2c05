//! What is around every operation: the envelope, its header, and the messages or the fault that come back.

use std::io::Read;
use std::time::Duration;

use mailmove_core::http::Part;
use mailmove_core::{Error, ErrorKind, Result, Spool};

use super::version::Version;
use super::writer::Writer;
use super::xml::{Element, Xml};

/// One operation: how its request is written and how its answer is read.
pub(crate) trait Operation: Sync {
    /// Its name: the request's element.
    const NAME: &'static str;
    /// What one response message holds.
    type Part: Default + Send;

    /// Writes the request, its element included.
    fn write(&self, out: &mut Writer);

    /// Reads an element of a response message that belongs to this operation alone. Elements that say nothing are
    /// [skipped](Xml::skip).
    fn read(&self, element: &Element, xml: &mut Xml, spool: &Spool, part: &mut Self::Part) -> Result<()>;
}

/// What a request's header says.
#[derive(Debug, Clone)]
pub(crate) struct Header {
    pub(crate) version: Version,
    /// The address of the mailbox as whose owner to act.
    pub(crate) impersonate: Option<String>,
}

/// A whole request.
pub(crate) fn write(header: &Header, operation: &impl Operation) -> Vec<Part> {
    let mut out = Writer::new();
    out.open_with(
        "s:Envelope",
        &[
            ("xmlns:s", "http://schemas.xmlsoap.org/soap/envelope/"),
            ("xmlns:t", "http://schemas.microsoft.com/exchange/services/2006/types"),
            ("xmlns:m", "http://schemas.microsoft.com/exchange/services/2006/messages"),
        ],
    );
    out.open("s:Header");
    out.empty("t:RequestServerVersion", &[("Version", header.version.as_str())]);
    if let Some(address) = &header.impersonate {
        out.open("t:ExchangeImpersonation");
        out.open("t:ConnectingSID");
        out.leaf("t:PrimarySmtpAddress", address);
        out.close();
        out.close();
    }
    out.close();
    out.open("s:Body");
    operation.write(&mut out);
    out.finish()
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer<P> {
    /// What the server understands, when it says so.
    pub(crate) server: Option<Version>,
    /// One message for each thing asked for, or why there is none.
    pub(crate) outcome: Result<Vec<Message<P>>, Fault>,
    /// How many things in it were no XML and were replaced.
    pub(crate) replaced: u64,
}

/// What became of one thing that was asked for.
#[derive(Debug, Default)]
pub(crate) struct Message<P> {
    pub(crate) verdict: Verdict,
    pub(crate) part: P,
}

/// How the server judges.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// `Success`, `Warning` or `Error`.
    pub(crate) class: String,
    /// `NoError`, or one of about five hundred others.
    pub(crate) code: String,
    pub(crate) text: String,
    /// Named facts: `BackOffMilliseconds`, `InnerErrorResponseCode`.
    pub(crate) values: Vec<(String, String)>,
}

impl Verdict {
    /// Whether it was not done. A server that says success and names an error is not believed.
    pub(crate) fn is_error(&self) -> bool {
        self.class == "Error" || !matches!(self.code.as_str(), "NoError" | "")
    }

    /// How long the server asks to wait.
    pub(crate) fn back_off(&self) -> Option<Duration> {
        self.value("BackOffMilliseconds")?.trim().parse().ok().map(Duration::from_millis)
    }

    pub(crate) fn value(&self, name: &str) -> Option<&str> {
        self.values.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Why a whole request failed. Nothing of it was done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fault(pub(crate) Verdict);

/// Reads an answer to its end.
pub(crate) fn read<O: Operation>(operation: &O, answer: impl Read + 'static, spool: &Spool) -> Result<Answer<O::Part>> {
    let mut xml = Xml::new(answer);
    xml.find(&["Envelope"])?;
    let (mut server, mut outcome) = (None, None);
    while let Some(element) = xml.child()? {
        match element.name.as_str() {
            "Header" => server = read_header(&mut xml)?,
            "Body" => {
                while let Some(body) = xml.child()? {
                    outcome = Some(match body.name.as_str() {
                        "Fault" => Err(Fault(read_fault(&mut xml)?)),
                        _ => Ok(read_messages(operation, &mut xml, spool)?),
                    });
                }
            }
            _ => xml.skip()?,
        }
    }
    let outcome = outcome.ok_or_else(|| Error::new(ErrorKind::Protocol, "the answer has no body"))?;
    Ok(Answer { server, outcome, replaced: xml.replaced() })
}

fn read_header(xml: &mut Xml) -> Result<Option<Version>> {
    let mut server = None;
    while let Some(element) = xml.child()? {
        if element.name == "ServerVersionInfo" {
            let number = |name| element.attribute(name).and_then(|text| text.parse().ok());
            if let (Some(major), Some(minor)) = (number("MajorVersion"), number("MinorVersion")) {
                server = Some(Version::of_build(major, minor, number("MajorBuildNumber").unwrap_or(u32::MAX)));
            }
        }
        xml.skip()?;
    }
    Ok(server)
}

fn read_messages<O: Operation>(operation: &O, xml: &mut Xml, spool: &Spool) -> Result<Vec<Message<O::Part>>> {
    let mut messages = Vec::new();
    while let Some(element) = xml.child()? {
        if element.name != "ResponseMessages" {
            xml.skip()?;
            continue;
        }
        while let Some(message) = xml.child()? {
            messages.push(read_message(operation, &message, xml, spool)?);
        }
    }
    Ok(messages)
}

fn read_message<O: Operation>(
    operation: &O,
    message: &Element,
    xml: &mut Xml,
    spool: &Spool,
) -> Result<Message<O::Part>> {
    let class = message.attribute("ResponseClass").unwrap_or_default().to_owned();
    let mut verdict = Verdict { class, ..Verdict::default() };
    let mut part = O::Part::default();
    while let Some(element) = xml.child()? {
        match element.name.as_str() {
            "MessageText" => verdict.text = xml.text()?,
            "ResponseCode" => verdict.code = xml.text()?,
            "MessageXml" => verdict.values = read_values(xml)?,
            _ => operation.read(&element, xml, spool, &mut part)?,
        }
    }
    Ok(Message { verdict, part })
}

fn read_values(xml: &mut Xml) -> Result<Vec<(String, String)>> {
    let mut values = Vec::new();
    while let Some(element) = xml.child()? {
        let name = element.attribute("Name").unwrap_or(&element.name).to_owned();
        values.push((name, xml.text()?));
    }
    Ok(values)
}

fn read_fault(xml: &mut Xml) -> Result<Verdict> {
    let mut fault = Verdict { class: "Error".to_owned(), ..Verdict::default() };
    let mut code = String::new();
    while let Some(element) = xml.child()? {
        match element.name.as_str() {
            "faultcode" => code = xml.text()?,
            "faultstring" => fault.text = xml.text()?,
            "detail" => read_detail(xml, &mut fault)?,
            _ => xml.skip()?,
        }
    }
    if fault.code.is_empty() {
        fault.code = code.rsplit(':').next().unwrap_or_default().to_owned();
    }
    Ok(fault)
}

fn read_detail(xml: &mut Xml, fault: &mut Verdict) -> Result<()> {
    while let Some(element) = xml.child()? {
        match element.name.as_str() {
            "ResponseCode" => fault.code = xml.text()?,
            "MessageXml" => fault.values = read_values(xml)?,
            _ => xml.skip()?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::export_items::ExportItems;

    fn answer(body: &str) -> Answer<<ExportItems as Operation>::Part> {
        let text = format!(
            "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Header><h:ServerVersionInfo \
             MajorVersion='14' MinorVersion='1' MajorBuildNumber='139' Version='V2_9'/></s:Header>\
             <s:Body>{body}</s:Body></s:Envelope>"
        );
        let operation = ExportItems { items: Vec::new() };
        read(&operation, std::io::Cursor::new(text.into_bytes()), &Spool::new(1 << 20)).unwrap()
    }

    #[test]
    fn a_fault_tells_its_code_and_how_long_to_wait() {
        let read = answer(
            "<s:Fault><faultcode xmlns:a='x'>a:ErrorServerBusy</faultcode><faultstring xml:lang='en'>The server cannot \
             service this request right now.</faultstring><detail><e:ResponseCode>ErrorServerBusy</e:ResponseCode>\
             <e:Message>busy</e:Message><t:MessageXml><t:Value Name='BackOffMilliseconds'>297749</t:Value></t:MessageXml>\
             </detail></s:Fault>",
        );
        let Fault(fault) = read.outcome.unwrap_err();
        assert_eq!(fault.code, "ErrorServerBusy");
        assert_eq!(fault.back_off(), Some(Duration::from_millis(297_749)));
        assert_eq!(read.server, Some(Version::Exchange2010Sp1));
    }

    #[test]
    fn a_fault_without_detail_is_known_by_its_fault_code() {
        let read =
            answer("<s:Fault><faultcode>a:ErrorSchemaValidation</faultcode><faultstring>x</faultstring></s:Fault>");
        assert_eq!(read.outcome.unwrap_err().0.code, "ErrorSchemaValidation");
    }

    #[test]
    fn every_message_has_its_own_verdict() {
        let read = answer(
            "<m:ExportItemsResponse><m:ResponseMessages><m:ExportItemsResponseMessage ResponseClass='Success'>\
             <m:ResponseCode>NoError</m:ResponseCode><m:ItemId Id='A'/><m:Data>aGVsbG8=</m:Data>\
             </m:ExportItemsResponseMessage><m:ExportItemsResponseMessage ResponseClass='Error'><m:MessageText>busy\
             </m:MessageText><m:ResponseCode>ErrorServerBusy</m:ResponseCode><m:DescriptiveLinkKey>0\
             </m:DescriptiveLinkKey><m:MessageXml><t:Value Name='BackOffMilliseconds'>5</t:Value></m:MessageXml>\
             </m:ExportItemsResponseMessage></m:ResponseMessages></m:ExportItemsResponse>",
        );
        let messages = read.outcome.unwrap();
        assert!(!messages[0].verdict.is_error() && messages[1].verdict.is_error());
        assert_eq!(messages[1].verdict.back_off(), Some(Duration::from_millis(5)));
        assert_eq!(messages[0].part.as_ref().unwrap().as_ref().unwrap().bytes().unwrap(), "hello");
    }
}
