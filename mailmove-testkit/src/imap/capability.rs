//! What a server can say it is able to do. What it does not say, it refuses to do.

use std::collections::BTreeSet;

/// A capability that can be switched on and off. A command that belongs to a capability which is off is unknown to
/// the server (`BAD`), and answers carry nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Capability {
    /// `SASL-IR` (RFC 4959): the first SASL message on the AUTHENTICATE line.
    SaslIr,
    /// `LITERAL+` (RFC 7888): literals of any size without waiting.
    LiteralPlus,
    /// `LITERAL-` (RFC 7888): literals of up to 4096 bytes without waiting. Ignored beside [`LiteralPlus`](Self::LiteralPlus).
    LiteralMinus,
    /// `ID` (RFC 2971).
    Id,
    /// `ENABLE` (RFC 5161).
    Enable,
    /// `NAMESPACE` (RFC 2342).
    Namespace,
    /// `UIDPLUS` (RFC 4315): APPENDUID, COPYUID, UID EXPUNGE.
    UidPlus,
    /// `MULTIAPPEND` (RFC 3502): all or nothing.
    MultiAppend,
    /// `CONDSTORE` (RFC 7162).
    Condstore,
    /// `QRESYNC` (RFC 7162).
    Qresync,
    /// `LIST-EXTENDED` (RFC 5258).
    ListExtended,
    /// `CHILDREN` (RFC 3348).
    Children,
    /// `LIST-STATUS` (RFC 5819).
    ListStatus,
    /// `SPECIAL-USE` (RFC 6154).
    SpecialUse,
    /// `CREATE-SPECIAL-USE` (RFC 6154).
    CreateSpecialUse,
    /// `MOVE` (RFC 6851).
    Move,
    /// `UNSELECT` (RFC 3691).
    Unselect,
    /// `ESEARCH` (RFC 4731).
    Esearch,
    /// `QUOTA` (RFC 9208).
    Quota,
    /// `STATUS=SIZE` (RFC 8438).
    StatusSize,
    /// `OBJECTID` (RFC 8474): EMAILID and MAILBOXID.
    ObjectId,
    /// `BINARY` (RFC 3516): literal8 in APPEND, and `BINARY[]` of whole messages.
    Binary,
    /// `IDLE` (RFC 2177).
    Idle,
    /// `XLIST`, the forerunner of SPECIAL-USE.
    Xlist,
    /// `UTF8=ACCEPT` (RFC 9755).
    Utf8Accept,
    /// `UIDONLY` (RFC 9586): once enabled, messages go by UID alone.
    UidOnly,
    /// `COMPRESS=DEFLATE` (RFC 4978).
    CompressDeflate,
    /// `X-GM-EXT-1`: X-GM-MSGID, and X-GM-LABELS where folders are labels.
    GmailExt,
}

impl Capability {
    /// The word in the CAPABILITY answer.
    pub fn name(self) -> &'static str {
        match self {
            Self::SaslIr => "SASL-IR",
            Self::LiteralPlus => "LITERAL+",
            Self::LiteralMinus => "LITERAL-",
            Self::Id => "ID",
            Self::Enable => "ENABLE",
            Self::Namespace => "NAMESPACE",
            Self::UidPlus => "UIDPLUS",
            Self::MultiAppend => "MULTIAPPEND",
            Self::Condstore => "CONDSTORE",
            Self::Qresync => "QRESYNC",
            Self::ListExtended => "LIST-EXTENDED",
            Self::Children => "CHILDREN",
            Self::ListStatus => "LIST-STATUS",
            Self::SpecialUse => "SPECIAL-USE",
            Self::CreateSpecialUse => "CREATE-SPECIAL-USE",
            Self::Move => "MOVE",
            Self::Unselect => "UNSELECT",
            Self::Esearch => "ESEARCH",
            Self::Quota => "QUOTA",
            Self::StatusSize => "STATUS=SIZE",
            Self::ObjectId => "OBJECTID",
            Self::Binary => "BINARY",
            Self::Idle => "IDLE",
            Self::Xlist => "XLIST",
            Self::Utf8Accept => "UTF8=ACCEPT",
            Self::UidOnly => "UIDONLY",
            Self::CompressDeflate => "COMPRESS=DEFLATE",
            Self::GmailExt => "X-GM-EXT-1",
        }
    }

    /// Said before sign-in too; everything else is said after it.
    pub(super) fn before_sign_in(self) -> bool {
        matches!(self, Self::SaslIr | Self::LiteralPlus | Self::LiteralMinus | Self::Id | Self::Enable | Self::Idle)
    }

    /// What a well-equipped server of today has.
    pub(super) fn usual() -> BTreeSet<Self> {
        BTreeSet::from([
            Self::SaslIr,
            Self::LiteralPlus,
            Self::Id,
            Self::Enable,
            Self::Namespace,
            Self::UidPlus,
            Self::MultiAppend,
            Self::Condstore,
            Self::Qresync,
            Self::ListExtended,
            Self::Children,
            Self::ListStatus,
            Self::SpecialUse,
            Self::CreateSpecialUse,
            Self::Move,
            Self::Unselect,
            Self::Esearch,
            Self::Quota,
            Self::StatusSize,
            Self::Idle,
        ])
    }
}

/// A way to sign in with AUTHENTICATE. LOGIN is a command of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Mechanism {
    /// `PLAIN` (RFC 4616), with an authorization identity for masters.
    Plain,
    /// `LOGIN`, the undocumented one: user and password as two answers.
    Login,
    /// `XOAUTH2`.
    XOAuth2,
    /// `OAUTHBEARER` (RFC 7628).
    OAuthBearer,
    /// `X-ZIMBRA`: a token of the server's own, in the form of PLAIN.
    XZimbra,
    /// `XGWTRUSTEDAPP` of GroupWise: a master is an application, and LOGIN without a password chooses the user.
    TrustedApplication,
    /// `X-MASTERAUTH` of Kerio, a command of its own: a master's password answers a challenge, X-SETUSER chooses the user.
    MasterPassword,
}

impl Mechanism {
    /// The word after `AUTH=`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "PLAIN",
            Self::Login => "LOGIN",
            Self::XOAuth2 => "XOAUTH2",
            Self::OAuthBearer => "OAUTHBEARER",
            Self::XZimbra => "X-ZIMBRA",
            Self::TrustedApplication => "XGWTRUSTEDAPP",
            Self::MasterPassword => "X-MASTERAUTH",
        }
    }

    pub(super) fn named(word: &str) -> Option<Self> {
        [Self::Plain, Self::Login, Self::XOAuth2, Self::OAuthBearer, Self::XZimbra, Self::TrustedApplication]
            .into_iter()
            .find(|mechanism| mechanism.name().eq_ignore_ascii_case(word))
    }
}
