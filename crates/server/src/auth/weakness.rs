//! What a new password must be like: long, and not one of those that are tried first.
//!
//! OWASP ASVS 4.0.3, 2.1.1 to 2.1.9: 12 to 128 characters, whatever they are; no rules of composition; none that is
//! common. `zxcvbn` has the common ones and their usual variations, repetitions, sequences and keyboard walks, which a
//! list of passwords as such does not have.

use zxcvbn::feedback::Feedback;
use zxcvbn::{Score, zxcvbn};

/// The fewest characters of a new password.
pub(crate) const SHORTEST: usize = 12;

/// The most characters of a new password.
pub(crate) const LONGEST: usize = 128;

/// How many characters a password has beside the words that are about its owner.
const OTHERS: usize = 6;

/// Words that an attacker of this server tries first.
const OURS: &[&str] = &["freshet", "coach", "coachee", "coaching", "password"];

/// Why a password is easy to guess, as a sentence, if there is more to say.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Weakness(pub(crate) Option<String>);

/// Refuses a password that takes less than a hundred million guesses for who knows these words about its owner.
pub(super) fn check_strength(password: &str, about: &[String]) -> Result<(), Weakness> {
    let words: Vec<_> = about.iter().map(String::as_str).chain(OURS.iter().copied()).collect();
    // Names that follow each other count for more in `zxcvbn` than they are worth.
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
