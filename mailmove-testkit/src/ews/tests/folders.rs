use super::{Client, ann};

const SHAPE: &str = "<m:FolderShape><t:BaseShape>Default</t:BaseShape></m:FolderShape>";

fn create(folder: &str) -> String {
    format!(
        "<m:CreateFolder><m:ParentFolderId><t:DistinguishedFolderId Id=\"msgfolderroot\"/></m:ParentFolderId><m:Folders>\
         {folder}</m:Folders></m:CreateFolder>"
    )
}

#[tokio::test]
async fn a_folder_is_made_with_its_class_and_only_once() {
    let server = ann().start().await;
    let client = Client::new(&server);
    let folder = "<t:CalendarFolder><t:DisplayName>Termine &amp; mehr</t:DisplayName></t:CalendarFolder>";
    client.ok(&create(folder)).await;
    let snapshot = server.mailbox("ann@x.test").snapshot();
    assert_eq!(snapshot.folder("Termine & mehr").class, "IPF.Appointment");
    let again = folder.replace("Termine", "TERMINE");
    assert_eq!(client.codes(&create(&again)).await, ["ErrorFolderExists"]);
    let wrong =
        "<t:CalendarFolder><t:FolderClass>IPF.Note</t:FolderClass><t:DisplayName>x</t:DisplayName></t:CalendarFolder>";
    assert_eq!(client.codes(&create(wrong)).await, ["ErrorObjectTypeChanged"]);
}

#[tokio::test]
async fn the_folders_that_every_mailbox_has_are_there() {
    let server = ann().start().await;
    let client = Client::new(&server);
    let names = [
        "root",
        "msgfolderroot",
        "inbox",
        "drafts",
        "sentitems",
        "deleteditems",
        "junkemail",
        "outbox",
        "calendar",
        "contacts",
        "tasks",
        "notes",
        "journal",
    ];
    let ids: String = names.iter().map(|name| format!("<t:DistinguishedFolderId Id=\"{name}\"/>")).collect();
    let codes = client.codes(&format!("<m:GetFolder>{SHAPE}<m:FolderIds>{ids}</m:FolderIds></m:GetFolder>")).await;
    assert_eq!(codes, ["NoError"; 13]);
    let archive = "<t:DistinguishedFolderId Id=\"archivemsgfolderroot\"/>";
    let codes = client.codes(&format!("<m:GetFolder>{SHAPE}<m:FolderIds>{archive}</m:FolderIds></m:GetFolder>")).await;
    assert_eq!(codes, ["ErrorFolderNotFound"]);
    let server = ann().archive("ann@x.test").start().await;
    let get = format!("<m:GetFolder>{SHAPE}<m:FolderIds>{archive}</m:FolderIds></m:GetFolder>");
    Client::new(&server).ok(&get).await;
}

#[tokio::test]
async fn a_restriction_on_folders_is_obeyed() {
    let server = ann().start().await;
    let client = Client::new(&server);
    let find = |name: &str, traversal: &str| {
        format!(
            "<m:FindFolder Traversal=\"{traversal}\">{SHAPE}<m:Restriction><t:IsEqualTo><t:FieldURI \
             FieldURI=\"folder:DisplayName\"/><t:FieldURIOrConstant><t:Constant Value=\"{name}\"/>\
             </t:FieldURIOrConstant></t:IsEqualTo></m:Restriction><m:ParentFolderIds><t:DistinguishedFolderId Id=\"root\"/>\
             </m:ParentFolderIds></m:FindFolder>"
        )
    };
    let total = |message: crate::ews::xml::Node| {
        message.find("RootFolder").unwrap().attribute("TotalItemsInView").unwrap().to_owned()
    };
    assert_eq!(total(client.ok(&find("nowhere", "Deep")).await), "0");
    assert_eq!(total(client.ok(&find("calendar", "Deep")).await), "1");
    assert_eq!(total(client.ok(&find("calendar", "Shallow")).await), "0");
    assert_eq!(client.fault(&find("calendar", "SoftDeleted")).await, "ErrorInvalidRequest");
}

#[tokio::test]
async fn folders_move_get_other_names_and_go() {
    let server = ann().start().await;
    let (client, mailbox) = (Client::new(&server), server.mailbox("ann@x.test"));
    mailbox.create_folder("A", "IPF.Note").create_folder("A/B", "IPF.Note");
    let (a, b) = (mailbox.folder_id("A"), mailbox.folder_id("A/B"));
    let to = |operation: &str, from: &str, to: &str| {
        format!(
            "<m:{operation}><m:ToFolderId>{to}</m:ToFolderId><m:FolderIds><t:FolderId Id=\"{from}\"/></m:FolderIds>\
             </m:{operation}>"
        )
    };
    let inside = format!("<t:FolderId Id=\"{b}\"/>");
    assert_eq!(client.codes(&to("MoveFolder", &a, &inside)).await, ["ErrorMoveCopyFailed"]);
    client.ok(&to("MoveFolder", &b, "<t:DistinguishedFolderId Id=\"inbox\"/>")).await;
    assert_eq!(mailbox.folder_id("Inbox/B"), b);
    let rename = format!(
        "<m:UpdateFolder><m:FolderChanges><t:FolderChange><t:FolderId Id=\"{b}\"/><t:Updates><t:SetFolderField>\
         <t:FieldURI FieldURI=\"folder:DisplayName\"/><t:Folder><t:DisplayName>C</t:DisplayName></t:Folder>\
         </t:SetFolderField></t:Updates></t:FolderChange></m:FolderChanges></m:UpdateFolder>"
    );
    client.ok(&rename).await;
    assert_eq!(mailbox.folder_id("Inbox/C"), b);
    let delete = |id: &str| {
        format!("<m:DeleteFolder DeleteType=\"HardDelete\"><m:FolderIds>{id}</m:FolderIds></m:DeleteFolder>")
    };
    client.ok(&delete(&inside)).await;
    assert_eq!(client.codes(&delete(&inside)).await, ["ErrorItemNotFound"]);
    let inbox = "<t:DistinguishedFolderId Id=\"inbox\"/>";
    assert_eq!(client.codes(&delete(inbox)).await, ["ErrorDeleteDistinguishedFolder"]);
}

#[tokio::test]
async fn the_hierarchy_is_told_in_pages_and_then_by_its_changes() {
    let server = ann().page(5).start().await;
    let (client, mailbox) = (Client::new(&server), server.mailbox("ann@x.test"));
    mailbox.create_folder("Gone", "IPF.Note");
    let sync = |state: &str| {
        let state = if state.is_empty() { String::new() } else { format!("<m:SyncState>{state}</m:SyncState>") };
        format!(
            "<m:SyncFolderHierarchy>{SHAPE}<m:SyncFolderId><t:DistinguishedFolderId Id=\"msgfolderroot\"/></m:SyncFolderId>\
             {state}</m:SyncFolderHierarchy>"
        )
    };
    let (mut state, mut seen) = (String::new(), 0);
    loop {
        let message = client.ok(&sync(&state)).await;
        state = message.value("SyncState").unwrap().to_owned();
        let changes = &message.find("Changes").unwrap().children;
        assert!(changes.len() <= 5 && changes.iter().all(|change| change.name == "Create"));
        seen += changes.len();
        if message.value("IncludesLastFolderInRange") == Some("true") {
            break;
        }
    }
    assert_eq!(seen, mailbox.folders().len());
    mailbox.create_folder("New", "IPF.Task").rename_folder("Inbox", "In").delete_folder("Gone");
    let message = client.ok(&sync(&state)).await;
    let changes: Vec<&str> =
        message.find("Changes").unwrap().children.iter().map(|change| change.name.as_str()).collect();
    assert_eq!(changes, ["Create", "Update", "Delete"]);
}
