use super::{Client, ann};
use crate::ews::Version;

const GET: &str = "<m:GetFolder><m:FolderShape><t:BaseShape>AllProperties</t:BaseShape></m:FolderShape><m:FolderIds>\
                   <t:DistinguishedFolderId Id=\"inbox\"/></m:FolderIds></m:GetFolder>";

#[tokio::test]
async fn a_server_knows_its_own_version_and_older_ones() {
    for version in Version::ALL {
        let server = ann().version(version).start().await;
        for asked in Version::ALL {
            let client = Client::new(&server).version(asked);
            let newer = asked.name() != version.name() && asked > version;
            match newer {
                true => assert_eq!(client.fault(GET).await, "ErrorInvalidServerVersion", "{asked:?} of {version:?}"),
                false => {
                    let folder = client.ok(GET).await;
                    let tells = folder.at(&["Folders", "Folder", "DistinguishedFolderId"]).is_some();
                    assert_eq!(tells, asked >= Version::Exchange2013);
                }
            }
        }
        let reply = Client::new(&server).version(Version::Exchange2007Sp1).send(GET).await.unwrap();
        assert!(reply.body.contains(&format!("MajorVersion=\"{}\"", version.build()[0])), "{}", reply.body);
    }
}

#[tokio::test]
async fn old_servers_have_fewer_operations() {
    let server = ann().version(Version::Exchange2010).start().await;
    let export = "<m:ExportItems><m:ItemIds><t:ItemId Id=\"x\"/></m:ItemIds></m:ExportItems>";
    assert_eq!(Client::new(&server).version(Version::Exchange2010).fault(export).await, "ErrorInvalidRequest");
    let archive = GET.replace("inbox", "archivemsgfolderroot");
    assert_eq!(Client::new(&server).version(Version::Exchange2010).fault(&archive).await, "ErrorSchemaValidation");
}

#[tokio::test]
async fn a_mailbox_may_be_older_than_its_server() {
    let server = ann().older_mailbox("old@x.test", "secret", Version::Exchange2010Sp2).start().await;
    let old = || Client::signed_in(&server, "old@x.test", "secret");
    assert_eq!(old().fault(GET).await, "ErrorInvalidSchemaVersionForMailboxVersion");
    old().version(Version::Exchange2010Sp2).ok(GET).await;
    Client::new(&server).ok(GET).await;
}

#[tokio::test]
async fn there_is_no_version_2019() {
    let server = ann().start().await;
    let body = "<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/' \
                xmlns:t='http://schemas.microsoft.com/exchange/services/2006/types'><s:Header><t:RequestServerVersion \
                Version='Exchange2019'/></s:Header><s:Body><x/></s:Body></s:Envelope>";
    let reply = Client::new(&server).post(body.as_bytes()).await.unwrap();
    assert!(reply.body.contains("ErrorSchemaValidation"), "{}", reply.body);
}
