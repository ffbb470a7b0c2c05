//! Addresses of the content servlet, which gives and takes whole items.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::Url;

use super::get_msg_metadata::join;

/// What may stand in a segment of a path as it is.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The content of one item in a format: `sync` for a message and what is known of it, `ics` for a calendar entry.
pub(crate) fn item(base: &Url, id: u64, format: &str) -> Url {
    let mut url = with_path(base, "/service/home/~/");
    let header = if format == "sync" { "&nohdr=1" } else { "" };
    url.set_query(Some(&format!("auth=co&id={id}&fmt={format}{header}")));
    url
}

/// Many items in one archive.
pub(crate) fn export(base: &Url, ids: &[u64], with_metadata: bool) -> Url {
    let mut url = with_path(base, "/service/home/~/");
    let meta = if with_metadata { "" } else { "&meta=0" };
    url.set_query(Some(&format!("auth=co&fmt=tgz&list={}{meta}", join(ids))));
    url
}

/// Where something is put into a folder in a format.
pub(crate) fn import(base: &Url, folder: &[String], query: &str) -> Url {
    let path: Vec<String> = folder.iter().map(|name| utf8_percent_encode(name, SEGMENT).to_string()).collect();
    let mut url = with_path(base, &format!("/service/home/~/{}", path.join("/")));
    url.set_query(Some(&format!("auth=co&{query}")));
    url
}

/// Where a file is left for a later request.
pub(crate) fn upload(base: &Url) -> Url {
    let mut url = with_path(base, "/service/upload");
    url.set_query(Some("fmt=raw"));
    url
}

/// The operation's name at the end of the address is for the server's log.
pub(crate) fn soap(base: &Url, operation: &str) -> Url {
    with_path(base, &format!("/service/soap/{operation}Request"))
}

/// The administrators' door.
pub(crate) fn admin(base: &Url, operation: &str) -> Url {
    with_path(base, &format!("/service/admin/soap/{operation}Request"))
}

fn with_path(base: &Url, path: &str) -> Url {
    let mut url = base.clone();
    url.set_path(path);
    url.set_query(None);
    url
}

/// The name under which an upload was kept: `200,'null','ID'`; or the status that it failed with.
pub(crate) fn uploaded(answer: &str) -> Result<String, Option<u16>> {
    let mut parts = answer.trim().splitn(3, ',');
    let status = parts.next().and_then(|text| text.trim().parse::<u16>().ok());
    let name = parts.nth(1).map(|text| text.trim().trim_matches('\'').to_owned());
    match (status, name) {
        (Some(200), Some(name)) if !name.is_empty() => Ok(name),
        (status, _) => Err(status.filter(|status| *status != 200)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_made_of_what_the_server_is_reached_by() {
        let base = Url::parse("https://mail.example.org:8443/anything?x=y").unwrap();
        let text = |url: Url| url.to_string();
        let home = "https://mail.example.org:8443/service/home/~/";
        assert_eq!(text(item(&base, 257, "sync")), format!("{home}?auth=co&id=257&fmt=sync&nohdr=1"));
        assert_eq!(text(export(&base, &[1, 2], false)), format!("{home}?auth=co&fmt=tgz&list=1,2&meta=0"));
        let path = ["Ä b".to_owned(), "50%".to_owned(), "a?b#c".to_owned()];
        assert_eq!(text(import(&base, &path, "fmt=ics")), format!("{home}%C3%84%20b/50%25/a%3Fb%23c?auth=co&fmt=ics"));
    }

    #[test]
    fn an_upload_has_a_name_or_a_status() {
        assert_eq!(uploaded("200,'null','abc:def'\n"), Ok("abc:def".to_owned()));
        assert_eq!(uploaded("413,'null'"), Err(Some(413)));
        assert_eq!(uploaded("<html>"), Err(None));
        assert_eq!(uploaded("200,'null',''"), Err(None));
    }
}
