//! The settings that are a choice between a few words, with libpq's spelling of each.

use std::fmt;
use std::path::PathBuf;

/// Where the server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Host {
    /// A name or an address.
    Tcp(String),
    /// The folder that holds the Unix socket `.s.PGSQL.PORT`; `@name` is Linux's abstract space.
    Unix(PathBuf),
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // An address with colons needs its brackets, or the port could not be told apart.
            Host::Tcp(name) if name.contains(':') => write!(f, "[{name}]"),
            Host::Tcp(name) => f.write_str(name),
            Host::Unix(folder) => write!(f, "{}", folder.display()),
        }
    }
}

/// How much TLS is asked for, from none to certificate and host name checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SslMode {
    /// Never encrypted.
    Disable,
    /// Not encrypted unless the server insists.
    Allow,
    /// Encrypted if the server can (libpq's default).
    Prefer,
    /// Encrypted, or no connection; the certificate is checked only when a root is given.
    Require,
    /// Encrypted, by a certificate of a known authority.
    VerifyCa,
    /// Encrypted, by a certificate of a known authority that names this host.
    VerifyFull,
}

impl SslMode {
    /// Every mode, weakest first.
    pub const ALL: [SslMode; 6] = [
        SslMode::Disable,
        SslMode::Allow,
        SslMode::Prefer,
        SslMode::Require,
        SslMode::VerifyCa,
        SslMode::VerifyFull,
    ];

    /// The word that libpq uses.
    pub fn name(self) -> &'static str {
        match self {
            SslMode::Disable => "disable",
            SslMode::Allow => "allow",
            SslMode::Prefer => "prefer",
            SslMode::Require => "require",
            SslMode::VerifyCa => "verify-ca",
            SslMode::VerifyFull => "verify-full",
        }
    }

    /// The mode of that name.
    pub fn parse(name: &str) -> Option<SslMode> {
        SslMode::ALL.into_iter().find(|mode| mode.name() == name)
    }
}

/// What a server's certificate is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RootCert {
    /// The certificates of this PEM file.
    File(PathBuf),
    /// The authorities that this machine trusts: the first of these bundles that exists.
    System(Vec<PathBuf>),
}

/// Whether a SCRAM login is bound to the TLS connection that carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ChannelBinding {
    /// Never.
    Disable,
    /// Where server and TLS offer it (libpq's default).
    Prefer,
    /// Always, or no login.
    Require,
}

impl ChannelBinding {
    /// Every choice.
    pub const ALL: [ChannelBinding; 3] =
        [ChannelBinding::Disable, ChannelBinding::Prefer, ChannelBinding::Require];

    /// The word that libpq uses.
    pub fn name(self) -> &'static str {
        match self {
            ChannelBinding::Disable => "disable",
            ChannelBinding::Prefer => "prefer",
            ChannelBinding::Require => "require",
        }
    }

    /// The choice of that name.
    pub fn parse(name: &str) -> Option<ChannelBinding> {
        ChannelBinding::ALL.into_iter().find(|choice| choice.name() == name)
    }
}

/// Which versions of TLS may be spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TlsVersions {
    /// 1.2 and 1.3.
    Any,
    /// 1.2, for a server or a comparison that needs it.
    Only12,
    /// 1.3, by a minimum that leaves no other.
    Only13,
}

impl TlsVersions {
    /// libpq's parameter that says so.
    pub(super) fn parameter(self) -> Option<(&'static str, String)> {
        match self {
            TlsVersions::Any => None,
            TlsVersions::Only12 => Some(("ssl_max_protocol_version", "TLSv1.2".to_owned())),
            TlsVersions::Only13 => Some(("ssl_min_protocol_version", "TLSv1.3".to_owned())),
        }
    }
}
