//! The TLS half of the settings: modes, versions, and which certificate files are meant.
//!
//! It finds out whether files are there, so that a test does not fail for that after it has begun;
//! reading them is `tls`'s work.

use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::fault::Source;
use super::resolve::Resolver;
use super::{ClientCertificate, RootCert, Settings, SslMode, TlsVersions};

impl Resolver<'_> {
    /// Fills in everything about TLS.
    pub(super) fn tls(&mut self, settings: &mut Settings) {
        settings.ssl_mode = self.ssl_mode();
        settings.tls_versions = self.tls_versions();
        settings.server_name_indication =
            self.choice("sslsni", &[("1", true), ("0", false)]).unwrap_or(true);
        if settings.effective_ssl_mode() == SslMode::Disable {
            return;
        }
        settings.ssl_root_cert = self.root_cert(settings.ssl_mode);
        settings.client_certificate = self.client_certificate();
    }

    fn ssl_mode(&mut self) -> SslMode {
        let system = self.value("sslrootcert").filter(|it| it.text == "system");
        let given = self.choice("sslmode", &SslMode::ALL.map(|it| (it.name(), it)));
        let old_variable = self.sources.variable("PGREQUIRESSL").is_some_and(|it| {
            // Deprecated since version 9.3, and still read by libpq.
            it.starts_with('1')
        });
        match (given, system) {
            (Some(mode), Some(value)) if mode != SslMode::VerifyFull => {
                let message =
                    format!("sslmode {} does not go with sslrootcert=system", mode.name());
                self.fault("sslmode", &value.source, message, "verify-full");
                mode
            }
            (Some(mode), _) => mode,
            (None, Some(value)) => {
                self.note("sslmode", SslMode::VerifyFull.name(), &value.source);
                SslMode::VerifyFull
            }
            (None, None) if old_variable => {
                let mode = SslMode::Require;
                self.note("sslmode", mode.name(), &Source::Environment("PGREQUIRESSL"));
                mode
            }
            (None, None) => {
                self.note("sslmode", SslMode::Prefer.name(), &Source::Default);
                SslMode::Prefer
            }
        }
    }

    /// We speak 1.2 and 1.3: an older minimum asks for nothing, an older maximum for too much.
    fn tls_versions(&mut self) -> TlsVersions {
        const VERSIONS: [(&str, u8); 4] =
            [("TLSv1", 0), ("TLSv1.1", 1), ("TLSv1.2", 2), ("TLSv1.3", 3)];
        let min = self.choice("ssl_min_protocol_version", &VERSIONS).unwrap_or(2);
        let max = self.choice("ssl_max_protocol_version", &VERSIONS).unwrap_or(3);
        let source = self.value("ssl_max_protocol_version").map(|it| it.source);
        match (min, max, source) {
            (_, 0 | 1, Some(source)) => {
                let message = "TLS below version 1.2 is not supported";
                self.fault("ssl_max_protocol_version", &source, message, "TLSv1.2 or TLSv1.3");
                TlsVersions::Any
            }
            (3, 2, Some(source)) => {
                let message = "the highest TLS version is below the lowest";
                self.fault("ssl_max_protocol_version", &source, message, "TLSv1.3");
                TlsVersions::Any
            }
            (3, ..) => TlsVersions::Only13,
            (_, 2, _) => TlsVersions::Only12,
            _ => TlsVersions::Any,
        }
    }

    fn root_cert(&mut self, mode: SslMode) -> Option<RootCert> {
        // In the weaker modes nothing depends on a check; libpq would go on without TLS where the
        // check fails, and we stay encrypted instead.
        if mode < SslMode::Require {
            return None;
        }
        if let Some(value) = self.value("sslrootcert") {
            self.note("sslrootcert", value.text.clone(), &value.source);
            if value.text == "system" {
                return Some(RootCert::System(self.sources.system_bundles.clone()));
            }
            let path = PathBuf::from(&value.text);
            self.must_exist("sslrootcert", &value.source, &path);
            return Some(RootCert::File(path));
        }
        let usual = self.own_file("root.crt");
        if let Some(path) = usual.clone().filter(|it| it.is_file()) {
            self.note("sslrootcert", path.display().to_string(), &Source::Default);
            if self.own_file("root.crl").is_some_and(|it| it.is_file()) {
                let message = "revocation lists are not supported: root.crl is not looked at";
                self.warn("sslcrl", message);
            }
            return Some(RootCert::File(path));
        }
        if mode > SslMode::Require {
            let source = self.value("sslmode").map_or(Source::Default, |it| it.source);
            let message = format!("sslmode {} needs a root certificate", mode.name());
            let usual = usual.map_or_else(String::new, |it| format!("{}, or ", it.display()));
            let expected = format!("{usual}sslrootcert as a PEM file, or sslrootcert=system");
            self.fault("sslrootcert", &source, message, &expected);
        }
        None
    }

    fn client_certificate(&mut self) -> Option<ClientCertificate> {
        if self.value("sslcertmode").is_some_and(|it| it.text == "disable") {
            return None;
        }
        let (certificate, source) = self.file_or_usual("sslcert", "postgresql.crt")?;
        self.note("sslcert", certificate.display().to_string(), &source);
        let Some((key, source)) = self.file_or_usual("sslkey", "postgresql.key") else {
            let message = format!("the certificate {} has no key", certificate.display());
            self.fault("sslkey", &source, message, "sslkey as a PEM file");
            return None;
        };
        self.note("sslkey", key.display().to_string(), &source);
        if others_can_read(&key) {
            let message = format!("others can read the private key {}", key.display());
            self.fault("sslkey", &source, message, "mode 0600, or 0640 if it belongs to root");
        }
        Some(ClientCertificate { certificate, key })
    }

    /// The file that a parameter names, which must be there, or the usual one, which may be.
    fn file_or_usual(&mut self, name: &'static str, usual: &str) -> Option<(PathBuf, Source)> {
        match self.value(name) {
            Some(value) => {
                let path = PathBuf::from(&value.text);
                self.must_exist(name, &value.source, &path);
                Some((path, value.source))
            }
            None => {
                let path = self.own_file(usual).filter(|it| it.is_file())?;
                Some((path, Source::Default))
            }
        }
    }

    fn must_exist(&mut self, name: &'static str, source: &Source, path: &Path) {
        if !path.is_file() {
            let message = format!("there is no file {}", path.display());
            self.fault(name, source, message, "a PEM file");
        }
    }

    fn own_file(&self, name: &str) -> Option<PathBuf> {
        self.sources.home.as_ref().map(|home| home.join(".postgresql").join(name))
    }
}

/// libpq's rule: a key is its owner's alone, but root may share one with a group.
fn others_can_read(key: &Path) -> bool {
    let Ok(metadata) = key.metadata() else { return false };
    let shared = if metadata.uid() == 0 { 0o027 } else { 0o077 };
    metadata.mode() & shared != 0
}
