//! Comparison of email addresses.

use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};
use unicode_normalization::UnicodeNormalization as _;
use wire::UserId;

use super::column::Columns as _;

/// Returns the form in which addresses are compared: without surrounding space, in Unicode NFC, in lower case. Mail
/// servers are allowed to distinguish upper and lower case, but none does. Addresses that look the same belong to the
/// same person.
pub(crate) fn email_key(email: &str) -> String {
    // Lower case can need composition again, for example after a capital I with a dot and another mark.
    email.trim().nfc().collect::<String>().to_lowercase().nfc().collect()
}

/// Computes the keys that SQLite could not: those of addresses with non-ASCII letters, written by an older server or
/// another program. If another address already has the computed key, the row keeps its current key.
pub(super) async fn complete_keys(db: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    let written = sqlx::query("SELECT id, email, email_key FROM users WHERE email GLOB '*[^ -~]*'")
        .try_map(|row: SqliteRow| {
            let (email, key): (String, Option<String>) = (row.try_get("email")?, row.try_get("email_key")?);
            Ok((row.id("id", UserId)?, email, key))
        })
        .fetch_all(&mut *db)
        .await?;
    for (id, email, key) in written {
        let complete = email_key(&email);
        if key.as_deref() != Some(&complete) {
            sqlx::query("UPDATE OR IGNORE users SET email_key = ? WHERE id = ?")
                .bind(complete)
                .bind(id.0)
                .execute(&mut *db)
                .await?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::email_key;

    #[test]
    fn addresses_that_look_the_same_are_one() {
        for (one, other) in [
            (" Coach@Example.com ", "coach@example.com"),
            ("M\u{fc}ller@example.com", "mu\u{308}LLER@example.com"),
            ("\u{130}\u{301}@example.com", "i\u{307}\u{301}@example.com"),
            ("ΣΟΦΊΑ@example.com", "σοφία@example.com"),
        ] {
            assert_eq!(email_key(one), email_key(other), "{one}");
        }
        assert_ne!(email_key("muller@example.com"), email_key("müller@example.com"));
    }
}
