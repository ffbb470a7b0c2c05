//! LIST and its relatives.

use super::{Command, Cursor, Malformed, Parsed};

/// What STATUS can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StatusItem {
    Messages,
    Recent,
    UidNext,
    UidValidity,
    Unseen,
    HighestModSeq,
    Size,
    MailboxId,
}

/// LIST with everything RFC 5258 added.
#[derive(Debug, Clone, Default)]
pub(crate) struct ListCommand {
    /// Reference and pattern joined.
    pub(crate) patterns: Vec<String>,
    /// Written in the extended form, even if nothing of it was used.
    pub(crate) extended: bool,
    pub(crate) only_subscribed: bool,
    pub(crate) only_special: bool,
    pub(crate) recursive: bool,
    pub(crate) returns: ListReturn,
}

/// RETURN (…).
#[derive(Debug, Clone, Default)]
pub(crate) struct ListReturn {
    pub(crate) subscribed: bool,
    pub(crate) children: bool,
    pub(crate) special_use: bool,
    pub(crate) status: Vec<StatusItem>,
}

pub(super) fn list(c: &mut Cursor<'_>) -> Parsed<Command> {
    let mut command = ListCommand::default();
    c.space()?;
    if c.peek() == Some(b'(') {
        command.extended = true;
        let options = c.list(|c| Ok(option(c)?.to_ascii_uppercase()))?;
        for option in options {
            match option.as_str() {
                "SUBSCRIBED" => command.only_subscribed = true,
                "SPECIAL-USE" => command.only_special = true,
                "RECURSIVEMATCH" => command.recursive = true,
                "REMOTE" => {}
                _ => return Err(Malformed("Unknown LIST selection option")),
            }
        }
        if command.recursive && !command.only_subscribed && !command.only_special {
            return Err(Malformed("RECURSIVEMATCH needs another selection option"));
        }
        c.space()?;
    }
    let reference = c.astring()?;
    c.space()?;
    let patterns = if c.peek() == Some(b'(') {
        command.extended = true;
        c.list(Cursor::pattern)?
    } else {
        vec![c.pattern()?]
    };
    command.patterns = patterns.into_iter().map(|pattern| format!("{reference}{pattern}")).collect();
    if !c.at_end() {
        command.extended = true;
        c.space()?;
        if !c.keyword("RETURN") {
            return Err(Malformed("Expected RETURN"));
        }
        c.space()?;
        let mut returns = ListReturn::default();
        c.list(|c| return_option(c, &mut returns))?;
        command.returns = returns;
    }
    command.returns.subscribed |= command.only_subscribed;
    Ok(Command::List(command))
}

fn return_option(c: &mut Cursor<'_>, returns: &mut ListReturn) -> Parsed<()> {
    match option(c)?.to_ascii_uppercase().as_str() {
        "SUBSCRIBED" => returns.subscribed = true,
        "CHILDREN" => returns.children = true,
        "SPECIAL-USE" => returns.special_use = true,
        "STATUS" => {
            c.space()?;
            returns.status = c.list(status_item)?;
        }
        _ => return Err(Malformed("Unknown LIST return option")),
    }
    Ok(())
}

fn option<'a>(c: &mut Cursor<'a>) -> Parsed<&'a str> {
    c.run(|byte| byte.is_ascii_alphabetic() || byte == b'-', "Expected a LIST option")
}

pub(super) fn reference_and_pattern(c: &mut Cursor<'_>) -> Parsed<String> {
    c.space()?;
    let reference = c.astring()?;
    c.space()?;
    Ok(reference + &c.pattern()?)
}

pub(super) fn status_item(c: &mut Cursor<'_>) -> Parsed<StatusItem> {
    match c.atom()?.to_ascii_uppercase().as_str() {
        "MESSAGES" => Ok(StatusItem::Messages),
        "RECENT" => Ok(StatusItem::Recent),
        "UIDNEXT" => Ok(StatusItem::UidNext),
        "UIDVALIDITY" => Ok(StatusItem::UidValidity),
        "UNSEEN" => Ok(StatusItem::Unseen),
        "HIGHESTMODSEQ" => Ok(StatusItem::HighestModSeq),
        "SIZE" => Ok(StatusItem::Size),
        "MAILBOXID" => Ok(StatusItem::MailboxId),
        _ => Err(Malformed("Unknown STATUS item")),
    }
}
