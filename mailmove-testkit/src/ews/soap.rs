//! Envelopes: what a request says besides its operation, and the frame of every answer.

use super::mishap::Effect;
use super::op::{self, Context, Outbox, Session};
use super::refusal::Refusal;
use super::schema;
use super::service::Shared;
use super::show::Style;
use super::state::lock;
use super::version::Version;
use super::xml::{self, Node, Ns};

/// A request.
pub(crate) struct Envelope {
    /// X-PublicFolderMailbox of HTTP.
    pub(crate) public: Option<String>,
    pub(crate) headers: Vec<Node>,
    pub(crate) body: Node,
}

/// # Errors
/// When this is no SOAP 1.1 envelope with one operation in its body.
pub(crate) fn read(bytes: &[u8]) -> Result<Envelope, String> {
    let root = xml::parse(bytes)?;
    if (root.ns, root.name.as_str()) != (Ns::Soap, "Envelope") {
        return Err("This is no SOAP 1.1 envelope.".to_owned());
    }
    let (mut headers, mut body) = (Vec::new(), None);
    for child in root.children {
        match (child.ns, child.name.as_str(), &body) {
            (Ns::Soap, "Header", None) => headers = child.children,
            (Ns::Soap, "Body", None) => body = Some(child.children),
            _ => return Err(format!("The element '{}' is not expected in an envelope.", child.name)),
        }
    }
    let mut body = body.unwrap_or_default();
    match body.len() {
        1 => Ok(Envelope { public: None, headers, body: body.swap_remove(0) }),
        _ => Err("The body of the envelope does not hold one operation.".to_owned()),
    }
}

impl Envelope {
    pub(crate) fn header(&self, name: &str) -> Option<&Node> {
        self.headers.iter().find(|header| header.name == name && header.ns == Ns::Types)
    }

    pub(crate) fn version(&self) -> Option<&str> {
        self.header("RequestServerVersion")?.attribute("Version")
    }
}

/// Executes a request.
///
/// # Errors
/// When the request as a whole is refused.
pub(crate) fn execute(shared: &Shared, envelope: &Envelope, session: Session, effect: Effect) -> Result<Node, Refusal> {
    let settings = &shared.settings;
    let version = match envelope.version() {
        None => Version::Exchange2007Sp1,
        Some(name) => {
            let words = format!("The value '{name}' is invalid according to its datatype 'ExchangeVersionType'.");
            Version::named(name).ok_or_else(|| Refusal::schema(&words))?
        }
    };
    // Online takes every name; the others take what they are and what was before them.
    if version > settings.version {
        let words = "The specified server version is invalid.";
        return Err(Refusal::new("ErrorInvalidServerVersion", words));
    }
    // Online has no name of its own: what asks it for 2016 gets Online.
    let version = if version == Version::Exchange2016 { settings.version } else { version };
    for header in &envelope.headers {
        if header.ns == Ns::Types && schema::rules().get(&header.name).is_some() {
            schema::check(header, settings.version).map_err(|why| Refusal::schema(&why))?;
        }
    }
    let mut store = lock(&shared.store);
    if session.mailbox.is_some_and(|mailbox| store.mailboxes[mailbox].version < version) {
        let words = "The requested schema version is not valid for the version of the mailbox.";
        return Err(Refusal::new("ErrorInvalidSchemaVersionForMailboxVersion", words));
    }
    let operation = &envelope.body;
    match Version::of_operation(&operation.name) {
        Some(since) if version >= since && operation.ns == Ns::Messages => {}
        _ => return Err(Refusal::unsupported(format!("the operation {}", operation.name))),
    }
    schema::check(operation, version).map_err(|why| Refusal::schema(&why))?;
    let milliseconds = envelope.header("DateTimePrecision").is_some_and(|precision| precision.text == "Milliseconds");
    let mut context = Context {
        store: &mut store,
        session,
        style: Style { version, milliseconds },
        effect,
        page: settings.page,
        outbox: Outbox::default(),
        done: 0,
        rewrite: settings.rewrite.clone(),
        public: envelope.public.clone(),
    };
    let answer = op::run(&mut context, operation);
    shared.hub.log.sent(context.outbox.messages);
    answer
}

/// The envelope of an answer.
pub(crate) fn envelope(body: Node, version: Version) -> Node {
    let [major, minor, build, revision] = version.build();
    let info = Node::t("ServerVersionInfo")
        .attr("MajorVersion", major)
        .attr("MinorVersion", minor)
        .attr("MajorBuildNumber", build)
        .attr("MinorBuildNumber", revision);
    // 2007 has no name for itself; Online has one that no schema knows.
    let info = match version {
        Version::Exchange2007Sp1 => info,
        Version::Online => info.attr("Version", "V2018_01_08"),
        named => info.attr("Version", named.name()),
    };
    Node::new(Ns::Soap, "Envelope")
        .child(Node::new(Ns::Soap, "Header").child(info))
        .child(Node::new(Ns::Soap, "Body").child(body))
}
