//! Requirements for a new password: it is long and not common.
//!
//! OWASP ASVS 4.0.3, 2.1.1 to 2.1.9: 12 to 128 characters of any kind, no composition rules, and no common passwords.
//! `zxcvbn` detects common passwords and their usual variations, repetitions, sequences and keyboard walks. A mere list
//! of passwords lacks these.

use zxcvbn::feedback::Feedback;
use zxcvbn::{Score, zxcvbn};

/// The minimum number of characters of a new password.
pub(crate) const SHORTEST: usize = 12;

/// The maximum number of characters of a new password.
pub(crate) const LONGEST: usize = 128;

/// The minimum number of characters besides words about the owner.
const OTHERS: usize = 6;

/// Words that an attacker of this server tries first.
const OURS: &[&str] = &["freshet", "coach", "coachee", "coaching", "password"];

/// The reason for which a password is easy to guess, as a sentence, if one is known.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Weakness(pub(crate) Option<String>);

/// Refuses a password that can be guessed in less than a hundred million attempts with these words about its owner.
pub(super) fn check_strength(password: &str, about: &[String]) -> Result<(), Weakness> {
    let words: Vec<_> = about.iter().map(String::as_str).chain(OURS.iter().copied()).collect();
    // `zxcvbn` overrates names that follow each other.
    let mut rest = password.to_lowercase();
    for word in about.iter().filter(|word| word.chars().count() > 2) {
        rest = rest.replace(&word.to_lowercase(), "");
    }
    if rest.chars().count() < OTHERS {
        let why = "It is little more than your own name or address.";
        return Err(Weakness(Some(why.to_owned())));
    }
    let entropy = zxcvbn(password, &words);
    if entropy.score() >= Score::Three {
        return Ok(());
    }
    let warning = entropy.feedback().and_then(Feedback::warning);
    Err(Weakness(warning.map(|warning| warning.to_string())))
}

#[cfg(test)]
mod tests {
    use super::check_strength;

    #[test]
    fn common_passwords_and_their_variations_are_weak() {
        for common in [
            "password1234",
            "passwordpassword",
            "Password2024!",
            "123456789012",
            "aaaaaaaaaaaa",
            "qwertyuiopasdf",
            "iloveyouforever",
            "freshetfreshet",
            "Cora.Example1",
            "cora@example.com",
            "coraexample1",
        ] {
            let about = ["cora@example.com", "cora", "example"].map(str::to_owned);
            assert!(check_strength(common, &about).is_err(), "{common}");
        }
    }

    #[test]
    fn any_characters_make_a_strong_password() {
        for strong in [
            "correct horse battery staple",
            "my dog ate it",
            "ein langes Kennwort",
            "ключ от старого сарая",
            "🦀 und 🐍 im Garten",
        ] {
            assert_eq!(check_strength(strong, &[]), Ok(()), "{strong}");
        }
    }
}
