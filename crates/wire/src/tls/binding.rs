//! The few fields of a certificate that rustls does not hand out: its key and how it was signed.
//!
//! SCRAM-SHA-256-PLUS binds the login to a hash of the server's certificate
//! (`tls-server-end-point`, RFC 5929), made with the hash of the certificate's own signature. This
//! reads just enough DER for that; it judges nothing.

use ring::digest::{self, Algorithm, SHA256, SHA384, SHA512};

/// The channel binding data of a server certificate in DER.
///
/// `None` when the certificate can't be read, or its signature names no hash (Ed25519): RFC 5929
/// defines nothing for those, and PostgreSQL offers no binding either.
pub fn server_end_point(certificate: &[u8]) -> Option<Vec<u8>> {
    let hash = Certificate::parse(certificate)?.signature_hash()?;
    Some(digest::digest(hash, certificate).as_ref().to_vec())
}

/// The parts of a certificate that we need, as slices of it.
pub(super) struct Certificate<'a> {
    /// The whole SubjectPublicKeyInfo.
    pub(super) public_key_info: &'a [u8],
    /// The key's algorithm identifier, without its outer tag (as webpki compares it).
    pub(super) key_algorithm: &'a [u8],
    /// The public key itself.
    pub(super) key: &'a [u8],
    /// The signature's algorithm identifier, without its outer tag.
    signature_algorithm: &'a [u8],
}

const INTEGER: u8 = 0x02;
const BIT_STRING: u8 = 0x03;
const OBJECT_ID: u8 = 0x06;
const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const HASH_PARAMETER: u8 = 0xa0;

impl<'a> Certificate<'a> {
    pub(super) fn parse(certificate: &'a [u8]) -> Option<Certificate<'a>> {
        let mut outer = Der(Der(certificate).take(SEQUENCE)?);
        let mut signed = Der(outer.take(SEQUENCE)?);
        let signature_algorithm = outer.take(SEQUENCE)?;
        if signed.0.first() == Some(&VERSION) {
            signed.take(VERSION)?;
        }
        signed.take(INTEGER)?;
        // The signature's algorithm again, the issuer, the validity, the subject.
        for _ in 0..4 {
            signed.take(SEQUENCE)?;
        }
        let start = signed.0;
        let mut info = Der(signed.take(SEQUENCE)?);
        let public_key_info = &start[..start.len() - signed.0.len()];
        let key_algorithm = info.take(SEQUENCE)?;
        // The first byte of a bit string counts unused bits; keys have none.
        let (0, key) = info.take(BIT_STRING)?.split_first()? else { return None };
        Some(Certificate { public_key_info, key_algorithm, key, signature_algorithm })
    }

    /// The hash to bind with. RFC 5929: MD5 and SHA-1 are replaced by SHA-256.
    fn signature_hash(&self) -> Option<&'static Algorithm> {
        const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01];
        const ECDSA: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04];
        let mut fields = Der(self.signature_algorithm);
        let id = fields.take(OBJECT_ID)?;
        if let Some(rest) = id.strip_prefix(RSA) {
            return match rest {
                [4] | [5] | [11] => Some(&SHA256),
                [12] => Some(&SHA384),
                [13] => Some(&SHA512),
                [10] => pss_hash(fields),
                _ => None,
            };
        }
        match id.strip_prefix(ECDSA)? {
            [1] | [3, 2] => Some(&SHA256),
            [3, 3] => Some(&SHA384),
            [3, 4] => Some(&SHA512),
            _ => None,
        }
    }
}

/// RSASSA-PSS names its hash in a parameter; without one it is SHA-1, hence SHA-256.
fn pss_hash(mut fields: Der<'_>) -> Option<&'static Algorithm> {
    const SHA2: &[u8] = &[0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02];
    let mut parameters = Der(fields.take(SEQUENCE)?);
    let Some(hash) = parameters.take(HASH_PARAMETER) else { return Some(&SHA256) };
    let id = Der(Der(hash).take(SEQUENCE)?).take(OBJECT_ID)?;
    match id.strip_prefix(SHA2) {
        Some([1]) | None => Some(&SHA256),
        Some([2]) => Some(&SHA384),
        Some([3]) => Some(&SHA512),
        Some(_) => None,
    }
}

/// What is left of a run of DER elements.
#[derive(Clone, Copy)]
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// Takes one element with this tag and returns its contents.
    fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (&found, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        if found != tag {
            return None;
        }
        let mut length = usize::from(first);
        if first >= 0x80 {
            let digits = rest.get(..usize::from(first & 0x7f)).filter(|it| it.len() <= 4)?;
            rest = &rest[digits.len()..];
            length = digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit));
        }
        let contents = rest.get(..length)?;
        self.0 = &rest[length..];
        Some(contents)
    }
}
