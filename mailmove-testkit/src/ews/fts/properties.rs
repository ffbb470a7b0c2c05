//! Values as a property stream holds them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::ews::date;
use crate::ews::state::Property;

/// The code of a MAPI type by its name in EWS. Types that no item of this server has are missing.
pub(super) fn code(kind: &str) -> Option<u16> {
    Some(match kind {
        "Short" => 0x0002,
        "Integer" => 0x0003,
        "Float" => 0x0004,
        "Double" => 0x0005,
        "Boolean" => 0x000B,
        "Long" => 0x0014,
        "String" => 0x001F,
        "SystemTime" => 0x0040,
        "CLSID" => 0x0048,
        "Binary" => 0x0102,
        "IntegerArray" => 0x1003,
        "StringArray" => 0x101F,
        "SystemTimeArray" => 0x1040,
        "BinaryArray" => 0x1102,
        _ => return None,
    })
}

pub(super) fn kind(code: u16) -> Option<&'static str> {
    const KINDS: [&str; 14] = [
        "Short",
        "Integer",
        "Float",
        "Double",
        "Boolean",
        "Long",
        "String",
        "SystemTime",
        "CLSID",
        "Binary",
        "IntegerArray",
        "StringArray",
        "SystemTimeArray",
        "BinaryArray",
    ];
    KINDS.into_iter().find(|kind| self::code(kind) == Some(code))
}

/// The octets of a value; nothing when the text does not fit its type.
pub(super) fn encode(property: &Property) -> Option<Vec<u8>> {
    let single = property.kind.trim_end_matches("Array");
    if single == property.kind {
        return one(single, property.values.first()?);
    }
    let mut out = u32::try_from(property.values.len()).ok()?.to_le_bytes().to_vec();
    for value in &property.values {
        out.extend(one(single, value)?);
    }
    Some(out)
}

fn one(kind: &str, value: &str) -> Option<Vec<u8>> {
    let sized = |bytes: &[u8]| Some([&u32::try_from(bytes.len()).ok()?.to_le_bytes(), bytes].concat());
    match kind {
        "Short" => Some(value.parse::<i16>().ok()?.to_le_bytes().to_vec()),
        "Integer" => Some(value.parse::<i32>().ok()?.to_le_bytes().to_vec()),
        "Long" => Some(value.parse::<i64>().ok()?.to_le_bytes().to_vec()),
        "Float" => Some(value.parse::<f32>().ok()?.to_le_bytes().to_vec()),
        "Double" => Some(value.parse::<f64>().ok()?.to_le_bytes().to_vec()),
        "Boolean" => Some(u16::from(matches!(value, "true" | "1")).to_le_bytes().to_vec()),
        "SystemTime" => Some(date::filetime(date::parse(value)?).to_le_bytes().to_vec()),
        "CLSID" => guid(value),
        "String" => sized(&utf16(value)),
        "Binary" => sized(&STANDARD.decode(value).ok()?),
        _ => None,
    }
}

/// Two octets a unit, with the zero at the end.
pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect()
}

/// The octets of a GUID as Windows orders them.
pub(super) fn guid(text: &str) -> Option<Vec<u8>> {
    let digits: String = text.chars().filter(char::is_ascii_hexdigit).collect();
    let byte = |at: usize| u8::from_str_radix(digits.get(at * 2..at * 2 + 2)?, 16).ok();
    let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];
    if digits.len() != 32 {
        return None;
    }
    order.into_iter().map(byte).collect()
}

pub(super) fn guid_text(bytes: &[u8]) -> String {
    let hex = |order: &[usize]| order.iter().map(|at| format!("{:02x}", bytes[*at])).collect::<String>();
    let parts = [hex(&[3, 2, 1, 0]), hex(&[5, 4]), hex(&[7, 6]), hex(&[8, 9]), hex(&[10, 11, 12, 13, 14, 15])];
    parts.join("-")
}
