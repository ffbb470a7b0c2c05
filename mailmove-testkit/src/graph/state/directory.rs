//! What the directory of a tenant holds: applications, the service principals that stand for them, and what they were
//! granted.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::guid;
use crate::graph::users::{App, Key};

/// Microsoft Graph, as every tenant knows it.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";
/// In which numbers ids are made.
const SPACE: u32 = 0xd12e_c702;
const ROLES: u32 = 0x0401_e500;

/// What Graph grants to applications, as far as anybody asks for it here.
const GRANTABLE: [&str; 23] = [
    "AppRoleAssignment.ReadWrite.All",
    "Application.Read.All",
    "Application.ReadWrite.All",
    "Calendars.Read",
    "Calendars.ReadWrite",
    "Contacts.Read",
    "Contacts.ReadWrite",
    "Directory.Read.All",
    "Mail.Read",
    "Mail.ReadWrite",
    "Mail.Send",
    "MailboxFolder.Read.All",
    "MailboxFolder.ReadWrite.All",
    "MailboxItem.Export.All",
    "MailboxItem.ImportExport.All",
    "MailboxItem.Read.All",
    "MailboxItem.ReadWrite.All",
    "MailboxSettings.Read",
    "MailboxSettings.ReadWrite",
    "Reports.Read.All",
    "Tasks.Read.All",
    "Tasks.ReadWrite.All",
    "User.Read.All",
];

/// A kind of object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Application,
    Principal,
    Grant,
}

impl Class {
    /// The type in the metadata.
    pub(crate) fn kind(self) -> &'static str {
        match self {
            Self::Application => "application",
            Self::Principal => "servicePrincipal",
            Self::Grant => "appRoleAssignment",
        }
    }
}

/// An object, with what a client may see of it and what it may not: the keys and secrets of applications.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) class: Class,
    pub(crate) entity: Map<String, Value>,
    /// From when on it is known everywhere, on the server's clock.
    known: Duration,
}

impl Object {
    pub(crate) fn text(&self, name: &str) -> &str {
        self.entity.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn all(&self, name: &str) -> &[Value] {
        self.entity.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
    }
}

#[derive(Debug)]
pub(crate) struct Directory {
    objects: Vec<Object>,
    made: u64,
}

impl Default for Directory {
    fn default() -> Self {
        let mut directory = Self { objects: Vec::new(), made: 0 };
        let role = |name: &&str| {
            json!({
                "id": role_id(name), "value": name, "displayName": name, "description": name, "isEnabled": true,
                "allowedMemberTypes": ["Application"], "origin": "Application",
            })
        };
        let roles: Vec<Value> = GRANTABLE.iter().map(role).collect();
        let graph = json!({
            "appId": GRAPH, "displayName": "Microsoft Graph", "appDisplayName": "Microsoft Graph", "appRoles": roles,
            "accountEnabled": true, "servicePrincipalType": "Application",
        });
        directory.add(Class::Principal, graph.as_object().cloned().unwrap_or_default(), Duration::ZERO);
        directory
    }
}

impl Directory {
    /// Adds an object, which is known from a moment on, and gives its id.
    pub(crate) fn add(&mut self, class: Class, mut entity: Map<String, Value>, known: Duration) -> String {
        let id = self.guid();
        entity.insert("id".to_owned(), id.as_str().into());
        entity.entry("deletedDateTime").or_insert(Value::Null);
        self.objects.push(Object { class, entity, known });
        id
    }

    /// A new id.
    pub(crate) fn guid(&mut self) -> String {
        self.made += 1;
        guid(SPACE, self.made)
    }

    /// What is known now.
    pub(crate) fn known(&self, class: Class, now: Duration) -> impl Iterator<Item = &Object> {
        self.objects.iter().filter(move |object| object.class == class && object.known <= now)
    }

    /// The object of an id, or of `appId='…'`, if it is known.
    pub(crate) fn find(&self, class: Class, key: &str, now: Duration) -> Option<&Object> {
        let (name, value) = key.split_once("='").map_or(("id", key), |(name, value)| (name, value.trim_matches('\'')));
        self.known(class, now).find(|object| object.text(name) == value)
    }

    /// The same, to be changed.
    pub(crate) fn find_mut(&mut self, class: Class, key: &str, now: Duration) -> Option<&mut Object> {
        let id = self.find(class, key, now)?.text("id").to_owned();
        self.objects.iter_mut().find(|object| object.text("id") == id)
    }

    /// Takes an object away and what cannot be without it: an application's principal, a principal's grants.
    pub(crate) fn remove(&mut self, id: &str) {
        let Some(at) = self.objects.iter().position(|object| object.text("id") == id) else { return };
        let gone = self.objects.remove(at);
        let hangs = |object: &Object| match gone.class {
            Class::Application => object.class == Class::Principal && object.text("appId") == gone.text("appId"),
            Class::Principal => {
                object.class == Class::Grant && [object.text("principalId"), object.text("resourceId")].contains(&id)
            }
            Class::Grant => false,
        };
        let hanging: Vec<String> =
            self.objects.iter().filter(|object| hangs(object)).map(|object| object.text("id").to_owned()).collect();
        hanging.iter().for_each(|id| self.remove(id));
    }

    /// The rights that a principal was granted, by their names.
    pub(crate) fn rights(&self, principal: &str) -> Vec<String> {
        let own = |object: &&Object| object.class == Class::Grant && object.text("principalId") == principal;
        let name = |grant: &Object| {
            let role = grant.text("appRoleId");
            GRANTABLE.iter().find(|name| role_id(name) == role).map(|name| (*name).to_owned())
        };
        self.objects.iter().filter(own).filter_map(name).collect()
    }

    /// Who signs in with this id. Without a service principal an application cannot.
    pub(crate) fn app(&self, id: &str, now: Duration) -> Option<Result<App, &'static str>> {
        let by = format!("appId='{id}'");
        let application = self.find(Class::Application, &by, now)?;
        let Some(principal) = self.find(Class::Principal, &by, now) else {
            return Some(Err("is missing service principal in the tenant"));
        };
        let text = |value: &Value, name: &str| value[name].as_str().unwrap_or_default().to_owned();
        let keys = application.all("keyCredentials").iter();
        let keys = keys.filter_map(|one| Key::of_certificate(&octets(&text(one, "key"))?)).collect();
        let secrets = application.all("passwordCredentials").iter().map(|one| text(one, "secretText")).collect();
        let roles = self.rights(principal.text("id"));
        Some(Ok(App { id: id.to_owned(), secrets, roles, keys }))
    }
}

/// The id of a right.
fn role_id(name: &str) -> String {
    let at = GRANTABLE.iter().position(|known| *known == name).unwrap_or(GRANTABLE.len());
    guid(ROLES, at as u64)
}

/// Octets in one of the two ways of base64.
fn octets(text: &str) -> Option<Vec<u8>> {
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

impl Key {
    /// Of a certificate in DER.
    fn of_certificate(der: &[u8]) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let public = certificate.public_key().subject_public_key.data.to_vec();
        Some(Self { thumbprint: URL_SAFE_NO_PAD.encode(digest(&SHA256, der)), public: Some(public) })
    }
}

/// What a directory adds to a certificate that is registered: whose it is, how long it holds, and its thumbprint. `None`
/// for what is no certificate.
pub(crate) fn described(key: &str) -> Option<Map<String, Value>> {
    let der = octets(key)?;
    let (_, certificate) = X509Certificate::from_der(&der).ok()?;
    let moment = |moment: OffsetDateTime| Value::from(crate::graph::date::seconds(moment));
    let validity = certificate.validity();
    Some(Map::from_iter([
        ("customKeyIdentifier".to_owned(), STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &der)).into()),
        ("displayName".to_owned(), certificate.subject().to_string().into()),
        ("startDateTime".to_owned(), moment(validity.not_before.to_datetime())),
        ("endDateTime".to_owned(), moment(validity.not_after.to_datetime())),
    ]))
}
