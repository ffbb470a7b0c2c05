//! Lines made by the grammar: what one of the others reads to its end, we read the same.

use proptest::prelude::*;

use super::Verdict::Differs;
use super::compare;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn listed_names_are_read_alike(
        verb in prop_oneof![Just("LIST"), Just("LSUB")],
        attributes in proptest::collection::vec(attribute(), 0..4),
        delimiter in prop_oneof![Just("NIL"), Just("\"/\""), Just("\".\"")],
        name in astring(),
    ) {
        alike(&format!("* {verb} ({}) {delimiter} {name}\r\n", attributes.join(" ")), &name)?;
    }

    #[test]
    fn states_of_mailboxes_are_read_alike(
        name in astring(),
        items in proptest::collection::vec((prop_oneof![Just("MESSAGES"), Just("RECENT"), Just("UIDNEXT"), Just("UIDVALIDITY"), Just("UNSEEN"), Just("HIGHESTMODSEQ")], 1u32..), 0..5),
    ) {
        let items: Vec<String> = items.iter().map(|(item, number)| format!("{item} {number}")).collect();
        alike(&format!("* STATUS {name} ({})\r\n", items.join(" ")), &name)?;
    }

    #[test]
    fn messages_are_read_alike(number in 1u32.., items in proptest::collection::vec(item(), 1..6)) {
        let escapes = items.concat();
        alike(&format!("* {number} FETCH ({})\r\n", items.join(" ")), &escapes)?;
    }

    #[test]
    fn status_lines_are_read_alike(
        tag in prop_oneof![Just("*".to_owned()), (0u32..9999).prop_map(|number| format!("m{number}"))],
        word in prop_oneof![Just("OK"), Just("NO"), Just("BAD"), Just("bye"), Just("ok")],
        code in proptest::option::of(code()),
        text in "[a-zA-Z0-9.,:!?(){}*%'\"\\\\]{1,3}( [a-zA-Z0-9.,:!?(){}*%'\"\\\\]{1,9}){0,4}",
    ) {
        let code = code.map(|code| format!("[{code}] ")).unwrap_or_default();
        alike(&format!("{tag} {word} {code}{text}\r\n"), "")?;
    }

    #[test]
    fn numbers_and_sets_are_read_alike(line in prop_oneof![
        any::<u32>().prop_map(|number| format!("* {number} EXISTS")),
        (1u32..).prop_map(|number| format!("* {number} EXPUNGE")),
        proptest::collection::vec(1u32.., 0..9).prop_map(|uids| format!("* SEARCH{}", uids.iter().map(|uid| format!(" {uid}")).collect::<String>())),
        (any::<bool>(), uid_set()).prop_map(|(earlier, uids)| format!("* VANISHED {}{uids}", if earlier { "(EARLIER) " } else { "" })),
        proptest::collection::vec(flag(), 0..5).prop_map(|flags| format!("* FLAGS ({})", flags.join(" "))),
        proptest::collection::vec(("[A-Z]{1,9}", any::<u32>(), any::<u32>()), 1..4).prop_map(|all| {
            let all: Vec<String> = all.iter().map(|(name, used, limit)| format!("{name} {used} {limit}")).collect();
            format!("* QUOTA \"\" ({})", all.join(" "))
        }),
    ]) {
        alike(&format!("{line}\r\n"), "")?;
    }
}

/// Nobody may read it otherwise. imap-proto leaves escapes in quoted strings (RFC 3501 §9 says that they go), so it has
/// no say where there is one.
fn alike(line: &str, escapes: &str) -> Result<(), TestCaseError> {
    let (ours, codec, proto) = compare(line.as_bytes());
    prop_assert_ne!(codec, Differs, "{:?}: {:?}, imap-codec {:?}", line, ours, super::codec::read(line.as_bytes()));
    if !escapes.contains('\\') {
        prop_assert_ne!(proto, Differs, "{:?}: {:?}, imap-proto {:?}", line, ours, super::proto::read(line.as_bytes()));
    }
    Ok(())
}

fn attribute() -> impl Strategy<Value = String> {
    prop_oneof![Just("\\Noselect".to_owned()), Just("\\HasNoChildren".to_owned()), "\\\\[A-Z][a-z]{1,8}"]
}

fn flag() -> impl Strategy<Value = String> {
    prop_oneof!["\\\\(Seen|seen|ANSWERED|Flagged|Deleted|Draft)", "[$a-zA-Z0-9_.-]{1,9}", "\\\\X-[A-Z]{1,5}",]
        .prop_filter("one spelling of these", |flag| {
            !flag.eq_ignore_ascii_case("$junk") && !flag.eq_ignore_ascii_case("$forwarded")
        })
}

/// A name: as an atom, quoted, or as a literal.
fn astring() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-zA-Z0-9/._~&+,=$#!-]{1,12}",
        "[a-zA-Z0-9 (){%*\\[\\]/.&-]{0,12}".prop_map(|text| format!("\"{text}\"")),
        "[a-z\"\\\\ ]{0,6}".prop_map(|text| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))),
        "[a-z\"\\\\(){}\r\n ]{0,9}".prop_map(|text| literal(&text)),
    ]
}

fn literal(text: &str) -> String {
    format!("{{{}}}\r\n{text}", text.len())
}

fn nstring() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("NIL".to_owned()),
        "[a-z ]{0,8}".prop_map(|text| format!("\"{text}\"")),
        "[a-z\"\\\\(){}\r\n ]{0,20}".prop_map(|text| literal(&text)),
    ]
}

fn item() -> impl Strategy<Value = String> {
    prop_oneof![
        (1u32..).prop_map(|uid| format!("UID {uid}")),
        any::<u32>().prop_map(|size| format!("RFC822.SIZE {size}")),
        proptest::collection::btree_set(flag(), 0..4)
            .prop_map(|flags| { format!("FLAGS ({})", flags.into_iter().collect::<Vec<_>>().join(" ")) }),
        (1u8..=28, 1970u16..2100, 0u8..24, 0u8..60, 0u8..60, 0u8..14).prop_map(
            |(day, year, hour, minute, second, zone)| {
                format!("INTERNALDATE \"{day:2}-Feb-{year} {hour:02}:{minute:02}:{second:02} -{zone:02}30\"")
            }
        ),
        nstring().prop_map(|text| format!("BODY[] {text}")),
        nstring().prop_map(|text| format!("BODY[]<0> {text}")),
        nstring().prop_map(|text| format!("RFC822 {text}")),
        nstring().prop_map(|text| format!("BODY[HEADER] {text}")),
        nstring().prop_map(|text| format!("BODY[1.TEXT] {text}")),
        (1u64..(1 << 62)).prop_map(|modseq| format!("MODSEQ ({modseq})")),
        Just("ENVELOPE (NIL \"a\" NIL NIL NIL ((NIL NIL \"a\" \"b\")) NIL NIL NIL \"<1@x>\")".to_owned()),
    ]
}

fn uid_set() -> impl Strategy<Value = String> {
    let one = (1u32..9_999, 0u32..9)
        .prop_map(|(from, more)| if more == 0 { from.to_string() } else { format!("{from}:{}", from + more) });
    proptest::collection::vec(one, 1..5).prop_map(|all| all.join(","))
}

fn code() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("ALERT".to_owned()),
        Just("READ-ONLY".to_owned()),
        Just("TRYCREATE".to_owned()),
        Just("NOMODSEQ".to_owned()),
        Just("OVERQUOTA".to_owned()),
        (1u32..).prop_map(|number| format!("UIDVALIDITY {number}")),
        (1u32..).prop_map(|number| format!("UIDNEXT {number}")),
        (1u32.., 1u32..).prop_map(|(validity, uid)| format!("APPENDUID {validity} {uid}")),
        (1u32.., uid_set(), uid_set()).prop_map(|(validity, from, to)| format!("COPYUID {validity} {from} {to}")),
        proptest::collection::vec(flag(), 0..4)
            .prop_map(|flags| format!("PERMANENTFLAGS ({} \\*)", flags.join(" ")).replace("( ", "(")),
        "X[A-Z]{1,8}( [a-z0-9:/]{1,9})?",
    ]
}
