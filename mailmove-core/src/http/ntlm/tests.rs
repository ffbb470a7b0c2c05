use secrecy::SecretString;

use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use url::Url;

use super::fields::{CHANNEL_BINDINGS, FLAGS, Pairs, TIMESTAMP};
use super::message::{Challenge, Negotiate, authenticate};
use super::{binding, crypto};
use crate::guard::Limits;
use crate::http::{Http, HttpSettings, Request, Session};
use crate::{Call, Credential, ErrorKind, FixedCredentials, Guard, Mailbox, Secret, Side, SignIn};

/// The values of [MS-NLMP] 4.2.1 and 4.2.4.
const SERVER: [u8; 8] = [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef];
const CLIENT: [u8; 8] = [0xaa; 8];

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

fn pairs() -> Pairs {
    let mut pairs = Pairs::default();
    pairs.set(2, crypto::utf16("Domain"));
    pairs.set(1, crypto::utf16("Server"));
    pairs
}

#[test]
fn the_sums_are_those_of_the_specification() {
    let key = crypto::key("User", "Domain", "Password");
    assert_eq!(key.to_vec(), hex("0c868a403bfd7a93a3001ef22ef02e3f"));
    let proof = crypto::respond(&key, &SERVER, &CLIENT, 0, &pairs().bytes());
    assert_eq!(proof.response[..16], hex("68cd0ab851e51c96aabc927bebef6a1c"));
    assert_eq!(proof.session.to_vec(), hex("8de40ccadbc14a82f15cb0ad0de95ca3"));
    let old = crypto::respond_lm(&key, &SERVER, &CLIENT);
    assert_eq!(old, hex("86c35097ac9cec102554764a57cccc19aaaaaaaaaaaaaaaa"));
}

/// A challenge as a server writes it.
fn challenge(pairs: &Pairs) -> Vec<u8> {
    let info = pairs.bytes();
    let mut bytes = b"NTLMSSP\0".to_vec();
    bytes.extend_from_slice(&2u32.to_le_bytes());
    bytes.extend_from_slice(&[0, 0, 0, 0, 56, 0, 0, 0]);
    bytes.extend_from_slice(&0xa288_8205_u32.to_le_bytes());
    bytes.extend_from_slice(&SERVER);
    bytes.extend_from_slice(&[0; 8]);
    let length = u16::try_from(info.len()).unwrap().to_le_bytes();
    bytes.extend_from_slice(&[length[0], length[1], length[0], length[1], 56, 0, 0, 0]);
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(&info);
    bytes
}

fn credential(login: &str) -> Credential {
    Credential::new(login, Secret::password("Password"))
}

/// The field of a message whose description stands here.
fn field(message: &[u8], at: usize) -> &[u8] {
    let number = |at: usize| usize::from(message[at]) | usize::from(message[at + 1]) << 8;
    &message[number(at + 4)..number(at + 4) + number(at)]
}

#[test]
fn the_last_message_proves_the_password_binds_the_channel_and_seals_the_first_two() {
    let mut told = pairs();
    told.set(TIMESTAMP, vec![7; 8]);
    let (hello, bytes) = (Negotiate::new(), challenge(&told));
    let read = Challenge::read(&bytes).unwrap();
    let binding = Some(binding::of(b"certificate"));
    let secret = SecretString::from("Password");
    let message = authenticate(&hello, &read, &credential("Domain\\User"), &secret, "HTTP/mail", binding);
    assert_eq!(field(&message, 28), crypto::utf16("Domain"));
    assert_eq!(field(&message, 36), crypto::utf16("User"));
    let response = field(&message, 20);
    let key = crypto::key("User", "Domain", "Password");
    assert_eq!(response[..16], crypto::hmac(&key, &[&SERVER, &response[16..]]));
    let sent = Pairs::read(&response[44..]).unwrap();
    assert_eq!(sent.value(CHANNEL_BINDINGS), binding.as_ref().map(|sum| &sum[..]));
    assert_eq!(sent.value(FLAGS), Some(&[2, 0, 0, 0][..]));
    // With a time of the server there is an integrity code, and nothing of the older kind.
    assert_eq!(field(&message, 12), [0; 24]);
    let mut unsealed = message.clone();
    unsealed[72..88].fill(0);
    let session = crypto::hmac(&key, &[&response[..16]]);
    assert_eq!(message[72..88], crypto::hmac(&session, &[hello.bytes(), &bytes, &unsealed]));
}

#[test]
fn an_address_is_a_user_without_a_domain() {
    let read = Challenge::read(&challenge(&pairs())).unwrap();
    let secret = SecretString::from("Password");
    let message = authenticate(&Negotiate::new(), &read, &credential("ann@example.org"), &secret, "HTTP/mail", None);
    assert_eq!((field(&message, 28), field(&message, 36)), (&[][..], &crypto::utf16("ann@example.org")[..]));
    assert_eq!(field(&message, 12).len(), 24);
    assert_ne!(field(&message, 12), [0; 24]);
}

#[test]
fn a_damaged_challenge_is_an_error() {
    let whole = challenge(&pairs());
    for length in 0..whole.len() {
        assert!(Challenge::read(&whole[..length]).is_err(), "{length}");
    }
    let mut other = whole;
    other[8] = 3;
    assert!(Challenge::read(&other).is_err());
}

#[test]
fn a_certificate_is_bound_by_the_hash_of_its_signature() {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let der = certified.cert.der();
    let mut wanted = vec![0; 16];
    let sum = ring::digest::digest(&ring::digest::SHA256, der);
    wanted.extend_from_slice(&53u32.to_le_bytes());
    wanted.extend_from_slice(b"tls-server-end-point:");
    wanted.extend_from_slice(sum.as_ref());
    use md5::Digest;
    assert_eq!(binding::of(der).to_vec(), md5::Md5::digest(&wanted).to_vec());
}

/// What one connection of a server was asked: the kind of sign-in, and the length of the content.
type Asked = Arc<Mutex<Vec<(usize, String, usize)>>>;

/// A server that signs connections in, and answers `fine` to those that are.
async fn server(password: &'static str) -> (Url, Asked) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = Url::parse(&format!("http://{}/x?y=z", listener.local_addr().unwrap())).unwrap();
    let asked = Asked::default();
    let log = asked.clone();
    tokio::spawn(async move {
        let mut number = 0;
        while let Ok((stream, _)) = listener.accept().await {
            number += 1;
            tokio::spawn(connection(stream, number, password, log.clone()));
        }
    });
    (address, asked)
}

async fn connection(stream: TcpStream, number: usize, password: &str, asked: Asked) {
    let mut stream = BufReader::new(stream);
    let mut signed_in = false;
    loop {
        let (mut length, mut sign_in, mut line) = (0, String::new(), String::new());
        while stream.read_line(&mut line).await.unwrap_or(0) > 2 {
            let (name, value) = line.split_once(':').unwrap_or_default();
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap(),
                "authorization" => sign_in = value.trim().to_owned(),
                _ => {}
            }
            line.clear();
        }
        let mut content = vec![0; length];
        if line.is_empty() || stream.read_exact(&mut content).await.is_err() {
            return;
        }
        let message = sign_in.strip_prefix("NTLM ").and_then(|text| STANDARD.decode(text).ok()).unwrap_or_default();
        let kind = message.get(8).copied().unwrap_or_default();
        asked.lock().unwrap().push((number, format!("{kind}"), length));
        let answer = match kind {
            1 => {
                let mut told = pairs();
                told.set(TIMESTAMP, vec![7; 8]);
                let text = STANDARD.encode(challenge(&told));
                format!("HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM {text}\r\nContent-Length: 0\r\n\r\n")
            }
            3 => {
                let response = field(&message, 20);
                let key = crypto::key("User", "Domain", password);
                signed_in = response[..16] == crypto::hmac(&key, &[&SERVER, &response[16..]]);
                answer(signed_in)
            }
            _ => answer(signed_in),
        };
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn answer(signed_in: bool) -> String {
    match signed_in {
        true => "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine".to_owned(),
        false => "HTTP/1.1 401 No\r\nWWW-Authenticate: NTLM\r\nContent-Length: 0\r\n\r\n".to_owned(),
    }
}

fn session() -> Session {
    let http = Http::new(HttpSettings::new().allowing_plaintext()).unwrap();
    let credentials = Arc::new(FixedCredentials::owner(Secret::password("Password")));
    let mailbox = Mailbox::new(Side::Source, "ann@example.org").with_login("Domain\\User");
    Session::new(http, Guard::new("test", Limits::new().slots(4, 4)))
        .signed_in(SignIn::new(credentials), mailbox)
        .by_ntlm()
}

#[tokio::test]
async fn a_connection_signs_in_once_and_carries_what_follows() {
    let (url, asked) = server("Password").await;
    let session = session();
    let request = Request::post(url).content("text/plain", "hello");
    for _ in 0..3 {
        let answer = session.send(Call::repeatable("POST"), &request).await.unwrap();
        assert_eq!(answer.bytes().as_ref(), b"fine");
    }
    let wanted = [("1", 0), ("3", 5), ("0", 5), ("0", 5)].map(|(kind, length)| (1, kind.to_owned(), length));
    assert_eq!(*asked.lock().unwrap(), wanted);
    // Side by side each has a connection of its own.
    let calls = (0..4).map(|_| session.send(Call::repeatable("POST"), &request));
    assert!(futures_util::future::join_all(calls).await.iter().all(Result::is_ok));
    let signed: Vec<usize> =
        asked.lock().unwrap().iter().filter(|(_, kind, _)| kind == "3").map(|(number, ..)| *number).collect();
    assert!(signed.len() <= 4 && signed.iter().enumerate().all(|(at, number)| at + 1 == *number), "{signed:?}");
}

#[tokio::test]
async fn a_wrong_password_is_shown_once() {
    let (url, asked) = server("another").await;
    let session = session();
    let request = Request::post(url).content("text/plain", "hello");
    for _ in 0..2 {
        let error = session.send(Call::repeatable("POST"), &request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Credential, "{error}");
        assert!(!error.to_string().contains("Password"));
    }
    assert_eq!(asked.lock().unwrap().iter().filter(|(_, kind, _)| kind == "3").count(), 1);
}
