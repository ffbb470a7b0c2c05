//! Where items stand: Graph has an interface of its own for most sorts of folders, so an id says which one it belongs to.

use std::fmt;

use mailmove_core::{Error, ErrorKind, FolderId, Kind, Result};

use crate::wire::ask::can_be_an_id;

/// A sort of folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Area {
    Mail,
    Contacts,
    Calendars,
    Tasks,
    Notes,
    Journal,
}

impl Area {
    /// Those that Graph has an interface for.
    pub(crate) const OWN: [Area; 4] = [Area::Mail, Area::Contacts, Area::Calendars, Area::Tasks];

    /// The others are reached by the import and export API alone.
    pub(crate) const ALL: [Area; 6] =
        [Area::Mail, Area::Contacts, Area::Calendars, Area::Tasks, Area::Notes, Area::Journal];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Area::Mail => "mail",
            Area::Contacts => "contacts",
            Area::Calendars => "calendars",
            Area::Tasks => "tasks",
            Area::Notes => "notes",
            Area::Journal => "journal",
        }
    }

    /// What its folders hold.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Area::Mail => Kind::Mail,
            Area::Contacts => Kind::Contact,
            Area::Calendars => Kind::Event,
            Area::Tasks => Kind::Task,
            Area::Notes => Kind::Note,
            Area::Journal => Kind::Journal,
        }
    }

    /// Where a folder for these kinds belongs.
    pub(crate) fn of_kinds(kinds: &[Kind]) -> Area {
        match kinds.first() {
            Some(Kind::Contact) => Area::Contacts,
            Some(Kind::Event) => Area::Calendars,
            Some(Kind::Task) => Area::Tasks,
            Some(Kind::Note) => Area::Notes,
            Some(Kind::Journal) => Area::Journal,
            Some(Kind::Mail) | None => Area::Mail,
        }
    }

    /// Whether folders can stand in folders.
    pub(crate) fn nests(self) -> bool {
        !matches!(self, Area::Calendars | Area::Tasks)
    }
}

/// A folder, by its sort and its id.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Place {
    pub(crate) area: Area,
    pub(crate) id: String,
}

impl Place {
    pub(crate) fn new(area: Area, id: impl Into<String>) -> Self {
        Self { area, id: id.into() }
    }

    /// The folder that this id stands for, when it can exist at all.
    pub(crate) fn of(folder: &str) -> Result<Self> {
        let parts = folder.split_once(':').filter(|(_, id)| can_be_an_id(id));
        let place = parts.and_then(|(name, id)| {
            let area = Area::ALL.into_iter().find(|area| area.as_str() == name)?;
            Some(Self::new(area, id))
        });
        place.ok_or_else(|| Error::new(ErrorKind::NotFound, "there is no such folder").with("folder", folder))
    }

    pub(crate) fn folder_id(&self) -> FolderId {
        FolderId::new(self.to_string())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.area.as_str(), self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_found_again_by_its_id() {
        for area in Area::ALL {
            let place = Place::new(area, "AAMk:1");
            assert_eq!(Place::of(place.folder_id().as_str()).unwrap(), place);
            assert_eq!(Area::of_kinds(&[area.kind()]), area);
        }
        for id in ["", "mail:", "AAMk", "elsewhere:1", "mail:a b"] {
            assert_eq!(Place::of(id).unwrap_err().kind(), ErrorKind::NotFound);
        }
    }
}
