use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// The cookies of one mailbox at one server. Load balancers keep a mailbox on one machine by them.
#[derive(Default)]
pub(crate) struct Cookies(Mutex<BTreeMap<String, String>>);

impl Cookies {
    /// Keeps what an answer sets. A cookie that is set to nothing goes.
    pub(crate) fn keep<'a>(&self, headers: impl Iterator<Item = &'a str>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for header in headers {
            let mut parts = header.split(';').map(str::trim);
            let Some((name, value)) = parts.next().and_then(|pair| pair.split_once('=')) else { continue };
            let over = parts.any(|attribute| attribute.eq_ignore_ascii_case("max-age=0"));
            if value.is_empty() || over {
                known.remove(name);
            } else {
                known.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// The header that gives them back.
    pub(crate) fn header(&self) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let pairs: Vec<String> = known.iter().map(|(name, value)| format!("{name}={value}")).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

/// Cookies can be as good as a credential.
impl std::fmt::Debug for Cookies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Cookies").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_are_kept_replaced_and_dropped() {
        let cookies = Cookies::default();
        assert_eq!(cookies.header(), None);
        cookies.keep(["a=1; path=/; HttpOnly", "b=x=y"].into_iter());
        assert_eq!(cookies.header().as_deref(), Some("a=1; b=x=y"));
        cookies.keep(["a=2", "b=; expires=Thu, 01 Jan 1970 00:00:00 GMT"].into_iter());
        assert_eq!(cookies.header().as_deref(), Some("a=2"));
        cookies.keep(["a=2; Max-Age=0"].into_iter());
        assert_eq!(cookies.header(), None);
    }
}
