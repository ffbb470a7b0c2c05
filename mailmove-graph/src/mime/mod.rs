//! Messages taken apart: a tree of parts, their content decoded into a spool. Reading takes a line at a time, whatever the
//! size of a message.

mod decode;
mod header;
mod scan;

use mailmove_core::{Body, Result, Spool};

pub(crate) use header::{Header, Person};

/// How deep messages may stand in messages; what is deeper stays whole.
const DEEPEST: usize = 8;

/// A message or a part of one.
#[derive(Debug)]
pub(crate) struct Entity {
    pub(crate) header: Header,
    pub(crate) content: Content,
}

/// What stands below a header.
#[derive(Debug)]
pub(crate) enum Content {
    /// Bytes, decoded.
    Leaf(Body),
    /// Parts in their order.
    Multipart(Vec<Entity>),
    /// A message in a message: its bytes, and what is in it.
    Message(Body, Box<Entity>),
}

/// Takes a message apart.
pub(crate) fn parse(body: &Body, spool: &Spool) -> Result<Entity> {
    parse_at(body, spool, 0)
}

fn parse_at(body: &Body, spool: &Spool, depth: usize) -> Result<Entity> {
    scan::Scanner::new(body, spool, depth).message()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Entity {
        parse(&Body::unpooled(text.to_owned().into_bytes()), &Spool::new(1 << 20)).unwrap()
    }

    fn leaf(entity: &Entity) -> String {
        let Content::Leaf(body) = &entity.content else { panic!("{entity:?} is no leaf") };
        String::from_utf8_lossy(&body.bytes().unwrap()).into_owned()
    }

    fn parts(entity: &Entity) -> &[Entity] {
        let Content::Multipart(parts) = &entity.content else { panic!("{entity:?} has no parts") };
        parts
    }

    #[test]
    fn parts_are_decoded_and_line_ends_before_boundaries_belong_to_them() {
        let message = parsed(
            "Content-Type: multipart/mixed; boundary=\"b 1\"\r\n\r\npreamble\r\n--b 1\r\n\r\none\r\ntwo\r\n--b 1 \r\n\
             Content-Transfer-Encoding: base64\r\n\r\naGVs\r\nbG8=\r\n--b 1\r\nContent-Type: text/plain\r\n\
             Content-Transfer-Encoding: quoted-printable\r\n\r\ngr=C3=BC=C3=9F=\r\ne =zz=\r\n--b 1--\r\nepilogue\r\n",
        );
        let parts = parts(&message);
        assert_eq!(parts.iter().map(leaf).collect::<Vec<_>>(), ["one\r\ntwo", "hello", "grüße =zz"]);
    }

    #[test]
    fn parts_in_parts_end_with_whatever_boundary_comes_first() {
        let message = parsed(
            "Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/alternative; boundary=ab\n\n\
             --ab\n\nplain\n--ab\nContent-Type: text/html\n\n<b>\n--a\n\nlast\n--a--\n",
        );
        let outer = parts(&message);
        assert_eq!(outer.len(), 2);
        assert_eq!(parts(&outer[0]).iter().map(leaf).collect::<Vec<_>>(), ["plain", "<b>"]);
        assert_eq!(leaf(&outer[1]), "last");
    }

    #[test]
    fn a_message_in_a_message_in_a_message_is_both_whole_and_taken_apart() {
        let inner = "Subject: 3\r\n\r\ninnermost\r\n";
        let middle = format!("Subject: 2\r\nContent-Type: message/rfc822\r\n\r\n{inner}");
        let outer = parsed(&format!("Subject: 1\r\nContent-Type: message/rfc822\r\n\r\n{middle}"));
        let Content::Message(bytes, second) = &outer.content else { panic!("no message") };
        assert_eq!(bytes.bytes().unwrap(), middle);
        assert_eq!(second.header.subject().as_deref(), Some("2"));
        let Content::Message(bytes, third) = &second.content else { panic!("no message") };
        assert_eq!(bytes.bytes().unwrap(), inner);
        assert_eq!(leaf(third), "innermost\r\n");
    }

    #[test]
    fn what_is_broken_is_read_as_far_as_it_goes() {
        assert_eq!(leaf(&parsed("")), "");
        assert_eq!(leaf(&parsed("\r\nonly a body\r\n")), "only a body\r\n");
        assert_eq!(leaf(&parsed("Subject: header only\r\nFrom: a@example.org\r\n")), "");
        let open = parsed("Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nno end");
        assert_eq!(parts(&open).iter().map(leaf).collect::<Vec<_>>(), ["no end"]);
        let without = parsed("Content-Type: multipart/mixed\r\n\r\n--b\r\n\r\ntext");
        assert_eq!(leaf(&without), "--b\r\n\r\ntext");
    }

    #[test]
    fn long_lines_need_no_memory_of_their_own() {
        let long = "x".repeat(1 << 20);
        assert_eq!(leaf(&parsed(&format!("Subject: long\r\n\r\n{long}"))), long);
    }
}
