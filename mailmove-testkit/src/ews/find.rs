//! Restrictions, sort orders and paging windows.

use std::cmp::Ordering;

use super::refusal::Refusal;
use super::show::{self, Style};
use super::state::{Folder, Item, Path, Property};
use super::xml::Node;
use super::{date, mapi};

/// Something that has properties: an item or a folder.
pub(crate) trait Subject {
    /// The texts of a property; none when it is not there.
    fn texts(&self, path: &Path) -> Vec<String>;
}

pub(crate) struct ItemSubject<'a>(pub(crate) &'a Item, pub(crate) Style);

impl Subject for ItemSubject<'_> {
    fn texts(&self, path: &Path) -> Vec<String> {
        show::value_texts(self.0, path, self.1)
    }
}

pub(crate) struct FolderSubject<'a>(pub(crate) &'a Folder);

impl Subject for FolderSubject<'_> {
    fn texts(&self, path: &Path) -> Vec<String> {
        let folder = self.0;
        match (path, path.element()) {
            (Path::Extended(key, kind, _), _) => {
                let property = mapi::of_folder(folder, key).filter(|property: &Property| property.kind == *kind);
                property.map_or_else(Vec::new, |property| property.values)
            }
            (_, Some("DisplayName")) => vec![folder.name.clone()],
            (_, Some("FolderClass")) => vec![folder.class.clone()],
            (_, Some("TotalCount")) => vec![folder.total.to_string()],
            (_, Some("UnreadCount")) => vec![folder.unread.to_string()],
            _ => Vec::new(),
        }
    }
}

/// # Errors
/// When the path leads to something that cannot be searched for.
fn searchable(path: &Path) -> Result<(), Refusal> {
    const NOT: [&str; 8] = [
        "Attachments",
        "MimeContent",
        "ItemId",
        "ParentFolderId",
        "FolderId",
        "EffectiveRights",
        "ResponseObjects",
        "Recurrence",
    ];
    if path.element().is_some_and(|element| NOT.contains(&element)) {
        let words = format!("The property {} cannot be used in a search.", path.uri());
        return Err(Refusal::new("ErrorUnsupportedPathForQuery", words));
    }
    Ok(())
}

/// Whether a search expression is true.
pub(crate) fn matches(expression: &Node, subject: &dyn Subject) -> Result<bool, Refusal> {
    let own = || {
        let path = Path::of(expression)?;
        searchable(&path).map(|()| subject.texts(&path))
    };
    Ok(match expression.name.as_str() {
        "And" | "Or" => {
            let results = expression.children.iter().map(|child| matches(child, subject));
            let results = results.collect::<Result<Vec<_>, _>>()?;
            if expression.name == "And" { results.iter().all(|hit| *hit) } else { results.contains(&true) }
        }
        "Not" => match expression.children.first() {
            Some(inner) => !matches(inner, subject)?,
            None => return Err(Refusal::schema("Not needs an expression")),
        },
        "Exists" => !own()?.is_empty(),
        "Excludes" => {
            let mask = expression.find("Bitmask").and_then(|mask| mask.attribute("Value")).unwrap_or_default();
            let digits = mask.strip_prefix("0x").or_else(|| mask.strip_prefix("0X"));
            let mask = digits.map_or_else(|| mask.parse(), |digits| i64::from_str_radix(digits, 16)).unwrap_or(0);
            own()?.iter().all(|text| text.parse::<i64>().is_ok_and(|number| number & mask == 0))
        }
        "Contains" => {
            let constant =
                expression.find("Constant").and_then(|constant| constant.attribute("Value")).unwrap_or_default();
            let mode = expression.attribute("ContainmentMode").unwrap_or("FullString");
            let exact = matches!(expression.attribute("ContainmentComparison"), None | Some("Exact"));
            own()?.iter().any(|text| contains(text, constant, mode, exact))
        }
        name @ ("IsEqualTo"
        | "IsNotEqualTo"
        | "IsGreaterThan"
        | "IsGreaterThanOrEqualTo"
        | "IsLessThan"
        | "IsLessThanOrEqualTo") => {
            let texts = own()?;
            let other = expression.find("FieldURIOrConstant").and_then(|other| other.children.first());
            let others = match other {
                Some(constant) if constant.name == "Constant" => {
                    vec![constant.attribute("Value").unwrap_or_default().to_owned()]
                }
                Some(path) => subject.texts(&Path::read(path)?),
                None => Vec::new(),
            };
            let hit = |wanted: &dyn Fn(Ordering) -> bool| {
                texts.iter().any(|text| others.iter().any(|other| wanted(compare(text, other))))
            };
            match name {
                "IsEqualTo" => hit(&Ordering::is_eq),
                "IsNotEqualTo" => !hit(&Ordering::is_eq),
                "IsGreaterThan" => hit(&Ordering::is_gt),
                "IsGreaterThanOrEqualTo" => hit(&Ordering::is_ge),
                "IsLessThan" => hit(&Ordering::is_lt),
                _ => hit(&Ordering::is_le),
            }
        }
        other => return Err(Refusal::unsupported(format!("the search expression {other}"))),
    })
}

/// Dates as dates, truths as truths, numbers as numbers, everything else as text in which case does not matter.
pub(crate) fn compare(one: &str, other: &str) -> Ordering {
    if let (Some(one), Some(other)) = (date::parse(one), date::parse(other)) {
        return one.cmp(&other);
    }
    let truth = |text: &str| match text {
        "true" => Some(1.0),
        "false" => Some(0.0),
        _ => text.parse::<f64>().ok(),
    };
    if let (Some(one), Some(other)) = (truth(one), truth(other)) {
        return one.total_cmp(&other);
    }
    one.to_lowercase().cmp(&other.to_lowercase())
}

fn contains(text: &str, constant: &str, mode: &str, exact: bool) -> bool {
    let fold = |text: &str| if exact { text.to_owned() } else { text.to_lowercase() };
    let (text, constant) = (fold(text), fold(constant));
    match mode {
        "FullString" => text == constant,
        "Prefixed" => text.starts_with(&constant),
        "PrefixOnWords" => text.split_whitespace().any(|word| word.starts_with(&constant)),
        _ => text.contains(&constant),
    }
}

/// Sorts by the fields of a SortOrder.
pub(crate) fn sort<T>(list: &mut [T], order: &Node, subject: impl Fn(&T, &Path) -> Vec<String>) -> Result<(), Refusal> {
    let fields = order.children.iter().map(|field| {
        let path = Path::of(field)?;
        searchable(&path).map(|()| (path, field.attribute("Order") == Some("Descending")))
    });
    let fields = fields.collect::<Result<Vec<_>, _>>()?;
    let key = |one: &T, other: &T| {
        fields.iter().fold(Ordering::Equal, |so_far, (path, descending)| {
            so_far.then_with(|| {
                let (one, other) = (subject(one, path), subject(other, path));
                let order = match (one.first(), other.first()) {
                    (Some(one), Some(other)) => compare(one, other),
                    (one, other) => one.is_some().cmp(&other.is_some()),
                };
                if *descending { order.reverse() } else { order }
            })
        })
    };
    list.sort_by(key);
    Ok(())
}

/// The part of a list that an IndexedPageItemView or IndexedPageFolderView shows.
pub(crate) struct Window {
    pub(crate) range: std::ops::Range<usize>,
    /// The offset with which to ask for what comes next.
    pub(crate) next: usize,
    pub(crate) last: bool,
}

impl Window {
    /// The whole list, or as much as the server gives at once.
    pub(crate) fn of(view: Option<&Node>, length: usize, limit: usize) -> Result<Self, Refusal> {
        let number = |name: &str| view.and_then(|view| view.attribute(name)).map(str::parse::<usize>).transpose();
        let invalid = |_| Refusal::new("ErrorInvalidPagingMaxRows", "A paging parameter is invalid.");
        let most = number("MaxEntriesReturned").map_err(invalid)?.unwrap_or(limit).min(limit);
        if most == 0 {
            return Err(Refusal::new("ErrorInvalidPagingMaxRows", "MaxEntriesReturned must not be 0."));
        }
        let offset = number("Offset").map_err(|_| Refusal::new("ErrorInvalidIndexedPagingParameters", "Offset"))?;
        let offset = offset.unwrap_or(0).min(length);
        if view.and_then(|view| view.attribute("BasePoint")) == Some("End") {
            let end = length - offset;
            let start = end.saturating_sub(most);
            return Ok(Self { range: start..end, next: length - start, last: start == 0 });
        }
        let end = (offset + most).min(length);
        Ok(Self { range: offset..end, next: end, last: end == length })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_from_both_ends() {
        let view = |offset: usize, base: &str| {
            Node::t("IndexedPageItemView").attr("MaxEntriesReturned", 4).attr("Offset", offset).attr("BasePoint", base)
        };
        let window = |offset, base: &str| {
            let window = Window::of(Some(&view(offset, base)), 10, 1000).unwrap();
            (window.range, window.next, window.last)
        };
        assert_eq!(window(0, "Beginning"), (0..4, 4, false));
        assert_eq!(window(8, "Beginning"), (8..10, 10, true));
        assert_eq!(window(20, "Beginning"), (10..10, 10, true));
        assert_eq!(window(0, "End"), (6..10, 4, false));
        assert_eq!(window(8, "End"), (0..2, 10, true));
        assert_eq!(Window::of(None, 10, 3).unwrap().range, 0..3);
    }

    #[test]
    fn values_compare_as_what_they_are() {
        assert_eq!(compare("10", "9"), Ordering::Greater);
        assert_eq!(compare("true", "1"), Ordering::Equal);
        assert_eq!(compare("Abc", "aBC"), Ordering::Equal);
        assert_eq!(compare("2026-01-01T00:00:00+01:00", "2025-12-31T23:00:00.000Z"), Ordering::Equal);
    }
}
