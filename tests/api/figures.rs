//! Figures: every number is the length of its list, for everybody who can ask for it, and is what a plain recount says.

use crate::harness::{Client, TestApp};
use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, TimeDelta, Utc};
use madoguchi::demo;
use serde_json::{Value, json};
use sqlx::FromRow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// What each report can be asked by.
async fn dimensions(client: &Client, report: &str) -> Vec<String> {
    let catalogue = client.get("/reports").await.expect(200);
    let reports = catalogue["reports"].as_array().unwrap();
    let report = reports
        .iter()
        .find(|entry| entry["report"] == report)
        .unwrap();
    let names = report["dimensions"].as_array().unwrap();
    names
        .iter()
        .map(|name| name.as_str().unwrap().to_owned())
        .collect()
}

const REPORTS: [&str; 5] = [
    "cases",
    "interactions",
    "enterprises",
    "sessions",
    "deadlines",
];

/// Lists that were read, by their path.
#[derive(Default)]
struct Lists(HashMap<String, Vec<Value>>);

impl Lists {
    /// Everything on a list, page by page.
    async fn read(&mut self, client: &Client, list: &str) -> &[Value] {
        if !self.0.contains_key(list) {
            let path = list.strip_prefix("/api/v1").unwrap();
            let mut rows = Vec::new();
            let mut page = client.get(format!("{path}&limit=200")).await.expect(200);
            loop {
                rows.extend(page.items().iter().cloned());
                let Some(cursor) = page["next_cursor"].as_str() else {
                    break;
                };
                let next = format!("{path}&limit=200&cursor={cursor}");
                page = client.get(next).await.expect(200);
            }
            // Contacts and deadlines of one case look alike to an auditor, who gets no ids.
            let key = match list.contains("/enterprises/") {
                true => "enterprise_id",
                false => "id",
            };
            let ids: Vec<_> = rows.iter().filter_map(|row| row[key].as_str()).collect();
            let unique: BTreeSet<_> = ids.iter().collect();
            assert_eq!(unique.len(), ids.len(), "nothing is listed twice: {list}");
            self.0.insert(list.to_owned(), rows);
        }
        &self.0[list]
    }
}

/// Every number in an answer, with its list.
fn numbers(answer: &Value, found: &mut Vec<(i64, String)>) {
    match answer {
        Value::Object(fields) => {
            let number = fields.get("count").or(fields.get("total"));
            if let (Some(count), Some(list)) = (
                number.and_then(Value::as_i64),
                fields.get("list").and_then(Value::as_str),
            ) {
                found.push((count, list.to_owned()));
            }
            fields.values().for_each(|value| numbers(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| numbers(value, found)),
        _ => {}
    }
}

async fn check(client: &Client, path: &str, lists: &mut Lists) -> Value {
    let answer = client.get(path).await.expect(200).json;
    let mut found = Vec::new();
    numbers(&answer, &mut found);
    for (count, list) in found {
        let length = lists.read(client, &list).await.len() as i64;
        assert_eq!(count, length, "{path}: {list}");
    }
    if answer["adds_up"] == true && !answer["by"].as_array().unwrap().is_empty() {
        let rows = answer["rows"].as_array().unwrap();
        let sum: i64 = rows.iter().map(|row| row["count"].as_i64().unwrap()).sum();
        assert_eq!(sum, answer["total"].as_i64().unwrap(), "{path}");
    }
    answer
}

async fn sign_in(app: &TestApp, role: &str) -> Client {
    let signed_in = app
        .as_nobody()
        .post(
            "/auth/login",
            json!({ "email": format!("{role}@demo.example.jp"), "password": demo::PASSWORD }),
        )
        .await
        .expect(200);
    app.with_token(signed_in["access_token"].as_str().unwrap())
}

/// One filling for all of it, because it takes its time.
#[actix_web::test]
async fn every_number_is_the_length_of_its_list() {
    let app = TestApp::start().await;
    demo::fill_store(&app.store).await.unwrap();
    let mut totals = BTreeMap::new();
    for role in [
        "admin",
        "operator",
        "supervisor",
        "desk",
        "manager",
        "auditor",
    ] {
        let client = sign_in(&app, role).await;
        let total = walk(&client, role).await;
        totals.insert(role, total);
    }
    for role in ["operator", "supervisor", "auditor"] {
        assert_eq!(totals[role], totals["admin"], "{role} sees everything");
    }
    assert!(totals["desk"] < totals["admin"] && totals["desk"] > 0);
    assert!(totals["manager"] < totals["admin"] && totals["manager"] > 0);
    let admin = sign_in(&app, "admin").await;
    recount_everything(&app, &admin).await;
}

/// Every dimension, some pairs of them, an earlier day, and the reports of their own kind; the office over two fiscal years,
/// the others over the current one. Returns how many cases there are.
async fn walk(client: &Client, role: &str) -> i64 {
    let mut lists = Lists::default();
    let days = match role {
        "admin" => "from=2025-04-01&to=2027-03-31",
        _ => "from=2026-04-01&to=2027-03-31",
    };
    for report in REPORTS {
        for dimension in dimensions(client, report).await {
            let path = format!("/reports/{report}?by={dimension}&{days}");
            check(client, &path, &mut lists).await;
        }
        check(
            client,
            &format!("/reports/{report}?by=month,desk"),
            &mut lists,
        )
        .await;
        let past = format!("/reports/{report}?by=status,prefecture&{days}&as_of=2026-08-31");
        check(client, &past, &mut lists).await;
    }
    for path in [
        "/reports/cases?by=outcome&scope=all&from=2025-04-01",
        "/reports/cases?by=outcome&scope=excluded&from=2025-04-01",
        "/reports/cases?by=topic,ministry&topic=ict,labour",
        "/reports/sessions?by=state&from=2025-04-01",
        "/reports/sessions?by=manager,line",
        "/reports/times?by=desk&from=2025-04-01",
        "/reports/times?as_of=2026-09-30",
        "/reports/lateness?from=2025-04-01",
        "/reports/lateness?as_of=2026-10-15&kind=report,route",
        "/reports/capacity?from=2026-10-01&to=2026-12-31",
        "/reports/overview",
        "/reports/targets",
    ] {
        check(client, path, &mut lists).await;
    }
    if role == "auditor" {
        assert_masked(&lists);
    }
    check(client, "/reports/cases?from=2025-04-01", &mut lists).await["total"]
        .as_i64()
        .unwrap()
}

/// Nothing of an enterprise or a person, and no words of anybody.
fn assert_masked(lists: &Lists) {
    for (list, rows) in &lists.0 {
        for row in rows {
            for field in [
                "enterprise_name",
                "id",
                "case_id",
                "name",
                "subject",
                "description",
                "reason",
                "contact",
            ] {
                assert!(row[field].is_null(), "{list}: {field}");
            }
        }
    }
}

// ----------------------------------------------------------------------------------------------- the plain recount

#[derive(FromRow)]
struct RawCase {
    id: uuid::Uuid,
    enterprise_id: uuid::Uuid,
    channel: String,
    topics: Vec<String>,
    site_prefecture_code: Option<String>,
    prefecture_code: Option<String>,
    industry_code: Option<String>,
    employees: Option<i32>,
    received_at: DateTime<Utc>,
    recorded_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct RawStep {
    case_id: uuid::Uuid,
    to_status: String,
    desk_id: Option<uuid::Uuid>,
    outcome: Option<String>,
    occurred_at: DateTime<Utc>,
}

#[derive(FromRow)]
struct RawSession {
    state: String,
    stage: String,
    at: DateTime<Utc>,
    booked_at: DateTime<Utc>,
    settled_at: Option<DateTime<Utc>>,
    voided_at: Option<DateTime<Utc>>,
    was_missed: bool,
}

struct Raw {
    cases: Vec<RawCase>,
    steps: HashMap<uuid::Uuid, Vec<RawStep>>,
    assigned: HashMap<uuid::Uuid, Vec<(uuid::Uuid, DateTime<Utc>)>>,
    sessions: Vec<RawSession>,
    contacts: Vec<(DateTime<Utc>, DateTime<Utc>)>,
}

async fn read_raw(app: &TestApp) -> Raw {
    let db = &mut app.sql_as_reader().await;
    let cases = sqlx::query_as(
        "select c.*, e.prefecture_code, e.industry_code, e.employees from case_file c join enterprise e on e.id = c.enterprise_id",
    )
    .fetch_all(&mut *db)
    .await
    .unwrap();
    let rows: Vec<RawStep> = sqlx::query_as("select * from case_history order by case_id, seq")
        .fetch_all(&mut *db)
        .await
        .unwrap();
    let mut steps: HashMap<_, Vec<_>> = HashMap::new();
    for row in rows {
        steps.entry(row.case_id).or_default().push(row);
    }
    let rows: Vec<(uuid::Uuid, uuid::Uuid, DateTime<Utc>)> =
        sqlx::query_as("select case_id, manager_id, assigned_at from assignment")
            .fetch_all(&mut *db)
            .await
            .unwrap();
    let mut assigned: HashMap<_, Vec<_>> = HashMap::new();
    for (case_id, manager, at) in rows {
        assigned.entry(case_id).or_default().push((manager, at));
    }
    let sessions = sqlx::query_as(
        "select *, coalesce(held_from, starts_at) as at, no_show_by is not null as was_missed from consultation",
    )
    .fetch_all(&mut *db)
    .await
    .unwrap();
    let contacts = sqlx::query_as(
        r#"
        select occurred_at, recorded_at from interaction
        union all
        select received_at, greatest(received_at, processed_at) from inbound_mail
        where case_id is not null and kind = 'normal' and discarded_at is null
        union all
        select sent_at, sent_at from message where kind = 'reply' and state = 'sent' and case_id is not null
        "#,
    )
    .fetch_all(&mut *db)
    .await
    .unwrap();
    Raw {
        cases,
        steps,
        assigned,
        sessions,
        contacts,
    }
}

fn in_japan(at: DateTime<Utc>) -> DateTime<FixedOffset> {
    at.with_timezone(&FixedOffset::east_opt(9 * 3600).unwrap())
}

fn size(employees: Option<i32>) -> &'static str {
    match employees {
        None => "unset",
        Some(..=5) => "to_5",
        Some(..=20) => "to_20",
        Some(..=50) => "to_50",
        Some(..=100) => "to_100",
        Some(..=300) => "to_300",
        Some(_) => "over_300",
    }
}

type Counts = BTreeMap<String, i64>;

fn add(counts: &mut BTreeMap<&'static str, Counts>, dimension: &'static str, code: String) {
    *counts
        .entry(dimension)
        .or_default()
        .entry(code)
        .or_default() += 1;
}

impl Raw {
    /// Cases that count at the end of a day in Japan, by each dimension; and the enterprises.
    fn count(
        &self,
        first: NaiveDate,
        last: NaiveDate,
        day: NaiveDate,
    ) -> BTreeMap<&'static str, Counts> {
        let mut counts = BTreeMap::new();
        let mut enterprises = BTreeSet::new();
        let by_then = |at: DateTime<Utc>| in_japan(at).date_naive() <= day;
        for case in &self.cases {
            let received = in_japan(case.received_at).date_naive();
            if !(first..=last).contains(&received) || !by_then(case.recorded_at) {
                continue;
            }
            let mut steps = self.steps[&case.id].iter();
            let stood = steps
                .rfind(|step| by_then(step.occurred_at))
                .expect("it was recorded by then");
            let outcome = stood.outcome.as_deref().unwrap_or("unset");
            if matches!(outcome, "duplicate" | "spam") {
                continue;
            }
            enterprises.insert(case.enterprise_id);
            let unset = || "unset".to_owned();
            add(&mut counts, "month", received.format("%Y-%m").to_string());
            let year = received.year() - i32::from(received.month() < 4);
            add(&mut counts, "fiscal_year", year.to_string());
            let place = case
                .site_prefecture_code
                .clone()
                .or(case.prefecture_code.clone());
            add(&mut counts, "prefecture", place.unwrap_or_else(unset));
            let industry = case.industry_code.as_ref().map(|code| code[..1].to_owned());
            add(&mut counts, "industry", industry.unwrap_or_else(unset));
            add(&mut counts, "size", size(case.employees).to_owned());
            add(&mut counts, "channel", case.channel.clone());
            add(&mut counts, "status", stood.to_status.clone());
            add(&mut counts, "outcome", outcome.to_owned());
            let desk = stood.desk_id.map(|id| id.to_string());
            add(&mut counts, "desk", desk.unwrap_or_else(unset));
            let managers: BTreeSet<_> = self
                .assigned
                .get(&case.id)
                .into_iter()
                .flatten()
                .filter(|(_, at)| by_then(*at))
                .map(|(manager, _)| manager.to_string())
                .collect();
            if managers.is_empty() {
                add(&mut counts, "manager", unset());
            }
            for manager in managers {
                add(&mut counts, "manager", manager);
            }
            let mut ministries = BTreeSet::new();
            for topic in &case.topics {
                add(&mut counts, "topic", topic.clone());
                match topic.as_str() {
                    "ict" | "security" | "tools" => ministries.insert("mic"),
                    "labour" | "rules" | "subsidy" => ministries.insert("mhlw"),
                    _ => false,
                };
            }
            if ministries.is_empty() {
                ministries.insert("unset");
            }
            for ministry in ministries {
                add(&mut counts, "ministry", ministry.to_owned());
            }
        }
        counts.insert(
            "enterprises",
            [("total".to_owned(), enterprises.len() as i64)].into(),
        );
        counts
    }

    /// Sessions as they stood, by state; the held ones by stage.
    fn sessions(&self, first: NaiveDate, last: NaiveDate, day: NaiveDate) -> (Counts, Counts) {
        let by_then = |at: DateTime<Utc>| in_japan(at).date_naive() <= day;
        let (mut states, mut stages) = (Counts::new(), Counts::new());
        for session in &self.sessions {
            let date = in_japan(session.at).date_naive();
            if !(first..=last).contains(&date) || !by_then(session.booked_at) {
                continue;
            }
            let state = if session.voided_at.is_some_and(by_then) {
                "voided"
            } else if !session.settled_at.is_some_and(by_then) {
                "booked"
            } else if session.state != "voided" {
                &session.state
            } else if session.was_missed {
                "no_show"
            } else {
                "held"
            };
            *states.entry(state.to_owned()).or_default() += 1;
            if state == "held" {
                *stages.entry(session.stage.clone()).or_default() += 1;
            }
        }
        (states, stages)
    }
}

fn counts_of(report: &Value, dimension: &str) -> Counts {
    let rows = report["rows"].as_array().unwrap().iter();
    rows.map(|row| {
        let code = row["keys"][dimension]["code"].as_str().unwrap();
        (code.to_owned(), row["count"].as_i64().unwrap())
    })
    .collect()
}

/// The same from the tables, without a line of the program: on days all over two years, today and one of them in the
/// middle of a closed period of none.
async fn recount_everything(app: &TestApp, admin: &Client) {
    let raw = read_raw(app).await;
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let spans = [
        ("2025-04-01", "2027-03-31"),
        ("2026-04-01", "2026-09-30"),
        ("2026-10-10", "2026-11-24"),
    ];
    for as_of in [
        "2025-06-30",
        "2026-03-31",
        "2026-10-15",
        "2026-11-23",
        "2026-11-24",
    ] {
        for (first, last) in spans {
            let query = format!("from={first}&to={last}&as_of={as_of}");
            let expected = raw.count(day(first), day(last), day(as_of));
            for (dimension, counts) in &expected {
                if *dimension == "enterprises" {
                    let path = format!("/reports/enterprises?{query}");
                    let report = admin.get(path).await.expect(200);
                    assert_eq!(report["total"], counts["total"], "{query}");
                    continue;
                }
                let path = format!("/reports/cases?by={dimension}&{query}");
                let report = admin.get(&path).await.expect(200);
                assert_eq!(counts_of(&report.json, dimension), *counts, "{path}");
            }
            let (states, stages) = raw.sessions(day(first), day(last), day(as_of));
            let by_state = admin
                .get(format!("/reports/sessions?by=state&{query}"))
                .await
                .expect(200);
            assert_eq!(counts_of(&by_state.json, "state"), states, "{query}");
            let by_stage = admin
                .get(format!("/reports/sessions?by=stage&{query}"))
                .await
                .expect(200);
            assert_eq!(counts_of(&by_stage.json, "stage"), stages, "{query}");
            let contacts = raw.contacts.iter().filter(|(at, recorded)| {
                (day(first)..=day(last)).contains(&in_japan(*at).date_naive())
                    && in_japan(*recorded).date_naive() <= day(as_of)
            });
            let path = format!("/reports/interactions?scope=all&{query}");
            let report = admin.get(path).await.expect(200);
            assert_eq!(report["total"], contacts.count(), "{query}");
        }
    }
}

// -------------------------------------------------------------------------------------------------- whose figures

#[actix_web::test]
async fn nobody_counts_what_is_not_theirs() {
    let app = TestApp::start().await;
    let (ours, theirs) = (app.make_desk().await, app.make_desk_for("03").await);
    let (manager, other) = (app.make_manager().await, app.make_manager().await);
    let case = app.make_consulting_case(&ours, &manager).await;
    app.make_accepted_case(&ours).await;
    app.make_consulting_case(&theirs, &other).await;
    let total = async |client: Client, report: &str| {
        let path = format!("/reports/{report}?scope=all");
        client.get(path).await.expect(200)["total"]
            .as_i64()
            .unwrap()
    };
    for report in ["cases", "enterprises", "interactions"] {
        assert_eq!(total(app.as_admin(), report).await, 3, "{report}");
        assert_eq!(total(app.as_auditor(), report).await, 3, "{report}");
        assert_eq!(total(app.as_desk(&ours), report).await, 2, "{report}");
        assert_eq!(total(app.as_desk(&theirs), report).await, 1, "{report}");
        assert_eq!(total(app.as_manager(&manager), report).await, 1, "{report}");
    }
    assert_eq!(total(app.as_desk(&ours), "sessions").await, 1);
    // Asking for another desk by name brings nothing to light.
    let path = format!("/reports/cases?desk={}", theirs.id());
    let asked = app.as_desk(&ours).get(path).await.expect(200);
    assert_eq!(asked["total"], 0);
    // A case that goes away takes its count along.
    app.as_supervisor()
        .post(
            format!("/cases/{}/route", case.id()),
            json!({ "desk_id": theirs.id(), "reason": "所在地の訂正" }),
        )
        .await
        .expect(200);
    assert_eq!(total(app.as_desk(&ours), "cases").await, 1);
    assert_eq!(total(app.as_desk(&theirs), "cases").await, 2);
    assert_eq!(total(app.as_manager(&manager), "cases").await, 0);
}

#[actix_web::test]
async fn an_auditor_reads_codes_and_numbers() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_consulting_case(&desk, &manager).await;
    let auditor = app.as_auditor();
    let rows = auditor.get("/reports/cases/rows").await.expect(200);
    let row = &rows.items()[0];
    assert_eq!(row["number"], case["number"]);
    assert_eq!(row["prefecture"], "02");
    assert_eq!(row["enterprise_name"], Value::Null);
    let named = app.as_admin().get("/reports/cases/rows").await.expect(200);
    assert_eq!(
        named.items()[0]["enterprise_name"],
        case["enterprise"]["name"]
    );
    let name = manager["name"].as_str().unwrap();
    for path in [
        "/reports/cases?by=manager",
        "/reports/capacity",
        "/reports/cases/rows",
    ] {
        let masked = auditor.get(path).await.expect(200);
        assert!(!masked.json.to_string().contains(name), "{path}");
        let open = app.as_admin().get(path).await.expect(200);
        assert!(
            path.ends_with("rows") || open.json.to_string().contains(name),
            "{path}"
        );
    }
    // The case itself stays shut.
    auditor
        .get(format!("/cases/{}", case.id()))
        .await
        .problem("forbidden");
}

#[actix_web::test]
async fn faulty_questions_name_every_parameter() {
    let app = TestApp::start().await;
    let admin = app.as_admin();
    admin
        .get("/reports/cases?prefecture=48&industry=E09&as_of=2099-01-01&state=held")
        .await
        .invalid(&["/prefecture", "/industry", "/state", "/as_of"]);
    admin
        .get("/reports/cases?by=month,desk,topic")
        .await
        .invalid(&["/by"]);
    admin
        .get("/reports/cases?by=month,month")
        .await
        .invalid(&["/by"]);
    admin
        .get("/reports/cases?from=2026-05-01&to=2026-04-01")
        .await
        .invalid(&["/to"]);
    admin
        .get("/reports/lateness?state=late")
        .await
        .invalid(&["/state"]);
    admin
        .get("/reports/cases?colour=red")
        .await
        .invalid(&["/colour"]);
    admin
        .get("/reports/capacity?from=2026-01-01&to=2027-02-01")
        .await
        .invalid(&["/to"]);
}

// --------------------------------------------------------------------------------------------------------- times

#[actix_web::test]
async fn times_are_business_minutes_since_the_enterprise_asked() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    // A Tuesday, ten in the morning.
    app.set_time("2026-11-24T10:00:00+09:00");
    let case = app.make_routed_case(&desk).await;
    app.advance(TimeDelta::minutes(30));
    app.as_desk(&desk)
        .post(format!("/cases/{}/accept", case.id()), json!({}))
        .await
        .expect(200);
    app.assign(&desk, &case, &manager, "labour").await;
    app.advance(TimeDelta::minutes(60));
    let call = json!({
        "kind": "phone", "direction": "outbound", "occurred_at": app.now(), "result": "reached", "body": "日程を相談した。",
    });
    app.as_desk(&desk)
        .post(format!("/cases/{}/interactions", case.id()), call)
        .await
        .expect(201);
    // Half an hour of waiting for the enterprise.
    let wait = json!({ "on": "enterprise", "reason": "社内で相談中" });
    app.as_desk(&desk)
        .post(format!("/cases/{}/wait", case.id()), wait)
        .await
        .expect(200);
    app.advance(TimeDelta::minutes(30));
    let wait = json!({ "on": "desk", "reason": "返事あり" });
    app.as_desk(&desk)
        .post(format!("/cases/{}/wait", case.id()), wait)
        .await
        .expect(200);
    let session = app.book(&desk, &case, 1).await;
    let session = app.hold(&desk, &session).await;
    let times = async || {
        let report = app.as_admin().get("/reports/times").await.expect(200);
        report["total"].clone()
    };
    let measured = times().await;
    let minutes = |point: &str, what: &str| measured[point][what]["median"].as_f64().unwrap();
    assert_eq!(minutes("acceptance", "gross"), 30.0);
    assert_eq!(minutes("first_answer", "gross"), 90.0);
    // From Tuesday 10:00 to Wednesday 12:00, with nights from 17:00 to 9:00.
    assert_eq!(minutes("first_session", "gross"), 600.0);
    assert_eq!(minutes("first_session", "net"), 570.0);
    assert_eq!(measured["first_session"]["count"], 1);
    let before = app
        .as_admin()
        .get("/reports/times?as_of=2026-11-24")
        .await
        .expect(200);
    assert_eq!(before["total"]["first_session"]["count"], 0);
    assert_eq!(before["total"]["first_answer"]["count"], 1);
    // A session that was recorded wrongly was none.
    app.as_supervisor()
        .post(
            format!("/consultations/{}/void", session.id()),
            json!({ "reason": "別の案件の記録" }),
        )
        .await
        .expect(200);
    let measured = times().await;
    assert_eq!(measured["first_session"]["count"], 0);
    assert_eq!(measured["first_session"]["gross"], Value::Null);
}

#[actix_web::test]
async fn what_was_late_is_told_by_kind() {
    let app = TestApp::start().await;
    let desk = app.make_desk().await;
    app.make_routed_case(&desk).await;
    app.make_case().await;
    app.advance(TimeDelta::days(10));
    let report = app.as_admin().get("/reports/lateness").await.expect(200);
    let row = |kind: &str| {
        let rows = report["rows"].as_array().unwrap();
        rows.iter()
            .find(|row| row["kind"]["code"] == kind)
            .unwrap()
            .clone()
    };
    let route = row("route");
    assert_eq!(route["due"]["count"], 2);
    assert_eq!(
        (&route["met"]["count"], &route["overdue"]["count"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(row("first_contact")["overdue"]["count"], 2);
    check(&app.as_admin(), "/reports/lateness", &mut Lists::default()).await;
}

// ---------------------------------------------------------------------------------------------- what offices set

#[actix_web::test]
async fn a_ministry_counts_what_the_office_says() {
    let app = TestApp::start().await;
    let admin = app.as_admin();
    app.make_case().await;
    let ministries = async || {
        let report = admin.get("/reports/cases?by=ministry").await.expect(200);
        assert_eq!(report["total"], 1, "counted once in all");
        counts_of(&report.json, "ministry")
    };
    // Labour and ICT: once for each.
    let both = Counts::from([("mhlw".into(), 1), ("mic".into(), 1)]);
    assert_eq!(ministries().await, both);
    let settings = admin.get("/settings").await.expect(200);
    let one = json!([{ "code": "soumu", "name": "総務省", "topics": ["security"] }]);
    let changed = admin
        .patch("/settings", json!({ "ministries": one }))
        .if_match(settings.etag())
        .await
        .expect(200);
    assert_eq!(ministries().await, Counts::from([("unset".into(), 1)]));
    let twice = json!([
        { "code": "mic", "name": "総務省", "topics": ["ict"] },
        { "code": "mic", "name": "総務省", "topics": ["ict"] },
        { "code": "unset", "name": "なし", "topics": [] },
    ]);
    admin
        .patch("/settings", json!({ "ministries": twice }))
        .if_match(changed.etag())
        .await
        .invalid(&["/ministries/1/code", "/ministries/2/code"]);
}

#[actix_web::test]
async fn after_the_last_day_a_session_needs_a_supervisors_reason() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_assigned_case(&desk, &manager).await;
    let settings = app.as_admin().get("/settings").await.expect(200);
    app.as_admin()
        .patch(
            "/settings",
            json!({ "last_day_for_sessions": "11-30", "last_day_for_intake": "11-25" }),
        )
        .if_match(settings.etag())
        .await
        .expect(200);
    let path = format!("/cases/{}/consultations", case.id());
    let late = app.session(10);
    let refused = app
        .as_desk(&desk)
        .post(&path, late.clone())
        .await
        .problem("conflict");
    assert!(refused["detail"].as_str().unwrap().contains("2026-11-30"));
    let mut reasoned = late;
    reasoned["override_reason"] = json!("年度内に完了する必要がある");
    app.as_desk(&desk)
        .post(&path, reasoned.clone())
        .await
        .problem("forbidden");
    let in_time = app
        .as_desk(&desk)
        .post(&path, app.session(3))
        .await
        .expect(201);
    let moved = app.session(11);
    let moved = json!({ "starts_at": moved["starts_at"], "ends_at": moved["ends_at"] });
    app.as_desk(&desk)
        .post(format!("/consultations/{}/reschedule", in_time.id()), moved)
        .await
        .problem("conflict");
    app.as_supervisor().post(&path, reasoned).await.expect(201);
    // The next fiscal year has a last day of its own.
    app.as_desk(&desk)
        .post(&path, app.session(150))
        .await
        .expect(201);
}

#[actix_web::test]
async fn what_comes_after_the_last_day_is_taken_and_flagged() {
    let app = TestApp::start().await;
    let settings = app.as_admin().get("/settings").await.expect(200);
    let changed = app
        .as_admin()
        .patch("/settings", json!({ "last_day_for_intake": "11-24" }))
        .if_match(settings.etag())
        .await
        .expect(200);
    assert_eq!(app.make_case().await["flags"], json!([]));
    app.advance(TimeDelta::days(1));
    let case = app.make_case().await;
    assert_eq!(case["flags"], json!(["after_last_day"]));
    assert_eq!(case["status"], "received");
    app.as_admin()
        .patch("/settings", json!({ "last_day_for_intake": null }))
        .if_match(changed.etag())
        .await
        .expect(200);
    assert_eq!(app.make_case().await["flags"], json!([]));
    app.as_admin()
        .patch("/settings", json!({ "last_day_for_sessions": "02-30" }))
        .await
        .invalid(&["/last_day_for_sessions"]);
}

#[actix_web::test]
async fn targets_stand_beside_what_is_measured() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_consulting_case(&desk, &manager).await;
    let session = &case["next_consultation"]["id"];
    let session = app
        .as_desk(&desk)
        .get(format!("/consultations/{}", session.as_str().unwrap()))
        .await
        .expect(200);
    app.hold(&desk, &session).await;
    let introduced = json!({ "telework_status": "introduced" });
    let case = app.show_case(&case).await;
    app.as_desk(&desk)
        .patch(format!("/cases/{}", case.id()), introduced)
        .if_match(case.etag())
        .await
        .expect(200);
    let second = app.make_consulting_case(&desk, &manager).await;
    assert_eq!(second["status"], "consulting");
    let admin = app.as_admin();
    let none = admin.get("/targets").await.expect(200);
    assert_eq!(none["items"], json!([]));
    let targets = json!({
        "fiscal_year": 2026,
        "items": [
            { "area": "national", "measure": "introduced_share", "value": 55.2, "source": "デジタル田園都市国家構想総合戦略" },
            { "area": "regional", "measure": "cases", "value": 100.0, "source": null },
            { "area": "urban", "measure": "sessions", "value": 10.0, "source": null },
        ],
    });
    admin
        .put("/targets", targets.clone())
        .await
        .problem("precondition-required");
    let set = admin
        .put("/targets", targets.clone())
        .if_match(none.etag())
        .await
        .expect(200);
    admin
        .put("/targets", json!({ "fiscal_year": 2026, "items": [] }))
        .if_match(none.etag())
        .await
        .problem("stale");
    let same = admin
        .put("/targets", targets)
        .if_match(set.etag())
        .await
        .expect(200);
    assert_eq!(same.etag(), set.etag(), "the same once more is no change");
    app.as_supervisor()
        .put("/targets", json!({ "fiscal_year": 2026, "items": [] }))
        .if_match(set.etag())
        .await
        .problem("forbidden");
    let faulty = json!({
        "fiscal_year": 26,
        "items": [
            { "area": "urban", "measure": "introduced_share", "value": 101.0 },
            { "area": "urban", "measure": "introduced_share", "value": 1.0 },
        ],
    });
    admin
        .put("/targets", faulty)
        .if_match(set.etag())
        .await
        .invalid(&["/fiscal_year", "/items/0/value", "/items/1/measure"]);
    let report = check(&admin, "/reports/targets", &mut Lists::default()).await;
    let measured = |row: usize| report["rows"][row]["measured"].clone();
    // Only one enterprise had a session, and it introduced telework.
    assert_eq!(measured(0)["value"], 100.0);
    assert_eq!(measured(0)["whole"]["count"], 1);
    assert_eq!(report["rows"][0]["measured_by"], "case_status");
    assert_eq!(measured(1)["value"], 2.0, "Aomori is regional");
    assert_eq!(measured(2)["value"], 0.0);
}

#[actix_web::test]
async fn capacity_is_what_a_booking_would_find() {
    let app = TestApp::start().await;
    let (desk, other_desk) = (app.make_desk().await, app.make_desk_for("03").await);
    let manager = app.make_manager().await;
    let path = format!("/managers/{}", manager.id());
    app.as_admin()
        .patch(&path, json!({ "monthly_capacity": 3 }))
        .if_match(manager.etag())
        .await
        .expect(200);
    let ours = app.make_consulting_case(&desk, &manager).await;
    app.make_assigned_case(&other_desk, &manager).await;
    app.advance(TimeDelta::hours(2));
    app.make_consulting_case(&other_desk, &manager).await;
    let report = async |client: Client| client.get("/reports/capacity").await.expect(200);
    let all = report(app.as_admin()).await;
    let row = &all["managers"][0];
    assert_eq!((&row["capacity"], &row["left"]), (&json!(3), &json!(1)));
    assert_eq!(row["booked"]["count"], 2);
    let own = report(app.as_desk(&desk)).await;
    // What is left is what the desk can book; whose the others are is not its business.
    assert_eq!(own["managers"][0]["left"], 1);
    assert_eq!(own["managers"][0]["booked"]["count"], 1);
    let desks = own["desks"].as_array().unwrap();
    assert_eq!(desks.len(), 1);
    assert_eq!(desks[0]["desk_id"], json!(desk.id()));
    assert_eq!(
        (&desks[0]["capacity"], &desks[0]["left"]),
        (&json!(3), &json!(1))
    );
    let stranger = app.make_manager().await;
    let stranger = report(app.as_manager(&stranger)).await;
    assert_eq!(stranger["managers"].as_array().unwrap().len(), 1);
    assert_eq!(stranger["managers"][0]["left"], 200);
    assert_eq!(stranger["desks"], json!([]));
    check(&app.as_admin(), "/reports/capacity", &mut Lists::default()).await;
    assert_eq!(ours["status"], "consulting");
}
