//! What each Exchange can.

/// A version of Exchange, as far as Web Services differ. Later ones know everything that earlier ones know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Version {
    /// Exchange 2007 SP1: no export, no archive, no hidden items in a synchronization.
    Exchange2007Sp1,
    /// Exchange 2010.
    Exchange2010,
    /// Exchange 2010 SP1: ExportItems, UploadItems, archives, recoverable items.
    Exchange2010Sp1,
    /// Exchange 2010 SP2 and SP3: milliseconds.
    Exchange2010Sp2,
    /// Exchange 2013.
    Exchange2013,
    /// Exchange 2013 SP1.
    Exchange2013Sp1,
    /// Exchange 2016, 2019 and Subscription Edition.
    Exchange2016,
    /// Exchange Online.
    Online,
}

impl Version {
    /// All, oldest first.
    pub const ALL: [Self; 8] = [
        Self::Exchange2007Sp1,
        Self::Exchange2010,
        Self::Exchange2010Sp1,
        Self::Exchange2010Sp2,
        Self::Exchange2013,
        Self::Exchange2013Sp1,
        Self::Exchange2016,
        Self::Online,
    ];

    /// The name in RequestServerVersion.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exchange2007Sp1 => "Exchange2007_SP1",
            Self::Exchange2010 => "Exchange2010",
            Self::Exchange2010Sp1 => "Exchange2010_SP1",
            Self::Exchange2010Sp2 => "Exchange2010_SP2",
            Self::Exchange2013 => "Exchange2013",
            Self::Exchange2013Sp1 => "Exchange2013_SP1",
            Self::Exchange2016 | Self::Online => "Exchange2016",
        }
    }

    /// Major, minor, major build, minor build.
    pub fn build(self) -> [u32; 4] {
        match self {
            Self::Exchange2007Sp1 => [8, 1, 240, 5],
            Self::Exchange2010 => [14, 0, 639, 21],
            Self::Exchange2010Sp1 => [14, 1, 438, 0],
            Self::Exchange2010Sp2 => [14, 3, 123, 3],
            Self::Exchange2013 => [15, 0, 516, 29],
            Self::Exchange2013Sp1 => [15, 0, 1497, 2],
            Self::Exchange2016 => [15, 1, 2507, 6],
            Self::Online => [15, 20, 8158, 24],
        }
    }

    /// The version that a request names. Names of unreleased versions count as the next released one.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "Exchange2007" | "Exchange2007_SP1" => Self::Exchange2007Sp1,
            "Exchange2009" | "Exchange2010" => Self::Exchange2010,
            "Exchange2010_SP1" => Self::Exchange2010Sp1,
            "Exchange2010_SP2" => Self::Exchange2010Sp2,
            "Exchange2012" | "Exchange2013" => Self::Exchange2013,
            "Exchange2013_SP1" => Self::Exchange2013Sp1,
            "Exchange2015" | "Exchange2016" => Self::Exchange2016,
            name if name.starts_with("V201") => Self::Online,
            _ => return None,
        })
    }

    /// The version behind `@13` in the rules of the schema.
    pub(crate) fn since(mark: &str) -> Self {
        match mark {
            "10" => Self::Exchange2010,
            "10.1" => Self::Exchange2010Sp1,
            "10.2" => Self::Exchange2010Sp2,
            "13" => Self::Exchange2013,
            _ => panic!("no version is marked @{mark}"),
        }
    }

    /// The first version that knows an operation; nothing for an operation this server does not have.
    pub(crate) fn of_operation(name: &str) -> Option<Self> {
        Some(match name {
            "GetFolder"
            | "FindFolder"
            | "CreateFolder"
            | "UpdateFolder"
            | "MoveFolder"
            | "CopyFolder"
            | "DeleteFolder"
            | "SyncFolderHierarchy"
            | "SyncFolderItems"
            | "FindItem"
            | "GetItem"
            | "CreateItem"
            | "UpdateItem"
            | "DeleteItem"
            | "MoveItem"
            | "CopyItem"
            | "SendItem"
            | "CreateAttachment"
            | "GetAttachment"
            | "DeleteAttachment"
            | "ResolveNames"
            | "ConvertId" => Self::Exchange2007Sp1,
            "GetUserConfiguration" => Self::Exchange2010,
            "EmptyFolder" | "ExportItems" | "UploadItems" => Self::Exchange2010Sp1,
            _ => return None,
        })
    }
}
