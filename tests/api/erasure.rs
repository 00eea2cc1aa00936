//! Erasure: nothing that says who somebody was is left in any column, what is counted stays, and an enterprise that comes
//! again is recognised by what it was known by.

use crate::{
    audit::verify,
    harness::{TestApp, TestResponse},
    mails::{flags, letter, plus_address},
    same_enterprise::{flag, open},
};
use chrono::TimeDelta;
use madoguchi::{blobs::Digest, japan::fold};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, PgConnection};
use std::time::Instant;
use uuid::Uuid;

const EMAIL: &str = "rintaro@mutsu-hotate.co.jp";
const FILE: &[u8] = b"%PDF-1.7 a drawing of the office";

/// By what the enterprise and its people could be known; none of it is anywhere else in the database.
const TRACES: [&str; 12] = [
    "陸奥湾ほたて研究所",
    "ムツワンホタテ",
    "貝の館",
    "蠣崎",
    "リンタロウ",
    "rintaro",
    "mutsu-hotate",
    "9024681357",
    "090-2468-1357",
    "175224680",
    "正津川",
    "帆立養殖棚",
];

/// The body of a case of an enterprise that says everything about itself.
fn request() -> Value {
    json!({
        "channel": "phone",
        "enterprise": {
            "kind": "company", "name": "株式会社陸奥湾ほたて研究所", "kana": "ムツワンホタテケンキュウジョ", "trade_name": "貝の館",
            "representative": "蠣崎 貞衛", "corporate_number": "7000012050002", "postal_code": "039-4401",
            "prefecture_code": "02", "address": "むつ市大畑町正津川1番地", "industry_code": "B03", "employees": 12,
            "phone": "0175-22-4680",
        },
        "site": { "name": "正津川事業所", "prefecture_code": "02", "address": "大畑町正津川2番地", "phone": "0175-22-4681" },
        "contacts": [{
            "role": "primary", "name": "蠣崎 凜太朗", "kana": "カキザキ リンタロウ", "department": "帆立養殖棚係",
            "phone": "090-2468-1357", "email": EMAIL,
        }],
        "subject": "蠣崎様より在宅勤務の件",
        "description": "帆立養殖棚の管理を在宅で行いたい。連絡は090-2468-1357へ。",
        "topics": ["ict"],
        "how_heard": "陸奥湾ほたて研究所の知人",
        "consents": [{ "kind": "privacy", "notice_version": "2026-04", "how": "蠣崎様に電話で説明" }],
    })
}

/// What [`busy`] made.
struct Busy {
    case: TestResponse,
    enterprise_id: Uuid,
    contact_id: Uuid,
    desk: TestResponse,
}

/// A case on which everything has happened that can be written down, and which is closed.
async fn busy(app: &TestApp) -> Busy {
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app
        .as_operator()
        .post("/cases", request())
        .idempotent("the-call-of-Rintaro")
        .await
        .expect(201);
    let path = |rest: &str| format!("/cases/{}/{rest}", case.id());
    let route = json!({ "desk_id": desk.id(), "reason": "蠣崎様のご希望" });
    app.as_supervisor()
        .post(path("route"), route)
        .await
        .expect(200);
    app.as_desk(&desk)
        .post(path("accept"), json!({}))
        .await
        .expect(200);
    let call = json!({
        "kind": "phone", "direction": "outbound", "occurred_at": app.now(), "counterpart": "蠣崎様の奥様",
        "result": "reached", "body": "蠣崎凜太朗様は帆立養殖棚にいらっしゃる。090(2468)1357へ折り返す。",
    });
    app.as_desk(&desk)
        .post(path("interactions"), call)
        .await
        .expect(201);
    let note = json!({ "body": "ﾘﾝﾀﾛｳさんは話が早い。" });
    app.as_desk(&desk)
        .post(path("notes"), note)
        .await
        .expect(201);
    let complaint = json!({ "kind": "complaint", "reason": "蠣崎様より、電話が遅い" });
    app.as_desk(&desk)
        .post(path("escalate"), complaint)
        .await
        .expect(200);
    let reply =
        json!({ "subject": "蠣崎様 ご連絡", "body": "蠣崎様、陸奥湾ほたて研究所の件です。" });
    app.as_desk(&desk)
        .post(path("messages"), reply)
        .await
        .expect(201);
    app.advance(TimeDelta::minutes(5));
    app.run_jobs().await;
    let mail = letter(EMAIL, "Re: 蠣崎です")
        .to(&[&plus_address(&case)])
        .saying("正津川の図面を送ります。蠣崎")
        .enclosing("rintaro.pdf", FILE);
    let mail = app.receive(&mail).await;
    assert_eq!(mail["case_id"], case["id"]);
    app.assign(&desk, &case, &manager, "ict").await;
    let start = app.now() + TimeDelta::days(7);
    let dates = json!({
        "slots": [{ "starts_at": start, "ends_at": start + TimeDelta::hours(1) }], "mode": "visit",
        "place": "むつ市大畑町正津川2番地", "note": "蠣崎様が駅まで迎えに来られる",
    });
    app.as_desk(&desk)
        .post(path("date-proposals"), dates)
        .await
        .expect(201);
    let session = app.book(&desk, &case, 1).await;
    app.hold(&desk, &session).await;
    let list = json!({ "kind": "cases", "format": "csv", "filter": { "q": "蠣崎" } });
    app.as_desk(&desk).post("/exports", list).await.expect(201);
    let report = json!({
        "situation": "蠣崎様のお話", "advice": "帆立養殖棚に防水の端末", "next_steps": "リンタロウ様が社内で説明",
    });
    let report_path = format!("/consultations/{}/report", session.id());
    app.as_manager(&manager)
        .put(&report_path, report)
        .if_match("\"0\"")
        .await
        .expect(200);
    let submit = format!("{report_path}/submit");
    app.as_manager(&manager)
        .post(submit, json!({}))
        .await
        .expect(200);
    let approve = format!("{report_path}/approve");
    app.as_desk(&desk)
        .post(approve, json!({}))
        .await
        .expect(200);
    let close = json!({ "outcome": "withdrawn", "note": "蠣崎様のご都合" });
    app.as_desk(&desk)
        .post(path("close"), close)
        .await
        .expect(200);
    app.run_jobs().await;
    said_afterwards(app, &session).await;
    let case = app.show_case(&case).await;
    let id = |value: &Value| value.as_str().unwrap().parse().unwrap();
    Busy {
        enterprise_id: id(&case["enterprise"]["id"]),
        contact_id: id(&case["contacts"][0]["id"]),
        case,
        desk,
    }
}

/// What the enterprise wrote about its session, and what the ministry may read of it.
async fn said_afterwards(app: &TestApp, session: &TestResponse) {
    sqlx::query(
        r#"
        insert into free_text (id, source, case_id, subject_id, written, written_at, state, released_text, checked_at)
        select gen_random_uuid(), 'evaluation', case_id, id, '蠣崎です。貝の館にも来てほしい。', $2, 'released', '貝の館にも', $2
        from consultation
        where id = $1
        "#,
    )
    .bind(session.id())
    .bind(app.now())
    .execute(&mut app.sql_as_owner().await)
    .await
    .unwrap();
}

/// Where a text stands: in every column of every table that can hold one.
pub async fn places_of(db: &mut PgConnection, text: &str) -> Vec<String> {
    let columns: Vec<(String, String, String)> = sqlx::query_as(
        r#"
        select c.table_name::text, c.column_name::text, c.data_type::text
        from information_schema.columns c
        join information_schema.tables t using (table_schema, table_name)
        where c.table_schema = 'public' and t.table_type = 'BASE TABLE'
        and c.data_type in ('text', 'character varying', 'json', 'jsonb', 'bytea', 'ARRAY', 'tsvector', 'xml')
        "#,
    )
    .fetch_all(&mut *db)
    .await
    .unwrap();
    assert!(columns.len() > 150, "the catalogue was read");
    let mut places = Vec::new();
    for (table, column, kind) in columns {
        let holds = match kind.as_str() {
            "bytea" => format!("position(convert_to($1, 'UTF8') in {column}) > 0"),
            _ => format!("position(lower($1) in lower({column}::text)) > 0"),
        };
        let sql = format!("select count(*) from {table} where {holds}");
        let count: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
            .bind(text)
            .fetch_one(&mut *db)
            .await
            .unwrap();
        if count > 0 {
            places.push(format!("{table}.{column}"));
        }
    }
    places
}

async fn traces(app: &TestApp) -> Vec<(String, Vec<String>)> {
    let mut db = app.sql_as_owner().await;
    let mut found = Vec::new();
    for trace in TRACES {
        for writing in [trace.to_owned(), fold(trace)] {
            let places = places_of(&mut db, &writing).await;
            if !places.is_empty() {
                found.push((writing, places));
            }
        }
    }
    found
}

async fn request_erasure(app: &TestApp, scope: &str, id: Uuid) -> TestResponse {
    let body = json!({ "scope": scope, "id": id, "reason": "本人の申出", "request_reference": "個第12号" });
    app.as_admin().post("/erasures", body).await.expect(201)
}

async fn execute(app: &TestApp, erasure: &TestResponse) -> TestResponse {
    let path = format!("/erasures/{}/execute", erasure.id());
    app.as_admin().post(path, json!({})).await
}

async fn erase(app: &TestApp, scope: &str, id: Uuid) -> TestResponse {
    let erasure = request_erasure(app, scope, id).await;
    assert_eq!(erasure["obstacles"], json!([]));
    let done = execute(app, &erasure).await.expect(200);
    assert_eq!(done["state"], "executed");
    app.run_jobs().await;
    done
}

/// What figures are made of, as one text.
async fn figures(app: &TestApp) -> String {
    sqlx::query_scalar(
        r#"
        select json_build_object(
            'cases', (select json_agg(x order by x::text) from (
                select c.fiscal_year, c.status, c.outcome, c.channel, c.primary_topic, c.desk_id, c.closed_at, c.received_at,
                    coalesce(c.site_prefecture_code, e.prefecture_code) as prefecture, e.kind, e.industry_code, e.employees
                from case_file c join enterprise e on e.id = c.enterprise_id) x),
            'interactions', (select json_agg(x order by x::text) from (
                select kind, direction, result, occurred_at, case_id from interaction) x),
            'mails', (select json_agg(x order by x::text) from (select kind, state, case_id, received_at from inbound_mail) x),
            'messages', (select json_agg(x order by x::text) from (select kind, state, case_id, sent_at from message) x),
            'sessions', (select json_agg(x order by x::text) from (
                select state, stage, live, starts_at, case_id from consultation) x),
            'reports', (select json_agg(x order by x::text) from (select state, telework_status, approved_at from report) x),
            'deadlines', (select json_agg(x order by x::text) from (
                select kind, met, gross_minutes, net_minutes from deadline) x),
            'history', (select json_agg(x order by x::text) from (select * from case_history) x)
        )::text
        "#,
    )
    .fetch_one(&mut app.sql().await)
    .await
    .unwrap()
}

#[actix_web::test]
async fn nothing_of_an_erased_enterprise_is_left_in_any_column() {
    let app = TestApp::start().await;
    let busy = busy(&app).await;
    // A mail of theirs that nobody could place.
    let stray = letter(EMAIL, "自動応答: 蠣崎は不在です").with("Auto-Submitted", "auto-replied");
    app.receive(&stray).await;
    // Nothing of the test is in vain: every trace is somewhere.
    let before = traces(&app).await;
    for trace in TRACES {
        assert!(
            before.iter().any(|(found, _)| found == trace),
            "{trace} was never written"
        );
    }
    let (counted, stays) = (figures(&app).await, app.used(&busy.case).await);
    assert!(app.blobs.get(&Digest::of(FILE)).await.unwrap().is_some());

    let done = erase(&app, "enterprise", busy.enterprise_id).await;
    assert_eq!(
        (&done["counts"]["cases"], &done["counts"]["enterprises"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(done["counts"]["mails"], 2);
    let after = traces(&app).await;
    assert!(after.is_empty(), "left: {after:#?}");

    assert_eq!(figures(&app).await, counted, "what is counted stays");
    assert_eq!(app.used(&busy.case).await, stays);
    let case = app.show_case(&busy.case).await;
    assert_eq!(case["description"], "(消去済み)");
    assert_eq!(case["number"], busy.case["number"]);
    // Bytes go when nobody can be putting them any more.
    app.advance(TimeDelta::hours(2));
    app.run_jobs().await;
    assert!(app.blobs.get(&Digest::of(FILE)).await.unwrap().is_none());
    assert_eq!(app.count("blob").await, 0);
    let report = verify(&app).await;
    assert_eq!(report["intact"], true, "{report:#}");
    // Everything about the case can still be shown.
    for part in [
        "timeline",
        "messages",
        "interactions",
        "notes",
        "consultations",
        "flags",
        "offers",
        "attachments",
    ] {
        app.as_supervisor()
            .get(format!("/cases/{}/{part}", case.id()))
            .await
            .expect(200);
    }
    let log = app
        .as_admin()
        .get(format!("/retention/disposals?erasure_id={}", done.id()))
        .await
        .expect(200);
    let kinds: Vec<_> = log.items().iter().map(|entry| &entry["kind"]).collect();
    assert_eq!(kinds, ["mail", "case", "enterprise"]);
    // Repeating it changes nothing.
    let again = execute(&app, &done).await.expect(200);
    assert_eq!(again["executed_at"], done["executed_at"]);
}

#[actix_web::test]
async fn search_and_look_ups_find_nothing_of_an_erased_person() {
    let app = TestApp::start().await;
    let busy = busy(&app).await;
    let encode =
        |text: &str| -> String { form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let found = async |path: String| app.as_operator().get(path).await.expect(200).items().len();
    for word in ["蠣崎", "ほたて研究所", "帆立養殖棚", "rintaro"] {
        assert_eq!(
            found(format!("/search?q={}", encode(word))).await,
            1,
            "{word}"
        );
    }
    erase(&app, "enterprise", busy.enterprise_id).await;
    for word in [
        "蠣崎",
        "ほたて研究所",
        "帆立養殖棚",
        "rintaro",
        "09024681357",
        "7000012050002",
    ] {
        assert_eq!(
            found(format!("/search?q={}", encode(word))).await,
            0,
            "{word}"
        );
        assert_eq!(
            found(format!("/enterprises?q={}", encode(word))).await,
            0,
            "{word}"
        );
    }
    for query in [format!("email={EMAIL}"), "phone=09024681357".to_owned()] {
        let caller = app
            .as_operator()
            .get(format!("/callers?{query}"))
            .await
            .expect(200);
        assert_eq!(
            (&caller["people"], &caller["enterprises"]),
            (&json!([]), &json!([]))
        );
    }
}

#[actix_web::test]
async fn what_stands_against_it_is_named() {
    let app = TestApp::start().await;
    let case = app
        .as_operator()
        .post("/cases", request())
        .await
        .expect(201);
    let id: Uuid = case["enterprise"]["id"].as_str().unwrap().parse().unwrap();
    let erasure = request_erasure(&app, "enterprise", id).await;
    assert_eq!(erasure["obstacles"][0]["kind"], "open_case");
    assert_eq!(erasure["obstacles"][0]["case_number"], case["number"]);
    execute(&app, &erasure).await.problem("conflict");
    let close = json!({ "outcome": "withdrawn" });
    app.as_operator()
        .post(format!("/cases/{}/close", case.id()), close)
        .await
        .expect(200);
    let hold = format!("/cases/{}/hold", case.id());
    app.as_admin()
        .post(&hold, json!({ "reason": "係争中" }))
        .await
        .expect(201);
    execute(&app, &erasure).await.problem("conflict");
    let shown = app
        .as_admin()
        .get(format!("/erasures/{}", erasure.id()))
        .await
        .expect(200);
    assert_eq!(shown["obstacles"][0]["kind"], "legal_hold");
    app.as_admin()
        .post(format!("{hold}/lift"), json!({ "reason": "和解した" }))
        .await
        .expect(200);
    assert_eq!(
        execute(&app, &erasure).await.expect(200)["state"],
        "executed"
    );
    // Nothing is left to reopen, and nothing to take up by its id.
    app.as_supervisor()
        .post(
            format!("/cases/{}/reopen", case.id()),
            json!({ "reason": "続き" }),
        )
        .await
        .problem("illegal-move");
    let mut again = app.case_request();
    again["enterprise"] = json!({ "id": id });
    app.as_operator()
        .post("/cases", again)
        .await
        .invalid(&["/enterprise/id"]);
}

#[actix_web::test]
async fn a_request_names_nobody_and_can_be_withdrawn() {
    let app = TestApp::start().await;
    let case = app
        .as_operator()
        .post("/cases", request())
        .await
        .expect(201);
    let contact = &case["contacts"][0]["id"];
    let body = json!({ "scope": "contact", "id": contact, "reason": "かきざき凜太朗様の申出。蠣崎様より電話", "request_reference": "1" });
    app.as_admin()
        .post("/erasures", body)
        .await
        .invalid(&["/reason"]);
    let body = json!({ "scope": "contact", "id": Uuid::now_v7(), "reason": "申出", "request_reference": "1" });
    app.as_admin()
        .post("/erasures", body)
        .await
        .invalid(&["/id"]);
    let id = contact.as_str().unwrap().parse().unwrap();
    let erasure = request_erasure(&app, "contact", id).await;
    let path = format!("/erasures/{}/withdraw", erasure.id());
    assert_eq!(
        app.as_admin().post(path, json!({})).await.expect(200)["state"],
        "withdrawn"
    );
    execute(&app, &erasure).await.problem("conflict");
    assert_eq!(
        app.show_case(&case).await["contacts"][0]["name"],
        "蠣崎 凜太朗"
    );
    let list = app
        .as_admin()
        .get("/erasures?state=withdrawn")
        .await
        .expect(200);
    assert_eq!(list.items().len(), 1);
}

#[actix_web::test]
async fn a_person_goes_and_the_others_on_the_case_stay() {
    let app = TestApp::start().await;
    let mut body = request();
    body["contacts"]
        .as_array_mut()
        .unwrap()
        .push(json!({ "role": "cc", "name": "野辺地 恵", "email": "megumi@example.jp" }));
    body["subject"] = json!("在宅勤務の件");
    body["description"] = json!("帆立養殖の管理を在宅で行いたい。");
    body["how_heard"] = Value::Null;
    body["consents"] = json!([]);
    body["enterprise"]["representative"] = json!("野辺地 守");
    body["contacts"][0]["email"] = json!("rintaro@example.jp");
    let case = app.as_operator().post("/cases", body).await.expect(201);
    let path = |rest: &str| format!("/cases/{}/{rest}", case.id());
    for text in ["蠣崎様は火曜が休み", "野辺地様は水曜が休み"] {
        app.as_operator()
            .post(path("notes"), json!({ "body": text }))
            .await
            .expect(201);
    }
    app.run_jobs().await;
    let id = case["contacts"][0]["id"].as_str().unwrap().parse().unwrap();
    erase(&app, "contact", id).await;
    let mut db = app.sql_as_owner().await;
    for trace in ["蠣崎", "リンタロウ", "rintaro@example.jp", "9024681357"] {
        let places = places_of(&mut db, trace).await;
        assert!(places.is_empty(), "{trace}: {places:?}");
    }
    let shown = app.show_case(&case).await;
    assert_eq!(shown["status"], "received", "the case goes on");
    assert_eq!(shown["enterprise"]["name"], "株式会社陸奥湾ほたて研究所");
    assert_eq!(shown["subject"], "在宅勤務の件");
    assert_eq!(shown["contacts"][1]["name"], "野辺地 恵");
    let notes = app.as_operator().get(path("notes")).await.expect(200);
    let mut bodies: Vec<_> = notes
        .items()
        .iter()
        .map(|note| note["body"].as_str().unwrap())
        .collect();
    bodies.sort();
    assert_eq!(bodies, ["(消去済み)", "野辺地様は水曜が休み"]);
    assert_eq!(verify(&app).await["intact"], true);
}

#[actix_web::test]
async fn an_erased_enterprise_that_comes_again_is_recognised_with_its_used_sessions() {
    let app = TestApp::start().await;
    let busy = busy(&app).await;
    assert_eq!(app.used(&busy.case).await, 1);
    erase(&app, "enterprise", busy.enterprise_id).await;
    for (enterprise, how) in [
        (
            json!({ "kind": "company", "name": "新しい社名株式会社", "corporate_number": "7000012050002" }),
            "番号",
        ),
        (
            json!({ "kind": "company", "name": "ほかの会社", "phone": "０１７５（２２）４６８０" }),
            "電話番号",
        ),
        (
            json!({ "kind": "company", "name": "㈱陸奥湾ホタテ研究所", "prefecture_code": "02" }),
            "名称",
        ),
        (
            json!({ "kind": "company", "name": "陸奥湾ほたて研究所" }),
            "名称",
        ),
        (
            json!({ "kind": "association", "name": "支店", "phone": "0175-22-4681" }),
            "電話番号",
        ),
    ] {
        let case = open(&app, enterprise.clone()).await;
        let flag = flag(&app, &case, "same_enterprise_this_year").await;
        let flag = flag.unwrap_or_else(|| panic!("{enterprise} came unnoticed"));
        assert!(
            flag["detail"]["sessions_used"].as_i64() >= Some(1),
            "{enterprise}: {flag}"
        );
        assert!(flag["reason"].as_str().unwrap().contains(how), "{flag}");
        // It is counted from now on, wherever the year is counted.
        let path = format!(
            "/enterprises/{}",
            case["enterprise"]["id"].as_str().unwrap()
        );
        let shown = app.as_operator().get(path).await.expect(200);
        assert!(
            shown["this_year"]["sessions_used"].as_i64() >= Some(1),
            "{shown:?}"
        );
    }
    // By mail, from the same address.
    let mail = app.receive(&letter(EMAIL, "また相談したい")).await;
    let case = app.case_of(&mail).await;
    assert!(
        flags(&case).contains(&"same_enterprise_this_year"),
        "{:?}",
        flags(&case)
    );
    // Somebody else is not.
    let other = open(&app, json!({ "kind": "company", "name": "株式会社別もの", "prefecture_code": "02", "phone": "0175-22-9999" })).await;
    assert_eq!(flag(&app, &other, "same_enterprise_this_year").await, None);
    // Nothing came back to the erased one.
    let path = format!("/enterprises/{}", busy.enterprise_id);
    let erased = app.as_operator().get(path).await.expect(200);
    assert_eq!(
        (&erased["name"], &erased["corporate_number"]),
        (&json!("(消去済み)"), &Value::Null)
    );
    assert!(erased["erased_at"].is_string());
}

#[actix_web::test]
async fn the_fourth_free_session_does_not_come_back_by_erasure() {
    let app = TestApp::start().await;
    let settings = app.as_admin().get("/settings").await.expect(200);
    app.as_admin()
        .patch("/settings", json!({ "enterprise_guard": "block" }))
        .if_match(settings.etag())
        .await
        .expect(200);
    let busy = busy(&app).await;
    erase(&app, "enterprise", busy.enterprise_id).await;
    let mut again = app.case_request();
    again["enterprise"] = request()["enterprise"].clone();
    let case = app.as_operator().post("/cases", again).await.expect(201);
    let manager = app.make_manager().await;
    let route = json!({ "desk_id": busy.desk.id() });
    app.as_operator()
        .post(format!("/cases/{}/route", case.id()), route)
        .await
        .expect(200);
    app.as_desk(&busy.desk)
        .post(format!("/cases/{}/accept", case.id()), json!({}))
        .await
        .expect(200);
    app.assign(&busy.desk, &case, &manager, "ict").await;
    app.as_desk(&busy.desk)
        .post(
            format!("/cases/{}/consultations", case.id()),
            app.session(3),
        )
        .await
        .problem("enterprise-guard");
}

#[actix_web::test]
async fn the_memory_ends_with_the_books_of_the_year() {
    let app = TestApp::start().await;
    let busy = busy(&app).await;
    erase(&app, "enterprise", busy.enterprise_id).await;
    assert!(app.count("erased_key").await >= 5);
    app.set_time("2027-06-30T20:00:00+09:00");
    app.run_jobs().await;
    assert!(app.count("erased_key").await >= 5);
    app.set_time("2027-07-01T09:00:00+09:00");
    app.run_jobs().await;
    assert_eq!(app.count("erased_key").await, 0);
}

#[actix_web::test]
async fn a_number_that_is_added_later_is_recognised_too() {
    let app = TestApp::start().await;
    let busy = busy(&app).await;
    erase(&app, "enterprise", busy.enterprise_id).await;
    let case = open(
        &app,
        json!({ "kind": "company", "name": "株式会社あたらしい" }),
    )
    .await;
    assert_eq!(flag(&app, &case, "same_enterprise_this_year").await, None);
    let path = format!(
        "/enterprises/{}",
        case["enterprise"]["id"].as_str().unwrap()
    );
    let seen = app.as_operator().get(&path).await.expect(200);
    app.as_operator()
        .patch(&path, json!({ "corporate_number": "7000012050002" }))
        .if_match(seen.etag())
        .await
        .expect(200);
    let flag = flag(&app, &case, "same_enterprise_this_year")
        .await
        .expect("it is flagged");
    assert_eq!(flag["detail"], json!({ "cases": 1, "sessions_used": 1 }));
}

/// The mail was taken in (2xx) before the erasure and is read after it: it is neither lost nor erased with the rest.
#[actix_web::test]
async fn a_mail_that_comes_during_an_erasure_is_new() {
    let app = TestApp::start().await;
    let busy = busy(&app).await;
    let waiting = app
        .deliver(&letter(EMAIL, "消去のあとの相談").to(&[&plus_address(&busy.case)]))
        .await;
    let erasure = request_erasure(&app, "enterprise", busy.enterprise_id).await;
    execute(&app, &erasure).await.expect(200);
    app.run_jobs().await;
    let read = app.show_mail(&waiting).await;
    assert_ne!(read["state"], "pending");
    assert_eq!(read["subject"], "消去のあとの相談");
    // And one that comes after it.
    let later = app.receive(&letter(EMAIL, "もう一度相談")).await;
    assert_eq!(later["subject"], "もう一度相談");
    assert_ne!(
        later["case_id"], busy.case["id"],
        "a new matter is a new case"
    );
    // What was erased did not come back with them.
    let places = places_of(&mut app.sql_as_owner().await, "帆立養殖棚").await;
    assert!(places.is_empty(), "{places:?}");
    // Erasing it once more takes what came to the old case since.
    erase(&app, "enterprise", busy.enterprise_id).await;
}

#[actix_web::test]
async fn bytes_that_another_case_names_stay() {
    let app = TestApp::start().await;
    let busy = busy(&app).await;
    let other = app
        .receive(&letter("keiri@hokanokaisha.co.jp", "図面").enclosing("a.pdf", FILE))
        .await;
    let other = app.case_of(&other).await;
    erase(&app, "enterprise", busy.enterprise_id).await;
    app.advance(TimeDelta::hours(3));
    app.run_jobs().await;
    assert!(app.blobs.get(&Digest::of(FILE)).await.unwrap().is_some());
    let close = json!({ "outcome": "withdrawn" });
    app.as_operator()
        .post(format!("/cases/{}/close", other.id()), close)
        .await
        .expect(200);
    let id = other["enterprise"]["id"].as_str().unwrap().parse().unwrap();
    erase(&app, "enterprise", id).await;
    app.advance(TimeDelta::hours(3));
    app.run_jobs().await;
    assert!(app.blobs.get(&Digest::of(FILE)).await.unwrap().is_none());
    // They can come again.
    let again = app
        .receive(&letter("keiri@hokanokaisha.co.jp", "図面をもう一度").enclosing("a.pdf", FILE))
        .await;
    assert_eq!(again["attachments"].as_array().unwrap().len(), 1);
    app.advance(TimeDelta::hours(3));
    app.run_jobs().await;
    assert!(app.blobs.get(&Digest::of(FILE)).await.unwrap().is_some());
}

/// An approved report does not change, except into the mark, and that only by the way made for it.
#[actix_web::test]
async fn the_program_cannot_rewrite_an_approved_report() {
    let app = TestApp::start().await;
    busy(&app).await;
    let mut db = app.sql().await;
    for texts in [
        "situation = 'anders'",
        "situation = erased_mark(), advice = erased_mark(), next_steps = erased_mark()",
    ] {
        let refused = sqlx::query(AssertSqlSafe(format!("update report set {texts}")))
            .execute(&mut db)
            .await;
        assert!(
            refused.unwrap_err().to_string().contains("approved report"),
            "{texts}"
        );
    }
}

/// A thousand mails of one person, half of them in each direction. Prints how long the erasure takes.
#[actix_web::test]
async fn a_person_with_a_thousand_messages_is_erased_in_one_go() {
    let app = TestApp::start().await;
    let busy = busy(&app).await;
    let mut db = app.sql().await;
    sqlx::raw_sql(AssertSqlSafe(format!(
        r#"
        insert into inbound_mail (id, sha256, size, provider, envelope_to, is_original, received_at, state, kind, from_address,
            from_key, from_name, subject, body_text, case_id, placed_by, is_known_sender, processed_at)
        select gen_random_uuid(), sha256(n::text::bytea), 1, 'raw', '{{}}', true, now() - interval '1 day', 'processed', 'normal', '{EMAIL}', '{EMAIL}',
            '蠣崎', '蠣崎です ' || n, repeat('帆立養殖棚の件。', 200), '{case}', 'plus_address', true, now()
        from generate_series(1, 500) n;
        insert into inbound_raw (inbound_mail_id, bytes)
        select id, convert_to(repeat('帆立養殖棚の件。', 400), 'UTF8') from inbound_mail m
        where not exists (select from inbound_raw r where r.inbound_mail_id = m.id);
        insert into message (id, case_id, kind, state, to_address, contact_id, subject, body, message_id, release_at, sent_at, created_at)
        select gen_random_uuid(), '{case}', 'reply', 'sent', '{EMAIL}', '{contact}', '蠣崎様', repeat('陸奥湾ほたて研究所の件。', 200),
            'test-' || n, now(), now(), now() - interval '1 day'
        from generate_series(1, 500) n;
        "#,
        case = busy.case.id(),
        contact = busy.contact_id,
    )))
    .execute(&mut db)
    .await
    .unwrap();
    app.run_jobs().await;
    let erasure = request_erasure(&app, "contact", busy.contact_id).await;
    let counts = &erasure["counts"];
    let mails = counts["mails"].as_i64().unwrap() + counts["messages"].as_i64().unwrap();
    assert!(mails >= 1000, "{counts}");
    let began = Instant::now();
    execute(&app, &erasure).await.expect(200);
    let took = began.elapsed();
    println!("erased a person with {mails} messages in {took:?}");
    assert!(
        took.as_secs() < 25,
        "within the time of a request: {took:?}"
    );
    app.run_jobs().await;
    for trace in ["帆立養殖棚", "rintaro"] {
        let places = places_of(&mut app.sql_as_owner().await, trace).await;
        assert!(places.is_empty(), "{trace}: {places:?}");
    }
}

/// Who adds a column that can hold a text decides here what becomes of it when somebody is erased.
#[actix_web::test]
async fn every_table_with_texts_is_known_to_the_erasure() {
    let app = TestApp::start().await;
    let tables: Vec<String> = sqlx::query_scalar(
        r#"
        select distinct c.table_name::text
        from information_schema.columns c
        join information_schema.tables t using (table_schema, table_name)
        where c.table_schema = 'public' and t.table_type = 'BASE TABLE' and c.table_name <> '_sqlx_migrations'
        and c.data_type in ('text', 'json', 'jsonb', 'bytea', 'ARRAY', 'tsvector')
        order by 1
        "#,
    )
    .fetch_all(&mut app.sql_as_owner().await)
    .await
    .unwrap();
    let unknown: Vec<_> = tables
        .iter()
        .filter(|table| !ERASED.contains(&table.as_str()) && !IMPERSONAL.contains(&table.as_str()))
        .collect();
    assert!(
        unknown.is_empty(),
        "say in src/erasure/wipe.rs what goes of these, or in this test that they hold nothing of enterprises: {unknown:?}"
    );
}

/// Tables of which `erasure::wipe` takes something.
const ERASED: &[&str] = &[
    "assignment",
    "attachment",
    "blob",
    "case_file",
    "case_flag",
    "consent",
    "consultation",
    "contact",
    "disclosure",
    "enterprise",
    "idempotency_key",
    "inbound_mail",
    "inbound_raw",
    "interaction",
    "job",
    "legal_hold",
    "mail_sender",
    "message",
    "message_attempt",
    "move_reason",
    "note",
    "offer",
    "report",
    "search_text",
    "search_dirty",
    "deadline",
    "date_proposal",
    "free_text",
    "export",
];

/// Tables that hold nothing of enterprises and their people: words of the program, ids, digests, the office's own people.
const IMPERSONAL: &[&str] = &[
    "api_token",
    "app_user",
    "audit_checkpoint",
    "audit_checkpoint_head",
    "audit_event",
    "audit_head",
    "audit_verification",
    "calendar_exception",
    "case_history",
    "case_link",
    "case_step",
    "consultation_step",
    "cron",
    "desk",
    "desk_coverage",
    "directory_change",
    "disposal",
    "enterprise_wait",
    "erased_key",
    "erasure",
    "mailbox",
    "mailgun_token",
    "manager",
    "manager_absence",
    "manager_conflict",
    "message_step",
    "office_setting",
    "opening_hours",
    "password_reset",
    "recovery_code",
    "refresh_token",
    "retention_run",
    "second_factor",
    "sign_in_throttle",
    "template",
    "user_session",
    "view_log",
    "message_attachment",
    "enterprise_different",
    "erased_match",
    "consultation_manager",
    "calendar_version",
    "program_requirement",
    "period",
    "period_fact",
    "case_time",
    "adoption_target",
    "public_link",
    "public_link_mail",
    "session_question",
    "survey",
    "survey_stop",
    "webhook",
    "webhook_delivery",
    "webhook_attempt",
    "webhook_position",
];
