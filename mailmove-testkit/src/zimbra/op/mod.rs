//! The operations.

mod account;
mod action;
mod add_msg;
mod admin;
mod auth;
mod calendar_item;
mod contact;
mod folder;
mod folder_action;
mod info;
mod items;
mod messages;
mod persona;
mod query;
mod rights;
mod search;
mod sync;
mod tag;

pub(crate) use query::Query;

use super::element::Element;
use super::mistake::Mistake;
use super::refusal::Refusal;
use super::rules;
use super::server::Shared;
use super::soap::Form;
use super::state::Mailbox;
use super::world::{Token, World};

/// What an operation works with.
pub(crate) struct Context<'a> {
    pub(crate) shared: &'a Shared,
    pub(crate) world: &'a mut World,
    /// As it was shown.
    pub(crate) token: Option<String>,
    /// Who asks; nobody before the sign-in.
    pub(crate) caller: Option<Token>,
    /// The account whose mailbox is meant.
    pub(crate) target: Option<usize>,
    /// The request came to the administrators' address.
    pub(crate) administrators: bool,
    /// That of the answer.
    pub(crate) form: Form,
    /// What was planted, for a fault that it ends with.
    pub(crate) mistakes: Vec<Mistake>,
}

/// Who may ask.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Anybody,
    User,
    Administrator,
}

type Operation = fn(&mut Context<'_>, &Element) -> Result<Element, Refusal>;

const OPERATIONS: &[(&str, &str, Who, Operation)] = &[
    ("urn:zimbraAccount", "AuthRequest", Who::Anybody, auth::user),
    ("urn:zimbraAccount", "ChangePasswordRequest", Who::Anybody, account::change_password),
    ("urn:zimbraAccount", "EndSessionRequest", Who::User, account::end_session),
    ("urn:zimbraAccount", "GetInfoRequest", Who::User, info::info),
    ("urn:zimbraAccount", "GetVersionInfoRequest", Who::Anybody, info::short_version),
    ("urn:zimbraAccount", "GetPrefsRequest", Who::User, account::preferences),
    ("urn:zimbraAccount", "ModifyPrefsRequest", Who::User, account::modify_preferences),
    ("urn:zimbraAccount", "GetIdentitiesRequest", Who::User, persona::identities),
    ("urn:zimbraAccount", "CreateIdentityRequest", Who::User, persona::create_identity),
    ("urn:zimbraAccount", "GetSignaturesRequest", Who::User, persona::signatures),
    ("urn:zimbraAccount", "CreateSignatureRequest", Who::User, persona::create_signature),
    ("urn:zimbraAccount", "GetShareInfoRequest", Who::User, account::shares),
    ("urn:zimbraAccount", "GetWhiteBlackListRequest", Who::User, account::white_black_list),
    ("urn:zimbraAdmin", "AuthRequest", Who::Anybody, auth::administrator),
    ("urn:zimbraAdmin", "DelegateAuthRequest", Who::Administrator, auth::delegate),
    ("urn:zimbraAdmin", "GetVersionInfoRequest", Who::Administrator, info::version),
    ("urn:zimbraAdmin", "GetAccountRequest", Who::Administrator, admin::get),
    ("urn:zimbraAdmin", "GetAccountInfoRequest", Who::Administrator, admin::info),
    ("urn:zimbraAdmin", "GetAllAccountsRequest", Who::Administrator, admin::all),
    ("urn:zimbraAdmin", "ModifyAccountRequest", Who::Administrator, admin::modify),
    ("urn:zimbraAdmin", "SetPasswordRequest", Who::Administrator, admin::set_password),
    ("urn:zimbraAdmin", "GetMailboxRequest", Who::Administrator, admin::mailbox),
    ("urn:zimbraAdmin", "GetQuotaUsageRequest", Who::Administrator, admin::quotas),
    ("urn:zimbraAdmin", "GrantRightRequest", Who::Administrator, rights::grant),
    ("urn:zimbraAdmin", "RevokeRightRequest", Who::Administrator, rights::revoke),
    ("urn:zimbraAdmin", "CheckRightRequest", Who::Administrator, rights::check),
    ("urn:zimbraAdmin", "GetGrantsRequest", Who::Administrator, rights::list),
    ("urn:zimbraMail", "NoOpRequest", Who::User, info::nothing),
    ("urn:zimbraMail", "GetFolderRequest", Who::User, folder::get),
    ("urn:zimbraMail", "CreateFolderRequest", Who::User, folder::create),
    ("urn:zimbraMail", "CreateMountpointRequest", Who::User, folder::mount),
    ("urn:zimbraMail", "CreateSearchFolderRequest", Who::User, folder::search),
    ("urn:zimbraMail", "FolderActionRequest", Who::User, folder_action::act),
    ("urn:zimbraMail", "CreateTagRequest", Who::User, tag::create),
    ("urn:zimbraMail", "GetTagRequest", Who::User, tag::get),
    ("urn:zimbraMail", "TagActionRequest", Who::User, tag::act),
    ("urn:zimbraMail", "SyncRequest", Who::User, sync::sync),
    ("urn:zimbraMail", "GetModifiedItemsIDsRequest", Who::User, items::modified),
    ("urn:zimbraMail", "SearchRequest", Who::User, search::search),
    ("urn:zimbraMail", "GetItemRequest", Who::User, items::get),
    ("urn:zimbraMail", "ItemActionRequest", Who::User, action::items),
    ("urn:zimbraMail", "AddMsgRequest", Who::User, add_msg::add),
    ("urn:zimbraMail", "SendMsgRequest", Who::User, add_msg::send),
    ("urn:zimbraMail", "GetMsgRequest", Who::User, messages::get),
    ("urn:zimbraMail", "GetMsgMetadataRequest", Who::User, messages::metadata),
    ("urn:zimbraMail", "MsgActionRequest", Who::User, action::messages),
    ("urn:zimbraMail", "CreateContactRequest", Who::User, contact::create),
    ("urn:zimbraMail", "ModifyContactRequest", Who::User, contact::modify),
    ("urn:zimbraMail", "GetContactsRequest", Who::User, contact::get),
    ("urn:zimbraMail", "ContactActionRequest", Who::User, action::contacts),
    ("urn:zimbraMail", "SetAppointmentRequest", Who::User, calendar_item::set_appointment),
    ("urn:zimbraMail", "SetTaskRequest", Who::User, calendar_item::set_task),
    ("urn:zimbraMail", "CreateAppointmentRequest", Who::User, calendar_item::create_appointment),
    ("urn:zimbraMail", "CreateTaskRequest", Who::User, calendar_item::create_task),
    ("urn:zimbraMail", "CreateAppointmentExceptionRequest", Who::User, calendar_item::create_exception),
    ("urn:zimbraMail", "ModifyAppointmentRequest", Who::User, calendar_item::modify),
    ("urn:zimbraMail", "ModifyTaskRequest", Who::User, calendar_item::modify),
    ("urn:zimbraMail", "CancelAppointmentRequest", Who::User, calendar_item::cancel),
    ("urn:zimbraMail", "GetAppointmentRequest", Who::User, calendar_item::get),
    ("urn:zimbraMail", "GetTaskRequest", Who::User, calendar_item::get),
    ("urn:zimbraMail", "GetICalRequest", Who::User, calendar_item::get_ical),
    ("urn:zimbraMail", "ImportAppointmentsRequest", Who::User, calendar_item::import),
    ("urn:zimbraMail", "SaveDocumentRequest", Who::User, items::save_document),
    ("urn:zimbraMail", "GetFilterRulesRequest", Who::User, account::rules),
    ("urn:zimbraMail", "ModifyFilterRulesRequest", Who::User, account::modify_rules),
    ("urn:zimbraMail", "GetOutgoingFilterRulesRequest", Who::User, account::outgoing_rules),
    ("urn:zimbraMail", "ModifyOutgoingFilterRulesRequest", Who::User, account::modify_outgoing_rules),
    ("urn:zimbraMail", "GetDataSourcesRequest", Who::User, account::data_sources),
];

const NOT_IN_CARBONIO: [&str; 5] =
    ["SetTaskRequest", "CreateTaskRequest", "ModifyTaskRequest", "GetTaskRequest", "SaveDocumentRequest"];

/// Does what a request asks for.
pub(crate) fn execute(context: &mut Context<'_>, request: &Element) -> Result<Element, Refusal> {
    let known =
        OPERATIONS.iter().find(|(namespace, name, ..)| *namespace == request.namespace && *name == request.name);
    let missing = !context.shared.settings.version.has_tasks() && NOT_IN_CARBONIO.contains(&request.name.as_str());
    let Some((namespace, name, who, act)) = known.filter(|_| !missing) else {
        context.find(format!("no operation {} in {}", request.name, request.namespace));
        return Err(Refusal::unknown(&request.name));
    };
    let verdict = rules::check(request);
    verdict.unknown.into_iter().for_each(|finding| context.find(finding));
    if let Some(refused) = verdict.refused.first() {
        return Err(Refusal::invalid(refused));
    }
    match (who, &context.caller) {
        (Who::Anybody, _) => {}
        (_, None) => return Err(Refusal::auth_required()),
        (_, Some(caller)) if caller.half => return Err(Refusal::auth_required()),
        (Who::Administrator, Some(caller)) if !caller.admin || !context.administrators => {
            return Err(Refusal::denied("need adequate admin auth token"));
        }
        _ => {}
    }
    let mut answer = act(context, request)?;
    answer.namespace = (*namespace).to_owned();
    answer.name = name.replace("Request", "Response");
    answer.single = true;
    Ok(answer)
}

/// An answer; its name and namespace follow from the request.
fn answer() -> Element {
    Element::single("")
}

impl Context<'_> {
    /// The account that is meant.
    pub(crate) fn target(&self) -> Result<usize, Refusal> {
        self.target.ok_or_else(Refusal::auth_required)
    }

    pub(crate) fn mailbox(&mut self) -> Result<&mut Mailbox, Refusal> {
        let target = self.target()?;
        Ok(&mut self.world.mailboxes[target])
    }

    /// A number that names something in the mailbox, with or without the account's id.
    pub(crate) fn id(&self, text: &str) -> Result<i64, Refusal> {
        let account = &self.world.mailboxes[self.target()?].id;
        let local = text.strip_prefix(account.as_str()).and_then(|rest| rest.strip_prefix(':')).unwrap_or(text);
        local.trim().parse().map_err(|_| Refusal::invalid(format_args!("malformed item ID: {text}")))
    }

    /// The tags that an element names, by `tn` or by `t`.
    pub(crate) fn tags(&mut self, element: &Element) -> Result<Option<Vec<i64>>, Refusal> {
        let mailbox = self.mailbox()?;
        if let Some(names) = element.value("tn") {
            let known = |name: &str| {
                let tag = mailbox.tag_named(name).map(|tag| tag.id);
                tag.ok_or_else(|| Refusal::missing("TAG", name))
            };
            return names_of(&names).iter().map(|name| known(name)).collect::<Result<_, _>>().map(Some);
        }
        let Some(numbers) = element.value("t") else { return Ok(None) };
        let mut tags = Vec::new();
        for number in numbers.split(',').filter(|number| !number.is_empty()) {
            let tag = self.id(number)?;
            let known = self.mailbox()?.tags.contains_key(&tag);
            tags.push(if known { tag } else { return Err(Refusal::missing("TAG", tag)) });
        }
        Ok(Some(tags))
    }
}

/// The tags of these names, which are made where they are missing.
pub(crate) fn tag_list(mailbox: &mut Mailbox, names: &[String]) -> Result<Vec<i64>, Refusal> {
    let mut tags = Vec::new();
    for name in names {
        let known = mailbox.tag_named(name).map(|tag| tag.id);
        tags.push(match known {
            Some(tag) => tag,
            None => mailbox.create_tag(name, 0, None)?,
        });
    }
    Ok(tags)
}

/// The names in a list with commas; a backslash takes the meaning from what follows.
fn names_of(list: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut characters = list.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => names.last_mut().into_iter().for_each(|name| name.extend(characters.next())),
            ',' => names.push(String::new()),
            other => names.last_mut().into_iter().for_each(|name| name.push(other)),
        }
    }
    names.retain(|name| !name.is_empty());
    names
}
