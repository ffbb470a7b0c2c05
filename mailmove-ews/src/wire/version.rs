use std::fmt;

/// A schema version that a request names. Servers know it and the ones below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Version {
    Exchange2007Sp1,
    Exchange2010,
    Exchange2010Sp1,
    Exchange2010Sp2,
    Exchange2013,
    Exchange2013Sp1,
    /// Exchange 2016, 2019, Subscription Edition and Online: there is no newer name.
    Exchange2016,
}

impl Version {
    /// Every version, newest first.
    pub const ALL: [Version; 7] = [
        Version::Exchange2016,
        Version::Exchange2013Sp1,
        Version::Exchange2013,
        Version::Exchange2010Sp2,
        Version::Exchange2010Sp1,
        Version::Exchange2010,
        Version::Exchange2007Sp1,
    ];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Version::Exchange2007Sp1 => "Exchange2007_SP1",
            Version::Exchange2010 => "Exchange2010",
            Version::Exchange2010Sp1 => "Exchange2010_SP1",
            Version::Exchange2010Sp2 => "Exchange2010_SP2",
            Version::Exchange2013 => "Exchange2013",
            Version::Exchange2013Sp1 => "Exchange2013_SP1",
            Version::Exchange2016 => "Exchange2016",
        }
    }

    /// The version of this name, in any case.
    pub fn parse(name: &str) -> Option<Version> {
        Version::ALL.into_iter().find(|version| version.as_str().eq_ignore_ascii_case(name))
    }

    /// What a server of this build understands, by the numbers of `ServerVersionInfo`: major, minor, build.
    pub(crate) fn of_build(major: u32, minor: u32, build: u32) -> Version {
        match (major, minor) {
            (..=8, _) => Version::Exchange2007Sp1,
            (14, 0) => Version::Exchange2010,
            (14, 1) => Version::Exchange2010Sp1,
            (9..=14, _) => Version::Exchange2010Sp2,
            (15, 0) if build < 847 => Version::Exchange2013,
            (15, 0) => Version::Exchange2013Sp1,
            _ => Version::Exchange2016,
        }
    }

    /// Whether ExportItems, UploadItems and archives exist.
    pub(crate) fn has_export(self) -> bool {
        self >= Version::Exchange2010Sp1
    }

    /// Whether read receipts can be suppressed.
    pub(crate) fn has_receipt_control(self) -> bool {
        self >= Version::Exchange2013
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_tell_versions() {
        for (build, version) in [
            ((8, 1, 240), Version::Exchange2007Sp1),
            ((14, 1, 139), Version::Exchange2010Sp1),
            ((14, 3, 0), Version::Exchange2010Sp2),
            ((15, 0, 800), Version::Exchange2013),
            ((15, 0, 847), Version::Exchange2013Sp1),
            ((15, 2, 1544), Version::Exchange2016),
            ((15, 20, 9000), Version::Exchange2016),
        ] {
            assert_eq!(Version::of_build(build.0, build.1, build.2), version);
        }
    }

    #[test]
    fn names_come_back_and_newer_is_more() {
        assert!(Version::ALL.iter().all(|version| Version::parse(version.as_str()) == Some(*version)));
        assert!(Version::ALL.is_sorted_by(|newer, older| newer > older));
        assert_eq!(Version::parse("Exchange2019"), None);
    }
}
