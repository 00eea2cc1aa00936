//! The words of the demonstration, in the JSON files beside this one: desks, managers, places, names of enterprises,
//! inquiries, reports, and what people write down.
//!
//! Everybody and everything in them is made up. Telephone numbers have exchanges that the numbering plan gives to nobody,
//! addresses of mail lie below `example.jp`, which belongs to nobody, and corporate numbers name a registry that there
//! is not.

use serde::Deserialize;
use std::sync::LazyLock;

/// Everything, read once.
pub static DATA: LazyLock<Data> = LazyLock::new(|| {
    macro_rules! read {
        ($file:literal) => {
            serde_json::from_str(include_str!($file)).expect("a test reads the file")
        };
    }
    Data {
        desks: read!("desks.json"),
        managers: read!("managers.json"),
        places: read!("places.json"),
        names: read!("enterprises.json"),
        inquiries: read!("inquiries.json"),
        reports: read!("reports.json"),
        phrases: read!("phrases.json"),
    }
});

pub struct Data {
    pub desks: Vec<Desk>,
    pub managers: Vec<Manager>,
    pub places: Vec<Place>,
    pub names: Names,
    pub inquiries: Inquiries,
    pub reports: Reports,
    pub phrases: Phrases,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Desk {
    pub code: String,
    pub name: String,
    pub prefecture_codes: Vec<String>,
    /// The prefecture in which it has its office.
    pub seat: String,
    pub staff: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manager {
    pub name: String,
    pub kana: String,
    pub firm: String,
    pub qualifications: Vec<String>,
    pub topics: Vec<String>,
    pub prefecture_codes: Vec<String>,
    pub modes: Vec<String>,
    pub monthly_capacity: i32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Place {
    pub prefecture_code: String,
    pub municipality_code: String,
    pub city: String,
    /// The code for the whole city.
    pub postal_code: Option<String>,
    pub area_code: String,
}

/// What names are put together from.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Names {
    pub brands: Vec<Brand>,
    pub trades: Vec<Trade>,
    /// Towns that there are not, for their offices.
    pub municipalities: Vec<Brand>,
    pub families: Vec<Called>,
    pub givens: Vec<Called>,
    pub streets: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Brand {
    pub name: String,
    pub kana: String,
    pub romaji: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trade {
    pub name: String,
    pub kana: String,
    pub romaji: String,
    pub industry_code: String,
    pub smallest: i64,
    pub largest: i64,
    pub form: Form,
}

/// The legal form that goes with a trade.
#[derive(Clone, Copy, Deserialize, PartialEq)]
pub enum Form {
    #[serde(rename = "会")]
    Company,
    #[serde(rename = "合")]
    Limited,
    #[serde(rename = "個")]
    Proprietor,
    #[serde(rename = "社福")]
    SocialWelfare,
    #[serde(rename = "医療")]
    Medical,
    #[serde(rename = "学校")]
    School,
    #[serde(rename = "NPO")]
    NonProfit,
    #[serde(rename = "一社")]
    Association,
    #[serde(rename = "組合")]
    Cooperative,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Called {
    pub name: String,
    pub kana: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inquiries {
    /// Of an enterprise that asks for the first time and will want support.
    pub first: Vec<Inquiry>,
    /// What can be answered at once.
    pub quick: Vec<Inquiry>,
    /// Of one that was supported the year before.
    pub again: Vec<Inquiry>,
    /// Of a person who works somewhere.
    pub worker: Vec<Inquiry>,
    /// Of a caller who gives no name.
    pub anonymous: Vec<Inquiry>,
    /// What others are there for.
    pub elsewhere: Vec<Inquiry>,
    /// Advertising.
    pub spam: Vec<Inquiry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inquiry {
    pub theme: Theme,
    pub topics: Vec<String>,
    pub telework_status: String,
    pub digital_level: String,
    /// Letters of the divisions of industry that it suits; any where empty.
    pub industries: String,
    pub mode: String,
    pub subject: String,
    /// With `{n}` for the number of people there.
    pub text: String,
    /// What is said where it can be answered at once.
    pub answer: Option<String>,
    /// How it ends where it does not end as answered.
    pub outcome: Option<String>,
}

impl Inquiry {
    /// Whether it goes on from what was done the year before.
    pub fn is_again(&self) -> bool {
        self.text.contains("昨年度")
    }

    /// Whether it is about work rather than technology.
    pub fn is_labour(&self) -> bool {
        matches!(&*self.topics[0], "labour" | "rules" | "subsidy")
    }

    pub fn suits(&self, industry_code: &str) -> bool {
        let is_among = |letter| self.industries.contains(letter);
        self.industries.is_empty() || industry_code.chars().next().is_some_and(is_among)
    }
}

#[derive(Clone, Copy, Deserialize, PartialEq)]
#[serde(rename_all = "snake_case")]
pub enum Theme {
    Rules,
    Labour,
    Ict,
    Tools,
    Security,
    Subsidy,
    Family,
    Site,
    Manage,
    Other,
}

/// Reports by theme, one per stage.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reports {
    rules: [Report; 3],
    labour: [Report; 3],
    ict: [Report; 3],
    tools: [Report; 3],
    security: [Report; 3],
    subsidy: [Report; 3],
    family: [Report; 3],
    site: [Report; 3],
    manage: [Report; 3],
}

impl Reports {
    pub fn of(&self, theme: Theme) -> &[Report; 3] {
        match theme {
            Theme::Rules => &self.rules,
            Theme::Labour => &self.labour,
            Theme::Ict => &self.ict,
            Theme::Tools => &self.tools,
            Theme::Security => &self.security,
            Theme::Subsidy => &self.subsidy,
            Theme::Family => &self.family,
            Theme::Site => &self.site,
            Theme::Manage | Theme::Other => &self.manage,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Report {
    pub situation: String,
    pub advice: String,
    pub next_steps: String,
    pub enterprise_tasks: String,
}

macro_rules! phrases {
    ($($name:ident),+ $(,)?) => {
        /// What people write down, by occasion.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct Phrases { $(pub $name: Vec<String>),+ }
    };
}

phrases! {
    before, after, how_heard, departments, first_contact, scheduling, absent, voicemail, callback, inbound_question, inbound_documents,
    inbound_change, progress, route_note, offer_note, decline, return_reason, reroute_reason, desk_answer, completed,
    withdraw, unreachable, no_show_enterprise, no_show_manager, no_show_force_majeure, cancel, void, void_late,
    late_session, report_return, release, wait_enterprise, reopen, limit, complaint, complaint_answer, complaint_note,
    late_event, late_system, late_answer, same_year_answer, merge, unmerge, different_answer, note, session_note, guard,
    offer_override, absence, agent, second_caller,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_is_read() {
        let data = &*DATA;
        assert_eq!(data.managers.len(), 40);
        assert!(data.inquiries.first.len() >= 40);
        assert!(data.inquiries.quick.len() >= 40);
        let quick = &data.inquiries.quick;
        assert!(quick.iter().all(|inquiry| inquiry.answer.is_some()));
        let elsewhere = data.inquiries.elsewhere.iter().chain(&data.inquiries.spam);
        assert!(
            elsewhere
                .into_iter()
                .all(|inquiry| inquiry.outcome.is_some())
        );
    }

    #[test]
    fn desks_and_places_cover_the_country() {
        let all: BTreeSet<&str> = crate::japan::prefectures::all()
            .map(|prefecture| prefecture.code)
            .collect();
        let covered: Vec<&str> = DATA
            .desks
            .iter()
            .flat_map(|desk| &desk.prefecture_codes)
            .map(String::as_str)
            .collect();
        assert_eq!(covered.len(), 47, "each once");
        assert_eq!(covered.into_iter().collect::<BTreeSet<_>>(), all);
        assert_eq!(
            DATA.places
                .iter()
                .map(|place| &*place.prefecture_code)
                .collect::<BTreeSet<_>>(),
            all
        );
    }

    #[test]
    fn an_expert_of_either_line_is_near_everywhere() {
        for prefecture in crate::japan::prefectures::all() {
            for topic in ["labour", "ict"] {
                let is_near = |manager: &&Manager| {
                    manager
                        .prefecture_codes
                        .iter()
                        .any(|code| code == prefecture.code)
                        && manager.topics.iter().any(|item| item == topic)
                };
                assert!(
                    DATA.managers.iter().any(|manager| is_near(&manager)),
                    "{} {topic}",
                    prefecture.name
                );
            }
        }
    }
}
