use std::fmt;

/// What a server is, by what it says it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Whether it is Carbonio, which counts its releases by the year.
    pub carbonio: bool,
    /// The first number.
    pub major: u32,
    /// The second number.
    pub minor: u32,
    /// The third number.
    pub patch: u32,
}

impl Version {
    /// From a text like `8.8.15_GA_3869` or `24.4.0_ZEXTRAS_202404`. `None`, when it does not begin with a number.
    pub fn parse(text: &str) -> Option<Self> {
        let numbers = text.trim().split(|char: char| !(char.is_ascii_digit() || char == '.')).next()?;
        let mut numbers = numbers.split('.').map(|number| number.parse::<u32>().ok());
        let major = numbers.next()??;
        let mut next = || numbers.next().flatten().unwrap_or_default();
        let lower = text.to_ascii_lowercase();
        // Zimbra has not come to 11 yet, and Carbonio began with the year 22.
        let carbonio = lower.contains("carbonio") || lower.contains("zextras") || major >= 20;
        Some(Self { carbonio, major, minor: next(), patch: next() })
    }

    /// Tags have names in requests (`tn`); before, only numbers.
    pub(crate) fn has_tag_names(self) -> bool {
        self.major >= 8
    }

    /// The longest name of a folder, in characters.
    pub(crate) fn longest_name(self) -> usize {
        if self.major >= 8 { 255 } else { 128 }
    }

    /// Tasks can be kept.
    pub(crate) fn has_tasks(self) -> bool {
        !self.carbonio
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.carbonio { "Carbonio" } else { "Zimbra" };
        write!(f, "{name} {}.{}.{}", self.major, self.minor, self.patch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_say_what_they_are_in_many_ways() {
        for (text, shown) in [
            ("6.0.16_GA_2921.RHEL5_64", "Zimbra 6.0.16"),
            ("8.8.15_GA_3869 20190917004220 20190917", "Zimbra 8.8.15"),
            ("10.1.0_GA_4655", "Zimbra 10.1.0"),
            ("24.4.0_ZEXTRAS_202404", "Carbonio 24.4.0"),
            ("4.22.0_CARBONIO", "Carbonio 4.22.0"),
            ("9", "Zimbra 9.0.0"),
        ] {
            assert_eq!(Version::parse(text).unwrap().to_string(), shown);
        }
        assert_eq!(Version::parse("unknown"), None);
        assert!(!Version::parse("7.2.7_GA").unwrap().has_tag_names());
        assert!(!Version::parse("23.11.0").unwrap().has_tasks());
    }
}
