use super::*;

fn url(text: &str) -> EndpointUrl {
    text.parse().unwrap()
}

fn refused(text: &str) -> String {
    text.parse::<EndpointUrl>().unwrap_err().to_string()
}

#[test]
fn every_part_arrives() {
    let url =
        url("ews+http://DOMAIN%5Csvc@mail.example.org:8080/EWS/Exchange.asmx?mailbox=a%2Bb@x.org&root=archive&x=1");
    assert_eq!((url.scheme.as_str(), url.plain), ("ews", true));
    assert_eq!(url.login.as_deref(), Some("DOMAIN\\svc"));
    assert_eq!(
        (url.host.as_str(), url.port, url.path.as_str()),
        ("mail.example.org", Some(8080), "/EWS/Exchange.asmx")
    );
    assert_eq!((url.mailbox.as_deref(), url.root), (Some("a+b@x.org"), Root::Archive));
    assert_eq!(url.parameters["x"], "1");
}

#[test]
fn a_url_prints_as_it_is_read() {
    for text in [
        "imaps://alice@mail.example.org",
        "imap://alice%40example.org@mail.example.org:1143?tls=none",
        "imaps://admin@[::1]:993?mailbox=alice%40example.org&access=master&separator=%25",
        "ews+http://svc@mail.example.org/EWS/Exchange.asmx?mailbox=a&root=public-folders&access=impersonate&auth=ntlm",
        "graph://11111111-2222-3333-4444-555555555555?mailbox=a&endpoint=https%3A%2F%2Fgraph.example",
    ] {
        assert_eq!(url(text).to_string(), text);
        assert_eq!(url(&url(text).to_string()), url(text));
    }
}

#[test]
fn an_address_may_be_a_login_as_it_is_written() {
    assert_eq!(url("imaps://alice@example.org@mail.example.org").login.as_deref(), Some("alice@example.org"));
    assert_eq!(url("imaps://alice+lists@mail.example.org").login.as_deref(), Some("alice+lists"));
    assert_eq!(url("imaps://a@h?mailbox=bob+x@example.org").mailbox.as_deref(), Some("bob+x@example.org"));
}

#[test]
fn hosts_of_other_scripts_become_ascii() {
    assert_eq!(url("imaps://a@m\u{fc}ller.example").host, "xn--mller-kva.example");
    assert_eq!(url("imaps://a@[2001:DB8::1]").host, "2001:db8::1");
}

#[test]
fn a_password_is_refused_and_not_printed() {
    for text in [
        "imaps://alice:hunter2@mail.example.org",
        "imaps://alice:hun/hunter2@mail.example.org",
        "imaps://alice:12/hunter2@mail.example.org",
        "imaps://alice:hunter2?x@mail.example.org",
        "imaps://alice:hunter2#x@mail.example.org",
        "imaps://alice@mail.example.org?password=hunter2",
        "imaps://alice@mail.example.org?Token=hunter2",
        "imaps://alice@mail.example.org?tls=hunter2",
        "imaps://alice@mail.example.org?access=hunter2",
    ] {
        let told = refused(text);
        assert!(!told.contains("hunter2"), "{told}");
    }
    assert!(refused("imaps://alice:hunter2@mail.example.org").contains("password"));
}

#[test]
fn what_is_wrong_is_named() {
    for (text, part) in [
        ("mail.example.org", "URL"),
        ("imaps:alice@mail.example.org", "://"),
        ("imaps://alice@mail.example.org:99999", "port"),
        ("imaps://alice@mail example.org", "host"),
        ("imaps://al%FFice@mail.example.org", "login"),
        ("imaps://al%0Aice@mail.example.org", "login"),
        ("imaps://alice@mail.example.org#x", "#"),
        ("imaps://alice@mail.example.org?root=cellar", "root"),
        ("imaps://alice@mail.example.org?access=force", "access"),
        ("imaps://alice@mail.example.org?access=master&separator=ab", "separator"),
        ("imaps://alice@mail.example.org?separator=*", "separator"),
        ("imaps://alice@mail.example.org?tls=maybe", "tls"),
        ("imaps://alice@mail.example.org?mailbox=", "mailbox"),
        ("imaps://alice@mail.example.org?mailbox=a&mailbox=b", "twice"),
        ("imaps://alice@mail.example.org?mailbox", "value"),
    ] {
        let told = refused(text);
        assert!(told.contains(part), "{text}: {told}");
    }
}

#[test]
fn the_mailbox_is_the_login_unless_somebody_else_signs_in() {
    let named = |text: &str| url(text).mailbox(Side::Source);
    assert_eq!(named("imaps://alice@h").unwrap(), Mailbox::new(Side::Source, "alice"));
    let other = named("imaps://DOM%5Ca@h?mailbox=alice@example.org").unwrap();
    assert_eq!((other.address.as_str(), other.login_name()), ("alice@example.org", "DOM\\a"));
    let third = named("imaps://admin@h?mailbox=alice&access=authzid&root=archive").unwrap();
    assert_eq!(third, Mailbox::new(Side::Source, "alice").with_root(Root::Archive));
    assert!(named("imaps://admin@h?access=authzid").unwrap_err().to_string().contains("mailbox"));
    assert!(named("imaps://h").unwrap_err().to_string().contains("no mailbox"));
}

#[test]
fn an_unknown_parameter_is_refused_by_name() {
    let told = url("imaps://a@h?colour=red").check_parameters(&["size"]).unwrap_err().to_string();
    assert!(told.contains("colour") && told.contains("mailbox") && told.contains("size") && !told.contains("red"));
    assert!(url("imaps://a@h?size=1").check_parameters(&["size"]).is_ok());
}
