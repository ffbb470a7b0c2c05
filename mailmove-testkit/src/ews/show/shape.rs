//! What a request wants to see of items or folders.

use crate::ews::refusal::Refusal;
use crate::ews::state::Path;
use crate::ews::xml::Node;

/// ItemShape or FolderShape.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) base: Base,
    pub(crate) mime: bool,
    /// `HTML`, `Text`, or what there is.
    pub(crate) body: Option<String>,
    pub(crate) paths: Vec<Path>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Base {
    IdOnly,
    Default,
    AllProperties,
}

/// The operation that shows: searches and synchronizations have no bodies to show. A search refuses to be asked for
/// one, a synchronization leaves it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Where {
    Single,
    Search,
    Synchronization,
}

impl Shape {
    /// The id alone.
    pub(crate) fn id_only() -> Self {
        Self { base: Base::IdOnly, mime: false, body: None, paths: Vec::new() }
    }

    pub(crate) fn read(node: &Node) -> Result<Self, Refusal> {
        let base = match node.value("BaseShape") {
            Some("IdOnly") => Base::IdOnly,
            Some("Default") => Base::Default,
            Some("AllProperties") => Base::AllProperties,
            other => return Err(Refusal::unsupported(format!("BaseShape {}", other.unwrap_or_default()))),
        };
        let truth = |name: &str| node.value(name).is_some_and(|text| ["true", "1"].contains(&text.trim()));
        // Each of these would change what is answered.
        for name in ["InlineImageUrlTemplate", "MaximumBodySize", "FilterHtmlContent", "BlockExternalImages"] {
            let harmless = matches!(node.value(name), None | Some("false" | "0"));
            if !harmless {
                return Err(Refusal::unsupported(name));
            }
        }
        let paths = node.find("AdditionalProperties").into_iter().flat_map(|paths| &paths.children);
        let mut paths = paths.map(Path::read).collect::<Result<Vec<_>, _>>()?;
        let wants_mime = paths.iter().any(|path| path.element() == Some("MimeContent"));
        paths.retain(|path| path.element() != Some("MimeContent"));
        let body = node.value("BodyType").filter(|body| *body != "Best").map(str::to_owned);
        Ok(Self { base, mime: wants_mime || truth("IncludeMimeContent"), body, paths })
    }

    /// Whether this element is wanted beside those of the base shape.
    pub(crate) fn names(&self, element: &str) -> bool {
        self.paths.iter().any(|path| path.element() == Some(element))
    }

    /// # Errors
    /// When a search cannot show what is wanted.
    pub(crate) fn check(&self, place: Where) -> Result<(), Refusal> {
        const SINGLE: [&str; 8] = [
            "Body",
            "UniqueBody",
            "NormalizedBody",
            "TextBody",
            "Attachments",
            "ToRecipients",
            "CcRecipients",
            "BccRecipients",
        ];
        let invalid = |what: &str| {
            let words = format!("Property {what} is not valid for this operation.");
            Err(Refusal::new("ErrorInvalidPropertyForOperation", words))
        };
        if place != Where::Search {
            return Ok(());
        }
        if self.mime {
            return invalid("item:MimeContent");
        }
        let path = self.paths.iter().find(|path| path.element().is_some_and(|element| SINGLE.contains(&element)));
        path.map_or(Ok(()), |path| invalid(&path.uri()))
    }
}
