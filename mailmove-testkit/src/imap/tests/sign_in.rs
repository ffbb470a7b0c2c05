use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{Dialogue, alice};
use crate::imap::{Capability, Mechanism, SignIns};

#[tokio::test]
async fn a_session_begins_with_the_right_password_only() {
    let server = alice().start().await;
    let mut client = Dialogue::connect(&server).await;
    client.refused("SELECT INBOX", "BAD").await;
    client.refused("LOGIN alice wrong", "NO [AUTHENTICATIONFAILED]").await;
    client.refused("LOGIN nobody secret", "NO [AUTHENTICATIONFAILED]").await;
    let ok = client.ok("LOGIN {5+}\r\nalice \"secret\"").await;
    assert!(ok[0].contains("[CAPABILITY IMAP4rev1 ") && ok[0].contains(" UIDPLUS"), "{ok:?}");
    client.ok("SELECT INBOX").await;
    let sign_ins = server.log().counters().sign_ins;
    assert_eq!(sign_ins["LOGIN"], SignIns { accepted: 1, refused: 2 });
    assert!(!server.log().lines().join("\n").contains("secret"));
}

#[tokio::test]
async fn plain_comes_at_once_or_after_a_challenge() {
    let server = alice().master("admin", "m").start().await;
    let response = STANDARD.encode("\0alice\0secret");
    let mut client = Dialogue::connect(&server).await;
    client.ok(&format!("AUTHENTICATE PLAIN {response}")).await;

    let mut client = Dialogue::connect(&server).await;
    client.send("a AUTHENTICATE PLAIN\r\n").await;
    assert_eq!(client.line().await, "+ ");
    client.send(format!("{response}\r\n")).await;
    assert!(client.until("a").await[0].starts_with("OK "));

    let mut client = Dialogue::connect(&server).await;
    client.send("a AUTHENTICATE PLAIN\r\n").await;
    client.line().await;
    client.send("*\r\n").await;
    assert!(client.until("a").await[0].starts_with("BAD "));

    let without = alice().without(Capability::SaslIr).start().await;
    Dialogue::connect(&without).await.refused(&format!("AUTHENTICATE PLAIN {response}"), "BAD").await;
}

#[tokio::test]
async fn a_master_opens_the_mailbox_of_another() {
    let server = alice().user("bob", "b").master("admin", "m").start().await;
    server.mailbox("alice").create_folder("only alice's");
    for (as_user, name, password, good) in [
        ("alice", "admin", "m", true),
        ("", "alice*admin", "m", true),
        ("alice", "admin", "wrong", false),
        ("alice", "bob", "b", false),
        ("nobody", "admin", "m", false),
        ("", "admin", "m", false),
    ] {
        let mut client = Dialogue::connect(&server).await;
        let response = STANDARD.encode(format!("{as_user}\0{name}\0{password}"));
        let answer = client.ask(&format!("AUTHENTICATE PLAIN {response}")).await.pop().unwrap();
        assert_eq!(answer.starts_with("OK"), good, "{as_user} {name} {password}: {answer}");
        if good {
            assert_eq!(client.ok("LIST \"\" only*").await.len(), 2);
        }
    }
    Dialogue::connect(&server).await.ok("LOGIN \"alice*admin\" m").await;
}

#[tokio::test]
async fn a_refused_token_is_explained_before_the_no() {
    let server = alice().token("alice", "good").service_token("app").start().await;
    let x = |token: &str| STANDARD.encode(format!("user=alice\u{1}auth=Bearer {token}\u{1}\u{1}"));
    let bearer =
        |token: &str| STANDARD.encode(format!("n,a=alice,\u{1}host=h\u{1}port=1\u{1}auth=Bearer {token}\u{1}\u{1}"));
    Dialogue::connect(&server).await.ok(&format!("AUTHENTICATE XOAUTH2 {}", x("good"))).await;
    Dialogue::connect(&server).await.ok(&format!("AUTHENTICATE XOAUTH2 {}", x("app"))).await;
    Dialogue::connect(&server).await.ok(&format!("AUTHENTICATE OAUTHBEARER {}", bearer("good"))).await;

    server.revoke_token("good");
    for (mechanism, response, reply) in [("XOAUTH2", x("good"), ""), ("OAUTHBEARER", bearer("good"), "AQ==")] {
        let mut client = Dialogue::connect(&server).await;
        client.send(format!("a AUTHENTICATE {mechanism} {response}\r\n")).await;
        let challenge = client.line().await;
        let json = STANDARD.decode(challenge.strip_prefix("+ ").unwrap()).unwrap();
        assert!(json.starts_with(b"{\"status\":"), "{challenge}");
        client.send(format!("{reply}\r\n")).await;
        assert!(client.until("a").await[0].starts_with("NO [AUTHENTICATIONFAILED]"));
    }
    let counters = server.log().counters();
    assert_eq!(counters.sign_ins["XOAUTH2"], SignIns { accepted: 2, refused: 1 });
    assert_eq!(counters.sign_ins["OAUTHBEARER"], SignIns { accepted: 1, refused: 1 });
}

#[tokio::test]
async fn mechanisms_that_are_not_offered_are_refused() {
    let server = alice().mechanisms(&[Mechanism::Login]).taciturn().start().await;
    let mut client = Dialogue::connect(&server).await;
    let capabilities = client.ok("CAPABILITY").await;
    assert!(capabilities[0].contains("AUTH=LOGIN") && !capabilities[0].contains("AUTH=PLAIN"), "{capabilities:?}");
    client.refused("AUTHENTICATE PLAIN", "NO").await;
    client.send("a AUTHENTICATE LOGIN\r\n").await;
    assert_eq!(client.line().await, format!("+ {}", STANDARD.encode("Username:")));
    client.send(format!("{}\r\n", STANDARD.encode("alice"))).await;
    assert_eq!(client.line().await, format!("+ {}", STANDARD.encode("Password:")));
    client.send(format!("{}\r\n", STANDARD.encode("secret"))).await;
    assert_eq!(client.until("a").await, ["OK Signed in"]);
}

#[tokio::test]
async fn login_disabled_refuses_every_mechanism_until_there_is_tls() {
    let server = alice().starttls().login_disabled().start().await;
    let mut client = Dialogue::connect(&server).await;
    let capabilities = client.ok("CAPABILITY").await;
    assert!(capabilities[0].contains("LOGINDISABLED") && capabilities[0].contains("STARTTLS"), "{capabilities:?}");
    assert!(!capabilities[0].contains("AUTH="), "{capabilities:?}");
    client.refused("LOGIN alice secret", "NO [PRIVACYREQUIRED]").await;
    client.refused("AUTHENTICATE PLAIN AGFsaWNlAHNlY3JldA==", "NO [PRIVACYREQUIRED]").await;
}

#[tokio::test]
async fn applications_of_vendors_choose_whose_mailbox_they_open() {
    let mechanisms = [Mechanism::TrustedApplication, Mechanism::MasterPassword, Mechanism::XZimbra];
    let server = alice().master("mover", "key").service_token("token").mechanisms(&mechanisms).start().await;
    let key = |key: &str| STANDARD.encode(format!("mover\0{key}"));
    for (name, good) in [("key", true), ("wrong", false)] {
        let mut client = Dialogue::connect(&server).await;
        client.send("a AUTHENTICATE XGWTRUSTEDAPP\r\n").await;
        assert_eq!(client.line().await, "+ ");
        client.send(format!("XGWTRUSTEDAPP {}\r\n", key(name))).await;
        assert_eq!(client.until("a").await[0].starts_with("OK "), good);
        let answer = client.ask("LOGIN alice \"\"").await.pop().unwrap();
        assert_eq!(answer.starts_with("OK "), good, "{answer}");
    }
    let mut client = Dialogue::connect(&server).await;
    client.refused("X-SETUSER alice", "BAD").await;
    client.send("a X-MASTERAUTH\r\n").await;
    assert!(client.line().await.starts_with("+ <"));
    client.send("0123456789abcdef0123456789abcdef\r\n").await;
    assert!(client.until("a").await[0].starts_with("NO "));
    for (response, good) in [("alice\0admin\0token", true), ("\0alice\0token", true), ("alice\0admin\0x", false)] {
        let mut client = Dialogue::connect(&server).await;
        let answer = client.ask(&format!("AUTHENTICATE X-ZIMBRA {}", STANDARD.encode(response))).await.pop().unwrap();
        assert_eq!(answer.starts_with("OK "), good, "{answer}");
    }
    assert!(!server.log().lines().concat().contains(&key("key")));
}

#[tokio::test]
async fn both_names_of_a_master_are_written_as_the_server_wants_them() {
    let other = alice().master("admin", "m").master_separator('%').start().await;
    let exchange = alice().master("DOM\\admin", "m").master_first().start().await;
    for (server, name, good) in [
        (&other, "alice%admin", true),
        (&other, "alice*admin", false),
        (&exchange, "DOM\\admin\\alice", true),
        (&exchange, "alice*DOM\\admin", false),
    ] {
        let mut client = Dialogue::connect(server).await;
        let answer = client.ask(&format!("LOGIN \"{}\" m", name.replace('\\', "\\\\"))).await.pop().unwrap();
        assert_eq!(answer.starts_with("OK "), good, "{name}: {answer}");
    }
}

mod encrypted {
    use std::sync::Arc;

    use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
    use tokio::net::TcpStream;
    use tokio_rustls::TlsConnector;
    use tokio_rustls::client::TlsStream;
    use tokio_rustls::rustls::crypto::ring;
    use tokio_rustls::rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
    use tokio_rustls::rustls::{ClientConfig, RootCertStore};

    use super::alice;
    use crate::imap::ImapServer;

    async fn encrypt(server: &ImapServer, tcp: TcpStream, name: &'static str) -> std::io::Result<TlsStream<TcpStream>> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(server.ca_pem().unwrap().as_bytes()).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        TlsConnector::from(Arc::new(config)).connect(ServerName::try_from(name).unwrap(), tcp).await
    }

    async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut BufReader<S>, send: &str) -> String {
        stream.get_mut().write_all(send.as_bytes()).await.unwrap();
        stream.get_mut().flush().await.unwrap();
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        line
    }

    #[tokio::test]
    async fn tls_from_the_start_with_a_certificate_to_trust() {
        let server = alice().tls().login_disabled().start().await;
        let tls = encrypt(&server, TcpStream::connect(server.addr()).await.unwrap(), "localhost").await.unwrap();
        let mut stream = BufReader::new(tls);
        assert!(exchange(&mut stream, "").await.starts_with("* OK "));
        assert!(exchange(&mut stream, "a LOGIN alice secret\r\n").await.starts_with("a OK "));

        let tcp = TcpStream::connect(server.addr()).await.unwrap();
        assert!(encrypt(&server, tcp, "another.example").await.is_err());
    }

    #[tokio::test]
    async fn starttls_forgets_what_was_said_in_the_clear() {
        let server = alice().starttls().start().await;
        let mut stream = BufReader::new(TcpStream::connect(server.addr()).await.unwrap());
        exchange(&mut stream, "").await;
        // What an attacker put behind STARTTLS must not be taken for the client's words.
        assert!(exchange(&mut stream, "a STARTTLS\r\nb LOGIN alice secret\r\n").await.starts_with("a OK "));
        let mut stream = BufReader::new(encrypt(&server, stream.into_inner(), "127.0.0.1").await.unwrap());
        let capabilities = exchange(&mut stream, "c CAPABILITY\r\n").await;
        assert!(capabilities.starts_with("* CAPABILITY ") && !capabilities.contains("STARTTLS"), "{capabilities}");
        assert_eq!(server.log().counters().command("LOGIN"), 0);
    }
}
