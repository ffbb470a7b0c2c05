//! The three messages, \[MS-NLMP\] 2.2.1.

use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;

use super::crypto::{self, utf16};
use super::fields::{CHANNEL_BINDINGS, FLAGS, Pairs, TARGET_NAME, WITH_MIC};
use crate::{Credential, Error, ErrorKind, Result};

const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";

/// Unicode, tell the target, NTLM, always sign, extended session security, version, 128 and 56 bit keys.
const WANTED: u32 = 0x1 | 0x4 | 0x200 | 0x8000 | 0x0008_0000 | 0x0200_0000 | 0x2000_0000 | 0x8000_0000;

/// The server told about itself.
const TARGET_INFO: u32 = 0x0080_0000;

/// Windows 10, revision 15 of NTLMSSP.
const VERSION: [u8; 8] = [10, 0, 0, 0, 0, 0, 0, 15];

/// Where the payload of the last message begins: behind the version and the integrity code.
const PAYLOAD: usize = 88;
/// Where its integrity code stands.
const MIC: usize = 72;

/// Seconds from 1601 to 1970.
const EPOCH: i64 = 11_644_473_600;

/// The first message.
pub(super) struct Negotiate(Vec<u8>);

impl Negotiate {
    pub(super) fn new() -> Self {
        let mut bytes = SIGNATURE.to_vec();
        bytes.extend_from_slice(&1u32.to_le_bytes());
        bytes.extend_from_slice(&WANTED.to_le_bytes());
        // Neither domain nor workstation.
        bytes.extend_from_slice(&[0; 16]);
        bytes.extend_from_slice(&VERSION);
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The second message, from the server.
pub(super) struct Challenge {
    bytes: Vec<u8>,
    flags: u32,
    challenge: [u8; 8],
    pairs: Pairs,
}

impl Challenge {
    pub(super) fn read(bytes: &[u8]) -> Result<Self> {
        let broken = || Error::new(ErrorKind::Protocol, "the NTLM challenge of the server is damaged");
        let number = |at: usize| {
            let four = bytes.get(at..at + 4).and_then(|four| four.try_into().ok());
            four.map(u32::from_le_bytes).ok_or_else(broken)
        };
        if bytes.get(..8) != Some(SIGNATURE.as_slice()) || number(8)? != 2 {
            return Err(broken());
        }
        let flags = number(20)?;
        let challenge = bytes.get(24..32).and_then(|eight| eight.try_into().ok()).ok_or_else(broken)?;
        let pairs = match flags & TARGET_INFO {
            0 => Pairs::default(),
            _ => {
                let (length, offset) = (number(40)? as usize & 0xffff, number(44)? as usize);
                let end = offset.checked_add(length).ok_or_else(broken)?;
                Pairs::read(bytes.get(offset..end).ok_or_else(broken)?)?
            }
        };
        Ok(Self { bytes: bytes.to_vec(), flags, challenge, pairs })
    }
}

/// The third message.
pub(super) fn authenticate(
    hello: &Negotiate,
    challenge: &Challenge,
    credential: &Credential,
    password: &SecretString,
    target: &str,
    binding: Option<[u8; 16]>,
) -> Vec<u8> {
    let (domain, user) = account(&credential.login);
    let key = crypto::key(user, domain, password.expose_secret());
    let mut pairs = challenge.pairs.clone();
    let told = pairs.time();
    if told.is_some() {
        let flags = pairs.value(FLAGS).and_then(|four| four.try_into().ok()).map_or(0, u32::from_le_bytes);
        pairs.set(FLAGS, (flags | WITH_MIC).to_le_bytes().to_vec());
    }
    // Sixteen zeros say that there is no channel to be bound to.
    pairs.set(CHANNEL_BINDINGS, binding.unwrap_or_default().to_vec());
    pairs.set(TARGET_NAME, utf16(target));
    let own: [u8; 8] = unguessable();
    let proof = crypto::respond(&key, &challenge.challenge, &own, told.unwrap_or_else(now), &pairs.bytes());
    let old = match told {
        Some(_) => vec![0; 24],
        None => crypto::respond_lm(&key, &challenge.challenge, &own),
    };
    let mut message = write(challenge.flags & WANTED, &[&old, &proof.response, &utf16(domain), &utf16(user)]);
    if told.is_some() {
        let code = crypto::hmac(&proof.session, &[hello.bytes(), &challenge.bytes, &message]);
        message[MIC..PAYLOAD].copy_from_slice(&code);
    }
    message
}

/// The last message without its integrity code: both responses, the domain, the user.
fn write(flags: u32, [old, new, domain, user]: &[&[u8]; 4]) -> Vec<u8> {
    let mut offset = PAYLOAD;
    let mut field = |value: &[u8]| {
        let length = u16::try_from(value.len()).unwrap_or_default().to_le_bytes();
        let at = u32::try_from(offset).unwrap_or_default().to_le_bytes();
        offset += value.len();
        [&length[..], &length[..], &at[..]].concat()
    };
    // The payload stands in the order of those who come first in it, not in that of the fields.
    let (domain_field, user_field) = (field(domain), field(user));
    let (host_field, old_field, new_field, key_field) = (field(&[]), field(old), field(new), field(&[]));
    let mut message = SIGNATURE.to_vec();
    message.extend_from_slice(&3u32.to_le_bytes());
    for field in [old_field, new_field, domain_field, user_field, host_field, key_field] {
        message.extend_from_slice(&field);
    }
    message.extend_from_slice(&flags.to_le_bytes());
    message.extend_from_slice(&VERSION);
    message.extend_from_slice(&[0; 16]);
    for value in [domain, user, old, new] {
        message.extend_from_slice(value);
    }
    message
}

/// `DOMAIN\user` in its parts; an address is a user without a domain.
fn account(login: &str) -> (&str, &str) {
    login.split_once('\\').unwrap_or(("", login))
}

/// Now, in tenths of microseconds since 1601.
fn now() -> u64 {
    let tenths = (OffsetDateTime::now_utc().unix_timestamp_nanos() / 100) + i128::from(EPOCH) * 10_000_000;
    u64::try_from(tenths).unwrap_or_default()
}

/// Eight octets that nobody can guess.
fn unguessable() -> [u8; 8] {
    let mut octets = [0; 8];
    // Without a source of randomness nothing else works either: TLS failed long before.
    let _ = getrandom::fill(&mut octets);
    octets
}
