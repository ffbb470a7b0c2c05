//! Which source folder goes into which destination folder.

use std::collections::{HashMap, HashSet};

use mailmove_core::{Folder, FolderId, FolderNames, Role};

use crate::ledger::FolderRow;
use crate::rules::Rules;

/// A source folder with the path it goes to.
#[derive(Debug, Clone)]
pub(crate) struct Mapped {
    pub(crate) folder: Folder,
    pub(crate) target: Vec<String>,
    /// The destination's folder, when it is there already.
    pub(crate) existing: Option<Folder>,
    /// Why the target has another name than the source, in words.
    pub(crate) note: Option<String>,
    /// No route carries what it holds: it is read, for its items are counted as lost, and it is not made there.
    pub(crate) nowhere: bool,
}

/// A source folder that is left out.
#[derive(Debug, Clone)]
pub(crate) struct Skipped {
    pub(crate) path: Vec<String>,
    pub(crate) reason: &'static str,
    pub(crate) items: Option<u64>,
}

/// Maps the whole tree. Folders that the ledger knows keep their target: mapping is sticky.
pub(crate) fn map_folders(
    rules: &Rules,
    source: &[Folder],
    destination: &[Folder],
    names: &FolderNames,
    known: &[FolderRow],
) -> (Vec<Mapped>, Vec<Skipped>) {
    let sticky: HashMap<&FolderId, &FolderRow> =
        known.iter().filter(|row| row.target.is_some()).map(|row| (&row.id, row)).collect();
    let there: HashMap<Vec<String>, &Folder> =
        destination.iter().map(|folder| (fold(names, &folder.path), folder)).collect();
    let mut roles = RoleMap::new(rules, source, destination);
    let mut taken: HashSet<Vec<String>> = HashSet::new();
    let (mut mapped, mut skipped) = (Vec::new(), Vec::new());

    for folder in source {
        if !folder.holds_items() {
            continue;
        }
        if let Some(reason) = skips(rules, folder) {
            skipped.push(Skipped { path: folder.path.clone(), reason, items: folder.items });
            continue;
        }
        let asked = explicit(rules, &folder.path);
        let wished = asked.clone().unwrap_or_else(|| roles.target(&folder.path));
        let wished: Vec<String> = rules.below.iter().cloned().chain(wished).collect();
        let (mut target, mut note) = (fit_path(names, &wished), None);
        if target != wished {
            note = Some(format!("\"{}\" cannot be a folder name there", wished.join("/")));
        } else if target != folder.path {
            note = Some(if asked.is_some() { "mapped by rule" } else { "folder of the same role" }.to_owned());
        }
        match sticky.get(&folder.id) {
            Some(row) => {
                if row.target_path != target {
                    note = Some(format!("kept from an earlier run; the rules now say \"{}\"", target.join("/")));
                } else if row.path != folder.path {
                    note = Some(format!("renamed at the source, was \"{}\"", row.path.join("/")));
                }
                target = row.target_path.clone();
            }
            // Two folders run into one only when somebody said so.
            None if asked.is_none() => {
                if let Some(free) = free_name(names, &target, &taken) {
                    note = Some(format!("another folder goes to \"{}\"", target.join("/")));
                    target = free;
                }
            }
            None => {}
        }
        taken.insert(fold(names, &target));
        let existing = there.get(&fold(names, &target)).filter(|folder| folder.holds_items()).map(|f| (*f).clone());
        if let Some(existing) = &existing {
            target = existing.path.clone();
        }
        mapped.push(Mapped { folder: folder.clone(), target, existing, note, nowhere: false });
    }
    (mapped, skipped)
}

fn skips(rules: &Rules, folder: &Folder) -> Option<&'static str> {
    if !rules.reads(&folder.path) {
        return Some("left out by rule");
    }
    if !folder.kinds.iter().any(|kind| rules.moves(*kind)) {
        return Some("its kinds are left out by rule");
    }
    let role = folder.role.filter(|role| rules.skip_roles.contains(role) && !rules.names(&folder.path))?;
    Some(match role {
        Role::All | Role::Flagged | Role::Important => "a view of messages in other folders",
        _ => "its role is left out by rule",
    })
}

/// The longest explicit mapping that fits.
fn explicit(rules: &Rules, path: &[String]) -> Option<Vec<String>> {
    let best = rules.map.iter().filter(|map| path.starts_with(&map.from)).max_by_key(|map| map.from.len())?;
    Some(best.to.iter().chain(&path[best.from.len()..]).cloned().collect())
}

/// Where folders with roles, and what is below them, go.
struct RoleMap {
    moved: Vec<(Vec<String>, Vec<String>)>,
}

impl RoleMap {
    fn new(rules: &Rules, source: &[Folder], destination: &[Folder]) -> Self {
        let mut moved = Vec::new();
        for role in source.iter().filter_map(|folder| folder.role).filter(|_| rules.map_roles) {
            // A role that stands twice on a side says nothing.
            let (Some(from), Some(to)) = (only(source, role), only(destination, role)) else { continue };
            if from.path != to.path {
                moved.push((from.path.clone(), to.path.clone()));
            }
        }
        Self { moved }
    }

    fn target(&mut self, path: &[String]) -> Vec<String> {
        let best = self.moved.iter().filter(|(from, _)| path.starts_with(from)).max_by_key(|(from, _)| from.len());
        match best {
            Some((from, to)) => to.iter().chain(&path[from.len()..]).cloned().collect(),
            None => path.to_vec(),
        }
    }
}

fn only(folders: &[Folder], role: Role) -> Option<&Folder> {
    let mut with_role = folders.iter().filter(|folder| folder.role == Some(role));
    with_role.next().filter(|_| with_role.next().is_none())
}

/// A path in names that the destination takes. Characters it does not take become their full-width twins
/// (U+FF01 to U+FF5E), which look alike, stand in every server's names, and can be turned back. A blank becomes its picture
/// (U+2420): who trims blanks trims wide ones too.
pub(crate) fn fit_path(names: &FolderNames, path: &[String]) -> Vec<String> {
    path.iter().map(|name| fit_name(names, name)).collect()
}

fn fit_name(names: &FolderNames, name: &str) -> String {
    let last = name.chars().count().saturating_sub(1);
    let mut fitted: String = name
        .chars()
        .enumerate()
        .map(|(at, c)| {
            let edge = names.trims && (at == 0 || at == last) && c == ' ';
            match c {
                ' ' if edge || names.forbidden.contains(&c) => '\u{2420}',
                '!'..='~' if names.forbidden.contains(&c) => char::from_u32(c as u32 + 0xfee0).unwrap_or('_'),
                c if names.forbidden.contains(&c) => '_',
                // Pictures of control characters: U+2400 and on.
                c if names.no_controls && c.is_ascii_control() => {
                    char::from_u32(0x2400 + (c as u32).min(0x21)).unwrap_or('_')
                }
                c => c,
            }
        })
        .collect();
    if let Some(limit) = names.max_chars
        && fitted.chars().count() > limit
    {
        fitted = fitted.chars().take(limit).collect();
    }
    fitted
}

/// Paths that are the same folder have the same folded path.
fn fold(names: &FolderNames, path: &[String]) -> Vec<String> {
    path.iter()
        .enumerate()
        .map(|(at, name)| match at {
            // RFC 3501, 5.1: the name INBOX is the same in any case.
            0 if name.eq_ignore_ascii_case("INBOX") => "INBOX".to_owned(),
            _ if names.ignores_case => name.to_lowercase(),
            _ => name.clone(),
        })
        .collect()
}

/// The first free name beside a taken one; `None` when it is not taken.
fn free_name(names: &FolderNames, path: &[String], taken: &HashSet<Vec<String>>) -> Option<Vec<String>> {
    if !taken.contains(&fold(names, path)) {
        return None;
    }
    let (last, parents) = path.split_last()?;
    (2..)
        .map(|n| parents.iter().cloned().chain([format!("{last} ({n})")]).collect())
        .find(|candidate: &Vec<String>| !taken.contains(&fold(names, candidate)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(path: &[&str], role: Option<Role>) -> Folder {
        let path: Vec<String> = path.iter().map(|name| (*name).to_owned()).collect();
        let mut folder = Folder::new(path.join("/"), path);
        folder.role = role;
        folder
    }

    fn targets(rules: &Rules, source: &[Folder], destination: &[Folder], names: &FolderNames) -> Vec<String> {
        let (mapped, _) = map_folders(rules, source, destination, names, &[]);
        mapped.iter().map(|mapped| mapped.target.join("/")).collect()
    }

    #[test]
    fn a_role_leads_to_the_folder_of_that_role_and_children_follow() {
        let source = [folder(&["Gesendet"], Some(Role::Sent)), folder(&["Gesendet", "2024"], None)];
        let destination = [folder(&["Sent Items"], Some(Role::Sent))];
        let names = FolderNames::default();
        assert_eq!(targets(&Rules::default(), &source, &destination, &names), ["Sent Items", "Sent Items/2024"]);
        let rules = Rules { map_roles: false, ..Rules::default() };
        assert_eq!(targets(&rules, &source, &destination, &names), ["Gesendet", "Gesendet/2024"]);
    }

    #[test]
    fn names_that_do_not_fit_become_lookalikes_and_never_run_together() {
        let mut names = FolderNames::default();
        names.forbidden = vec!['.'];
        names.ignores_case = true;
        names.trims = true;
        let source = [folder(&["a.b"], None), folder(&["News"], None), folder(&["NEWS"], None), folder(&[" x "], None)];
        let expected = ["a\u{ff0e}b", "News", "NEWS (2)", "\u{2420}x\u{2420}"];
        assert_eq!(targets(&Rules::default(), &source, &[], &names), expected);
    }

    #[test]
    fn a_view_is_left_out_unless_it_is_named() {
        let source = [folder(&["All"], Some(Role::All))];
        assert!(targets(&Rules::default(), &source, &[], &FolderNames::default()).is_empty());
        let rules = Rules { include: vec![crate::rules::FolderPattern::new("All")], ..Rules::default() };
        assert_eq!(targets(&rules, &source, &[], &FolderNames::default()), ["All"]);
    }
}
