//! What folders may be called.

use mailmove_core::{Error, ErrorKind, FolderNames, Result};

/// Refuses a path that the rules do not allow.
pub(crate) fn check(path: &[String], rules: &FolderNames) -> Result<()> {
    if path.is_empty() {
        return Err(Error::new(ErrorKind::Refused, "a folder needs a name"));
    }
    path.iter().try_for_each(|name| match fault(name, rules) {
        Some(fault) => Err(Error::new(ErrorKind::Refused, format!("a folder name {fault}")).with("name", name)),
        None => Ok(()),
    })
}

/// The path by which a folder is found: equal for two paths that are the same folder.
pub(super) fn key(path: &[String], rules: &FolderNames) -> Vec<String> {
    if !rules.ignores_case {
        return path.to_vec();
    }
    path.iter().map(|name| name.to_lowercase()).collect()
}

fn fault(name: &str, rules: &FolderNames) -> Option<&'static str> {
    if name.is_empty() {
        Some("is empty")
    } else if name.chars().any(|c| rules.forbidden.contains(&c)) {
        Some("holds a character that is not allowed")
    } else if rules.no_controls && name.chars().any(|c| c.is_ascii_control()) {
        Some("holds a control character")
    } else if rules.trims && name.trim() != name {
        Some("begins or ends with a blank")
    } else if rules.max_chars.is_some_and(|max| name.chars().count() > max) {
        Some("is too long")
    } else {
        None
    }
}
