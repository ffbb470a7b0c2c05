//! The value that proves to hold a domain's key.

use std::fmt::Write;

use mailmove_core::{Error, ErrorKind, Result};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};

/// HMAC-SHA1 over what is signed in, keyed with the text of the key, in lower-case hexadecimal digits.
///
/// `timestamp` is in milliseconds and may differ from the server's clock by five minutes. A lifetime of zero is the
/// server's own.
pub(crate) fn value(key: &SecretString, account: &str, timestamp: i64) -> Result<String> {
    let key = key.expose_secret().trim();
    if key.is_empty() || !key.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(Error::new(ErrorKind::Config, "this is no preauthentication key")
            .remedy("give what `zmprov generateDomainPreAuthKey` printed: 64 hexadecimal digits"));
    }
    // Written so that no old algorithm is taken for anything but what the protocol demands.
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    let tag = hmac::sign(&key, format!("{account}|name|0|{timestamp}").as_bytes());
    let hex = |text: String, byte: &u8| {
        let mut text = text;
        // Writing into a string does not fail.
        _ = write!(text, "{byte:02x}");
        text
    };
    Ok(tag.as_ref().iter().fold(String::new(), hex))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vendors_own_example_comes_out() {
        let key = SecretString::from("6b7ead4bd425836e8cf0079cd6c1a05acc127acd07c8ee4b61023e19250e929c");
        let value = value(&key, "john.doe@domain.com", 1_135_280_708_088).unwrap();
        assert_eq!(value, "b248f6cfd027edd45c5369f8490125204772f844");
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_shown() {
        let error = value(&SecretString::from("sesame"), "a", 0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!error.to_string().contains("sesame"));
    }
}
