//! QUOTA (RFC 9208) and MYRIGHTS (RFC 4314).

use super::scanner::Scanner;
use super::{Operation, Request, StatusLine, Untagged};

/// One quota root: each resource with its use and its limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Quota {
    pub(crate) resources: Vec<(String, u64, u64)>,
}

impl Quota {
    pub(crate) fn parse(scanner: &mut Scanner<'_>) -> Option<Self> {
        scanner.skip_value();
        let words = scanner.words()?;
        let number = |word: &[u8]| std::str::from_utf8(word).ok()?.parse().ok();
        let resources = words.chunks_exact(3).filter_map(|triple| {
            let name = String::from_utf8_lossy(triple[0]).to_ascii_uppercase();
            Some((name, number(triple[1])?, number(triple[2])?))
        });
        Some(Self { resources: resources.collect() })
    }
}

/// `GETQUOTAROOT mailbox`.
pub(crate) struct QuotaQuery {
    mailbox: &'static str,
    found: Vec<Quota>,
}

impl QuotaQuery {
    pub(crate) fn inbox() -> Self {
        Self { mailbox: "INBOX", found: Vec::new() }
    }
}

impl Operation for QuotaQuery {
    type Output = Vec<Quota>;

    fn request(&mut self) -> Request {
        Request::new("GETQUOTAROOT ").text(self.mailbox)
    }

    fn absorb(&mut self, data: Untagged) -> Option<Untagged> {
        match data {
            Untagged::Quota(quota) => {
                self.found.push(quota);
                None
            }
            other => Some(other),
        }
    }

    fn finish(self, done: StatusLine) -> Result<Vec<Quota>, StatusLine> {
        if done.is_ok() { Ok(self.found) } else { Err(done) }
    }
}

/// What one may do with a mailbox: letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rights(pub(crate) String);

impl Rights {
    pub(crate) fn parse(scanner: &mut Scanner<'_>) -> Option<Self> {
        scanner.skip_value();
        scanner.string().map(Self)
    }
}

/// `MYRIGHTS INBOX`.
#[derive(Default)]
pub(crate) struct RightsQuery {
    found: Option<Rights>,
}

impl Operation for RightsQuery {
    type Output = Option<Rights>;

    fn request(&mut self) -> Request {
        Request::new("MYRIGHTS INBOX")
    }

    fn absorb(&mut self, data: Untagged) -> Option<Untagged> {
        match data {
            Untagged::Rights(rights) => {
                self.found = Some(rights);
                None
            }
            other => Some(other),
        }
    }

    fn finish(self, done: StatusLine) -> Result<Self::Output, StatusLine> {
        if done.is_ok() { Ok(self.found) } else { Err(done) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::untagged::testing::untagged;
    use super::*;

    #[test]
    fn resources_come_in_threes() {
        let Untagged::Quota(quota) = untagged("* QUOTA \"User quota\" (STORAGE 10 512 MESSAGE 20 100 ODD)") else {
            panic!("a quota");
        };
        assert_eq!(quota.resources, [("STORAGE".to_owned(), 10, 512), ("MESSAGE".to_owned(), 20, 100)]);
        assert!(matches!(untagged("* MYRIGHTS INBOX lrswi"), Untagged::Rights(Rights(rights)) if rights == "lrswi"));
    }
}
