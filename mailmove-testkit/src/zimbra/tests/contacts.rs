//! Contacts and groups.

use super::dialogue::mail;
use super::{ANN, ann, with};
use crate::zimbra::element::Element;
use crate::zimbra::{NewItem, ZimbraServer};

fn create(fields: &str) -> String {
    mail("CreateContactRequest", "", &format!("<cn l=\"7\">{fields}</cn>"))
}

#[tokio::test]
async fn contacts_keep_every_field_whatever_it_is_called() {
    let (server, client) = ann().await;
    let made = client.ok(&create("<a n=\"email\">x@y</a><a n=\"my own\">z</a>")).await;
    let id = made.find("cn").unwrap().value("id").unwrap();
    let change = format!("<cn id=\"{id}\"><a n=\"email\"></a><a n=\"lastName\">Neil</a></cn>");
    client.ok(&mail("ModifyContactRequest", "", &change)).await;
    let contact = &server.mailbox(ANN).items("Contacts")[0];
    let names: Vec<&str> = contact.fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((names, contact.field("lastName")), (vec!["my own", "lastName"], Some("Neil")));
    assert_eq!(client.fault(&create("")).await, "service.INVALID_REQUEST");
}

#[tokio::test]
async fn groups_name_their_members() {
    let (server, client) = ann().await;
    let mailbox = server.mailbox(ANN);
    let member = mailbox.add("Contacts", NewItem::contact([("email", "x@y"), ("lastName", "Young")]));
    let (local, domain) = ANN.split_once('@').unwrap();
    let entry = format!("uid={local},ou=people,dc={}", domain.replace('.', ",dc="));
    let members = [("C", member.as_str()), ("I", "b@y"), ("G", entry.as_str()), ("C", "9999")];
    let group = mailbox.add("Contacts", NewItem::group("All", members));
    let ask = |inner: &str| mail("GetContactsRequest", "derefGroupMember=\"1\"", inner);
    assert_eq!(client.fault(&ask("")).await, "service.INVALID_REQUEST", "only for contacts that are named");
    let answer = client.ok(&ask(&format!("<cn id=\"{group}\"/>"))).await;
    let group = answer.find("cn").unwrap();
    assert_eq!(group.value("ms"), None, "only for a synchronization");
    let shown = |m: &Element| (m.value("value").unwrap(), m.find("cn").map(|cn| cn.value("fileAsStr").unwrap()));
    let members: Vec<_> = group.all("m").map(shown).collect();
    let pair = |value: &str, name: Option<&str>| (value.to_owned(), name.map(str::to_owned));
    let young = pair(&member, Some("Young"));
    let expected = [pair("9999", None), young, pair(&entry, Some(ANN)), pair("b@y", None)];
    assert_eq!(members, expected, "sorted by names, and by values where there are none");
}

#[tokio::test]
async fn nobody_joins_a_group_twice() {
    let (_server, client) = ann().await;
    let twice = "<a n=\"type\">group</a><m type=\"I\" value=\"z@y\"/><m type=\"I\" value=\"z@y\"/>";
    assert_eq!(client.fault(&create(twice)).await, "service.INVALID_REQUEST");
}

#[tokio::test]
async fn there_is_room_for_so_many_contacts() {
    let (_server, client) = with(ZimbraServer::builder().max_contacts(1)).await;
    client.ok(&create("<a n=\"email\">1@y</a>")).await;
    assert_eq!(client.fault(&create("<a n=\"email\">2@y</a>")).await, "mail.TOO_MANY_CONTACTS");
}

#[tokio::test]
async fn cards_go_in_and_come_out() {
    let (server, client) = ann().await;
    let card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ann O\r\nN:O;Ann;;;\r\nEMAIL:a@x\r\nX-OWN:1\r\nEND:VCARD\r\n";
    let reply = client.http("POST", "/home/~/Contacts?fmt=vcf", [card, card].concat().as_bytes()).await.unwrap();
    assert_eq!((reply.status, server.mailbox(ANN).count("Contacts")), (200, 2));
    let text = client.get("/home/~/Contacts?fmt=vcf").await.text();
    assert_eq!((text.matches("EMAIL;TYPE=internet:a@x").count(), text.matches("X-OWN:1").count()), (2, 2), "{text}");
    assert_eq!(client.http("POST", "/home/~/Contacts?fmt=vcf", b"BEGIN:VCARD\nnothing").await.unwrap().status, 400);
}
