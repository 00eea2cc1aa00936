//! Full-text search: what is written is found, what is not allowed is not, and the index follows what is stored.

use crate::{
    harness::{Client, HasId, TestApp, TestResponse},
    mails::{letter, plus_address},
};
use chrono::TimeDelta;
use madoguchi::{programme::PassageKind, search, text::fold};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};
use uuid::Uuid;

/// Nothing is found.
const NONE: [Uuid; 0] = [];

fn encoded(q: &str) -> String {
    form_urlencoded::byte_serialize(q.as_bytes()).collect()
}

async fn search(client: &Client, q: &str) -> TestResponse {
    client
        .get(format!("/search?q={}", encoded(q)))
        .await
        .expect(200)
}

/// The cases that are found, best first.
async fn found(client: &Client, q: &str) -> Vec<Uuid> {
    let answer = search(client, q).await;
    answer
        .items()
        .iter()
        .map(|item| item["case"].id())
        .collect()
}

/// What the passages of the first case are from.
fn kinds(answer: &TestResponse) -> Vec<&str> {
    let passages = answer.items().first().map(|item| &item["passages"]);
    let passages = passages.and_then(Value::as_array).into_iter().flatten();
    passages
        .map(|passage| passage["kind"].as_str().unwrap())
        .collect()
}

/// What is marked in the passages of the first case.
fn marked(answer: &TestResponse) -> Vec<&str> {
    let passages = answer.items()[0]["passages"].as_array().unwrap().iter();
    let segments = passages.flat_map(|passage| passage["segments"].as_array().unwrap());
    segments
        .filter(|segment| segment["is_match"] == true)
        .map(|segment| segment["text"].as_str().unwrap())
        .collect()
}

/// A case with a text of every kind, and those texts.
struct World {
    app: TestApp,
    desk: TestResponse,
    manager: TestResponse,
    case: TestResponse,
    session: TestResponse,
    texts: Vec<(PassageKind, Vec<String>)>,
}

const CALL: &str = "㈱髙﨑通信のﾙｰﾀｰについて、渡邉様から電話があった。VPN接続が切れる。";
const NOTE: &str = "鼈甲細工の職人さん。\n漣さんは火曜日が不在、折り返しは夕方に。";
const REPLY: &str = "お問い合わせの檸檬園の件、就業規則の雛形をお送りします。";
const MAIL: &str = "蘭学事始のような始め方で結構です。\r\n在宅\r\n勤務の規程は来週までに。";
const REPORT: [&str; 3] = [
    "勤怠の打刻が紙で行われている。",
    "始業と終業をﾁｬｯﾄで報告する運用を助言した。",
    "次回までに就業場所の規程案を作る。",
];

impl World {
    async fn build() -> Self {
        let app = TestApp::start_silent().await;
        let (desk, manager) = (app.make_desk().await, app.make_manager().await);
        let case = app.make_assigned_case(&desk, &manager).await;
        let path = format!("/cases/{}", case.id());
        let as_desk = app.as_desk(&desk);
        let call = json!({ "kind": "phone", "direction": "inbound", "occurred_at": app.now(), "result": "reached", "body": CALL });
        as_desk
            .post(format!("{path}/interactions"), call)
            .await
            .expect(201);
        as_desk
            .post(format!("{path}/notes"), json!({ "body": NOTE }))
            .await
            .expect(201);
        as_desk
            .post(format!("{path}/messages"), json!({ "body": REPLY }))
            .await
            .expect(201);
        let sender = case["contacts"][0]["email"].as_str().unwrap();
        let mail = letter(sender, "規程の件")
            .saying(MAIL)
            .to(&[&plus_address(&case)]);
        assert_eq!(app.receive(&mail).await["case_id"], case["id"]);
        let session = app.book(&desk, &case, 2).await;
        app.hold(&desk, &session).await;
        let report =
            json!({ "situation": REPORT[0], "advice": REPORT[1], "next_steps": REPORT[2] });
        as_desk
            .put(format!("/consultations/{}/report", session.id()), report)
            .if_match("\"0\"")
            .await
            .expect(200);
        app.run_jobs().await;
        let case = app.show_case(&case).await;
        let texts = texts_of(&case);
        Self {
            app,
            desk,
            manager,
            case,
            session,
            texts,
        }
    }

    fn texts(&self) -> impl Iterator<Item = (PassageKind, &str)> {
        let texts = self.texts.iter();
        texts.flat_map(|(kind, texts)| texts.iter().map(|text| (*kind, text.as_str())))
    }
}

fn texts_of(case: &TestResponse) -> Vec<(PassageKind, Vec<String>)> {
    let of = |values: &[&Value]| -> Vec<String> {
        let texts = values
            .iter()
            .map(|value| value.as_str().unwrap().to_owned());
        texts.collect()
    };
    let (enterprise, contact) = (&case["enterprise"], &case["contacts"][0]);
    let said = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    vec![
        (PassageKind::Case, of(&[&case["number"], &case["subject"]])),
        (PassageKind::Description, of(&[&case["description"]])),
        (
            PassageKind::Enterprise,
            of(&[&enterprise["name"], &enterprise["kana"]]),
        ),
        (
            PassageKind::Contact,
            of(&[
                &contact["name"],
                &contact["kana"],
                &contact["department"],
                &contact["email"],
            ]),
        ),
        (PassageKind::Interaction, said(&[CALL])),
        (PassageKind::Note, said(&[NOTE])),
        (PassageKind::Message, said(&[REPLY])),
        (PassageKind::Mail, said(&["規程の件", MAIL])),
        (PassageKind::Report, said(&REPORT)),
    ]
}

/// Every piece of `length` characters that begins where a word of ASCII begins, or within Japanese; some of them.
fn pieces(text: &str, length: usize) -> BTreeSet<String> {
    let characters: Vec<char> = text.chars().collect();
    let starts = (0..characters.len()).filter(|&at| {
        let is_inside = at > 0
            && characters[at].is_ascii_alphanumeric()
            && characters[at - 1].is_ascii_alphanumeric();
        // A mark of voicing belongs to the character before it.
        let is_mark = matches!(characters[at], 'ﾞ' | 'ﾟ' | '\u{3099}');
        !is_inside && !is_mark && characters[at].is_alphanumeric() && characters[at] != 'ー'
    });
    let pieces = starts.map(|at| {
        characters[at..characters.len().min(at + length)]
            .iter()
            .collect::<String>()
    });
    pieces
        .filter(|piece: &String| !piece.contains(char::is_whitespace))
        .collect()
}

// ------------------------------------------------------------------------------------------------------ what is found

#[actix_web::test]
async fn every_text_is_found_by_every_piece_of_it() {
    let world = World::build().await;
    let supervisor = world.app.as_supervisor();
    let mut seed = 4_u64;
    for (kind, text) in world.texts() {
        for length in [1, 2, 3, 7] {
            // A walk with a fixed seed: a third of all pieces, at least the first.
            for (at, piece) in pieces(text, length).into_iter().enumerate() {
                seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                if at == 0 || (seed >> 33).is_multiple_of(3) {
                    assert_eq!(
                        found(&supervisor, &piece).await,
                        [world.case.id()],
                        "{piece} of {kind}: {text}"
                    );
                }
            }
        }
        let whole: String = text
            .split_whitespace()
            .take(3)
            .collect::<Vec<_>>()
            .join(" ");
        let answer = search(&supervisor, &whole).await;
        assert!(
            kinds(&answer).contains(&kind.name()),
            "{whole}: {:#}",
            answer.json
        );
    }
    let (count, wrong) = search::check(&world.app.store).await.unwrap();
    assert_eq!((count > 8, wrong), (true, vec![]));
}

#[actix_web::test]
async fn writing_does_not_matter() {
    let world = World::build().await;
    let supervisor = world.app.as_supervisor();
    let phone = world.case["enterprise"]["phone"]
        .as_str()
        .unwrap()
        .replace("+81", "0");
    let grouped = format!("０１７（{}）{}", &phone[3..6], &phone[6..]);
    let name = world.case["enterprise"]["name"].as_str().unwrap();
    let name = name.split("会社").last().unwrap();
    for (q, mark) in [
        ("ルーター", "ﾙｰﾀｰ"),
        ("るーたー", "ﾙｰﾀｰ"),
        ("高崎通信", "髙﨑通信"),
        ("(株)高崎", "㈱髙﨑"),
        ("渡辺", "渡邉"),
        ("ｖｐｎ接続", "VPN接続"),
        ("vp", "VP"),
        ("チャット", "ﾁｬｯﾄ"),
        ("在宅勤務の規程", "在宅\n勤務の規程"),
        ("漣", "漣"),
        ("蘭学　規程", "蘭学"),
        (phone.as_str(), phone.as_str()),
        (grouped.as_str(), ""),
        (&format!("㈱ {name}"), ""),
        (
            &world.case["number"]
                .as_str()
                .unwrap()
                .to_lowercase()
                .replace('-', "－"),
            world.case["number"].as_str().unwrap(),
        ),
    ] {
        let answer = search(&supervisor, q).await;
        assert_eq!(answer.items().len(), 1, "{q}");
        let marks = marked(&answer);
        assert!(!marks.is_empty(), "{q}: {:#}", answer.json);
        if !mark.is_empty() && mark != phone {
            assert!(marks.contains(&mark), "{q}: {marks:?}");
        }
        let digits = marks
            .concat()
            .chars()
            .filter(char::is_ascii_digit)
            .collect::<String>();
        assert!(
            mark != phone || digits.contains(&phone[1..]),
            "{q}: {marks:?}"
        );
    }
    for q in ["宅在", "pn", "鼈乙", "蘭学 檸檬酒", "x_n", "V%N"] {
        assert_eq!(found(&supervisor, q).await, NONE, "{q}");
    }
}

#[actix_web::test]
async fn passages_say_where() {
    let world = World::build().await;
    let answer = search(&world.app.as_desk(&world.desk), "鼈甲細工").await;
    let passage = &answer.items()[0]["passages"][0];
    assert_eq!(
        (&passage["kind"], &passage["is_cut"]),
        (&json!("note"), &json!(false))
    );
    let notes = world
        .app
        .as_desk(&world.desk)
        .get(format!("/cases/{}/notes", world.case.id()))
        .await
        .expect(200);
    let note = &notes.items()[0];
    assert_eq!(
        (&passage["id"], &passage["at"]),
        (&note["id"], &note["recorded_at"])
    );
    assert_eq!(
        passage["segments"][0],
        json!({ "text": "鼈甲細工", "is_match": true })
    );
    let text: String = passage["segments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|segment| segment["text"].as_str().unwrap())
        .collect();
    assert_eq!(text, NOTE);
    let answer = search(&world.app.as_desk(&world.desk), "打刻").await;
    assert_eq!(answer.items()[0]["passages"][0]["id"], world.session["id"]);
    let name = world.case["enterprise"]["name"].as_str().unwrap();
    let answer = search(&world.app.as_desk(&world.desk), name).await;
    assert_eq!(
        answer.items()[0]["passages"][0]["id"],
        world.case["enterprise"]["id"]
    );
    // Angle brackets stay text.
    let path = format!("/cases/{}/notes", world.case.id());
    let note = json!({ "body": "<script>alert(1)</script> & 'x'" });
    world
        .app
        .as_desk(&world.desk)
        .post(path, note)
        .await
        .expect(201);
    world.app.run_jobs().await;
    let answer = search(&world.app.as_desk(&world.desk), "<script>alert").await;
    assert_eq!(marked(&answer), ["<script>alert"]);
}

#[actix_web::test]
async fn heads_come_first_and_the_newest_before_the_others() {
    let app = TestApp::start_silent().await;
    let mut cases = Vec::new();
    for subject in ["鼈甲の注文", "別の件", "鼈甲の修理", "また別の件"] {
        app.advance(TimeDelta::hours(1));
        let mut request = app.case_request();
        request["subject"] = json!(subject);
        request["description"] = json!("鼈甲について。");
        cases.push(
            app.as_operator()
                .post("/cases", request)
                .await
                .expect(201)
                .id(),
        );
    }
    app.run_jobs().await;
    let expected = [cases[2], cases[0], cases[3], cases[1]];
    assert_eq!(found(&app.as_operator(), "鼈甲").await, expected);
    for limit in [1, 2, 3] {
        let mut walked = Vec::new();
        let mut next = String::new();
        loop {
            let page = app
                .as_operator()
                .get(format!("/search?q={}&limit={limit}{next}", encoded("鼈甲")))
                .await
                .expect(200);
            walked.extend(page.items().iter().map(|item| item["case"].id()));
            if walked.len() == 2 * limit as usize {
                // What comes meanwhile stands before the page, and moves nothing.
                let mut request = app.case_request();
                request["subject"] = json!("鼈甲の新しい件");
                app.advance(TimeDelta::hours(1));
                app.as_operator().post("/cases", request).await.expect(201);
                app.run_jobs().await;
            }
            match page["next_cursor"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => break,
            }
        }
        walked.retain(|id| cases.contains(id));
        assert_eq!(walked, expected, "{limit}");
    }
}

#[actix_web::test]
async fn what_cannot_be_searched_for_is_said() {
    let app = TestApp::start().await;
    let operator = app.as_operator();
    let long = "あ".repeat(201);
    let many = "a ".repeat(11);
    for q in [
        "%",
        "_",
        "'",
        "\"",
        "\\",
        "-",
        "。".repeat(201).as_str(),
        &long,
        &many,
    ] {
        for path in ["/search", "/cases", "/cases/counts"] {
            operator
                .get(format!("{path}?q={}", encoded(q)))
                .await
                .invalid(&["/q"]);
        }
    }
    for path in ["/search", "/search?q=", "/search?q=%20"] {
        operator.get(path).await.invalid(&["/q"]);
    }
    operator
        .get("/search?q=a&limit=0")
        .await
        .invalid(&["/limit"]);
    operator
        .get("/search?q=a&cursor=x")
        .await
        .invalid(&["/cursor"]);
    operator
        .get("/search?q=a&status=open")
        .await
        .invalid(&["/status"]);
    for q in [
        "'; drop table case_file; --",
        "a' & 'b",
        "a:*",
        "!(a|b)",
        "\\%a",
        "在宅'",
        "😀",
        "\u{FFFD}",
        "<->",
        &"漢".repeat(200),
    ] {
        let call = operator.get(format!("/search?q={}", encoded(q))).await;
        assert!([200, 422].contains(&call.status), "{q}");
        let call = operator.get(format!("/cases?q={}", encoded(q))).await;
        assert!([200, 422].contains(&call.status), "{q}");
    }
}

// ------------------------------------------------------------------------------------------------------ who may find it

#[actix_web::test]
async fn nobody_finds_what_is_not_theirs() {
    let world = World::build().await;
    let (other_desk, other_manager) = (
        world.app.make_desk_for("03").await,
        world.app.make_manager().await,
    );
    let theirs = [
        world.app.as_desk(&world.desk),
        world.app.as_manager(&world.manager),
        world.app.as_operator(),
        world.app.as_admin(),
    ];
    let strangers = [
        world.app.as_desk(&other_desk),
        world.app.as_manager(&other_manager),
    ];
    for (kind, text) in world.texts() {
        let q = text.lines().next().unwrap();
        for client in &theirs {
            assert_eq!(found(client, q).await, [world.case.id()], "{kind}");
        }
        for client in &strangers {
            assert_eq!(found(client, q).await, NONE, "{kind}");
            let counts = client
                .get(format!("/cases/counts?q={}", encoded(q)))
                .await
                .expect(200);
            assert_eq!(counts["total"], 0, "{kind}");
        }
    }
    let path = format!("/search?q={}", encoded("鼈甲"));
    world.app.as_auditor().get(&path).await.problem("forbidden");
    world
        .app
        .as_nobody()
        .get(&path)
        .await
        .problem("unauthenticated");
}

#[actix_web::test]
async fn managers_do_not_find_what_strangers_write() {
    let world = World::build().await;
    let app = &world.app;
    let mail = letter("unknown@example.net", "鸚鵡の件")
        .saying("鸚鵡返しの運用です。")
        .to(&[&plus_address(&world.case)]);
    let mail = app.receive(&mail).await;
    assert_eq!(mail["is_known_sender"], false);
    let manager = app.as_manager(&world.manager);
    for q in ["鸚鵡", "鸚鵡返し", "unknown@example.net"] {
        assert_eq!(found(&app.as_desk(&world.desk), q).await, [world.case.id()]);
        assert_eq!(found(&manager, q).await, NONE, "{q}");
        let counts = manager
            .get(format!("/cases/counts?q={}", encoded(q)))
            .await
            .expect(200);
        assert_eq!(counts["total"], 0);
    }
    // Nor is it shown beside what they may read.
    let answer = search(&manager, "運用").await;
    assert_eq!(kinds(&answer), ["report"]);
    let confirm = format!("/intake/emails/{}/confirm-sender", mail.id());
    app.as_desk(&world.desk)
        .post(confirm, json!({}))
        .await
        .expect(200);
    assert_eq!(found(&manager, "鸚鵡返し").await, [world.case.id()]);
}

#[actix_web::test]
async fn mail_of_no_case_is_not_found() {
    let world = World::build().await;
    let app = &world.app;
    let number = world.case["number"].as_str().unwrap();
    let mail = app
        .receive(&letter("new@example.net", &format!("{number} 鸚鵡")).saying("鸚鵡について"))
        .await;
    assert_eq!(
        (&mail["state"], &mail["case_id"]),
        (&json!("quarantined"), &Value::Null)
    );
    assert_eq!(found(&app.as_admin(), "鸚鵡").await, NONE);
    let attach = json!({ "case_id": world.case.id() });
    app.as_operator()
        .post(format!("/intake/emails/{}/attach", mail.id()), attach)
        .await
        .expect(200);
    app.run_jobs().await;
    assert_eq!(found(&app.as_admin(), "鸚鵡").await, [world.case.id()]);
}

// ------------------------------------------------------------------------------------------------------ following changes

#[actix_web::test]
async fn the_index_follows_every_change() {
    let world = World::build().await;
    let app = &world.app;
    let supervisor = app.as_supervisor();
    let path = format!("/cases/{}", world.case.id());
    let edit = json!({ "subject": "鸚鵡の導入", "description": "麒麟の件です。" });
    supervisor
        .patch(&path, edit)
        .if_match(app.show_case(&world.case).await.etag())
        .await
        .expect(200);
    app.run_jobs().await;
    let gone = search(&supervisor, "子育て中").await;
    // The call with which it began is still on record.
    assert_eq!(kinds(&gone), ["interaction"], "{:#}", gone.json);
    assert_eq!(found(&supervisor, "鸚鵡 麒麟").await, [world.case.id()]);
    let enterprise = format!("/enterprises/{}", world.case["enterprise"].id());
    let etag = supervisor.get(&enterprise).await.expect(200).etag();
    supervisor
        .patch(&enterprise, json!({ "name": "合同会社鳳凰堂" }))
        .if_match(etag)
        .await
        .expect(200);
    app.run_jobs().await;
    assert_eq!(found(&supervisor, "鳳凰堂").await, [world.case.id()]);
    assert_eq!(
        found(
            &supervisor,
            world.case["enterprise"]["name"].as_str().unwrap()
        )
        .await,
        NONE
    );
    // What is erased in the database is gone too.
    let mut db = app.sql().await;
    sqlx::query("delete from note where case_id = $1")
        .bind(world.case.id())
        .execute(&mut db)
        .await
        .unwrap();
    app.run_jobs().await;
    assert_eq!(found(&supervisor, "鼈甲").await, NONE);
    assert_eq!(search::check(&app.store).await.unwrap().1, []);
}

#[actix_web::test]
async fn a_change_is_found_within_a_second() {
    let app = TestApp::start_silent().await;
    let case = app.make_case().await;
    let operator = app.as_operator();
    let mut took = Vec::new();
    app.beside_a_worker(async {
        for n in 0..7 {
            let word = format!("漣第{n}号");
            operator
                .post(
                    format!("/cases/{}/notes", case.id()),
                    json!({ "body": word }),
                )
                .await
                .expect(201);
            // The answer is there, so it is committed.
            let committed = Instant::now();
            while found(&operator, &word).await != [case.id()] {
                assert!(committed.elapsed() < Duration::from_secs(60), "{word}");
            }
            took.push(committed.elapsed());
        }
    })
    .await;
    took.sort();
    // One may be late on a machine that is busy with something else.
    assert!(took[took.len() - 2] < Duration::from_secs(1), "{took:?}");
}

#[actix_web::test]
async fn a_mail_that_was_moved_is_found_where_it_is() {
    let world = World::build().await;
    let app = &world.app;
    let other_desk = app.make_desk_for("03").await;
    let other = app.make_accepted_case(&other_desk).await;
    let mail = letter("x@example.jp", "鸚鵡")
        .saying("麒麟と鸚鵡")
        .to(&[&plus_address(&world.case)]);
    let mail = app.receive(&mail).await;
    assert_eq!(
        found(&app.as_desk(&world.desk), "麒麟").await,
        [world.case.id()]
    );
    let attach = json!({ "case_id": other.id() });
    app.as_supervisor()
        .post(format!("/intake/emails/{}/attach", mail.id()), attach)
        .await
        .expect(200);
    // At once, before the index knows.
    assert_eq!(found(&app.as_desk(&world.desk), "麒麟").await, NONE);
    app.run_jobs().await;
    assert_eq!(found(&app.as_desk(&world.desk), "麒麟").await, NONE);
    assert_eq!(found(&app.as_desk(&other_desk), "麒麟").await, [other.id()]);
    assert_eq!(found(&app.as_supervisor(), "麒麟").await, [other.id()]);
}

#[actix_web::test]
async fn reports_go_with_their_sessions_when_cases_are_merged() {
    let world = World::build().await;
    let app = &world.app;
    let survivor = app.make_accepted_case(&world.desk).await;
    let merge = json!({ "other_id": world.case.id(), "reason": "同じ相談" });
    app.as_supervisor()
        .post(format!("/cases/{}/merge", survivor.id()), merge)
        .await
        .expect(200);
    app.run_jobs().await;
    assert_eq!(found(&app.as_supervisor(), "打刻").await, [survivor.id()]);
    // The merged case is still a case, with all else that was said on it.
    assert_eq!(found(&app.as_supervisor(), "鼈甲").await, [world.case.id()]);
}

#[actix_web::test]
async fn the_job_may_run_twice_die_and_have_company() {
    let world = World::build().await;
    let app = &world.app;
    let dump = async || -> Vec<String> {
        let sql = "select concat_ws('|', kind, subject_id, case_id, case_received_on, at, is_head, is_cut, folded, terms) from search_text order by 1";
        sqlx::query_scalar(sql)
            .fetch_all(&mut app.sql().await)
            .await
            .unwrap()
    };
    let before = dump().await;
    let mark_all = "insert into search_dirty (source, subject_id) select case when kind in ('description', 'enterprise') then 'case' else kind end, subject_id from search_text";
    // Again, and a worker that died in the middle of it.
    for _ in 0..2 {
        sqlx::query(mark_all)
            .execute(&mut app.sql().await)
            .await
            .unwrap();
        let mut dying = app.sql().await;
        sqlx::query("begin").execute(&mut dying).await.unwrap();
        sqlx::query("delete from search_dirty")
            .execute(&mut dying)
            .await
            .unwrap();
        drop(dying);
        app.run_jobs().await;
        assert_eq!(dump().await, before);
    }
    // Eight workers, while things change.
    for round in 0..3 {
        for n in 0..6 {
            let note = json!({ "body": format!("{round}巡目の{n}番") });
            app.as_desk(&world.desk)
                .post(format!("/cases/{}/notes", world.case.id()), note)
                .await
                .expect(201);
        }
        sqlx::query(mark_all)
            .execute(&mut app.sql().await)
            .await
            .unwrap();
        app.parallel(8, |_| app.run_jobs()).await;
    }
    assert_eq!(app.count("search_dirty").await, 0);
    assert_eq!(app.count("search_text").await, before.len() as i64 + 18);
    assert_eq!(search::check(&app.store).await.unwrap().1, []);
}

#[actix_web::test]
async fn a_rebuild_gives_the_same_index() {
    let world = World::build().await;
    let app = &world.app;
    let mut db = app.sql().await;
    let sql = "select concat_ws('|', kind, subject_id, case_id, case_received_on, at, is_head, is_cut, folded, terms) from search_text order by 1";
    let before: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut db).await.unwrap();
    assert_eq!(
        search::rebuild(&app.store).await.unwrap(),
        before.len() as u64
    );
    let spoil = [
        "delete from search_text where kind = 'mail'",
        "update search_text set terms = ''::tsvector where kind = 'note'",
        "update search_text set folded = 'x' where kind = 'case'",
        "update search_text set case_received_on = '2001-01-01' where kind = 'report'",
        "insert into search_text select 'note', case_id, case_id, case_received_on, at, false, false, 'x', 'x' from search_text where kind = 'case'",
    ];
    for statement in spoil {
        sqlx::query(statement).execute(&mut db).await.unwrap();
    }
    let (_, wrong) = search::check(&app.store).await.unwrap();
    let kinds: Vec<_> = wrong.iter().map(|text| text.kind).collect();
    assert_eq!(
        kinds,
        [
            PassageKind::Case,
            PassageKind::Note,
            PassageKind::Note,
            PassageKind::Mail,
            PassageKind::Report
        ]
    );
    search::rebuild(&app.store).await.unwrap();
    let after: Vec<String> = sqlx::query_scalar(sql).fetch_all(&mut db).await.unwrap();
    assert_eq!(after, before);
    assert_eq!(search::check(&app.store).await.unwrap().1, []);
}

#[actix_web::test]
async fn a_very_long_text_is_searched_up_to_its_bound_and_says_so() {
    let world = World::build().await;
    let app = &world.app;
    let sender = world.case["contacts"][0]["email"].as_str().unwrap();
    // Each pair of characters another one: as many terms as a text can have.
    let many: String = (0..60_000_u32)
        .filter_map(|n| char::from_u32(0x20000 + n % 42_000))
        .collect();
    let lines: Vec<String> = many
        .chars()
        .collect::<Vec<_>>()
        .chunks(200)
        .map(|line| line.iter().collect())
        .collect();
    let body = format!("鸚鵡\r\n{0}\r\n{0}\r\n麒麟", lines.join("\r\n"));
    let mail = app
        .receive(
            &letter(sender, "長い件")
                .saying(&body)
                .to(&[&plus_address(&world.case)]),
        )
        .await;
    assert_eq!(mail["case_id"], world.case["id"]);
    let answer = search(&app.as_operator(), "鸚鵡").await;
    assert_eq!(
        answer.items()[0]["passages"][0]["is_cut"],
        true,
        "{:#}",
        answer.json
    );
    assert_eq!(found(&app.as_operator(), "麒麟").await, NONE);
}

// ------------------------------------------------------------------------------------------------------ with the list

#[actix_web::test]
async fn the_list_takes_words_with_its_other_filters() {
    let app = TestApp::start_silent().await;
    let (desk, other_desk) = (app.make_desk().await, app.make_desk_for("03").await);
    let mut cases = Vec::new();
    for n in 0..6 {
        app.advance(TimeDelta::hours(1));
        let mut request = app.case_request();
        request["description"] = json!(if n % 3 == 2 {
            "麒麟の件"
        } else {
            "鸚鵡の件"
        });
        let case = app.as_operator().post("/cases", request).await.expect(201);
        if n % 2 == 0 {
            let to = if n == 0 { desk.id() } else { other_desk.id() };
            app.as_operator()
                .post(
                    format!("/cases/{}/route", case.id()),
                    json!({ "desk_id": to }),
                )
                .await
                .expect(200);
        }
        cases.push(case.id());
    }
    app.run_jobs().await;
    let operator = app.as_operator();
    for (filter, expected) in [
        (String::new(), vec![4, 3, 1, 0]),
        ("&sort=received_at".into(), vec![0, 1, 3, 4]),
        ("&status=received".into(), vec![3, 1]),
        ("&status=open&topic=ict".into(), vec![4, 3, 1, 0]),
        (format!("&desk_id={}", desk.id()), vec![0]),
        ("&waiting_on=desk&due=accept".into(), vec![4, 0]),
        ("&overdue=true".into(), vec![]),
        ("&flag=complaint".into(), vec![]),
    ] {
        let query = format!("q={}{filter}", encoded("鸚鵡"));
        let list = operator.get(format!("/cases?{query}")).await.expect(200);
        let ids: Vec<_> = list.items().iter().map(HasId::id).collect();
        let expected: Vec<_> = expected.into_iter().map(|n: usize| cases[n]).collect();
        assert_eq!(ids, expected, "{filter}");
        let counts = operator
            .get(format!("/cases/counts?{query}"))
            .await
            .expect(200);
        assert_eq!(counts["total"], expected.len(), "{filter}");
    }
    for sort in ["received_at", "-received_at", "due_at"] {
        let mut walked = Vec::new();
        let mut next = String::new();
        loop {
            let page = operator
                .get(format!(
                    "/cases?q={}&limit=1&sort={sort}{next}",
                    encoded("鸚鵡")
                ))
                .await
                .expect(200);
            walked.extend(page.items().iter().map(HasId::id));
            match page["next_cursor"].as_str() {
                Some(cursor) => next = format!("&cursor={cursor}"),
                None => break,
            }
        }
        let unique: BTreeSet<_> = walked.iter().collect();
        assert_eq!((walked.len(), unique.len()), (4, 4), "{sort}");
    }
    assert_eq!(found(&app.as_desk(&desk), "鸚鵡").await, [cases[0]]);
}

/// The walk through the list, the index of some days and that of all of them are three ways to one answer; and so is the
/// index alone, once there are statistics that say how rare these words are.
#[actix_web::test]
async fn rare_and_common_words_are_found_among_many_cases() {
    let app = TestApp::start_silent().await;
    let case = app.make_case().await;
    // By copies, because each has a history: cases enough that the walk alone does not see them all.
    let copies = r#"
        with made as (
            insert into case_file (id, number, fiscal_year, status, status_seq, channel, enterprise_id, subject, description, topics, primary_topic,
                session_limit, waiting_on, received_at, recorded_at, updated_at)
            select gen_random_uuid(), 'TW-2026-' || 100000 + n, fiscal_year, status, status_seq, channel, enterprise_id,
                case when n % 300 = 7 then '鸚鵡の件' else '普通の件' end,
                case when n % 10 = 3 then '麒麟について' when n in (5, 900) then '鳳凰について' else '何もない' end,
                topics, primary_topic, session_limit, waiting_on, received_at - n * interval '30 minutes', recorded_at, updated_at
            from case_file, generate_series(1, 1200) n
            where id = $1
            returning id, received_at
        )
        insert into case_history (case_id, seq, move, to_status, occurred_at)
        select id, 1, 'create', 'received', received_at from made
        "#;
    sqlx::query(copies)
        .bind(case.id())
        .execute(&mut app.sql().await)
        .await
        .unwrap();
    app.run_jobs().await;
    finds_each_once(&app.as_operator()).await;
    sqlx::query("analyze search_text")
        .execute(&mut app.sql_as_owner().await)
        .await
        .unwrap();
    finds_each_once(&app.as_operator()).await;
}

async fn finds_each_once(operator: &Client) {
    for (q, expected) in [
        ("鳳凰", 2),
        ("麒麟", 120),
        ("鸚鵡", 4),
        ("普通 麒麟", 120),
        ("普通 鳳凰", 2),
        ("鸚鵡 麒麟", 0),
        ("無い", 0),
    ] {
        for limit in [3, 40] {
            let mut walked = Vec::new();
            let mut next = String::new();
            loop {
                let page = operator
                    .get(format!("/search?q={}&limit={limit}{next}", encoded(q)))
                    .await
                    .expect(200);
                walked.extend(
                    page.items()
                        .iter()
                        .map(|item| item["case"]["number"].as_str().unwrap().to_owned()),
                );
                match page["next_cursor"].as_str() {
                    Some(cursor) => next = format!("&cursor={cursor}"),
                    None => break,
                }
            }
            assert_eq!(walked.len(), expected, "{q} by {limit}");
            assert!(walked.is_sorted(), "{q}: the newest first");
        }
        for sort in ["-received_at", "received_at", "due_at"] {
            let mut walked = walk_list(operator, q, sort).await;
            assert_eq!(walked.len(), expected, "{q} by {sort}");
            match sort {
                "-received_at" => assert!(walked.is_sorted(), "{q}"),
                "received_at" => assert!(walked.iter().rev().is_sorted(), "{q}"),
                _ => {}
            }
            walked.sort();
            walked.dedup();
            assert_eq!(walked.len(), expected, "{q} by {sort}: each once");
        }
        let counts = operator
            .get(format!("/cases/counts?q={}", encoded(q)))
            .await
            .expect(200);
        assert_eq!(counts["total"], expected, "{q}");
        assert_eq!(counts["is_complete"], true, "{q}");
    }
    // What is nearly everywhere is not counted to its end.
    let counts = operator
        .get(format!("/cases/counts?q={}", encoded("普通")))
        .await
        .expect(200);
    assert_eq!(counts["total"], 1000);
    assert_eq!(counts["is_complete"], false);
}

/// The numbers of all cases that the list finds, page by page.
async fn walk_list(client: &Client, q: &str, sort: &str) -> Vec<String> {
    let mut numbers = Vec::new();
    let mut next = String::new();
    loop {
        let page = client
            .get(format!(
                "/cases?q={}&limit=30&sort={sort}{next}",
                encoded(q)
            ))
            .await
            .expect(200);
        numbers.extend(
            page.items()
                .iter()
                .map(|case| case["number"].as_str().unwrap().to_owned()),
        );
        match page["next_cursor"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => return numbers,
        }
    }
}

/// Whatever folds to the same text is the same word to everybody.
#[actix_web::test]
async fn names_are_found_as_they_are_compared() {
    let world = World::build().await;
    let name = world.case["enterprise"]["name"].as_str().unwrap();
    assert_eq!(
        found(&world.app.as_operator(), &fold(name)).await,
        [world.case.id()]
    );
}
