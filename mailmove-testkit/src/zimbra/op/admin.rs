//! What administrators ask about accounts.

use super::{Context, account, answer};
use crate::zimbra::element::Element;
use crate::zimbra::refusal::Refusal;
use crate::zimbra::world::Rank;

impl Context<'_> {
    /// The account that an element names, if the administrator has this right on it.
    fn account_with_right(&self, element: Option<&Element>, right: &str) -> Result<usize, Refusal> {
        let element = element.ok_or_else(|| Refusal::invalid("missing required element: account"))?;
        let name = element.own_text().trim().to_owned();
        self.named_with_right(&name, right)
    }

    fn named_with_right(&self, name: &str, right: &str) -> Result<usize, Refusal> {
        let caller = self.caller.as_ref().map(|caller| caller.account).ok_or_else(Refusal::auth_required)?;
        let Some(number) = self.world.account(name) else {
            return Err(Refusal::new("account.NO_SUCH_ACCOUNT", format!("no such account: {name}")));
        };
        if self.world.has_right(caller, right, number) {
            Ok(number)
        } else {
            Err(Refusal::denied(format_args!("need right: {right} for account {name}")))
        }
    }
}

/// All attributes of an account, or those that are asked for.
fn shown(context: &Context<'_>, number: usize, wanted: &[String]) -> Element {
    let (known, mailbox) = (&context.world.accounts[number], &context.world.mailboxes[number]);
    let mut element = Element::new("account").set("name", &known.address).set("id", &known.id);
    let rank = |rank: Rank| if known.rank == rank { "TRUE" } else { "FALSE" }.to_owned();
    let fixed = [
        ("zimbraId", known.id.clone()),
        ("zimbraMailQuota", mailbox.quota.to_string()),
        ("zimbraAuthTokenValidityValue", known.validity.to_string()),
        ("zimbraIsAdminAccount", rank(Rank::Global)),
        ("zimbraIsDelegatedAdminAccount", rank(Rank::Delegated)),
        ("zimbraMailHost", "mail.example.org".to_owned()),
    ];
    let all = known
        .attributes
        .iter()
        .flat_map(|(name, values)| values.iter().map(move |value| (name.as_str(), value.clone())));
    for (name, value) in fixed.into_iter().chain(all.filter(|(name, _)| *name != "zimbraAuthTokenValidityValue")) {
        if wanted.is_empty() || wanted.iter().any(|one| one == name) {
            element = element.pair("a", "n", name, &value);
        }
    }
    element
}

pub(super) fn get(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let number = context.account_with_right(request.find("account"), "getAccount")?;
    let wanted = request.value("attrs").unwrap_or_default();
    let wanted: Vec<String> = wanted.split(',').filter(|one| !one.is_empty()).map(str::to_owned).collect();
    Ok(answer().child(shown(context, number, &wanted)))
}

pub(super) fn info(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let number = context.account_with_right(request.find("account"), "getAccountInfo")?;
    let known = &context.world.accounts[number];
    let url = &context.shared.url;
    let element = answer().content("name", &known.address).pair("a", "n", "zimbraId", &known.id);
    let element = element.pair("a", "n", "zimbraMailHost", "mail.example.org");
    Ok(element.content("soapURL", format!("{url}/service/soap/")).content("publicMailURL", url))
}

pub(super) fn modify(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let id = request.value("id").ok_or_else(|| Refusal::invalid("missing required attribute: id"))?;
    let number = context.named_with_right(&id, "modifyAccount")?;
    let changes = account::changes(request, "a", "n")?;
    account::apply(context, number, &changes);
    Ok(answer().child(shown(context, number, &[])))
}

pub(super) fn set_password(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let id = request.value("id").ok_or_else(|| Refusal::invalid("missing required attribute: id"))?;
    let number = context.named_with_right(&id, "setAccountPassword")?;
    let new =
        request.value("newPassword").ok_or_else(|| Refusal::invalid("missing required attribute: newPassword"))?;
    context.world.accounts[number].password = Some(new);
    context.world.accounts[number].validity += 1;
    Ok(answer())
}

/// The size of one mailbox.
pub(super) fn mailbox(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let spec = request.find("mbox").ok_or_else(|| Refusal::invalid("missing required element: mbox"))?;
    let id = spec.value("id").ok_or_else(|| Refusal::invalid("missing required attribute: id"))?;
    let number = context.named_with_right(&id, "getMailboxInfo")?;
    let mailbox = &context.world.mailboxes[number];
    Ok(answer().child(Element::new("mbox").set("mbxid", number + 1).set("id", &mailbox.id).set("s", mailbox.used)))
}

/// Sizes and quotas of many mailboxes.
pub(super) fn quotas(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let caller = context.caller.as_ref().map(|caller| caller.account).ok_or_else(Refusal::auth_required)?;
    let domain = request.value("domain").map(|domain| format!("@{}", domain.to_lowercase()));
    let fits = |address: &str| domain.as_ref().is_none_or(|domain| address.ends_with(domain));
    let all = context.world.accounts.iter().enumerate().filter(|(_, account)| fits(&account.address));
    let all: Vec<usize> = all.map(|(number, _)| number).collect();
    if let Some(denied) = all.iter().find(|number| !context.world.has_right(caller, "getDomainQuotaUsage", **number)) {
        let address = &context.world.accounts[*denied].address;
        return Err(Refusal::denied(format_args!("need right: getDomainQuotaUsage for account {address}")));
    }
    let number = |name: &str| request.number(name).and_then(|number| usize::try_from(number).ok());
    let (offset, limit) =
        (number("offset").unwrap_or(0), number("limit").filter(|limit| *limit > 0).unwrap_or(usize::MAX));
    let page: Vec<usize> = all.iter().copied().skip(offset).take(limit).collect();
    let more = offset.saturating_add(page.len()) < all.len();
    let shown = page.iter().map(|number| {
        let (account, mailbox) = (&context.world.accounts[*number], &context.world.mailboxes[*number]);
        let element = Element::new("account").set("name", &account.address).set("id", &account.id);
        element.set("used", mailbox.used).set("limit", mailbox.quota)
    });
    Ok(answer().set("more", more).set("searchTotal", all.len()).children(shown))
}

/// All accounts.
pub(super) fn all(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let caller = context.caller.as_ref().map(|caller| caller.account).ok_or_else(Refusal::auth_required)?;
    let domain = request.find("domain").map(|domain| format!("@{}", domain.own_text().to_lowercase()));
    let numbers = (0..context.world.accounts.len()).filter(|number| {
        let address = &context.world.accounts[*number].address;
        context.world.has_right(caller, "listAccount", *number)
            && domain.as_ref().is_none_or(|domain| address.ends_with(domain))
    });
    let shown: Vec<Element> = numbers.map(|number| shown(context, number, &[])).collect();
    Ok(answer().children(shown))
}
