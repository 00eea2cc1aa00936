//! The public pages as HTML: plain Japanese, readable on any phone, without scripts, with nothing from elsewhere.
//!
//! Pure: what they say comes from the slices, and maud escapes all of it. Each form says what is missing at its head and at
//! the field, and keeps what was typed.

use super::{dates, sessions};
use crate::{
    japan::dates as words,
    programme::{Attendance, PurposeAchieved, TeleworkAfter, WhyNot},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use chrono::{DateTime, Utc};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const STYLE: &str = include_str!("style.css");

/// The one style is allowed by its hash, and forms go back to where they came from; nothing else is allowed at all.
pub(super) static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = BASE64_STANDARD.encode(Sha256::digest(STYLE));
    format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
});

/// Whom to ring.
#[derive(Clone, Debug)]
pub(super) struct Office {
    pub name: String,
    pub phone: Option<String>,
    pub hours: Option<String>,
}

/// What was sent with a form, so that nobody types twice.
#[derive(Clone, Debug, Default)]
pub(super) struct Form(pub Vec<(String, String)>);

impl Form {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str())
    }

    pub(super) fn has(&self, name: &str, value: &str) -> bool {
        self.0
            .iter()
            .any(|(field, given)| field == name && given == value)
    }
}

/// What is wrong with a form: the field, and what to do.
pub(super) type Faults = Vec<(&'static str, &'static str)>;

fn page(office: &Office, title: &str, content: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="ja" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="robots" content="noindex, nofollow";
                meta name="referrer" content="no-referrer";
                meta name="format-detection" content="telephone=no";
                title { (title) " | " (office.name) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a class="skip" href="#main" { "本文へ移動する" }
                header { (office.name) }
                main id="main" tabindex="-1" {
                    h1 { (title) }
                    (content)
                }
                footer { (contact(office)) }
            }
        }
    }
}

fn contact(office: &Office) -> Markup {
    html! {
        h2 { "お問い合わせ先" }
        p {
            (office.name)
            @if let Some(phone) = &office.phone {
                br; "電話 " a href={ "tel:" (phone.replace(|c: char| !c.is_ascii_digit() && c != '+', "")) } { (phone) }
            }
            @if let Some(hours) = &office.hours {
                br; "受付時間 " (hours)
            }
        }
    }
}

/// How the office is reached: by phone, or by an answer to its mail where it has none.
fn reach(office: &Office) -> &'static str {
    match office.phone {
        Some(_) => "下のお問い合わせ先にお電話ください。",
        None => "お手元のメールにご返信ください。",
    }
}

/// A link that is unknown, expired or taken back: one page for all, so that it tells nothing.
pub(super) fn dead(office: &Office) -> Markup {
    page(
        office,
        "このページは開けません",
        html! {
            p { "リンクの期限が切れたか、リンクが正しくありません。" }
            p { "メールのリンクが途中で切れていないか、ご確認ください。" }
            p { "ご用件のある方は、" (reach(office)) }
        },
    )
}

/// Something is in the way that is not the reader's fault.
pub(super) fn trouble(office: &Office, is_too_often: bool) -> Markup {
    let why = match is_too_often {
        true => {
            "短い時間に何度も開かれたため、いまは表示できません。15分ほど待ってから、もう一度開いてください。"
        }
        false => "いまは表示できません。少し待ってから、もう一度開いてください。",
    };
    page(
        office,
        "いまは開けません",
        html! {
            p { (why) }
            p { "お急ぎの場合は、" (reach(office)) }
        },
    )
}

/// What is wrong, at the head of a form.
fn summary(faults: &Faults) -> Markup {
    html! {
        @if !faults.is_empty() {
            div class="errors" role="alert" aria-labelledby="errors" {
                h2 id="errors" { "入力をご確認ください" }
                ul {
                    @for (field, what) in faults {
                        li { a href={ "#" (field) } { (what) } }
                    }
                }
            }
        }
    }
}

fn fault<'a>(faults: &'a Faults, field: &str) -> Option<&'a str> {
    faults
        .iter()
        .find(|(name, _)| *name == field)
        .map(|(_, what)| *what)
}

/// One of several; the first has the name of the field as its id, where the summary leads.
fn choices(
    kind: &str,
    field: &'static str,
    legend: &str,
    is_needed: bool,
    options: &[(String, String)],
    (form, faults): (&Form, &Faults),
) -> Markup {
    let wrong = fault(faults, field);
    html! {
        fieldset aria-describedby=[wrong.map(|_| format!("{field}-error"))] {
            legend {
                (legend)
                @if is_needed { span class="need" { "必須" } }
            }
            @if let Some(what) = wrong {
                p class="error" id={ (field) "-error" } { (what) }
            }
            @for (index, (value, label)) in options.iter().enumerate() {
                label class="choice" {
                    input type=(kind) name=(field) value=(value) id=[(index == 0).then_some(field)]
                        checked[form.has(field, value)] aria-invalid=[wrong.map(|_| "true")];
                    span { (label) }
                }
            }
        }
    }
}

fn text(field: &'static str, label: &str, hint: &str, (form, faults): (&Form, &Faults)) -> Markup {
    let wrong = fault(faults, field);
    let described = match wrong {
        Some(_) => format!("{field}-hint {field}-error"),
        None => format!("{field}-hint"),
    };
    html! {
        div class="text" {
            label for=(field) { (label) }
            p class="hint" id={ (field) "-hint" } { (hint) }
            @if let Some(what) = wrong {
                p class="error" id={ (field) "-error" } { (what) }
            }
            textarea id=(field) name=(field) maxlength="2000" aria-describedby=(described)
                aria-invalid=[wrong.map(|_| "true")] { (form.get(field).unwrap_or_default()) }
        }
    }
}

const NO_NAMES: &str =
    "お名前や電話番号などの個人情報は、書かないでください。2000文字まで書けます。";

/// The dates that were offered.
pub(super) fn dates(
    office: &Office,
    offer: &dates::Page,
    now: DateTime<Utc>,
    notice: Option<&str>,
    form: &Form,
    faults: &Faults,
) -> Markup {
    let is_any = offer.slots.iter().any(|slot| slot.is_free);
    let first = offer.slots.iter().position(|slot| slot.is_free);
    let wrong = fault(faults, "slot");
    page(
        office,
        "コンサルティングの日時を選んでください",
        html! {
            (summary(faults))
            @if let Some(notice) = notice {
                div class="notice" role="alert" { p { (notice) } }
            }
            dl {
                dt { "方法" } dd { (offer.mode.japanese()) }
                dt { "回答の期限" } dd { (words::moment(offer.answer_by, now)) }
            }
            @if !is_any {
                p { "候補の日時は、すべて埋まりました。ご希望の日時をお知らせください。" }
            }
            form method="post" {
                fieldset aria-describedby=[wrong.map(|_| "slot-error")] {
                    legend { "ご都合のよい日時" span class="need" { "必須" } }
                    @if let Some(what) = wrong {
                        p class="error" id="slot-error" { (what) }
                    }
                    @for (index, slot) in offer.slots.iter().enumerate() {
                        @if slot.is_free {
                            label class="choice" {
                                input type="radio" name="slot" value=(index) id=[(first == Some(index)).then_some("slot")]
                                    checked[form.has("slot", &index.to_string())] aria-invalid=[wrong.map(|_| "true")];
                                span { (words::span(slot.starts_at, slot.ends_at)) }
                            }
                        } @else {
                            p class="gone" { (words::span(slot.starts_at, slot.ends_at)) br; "この日時は埋まりました" }
                        }
                    }
                    label class="choice" {
                        input type="radio" name="slot" value="other" id=[first.is_none().then_some("slot")]
                            checked[form.has("slot", "other") || !is_any] aria-invalid=[wrong.map(|_| "true")];
                        span { "別の日を希望する" }
                    }
                }
                (text("wish", "別の日を希望する方は、ご希望をお書きください", "例: 12月の第2週の午前。2000文字まで書けます。", (form, faults)))
                button type="submit" { "この内容で送る" }
            }
        },
    )
}

/// After the choice, however often it is sent or looked at.
pub(super) fn dates_done(office: &Office, offer: &dates::Page) -> Markup {
    page(
        office,
        "ご回答ありがとうございました",
        html! {
            @match offer.booked {
                Some((from, until)) => {
                    p { "次の日時に決まりました。ご案内のメールをお送りします。" }
                    dl { dt { "日時" } dd { (words::span(from, until)) } dt { "方法" } dd { (offer.mode.japanese()) } }
                }
                None => p { "ご回答を受け付けました。担当の窓口からご連絡します。" }
            }
            p { "変更したいときは、" (reach(office)) "このページは閉じてかまいません。" }
        },
    )
}

/// No session can be booked by the link now.
pub(super) fn cannot_book(office: &Office) -> Markup {
    page(
        office,
        "このページからは決められません",
        html! {
            p { "いまは、このページから日時を決めることができません。" }
            p { "お手数ですが、" (reach(office)) }
        },
    )
}

/// Whether somebody comes.
pub(super) fn session(
    office: &Office,
    session: &sessions::Page,
    form: &Form,
    faults: &Faults,
) -> Markup {
    let options = Attendance::ALL.iter().map(|word| {
        let label = match word {
            Attendance::Coming => "予定どおり参加します",
            Attendance::CannotCome => "都合が悪くなりました",
        };
        (word.name().to_owned(), label.to_owned())
    });
    let options: Vec<_> = options.collect();
    page(
        office,
        "コンサルティングに参加できますか",
        html! {
            (summary(faults))
            dl {
                dt { "日時" } dd { (words::span(session.starts_at, session.ends_at)) }
                dt { "方法" } dd { (session.mode.japanese()) }
            }
            form method="post" {
                (choices("radio", "answer", "参加できますか", true, &options, (form, faults)))
                (text("message", "都合が悪くなった方は、ご希望をお書きください", "例: 翌週の午後に変えたい。2000文字まで書けます。", (form, faults)))
                button type="submit" { "この内容で送る" }
            }
        },
    )
}

/// After that.
pub(super) fn session_done(office: &Office, session: &sessions::Page) -> Markup {
    page(
        office,
        "ご回答ありがとうございました",
        html! {
            @match session.answer {
                Some(Attendance::CannotCome) => {
                    p { "担当の窓口からご連絡します。日時はまだ変わっていません。" }
                }
                _ => p { "当日は、どうぞよろしくお願いいたします。" }
            }
            p { "ご予定が変わったときは、" (reach(office)) "このページは閉じてかまいません。" }
        },
    )
}

/// How a session was.
pub(super) fn evaluation(
    office: &Office,
    session: &sessions::Page,
    form: &Form,
    faults: &Faults,
) -> Markup {
    let labels = [
        ("5", "5 とても役に立った"),
        ("4", "4 役に立った"),
        ("3", "3 どちらともいえない"),
        ("2", "2 あまり役に立たなかった"),
        ("1", "1 役に立たなかった"),
    ];
    let options = labels.map(|(value, label)| (value.to_owned(), label.to_owned()));
    page(
        office,
        "コンサルティングの感想をお聞かせください",
        html! {
            (summary(faults))
            dl { dt { "日時" } dd { (words::span(session.starts_at, session.ends_at)) } }
            form method="post" {
                (choices("radio", "score", "コンサルティングは役に立ちましたか", true, &options, (form, faults)))
                (text("comment", "ご意見・ご感想(書かなくてもかまいません)", NO_NAMES, (form, faults)))
                button type="submit" { "この内容で送る" }
            }
        },
    )
}

/// After a survey or an evaluation.
pub(super) fn thanks(office: &Office) -> Markup {
    page(
        office,
        "ご回答ありがとうございました",
        html! { p { "いただいた回答は、今後の支援に役立てます。このページは閉じてかまいません。" } },
    )
}

/// The survey.
pub(super) fn survey(office: &Office, token: &str, form: &Form, faults: &Faults) -> Markup {
    let options = |words: Vec<(&str, &str)>| -> Vec<_> {
        words
            .into_iter()
            .map(|(name, label)| (name.to_owned(), label.to_owned()))
            .collect()
    };
    let achieved = PurposeAchieved::ALL
        .iter()
        .map(|w| (w.name(), w.japanese()));
    let telework = TeleworkAfter::ALL.iter().map(|w| (w.name(), w.japanese()));
    let why = WhyNot::ALL.iter().map(|w| (w.name(), w.japanese()));
    let both = (form, faults);
    page(
        office,
        "ご利用後のアンケート",
        html! {
            (summary(faults))
            p { "質問は3つです。2分ほどで終わります。" }
            form method="post" {
                (choices("radio", "achieved", "質問1 ご相談の目的は達成できましたか", true, &options(achieved.collect()), both))
                (choices("radio", "telework", "質問2 テレワークを導入しましたか", true, &options(telework.collect()), both))
                (choices("checkbox", "why_not", "質問3 「導入する予定はない」を選んだ方は、その理由を選んでください(いくつでも)", false, &options(why.collect()), both))
                (text("comment", "ご意見・ご感想(書かなくてもかまいません)", NO_NAMES, both))
                button type="submit" { "この内容で送る" }
            }
            p { br; a href={ "/public/" (token) "/stop" } { "アンケートのメールを止める" } }
        },
    )
}

/// Before the mails of a survey are stopped.
pub(super) fn stop(office: &Office) -> Markup {
    page(
        office,
        "アンケートのメールを止めますか",
        html! {
            p { "「止める」を押すと、アンケートのメールは届かなくなります。ご相談についてのメールは、これまでどおり届きます。" }
            form method="post" { button type="submit" { "止める" } }
        },
    )
}

/// After that.
pub(super) fn stopped(office: &Office) -> Markup {
    page(
        office,
        "アンケートのメールを止めました",
        html! { p { "今後、アンケートのメールはお送りしません。このページは閉じてかまいません。" } },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn office() -> Office {
        Office {
            name: "<script>窓口</script>".into(),
            phone: Some("017-722-0001".into()),
            hours: None,
        }
    }

    #[test]
    fn what_others_wrote_is_escaped_and_kept() {
        let typed = "</textarea><script>alert(1)</script>\"'&";
        let form = Form(vec![
            ("comment".into(), typed.into()),
            ("telework".into(), "planned".into()),
        ]);
        let faults = vec![("achieved", "質問1の答えを選んでください。")];
        let page = survey(&office(), "token", &form, &faults).into_string();
        assert!(!page.contains("<script"), "{page}");
        assert!(
            page.contains("&lt;/textarea&gt;&lt;script&gt;alert(1)"),
            "{page}"
        );
        assert!(page.contains(r#"value="planned" checked"#), "{page}");
        assert!(
            page.contains(r##"<a href="#achieved">"##) && page.contains(r#"id="achieved""#),
            "{page}"
        );
    }

    #[test]
    fn the_style_is_the_one_that_is_allowed() {
        let page = dead(&office()).into_string();
        let style = page
            .split("<style>")
            .nth(1)
            .and_then(|rest| rest.split("</style>").next());
        let hash = BASE64_STANDARD.encode(Sha256::digest(style.unwrap()));
        assert!(POLICY.contains(&hash), "{}", *POLICY);
        assert!(!page.contains("http") && !page.contains("<img"), "{page}");
    }
}
