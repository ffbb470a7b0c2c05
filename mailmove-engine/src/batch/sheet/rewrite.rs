/// Addresses of one domain are addresses of another at the destination.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainRewrite {
    from: String,
    to: String,
}

impl DomainRewrite {
    /// `old.example` becomes `new.example`. Domains are compared without regard to case.
    pub fn new(from: impl Into<String>, to: impl Into<String>) -> Self {
        Self { from: from.into(), to: to.into() }
    }

    /// The address in the new domain, when it is in the old one. Subdomains are other domains.
    pub fn apply(&self, address: &str) -> Option<String> {
        let (user, domain) = address.rsplit_once('@')?;
        domain.eq_ignore_ascii_case(&self.from).then(|| format!("{user}@{}", self.to))
    }
}
