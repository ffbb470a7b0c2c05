//! What ties a sign-in to the server's certificate.

use md5::{Digest, Md5};
use ring::digest::{SHA256, SHA384, SHA512, digest};
use x509_parser::parse_x509_certificate;
use x509_parser::signature_algorithm::SignatureAlgorithm;

/// The MD5 of the channel binding structure of GSS-API, for the certificate that a server showed.
pub(super) fn of(certificate: &[u8]) -> [u8; 16] {
    let mut data = b"tls-server-end-point:".to_vec();
    data.extend_from_slice(&hash(certificate));
    // No addresses: four numbers that are zero, then the length of the data.
    let mut bindings = vec![0; 16];
    bindings.extend_from_slice(&u32::try_from(data.len()).unwrap_or_default().to_le_bytes());
    bindings.extend_from_slice(&data);
    Md5::digest(&bindings).into()
}

/// The certificate under the hash of its own signature, or SHA-256 where that is weaker or says nothing.
fn hash(certificate: &[u8]) -> Vec<u8> {
    let oid = parse_x509_certificate(certificate).ok().map(|(_, parsed)| {
        match SignatureAlgorithm::try_from(&parsed.signature_algorithm) {
            Ok(SignatureAlgorithm::RSASSA_PSS(parameters)) => parameters.hash_algorithm_oid().to_id_string(),
            _ => parsed.signature_algorithm.algorithm.to_id_string(),
        }
    });
    let algorithm = match oid.as_deref() {
        // RSA, ECDSA and the bare hash of RSASSA-PSS.
        Some("1.2.840.113549.1.1.12" | "1.2.840.10045.4.3.3" | "2.16.840.1.101.3.4.2.2") => &SHA384,
        Some("1.2.840.113549.1.1.13" | "1.2.840.10045.4.3.4" | "2.16.840.1.101.3.4.2.3") => &SHA512,
        _ => &SHA256,
    };
    digest(algorithm, certificate).as_ref().to_vec()
}
