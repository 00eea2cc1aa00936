//! Text that has been understood: names, addresses, numbers and codes as types of their own.
//!
//! Every text that enters the program is parsed once, at the edge, into one of these types; behind the edge
//! nothing is checked again. Parsing is lenient about *writing* (full-width digits, any kind of hyphen, white
//! space at the ends) and strict about *meaning* (check digits, lengths, no invisible direction marks), and
//! gives one stored form, so that equal things are equal strings. [`TextError`] is a sentence for the person
//! who typed; it never repeats what was typed.
//!
//! Common to all: white space (also U+3000) is trimmed at both ends; control characters, bidirectional
//! overrides and noncharacters are refused; text is in Unicode NFC (see [`clean`] for the one exception);
//! lengths count Unicode scalar values, as `char_length` does in PostgreSQL. `MAX_CHARS` of a type equals the
//! length check of its columns.
//!
//! `Debug` of personal types prints the type's name only, so that a logged struct gives nobody away.

use std::borrow::Cow;

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, Type};

pub mod clean;
mod codes;
mod email;
mod kana;
mod password;
mod phone;
mod url;

pub use crate::japan::folding::{fold, fold_enterprise};
pub use codes::{
    CaseNumber, Code, CorporateNumber, IndustryCode, InvoiceNumber, MunicipalityCode, PostalCode,
    PrefectureCode,
};
pub use email::EmailAddress;
pub use kana::Kana;
pub use password::Password;
pub use phone::Phone;
pub use url::Url;

/// Why a text was not accepted and what is expected instead: one English sentence for the person who typed
/// it, without what they typed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TextError(Cow<'static, str>);

impl TextError {
    pub(crate) fn new(sentence: impl Into<Cow<'static, str>>) -> Self {
        Self(sentence.into())
    }

    /// The sentence.
    pub fn message(&self) -> &str {
        &self.0
    }
}

/// What the OpenAPI document says about a text type, besides its description.
struct Shape {
    min_length: usize,
    max_length: usize,
    format: Option<&'static str>,
    pattern: Option<&'static str>,
    example: &'static str,
}

impl Shape {
    const fn of(min_length: usize, max_length: usize, example: &'static str) -> Self {
        Self {
            min_length,
            max_length,
            format: None,
            pattern: None,
            example,
        }
    }

    const fn format(self, format: &'static str) -> Self {
        Self {
            format: Some(format),
            ..self
        }
    }

    const fn pattern(self, pattern: &'static str) -> Self {
        Self {
            pattern: Some(pattern),
            ..self
        }
    }

    fn object(self, documentation: &str) -> ObjectBuilder {
        let description = documentation
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some(description))
            .min_length(Some(self.min_length))
            .max_length(Some(self.max_length))
            .format(
                self.format
                    .map(|name| SchemaFormat::Custom(name.to_owned())),
            )
            .pattern(self.pattern)
            .examples([self.example])
    }

    fn schema(self, documentation: &str) -> RefOr<Schema> {
        self.object(documentation).into()
    }
}

/// Defines a text type: `personal` ones hide their content from `Debug`, `plain` ones show it. The
/// documentation of the type is also its description in the OpenAPI document, so it speaks to API users.
macro_rules! text_type {
    (
        $(#[doc = $doc:literal])+
        $privacy:ident $name:ident {
            max: $max:expr,
            parse: $parse:expr,
            shape: $shape:expr $(,)?
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, sqlx::Type)]
        #[sqlx(transparent)]
        pub struct $name(String);

        impl $name {
            /// Most Unicode scalar values the stored form has.
            pub const MAX_CHARS: usize = $max;

            /// Understands `input` and brings it into the stored form.
            ///
            /// # Errors
            /// [`TextError`](crate::text::TextError): the sentence that tells the typist what is expected.
            pub fn parse(input: &str) -> Result<Self, $crate::text::TextError> {
                let parse: fn(&str) -> Result<String, $crate::text::TextError> = $parse;
                parse(input).map(Self)
            }

            /// The stored form.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        $crate::text::text_type!(@debug $privacy $name);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::text::TextError;

            fn try_from(input: String) -> Result<Self, Self::Error> {
                Self::parse(&input)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $crate::text::TextError;

            fn try_from(input: &str) -> Result<Self, Self::Error> {
                Self::parse(input)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::text::TextError;

            fn from_str(input: &str) -> Result<Self, Self::Err> {
                Self::parse(input)
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let input = String::deserialize(deserializer)?;
                Self::parse(&input).map_err(serde::de::Error::custom)
            }
        }

        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                $shape.schema(concat!($($doc, "\n"),+))
            }
        }

        impl utoipa::ToSchema for $name {}
    };
    (@debug personal $name:ident) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(concat!(stringify!($name), "(…)"))
            }
        }
    };
    (@debug plain $name:ident) => {
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.0).finish()
            }
        }
    };
}
use text_type;

text_type! {
    /// A short label on one line, up to 80 characters.
    personal Line80 {
        max: 80,
        parse: |input| clean::line(input, 80),
        shape: Shape::of(1, 80, "総務課"),
    }
}

text_type! {
    /// A label, place or address on one line, up to 200 characters.
    personal Line200 {
        max: 200,
        parse: |input| clean::line(input, 200),
        shape: Shape::of(1, 200, "千代田区霞が関1-2-2"),
    }
}

text_type! {
    /// The name of a person or an enterprise, on one line, up to 200 characters. Variant kanji (髙, 﨑) stay as
    /// they were written.
    personal Name {
        max: 200,
        parse: |input| clean::line(input, 200),
        shape: Shape::of(1, 200, "髙橋 花子"),
    }
}

text_type! {
    /// A subject on one line, up to 200 characters.
    personal Subject {
        max: 200,
        parse: |input| clean::line(input, 200),
        shape: Shape::of(1, 200, "テレワーク規程の作り方について"),
    }
}

text_type! {
    /// Text of several lines, up to 20000 characters. Line breaks are answered as `\n`.
    personal Body {
        max: 20_000,
        parse: |input| clean::block(input, 20_000),
        shape: Shape::of(1, 20_000, "在宅勤務を始めたい。社員は12名。"),
    }
}

text_type! {
    /// Why something was done, in up to 2000 characters. Line breaks are answered as `\n`.
    personal Reason {
        max: 2_000,
        parse: |input| clean::block(input, 2_000),
        shape: Shape::of(1, 2_000, "事業所の所在地が管轄外のため"),
    }
}

/// An internal note (内部メモ); a [`Body`] by another name.
pub type Note = Body;

#[cfg(test)]
pub(crate) mod laws {
    //! What every text type must keep, whatever is typed.

    /// Parsing never panics; the stored form parses to itself, is within its length and clean.
    macro_rules! keeps_the_laws {
        ($name:ident, $($strategy:expr),+ $(,)?) => {
            proptest::proptest! {
                #[test]
                fn stored_form_is_stable(input in proptest::prop_oneof![
                    proptest::strategy::Strategy::boxed(".*"),
                    proptest::strategy::Strategy::boxed("\\PC*"),
                    $(proptest::strategy::Strategy::boxed($strategy)),+
                ]) {
                    if let Ok(parsed) = $name::parse(&input) {
                        let again = $name::parse(&parsed.to_string());
                        proptest::prop_assert_eq!(again.as_ref().map(|text| text.as_str()), Ok(parsed.as_str()));
                        proptest::prop_assert!(parsed.as_str().chars().count() <= $name::MAX_CHARS);
                        proptest::prop_assert!(!parsed.as_str().contains('\0'));
                    }
                }
            }
        };
    }
    pub(crate) use keeps_the_laws;
}

#[cfg(test)]
mod tests {
    use super::*;
    use utoipa::{PartialSchema, ToSchema};

    mod line200 {
        use super::*;
        laws::keeps_the_laws!(
            Line200,
            "[\\u{3000} \\t]*[あ-ん\\u{3099}\\u{FA10}-\\u{FA20}e\\u{301}]*[ \\u{3000}]*"
        );
    }

    mod body {
        use super::*;
        laws::keeps_the_laws!(Body, "[ \r\n\t\u{85}\u{2028}\u{3000}a-cが]*");
    }

    #[test]
    fn json_goes_through_parse() {
        let name: Name = serde_json::from_str(r#""\u3000山田 太郎 ""#).unwrap();
        assert_eq!(name.as_str(), "山田 太郎");
        assert_eq!(serde_json::to_string(&name).unwrap(), r#""山田 太郎""#);
        let error = serde_json::from_str::<Name>(r#""a\u0000b""#).unwrap_err();
        assert!(error.to_string().contains("control characters"), "{error}");
    }

    #[test]
    fn debug_of_personal_text_is_silent() {
        let name = Name::parse("山田太郎").unwrap();
        assert_eq!(format!("{name:?}"), "Name(…)");
        assert_eq!(
            format!("{:?}", Some(Phone::parse("090-1234-5678").unwrap())),
            "Some(Phone(…))"
        );
        let code = Code::parse("aomori").unwrap();
        assert_eq!(format!("{code:?}"), r#"Code("aomori")"#);
    }

    /// Columns and parameters are plain `text`, arrays of them `text[]`.
    #[test]
    fn text_to_postgres() {
        use sqlx::{Postgres, Type, TypeInfo, postgres::PgHasArrayType};
        fn is_row<T>() -> String
        where
            T: Type<Postgres> + PgHasArrayType,
            T: for<'r> sqlx::Decode<'r, Postgres> + for<'q> sqlx::Encode<'q, Postgres>,
        {
            format!("{} {}", T::type_info().name(), T::array_type_info().name())
        }
        assert_eq!(is_row::<Phone>(), "TEXT TEXT[]");
        assert_eq!(is_row::<Code>(), "TEXT TEXT[]");
        assert!(Body::compatible(&sqlx::postgres::PgTypeInfo::with_name(
            "VARCHAR"
        )));
    }

    #[test]
    fn schema_tells_lengths_and_description() {
        assert_eq!(Line80::name(), "Line80");
        let schema = serde_json::to_value(Line80::schema()).unwrap();
        assert_eq!(
            schema,
            serde_json::json!({
                "type": "string",
                "description": "A short label on one line, up to 80 characters.",
                "minLength": 1,
                "maxLength": 80,
                "examples": ["総務課"],
            })
        );
        let email = serde_json::to_value(EmailAddress::schema()).unwrap();
        assert_eq!(email["format"], "email");
    }

    /// An example that its own type refuses or rewrites would mislead every reader of the API document.
    #[test]
    fn examples_are_accepted() {
        fn check<T: PartialSchema>(parse: fn(&str) -> Option<String>) {
            let schema = serde_json::to_value(T::schema()).unwrap();
            let example = schema["examples"][0].as_str().unwrap();
            assert_eq!(parse(example).as_deref(), Some(example));
            let length = example.chars().count() as u64;
            assert!(schema["minLength"].as_u64().unwrap() <= length);
            assert!(length <= schema["maxLength"].as_u64().unwrap());
        }
        macro_rules! check_all {
            ($($name:ident),+ $(,)?) => {
                $(check::<$name>(|text| $name::parse(text).ok().map(String::from));)+
            };
        }
        check_all!(
            Line80,
            Line200,
            Name,
            Kana,
            Subject,
            Body,
            Reason,
            EmailAddress,
            Phone,
            PostalCode,
            CorporateNumber,
            PrefectureCode,
            MunicipalityCode,
            IndustryCode,
            Code,
            Url,
            CaseNumber,
        );
        check::<Password>(|text| Some(Password::parse(text).ok()?.expose().to_owned()));
    }
}
