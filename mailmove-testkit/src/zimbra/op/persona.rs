//! Signatures and identities.

use super::{Context, answer};
use crate::zimbra::element::Element;
use crate::zimbra::refusal::Refusal;
use crate::zimbra::world::{Identity, Signature};

pub(super) fn identity(identity: &Identity) -> Element {
    let mut element = Element::new("identity").set("name", &identity.name).set("id", &identity.id);
    for (name, value) in &identity.attributes {
        element = element.pair("a", "name", name, value);
    }
    element
}

pub(super) fn signature(signature: &Signature) -> Element {
    let element = Element::new("signature").set("name", &signature.name).set("id", &signature.id);
    element.child(Element::new("content").set("type", &signature.kind).text(signature.text.as_str()))
}

pub(super) fn identities(context: &mut Context<'_>, _: &Element) -> Result<Element, Refusal> {
    let target = context.target()?;
    Ok(answer().children(context.world.accounts[target].identities.iter().map(identity)))
}

pub(super) fn signatures(context: &mut Context<'_>, _: &Element) -> Result<Element, Refusal> {
    let target = context.target()?;
    Ok(answer().children(context.world.accounts[target].signatures.iter().map(signature)))
}

pub(super) fn create_signature(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let target = context.target()?;
    let wanted = request.find("signature").ok_or_else(|| Refusal::invalid("missing required element: signature"))?;
    let name = wanted.value("name").ok_or_else(|| Refusal::invalid("missing required attribute: name"))?;
    if context.world.accounts[target].signatures.iter().any(|there| there.name == name) {
        let words = format!("signature already exists: {name}");
        return Err(Refusal::new("account.SIGNATURE_EXISTS", words));
    }
    let id = context.world.word("signature");
    let content = wanted.find("content");
    let kind = content.and_then(|content| content.value("type")).unwrap_or_else(|| "text/plain".to_owned());
    let text = content.map(|content| content.own_text().to_owned()).unwrap_or_default();
    context.world.accounts[target].signatures.push(Signature { id: id.clone(), name: name.clone(), kind, text });
    Ok(answer().child(Element::new("signature").set("name", name).set("id", id)))
}

pub(super) fn create_identity(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let target = context.target()?;
    let wanted = request.find("identity").ok_or_else(|| Refusal::invalid("missing required element: identity"))?;
    let name = wanted.value("name").ok_or_else(|| Refusal::invalid("missing required attribute: name"))?;
    if context.world.accounts[target].identities.iter().any(|there| there.name == name) {
        return Err(Refusal::new("account.IDENTITY_EXISTS", format!("identity already exists: {name}")));
    }
    let id = context.world.word("identity");
    let attributes = wanted.all("a").filter_map(|a| Some((a.value("name")?, a.own_text().to_owned())));
    let made = Identity { id, name, attributes: attributes.collect() };
    let shown = identity(&made);
    context.world.accounts[target].identities.push(made);
    Ok(answer().child(shown))
}
