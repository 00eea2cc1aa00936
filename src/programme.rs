//! The words of the programme (design: Words) as enums, shared by all slices.
//!
//! Each has one name, the same in SQL, in JSON and in the OpenAPI document, and one Japanese word for people. The names
//! are those of the check constraints in `migrations/`; the statuses of a case are in [`crate::cases::Status`], because
//! they carry its rules.

use crate::error::Fields;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::{
    Decode, Encode, Postgres, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgHasArrayType, PgTypeInfo, PgValueRef},
};
use utoipa::ToSchema;

macro_rules! words {
    ($($(#[doc = $doc:literal])+ $enum:ident { $($variant:ident = $name:literal, $japanese:literal;)+ })+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $enum {
            $(
                #[doc = $japanese]
                $variant,
            )+
        }

        impl $enum {
            /// All of them, in the order of the design.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name as it is stored and sent.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// The word that people read.
            pub fn japanese(self) -> &'static str {
                match self { $(Self::$variant => $japanese,)+ }
            }

            /// The one with this name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.name() == name)
            }
        }

        impl std::fmt::Display for $enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }

        // By hand instead of derived: plain `text` and `text[]`, which need no look-up of a type per connection.
        impl Type<Postgres> for $enum {
            fn type_info() -> PgTypeInfo {
                <str as Type<Postgres>>::type_info()
            }

            fn compatible(ty: &PgTypeInfo) -> bool {
                <str as Type<Postgres>>::compatible(ty)
            }
        }

        impl PgHasArrayType for $enum {
            fn array_type_info() -> PgTypeInfo {
                <&str as PgHasArrayType>::array_type_info()
            }

            fn array_compatible(ty: &PgTypeInfo) -> bool {
                <&str as PgHasArrayType>::array_compatible(ty)
            }
        }

        impl Encode<'_, Postgres> for $enum {
            fn encode_by_ref(&self, buffer: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                <&str as Encode<Postgres>>::encode(self.name(), buffer)
            }
        }

        impl<'r> Decode<'r, Postgres> for $enum {
            fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
                let name = <&str as Decode<Postgres>>::decode(value)?;
                Self::from_name(name).ok_or_else(|| format!(concat!("{:?} is no ", stringify!($enum)), name).into())
            }
        }
    )+

        /// Each enum: its name, the names of its words, how they look in JSON and in the OpenAPI document.
        #[cfg(test)]
        #[allow(clippy::type_complexity, reason = "one table for one test")]
        const WORDS: &[(&str, &[&str], fn() -> serde_json::Value, fn() -> utoipa::openapi::RefOr<utoipa::openapi::Schema>)] = &[$((
            stringify!($enum),
            &[$($name),+],
            || serde_json::to_value($enum::ALL).expect("words are plain data"),
            <$enum as utoipa::PartialSchema>::schema,
        ),)+];
    };
}

words! {
    /// What a case is about (相談分野); which ministry counts which topic is a setting.
    Topic {
        Ict = "ict", "ICT環境の導入";
        Security = "security", "情報セキュリティ";
        Tools = "tools", "ツール・機器";
        Labour = "labour", "労務管理";
        Rules = "rules", "就業規則・規程";
        Subsidy = "subsidy", "助成金・補助金";
        Other = "other", "その他";
    }

    /// How a consultation is given.
    Mode {
        Online = "online", "オンライン";
        Phone = "phone", "電話";
        Visit = "visit", "訪問";
    }

    /// The field of a manager's work on a case (区分): one expert each.
    Line {
        Ict = "ict", "ICT";
        Labour = "labour", "労務";
    }

    /// The stage of support (支援段階), in their order.
    Stage {
        Assessment = "assessment", "現状把握";
        Preparation = "preparation", "導入準備";
        FollowUp = "follow_up", "導入後フォロー";
    }

    /// How far the enterprise is with telework.
    TeleworkStatus {
        None = "none", "未導入";
        Considering = "considering", "検討中";
        Preparing = "preparing", "導入準備中";
        Introduced = "introduced", "導入済み";
    }

    /// How much of its work the enterprise does digitally.
    DigitalLevel {
        Low = "low", "低い";
        Basic = "basic", "基本的";
        Good = "good", "進んでいる";
    }

    /// How a case arrived. A client never sends `email`: that is the mail intake's own.
    Channel {
        Phone = "phone", "電話";
        Web = "web", "ウェブ";
        Visit = "visit", "来所";
        Letter = "letter", "郵便";
        Fax = "fax", "FAX";
        Event = "event", "イベント";
        Email = "email", "メール";
    }

    /// What kind of legal person asks.
    EnterpriseKind {
        Company = "company", "会社";
        SoleProprietor = "sole_proprietor", "個人事業主";
        Association = "association", "団体・組合";
        LocalGovernment = "local_government", "地方公共団体";
        Worker = "worker", "労働者個人";
        Other = "other", "その他";
        Anonymous = "anonymous", "匿名";
    }

    /// What a contact (相談者) is on a case.
    ContactRole {
        Primary = "primary", "主担当者";
        Cc = "cc", "同報者";
        Agent = "agent", "代理人";
    }

    /// What the enterprise can agree to.
    ConsentKind {
        Privacy = "privacy", "個人情報の取扱い";
        ShareWithManager = "share_with_manager", "専門家への情報提供";
        Survey = "survey", "アンケート";
        CaseStudy = "case_study", "事例としての公表";
    }

    /// How a case ended.
    Outcome {
        Answered = "answered", "回答で終了";
        Completed = "completed", "支援完了";
        Withdrawn = "withdrawn", "取下げ";
        Ineligible = "ineligible", "対象外";
        Unreachable = "unreachable", "連絡不能";
        Referred = "referred", "他機関案内";
        Duplicate = "duplicate", "重複";
        Spam = "spam", "迷惑メール";
    }

    /// Where an offer (打診) to a manager stands.
    OfferState {
        Open = "open", "回答待ち";
        Accepted = "accepted", "承諾";
        Declined = "declined", "辞退";
        Revoked = "revoked", "打診取消";
        Expired = "expired", "期限切れ";
    }

    /// Where a session stands.
    SessionState {
        Booked = "booked", "日程確定";
        Held = "held", "実施済";
        NoShow = "no_show", "当日不在";
        Cancelled = "cancelled", "取消";
        Voided = "voided", "無効";
    }

    /// Through whose fault a session did not take place. Only the enterprise's uses one of its sessions.
    NoShowBy {
        Enterprise = "enterprise", "企業側";
        Manager = "manager", "専門家側";
        Desk = "desk", "窓口側";
        ForceMajeure = "force_majeure", "不可抗力";
    }

    /// Whom a case waits for.
    WaitingOn {
        HelpCenter = "help_center", "相談センター";
        Desk = "desk", "地域窓口";
        Manager = "manager", "専門家";
        Enterprise = "enterprise", "企業";
        None = "none", "なし";
    }

    /// What staff must notice on a case until it is settled.
    Flag {
        SameEnterpriseThisYear = "same_enterprise_this_year", "今年度に同じ企業の案件あり";
        PossibleDuplicate = "possible_duplicate", "重複の疑い";
        MailAfterClose = "mail_after_close", "終了後のメール";
        UnverifiedSender = "unverified_sender", "差出人未確認";
        AddressGuessed = "address_guessed", "所在地は推定";
        Complaint = "complaint", "苦情";
        LateEntry = "late_entry", "後日入力";
        DeliveryFailed = "delivery_failed", "メール不達";
        AfterLastDay = "after_last_day", "受付最終日後の受付";
    }

    /// What an enterprise was found by, and what two that may be the same have in common; the surest first.
    MatchedBy {
        CorporateNumber = "corporate_number", "法人番号";
        InvoiceNumber = "invoice_number", "登録番号";
        Email = "email", "担当者のメールアドレス";
        Phone = "phone", "電話番号";
        ContactPhone = "contact_phone", "担当者の電話番号";
        SitePhone = "site_phone", "事業所の電話番号";
        Name = "name", "名称";
        TradeName = "trade_name", "屋号";
        Kana = "kana", "フリガナ";
        Romanised = "romanised", "ローマ字の読み";
        MailDomain = "mail_domain", "メールのドメイン";
    }

    /// What is due on a case.
    DueKind {
        Route = "route", "振り分け";
        Accept = "accept", "受理";
        FirstContact = "first_contact", "初回連絡";
        AnswerOffer = "answer_offer", "打診への回答";
        Callback = "callback", "折り返し電話";
        Report = "report", "実施報告";
        WaitReview = "wait_review", "待ちの見直し";
    }

    /// How two cases belong together without being one.
    LinkKind {
        FollowUp = "follow_up", "続きの相談";
        SameGroup = "same_group", "同一グループ";
        Related = "related", "関連";
    }

    /// By what means an interaction (対応記録) took place.
    InteractionKind {
        Phone = "phone", "電話";
        Visit = "visit", "来所・訪問";
        Fax = "fax", "FAX";
        Web = "web", "ウェブ";
        Other = "other", "その他";
    }

    /// By what means somebody was in touch: an interaction, or mail.
    ContactKind {
        Phone = "phone", "電話";
        Visit = "visit", "来所・訪問";
        Fax = "fax", "FAX";
        Web = "web", "ウェブ";
        Other = "other", "その他";
        Email = "email", "メール";
    }

    /// Who began an interaction.
    Direction {
        Inbound = "inbound", "受信";
        Outbound = "outbound", "発信";
    }

    /// What came of an interaction.
    InteractionResult {
        Reached = "reached", "通話・面談できた";
        Absent = "absent", "不在";
        Callback = "callback", "折り返し約束";
        Voicemail = "voicemail", "留守番電話";
    }

    /// How far the intake is with a mail.
    MailState {
        Pending = "pending", "処理待ち";
        Processed = "processed", "処理済";
        Quarantined = "quarantined", "要確認";
    }

    /// What a mail is: written by a person, or by a program and about what.
    MailKind {
        Normal = "normal", "通常";
        AutoReply = "auto_reply", "自動応答";
        AutoReplySuspected = "auto_reply_suspected", "自動応答の疑い";
        Bounce = "bounce", "不達通知";
        Delay = "delay", "遅延通知";
        DeliverySuccess = "delivery_success", "配信完了通知";
        Arf = "arf", "迷惑メール報告";
        Mdn = "mdn", "開封通知";
        Loop = "loop", "ループ";
    }

    /// How a mail was placed.
    PlacedBy {
        PlusAddress = "plus_address", "返信用アドレス";
        MessageId = "message_id", "返信元メール";
        KnownMessageId = "known_message_id", "既知のメールへの返信";
        Number = "number", "案件番号";
        SameMessageId = "same_message_id", "同じメールの別便";
        DeliveryReport = "delivery_report", "配信結果の通知";
        NewCase = "new_case", "新規案件";
        Staff = "staff", "担当者による振り分け";
    }

    /// Why a mail is put before a person (要確認メール).
    CheckReason {
        TooMuch = "too_much", "大きすぎる、または複雑すぎるため表示できません";
        TooSlow = "too_slow", "解析に時間がかかりすぎるため表示できません";
        Unreadable = "unreadable", "解析できないため表示できません";
        NoSender = "no_sender", "差出人がありません";
        OwnAddress = "own_address", "差出人がこの窓口のアドレスです";
        SenderLimit = "sender_limit", "同じ差出人から新規のメールが続いています";
        StrangerWithNumber = "stranger_with_number", "件名に案件番号がありますが、差出人は案件の関係者ではありません";
        StrangerInThread = "stranger_in_thread", "案件のメールへの返信ですが、差出人は案件の関係者ではありません";
        Automatic = "automatic", "自動送信のメールで、対応する案件がわかりません";
        UnmatchedReport = "unmatched_report", "配信結果の通知で、対応する送信メールがわかりません";
        Loop = "loop", "ループの疑いがあり、対応する案件がわかりません";
    }

    /// What an outgoing mail is.
    MessageKind {
        Reply = "reply", "返信";
        Acknowledgement = "acknowledgement", "受付確認";
        Invitation = "invitation", "日程のご案内";
        Notice = "notice", "通知";
        Account = "account", "アカウントのお知らせ";
        Question = "question", "ご回答のお願い";
    }

    /// Where an outgoing mail stands.
    MessageState {
        Waiting = "waiting", "送信待ち(取消可)";
        Queued = "queued", "送信待ち";
        Sending = "sending", "送信中";
        Sent = "sent", "送信済";
        Unknown = "unknown", "送信結果不明";
        Failed = "failed", "送信失敗";
        TakenBack = "taken_back", "取消済";
    }

    /// What a delivery report said of a message.
    Delivery {
        Delayed = "delayed", "配信遅延";
        Failed = "failed", "不達";
        Delivered = "delivered", "配信完了";
    }

    /// What a text that was found is from.
    PassageKind {
        Case = "case", "案件";
        Description = "description", "相談内容";
        Enterprise = "enterprise", "企業・団体";
        Contact = "contact", "相談者";
        Interaction = "interaction", "対応記録";
        Note = "note", "内部メモ";
        Mail = "mail", "受信メール";
        Message = "message", "送信メール";
        Report = "report", "支援実施報告";
    }

    /// What the program itself uses a template for.
    TemplatePurpose {
        Acknowledgement = "acknowledgement", "受付確認(開庁時間内)";
        AcknowledgementOutOfHours = "acknowledgement_out_of_hours", "受付確認(開庁時間外)";
        Invitation = "invitation", "日程のご案内";
        InvitationChanged = "invitation_changed", "日程変更のご案内";
        InvitationCancelled = "invitation_cancelled", "日程取消のご案内";
        NoticeRouted = "notice_routed", "振り分けの通知";
        NoticeMail = "notice_mail", "メール受信の通知";
        NoticeOffer = "notice_offer", "担当依頼の通知";
        NoticeOfferClosed = "notice_offer_closed", "担当依頼終了の通知";
        NoticeAnswer = "notice_answer", "企業・団体からの回答の通知";
        DateProposal = "date_proposal", "日程候補のご案内";
        SessionReminder = "session_reminder", "日程の確認";
        EvaluationRequest = "evaluation_request", "コンサルティングの感想のお願い";
        Survey = "survey", "ご利用後のアンケート";
        SurveyReminder = "survey_reminder", "アンケートの再度のお願い";
    }

    /// What a one-time link is for.
    LinkPurpose {
        Dates = "dates", "日程の選択";
        Session = "session", "参加の確認";
        Evaluation = "evaluation", "感想";
        Survey = "survey", "アンケート";
    }

    /// Where a proposal of dates stands.
    ProposalState {
        Open = "open", "回答待ち";
        Chosen = "chosen", "日程決定";
        OtherWanted = "other_wanted", "別の日を希望";
        Revoked = "revoked", "取下げ";
        Expired = "expired", "期限切れ";
    }

    /// What is asked about a session.
    SessionQuestionKind {
        Reminder = "reminder", "日程の確認";
        Evaluation = "evaluation", "感想";
    }

    /// Whether the enterprise comes to a session.
    Attendance {
        Coming = "coming", "参加する";
        CannotCome = "cannot_come", "参加できない";
    }

    /// Where a survey stands.
    SurveyState {
        Planned = "planned", "送付予定";
        Sent = "sent", "回答待ち";
        Answered = "answered", "回答済";
        Stopped = "stopped", "配信停止";
        Bounced = "bounced", "不達";
        Cancelled = "cancelled", "取消";
    }

    /// Whether the purpose of a consultation was achieved, as the enterprise says.
    PurposeAchieved {
        Yes = "yes", "達成できた";
        Partly = "partly", "一部達成できた";
        No = "no", "達成できなかった";
    }

    /// What became of telework after the consultation, as the enterprise says.
    TeleworkAfter {
        Introduced = "introduced", "導入した";
        Planned = "planned", "導入する予定がある";
        NotPlanned = "not_planned", "導入する予定はない";
    }

    /// Why telework is not introduced, as the enterprise says.
    WhyNot {
        NoSuitableWork = "no_suitable_work", "テレワークに向く仕事がない";
        Cost = "cost", "費用がかかる";
        Security = "security", "情報セキュリティが心配";
        Rules = "rules", "就業規則や労務管理が難しい";
        Staff = "staff", "詳しい人がいない";
        NoNeed = "no_need", "必要を感じない";
        Other = "other", "その他";
    }

    /// Where free text of an enterprise comes from.
    FreeTextSource {
        Survey = "survey", "アンケート";
        Evaluation = "evaluation", "コンサルティングの感想";
    }

    /// Whether free text was checked for personal data.
    FreeTextState {
        Unchecked = "unchecked", "未確認";
        Released = "released", "公開可";
        Withheld = "withheld", "非公開";
    }

    /// Why a manager does not take an enterprise (利益相反).
    ConflictKind {
        Employment = "employment", "雇用関係";
        Contract = "contract", "契約関係";
        Family = "family", "親族関係";
        Competitor = "competitor", "競合関係";
        Other = "other", "その他";
    }

    /// Why an offer to a manager needs a reason to be made all the same.
    OfferObstacle {
        OutsideAppointment = "outside_appointment", "委嘱期間外";
        ConflictOfInterest = "conflict_of_interest", "利益相反の申告あり";
        Absent = "absent", "不在";
        CapacityFull = "capacity_full", "今月の担当枠に空きなし";
    }
}

impl Line {
    /// The topics that belong to this field; `other` may be anyone's.
    pub fn topics(self) -> &'static [Topic] {
        match self {
            Self::Ict => &[Topic::Ict, Topic::Security, Topic::Tools, Topic::Other],
            Self::Labour => &[Topic::Labour, Topic::Rules, Topic::Subsidy, Topic::Other],
        }
    }
}

/// The years in which the programme can have dates: anything else is a slip of the hand.
fn is_plausible_year(year: i32) -> bool {
    (2000..=2999).contains(&year)
}

const IMPLAUSIBLE: &str = "must be in a year from 2000 to 2999";

/// Notes what is wrong with a period from a day to a last day: `(pointer, day)` each.
pub fn check_period(
    fields: &mut Fields,
    from: (&str, Option<NaiveDate>),
    to: (&str, Option<NaiveDate>),
) {
    for (pointer, day) in [from, to] {
        fields.require(
            day.is_none_or(|day| is_plausible_year(day.year())),
            pointer,
            IMPLAUSIBLE,
        );
    }
    if let (Some(first), Some(last)) = (from.1, to.1) {
        fields.require(first <= last, to.0, "must not be before the first day");
    }
}

/// Notes what is wrong with a span of time from a moment to a later one: `(pointer, moment)` each.
pub fn check_span(fields: &mut Fields, from: (&str, DateTime<Utc>), to: (&str, DateTime<Utc>)) {
    for (pointer, moment) in [from, to] {
        fields.require(is_plausible_year(moment.year()), pointer, IMPLAUSIBLE);
    }
    fields.require(from.1 < to.1, to.0, "must be after the start");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_sql_and_schema_use_the_same_names() {
        for (word, names, json, schema) in WORDS {
            assert_eq!(json(), serde_json::json!(names), "{word}");
            assert_eq!(
                serde_json::to_value(schema()).unwrap()["enum"],
                serde_json::json!(names),
                "{word}"
            );
        }
        assert_eq!(Stage::FollowUp.name(), "follow_up");
        assert_eq!(Topic::from_name("labour"), Some(Topic::Labour));
        assert_eq!(Topic::from_name("Labour"), None);
        assert_eq!(format!("{:>6}", Line::Ict), "   ict");
    }

    #[test]
    fn periods_and_spans() {
        fn faults(check: impl FnOnce(&mut Fields)) -> usize {
            let mut fields = Fields::default();
            check(&mut fields);
            match fields.finish() {
                Err(crate::error::Error::Problem(problem)) => problem.errors.len(),
                _ => 0,
            }
        }
        let day = |text: &str| Some(text.parse::<NaiveDate>().unwrap());
        assert_eq!(
            faults(|f| check_period(f, ("/from", day("2026-04-01")), ("/to", day("2026-04-01")))),
            0
        );
        assert_eq!(
            faults(|f| check_period(f, ("/from", day("2026-04-01")), ("/to", None))),
            0
        );
        assert_eq!(
            faults(|f| check_period(f, ("/from", day("2026-04-02")), ("/to", day("2026-04-01")))),
            1
        );
        assert_eq!(
            faults(|f| check_period(
                f,
                ("/from", day("0026-04-02")),
                ("/to", day("+12026-04-01"))
            )),
            2
        );
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let (early, late) = (at("2026-04-01T00:00:00Z"), at("2026-04-01T00:00:01Z"));
        assert_eq!(
            faults(|f| check_span(f, ("/starts_at", early), ("/ends_at", late))),
            0
        );
        assert_eq!(
            faults(|f| check_span(f, ("/starts_at", early), ("/ends_at", early))),
            1
        );
        assert_eq!(
            faults(|f| check_span(
                f,
                ("/starts_at", at("-0001-04-01T00:00:00Z")),
                ("/ends_at", late)
            )),
            1
        );
    }

    /// Every name stands in a check constraint of a migration, so that no word can be sent that cannot be stored.
    #[test]
    fn the_database_knows_every_word() {
        let migrations = [
            include_str!("../migrations/2_people.sql"),
            include_str!("../migrations/3_case.sql"),
            include_str!("../migrations/4_consultation.sql"),
            include_str!("../migrations/5_conversation.sql"),
            include_str!("../migrations/7_mail.sql"),
            include_str!("../migrations/9_search.sql"),
            include_str!("../migrations/11_public_links.sql"),
        ]
        .concat();
        for (word, names, ..) in WORDS {
            // Topics and reasons are arrays, which no check constraint reads; obstacles, matches and contacts are worked out: the program
            // is their judge.
            if matches!(
                *word,
                "Topic" | "WhyNot" | "OfferObstacle" | "MatchedBy" | "ContactKind"
            ) {
                continue;
            }
            let listed = names
                .iter()
                .map(|name| format!("'{name}'"))
                .collect::<Vec<_>>()
                .join(", ");
            let plain = migrations.split_whitespace().collect::<Vec<_>>().join(" ");
            // A long list stands on lines of its own.
            let plain = plain.replace("( ", "(").replace(" )", ")");
            assert!(
                plain.contains(&format!("in ({listed})")),
                "{word}: in ({listed})"
            );
        }
    }
}
