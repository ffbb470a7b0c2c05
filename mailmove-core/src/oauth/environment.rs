//! An application or a service account, as the environment names it.

use std::fs;

use secrecy::SecretString;

use super::{Authority, Certificates, Client, Cloud, OauthCredentials, ServiceAccount};
use crate::credential::EnvironmentSecrets;
use crate::http::Http;
use crate::{Error, ErrorKind, Result};

impl OauthCredentials {
    /// The application or service account that the environment names, when it names one.
    ///
    /// `TENANT`, `CLIENT_ID` and either `CLIENT_SECRET` or `CERTIFICATE` (PEM with certificate and key, or PKCS#12 with
    /// its password in `PASSWORD`) make an application of Microsoft Entra in this cloud; a `CERTIFICATE` that is the JSON
    /// key file of a service account makes one of Google. The scopes are what the connector needs.
    pub fn from_environment(
        secrets: &EnvironmentSecrets,
        http: Http,
        cloud: &Cloud,
        scopes: &[&str],
    ) -> Result<Option<Self>> {
        if !secrets.names_application() {
            return Ok(None);
        }
        let file = certificate(secrets)?;
        if let Some(file) = file.as_ref().filter(|file| file.trim_ascii_start().starts_with(b"{")) {
            let json = SecretString::from(String::from_utf8_lossy(file).into_owned());
            return Ok(Some(Self::service_account(http, ServiceAccount::from_json(&json)?, scopes)));
        }
        let (tenant, id) =
            (wanted(secrets, &secrets.tenant, "TENANT")?, wanted(secrets, &secrets.client_id, "CLIENT_ID")?);
        let authority = Authority::entra(cloud, tenant).map_err(|error| error.on(secrets.side))?;
        let client = match (&secrets.client_secret, file) {
            (Some(_), Some(_)) => return Err(secrets.both("CLIENT_SECRET", "CERTIFICATE")),
            (Some(secret), None) => Client::with_secret(authority, id, secret.clone()),
            (None, Some(file)) => Client::with_certificates(authority, id, read(&file, secrets)?),
            (None, None) => return Err(missing(secrets, "CERTIFICATE")),
        };
        Ok(Some(Self::application(http, client, scopes)))
    }
}

fn certificate(secrets: &EnvironmentSecrets) -> Result<Option<Vec<u8>>> {
    let Some(path) = &secrets.certificate else { return Ok(None) };
    let bytes = fs::read(path).map_err(|error| {
        Error::new(ErrorKind::Config, "the certificate's file cannot be read")
            .on(secrets.side)
            .with("file", path.display())
            .with("reason", error)
            .remedy(format!("check the path in {}", secrets.variable("CERTIFICATE")))
    });
    bytes.map(Some)
}

/// PKCS#12 is binary and begins with the tag of a sequence; PEM is text.
fn read(file: &[u8], secrets: &EnvironmentSecrets) -> Result<Certificates> {
    let certificates = if file.first() == Some(&0x30) {
        Certificates::from_pkcs12(file, &secrets.password.clone().unwrap_or_default())
    } else {
        let text = SecretString::from(String::from_utf8_lossy(file).into_owned());
        let text = secrecy::ExposeSecret::expose_secret(&text);
        Certificates::from_pem(text, text)
    };
    certificates.map_err(|error| error.on(secrets.side))
}

fn wanted<'a>(secrets: &EnvironmentSecrets, value: &'a Option<String>, what: &str) -> Result<&'a str> {
    value.as_deref().ok_or_else(|| missing(secrets, what))
}

fn missing(secrets: &EnvironmentSecrets, what: &str) -> Error {
    Error::new(ErrorKind::Config, "the application is not named completely")
        .on(secrets.side)
        .with("missing", secrets.variable(what))
        .remedy("give the tenant, the application's id, and its certificate or secret")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::Side;
    use crate::http::HttpSettings;

    fn made(pairs: &[(&str, &str)]) -> Result<Option<OauthCredentials>> {
        let value = |wanted: &str| {
            let name = wanted.strip_prefix("MAILMOVE_SOURCE_")?;
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| value.into())
        };
        let secrets = EnvironmentSecrets::read_by(Side::Source, value)?;
        let http = Http::new(HttpSettings::new().allowing_plaintext())?;
        OauthCredentials::from_environment(&secrets, http, &Cloud::world(), &["scope"])
    }

    #[test]
    fn an_application_is_made_of_a_secret_or_of_a_file() {
        let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys");
        let mut pem = tempfile::NamedTempFile::new().unwrap();
        for part in ["a.crt", "a.pem"] {
            pem.write_all(&fs::read(format!("{keys}/{part}")).unwrap()).unwrap();
        }
        let (pem, p12) = (pem.path().to_str().unwrap(), format!("{keys}/a.p12"));
        let application = [("TENANT", "contoso.com"), ("CLIENT_ID", "id")];
        for proof in [
            vec![("CLIENT_SECRET", "s")],
            vec![("CERTIFICATE", pem)],
            vec![("CERTIFICATE", p12.as_str()), ("PASSWORD", "correct horse")],
        ] {
            let credentials = made(&[&application[..], &proof[..]].concat()).unwrap().unwrap();
            let shown = format!("{credentials:?}");
            assert!(shown.contains("id at https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token"), "{shown}");
        }
        assert!(made(&[("PASSWORD", "p")]).unwrap().is_none());
    }

    #[test]
    fn a_service_account_is_made_of_its_key_file() {
        let key = include_str!("../../tests/keys/a.pem");
        let json =
            serde_json::json!({ "client_email": "mover@example.org", "private_key": key, "token_uri": "https://t/" });
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(json.to_string().as_bytes()).unwrap();
        let credentials = made(&[("CERTIFICATE", file.path().to_str().unwrap())]).unwrap().unwrap();
        assert!(format!("{credentials:?}").contains("mover@example.org"));
    }

    #[test]
    fn what_is_missing_or_twice_is_named() {
        let p12 = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/keys/a.p12");
        let application = [("TENANT", "contoso.com"), ("CLIENT_ID", "id")];
        for (pairs, name) in [
            (vec![("CLIENT_ID", "id"), ("CLIENT_SECRET", "s")], "_TENANT"),
            (vec![("TENANT", "t"), ("CLIENT_SECRET", "s")], "_CLIENT_ID"),
            (application.to_vec(), "_CERTIFICATE"),
            ([&application[..], &[("CERTIFICATE", p12), ("CLIENT_SECRET", "s")]].concat(), "_CLIENT_SECRET"),
            ([&application[..], &[("CERTIFICATE", "/nowhere")]].concat(), "/nowhere"),
        ] {
            let error = made(&pairs).unwrap_err();
            assert_eq!((error.kind(), error.side()), (ErrorKind::Config, Some(Side::Source)));
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
