//! Where mail is sent on to, and an administrator's right to open a mailbox: told, set, given up.

use mailmove_core::{AccessRevocation, Error, ErrorKind, Forwarding, ForwardingControl, Mailbox, Result, async_trait};

use crate::connector::ZimbraConnector;
use crate::door::Door;
use crate::wire::account_rights::{LOGIN_AS, RevokeRight};
use crate::wire::delegate_auth::DelegateAuth;
use crate::wire::get_info::{GetInfo, Info};
use crate::wire::prefs::ModifyPrefs;

/// Addresses, with commas between them.
const TARGETS: &str = "zimbraPrefMailForwardingAddress";
/// Whether what is sent on is not kept.
const NO_COPY: &str = "zimbraPrefMailLocalDeliveryDisabled";

#[async_trait]
impl ForwardingControl for ZimbraConnector {
    /// What the owner set. What an administrator set out of the owner's sight (`zimbraMailForwardingAddress`) is not
    /// told to the owner, and not here.
    async fn forwardings(&self, mailbox: &Mailbox) -> Result<Vec<Forwarding>> {
        let told = async { self.client(mailbox)?.ask(&GetInfo).await };
        told.await.map(|info| forwardings(&info)).map_err(|error| error.on(mailbox.side))
    }

    /// One switch says for all targets whether a copy stays: targets that differ in that are refused.
    async fn forward(&self, mailbox: &Mailbox, to: &[Forwarding]) -> Result<()> {
        let preferences = preferences(to).map_err(|error| error.on(mailbox.side))?;
        let set = async {
            let client = self.client(mailbox)?;
            let info = client.ask(&GetInfo).await?;
            if info.attribute("zimbraFeatureMailForwardingEnabled") == Some("FALSE") && !to.is_empty() {
                let told = Error::new(ErrorKind::AccessDenied, "this account may not send its mail on");
                return Err(told.remedy("set zimbraFeatureMailForwardingEnabled to TRUE at the account or its class"));
            }
            client.ask(&ModifyPrefs { preferences }).await
        };
        set.await.map_err(|error| error.on(mailbox.side))
    }
}

fn forwardings(info: &Info) -> Vec<Forwarding> {
    let keeps_copy = info.preference(NO_COPY) != Some("TRUE");
    let targets = info.preference(TARGETS).unwrap_or_default().split(',').map(str::trim);
    let one = |target: &str| Forwarding { target: target.to_owned(), keeps_copy };
    targets.filter(|target| !target.is_empty()).map(one).collect()
}

fn preferences(to: &[Forwarding]) -> Result<Vec<(&'static str, String)>> {
    if to.iter().any(|one| one.keeps_copy != to[0].keeps_copy) {
        return Err(Error::new(ErrorKind::Unsupported, "Zimbra keeps a copy for all targets or for none")
            .remedy("give all of them with a copy, or all without one"));
    }
    if let Some(odd) = to.iter().find(|one| one.target.contains(',') || !one.target.contains('@')) {
        return Err(Error::new(ErrorKind::Config, "this is no address").with("target", &odd.target));
    }
    let targets: Vec<&str> = to.iter().map(|one| one.target.as_str()).collect();
    let no_copy = to.first().is_some_and(|one| !one.keeps_copy);
    Ok(vec![(TARGETS, targets.join(",")), (NO_COPY, if no_copy { "TRUE" } else { "FALSE" }.to_owned())])
}

#[async_trait]
impl AccessRevocation for ZimbraConnector {
    /// Takes the right `adminLoginAs` at the account from the administrator who opened it, and tries whether it is gone.
    /// Tokens that were given out before end with their lifetime.
    async fn revoke(&self, mailbox: &Mailbox) -> Result<String> {
        let revoked = async {
            if self.opens_by_key() {
                return Err(renew_the_key(mailbox));
            }
            let client = self.client(mailbox)?;
            revoke(&client.door, mailbox).await
        };
        revoked.await.map_err(|error| error.on(mailbox.side))
    }
}

async fn revoke(door: &Door, mailbox: &Mailbox) -> Result<String> {
    let (administrator, token) = door.administrator().await?;
    let account = mailbox.address.clone();
    // No more than asking for the shortest of tokens: nothing is opened with it.
    let probe = DelegateAuth { account: account.clone(), duration: 1 };
    let is_open = async || match door.ask_as_administrator(&token, &probe).await {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AccessDenied => Ok(false),
        Err(error) => Err(error),
    };
    if !is_open().await? {
        return Ok(format!("{administrator} has no right to open it any more"));
    }
    let right = RevokeRight { account: account.clone(), administrator: administrator.clone() };
    let refused = match door.ask_as_administrator(&token, &right).await {
        Ok(()) => None,
        // There is no such grant at this account: it comes from the domain, a group, or from being in charge of all.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Refused | ErrorKind::AccessDenied) => {
            Some(error)
        }
        Err(error) => return Err(error),
    };
    if is_open().await? {
        let told = Error::new(ErrorKind::Unsupported, "the right to open it does not come from this account alone");
        let told = told.remedy(by_hand(&administrator, &account));
        return Err(match refused {
            Some(refused) => told.because(refused),
            None => told,
        });
    }
    Ok(format!(
        "the right {LOGIN_AS} of {administrator} at {account} was taken away, and a new token is refused; tokens that \
         were given out before end within {} hours",
        crate::door::DELEGATED / 3600
    ))
}

fn by_hand(administrator: &str, account: &str) -> String {
    let domain = account.rsplit_once('@').map_or(account, |(_, domain)| domain);
    format!(
        "as zimbra on the server run: zmprov getGrants -g usr {administrator}; then zmprov revokeRight domain {domain} \
         usr {administrator} {LOGIN_AS}, or zmprov modifyAccount {administrator} zimbraIsAdminAccount FALSE"
    )
}

fn renew_the_key(mailbox: &Mailbox) -> Error {
    let domain = mailbox.address.rsplit_once('@').map_or(mailbox.address.as_str(), |(_, domain)| domain);
    let told =
        Error::new(ErrorKind::Unsupported, "the key of a domain opens all its mailboxes and is given up by hand");
    told.remedy(format!("as zimbra on the server run: zmprov generateDomainPreAuthKey -f {domain}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(pairs: &[(&str, &str)]) -> Info {
        let pairs = pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Info { preferences: pairs.collect(), ..Info::default() }
    }

    #[test]
    fn a_forwarding_is_told_as_it_is_set() {
        let targets = [Forwarding::to("a@x"), Forwarding::to("b@x")];
        let set = preferences(&targets).unwrap();
        let told = forwardings(&info(&set.iter().map(|(name, value)| (*name, value.as_str())).collect::<Vec<_>>()));
        assert_eq!(told, targets);
        assert!(forwardings(&info(&[(TARGETS, "a@x")]))[0].keeps_copy);
        assert_eq!(preferences(&[]).unwrap(), [(TARGETS, String::new()), (NO_COPY, "FALSE".to_owned())]);
        assert!(forwardings(&info(&[])).is_empty());
    }

    #[test]
    fn what_one_switch_cannot_say_is_refused() {
        let copy = Forwarding { target: "b@x".to_owned(), keeps_copy: true };
        let error = preferences(&[Forwarding::to("a@x"), copy]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert_eq!(preferences(&[Forwarding::to("a@x,b@x")]).unwrap_err().kind(), ErrorKind::Config);
    }
}
