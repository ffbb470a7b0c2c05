//! What Microsoft's sign-in service says by number. The numbers stay, the texts change.

use super::{Cause, Confidence};

/// A number with its meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Known {
    /// The number after `AADSTS`.
    pub number: u32,
    /// What it means here.
    pub cause: Cause,
    /// How sure that is.
    pub confidence: Confidence,
}

/// The number in a text: `AADSTS50076: …` gives 50076.
pub fn number(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("AADSTS")?;
    let digits = rest.find(|c: char| !c.is_ascii_digit()).map_or(rest, |end| &rest[..end]);
    digits.parse().ok()
}

/// What is known about a number.
pub fn lookup(number: u32) -> Option<&'static Known> {
    KNOWN.iter().find(|known| known.number == number)
}

const fn certain(number: u32, cause: Cause) -> Known {
    Known { number, cause, confidence: Confidence::Certain }
}

const fn likely(number: u32, cause: Cause) -> Known {
    Known { number, cause, confidence: Confidence::Likely }
}

pub(super) const KNOWN: &[Known] = &[
    certain(50034, Cause::BadCredentials),
    certain(50056, Cause::BadCredentials),
    certain(50126, Cause::BadCredentials),
    certain(50055, Cause::PasswordExpired),
    certain(50144, Cause::PasswordExpired),
    certain(50053, Cause::AccountLocked),
    certain(50057, Cause::AccountDisabledOrUnlicensed),
    certain(50072, Cause::InteractiveStepRequired),
    certain(50074, Cause::InteractiveStepRequired),
    certain(50076, Cause::InteractiveStepRequired),
    certain(50078, Cause::InteractiveStepRequired),
    certain(50079, Cause::InteractiveStepRequired),
    certain(50097, Cause::InteractiveStepRequired),
    certain(50125, Cause::InteractiveStepRequired),
    certain(50158, Cause::InteractiveStepRequired),
    certain(65001, Cause::ConsentMissing),
    certain(65004, Cause::ConsentMissing),
    certain(90094, Cause::ConsentMissing),
    certain(16000, Cause::AmbiguousAccount),
    certain(16001, Cause::AmbiguousAccount),
    likely(50020, Cause::AmbiguousAccount),
    certain(53000, Cause::SecurityPolicyChanged),
    certain(53001, Cause::SecurityPolicyChanged),
    certain(53003, Cause::SecurityPolicyChanged),
    certain(53004, Cause::SecurityPolicyChanged),
    certain(530034, Cause::SecurityPolicyChanged),
    certain(530035, Cause::SecurityPolicyChanged),
    certain(50105, Cause::RoleMissing),
    certain(65005, Cause::RoleMissing),
    certain(650057, Cause::RoleMissing),
    certain(500011, Cause::WrongAudience),
    likely(500014, Cause::ModernAuthenticationNotConfigured),
    likely(7000112, Cause::ModernAuthenticationNotConfigured),
    likely(7000218, Cause::ModernAuthenticationNotConfigured),
    certain(700016, Cause::ApplicationUnknown),
    certain(7000229, Cause::ApplicationUnknown),
    certain(90002, Cause::TenantUnknown),
    certain(900021, Cause::TenantUnknown),
    certain(900023, Cause::TenantUnknown),
    certain(700027, Cause::CertificateUnknown),
    likely(50012, Cause::CertificateUnknown),
    certain(7000215, Cause::ClientSecretWrong),
    certain(7000222, Cause::ClientSecretExpired),
    certain(700024, Cause::ClockWrong),
    certain(500133, Cause::ClockWrong),
    certain(50173, Cause::SessionEnded),
    certain(70008, Cause::SessionEnded),
    certain(700082, Cause::SessionEnded),
    certain(700084, Cause::SessionEnded),
    likely(50196, Cause::Overload),
    likely(90033, Cause::Overload),
];
