//! What can be counted, and by what: the codes of the reports with the words that people read.

use crate::{
    access::Actor,
    cases::Status,
    japan::prefectures,
    programme::*,
    settings::{MinistryTopics, Settings},
    text::IndustryCode,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use utoipa::ToSchema;
use uuid::Uuid;

/// The code of what is not known, or belongs to nobody, in every dimension.
pub const UNSET: &str = "unset";

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $enum:ident { $($variant:ident = $name:literal, $japanese:literal;)+ })+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $enum {
            $(
                #[doc = $japanese]
                #[serde(rename = $name)]
                $variant,
            )+
        }

        impl $enum {
            /// All of them, in their order.
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
    )+};
}

codes! {
    /// What a report counts.
    ReportKind {
        Cases = "cases", "相談案件(実件数)";
        Interactions = "interactions", "対応(延べ件数)";
        Enterprises = "enterprises", "企業・団体(実企業数)";
        Sessions = "sessions", "コンサルティング(実施回数)";
        Deadlines = "deadlines", "期限";
    }

    /// By what a report can be broken down and narrowed.
    Dimension {
        Month = "month", "月";
        FiscalYear = "fiscal_year", "年度";
        Prefecture = "prefecture", "都道府県";
        Area = "area", "地域区分";
        Desk = "desk", "地域窓口";
        Manager = "manager", "専門家";
        Industry = "industry", "業種";
        Size = "size", "従業員規模";
        Topic = "topic", "相談分野";
        Ministry = "ministry", "所管省庁";
        Stage = "stage", "支援段階";
        Channel = "channel", "受付経路";
        Outcome = "outcome", "終了区分";
        Status = "status", "状態";
        Line = "line", "区分";
        TeleworkStatus = "telework_status", "テレワーク導入状況";
        State = "state", "実施・達成の状態";
        Kind = "kind", "種別";
        Direction = "direction", "受信・発信";
    }

    /// Which facts are in a number.
    FigureScope {
        Counted = "counted", "計上分";
        Excluded = "excluded", "計上しない分";
        All = "all", "すべて";
    }

    /// Where the facts of a number come from.
    Basis {
        Closed = "closed", "締め済みの期間は締めた数字";
        Record = "record", "すべて記録のとおり";
    }

    /// A point that a case reaches, and the business time until then.
    Milestone {
        FirstAnswer = "first_answer", "初回回答";
        Acceptance = "acceptance", "受理";
        FirstSession = "first_session", "初回コンサルティング";
    }

    /// How many people work at an enterprise.
    SizeClass {
        To5 = "to_5", "5人以下";
        To20 = "to_20", "6〜20人";
        To50 = "to_50", "21〜50人";
        To100 = "to_100", "51〜100人";
        To300 = "to_300", "101〜300人";
        Over300 = "over_300", "301人以上";
    }

    /// Where a prefecture belongs in the targets of telework: 南関東, 東海 and 近畿, or the rest of the country.
    Area {
        Urban = "urban", "三大都市圏(南関東・東海・近畿)";
        Regional = "regional", "地方圏";
    }

    /// What became of a deadline.
    DeadlineState {
        Met = "met", "期限内";
        Late = "late", "期限後";
        Open = "open", "期限前";
        Overdue = "overdue", "超過中";
        Dropped = "dropped", "不要になったもの";
    }

    /// What is closed.
    PeriodKind {
        Month = "month", "月";
        FiscalYear = "fiscal_year", "年度";
    }

    /// What happened to a fact after its period was closed.
    AdjustmentChange {
        Added = "added", "追加";
        Removed = "removed", "取消";
        Changed = "changed", "変更";
    }

    /// Where a target holds.
    TargetArea {
        National = "national", "全国";
        Urban = "urban", "三大都市圏";
        Regional = "regional", "地方圏";
    }

    /// What a target is about.
    TargetMeasure {
        IntroducedShare = "introduced_share", "支援を受けた企業のうち導入した割合(%)";
        AnsweredInTime = "answered_in_time", "初回連絡を期限内に行った割合(%)";
        Cases = "cases", "相談案件数";
        Enterprises = "enterprises", "相談企業数";
        Sessions = "sessions", "コンサルティング実施回数";
    }
}

/// The prefectures of 南関東 (11 to 14), 東海 (21 to 24) and 近畿 (25 to 30), as the survey of the Ministry of Internal
/// Affairs and Communications (通信利用動向調査) groups them; national telework targets are set for these and the rest.
pub const URBAN: &[&str] = &[
    "11", "12", "13", "14", "21", "22", "23", "24", "25", "26", "27", "28", "29", "30",
];

impl Dimension {
    /// Whether one fact can have several codes at once: rows then add up to more than the total.
    pub fn is_multiple(self) -> bool {
        matches!(
            self,
            Self::Manager | Self::Line | Self::Topic | Self::Ministry
        )
    }

    /// The expression on a fact `f`; null or an empty array is [`UNSET`].
    pub(super) fn expression(self) -> &'static str {
        match self {
            Self::Month => "to_char(f.at at time zone 'Asia/Tokyo', 'YYYY-MM')",
            Self::FiscalYear => {
                "to_char((f.at at time zone 'Asia/Tokyo') - interval '3 months', 'YYYY')"
            }
            Self::Prefecture => "f.prefecture",
            Self::Area => {
                "case when f.prefecture in ('11', '12', '13', '14', '21', '22', '23', '24', '25', '26', '27', '28', '29', '30')
                    then 'urban' when f.prefecture is not null then 'regional' end"
            }
            Self::Desk => "f.desk_id::text",
            Self::Manager => "f.managers::text[]",
            Self::Industry => "f.industry",
            Self::Size => "f.size",
            Self::Topic => "f.topics",
            Self::Ministry => "f.ministries",
            Self::Stage => "f.stage",
            Self::Channel => "f.channel",
            Self::Outcome => "f.outcome",
            Self::Status => "f.status",
            Self::Line => "f.lines",
            Self::TeleworkStatus => "f.telework_status",
            Self::State => "f.state",
            Self::Kind => "f.kind",
            Self::Direction => "f.direction",
        }
    }

    /// Whether the report knows it.
    pub fn belongs_to(self, report: ReportKind) -> bool {
        match self {
            Self::State => matches!(report, ReportKind::Sessions | ReportKind::Deadlines),
            Self::Kind => matches!(report, ReportKind::Interactions | ReportKind::Deadlines),
            Self::Direction => report == ReportKind::Interactions,
            _ => true,
        }
    }

    /// Its codes with their words, where the programme fixes them.
    pub fn codes(self, settings: &Settings) -> Option<Vec<(String, String)>> {
        fn all<T: Copy>(
            words: &[T],
            name: fn(T) -> &'static str,
            japanese: fn(T) -> &'static str,
        ) -> Vec<(String, String)> {
            let pairs = words.iter().copied();
            pairs
                .map(|word| (name(word).to_owned(), japanese(word).to_owned()))
                .collect()
        }
        Some(match self {
            Self::Prefecture => prefectures::all()
                .map(|place| (place.code.to_owned(), place.name.to_owned()))
                .collect(),
            Self::Area => all(Area::ALL, Area::name, Area::japanese),
            Self::Industry => IndustryCode::divisions()
                .map(|(letter, name)| (letter.to_string(), name.to_owned()))
                .collect(),
            Self::Size => all(SizeClass::ALL, SizeClass::name, SizeClass::japanese),
            Self::Topic => all(Topic::ALL, Topic::name, Topic::japanese),
            Self::Ministry => settings
                .ministries
                .iter()
                .map(|MinistryTopics { code, name, .. }| (code.clone(), name.as_str().to_owned()))
                .collect(),
            Self::Stage => all(Stage::ALL, Stage::name, Stage::japanese),
            Self::Channel => all(Channel::ALL, Channel::name, Channel::japanese),
            Self::Outcome => all(Outcome::ALL, Outcome::name, Outcome::japanese),
            Self::Status => Status::ALL
                .into_iter()
                .map(|status| (status.name().to_owned(), status_word(status).to_owned()))
                .collect(),
            Self::Line => all(Line::ALL, Line::name, Line::japanese),
            Self::TeleworkStatus => all(
                TeleworkStatus::ALL,
                TeleworkStatus::name,
                TeleworkStatus::japanese,
            ),
            Self::State => [
                all(
                    SessionState::ALL,
                    SessionState::name,
                    SessionState::japanese,
                ),
                all(
                    DeadlineState::ALL,
                    DeadlineState::name,
                    DeadlineState::japanese,
                ),
            ]
            .concat(),
            Self::Kind => [
                all(ContactKind::ALL, ContactKind::name, ContactKind::japanese),
                all(DueKind::ALL, DueKind::name, DueKind::japanese),
            ]
            .concat(),
            Self::Direction => all(Direction::ALL, Direction::name, Direction::japanese),
            Self::Month | Self::FiscalYear | Self::Desk | Self::Manager => return None,
        })
    }

    /// Whether a code can be one of it.
    pub(super) fn takes(self, code: &str, settings: &Settings) -> bool {
        if code == UNSET {
            return true;
        }
        match self {
            Self::Month => {
                code.len() == 7 && format!("{code}-01").parse::<chrono::NaiveDate>().is_ok()
            }
            Self::FiscalYear => code.len() == 4 && code.bytes().all(|byte| byte.is_ascii_digit()),
            Self::Desk | Self::Manager => code.parse::<Uuid>().is_ok(),
            // A closed period keeps the codes of ministries that the settings have no more.
            Self::Ministry => code.bytes().all(|byte| byte.is_ascii_lowercase()),
            _ => self
                .codes(settings)
                .is_some_and(|codes| codes.iter().any(|(known, _)| known == code)),
        }
    }

    /// What [`UNSET`] means here.
    fn unset(self) -> &'static str {
        match self {
            Self::Desk => "相談センター(振り分け前)",
            Self::Manager | Self::Line => "担当なし",
            Self::Outcome => "未終了",
            Self::Stage => "未実施",
            Self::Ministry => "その他",
            _ => "不明",
        }
    }
}

/// The word of a status; the statuses carry rules, and no words.
fn status_word(status: Status) -> &'static str {
    match status {
        Status::Received => "受付",
        Status::Routed => "受理待ち",
        Status::Accepted => "受理(専門家調整中)",
        Status::Assigned => "担当決定",
        Status::Consulting => "支援中",
        Status::Closed => "終了",
    }
}

/// The words for the codes of one answer.
pub(super) struct Labels {
    known: BTreeMap<(Dimension, String), String>,
}

impl Labels {
    /// The words of these dimensions. Managers are people: an auditor reads no names.
    pub(super) async fn load(
        db: &mut sqlx::PgConnection,
        actor: &Actor,
        settings: &Settings,
        dimensions: &[Dimension],
    ) -> crate::error::Result<Self> {
        let mut known = BTreeMap::new();
        for &dimension in dimensions {
            let mut codes = dimension.codes(settings).unwrap_or_default();
            if dimension == Dimension::Desk {
                let desks = sqlx::query!(r#"select id::text as "id!", name from desk"#)
                    .fetch_all(&mut *db)
                    .await?;
                codes.extend(desks.into_iter().map(|desk| (desk.id, desk.name)));
            }
            if dimension == Dimension::Manager && !super::is_masked(actor) {
                let managers = sqlx::query!(r#"select id::text as "id!", name from manager"#)
                    .fetch_all(&mut *db)
                    .await?;
                codes.extend(
                    managers
                        .into_iter()
                        .map(|manager| (manager.id, manager.name)),
                );
            }
            known.extend(
                codes
                    .into_iter()
                    .map(|(code, word)| ((dimension, code), word)),
            );
        }
        Ok(Self { known })
    }

    /// The word for a code.
    pub(super) fn of(&self, dimension: Dimension, code: &str) -> String {
        if code == UNSET {
            return dimension.unset().to_owned();
        }
        match (self.known.get(&(dimension, code.to_owned())), dimension) {
            (Some(word), _) => word.clone(),
            (None, Dimension::Month) => match code.split_once('-') {
                Some((year, month)) => format!("{year}年{}月", month.trim_start_matches('0')),
                None => code.to_owned(),
            },
            (None, Dimension::FiscalYear) => format!("{code}年度"),
            // The end of an id tells two of them apart; its beginning is the time when it was made.
            (None, Dimension::Manager) => {
                format!("専門家 {}", &code[code.len().saturating_sub(6)..])
            }
            _ => code.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_urban_prefectures_are_those_of_the_expression() {
        let sql = Dimension::Area.expression();
        for place in prefectures::all() {
            let quoted = format!("'{}'", place.code);
            assert_eq!(
                sql.contains(&quoted),
                URBAN.contains(&place.code),
                "{quoted}"
            );
        }
    }

    #[test]
    fn codes_are_checked() {
        let settings = Settings::default();
        let takes = |dimension: Dimension, code: &str| dimension.takes(code, &settings);
        assert!(takes(Dimension::Month, "2026-11"));
        assert!(!takes(Dimension::Month, "2026-13"));
        assert!(!takes(Dimension::Month, "2026-1"));
        assert!(takes(Dimension::FiscalYear, "2026"));
        assert!(takes(Dimension::Prefecture, "02"));
        assert!(!takes(Dimension::Prefecture, "48"));
        assert!(takes(Dimension::Industry, "T"));
        assert!(!takes(Dimension::Industry, "E09"));
        assert!(takes(Dimension::Desk, UNSET));
        assert!(!takes(Dimension::Desk, "tokyo"));
    }
}
