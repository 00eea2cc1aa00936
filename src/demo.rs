//! Demonstration data (`madoguchi demo`, `serve --demo`): an office that has worked for one fiscal year and is in the
//! middle of the next.
//!
//! Everything is entered through the API, in process, as the people of the demonstration and at the times at which they
//! would have done it; so it is a test of the API too, and any refusal is an error. First [`plan`] works out what
//! everybody does when, then [`player`] does it. It is the only place in the program with a known password, and it fills
//! no database that anybody else has users in.

mod at_once;
mod by_desk;
mod current;
mod data;
mod days;
mod enterprises;
mod history;
mod life;
mod mails;
mod office;
mod plan;
mod player;
mod quiet;
mod random;
mod sessions;
mod support;

use crate::{error::Result, serve::Opened, store::Store};
use plan::{Plan, Step};
use player::Player;
use serde_json::Value;
use std::time::Instant;
use tracing::{Dispatch, dispatcher, instrument::WithSubscriber};

/// Everybody's password. Known to all the world, as the demonstration says when it starts.
pub const PASSWORD: &str = "madoguchi-demo-2026";

/// How many cases there are.
const CASES: usize = 400;

/// Fills an empty database, and says who can sign in; where that was done before, only says it.
///
/// # Errors
/// A sentence for the operator: the database is somebody else's, or was filled by half.
pub async fn fill(opened: &Opened) -> Result<String, String> {
    fill_store(&opened.store).await
}

/// Like [`fill`], for tests.
///
/// # Errors
/// As in [`fill`].
pub async fn fill_store(store: &Store) -> Result<String, String> {
    match find(store).await.map_err(|error| error.to_string())? {
        Found::Everything => Ok(who_can_sign_in()),
        Found::Others => Err("The database is in use: it has users or desks that are not the demonstration's. \
             Demonstration data is filled into an empty database only."
            .into()),
        Found::Half => Err(
            "The demonstration data is there by half: another program is filling it in at this moment, or was \
             stopped while it did. Wait, or start again with an empty database; for the private one, delete its data folder."
                .into(),
        ),
        Found::Nothing => {
            let started = Instant::now();
            tracing::info!("filling the database with demonstration data: {CASES} cases, which takes a while");
            let quiet = dispatcher::get_default(|log| Dispatch::new(quiet::Quiet(log.clone())));
            fill_empty(store).with_subscriber(quiet).await?;
            tracing::info!(demo.seconds = started.elapsed().as_secs_f32(), "the demonstration data is complete");
            Ok(who_can_sign_in())
        }
    }
}

async fn fill_empty(store: &Store) -> Result<(), String> {
    let (enterprises, steps) = plan_all(store.now());
    let player = Player::new(store, PASSWORD).await;
    let player = player.map_err(|error| error.to_string())?;
    let filled = player.play(enterprises.into_iter(), steps).await;
    filled.map_err(|refused| format!("The demonstration data was not filled in. {refused}"))
}

/// What there is in the database.
#[derive(Debug, PartialEq)]
enum Found {
    Nothing,
    /// The demonstration, from the first user to the last.
    Everything,
    /// Only some of it.
    Half,
    /// Somebody else's data.
    Others,
}

async fn find(store: &Store) -> Result<Found> {
    let row = sqlx::query!(
        r#"
        select
            exists (select 1 from app_user where email_key = $1) as "first!",
            exists (select 1 from app_user where email_key = $2) as "last!",
            exists (select 1 from app_user) or exists (select 1 from desk) or exists (select 1 from case_file) as "anything!"
        "#,
        office::admin().email,
        office::auditor().email,
    )
    .fetch_one(store.reader())
    .await?;
    Ok(match (row.first, row.last, row.anything) {
        (_, true, _) => Found::Everything,
        (true, false, _) => Found::Half,
        (false, false, true) => Found::Others,
        (false, false, false) => Found::Nothing,
    })
}

/// The bodies of the enterprises, and what happens from the first day until now.
fn plan_all(now: chrono::DateTime<chrono::Utc>) -> (Vec<Value>, Vec<Step>) {
    let mut plan = Plan::new(now);
    office::plan_office(&mut plan);
    history::plan_history(&mut plan, CASES - current::count());
    current::plan_current(&mut plan);
    at_once::top_up(&mut plan, CASES);
    mails::plan_mails(&mut plan);
    let bodies = plan
        .enterprises
        .iter()
        .map(|enterprise| enterprise.body.clone());
    (bodies.collect(), plan.finish())
}

/// For the terminal: one account of each kind, and the password.
fn who_can_sign_in() -> String {
    let staff = office::accounts();
    let mut lines = vec![
        format!(
            "Demonstration data: {CASES} cases, and some mail. Everybody signs in with the password  {PASSWORD}"
        ),
        String::new(),
    ];
    let mut add = |role: &str, account: &office::Account, what: &str| {
        lines.push(format!(
            "  {role:<10}  {:<27}  {} ({what})",
            account.email, account.name
        ));
    };
    let first = |local: &str| {
        let email = format!("{local}@{}", office::DOMAIN);
        let account = staff.iter().find(|account| account.email == email);
        account.expect("each kind has one with the shortest address")
    };
    add(
        "operator",
        first("operator"),
        "テレワーク相談センター 相談員",
    );
    add(
        "supervisor",
        first("supervisor"),
        "テレワーク相談センター 統括",
    );
    add(
        "desk",
        first("desk"),
        "テレワーク・サポートネットワーク 東京窓口",
    );
    add("manager", first("manager"), "テレワークマネージャー");
    add("admin", &office::admin(), "事務局");
    add("auditor", &office::auditor(), "監査");
    lines.push(String::new());
    lines.push("All people, enterprises and numbers are made up. The password is public: enter no real data here.".into());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Password;
    use chrono::{DateTime, TimeDelta, Utc};
    use plan::{Act, Request};
    use std::collections::{HashMap, HashSet};

    /// Both ends of a fiscal year, and days all over two of them with their holidays, at all hours.
    fn plans() -> impl Iterator<Item = (DateTime<Utc>, Vec<Value>, Vec<Step>)> {
        let time = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let ends = ["2026-03-31T09:00:00Z", "2026-04-01T00:10:00Z"].map(time);
        let all_over = (0..24)
            .map(move |number| time("2026-03-30T02:20:00Z") + TimeDelta::hours(number * 731));
        ends.into_iter().chain(all_over).map(|now| {
            let (enterprises, steps) = plan_all(now);
            (now, enterprises, steps)
        })
    }

    fn requests(steps: &[Step]) -> impl Iterator<Item = &Request> {
        steps.iter().filter_map(|step| match &step.act {
            Act::Send(request) => Some(request),
            _ => None,
        })
    }

    /// The names that stand in a text.
    fn names(text: &str) -> Vec<&str> {
        let ends = text.split('{').skip(1);
        ends.filter_map(|rest| rest.split_once('}'))
            .map(|(name, _)| name)
            .collect()
    }

    #[test]
    fn four_hundred_cases_whatever_the_day() {
        for (now, enterprises, steps) in plans() {
            let opened = requests(&steps)
                .filter(|request| request.path == "/cases")
                .count();
            assert_eq!(opened, CASES, "{now}");
            assert!(
                (250..400).contains(&enterprises.len()),
                "{now}: {}",
                enterprises.len()
            );
            assert!(steps.iter().all(|step| step.at <= now), "{now}");
            assert!(steps.is_sorted_by_key(|step| step.at), "{now}");
        }
    }

    #[test]
    fn the_same_moment_gives_the_same_plan() {
        let now = "2026-11-24T01:00:00Z".parse().unwrap();
        assert_eq!(
            format!("{:?}", plan_all(now)),
            format!("{:?}", plan_all(now))
        );
    }

    /// Nothing is named before the answer that gives it its id.
    #[test]
    fn every_name_is_known_in_time() {
        for (now, enterprises, steps) in plans() {
            let mut known: HashSet<String> = (0..enterprises.len())
                .map(|number| format!("enterprise:{number}"))
                .collect();
            for request in requests(&steps) {
                let body = request.body.to_string();
                let in_body = body.split('"').filter(|text| {
                    text.starts_with('{') && text.ends_with('}') && text.contains(':')
                });
                let version = request.version.iter().map(String::as_str);
                for name in names(&request.path)
                    .into_iter()
                    .chain(in_body.flat_map(names))
                    .chain(version)
                {
                    assert!(
                        known.contains(name),
                        "{now}: {name} in {} {}",
                        request.method,
                        request.path
                    );
                }
                for (name, _) in &request.keep {
                    if let Some(number) = name.strip_prefix("enterprise:") {
                        known.insert(format!("enterprise-id:{number}"));
                    }
                    known.insert(name.clone());
                }
            }
        }
    }

    fn moment(body: &Value, field: &str) -> DateTime<Utc> {
        body[field]
            .as_str()
            .and_then(|text| text.parse().ok())
            .unwrap()
    }

    /// What a manager answers is not over, and who is away is only asked with a reason.
    #[test]
    fn offers_are_made_and_answered_in_time() {
        for (now, _, steps) in plans() {
            type Span = (DateTime<Utc>, DateTime<Utc>);
            let mut absences: HashMap<String, Vec<Span>> = HashMap::new();
            let mut reply_by = HashMap::new();
            for step in &steps {
                let Act::Send(Request {
                    path, body, keep, ..
                }) = &step.act
                else {
                    continue;
                };
                if let Some(manager) = path.strip_suffix("/absences") {
                    let span = (moment(body, "starts_at"), moment(body, "ends_at"));
                    let manager = manager.trim_start_matches("/managers/").to_owned();
                    absences.entry(manager).or_default().push(span);
                }
                if path.ends_with("/offers") && body["override_reason"].is_null() {
                    let absent = absences.get(body["manager_id"].as_str().unwrap());
                    let is_absent = absent.is_some_and(|spans| {
                        spans
                            .iter()
                            .any(|(from, to)| *from <= step.at && step.at < *to)
                    });
                    assert!(!is_absent, "{now}: {path} at {}", step.at);
                }
                if path.ends_with("/offers") && body["accepted_by_phone"] != true {
                    reply_by.insert(
                        format!("/offers/{{{}}}", keep[0].0),
                        moment(body, "reply_by"),
                    );
                }
                if let Some(offer) = path
                    .strip_suffix("/accept")
                    .filter(|path| path.starts_with("/offers"))
                {
                    assert!(step.at < reply_by[offer], "{now}: {path} at {}", step.at);
                }
            }
        }
    }

    #[test]
    fn the_password_is_as_strong_as_anybody_elses() {
        let password = Password::parse(PASSWORD).unwrap();
        let staff = office::accounts();
        for account in staff.iter().chain([&office::admin(), &office::auditor()]) {
            assert_eq!(
                password.strength_errors(&[&account.email, &account.name]),
                None,
                "{}",
                account.email
            );
        }
    }

    #[test]
    fn one_account_of_each_kind_is_printed() {
        let text = who_can_sign_in();
        for role in crate::access::Role::ALL {
            let address = format!("{}@{}", role.name(), office::DOMAIN);
            assert!(text.contains(&address), "{address} in {text}");
        }
        assert!(text.contains(PASSWORD));
    }
}
