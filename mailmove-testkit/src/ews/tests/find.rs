use super::{Client, ID_ONLY, ann};
use crate::ews::{EwsServer, NewItem};

async fn server() -> EwsServer {
    let server = ann().start().await;
    let mailbox = server.mailbox("ann@x.test");
    for number in 1..=5 {
        let mime = format!("Subject: number {number}\r\nMessage-ID: <{number}@x.test>\r\n\r\n");
        let item = NewItem::from(mime).read(number > 3).named("X-Mark", &format!("m{number}"));
        mailbox.add("Inbox", item);
    }
    server
}

fn find(inside: &str, sort: &str) -> String {
    let restriction =
        if inside.is_empty() { String::new() } else { format!("<m:Restriction>{inside}</m:Restriction>") };
    format!(
        "<m:FindItem Traversal=\"Shallow\">{ID_ONLY}{restriction}{sort}<m:ParentFolderIds>\
         <t:DistinguishedFolderId Id=\"inbox\"/></m:ParentFolderIds></m:FindItem>"
    )
}

async fn hits(client: &Client, inside: &str) -> String {
    let message = client.ok(&find(inside, "")).await;
    message.find("RootFolder").unwrap().attribute("TotalItemsInView").unwrap().to_owned()
}

#[tokio::test]
async fn every_restriction_is_obeyed() {
    let server = server().await;
    let client = Client::new(&server);
    let is = |what: &str, path: &str, value: &str| {
        format!(
            "<t:{what}>{path}<t:FieldURIOrConstant><t:Constant Value=\"{value}\"/></t:FieldURIOrConstant></t:{what}>"
        )
    };
    let mark = "<t:ExtendedFieldURI DistinguishedPropertySetId=\"PublicStrings\" PropertyName=\"X-Mark\" PropertyType=\"String\"/>";
    let id = "<t:FieldURI FieldURI=\"message:InternetMessageId\"/>";
    let read = "<t:FieldURI FieldURI=\"message:IsRead\"/>";
    let subject = "<t:FieldURI FieldURI=\"item:Subject\"/>";
    let contains = format!(
        "<t:Contains ContainmentMode=\"Substring\" ContainmentComparison=\"IgnoreCase\">{subject}<t:Constant Value=\"BER 3\"/></t:Contains>"
    );
    let (one, other) = (is("IsEqualTo", mark, "m2"), is("IsEqualTo", read, "true"));
    for (inside, count) in [
        (one.clone(), "1"),
        (is("IsEqualTo", mark, "m9"), "0"),
        (is("IsEqualTo", id, "&lt;4@x.test&gt;"), "1"),
        (is("IsNotEqualTo", id, "&lt;4@x.test&gt;"), "4"),
        (other.clone(), "2"),
        (is("IsGreaterThan", subject, "number 3"), "2"),
        (is("IsLessThanOrEqualTo", subject, "number 3"), "3"),
        (contains, "1"),
        (format!("<t:And>{one}{other}</t:And>"), "0"),
        (format!("<t:Or>{one}{other}</t:Or>"), "3"),
        (format!("<t:Not>{one}</t:Not>"), "4"),
        (format!("<t:Exists>{mark}</t:Exists>"), "5"),
        ("<t:Exists><t:FieldURI FieldURI=\"item:Categories\"/></t:Exists>".to_owned(), "0"),
    ] {
        assert_eq!(hits(&client, &inside).await, count, "{inside}");
    }
    let attachments = "<t:Exists><t:FieldURI FieldURI=\"item:Attachments\"/></t:Exists>";
    assert_eq!(client.codes(&find(attachments, "")).await, ["ErrorUnsupportedPathForQuery"]);
}

#[tokio::test]
async fn pages_follow_the_sort_order() {
    let server = server().await;
    let client = Client::new(&server);
    let order = "<m:SortOrder><t:FieldOrder Order=\"Descending\"><t:FieldURI FieldURI=\"item:Subject\"/></t:FieldOrder></m:SortOrder>";
    let page = |offset: usize| {
        let view =
            format!("<m:IndexedPageItemView MaxEntriesReturned=\"2\" Offset=\"{offset}\" BasePoint=\"Beginning\"/>");
        let subject = "<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI=\"item:Subject\"/></t:AdditionalProperties>";
        find("", order)
            .replace("</m:ItemShape>", &format!("</m:ItemShape>{view}"))
            .replace("<t:BaseShape>IdOnly</t:BaseShape>", subject)
    };
    let mut subjects = Vec::new();
    let mut offset = 0;
    loop {
        let message = client.ok(&page(offset)).await;
        let root = message.find("RootFolder").unwrap();
        let items = &root.find("Items").unwrap().children;
        subjects.extend(items.iter().map(|item| item.value("Subject").unwrap().to_owned()));
        offset = root.attribute("IndexedPagingOffset").unwrap().parse().unwrap();
        if root.attribute("IncludesLastItemInRange") == Some("true") {
            break;
        }
    }
    assert_eq!(subjects, ["number 5", "number 4", "number 3", "number 2", "number 1"]);
}

#[tokio::test]
async fn what_is_not_done_is_refused() {
    let server = server().await;
    let client = Client::new(&server);
    let plain = find("", "");
    let soft = plain.replace("Shallow", "SoftDeleted");
    assert_eq!(client.fault(&soft).await, "ErrorInvalidRequest");
    let query = plain.replace("</m:FindItem>", "<m:QueryString>subject:number</m:QueryString></m:FindItem>");
    assert_eq!(client.fault(&query).await, "ErrorInvalidRequest");
    let body = "<t:BaseShape>IdOnly</t:BaseShape><t:AdditionalProperties><t:FieldURI FieldURI=\"item:Body\"/></t:AdditionalProperties>";
    let body = plain.replace("<t:BaseShape>IdOnly</t:BaseShape>", body);
    assert_eq!(client.codes(&body).await, ["ErrorInvalidPropertyForOperation"]);
    let unknown = plain.replace("</m:FindItem>", "<m:Surprise/></m:FindItem>");
    assert_eq!(client.fault(&unknown).await, "ErrorSchemaValidation");
}
