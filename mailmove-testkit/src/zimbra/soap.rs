//! Envelopes in both forms: what a request says besides its operation, and the frame of every answer.

use bytes::Bytes;

use super::element::{Element, json_text, parse_json, parse_xml, xml_document};
use super::mistake::Mistake;
use super::op::{self, Context};
use super::refusal::{Refusal, SOAP11, SOAP12};
use super::server::Shared;
use super::state::lock;
use super::trouble::{self, Mishap, Operation};
use super::world::Token;

/// The form of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Soap11,
    Soap12,
    Json,
}

/// A request.
#[derive(Debug)]
pub(crate) struct Envelope {
    /// That of the answer; a request may ask for another than its own.
    pub(crate) answer: Form,
    pub(crate) context: Option<Element>,
    pub(crate) body: Element,
}

impl Envelope {
    /// Reads a request.
    ///
    /// # Errors
    /// With the form to answer in, and a reason.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, (Form, String)> {
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        let (form, root) = if first == Some(&b'{') {
            (Form::Json, parse_json(bytes).map_err(|why| (Form::Json, why))?)
        } else {
            let root = parse_xml(bytes).map_err(|why| (Form::Soap12, why))?;
            (if root.namespace == SOAP11 { Form::Soap11 } else { Form::Soap12 }, root)
        };
        if form != Form::Json && root.namespace != SOAP11 && root.namespace != SOAP12 {
            return Err((form, format!("{} is no envelope", root.name)));
        }
        let context = root.find("Header").and_then(|header| header.find("context")).cloned();
        let body = root.find("Body").and_then(|body| body.children.first());
        let body = body.ok_or((form, "the body is empty".to_owned()))?.clone();
        let wanted =
            context.as_ref().and_then(|context| context.find("format")).and_then(|format| format.value("type"));
        let answer = match wanted.as_deref() {
            Some("js") => Form::Json,
            Some("xml") if form == Form::Json => Form::Soap12,
            _ => form,
        };
        Ok(Self { answer, context, body })
    }

    /// The token that stands in the context.
    pub(crate) fn token(&self) -> Option<String> {
        self.context.as_ref()?.value("authToken").filter(|token| !token.is_empty())
    }

    /// The account that is meant, when it is another than the caller's.
    pub(crate) fn account(&self) -> Option<String> {
        let account = self.context.as_ref()?.find("account")?;
        Some(account.own_text().to_owned()).filter(|text| !text.is_empty()).or_else(|| account.value("_content"))
    }
}

/// An answer in one form, with whether it is a fault.
pub(crate) fn document(form: Form, body: Element, change: Option<i64>) -> Bytes {
    let mut context = Element::of("urn:zimbra", "context");
    if let Some(change) = change {
        context = context.child(Element::single("change").set("token", change));
    }
    let soap = match form {
        Form::Soap11 => SOAP11,
        Form::Soap12 => SOAP12,
        Form::Json => {
            let header = Element::single("Header").child(context);
            let envelope = Element::of("urn:zimbraSoap", "Envelope").child(header);
            return json_text(&envelope.child(Element::single("Body").child(body))).into();
        }
    };
    let header = Element::of(soap, "Header").child(context);
    let envelope = Element::of(soap, "Envelope").child(header).child(Element::of(soap, "Body").child(body));
    xml_document(&envelope).into()
}

/// The fault in one form.
pub(crate) fn fault(form: Form, refusal: &Refusal) -> Element {
    let mut fault = refusal.fault(match form {
        Form::Soap11 => SOAP11,
        Form::Soap12 => SOAP12,
        Form::Json => "",
    });
    fault.single = true;
    fault
}

/// Does what a request asks for: whether it is a fault, and the document.
pub(crate) fn execute(shared: &Shared, envelope: &Envelope, who: Who, administrators: bool) -> (bool, Bytes) {
    let mut world = lock(&shared.world);
    let (mut change, mut mistakes) = (None, Vec::new());
    let result = who.check(envelope, &world).and_then(|(caller, target)| {
        let form = envelope.answer;
        let mut context = Context {
            shared,
            world: &mut world,
            token: who.token.clone(),
            caller,
            target,
            administrators,
            form,
            mistakes: Vec::new(),
        };
        let done = if envelope.body.name == "BatchRequest" {
            Ok(batch(&mut context, &envelope.body))
        } else {
            one(&mut context, &envelope.body)
        };
        change = context.target.map(|target| context.world.mailboxes[target].change);
        mistakes = context.mistakes;
        done
    });
    match result {
        Ok(body) => (false, document(envelope.answer, body, change)),
        Err(refusal) => {
            let mut fault = fault(envelope.answer, &refusal);
            mistakes.iter().for_each(|mistake| mistake.apply(&mut fault));
            let failed = !mistakes.contains(&Mistake::FaultWithStatus200);
            (failed, document(envelope.answer, fault, None))
        }
    }
}

/// One operation, with the troubles that happen to it.
fn one(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let mailbox = context.target.map(|target| context.world.mailboxes[target].address.clone());
    let mishaps = context.shared.troubles.decide(&Operation { name: request.name.clone(), mailbox });
    if mishaps.contains(&Mishap::ExpireToken)
        && let Some(token) = &context.token
    {
        context.world.tokens.remove(token);
    }
    let mut result = match trouble::refusal(&mishaps) {
        Some(refusal) => Err(refusal),
        None => op::execute(context, request),
    };
    for mishap in mishaps {
        if let Mishap::Spoil(mistake) = mishap {
            context.mistakes.push(mistake);
            result.iter_mut().for_each(|answer| mistake.apply(answer));
        }
    }
    result
}

/// The operations of a batch one after the other; faults stand among the answers.
fn batch(context: &mut Context<'_>, request: &Element) -> Element {
    let stops = request.value("onerror").as_deref() == Some("stop");
    let mut answers = Element::of("urn:zimbra", "BatchResponse");
    for inner in &request.children {
        let result = one(context, inner);
        let failed = result.is_err();
        let mut answer = result.unwrap_or_else(|refusal| fault(context.form, &refusal));
        answer.single = false;
        if let Some(id) = inner.value("requestId") {
            answer = answer.set("requestId", id);
        }
        answers = answers.child(answer);
        if failed && stops {
            break;
        }
    }
    answers
}

/// Who asks, as far as the request tells.
#[derive(Debug, Clone, Default)]
pub(crate) struct Who {
    pub(crate) token: Option<String>,
    /// What a token against forged requests has to be, when the request showed one.
    pub(crate) csrf: Option<String>,
}

impl Who {
    /// The caller, and the mailbox that is meant; nobody when no token was shown.
    fn check(
        &self,
        envelope: &Envelope,
        world: &super::world::World,
    ) -> Result<(Option<Token>, Option<usize>), Refusal> {
        let Some(token) = &self.token else { return Ok((None, None)) };
        // Signing in anew is possible with a token that is no longer good.
        let caller = match world.caller(token) {
            Ok(caller) => caller.clone(),
            Err(_) if envelope.body.name == "AuthRequest" => return Ok((None, None)),
            Err(refusal) => return Err(refusal),
        };
        if caller.csrf.is_some() && caller.csrf != self.csrf && envelope.body.name != "AuthRequest" {
            return Err(Refusal::auth_required());
        }
        let Some(name) = envelope.account() else { return Ok((Some(caller.clone()), Some(caller.account))) };
        let target = world.account(&name);
        let target = target.ok_or_else(|| Refusal::denied(format_args!("can not access account {name}")))?;
        if !may_act_as(world, &caller, target) {
            return Err(Refusal::denied(format_args!("can not access account {name}")));
        }
        Ok((Some(caller), Some(target)))
    }
}

/// Whether a caller may do something in the mailbox of this account: its own, one that an administrator may sign in to,
/// or one of whose folders something was granted.
pub(crate) fn may_act_as(world: &super::world::World, caller: &Token, target: usize) -> bool {
    let own = &world.accounts[caller.account].id;
    let shared = || {
        let mut folders = world.mailboxes[target].folders.values();
        folders.any(|folder| folder.grants.iter().any(|grant| grant.zid == *own || grant.kind == "all"))
    };
    caller.account == target || (caller.admin && world.has_right(caller.account, "adminLoginAs", target)) || shared()
}
