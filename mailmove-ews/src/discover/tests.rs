use bytes::Bytes;

use super::answer::{Answer, EXTERNAL, INTERNAL, service};
use super::{domain, pox, soap};

fn outlook(account: &str) -> Answer {
    let text = format!(
        "<Autodiscover xmlns='x'><Response xmlns='y'><User/><Account>{account}</Account></Response></Autodiscover>"
    );
    pox::read_bytes(Bytes::from(text)).unwrap()
}

#[test]
fn the_service_from_outside_is_preferred() {
    let answer = outlook(
        "<Action>settings</Action><Protocol><Type>EXCH</Type><ASUrl>https://in/a</ASUrl></Protocol>\
         <Protocol><Type>EXPR</Type><ASUrl>https://out/a</ASUrl><EwsUrl>https://out/e</EwsUrl></Protocol>",
    );
    let Answer::Settings(settings) = answer else { panic!("{answer:?}") };
    assert_eq!((&*settings[EXTERNAL], &*settings[INTERNAL]), ("https://out/e", "https://in/a"));
    assert_eq!(service(&settings).unwrap().as_str(), "https://out/e");
}

#[test]
fn redirects_and_errors_are_told_apart() {
    assert_eq!(
        outlook("<Action>redirectAddr</Action><RedirectAddr>a@b</RedirectAddr>"),
        Answer::Address("a@b".to_owned())
    );
    assert_eq!(
        outlook("<Action>redirectUrl</Action><RedirectUrl>https://c/d</RedirectUrl>"),
        Answer::Redirect("https://c/d".parse().unwrap())
    );
    let error = "<Autodiscover><Response><Error><ErrorCode>500</ErrorCode><Message>no</Message></Error></Response>\
                 </Autodiscover>";
    assert_eq!(pox::read_bytes(Bytes::from(error)).unwrap(), Answer::Nothing("500 no".to_owned()));
    assert!(pox::read_bytes(Bytes::from("<html><body>hi</body></html>")).is_err());
}

fn settings_of(user: &str) -> Answer {
    let text = format!(
        "<s:Envelope><s:Header/><s:Body><m><Response><ErrorCode>NoError</ErrorCode><UserResponses><UserResponse>{user}\
         </UserResponse></UserResponses></Response></m></s:Body></s:Envelope>"
    );
    soap::read_bytes(Bytes::from(text)).unwrap()
}

#[test]
fn what_is_said_of_the_user_counts() {
    let found = settings_of(
        "<ErrorCode>NoError</ErrorCode><UserSettings><UserSetting><Name>InternalEwsUrl</Name>\
         <Value>https://in/a</Value></UserSetting></UserSettings>",
    );
    assert_eq!(found, Answer::Settings([(INTERNAL.to_owned(), "https://in/a".to_owned())].into()));
    let redirect = "<ErrorCode>RedirectAddress</ErrorCode><RedirectTarget>a@b</RedirectTarget>";
    assert_eq!(settings_of(redirect), Answer::Address("a@b".to_owned()));
    assert_eq!(settings_of("<ErrorCode>InvalidUser</ErrorCode>"), Answer::Nothing("InvalidUser".to_owned()));
    assert!(matches!(settings_of("<ErrorCode>NoError</ErrorCode>"), Answer::Nothing(_)));
}

#[test]
fn an_address_has_a_domain() {
    assert_eq!(domain("a@b@example.org").unwrap(), "example.org");
    assert!(domain("ann").is_err() && domain("ann@").is_err());
}
