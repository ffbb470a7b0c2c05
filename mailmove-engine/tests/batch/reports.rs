//! What is told of a batch: whole, readable, and nothing that should not be there.

use mailmove_core::{Error, ErrorKind};
use mailmove_engine::batch::{Batch, Pass};
use mailmove_testkit::NewItem;

use crate::common::{World, flagged, go, job};

/// Some that moved, some with items left, three that failed, two that are deferred, one that waits.
async fn varied(world: &World) -> Batch {
    let names = ["moved", "some", "f1", "f2", "f3", "d1", "d2"];
    let batch = world.filled(&names, 4).await;
    batch.add([flagged("waits", 192)]).await.unwrap();
    let mailbox = world.old.mailbox("some@old.example");
    let folder = mailbox.create_folder(&["<script>alert(1)</script>"]);
    mailbox.add(&folder, NewItem::mail("Message-ID: <s>\r\nSubject: private matter\r\n\r\nsecret body\r\n"));
    let refused = Error::new(ErrorKind::Refused, "the server does not like it");
    let private = |write: &mailmove_core::Write| match write {
        mailmove_core::Write::Create { item, .. } => {
            String::from_utf8_lossy(&item.body.bytes().unwrap()).contains("private matter")
        }
        _ => false,
    };
    world.new.faults().refuse(private, refused);
    for name in ["f1", "f2", "f3"] {
        let error = Error::new(ErrorKind::AccessDenied, "=the account may not <read>").remedy("give it the right");
        world.old.trouble(&format!("{name}@old.example"), error);
    }
    for name in ["d1", "d2"] {
        let error = Error::new(ErrorKind::NotProvisioned, "the mailbox is being made");
        world.new.trouble(&format!("{name}@new.example"), error);
    }
    go(&batch, Pass::Full).await;
    batch
}

#[tokio::test]
async fn the_page_needs_nothing_but_itself_and_names_what_is_to_be_done() {
    let world = World::new();
    let page = varied(&world).await.report().await.unwrap().html("Move <of> Example");
    if let Some(path) = std::env::var_os("MAILMOVE_TEST_PAGE") {
        std::fs::write(path, &page).unwrap();
    }
    assert!(page.contains("<title>Move &lt;of&gt; Example</title>"));
    for words in
        ["failed: <b>3</b>", "deferred: <b>2</b>", "Give it the right.", "tried again at", "waiting for user: <b>1</b>"]
    {
        assert!(page.contains(words), "{words}");
    }
    for never in ["<script", "http://", "https://", "src=", "private matter", "secret body", "@import", "url("] {
        assert!(!page.contains(never), "{never}");
    }
    assert!(page.contains("subject digest"));
    assert_eq!(page.matches("<figure>").count(), 2, "one picture for each that moved something");
    assert_eq!(page.matches("Give it the right.").count(), 1, "mailboxes with the same trouble stand together");
    assert!(page.contains("</span> 3 mailboxes</h3>") && page.contains("1 item not moved"));
    assert!(page.contains("What may be behind it:"), "a refusal has causes");
}

#[tokio::test]
async fn the_table_has_a_row_for_each_mailbox_and_no_formulas() {
    let world = World::new();
    let report = varied(&world).await.report().await.unwrap();
    let mut reader = csv::Reader::from_reader(report.csv().into_bytes().leak() as &[u8]);
    let at = |name: &str, headers: &csv::StringRecord| headers.iter().position(|header| header == name).unwrap();
    let headers = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 8);
    assert_eq!(&rows[0][at("Items moved", &headers)], "4");
    assert_eq!((&rows[1][at("State", &headers)], &rows[1][at("Failed", &headers)]), ("completed with errors", "1"));
    assert_eq!((&rows[2][at("Side", &headers)], &rows[2][at("State", &headers)]), ("source", "failed"));
    let formula = |cell: &str| cell.starts_with(['=', '+', '-', '@']);
    assert!(!rows.iter().flatten().any(formula));
}

#[tokio::test]
async fn a_cell_that_looks_like_a_formula_is_text() {
    let world = World::new();
    let batch = world.filled(&["=1+1"], 0).await;
    batch.add([job("-x")]).await.unwrap();
    let table = batch.report().await.unwrap().csv();
    assert!(table.contains("\r\n'=1+1@old.example,") && table.contains("\r\n'-x@old.example,"), "{table}");
}

#[tokio::test]
async fn machines_read_everything() {
    let world = World::new();
    let text = varied(&world).await.report().await.unwrap().json();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["summary"]["states"]["failed"], 3);
    let first = &report["mailboxes"][0];
    assert_eq!((&first["item"]["state"], &first["passes"][0]["copied"]), (&"completed".into(), &4.into()));
    assert!(!text.contains("private matter") && !text.contains("\"asked\""));
}

#[tokio::test]
async fn what_holds_for_all_mailboxes_stands_in_every_report() {
    let world = World::new();
    let note = "the connections to the source are not encrypted, as <allowed>";
    let batch = world.builder().note(note).open().await.unwrap();
    let report = batch.report().await.unwrap();
    assert!(report.html("Move").contains("not encrypted, as &lt;allowed&gt;"));
    assert!(report.json().contains(note));
}
