//! Filling templates in: pure, in one pass, so that what a value says is never read as a placeholder itself.

use super::placeholders::{Placeholder, Values, required};
use crate::programme::TemplatePurpose;

/// Longest subject that is written, in characters.
const MAX_SUBJECT: usize = 200;

/// A piece of a template.
#[derive(Debug, PartialEq)]
enum Piece<'a> {
    Text(&'a str),
    /// What stands between braces, trimmed.
    Name(&'a str),
    /// Braces that nothing closes or opens.
    Stray(&'a str),
}

/// The pieces of a template, in their order. A placeholder does not go over the end of a line.
fn pieces(template: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some(at) = [rest.find("{{"), rest.find("}}")]
        .into_iter()
        .flatten()
        .min()
    {
        if at > 0 {
            pieces.push(Piece::Text(&rest[..at]));
        }
        let (braces, behind) = rest[at..].split_at(2);
        let end = behind.find("}}").filter(|&end| {
            braces == "{{" && !behind[..end].contains('\n') && !behind[..end].contains("{{")
        });
        match end {
            Some(end) => {
                pieces.push(Piece::Name(behind[..end].trim()));
                rest = &behind[end + 2..];
            }
            None => {
                pieces.push(Piece::Stray(braces));
                rest = behind;
            }
        }
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

/// What is wrong with a template for this purpose, in a sentence; nothing where it can be filled in.
pub(super) fn fault(template: &str, purpose: Option<TemplatePurpose>) -> Option<String> {
    let mut unknown = Vec::new();
    let mut misplaced = Vec::new();
    let mut strays = 0;
    for piece in pieces(template) {
        match piece {
            Piece::Text(_) => {}
            Piece::Stray(_) => strays += 1,
            Piece::Name(name) => match Placeholder::from_name(name) {
                None => unknown.push(format!("{{{{{name}}}}}")),
                Some(known) if !known.is_for(purpose) => {
                    misplaced.push(format!("{{{{{name}}}}}"));
                }
                Some(_) => {}
            },
        }
    }
    let mut sentences = Vec::new();
    if !unknown.is_empty() {
        sentences.push(format!("there is no placeholder {}", listed(unknown)));
    }
    if !misplaced.is_empty() {
        sentences.push(format!("this template cannot use {}", listed(misplaced)));
    }
    if strays > 0 {
        sentences.push("two braces {{ or }} have no counterpart on their line".into());
    }
    (!sentences.is_empty()).then(|| sentences.join("; "))
}

/// What a body for this purpose lacks, in a sentence: a mail that asks for an answer is nothing without its link.
pub(super) fn lacking(template: &str, purpose: Option<TemplatePurpose>) -> Option<String> {
    let pieces = pieces(template);
    let is_there = |wanted: &&Placeholder| {
        pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Name(name) if *name == wanted.name()))
    };
    let missing: Vec<_> = required(purpose)
        .iter()
        .filter(|wanted| !is_there(wanted))
        .map(|wanted| format!("{{{{{}}}}}", wanted.name()))
        .collect();
    (!missing.is_empty()).then(|| format!("this template needs {}", listed(missing)))
}

fn listed(mut names: Vec<String>) -> String {
    names.sort();
    names.dedup();
    names.truncate(10);
    names.join(", ")
}

/// Fills in a piece of a line. A placeholder that this version does not know says nothing.
fn fill(pieces: &[Piece<'_>], values: &Values) -> String {
    let said = pieces.iter().map(|piece| match piece {
        Piece::Text(text) | Piece::Stray(text) => text,
        Piece::Name(name) => value(name, values),
    });
    said.collect()
}

fn value<'a>(name: &str, values: &'a Values) -> &'a str {
    Placeholder::from_name(name).map_or("", |placeholder| values.get(placeholder))
}

/// A subject: one line, whatever the values hold.
pub(super) fn subject(template: &str, values: &Values) -> String {
    let filled = fill(&pieces(template), values);
    let words = filled.split(|c: char| c.is_control() || c.is_whitespace() && c != '\u{3000}');
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>();
    line.join(" ").chars().take(MAX_SUBJECT).collect()
}

/// A body. A line with a placeholder that has nothing to say is left out: "電話 " without a number helps nobody.
pub(super) fn body(template: &str, values: &Values) -> String {
    let lines = template.split('\n').filter_map(|line| {
        let pieces = pieces(line);
        let has_hole = pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Name(name) if value(name, values).is_empty()));
        (!has_hole).then(|| fill(&pieces, values))
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values() -> Values {
        Values::default()
            .with(Placeholder::CaseNumber, "TW-2026-000123")
            .with(Placeholder::Recipient, "工藤 和子 様")
    }

    #[test]
    fn placeholders_are_filled_in() {
        let filled = body(
            "{{recipient}}\n受付番号: {{ case.number }}です。{a}",
            &values(),
        );
        assert_eq!(filled, "工藤 和子 様\n受付番号: TW-2026-000123です。{a}");
        assert_eq!(subject("[{{case.number}}]", &values()), "[TW-2026-000123]");
    }

    #[test]
    fn a_line_with_nothing_to_say_is_left_out() {
        let template = "名称\n電話 {{sender.phone}}\n\n{{case.number}} {{sender.phone}}\n終";
        assert_eq!(body(template, &values()), "名称\n\n終");
    }

    #[test]
    fn faults_name_what_is_wrong() {
        for good in [
            "",
            "何もない",
            "{{case.number}}",
            "{ {",
            "{{recipient}}{{case.number}}",
            "}",
            "{}",
        ] {
            assert_eq!(fault(good, None), None, "{good}");
        }
        for (bad, named) in [
            ("{{case.nmber}}", "{{case.nmber}}"),
            ("{{}}", "{{}}"),
            ("{{ }}", "{{}}"),
            ("{{CASE.NUMBER}}", "{{CASE.NUMBER}}"),
            ("{{consultation.when}}", "cannot use {{consultation.when}}"),
            ("{{case.number", "no counterpart"),
            ("case.number}}", "no counterpart"),
            ("{{case.number\n}}", "no counterpart"),
            ("{{a{{case.number}}", "no counterpart"),
            ("{{{{case.number}}}}", "no counterpart"),
        ] {
            let fault = fault(bad, None).unwrap_or_default();
            assert!(fault.contains(named), "{bad}: {fault}");
        }
        let when = "{{consultation.when}}";
        assert_eq!(fault(when, Some(TemplatePurpose::Invitation)), None);
    }

    #[test]
    fn a_subject_stays_one_line() {
        let evil =
            Values::default().with(Placeholder::MailSubject, "a\r\nBcc: b@example.jp\u{85}c");
        assert_eq!(
            subject("Re: {{mail.subject}}", &evil),
            "Re: a Bcc: b@example.jp c"
        );
        let long = Values::default().with(Placeholder::MailSubject, "長".repeat(900));
        assert_eq!(
            subject("{{mail.subject}}", &long).chars().count(),
            MAX_SUBJECT
        );
    }

    proptest! {
        /// Whatever a value says stands there as it is, once.
        #[test]
        fn values_are_never_expanded(value in prop_oneof![
            "\\PC+",
            "(\\{\\{|\\}\\}|case\\.number|recipient|[a-z\n ]){1,12}",
        ]) {
            let values = values().with(Placeholder::CaseSubject, value.clone());
            let filled = body("<{{case.subject}}|{{case.number}}>", &values);
            prop_assert_eq!(filled, format!("<{value}|TW-2026-000123>"));
        }

        /// What is found right can be filled in without a brace left, and reading never panics.
        #[test]
        fn what_has_no_fault_leaves_no_braces(template in "(\\{\\{|\\}\\}|\\{|case\\.number|recipient|\n|あ| ){0,20}") {
            let filled = body(&template, &values());
            if fault(&template, None).is_none() {
                prop_assert!(!filled.contains("}}") && !filled.contains("{{"), "{}", filled);
            }
            let _ = subject(&template, &values());
        }
    }
}
