//! Builds the rustls configuration for one [`Settings`].
//!
//! The provider is always `ring`, named here and never the process's default, so that a program
//! that links two of them still gets this one.

use std::path::Path;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion};

use super::verify::{ChainOnly, Unverified};
use super::{Tls, TlsError};
use crate::settings::{ClientCertificate, Host, RootCert, Settings, SslMode, TlsVersions};

/// The rustls configuration that `settings` ask for.
///
/// Reads the certificate files that they name, once: make it when the plan is made, share it
/// between connections.
pub fn client_config(settings: &Settings) -> Result<Tls, TlsError> {
    let provider = Arc::new(ring::default_provider());
    let verifier = verifier(settings, &provider)?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&versions(settings.tls_versions))
        .map_err(|cause| TlsError::Handshake { cause: cause.to_string() })?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let mut config = match &settings.client_certificate {
        Some(pair) => {
            let (chain, key) = read_pair(pair)?;
            builder
                .with_client_auth_cert(chain, key)
                .map_err(|cause| TlsError::ClientCertificate { cause: cause.to_string() })?
        }
        None => builder.with_no_client_auth(),
    };
    let (server_name, real) = server_name(settings)?;
    config.enable_sni = real && settings.server_name_indication;
    Ok(Tls { config: Arc::new(config), server_name })
}

fn versions(wanted: TlsVersions) -> Vec<&'static SupportedProtocolVersion> {
    match wanted {
        TlsVersions::Any => vec![&TLS13, &TLS12],
        TlsVersions::Only12 => vec![&TLS12],
        TlsVersions::Only13 => vec![&TLS13],
    }
}

fn verifier(
    settings: &Settings,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
    let mode = settings.ssl_mode;
    let checked = match (&settings.ssl_root_cert, mode) {
        (None, SslMode::VerifyCa | SslMode::VerifyFull) => {
            return Err(TlsError::NoRoot { mode: mode.name() });
        }
        // As in libpq, require with a root certificate is verify-ca.
        (Some(root), SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull) => root,
        _ => return Ok(Arc::new(Unverified::new(provider))),
    };
    let roots = Arc::new(read_roots(checked)?);
    let chain_and_name = WebPkiServerVerifier::builder_with_provider(roots, provider.clone())
        .build()
        .map_err(|cause| TlsError::Handshake { cause: cause.to_string() })?;
    if mode == SslMode::VerifyFull {
        return Ok(chain_and_name);
    }
    Ok(Arc::new(ChainOnly::new(chain_and_name)))
}

fn read_roots(root: &RootCert) -> Result<RootCertStore, TlsError> {
    let path = match root {
        RootCert::File(path) => path,
        RootCert::System(bundles) => bundles
            .iter()
            .find(|path| path.is_file())
            .ok_or_else(|| TlsError::NoSystemRoots { looked_at: bundles.clone() })?,
    };
    let mut store = RootCertStore::empty();
    // A bundle may hold an odd certificate that webpki can't use; the others still count.
    let (usable, refused) = store.add_parsable_certificates(read_chain("root certificate", path)?);
    if usable == 0 {
        let cause = match refused {
            0 => "it holds no certificate".to_owned(),
            n => format!("none of its {n} certificates can be used as an authority"),
        };
        return Err(TlsError::Pem { what: "root certificate", path: path.clone(), cause });
    }
    Ok(store)
}

fn read_pair(
    pair: &ClientCertificate,
) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), TlsError> {
    let chain = read_chain("client certificate", &pair.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&pair.key).map_err(|cause| TlsError::Pem {
        what: "client key",
        path: pair.key.clone(),
        cause: match cause {
            pem::Error::NoItemsFound => "it holds no unencrypted private key".to_owned(),
            other => other.to_string(),
        },
    })?;
    Ok((chain, key))
}

fn read_chain(what: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    CertificateDer::pem_file_iter(path).and_then(Iterator::collect).map_err(|cause| TlsError::Pem {
        what,
        path: path.to_owned(),
        cause: cause.to_string(),
    })
}

/// The name for the certificate check and for SNI, and whether it is a real one.
fn server_name(settings: &Settings) -> Result<(ServerName<'static>, bool), TlsError> {
    let host = match &settings.host {
        Host::Tcp(name) => name.clone(),
        Host::Unix(_) => settings.host_address.map(|it| it.to_string()).unwrap_or_default(),
    };
    match ServerName::try_from(host.clone()) {
        Ok(name) => Ok((name, true)),
        Err(_) if settings.ssl_mode == SslMode::VerifyFull => Err(TlsError::ServerName { host }),
        // Nobody checks the name in the weaker modes, but rustls wants one.
        Err(_) => Ok((ServerName::IpAddress(std::net::Ipv4Addr::UNSPECIFIED.into()), false)),
    }
}
