//! Modified UTF-7, the spelling of mailbox names on the wire (RFC 3501, 5.1.3).

use base64::{Engine, alphabet::IMAP_MUTF7, engine::GeneralPurpose, engine::general_purpose::NO_PAD};

/// RFC 3501 writes `,` where base64 writes `/`, and no padding.
const ENGINE: GeneralPurpose = GeneralPurpose::new(&IMAP_MUTF7, NO_PAD);

/// The wire spelling of a name.
pub(crate) fn encode(name: &str) -> String {
    let mut wire = String::with_capacity(name.len());
    let mut shifted: Vec<u8> = Vec::new();
    for character in name.chars() {
        if (' '..='~').contains(&character) {
            unshift(&mut wire, &mut shifted);
            wire.push(character);
            if character == '&' {
                wire.push('-');
            }
        } else {
            let mut units = [0u16; 2];
            for unit in character.encode_utf16(&mut units) {
                shifted.extend_from_slice(&unit.to_be_bytes());
            }
        }
    }
    unshift(&mut wire, &mut shifted);
    wire
}

fn unshift(wire: &mut String, shifted: &mut Vec<u8>) {
    if !shifted.is_empty() {
        wire.push('&');
        wire.push_str(&ENGINE.encode(&shifted));
        wire.push('-');
        shifted.clear();
    }
}

/// The name behind a wire spelling; `None` when the spelling is not the one [`encode`] would give.
pub(crate) fn decode(wire: &str) -> Option<String> {
    let mut name = String::with_capacity(wire.len());
    let mut rest = wire;
    while let Some(start) = rest.find('&') {
        name.push_str(&rest[..start]);
        let end = start + rest[start..].find('-')?;
        let run = &rest[start + 1..end];
        if run.is_empty() {
            name.push('&');
        } else {
            let bytes = ENGINE.decode(run).ok()?;
            if bytes.len() % 2 != 0 {
                return None;
            }
            let units = bytes.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]]));
            for character in char::decode_utf16(units) {
                name.push(character.ok()?);
            }
        }
        rest = &rest[end + 1..];
    }
    name.push_str(rest);
    (encode(&name) == wire).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::{decode, encode};

    #[test]
    fn names_come_back_as_they_were() {
        for (name, wire) in [
            ("INBOX", "INBOX"),
            ("Entwürfe", "Entw&APw-rfe"),
            ("R&D", "R&-D"),
            ("日本語", "&ZeVnLIqe-"),
            ("😀", "&2D3eAA-"),
            ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ] {
            assert_eq!(encode(name), wire);
            assert_eq!(decode(wire).as_deref(), Some(name));
        }
    }

    #[test]
    fn a_spelling_nobody_would_write_is_not_a_name() {
        for wire in ["R&D", "&AGE-", "&2D0-", "Entwürfe", "&APw", "&!-"] {
            assert_eq!(decode(wire), None, "{wire}");
        }
    }
}
