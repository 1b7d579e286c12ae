//! Validation of texts and numbers. Every error is a 422 that names the field.

use icu_properties::props::{BidiControl, DefaultIgnorableCodePoint, GeneralCategory};
use icu_properties::{CodePointMapData, CodePointSetData};
use unicode_normalization::UnicodeNormalization as _;
use wire::MAX_TITLE;

use crate::auth::{LONGEST, SHORTEST};
use crate::error::Error;

/// The maximum length of the address of a web page, in characters.
pub(super) const URL: usize = 2_000;

/// The maximum length of the name of a person or of a time zone, in characters.
const NAME: usize = 200;

/// The maximum length of an email address, in bytes.
const EMAIL: usize = 254;

/// Refuses a text that is too long.
pub(super) fn length(field: &str, text: Option<&str>, most: usize) -> Result<(), Error> {
    match text {
        // Compares bytes first: characters are counted only in a text that may be too long.
        Some(text) if text.len() > most && text.chars().count() > most => {
            Err(Error::invalid(format!("{field} has at most {most} characters")))
        }
        _ => Ok(()),
    }
}

/// Refuses a text that is too long, and a text that is present and blank.
pub(super) fn text(field: &str, text: Option<&str>, most: usize) -> Result<(), Error> {
    length(field, text, most)?;
    if text.is_some_and(|text| text.trim().is_empty()) {
        return Err(Error::invalid(format!("{field} must not be empty")));
    }
    Ok(())
}

/// Refuses a name that is too long, or that has a character which breaks the line or changes the direction of the
/// surrounding text.
pub(super) fn name(field: &str, text: Option<&str>) -> Result<(), Error> {
    length(field, text, NAME)?;
    let turns = CodePointSetData::new::<BidiControl>();
    if text.is_some_and(|text| text.chars().any(|c| c.is_control() || turns.contains(c))) {
        return Err(Error::invalid(format!("{field} has a character that is not seen")));
    }
    Ok(())
}

/// Returns whether an email address is short enough. Counts bytes, as mail servers do. Storage and sign-in use this
/// same limit, so that a stored address can always sign in.
pub(super) const fn fits_email(email: &str) -> bool {
    email.len() <= EMAIL
}

/// Returns an email address as it is stored: trimmed, in Unicode NFC. Refuses spaces, control characters and invisible
/// characters, for example direction marks, because they would let two people look the same.
pub(super) fn email(text: &str) -> Result<String, Error> {
    let email: String = text.trim().nfc().collect();
    let is_well_formed = fits_email(&email)
        && email
            .rsplit_once('@')
            .is_some_and(|(name, domain)| !name.is_empty() && !domain.is_empty())
        && !email
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || is_invisible(c));
    if is_well_formed {
        Ok(email)
    } else {
        Err(Error::unusable_email())
    }
}

/// Returns whether a character is invisible by itself. Unicode's format characters (category Cf) are, and characters
/// that are ignored where they can not be shown.
fn is_invisible(c: char) -> bool {
    CodePointMapData::<GeneralCategory>::new().get(c) == GeneralCategory::Format
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
}

/// Checks the length of a new password, in characters.
pub(super) fn password(password: &str) -> Result<(), Error> {
    let length = password.chars().count();
    if length < SHORTEST {
        return Err(Error::invalid(format!("password has at least {SHORTEST} characters")));
    }
    self::length("password", Some(password), LONGEST)
}

/// Returns a title, or `None` if it is blank.
pub(super) fn title(title: Option<String>) -> Result<Option<String>, Error> {
    length("title", title.as_deref(), MAX_TITLE)?;
    Ok(title.filter(|title| !title.trim().is_empty()))
}

/// Checks the duration of a coaching session, in minutes.
pub(super) fn duration(minutes: u16) -> Result<u16, Error> {
    if (1..=480).contains(&minutes) {
        Ok(minutes)
    } else {
        Err(Error::invalid("duration_minutes is 1 to 480"))
    }
}

/// Checks the address of a meeting. Only an address that runs no code in the browser is allowed.
pub(super) fn meeting_url(url: Option<String>) -> Result<Option<String>, Error> {
    let Some(url) = url.filter(|url| !url.trim().is_empty()) else {
        return Ok(None);
    };
    length("meeting_url", Some(&url), URL)?;
    if url.starts_with("https://") || url.starts_with("http://") {
        Ok(Some(url))
    } else {
        Err(Error::invalid("meeting_url begins with https:// or http://"))
    }
}

/// Checks the provider of a meeting: one that the app knows, or `None`.
pub(super) fn provider(provider: Option<String>) -> Result<Option<String>, Error> {
    match provider.as_deref() {
        None | Some("google" | "zoom") => Ok(provider),
        Some(_) => Err(Error::invalid("provider is google, zoom or null")),
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_TITLE, duration, email, meeting_url, password, title};

    #[test]
    fn title_counts_characters_and_rejects_blank() {
        assert_eq!(title(Some("  ".to_owned())).unwrap(), None);
        assert!(title(Some("ü".repeat(MAX_TITLE))).is_ok());
        assert!(title(Some("ü".repeat(MAX_TITLE + 1))).is_err());
    }

    #[test]
    fn an_address_has_nothing_that_is_not_seen() {
        for good in [
            "a@b",
            "cora+x@example.com",
            "mu\u{308}ller@example.com",
            "\"a@b\"@example.com",
        ] {
            assert!(email(good).is_ok(), "{good}");
        }
        assert_eq!(
            email(" mu\u{308}ller@example.com\n").unwrap(),
            "m\u{fc}ller@example.com"
        );
        for bad in [
            "",
            "@",
            "a@",
            "@b",
            "nowhere",
            "a b@example.com",
            "a\0@example.com",
            "a\u{7f}@example.com",
            "a\u{202e}@example.com",
            "a\u{2066}@example.com",
            "a\u{200b}@example.com",
            "a\u{a0}@example.com",
            "a@exam\nple.com",
            "a\u{feff}@example.com",
        ] {
            assert!(email(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn a_password_is_counted_in_characters() {
        for (length, good) in [(11, false), (12, true), (128, true), (129, false)] {
            assert_eq!(password(&"ü".repeat(length)).is_ok(), good, "{length}");
        }
    }

    #[test]
    fn a_duration_has_two_ends() {
        for (minutes, good) in [(0, false), (1, true), (480, true), (481, false)] {
            assert_eq!(duration(minutes).is_ok(), good, "{minutes}");
        }
    }

    #[test]
    fn a_meeting_is_nowhere_that_runs_code() {
        assert!(meeting_url(Some("https://meet.example/a".to_owned())).is_ok());
        assert!(meeting_url(Some("javascript:alert(1)".to_owned())).is_err());
        assert_eq!(meeting_url(Some(String::new())).unwrap(), None);
    }
}
