//! Masking: names, numbers and addresses of others in what is given to somebody.

use crate::text::Phone;
use serde_json::Value;
use std::collections::BTreeSet;

/// What stands in the place of somebody else.
pub const MASK: &str = "■■■";

/// What is masked wherever it stands.
#[derive(Debug, Default)]
pub struct Masks(BTreeSet<String>);

impl Masks {
    /// A name as people write it: with either space, without, and each of its parts.
    pub fn add_name(&mut self, name: &str) {
        let parts: Vec<_> = name.split_whitespace().collect();
        for joint in [" ", "\u{3000}", ""] {
            self.add(&parts.join(joint));
        }
        for part in parts {
            self.add(part);
        }
    }

    /// A telephone number, in E.164, as it is said in Japan, and its digits alone.
    pub fn add_phone(&mut self, phone: &str) {
        self.add(phone);
        if let Ok(phone) = Phone::parse(phone) {
            let national = phone.national();
            self.add(&national.replace('-', ""));
            self.add(&national);
        }
    }

    /// Something as it is; what has one letter only would mask half of every text.
    pub fn add(&mut self, text: &str) {
        if text.chars().count() >= 2 {
            self.0.insert(text.to_owned());
        }
    }

    /// Takes what is somebody's own out again: two people of one family name are told apart by the rest.
    pub fn spare(&mut self, own: &Masks) {
        self.0.retain(|text| !own.0.contains(text));
    }

    /// Masks a text, the longest first, so that a part does not leave the rest of a name standing.
    pub fn mask(&self, text: &str) -> String {
        let mut longest: Vec<_> = self
            .0
            .iter()
            .filter(|mask| text.contains(mask.as_str()))
            .collect();
        longest.sort_by_key(|mask| std::cmp::Reverse(mask.chars().count()));
        longest.into_iter().fold(text.to_owned(), |text, mask| {
            text.replace(mask.as_str(), MASK)
        })
    }

    /// Masks every text in a value.
    pub fn apply(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.mask(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.apply(item)),
            Value::Object(fields) => fields.values_mut().for_each(|field| self.apply(field)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn others_are_masked_and_oneself_is_not() {
        let (mut masks, mut own) = (Masks::default(), Masks::default());
        masks.add_name("工藤 健");
        masks.add_phone("+819012345678");
        own.add_name("工藤 和子");
        masks.spare(&own);
        let mut value = json!({ "body": ["工藤健様(090-1234-5678)から工藤和子様へ", 5, null], "n": "09012345678" });
        masks.apply(&mut value);
        assert_eq!(
            value,
            json!({ "body": ["■■■様(■■■)から工藤和子様へ", 5, null], "n": "■■■" })
        );
    }
}
