//! The sums of NTLMv2, \[MS-NLMP\] 3.3.2.

use hmac::{Hmac, KeyInit, Mac};
use md4::Md4;
use md5::{Digest, Md5};

pub(super) type Key = [u8; 16];

/// HMAC-MD5 over pieces.
pub(super) fn hmac(key: &[u8], pieces: &[&[u8]]) -> Key {
    // HMAC takes keys of every length.
    let mut mac = match Hmac::<Md5>::new_from_slice(key) {
        Ok(mac) => mac,
        Err(_) => return [0; 16],
    };
    pieces.iter().for_each(|piece| mac.update(piece));
    mac.finalize().into_bytes().into()
}

/// UTF-16, low octet first.
pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// NTOWFv2: the key that stands for a password.
pub(super) fn key(user: &str, domain: &str, password: &str) -> Key {
    let hash = Md4::digest(utf16(password));
    hmac(&hash, &[&utf16(&user.to_uppercase()), &utf16(domain)])
}

/// What proves the key, and what it yields.
pub(super) struct Proof {
    /// NtChallengeResponse.
    pub(super) response: Vec<u8>,
    /// SessionBaseKey.
    pub(super) session: Key,
}

/// The NTLMv2 response to a challenge; `time` counts tenths of microseconds since 1601.
pub(super) fn respond(key: &Key, challenge: &[u8; 8], own: &[u8; 8], time: u64, pairs: &[u8]) -> Proof {
    let mut blob = vec![1, 1, 0, 0, 0, 0, 0, 0];
    blob.extend_from_slice(&time.to_le_bytes());
    blob.extend_from_slice(own);
    blob.extend_from_slice(&[0; 4]);
    blob.extend_from_slice(pairs);
    blob.extend_from_slice(&[0; 4]);
    let proof = hmac(key, &[challenge, &blob]);
    let session = hmac(key, &[&proof]);
    Proof { response: [proof.as_slice(), &blob].concat(), session }
}

/// The LMv2 response, for servers that tell no time.
pub(super) fn respond_lm(key: &Key, challenge: &[u8; 8], own: &[u8; 8]) -> Vec<u8> {
    [hmac(key, &[challenge, own]).as_slice(), own].concat()
}
