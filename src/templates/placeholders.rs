//! What a template may say besides its own words: the fixed list of placeholders.
//!
//! Which ones a template may use depends on what it is for. A notice goes out by mail without anybody looking at it, so
//! it has none that would tell who asks or what about.

use crate::programme::TemplatePurpose;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// Where a placeholder has a meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Scope {
    /// Everywhere.
    Everywhere,
    /// Who asks and what about: everywhere but in notices and acknowledgements.
    Matter,
    /// Texts that staff put into a reply.
    Replies,
    /// Acknowledgements.
    Acknowledgements,
    /// Invitations, their changes and cancellations.
    Invitations,
    /// The change of an invitation.
    Changes,
    /// Notices to desks and managers, who can open the case.
    Notices,
    /// Notices about an offer.
    Offers,
    /// The notice that an offer came to nothing.
    Ended,
    /// The notice that a case was routed.
    Routed,
    /// Mails that ask the enterprise for an answer by a link.
    Questions,
    /// Those that say until when.
    QuestionsWithEnd,
    /// Mails about one session or the times for one.
    Sessions,
    /// Mails about the time of one session.
    SessionTimes,
    /// The proposal of dates.
    Dates,
    /// The survey and its reminder.
    Surveys,
}

impl Scope {
    /// Whether a template for this purpose is within it; none stands for the texts of staff.
    fn includes(self, purpose: Option<TemplatePurpose>) -> bool {
        use TemplatePurpose::*;
        match self {
            Self::Everywhere => true,
            Self::Matter => matches!(
                purpose,
                None | Some(Invitation | InvitationChanged | InvitationCancelled)
            ),
            Self::Replies => purpose.is_none(),
            Self::Acknowledgements => {
                matches!(purpose, Some(Acknowledgement | AcknowledgementOutOfHours))
            }
            Self::Invitations => matches!(
                purpose,
                Some(Invitation | InvitationChanged | InvitationCancelled)
            ),
            Self::Changes => purpose == Some(InvitationChanged),
            Self::Notices => matches!(
                purpose,
                Some(NoticeRouted | NoticeMail | NoticeOffer | NoticeOfferClosed | NoticeAnswer)
            ),
            Self::Offers => matches!(purpose, Some(NoticeOffer | NoticeOfferClosed)),
            Self::Ended => purpose == Some(NoticeOfferClosed),
            Self::Routed => purpose == Some(NoticeRouted),
            Self::Questions => purpose.is_some_and(asks),
            Self::QuestionsWithEnd => matches!(
                purpose,
                Some(DateProposal | EvaluationRequest | Survey | SurveyReminder)
            ),
            Self::Sessions => {
                Self::Invitations.includes(purpose)
                    || matches!(purpose, Some(DateProposal | SessionReminder))
            }
            Self::SessionTimes => {
                Self::Invitations.includes(purpose)
                    || matches!(purpose, Some(SessionReminder | EvaluationRequest))
            }
            Self::Dates => purpose == Some(DateProposal),
            Self::Surveys => matches!(purpose, Some(Survey | SurveyReminder)),
        }
    }
}

/// Whether mails for this purpose ask for an answer by a link.
pub(super) fn asks(purpose: TemplatePurpose) -> bool {
    use TemplatePurpose::*;
    matches!(
        purpose,
        DateProposal | SessionReminder | EvaluationRequest | Survey | SurveyReminder
    )
}

/// What a template for this purpose is nothing without.
pub(super) fn required(purpose: Option<TemplatePurpose>) -> &'static [Placeholder] {
    use TemplatePurpose::*;
    match purpose {
        Some(Survey | SurveyReminder) => &[Placeholder::AnswerLink, Placeholder::StopLink],
        Some(purpose) if asks(purpose) => &[Placeholder::AnswerLink],
        _ => &[],
    }
}

macro_rules! placeholders {
    ($($variant:ident = $name:literal, $scope:ident, $description:literal, $example:literal;)+) => {
        /// A placeholder.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Placeholder {
            $(#[doc = $description] $variant,)+
        }

        impl Placeholder {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// What stands between the braces.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            fn scope(self) -> Scope {
                match self { $(Self::$variant => Scope::$scope,)+ }
            }

            fn description(self) -> &'static str {
                match self { $(Self::$variant => $description,)+ }
            }

            /// What it may look like.
            pub fn example(self) -> &'static str {
                match self { $(Self::$variant => $example,)+ }
            }
        }
    };
}

placeholders! {
    Recipient = "recipient", Everywhere, "宛名。氏名が分からないときは「ご担当者様」", "工藤 和子 様";
    CaseNumber = "case.number", Everywhere, "案件番号", "TW-2026-000123";
    SenderName = "sender.name", Everywhere, "差出人となる窓口の名称(受理前は相談センター、受理後は地域窓口)", "テレワーク相談センター";
    SenderPhone = "sender.phone", Everywhere, "差出人となる窓口の電話番号", "0120-86-1009";
    SenderEmail = "sender.email", Everywhere, "差出人となる窓口のメールアドレス", "sodan@madoguchi.example";
    Signature = "sender.signature", Everywhere, "署名(名称、電話番号と受付時間、メールアドレス。複数行)", "テレワーク相談センター\n電話 0120-86-1009(平日9時から17時まで)\nメール sodan@madoguchi.example";
    OfficeHours = "office.hours", Everywhere, "受付時間", "平日9時から17時まで";
    CaseSubject = "case.subject", Matter, "相談の件名", "在宅勤務の導入について";
    EnterpriseName = "enterprise.name", Matter, "企業・団体の名称", "株式会社青森りんご加工";
    WriterName = "writer.name", Replies, "このメールを書く人の氏名", "窓口 花子";
    MailSubject = "mail.subject", Acknowledgements, "届いたメールの件名", "在宅勤務の導入について";
    AnswerBy = "answer.by", Acknowledgements, "いつまでに連絡するか(初回連絡の期限の日)", "11月24日(火)";
    NextOpening = "office.next_opening", Acknowledgements, "次に窓口が開く日時", "11月24日(火)9時";
    When = "consultation.when", SessionTimes, "コンサルティングの日時(西暦、令和、曜日)", "2026年(令和8年)11月27日(金)10時00分から11時30分まで";
    Before = "consultation.before", Changes, "変更前の日時", "2026年(令和8年)11月25日(水)10時00分から11時30分まで";
    Mode = "consultation.mode", Sessions, "実施方法", "オンライン";
    Place = "consultation.place", Sessions, "訪問先またはオンライン会議のURL", "https://meet.example/abc";
    Stage = "consultation.stage", Invitations, "支援段階", "現状把握";
    Managers = "consultation.managers", Sessions, "担当する専門家", "佐々木 健(みちのく社会保険労務士事務所)";
    Note = "consultation.note", Sessions, "参加者への連絡事項", "就業規則をお手元にご用意ください。";
    AnswerLink = "answer.link", Questions, "回答のページへのリンク(送信時に入り、届いた方だけに見える)", "https://madoguchi.example/public/(本人だけに届くリンク)";
    AnswerUntil = "answer.until", QuestionsWithEnd, "回答の期限", "11月30日(月)17時00分";
    DatesOffered = "dates.offered", Dates, "日程の候補(複数行)", "    2026年(令和8年)12月1日(火)10時00分から11時30分まで\n    2026年(令和8年)12月3日(木)13時00分から14時30分まで";
    StopLink = "stop.link", Surveys, "アンケートの配信停止のページへのリンク", "https://madoguchi.example/public/(本人だけに届くリンク)/stop";
    Link = "link", Notices, "案件または担当依頼の画面へのリンク(ログインが必要)", "https://madoguchi.example/cases/019ab000-0000-7000-8000-000000000000";
    AcceptBy = "case.accept_by", Routed, "受理の期限の日", "11月25日(水)";
    ReplyBy = "offer.reply_by", Offers, "担当依頼への回答期限", "11月26日(木)17時00分";
    OfferLine = "offer.line", Offers, "担当依頼の区分", "労務";
    OfferEnd = "offer.end", Ended, "担当依頼がどう終わったか", "取り消されました";
}

impl Placeholder {
    /// The one with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|placeholder| placeholder.name() == name)
    }

    /// Whether a template for this purpose may use it; none stands for the texts of staff.
    pub fn is_for(self, purpose: Option<TemplatePurpose>) -> bool {
        self.scope().includes(purpose)
    }
}

/// A placeholder, as it is listed.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaceholderView {
    /// Written `{{name}}` in a template.
    #[schema(example = "case.number")]
    name: &'static str,
    /// What stands there in a mail.
    #[schema(example = "案件番号")]
    description: &'static str,
    /// What that may look like.
    #[schema(example = "TW-2026-000123")]
    example: &'static str,
    /// Whether the texts that staff put into replies may use it.
    in_replies: bool,
    /// Which of the program's own texts may use it.
    purposes: Vec<TemplatePurpose>,
}

/// All placeholders, for those who write templates.
pub(super) fn catalogue() -> Vec<PlaceholderView> {
    let view = |placeholder: &Placeholder| PlaceholderView {
        name: placeholder.name(),
        description: placeholder.description(),
        example: placeholder.example(),
        in_replies: placeholder.is_for(None),
        purposes: TemplatePurpose::ALL
            .iter()
            .copied()
            .filter(|purpose| placeholder.is_for(Some(*purpose)))
            .collect(),
    };
    Placeholder::ALL.iter().map(view).collect()
}

/// What is to stand for the placeholders of one mail.
#[derive(Clone, Debug, Default)]
pub struct Values(BTreeMap<Placeholder, String>);

impl Values {
    /// With a value; one that is empty has nothing to say.
    pub fn with(mut self, placeholder: Placeholder, value: impl Into<String>) -> Self {
        self.0.insert(placeholder, value.into());
        self
    }

    /// With a value where there is one.
    pub fn with_some(self, placeholder: Placeholder, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(placeholder, value),
            None => self,
        }
    }

    /// With those values too.
    pub fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// With examples for what has no value.
    pub fn or_examples(mut self) -> Self {
        for placeholder in Placeholder::ALL {
            let value = self.0.entry(*placeholder);
            value.or_insert_with(|| placeholder.example().into());
        }
        self
    }

    /// The value; empty where there is none.
    pub fn get(&self, placeholder: Placeholder) -> &str {
        self.0.get(&placeholder).map_or("", String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_found() {
        for placeholder in Placeholder::ALL {
            assert_eq!(
                Placeholder::from_name(placeholder.name()),
                Some(*placeholder)
            );
            assert!(!placeholder.example().is_empty());
        }
        assert_eq!(Placeholder::from_name("case.nmber"), None);
    }

    #[test]
    fn notices_tell_nothing_of_the_matter() {
        use TemplatePurpose::*;
        for purpose in [NoticeRouted, NoticeMail, NoticeOffer, NoticeOfferClosed] {
            for placeholder in [
                Placeholder::CaseSubject,
                Placeholder::EnterpriseName,
                Placeholder::MailSubject,
                Placeholder::Place,
                Placeholder::Note,
            ] {
                assert!(
                    !placeholder.is_for(Some(purpose)),
                    "{placeholder:?} in {purpose}"
                );
            }
        }
        assert!(Placeholder::CaseNumber.is_for(None));
        assert!(!Placeholder::Before.is_for(Some(Invitation)));
    }
}
