//! What can go wrong with TLS, in the words of somebody who set a server up.
//!
//! rustls speaks of `UnknownIssuer`; a user wants to hear which file to look at. Every error says
//! what was seen, and `hint` says what to do about it.

use std::path::PathBuf;

use rustls::{CertificateError, Error as Rustls};
use thiserror::Error;

/// Why there is no TLS connection.
#[derive(Debug, Clone, Error)]
#[non_exhaustive]
pub enum TlsError {
    /// sslmode needs a root certificate and there is none.
    #[error("sslmode {mode} needs a root certificate, and none was named or found")]
    NoRoot {
        /// The mode that needs it.
        mode: &'static str,
    },
    /// A PEM file could not be read, or holds nothing usable.
    #[error("could not read {what} {}: {cause}", path.display())]
    Pem {
        /// What the file is for.
        what: &'static str,
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        cause: String,
    },
    /// None of the usual bundles exists.
    #[error("found no certificates that this system trusts (looked at {})", list(.looked_at))]
    NoSystemRoots {
        /// Where they usually are.
        looked_at: Vec<PathBuf>,
    },
    /// The host name can't stand in a certificate.
    #[error("\"{host}\" is not a host name that a certificate could be checked against")]
    ServerName {
        /// The name.
        host: String,
    },
    /// Our own certificate and key don't fit.
    #[error("could not use the client certificate: {cause}")]
    ClientCertificate {
        /// What rustls says.
        cause: String,
    },
    /// The server's certificate names other hosts.
    #[error("the server's certificate is not for \"{host}\" but for {}", names(.presented))]
    OtherHost {
        /// Where we meant to connect.
        host: String,
        /// What the certificate names.
        presented: Vec<String>,
    },
    /// The server's certificate comes from an authority that we don't trust.
    #[error("the server's certificate was not issued by an authority of the root certificate")]
    OtherAuthority,
    /// The server's certificate, or one above it, has expired.
    #[error("the server's certificate has expired")]
    Expired,
    /// The server's certificate, or one above it, is of the future.
    #[error("the server's certificate is not valid yet")]
    NotValidYet,
    /// libpq might accept this certificate, rustls doesn't.
    #[error("the server's certificate is of a kind that can't be verified: {cause}")]
    Unverifiable {
        /// What is special about it.
        cause: String,
    },
    /// The server refused, or spoke something else.
    #[error("the TLS handshake failed: {cause}")]
    Handshake {
        /// What rustls says.
        cause: String,
    },
}

impl TlsError {
    /// Puts what rustls reports about a connection to `host` into a user's words.
    pub fn handshake(host: &str, error: Rustls) -> TlsError {
        match error {
            Rustls::InvalidCertificate(cause) => certificate(host, cause),
            other => TlsError::Handshake { cause: other.to_string() },
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            TlsError::NoRoot { .. } => {
                "give sslrootcert, or sslrootcert=system for the authorities of this machine, or \
                 ask for less: sslmode=require encrypts without checking the certificate"
            }
            TlsError::Pem { .. } => "the file must hold PEM blocks and be readable by this user",
            TlsError::NoSystemRoots { .. } => {
                "install the system's ca-certificates, or give sslrootcert as a file"
            }
            TlsError::ServerName { .. } => "sslmode=verify-ca checks no host name",
            TlsError::ClientCertificate { .. } => "check that sslcert and sslkey are a pair",
            TlsError::OtherHost { .. } => {
                "connect by a name that the certificate has as subjectAltName (a common name alone \
                 does not count here), or use sslmode=verify-ca, which checks no name"
            }
            TlsError::OtherAuthority => {
                "sslrootcert must hold the certificate of the authority that signed the server's"
            }
            TlsError::Expired => "renew the certificate on the server, or check this clock",
            TlsError::NotValidYet => "check the clocks of the server and of this machine",
            TlsError::Unverifiable { .. } => {
                "make the server a version 3 certificate with a subjectAltName, signed by an \
                 authority of its own; libpq may accept this one, we can't"
            }
            TlsError::Handshake { .. } => return None,
        })
    }
}

fn certificate(host: &str, cause: CertificateError) -> TlsError {
    use CertificateError as C;
    match cause {
        C::NotValidForNameContext { presented, .. } => {
            TlsError::OtherHost { host: host.to_owned(), presented }
        }
        C::NotValidForName => TlsError::OtherHost { host: host.to_owned(), presented: vec![] },
        // A signature that doesn't fit is what an authority of the same name and another key gives.
        C::UnknownIssuer | C::BadSignature => TlsError::OtherAuthority,
        C::Expired | C::ExpiredContext { .. } => TlsError::Expired,
        C::NotValidYet | C::NotValidYetContext { .. } => TlsError::NotValidYet,
        other => TlsError::Unverifiable { cause: unverifiable(&other) },
    }
}

/// The two that self-made certificates run into, in words; webpki's own for the others.
fn unverifiable(cause: &CertificateError) -> String {
    // webpki's errors are not ours to name, so this goes by their spelling; a test holds it.
    if format!("{cause:?}").contains("CaUsedAsEndEntity") {
        return "it is an authority's own certificate (CA:TRUE) used by a server".to_owned();
    }
    match cause {
        // Version 1 has no version field, where webpki's parser already stumbles.
        CertificateError::BadEncoding => {
            "it is of X.509 version 1, without extensions, or damaged".to_owned()
        }
        other => other.to_string(),
    }
}

fn list(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

fn names(presented: &[String]) -> String {
    if presented.is_empty() {
        return "no name at all (it has no subjectAltName)".to_owned();
    }
    presented.iter().map(|name| certificate_name(name)).collect::<Vec<_>>().join(", ")
}

/// webpki shows names as `DnsName("db")` and `IpAddress(...)`; only what is inside is of use.
fn certificate_name(shown: &str) -> String {
    match shown.split_once('(') {
        Some((_, inside)) => inside.trim_end_matches(')').trim_matches('"').to_owned(),
        None => shown.to_owned(),
    }
}
