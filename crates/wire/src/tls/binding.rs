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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hash_of(signature_algorithm: &[u8]) -> Option<usize> {
        let empty: &[u8] = &[];
        let (public_key_info, key_algorithm, key) = (empty, empty, empty);
        Certificate { public_key_info, key_algorithm, key, signature_algorithm }
            .signature_hash()
            .map(|it| it.output_len() * 8)
    }

    fn rsa(last: u8, parameters: &[u8]) -> Vec<u8> {
        let id = [0x06, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, last];
        [&id, parameters].concat()
    }

    #[test]
    fn the_hash_is_that_of_the_signature_but_never_a_broken_one() {
        const NULL: &[u8] = &[0x05, 0x00];
        for (last, bits) in [
            (4, Some(256)),
            (5, Some(256)),
            (11, Some(256)),
            (12, Some(384)),
            (13, Some(512)),
            (9, None),
        ] {
            assert_eq!(hash_of(&rsa(last, NULL)), bits, "RSA {last}");
        }
        for (tail, bits) in [(&[1][..], 256), (&[3, 2], 256), (&[3, 3], 384), (&[3, 4], 512)] {
            let id = [&[0x2a, 0x86, 0x48, 0xce, 0x3d, 4], tail].concat();
            let identifier = [&[0x06, id.len() as u8], id.as_slice()].concat();
            assert_eq!(hash_of(&identifier), Some(bits), "ECDSA {tail:?}");
        }
        assert_eq!(hash_of(&[0x06, 3, 0x2b, 0x65, 0x70]), None, "Ed25519 names no hash");
    }

    #[test]
    fn a_pss_signature_names_its_hash_in_a_parameter() {
        let sha2 = |last| {
            let id = [0x06, 9, 0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, last];
            [&[0x30, 15, 0xa0, 13, 0x30, 11], &id[..]].concat()
        };
        assert_eq!(hash_of(&rsa(10, &[0x30, 0])), Some(256));
        assert_eq!(hash_of(&rsa(10, &sha2(1))), Some(256));
        assert_eq!(hash_of(&rsa(10, &sha2(2))), Some(384));
        assert_eq!(hash_of(&rsa(10, &sha2(3))), Some(512));
    }

    #[test]
    fn a_real_certificate_gives_its_key_and_its_hash() {
        for (algorithm, hash) in [
            (&rcgen::PKCS_ECDSA_P256_SHA256, Some(&SHA256)),
            (&rcgen::PKCS_ECDSA_P384_SHA384, Some(&SHA384)),
            (&rcgen::PKCS_ED25519, None),
        ] {
            let key = rcgen::KeyPair::generate_for(algorithm).unwrap();
            let params = rcgen::CertificateParams::new(vec!["db".to_owned()]).unwrap();
            let made = params.self_signed(&key).unwrap();
            let der: &[u8] = made.der();
            assert_eq!(Certificate::parse(der).unwrap().key, key.public_key_raw());
            let expected = hash.map(|it| digest::digest(it, der).as_ref().to_vec());
            assert_eq!(server_end_point(der), expected);
            for end in 0..der.len() {
                assert_eq!(server_end_point(&der[..end]), None);
            }
        }
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            server_end_point(&bytes);
        }
    }
}
