//! The sheet: what is taken, what is refused, what is never told.

use mailmove_core::{CredentialProvider, Error, Mailbox, MailboxFlags, Secret, Side};
use mailmove_engine::batch::{Column, DomainRewrite, Sheet, SheetErrors, SheetOptions};
use secrecy::ExposeSecret;

const HEADER: &str = "Source Email,Source Login Name,Source Password,Destination Email,Destination Login Name,\
                      Destination Password,Flags";

fn read(text: impl AsRef<[u8]>) -> Result<Sheet, SheetErrors> {
    SheetOptions::new().read(text.as_ref())
}

/// Where each error is, and nothing of what stands in cells.
fn errors(text: &str) -> Vec<(Option<u64>, Option<Column>)> {
    let errors = read(text).unwrap_err();
    let told = format!("{errors} {errors:?} {}", Error::from(errors.clone()));
    assert!(!told.contains("hunter2"), "{told}");
    errors.0.iter().map(|issue| (issue.line, issue.column)).collect()
}

async fn secret(sheet: &mut Sheet, side: Side, mailbox: &Mailbox) -> (String, String) {
    let credential = sheet.passwords(side).credential(mailbox).await.unwrap();
    match credential.secret {
        Secret::Password(text) => (credential.login, text.expose_secret().to_owned()),
        _ => panic!("not a password"),
    }
}

#[tokio::test]
async fn a_whole_sheet_is_taken_whatever_wrote_it() {
    let rows = "a@x,,\" p,\"\"1 \",b@y,B\\b,p2,2097155\n\n\"c@x\",c@x,p3,d@y,,p4,\n";
    for text in [
        format!("{HEADER}\n{rows}"),
        format!("\u{feff}{HEADER}\n{rows}").replace('\n', "\r\n"),
        format!("{}\n{rows}", HEADER.to_uppercase()),
    ] {
        let mut sheet = read(&text).unwrap();
        assert_eq!(sheet.rows.len(), 2);
        let (first, second) = (sheet.rows[0].clone(), sheet.rows[1].clone());
        assert_eq!((first.line, second.line), (2, 4));
        assert_eq!((first.source.login.as_deref(), first.destination.login_name()), (None, "B\\b"));
        assert_eq!((first.flags.bits(), second.flags), (2_097_155, MailboxFlags::empty()));
        assert_eq!(secret(&mut sheet, Side::Source, &first.source).await, ("a@x".into(), " p,\"1 ".into()));
        assert_eq!(secret(&mut sheet, Side::Destination, &second.destination).await, ("d@y".into(), "p4".into()));
    }
}

#[test]
fn columns_may_stand_in_any_order_and_semicolons_between_them() {
    let sheet = read(" flags ;Destination  Email;SOURCE EMAIL\n8;b@y;a@x\n").unwrap();
    assert_eq!((sheet.rows[0].source.address.as_str(), sheet.rows[0].flags.bits()), ("a@x", 8));
    assert_eq!(sheet.rows[0].destination, Mailbox::new(Side::Destination, "b@y"));
}

#[test]
fn two_addresses_are_enough() {
    let sheet = read("Destination Email,Source Email\nb@y,a@x\n").unwrap();
    assert!(sheet.warnings.is_empty(), "{:?}", sheet.warnings);
    assert_eq!(errors("Source Email\na@x\n"), [(Some(1), Some(Column::DestinationEmail))]);
}

#[test]
fn everything_that_is_wrong_is_told_at_once() {
    let text = format!(
        "{HEADER}\nnobody,,hunter2,b@y,,,0\n,,hunter2,,,,64\nc@x,,hunter2,d@y,,hunter2,hunter2\n\
         e@x,hunter2,f@y,hunter2,0,extra,1,hunter2\ng@x,,,h@y,,,32768\ni@x,,,j@y,,,6291456\n"
    );
    let (email, flags) = (Some(Column::SourceEmail), Some(Column::Flags));
    let expected = [
        (Some(2), email),
        (Some(3), flags),
        (Some(3), email),
        (Some(3), Some(Column::DestinationEmail)),
        (Some(4), flags),
        (Some(5), None),
        (Some(6), flags),
        (Some(7), flags),
    ];
    assert_eq!(errors(&text), expected);
}

#[test]
fn a_file_without_a_header_or_without_rows_is_refused() {
    assert_eq!(errors(""), [(None, None)]);
    assert_eq!(errors(&format!("{HEADER}\n\n")), [(None, None)]);
    let told = read("a@x,,hunter2,b@y,,p,0\n").unwrap_err().to_string();
    assert!(told.contains("not a header"), "{told}");
}

#[test]
fn an_unknown_column_is_an_error_unless_the_sheet_is_read_leniently() {
    let text = "Source Email,Destination Email,Phone,Flags\na@x,b@y,1,32769\n";
    assert_eq!(errors(text), [(Some(1), None), (Some(2), Some(Column::Flags))]);
    let sheet = SheetOptions::new().lenient().read(text.as_bytes()).unwrap();
    assert_eq!((sheet.warnings.len(), sheet.rows[0].flags.bits()), (2, 32_769));
    assert!(sheet.warnings[0].text.contains("Phone"));
}

#[test]
fn a_mailbox_stands_once_unless_merging_is_allowed() {
    let twice = "Source Email,Destination Email\na@x,b@y\nA@X,c@y\n";
    assert_eq!(errors(twice), [(Some(3), Some(Column::SourceEmail))]);
    let into_one = "Source Email,Destination Email\na@x,b@y\nc@x,B@y\n";
    assert_eq!(errors(into_one), [(Some(3), Some(Column::DestinationEmail))]);
    assert_eq!(SheetOptions::new().merge().read(into_one.as_bytes()).unwrap().rows.len(), 2);
    assert!(SheetOptions::new().merge().read(twice.as_bytes()).is_err());
}

#[tokio::test]
async fn login_columns_of_a_side_with_an_administrator_are_not_read() {
    let text = format!("{HEADER}\na@x,login,hunter2,b@y,other,p2,0\n");
    let mut sheet = SheetOptions::new().administrator(Side::Source).read(text.as_bytes()).unwrap();
    let row = sheet.rows[0].clone();
    assert_eq!((row.source.login.as_deref(), row.destination.login.as_deref()), (None, Some("other")));
    assert_eq!(sheet.warnings.len(), 1);
    assert!(sheet.warnings[0].text.contains("2 login names and passwords are ignored"), "{:?}", sheet.warnings);
    assert!(sheet.passwords(Side::Source).mailboxes().is_empty());
    assert_eq!(secret(&mut sheet, Side::Destination, &row.destination).await.1, "p2");
    let text = format!("{HEADER}\na@x,,,b@y,,,960\n");
    let sheet = SheetOptions::new().administrator(Side::Source).read(text.as_bytes()).unwrap();
    assert_eq!(sheet.warnings.len(), 1, "{:?}", sheet.warnings);
    assert!(sheet.warnings[0].text.contains("asked all the same"), "{:?}", sheet.warnings);
}

#[test]
fn who_is_asked_for_a_password_has_none_in_the_sheet() {
    let text = format!("{HEADER}\na@x,,p1,b@y,,,192\nc@x,,,d@y,,p,0\n");
    let mut sheet = read(text).unwrap();
    let told: Vec<_> = sheet.warnings.iter().map(|issue| (issue.line, issue.column)).collect();
    let (source, destination) = (Some(Column::SourcePassword), Some(Column::DestinationPassword));
    assert_eq!(told, [(Some(2), source), (Some(2), destination), (Some(3), source)]);
    assert!(sheet.passwords(Side::Source).mailboxes().is_empty());
}

#[test]
fn flags_that_contradict_each_other_warn_or_fail() {
    let sheet = |flags: u32| read(format!("Source Email,Destination Email,Flags\na@x,b@y,{flags}\n"));
    assert_eq!(sheet(2048 + 1024).unwrap().warnings.len(), 1);
    assert!(sheet(4_194_304 + 2_097_152).is_err());
    assert!(sheet(4096 + 8192 + 16_384 + 262_144 + 524_288 + 1_048_576).is_err());
}

#[test]
fn domains_are_rewritten_and_missing_addresses_made() {
    let options = SheetOptions::new().rewrite(DomainRewrite::new("old.example", "new.example"));
    let text = "Source Email,Destination Email\na@OLD.example,\nb@old.example,c@old.example\nd@x,e@sub.old.example\n";
    let sheet = options.read(text.as_bytes()).unwrap();
    let there: Vec<_> = sheet.rows.iter().map(|row| row.destination.address.as_str()).collect();
    assert_eq!(there, ["a@new.example", "c@new.example", "e@sub.old.example"]);
    assert_eq!(options.read("Source Email\na@old.example\n".as_bytes()).unwrap().rows.len(), 1);
    assert!(options.read("Source Email\na@other.example\n".as_bytes()).is_err());
}

#[test]
fn names_without_a_domain_are_taken_where_that_is_allowed() {
    let text = "Source Email,Destination Email\nalice,alice\n";
    assert!(read(text).is_err());
    assert_eq!(SheetOptions::new().names().read(text.as_bytes()).unwrap().rows[0].source.address, "alice");
    assert!(SheetOptions::new().names().read("Source Email,Destination Email\nalice,b b\n".as_bytes()).is_err());
}

#[test]
fn what_is_not_utf8_is_named_by_its_cell() {
    let error = read(b"Source Email,Destination Email\na@x,b\xff@y\n".as_slice()).unwrap_err();
    assert_eq!((error.0[0].line, error.0[0].column), (Some(2), Some(Column::DestinationEmail)));
}

#[test]
fn a_template_asks_for_what_is_needed_and_reads_back() {
    assert_eq!(SheetOptions::new().template(), format!("{HEADER}\r\n"));
    let both = SheetOptions::new().administrator(Side::Source).administrator(Side::Destination);
    assert_eq!(both.template(), "Source Email,Destination Email,Flags\r\n");
    let sheet = both.read(format!("{}a@x,b@y,3\r\n", both.template()).as_bytes()).unwrap();
    assert_eq!(sheet.rows[0].flags.bits(), 3);
}
