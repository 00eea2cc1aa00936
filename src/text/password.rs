//! Passwords that people choose.

use secrecy::{ExposeSecret, SecretString};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::Schema;

use super::{Shape, TextError};

/// Words that everybody here would try first.
const PROGRAMME_WORDS: [&str; 8] = [
    "madoguchi",
    "telework",
    "terewaku",
    "sodan",
    "soudan",
    "desk",
    "password",
    "office",
];

/// The same as `docs/SECURITY.md` documents them.
#[cfg(test)]
const DOCUMENT: &str = include_str!("../../docs/SECURITY.md");

const DESCRIPTION: &str = "A password of 10 to 128 characters. It is never answered.";

/// A password of 10 to 128 characters, exactly as typed: not trimmed and not normalised, so that what is
/// compared is what was typed. It is wiped from memory when dropped and is neither shown, logged nor
/// serialised.
#[derive(Clone)]
pub struct Password(SecretString);

impl Password {
    /// Fewest Unicode scalar values.
    pub const MIN_CHARS: usize = 10;
    /// Most Unicode scalar values.
    pub const MAX_CHARS: usize = 128;

    /// Checks length and control characters only; whether it is good enough is [`Password::strength_errors`].
    ///
    /// # Errors
    /// The password is too short or too long, or has control characters.
    pub fn parse(input: &str) -> Result<Self, TextError> {
        let length = input.chars().count();
        if !(Self::MIN_CHARS..=Self::MAX_CHARS).contains(&length) {
            return Err(TextError::new("A password has 10 to 128 characters."));
        }
        if input.chars().any(char::is_control) {
            return Err(TextError::new(
                "A password has no line breaks, tabs or other control characters.",
            ));
        }
        Ok(Self(SecretString::from(input)))
    }

    /// The password itself, for hashing and comparing.
    pub fn expose(&self) -> &str {
        self.0.expose_secret()
    }

    /// Why the password is too easy to guess, or nothing if it is good (at least 3 of 4 points of zxcvbn).
    ///
    /// `user_inputs` is what an attacker knows of the person, such as e-mail address, name and desk; each is
    /// also tried in pieces. Takes some milliseconds: not for the asynchronous pool.
    pub fn strength_errors(&self, user_inputs: &[&str]) -> Option<String> {
        let pieces = user_inputs
            .iter()
            .flat_map(|input| input.split(|c: char| !c.is_alphanumeric()));
        let known: Vec<&str> = user_inputs
            .iter()
            .copied()
            .chain(pieces.filter(|piece| piece.chars().count() >= 3))
            .chain(PROGRAMME_WORDS)
            .filter(|word| !word.is_empty())
            .collect();
        let entropy = zxcvbn::zxcvbn(self.expose(), &known);
        if entropy.score() >= zxcvbn::Score::Three {
            return None;
        }
        let feedback = entropy.feedback();
        let warning = feedback
            .and_then(|feedback| feedback.warning())
            .map(|warning| warning.to_string());
        let advice = feedback
            .and_then(|feedback| feedback.suggestions().first())
            .map_or_else(
                || "Use a few words that do not belong together.".to_owned(),
                ToString::to_string,
            );
        let sentences = ["This password is too easy to guess.".to_owned()]
            .into_iter()
            .chain(warning)
            .chain([advice]);
        Some(sentences.collect::<Vec<_>>().join(" "))
    }
}

/// Says only that there is a password, so that request types can be printed.
impl std::fmt::Debug for Password {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Password(…)")
    }
}

impl std::str::FromStr for Password {
    type Err = TextError;

    fn from_str(input: &str) -> Result<Self, Self::Err> {
        Self::parse(input)
    }
}

impl TryFrom<String> for Password {
    type Error = TextError;

    fn try_from(input: String) -> Result<Self, Self::Error> {
        Self::parse(&input)
    }
}

impl<'de> serde::Deserialize<'de> for Password {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let input = SecretString::from(String::deserialize(deserializer)?);
        Self::parse(input.expose_secret()).map_err(serde::de::Error::custom)
    }
}

impl utoipa::PartialSchema for Password {
    fn schema() -> RefOr<Schema> {
        Shape::of(Self::MIN_CHARS, Self::MAX_CHARS, "three odd words here")
            .format("password")
            .object(DESCRIPTION)
            .write_only(true)
            .into()
    }
}

impl utoipa::ToSchema for Password {}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #![proptest_config(proptest::test_runner::Config::with_cases(64))]
        #[test]
        fn never_panics(input in "\\PC{0,140}", known in "\\PC{0,20}") {
            if let Ok(password) = Password::parse(&input) {
                proptest::prop_assert_eq!(password.expose(), input);
                let _ = password.strength_errors(&[&known, ""]);
            }
        }
    }

    #[test]
    fn length_and_control_characters() {
        assert!(Password::parse("123456789").is_err());
        assert!(Password::parse("1234567890").is_ok());
        assert!(Password::parse(&"あ".repeat(128)).is_ok());
        assert!(Password::parse(&"あ".repeat(129)).is_err());
        assert!(Password::parse("12345\n67890").is_err());
        assert_eq!(
            Password::parse("  spaces stay  ").unwrap().expose(),
            "  spaces stay  "
        );
    }

    #[test]
    fn the_words_of_the_programme_are_documented() {
        for word in PROGRAMME_WORDS {
            assert!(DOCUMENT.contains(&format!("`{word}`")), "{word}");
        }
    }

    /// The commonest of those that leaked elsewhere, as far as they are long enough: all of them are refused.
    #[test]
    fn leaked_passwords_are_refused() {
        for leaked in [
            "1234567890",
            "qwertyuiop",
            "password123",
            "1q2w3e4r5t",
            "1qaz2wsx3edc",
            "iloveyou12",
            "zaq12wsxcde3",
            "qwerty123456",
            "passw0rd123",
            "q1w2e3r4t5y6",
            "letmein123",
            "sunshine123",
            "football123",
            "starwars123",
            "welcome123",
            "trustno1trustno1",
        ] {
            let password = Password::parse(leaked).unwrap();
            assert!(password.strength_errors(&[]).is_some(), "{leaked}");
        }
    }

    #[test]
    fn weak_passwords_are_told_why() {
        let known = ["hanako.takahashi@example.jp", "高橋花子"];
        for weak in [
            "password12",
            "Telework2026!",
            "takahashi2026",
            "aaaaaaaaaaaa",
            "qwertyuiop",
            "madoguchi1",
            "1234567890",
        ] {
            let told = Password::parse(weak).unwrap().strength_errors(&known);
            let told = told.unwrap_or_else(|| panic!("{weak} passed"));
            assert!(
                told.starts_with("This password is too easy to guess.") && !told.contains(weak),
                "{told}"
            );
        }
        for good in [
            "correct horse battery staple",
            "x7#Kp2!vQz9w",
            "雨の日は猫と縁側で",
        ] {
            let password = Password::parse(good);
            assert_eq!(
                password
                    .ok()
                    .and_then(|password| password.strength_errors(&known)),
                None,
                "{good}"
            );
        }
    }

    #[test]
    fn debug_and_json_errors_are_silent() {
        let password: Password = serde_json::from_str(r#""long enough secret""#).unwrap();
        assert_eq!(format!("{password:?}"), "Password(…)");
        let error = serde_json::from_str::<Password>(r#""short""#).unwrap_err();
        assert!(!error.to_string().contains("short\""), "{error}");
    }
}
