//! Certificates for the tests: an authority, and servers that it vouches for, in a folder.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;

/// An authority with a folder of its own.
pub(crate) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    folder: TempDir,
}

/// A certificate and its key, as PEM files.
#[derive(Clone)]
pub(crate) struct Pair {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

impl Pair {
    pub(crate) fn chain(&self) -> Vec<CertificateDer<'static>> {
        CertificateDer::pem_file_iter(&self.certificate).unwrap().map(Result::unwrap).collect()
    }

    pub(crate) fn key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from_pem_file(&self.key).unwrap()
    }
}

impl Authority {
    pub(crate) fn new(name: &str) -> Authority {
        Authority::with_own_key(name, KeyPair::generate().unwrap())
    }

    /// One that signs with this key.
    pub(crate) fn with_own_key(name: &str, key: KeyPair) -> Authority {
        let folder = tempfile::tempdir().unwrap();
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let certificate = params.self_signed(&key).unwrap();
        save(&folder.path().join("root.crt"), &certificate.pem());
        // A PostgreSQL that checks clients against it runs as another user.
        allow(folder.path(), 0o755);
        allow(&folder.path().join("root.crt"), 0o644);
        Authority { issuer: Issuer::new(params, key), folder }
    }

    /// The file that `sslrootcert` would name.
    pub(crate) fn root(&self) -> PathBuf {
        self.folder.path().join("root.crt")
    }

    /// A server's certificate for these names and addresses.
    pub(crate) fn server(&self, names: &[&str]) -> Pair {
        self.sign(named(names), KeyPair::generate().unwrap())
    }

    /// One that was valid in another century.
    pub(crate) fn expired(&self, names: &[&str]) -> Pair {
        let mut params = named(names);
        params.not_before = date_time_ymd(1990, 1, 1);
        params.not_after = date_time_ymd(1999, 1, 1);
        self.sign(params, KeyPair::generate().unwrap())
    }

    /// One that has the name where old clients looked for it, and no subjectAltName.
    pub(crate) fn common_name_only(&self, name: &str) -> Pair {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        self.sign(params, KeyPair::generate().unwrap())
    }

    /// One of a given kind of key.
    pub(crate) fn with_key(&self, names: &[&str], key: KeyPair) -> Pair {
        self.sign(named(names), key)
    }

    fn sign(&self, params: CertificateParams, key: KeyPair) -> Pair {
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        pair_in(self.folder.path(), &certificate.pem(), &key)
    }

    /// An authority's own certificate, used by a server: what `openssl req -x509` makes.
    pub(crate) fn self_signed_authority(&self, names: &[&str]) -> Pair {
        let key = KeyPair::generate().unwrap();
        let mut params = named(names);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        pair_in(self.folder.path(), &params.self_signed(&key).unwrap().pem(), &key)
    }
}

fn named(names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|it| (*it).to_owned()).collect();
    CertificateParams::new(names).unwrap()
}

fn pair_in(folder: &Path, certificate: &str, key: &KeyPair) -> Pair {
    let count = fs::read_dir(folder).unwrap().count();
    let pair = Pair {
        certificate: folder.join(format!("{count}.crt")),
        key: folder.join(format!("{count}.key")),
    };
    save(&pair.certificate, certificate);
    save(&pair.key, &key.serialize_pem());
    pair
}

fn save(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    allow(path, 0o600);
}

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// The same certificate as version 1: without the version field and the extensions. Its signature
/// no longer fits, which is of no matter where nobody checks it.
pub(crate) fn as_version_1(certificate: &[u8]) -> CertificateDer<'static> {
    let [signed, algorithm, signature] = elements(contents(certificate))[..] else {
        panic!("a certificate has three parts");
    };
    let fields = elements(contents(signed));
    let kept = fields[1..fields.len() - 1].concat();
    CertificateDer::from(sequence(&[&sequence(&[&kept]), algorithm, signature]))
}

/// The length of the header of a DER element, and of what follows.
fn lengths(element: &[u8]) -> (usize, usize) {
    match element[1] {
        short if short < 0x80 => (2, usize::from(short)),
        long => {
            let digits = usize::from(long & 0x7f);
            let value =
                element[2..2 + digits].iter().fold(0, |sum, it| sum << 8 | usize::from(*it));
            (2 + digits, value)
        }
    }
}

fn contents(element: &[u8]) -> &[u8] {
    let (header, length) = lengths(element);
    &element[header..header + length]
}

fn elements(mut contents: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while !contents.is_empty() {
        let (header, length) = lengths(contents);
        let (first, rest) = contents.split_at(header + length);
        found.push(first);
        contents = rest;
    }
    found
}

fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    let contents = parts.concat();
    let length = u16::try_from(contents.len()).unwrap().to_be_bytes();
    [&[0x30, 0x82, length[0], length[1]], contents.as_slice()].concat()
}
