//! What is around every operation: the envelope in its JSON form, many operations in one, and the fault that may come back.

use mailmove_core::{Error, ErrorKind, Result};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};

use super::node::Node;

/// Operations on a mailbox.
pub(crate) const MAIL: &str = "urn:zimbraMail";
/// Operations on an account.
pub(crate) const ACCOUNT: &str = "urn:zimbraAccount";
/// Operations of administrators.
pub(crate) const ADMIN: &str = "urn:zimbraAdmin";

/// One operation: how its request is written and how its answer is read.
pub(crate) trait Operation: Sync {
    /// Its name, without `Request`.
    const NAME: &'static str;
    /// The namespace it belongs to.
    const NAMESPACE: &'static str = MAIL;
    /// What its answer holds.
    type Answer: Send;

    /// The request: attributes and elements.
    fn write(&self) -> Map<String, Value>;

    /// What the element of the answer says.
    fn read(&self, answer: Node<'_>) -> Result<Self::Answer>;
}

/// The fields of a request from a JSON object.
pub(crate) fn fields(object: Value) -> Map<String, Value> {
    match object {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// A whole request with one operation.
pub(crate) fn write<O: Operation>(token: Option<&SecretString>, operation: &O) -> Vec<u8> {
    let mut body = Map::new();
    body.insert(format!("{}Request", O::NAME), Value::Object(request(operation)));
    envelope(token, body)
}

/// A whole request with many operations of a sort, each on its own: one that fails stops no other.
pub(crate) fn write_batch<O: Operation>(token: Option<&SecretString>, operations: &[O]) -> Vec<u8> {
    let numbered = |(number, operation): (usize, &O)| {
        let mut fields = request(operation);
        fields.insert("requestId".to_owned(), number.to_string().into());
        Value::Object(fields)
    };
    let all: Vec<Value> = operations.iter().enumerate().map(numbered).collect();
    let mut batch = fields(json!({ "_jsns": "urn:zimbra", "onerror": "continue" }));
    batch.insert(format!("{}Request", O::NAME), all.into());
    let mut body = Map::new();
    body.insert("BatchRequest".to_owned(), Value::Object(batch));
    envelope(token, body)
}

fn request<O: Operation>(operation: &O) -> Map<String, Value> {
    let mut fields = operation.write();
    fields.insert("_jsns".to_owned(), O::NAMESPACE.into());
    fields
}

fn envelope(token: Option<&SecretString>, body: Map<String, Value>) -> Vec<u8> {
    let agent = json!({ "name": "mailmove", "version": env!("CARGO_PKG_VERSION") });
    let mut context = json!({ "_jsns": "urn:zimbra", "userAgent": agent, "format": { "type": "js" } });
    if let Some(token) = token {
        context["authToken"] = json!({ "_content": token.expose_secret() });
    }
    // A value of texts and numbers alone can always be written.
    serde_json::to_vec(&json!({ "Header": { "context": context }, "Body": body })).unwrap_or_default()
}

/// What a fault says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fault {
    /// `mail.NO_SUCH_ITEM` and about a hundred others.
    pub(crate) code: String,
    /// For people.
    pub(crate) reason: String,
    /// Typed facts by name.
    pub(crate) arguments: Vec<(String, String)>,
}

impl Fault {
    fn read(fault: Node<'_>) -> Self {
        let error = fault.child("Detail").and_then(|detail| detail.child("Error"));
        let code = error.and_then(|error| error.child_text("Code")).unwrap_or_default().into_owned();
        let reason = fault.child("Reason").and_then(|reason| reason.child_text("Text"));
        let arguments = error.into_iter().flat_map(|error| error.children("a"));
        let arguments =
            arguments.filter_map(|one| Some((one.text("n")?.into_owned(), one.content()?.into_owned()))).collect();
        Self { code, reason: reason.unwrap_or_default().into_owned(), arguments }
    }
}

/// An answer: what the server said of one operation.
pub(crate) fn read<O: Operation>(operation: &O, bytes: &[u8]) -> Result<Result<O::Answer, Fault>> {
    let answer = parse(bytes)?;
    let body = body(&answer)?;
    if let Some(fault) = body.child("Fault") {
        return Ok(Err(Fault::read(fault)));
    }
    let name = format!("{}Response", O::NAME);
    let node = body.child(&name).ok_or_else(|| no_answer("the answer is to another question"))?;
    operation.read(node).map(Ok)
}

/// What the server said of each operation of a batch; `None` where it said nothing.
pub(crate) type Verdicts<T> = Vec<Option<Result<T, Fault>>>;

/// An answer to a batch, or why nothing of it was done.
pub(crate) fn read_batch<O: Operation>(operations: &[O], bytes: &[u8]) -> Result<Result<Verdicts<O::Answer>, Fault>> {
    let answer = parse(bytes)?;
    let body = body(&answer)?;
    if let Some(fault) = body.child("Fault") {
        return Ok(Err(Fault::read(fault)));
    }
    let batch = body.child("BatchResponse").ok_or_else(|| no_answer("the answer is to another question"))?;
    let mut verdicts: Verdicts<O::Answer> = operations.iter().map(|_| None).collect();
    let number = |node: Node<'_>| node.text("requestId").and_then(|text| text.parse::<usize>().ok());
    for node in batch.children(&format!("{}Response", O::NAME)) {
        if let Some((at, operation)) = number(node).and_then(|at| Some((at, operations.get(at)?))) {
            verdicts[at] = Some(Ok(operation.read(node)?));
        }
    }
    for node in batch.children("Fault") {
        if let Some(place) = number(node).and_then(|at| verdicts.get_mut(at)) {
            *place = Some(Err(Fault::read(node)));
        }
    }
    Ok(Ok(verdicts))
}

fn parse(bytes: &[u8]) -> Result<Value> {
    serde_json::from_slice(bytes)
        .map_err(|error| Error::new(ErrorKind::Protocol, "the answer is no answer of Zimbra").because(error))
}

fn body(answer: &Value) -> Result<Node<'_>> {
    Node::new(answer).child("Body").ok_or_else(|| no_answer("the answer has no body"))
}

fn no_answer(message: &str) -> Error {
    Error::new(ErrorKind::Protocol, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct NoOp;

    impl Operation for NoOp {
        const NAME: &'static str = "NoOp";
        type Answer = String;

        fn write(&self) -> Map<String, Value> {
            fields(json!({ "wait": "0" }))
        }

        fn read(&self, answer: Node<'_>) -> Result<String> {
            Ok(answer.string("said"))
        }
    }

    #[test]
    fn a_request_carries_its_token_and_its_namespace() {
        let token = SecretString::from("0_abc");
        let value: Value = serde_json::from_slice(&write(Some(&token), &NoOp)).unwrap();
        assert_eq!(value["Header"]["context"]["authToken"]["_content"], "0_abc");
        assert_eq!(value["Body"]["NoOpRequest"], json!({ "wait": "0", "_jsns": MAIL }));
        let value: Value = serde_json::from_slice(&write_batch(None, &[NoOp, NoOp])).unwrap();
        assert!(value["Header"]["context"].get("authToken").is_none());
        assert_eq!(value["Body"]["BatchRequest"]["NoOpRequest"][1]["requestId"], "1");
    }

    #[test]
    fn a_fault_tells_its_code_and_its_facts() {
        let text = json!({ "Body": { "Fault": {
            "Code": { "Value": "soap:Sender" },
            "Reason": { "Text": "no such item: 7" },
            "Detail": { "Error": { "Code": "mail.NO_SUCH_ITEM", "Trace": "t", "a": [{ "n": "itemId", "_content": "7" }] } },
        } } });
        let fault = read(&NoOp, text.to_string().as_bytes()).unwrap().unwrap_err();
        assert_eq!((fault.code.as_str(), fault.reason.as_str()), ("mail.NO_SUCH_ITEM", "no such item: 7"));
        assert_eq!(fault.arguments, [("itemId".to_owned(), "7".to_owned())]);
    }

    #[test]
    fn answers_of_a_batch_go_to_whom_they_belong() {
        let text = json!({ "Body": { "BatchResponse": {
            "NoOpResponse": [{ "requestId": "2", "said": "third" }, { "requestId": "0", "said": "first" }],
            "Fault": [{ "requestId": "1", "Detail": { "Error": { "Code": "service.FAILURE" } } }],
        } } });
        let operations = [NoOp, NoOp, NoOp, NoOp];
        let verdicts = read_batch(&operations, text.to_string().as_bytes()).unwrap().unwrap();
        assert_eq!(verdicts[0], Some(Ok("first".to_owned())));
        assert_eq!(verdicts[1].as_ref().unwrap().as_ref().unwrap_err().code, "service.FAILURE");
        assert_eq!(verdicts[2], Some(Ok("third".to_owned())));
        assert_eq!(verdicts[3], None);
    }

    #[test]
    fn what_is_no_answer_is_a_mistake_of_the_server() {
        for text in ["<html>", "{}", r#"{"Body":{"OtherResponse":{}}}"#] {
            assert_eq!(read(&NoOp, text.as_bytes()).unwrap_err().kind(), ErrorKind::Protocol);
        }
    }
}
