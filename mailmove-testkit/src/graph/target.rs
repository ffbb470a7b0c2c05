//! What the path of a request means.

/// Names behind which a key stands.
const COLLECTIONS: [&str; 27] = [
    "users",
    "mailFolders",
    "childFolders",
    "messages",
    "attachments",
    "contactFolders",
    "contacts",
    "calendarGroups",
    "calendars",
    "events",
    "instances",
    "exceptionOccurrences",
    "lists",
    "tasks",
    "checklistItems",
    "linkedResources",
    "messageRules",
    "masterCategories",
    "mailboxes",
    "folders",
    "items",
    "applications",
    "servicePrincipals",
    "appRoleAssignedTo",
    "appRoleAssignments",
    "attachmentSessions",
    "calendarView",
];
/// Segments that are no keys even there.
const NO_KEYS: [&str; 9] = [
    "delta",
    "$count",
    "$value",
    "createUploadSession",
    "$ref",
    "move",
    "copy",
    "permanentDelete",
    "createImportSession",
];

/// A path: where it begins, what it names with its keys left out, and the keys.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Target {
    /// `users`, `me`, `admin/exchange/mailboxes`, `$batch`, or the first segment of another path.
    pub(crate) root: String,
    /// The user or the mailbox.
    pub(crate) owner: String,
    /// `mailFolders/{id}/messages`.
    pub(crate) template: String,
    pub(crate) keys: Vec<String>,
    /// The folder that an item is asked for in, where the item has to be in it.
    pub(crate) above: Option<String>,
}

impl Target {
    /// Reads a path behind `/v1.0` or `/beta`, as it was sent.
    pub(crate) fn read(path: &str) -> Self {
        let mut segments: Vec<(String, bool)> = Vec::new();
        let mut after_collection = false;
        for raw in path.split('/').filter(|segment| !segment.is_empty()) {
            let segment = super::query::unescaped(raw, false);
            for (name, key) in keyed(&segment) {
                let name = name.strip_prefix("microsoft.graph.").unwrap_or(&name).to_owned();
                let is_key = key || after_collection && !NO_KEYS.contains(&name.as_str());
                after_collection = !is_key && COLLECTIONS.contains(&name.as_str());
                segments.push((name, is_key));
            }
        }
        let mut target = Self::default();
        let mut rest = &segments[..];
        let names = |at: usize| segments.get(at).map_or("", |(name, _)| name.as_str());
        match names(0) {
            "users" => {
                (target.root, target.owner) = ("users".to_owned(), names(1).to_owned());
                rest = rest.get(2..).unwrap_or_default();
            }
            "me" => {
                target.root = "me".to_owned();
                rest = &rest[1..];
            }
            "admin" if names(1) == "exchange" && names(2) == "mailboxes" => {
                (target.root, target.owner) = ("admin/exchange/mailboxes".to_owned(), names(3).to_owned());
                rest = rest.get(4..).unwrap_or_default();
            }
            first => {
                target.root = first.to_owned();
                rest = rest.get(1..).unwrap_or_default();
            }
        }
        target.collapse(rest);
        target
    }

    /// Leaves out what leads to a thing that has a key of its own.
    fn collapse(&mut self, segments: &[(String, bool)]) {
        const OWN: [&str; 10] = [
            "childFolders",
            "messages",
            "contacts",
            "events",
            "calendars",
            "instances",
            "exceptionOccurrences",
            "items",
            "mailFolders",
            "contactFolders",
        ];
        let mut from = 0;
        for (at, pair) in segments.windows(2).enumerate() {
            if pair[1].1 && OWN.contains(&pair[0].0.as_str()) {
                from = at;
            }
        }
        if from > 0 && segments[from].0 == "items" {
            self.above = Some(segments[from - 1].0.clone());
        }
        let folders = segments.first().map_or("", |(name, _)| name.as_str()).to_owned();
        let mut names = Vec::new();
        for (name, is_key) in &segments[from..] {
            match (is_key, name.as_str()) {
                (true, key) => {
                    self.keys.push(key.to_owned());
                    names.push("{id}");
                }
                (false, "childFolders") if names.is_empty() => names.push(match folders.as_str() {
                    "contactFolders" => "contactFolders",
                    "folders" => "folders",
                    _ => "mailFolders",
                }),
                (false, "instances" | "exceptionOccurrences") if names.is_empty() => names.push("events"),
                (false, name) => names.push(name),
            }
        }
        self.template = names.join("/");
    }

    /// What the log calls a request with this path.
    pub(crate) fn operation(&self, method: &str) -> String {
        let rest = match (self.root.as_str(), self.template.as_str()) {
            ("users" | "me" | "admin/exchange/mailboxes", "") => self.root.clone(),
            ("users" | "me", template) => template.to_owned(),
            ("admin/exchange/mailboxes", template) => format!("mailboxes/{template}"),
            (root, "") => root.to_owned(),
            (root, template) => format!("{root}/{template}"),
        };
        format!("{method} {rest}")
    }

    pub(crate) fn key(&self, at: usize) -> &str {
        self.keys.get(at).map_or("", String::as_str)
    }
}

/// A segment and the key that may stand in parentheses behind it.
fn keyed(segment: &str) -> Vec<(String, bool)> {
    match segment.split_once('(') {
        Some((name, rest)) if rest.ends_with(')') => {
            let key = rest[..rest.len() - 1].trim_matches('\'');
            match (name, key) {
                (name, "") => vec![(name.to_owned(), false)],
                (name, key) => vec![(name.to_owned(), false), (key.to_owned(), true)],
            }
        }
        _ => vec![(segment.to_owned(), false)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_by_their_names_and_keys() {
        for (path, operation, keys) in [
            ("/users/ann%40x.test/mailFolders", "GET mailFolders", &[][..]),
            ("/users/a/mailFolders/inbox/messages", "GET mailFolders/{id}/messages", &["inbox"]),
            ("/users/a/mailFolders/inbox/messages/1/$value", "GET messages/{id}/$value", &["1"]),
            ("/users('a')/mailFolders('inbox')/messages/delta()", "GET mailFolders/{id}/messages/delta", &["inbox"]),
            ("/me/mailFolders/x/childFolders/y/messages", "GET mailFolders/{id}/messages", &["y"]),
            ("/me/mailFolders/x/childFolders", "GET mailFolders/{id}/childFolders", &["x"]),
            ("/me/messages/1/attachments/2", "GET messages/{id}/attachments/{id}", &["1", "2"]),
            ("/me/messages/1/microsoft.graph.move", "GET messages/{id}/move", &["1"]),
            ("/me/calendars/c/events/e/instances", "GET events/{id}/instances", &["e"]),
            ("/me/todo/lists/l/tasks/t", "GET todo/lists/{id}/tasks/{id}", &["l", "t"]),
            (
                "/admin/exchange/mailboxes/MBX:1@2/folders/f/items/delta",
                "GET mailboxes/folders/{id}/items/delta",
                &["f"],
            ),
            ("/admin/exchange/mailboxes/M/folders/f/items/i", "GET mailboxes/items/{id}", &["i"]),
            ("/$batch", "GET $batch", &[]),
        ] {
            let target = Target::read(path);
            assert_eq!(target.operation("GET"), operation, "{path}");
            assert_eq!(target.keys, keys, "{path}");
            assert_eq!(target.above.is_some(), path.ends_with("/items/i"), "{path}");
        }
    }
}
