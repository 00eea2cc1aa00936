//! The same enterprise arriving again: one box to find it, the reasons why two may be one, and telling them apart.

use crate::{
    harness::{Client, HasId, TestApp, TestResponse},
    mails::{CENTER, letter},
};
use serde_json::{Value, json};

/// What one box finds: name and how, in their order.
pub async fn found(client: &Client, typed: &str) -> Vec<(String, String)> {
    let typed: String = form_urlencoded::byte_serialize(typed.as_bytes()).collect();
    let list = client
        .get(format!("/enterprises?q={typed}"))
        .await
        .expect(200);
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = list.items().iter();
    items
        .map(|item| (text(&item["name"]), text(&item["matched_by"])))
        .collect()
}

pub fn one(name: &str, by: &str) -> Vec<(String, String)> {
    vec![(name.to_owned(), by.to_owned())]
}

/// The body of a case of a new enterprise: nothing but these fields is known of it, and nobody can be reached.
pub fn case_of(app: &TestApp, enterprise: Value) -> Value {
    let mut case = app.case_request();
    case["enterprise"] = enterprise;
    case["contacts"] = json!([]);
    case
}

pub async fn open(app: &TestApp, enterprise: Value) -> TestResponse {
    let case = case_of(app, enterprise);
    app.as_operator().post("/cases", case).await.expect(201)
}

pub async fn flag(app: &TestApp, case: &impl HasId, name: &str) -> Option<Value> {
    let path = format!("/cases/{}/flags", case.id());
    let flags = app.as_supervisor().get(path).await.expect(200);
    let is_it = |flag: &&Value| flag["flag"] == name && flag["settled_at"].is_null();
    flags.items().iter().find(is_it).cloned()
}

pub fn enterprise_path(case: &TestResponse) -> String {
    format!(
        "/enterprises/{}",
        case["enterprise"]["id"].as_str().unwrap()
    )
}

/// The names of the possible duplicates with the reasons.
async fn duplicates(client: &Client, path: &str) -> Vec<(String, String)> {
    let list = client.get(format!("{path}/duplicates")).await.expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = list.items().iter();
    items
        .map(|item| (text(&item["enterprise"]["name"]), text(&item["reason"])))
        .collect()
}

#[actix_web::test]
async fn one_box_finds_by_everything() {
    let app = TestApp::start().await;
    let mut case = app.case_request();
    case["enterprise"] = json!({
        "kind": "company", "name": "株式会社髙﨑塗装", "kana": "カブシキガイシャ　タカサキトソウ", "trade_name": "ペイントハウス津軽",
        "corporate_number": "7000012050002", "prefecture_code": "02", "phone": "017-734-1111",
    });
    case["contacts"][0]["phone"] = json!("090-1111-2222");
    case["contacts"][0]["email"] = json!("Soumu@takasaki-tosou.co.jp");
    case["site"] = json!({ "name": "八戸支店", "phone": "0178-22-3333" });
    app.as_operator().post("/cases", case).await.expect(201);
    app.make_case().await;
    let client = app.as_operator();
    for (typed, by) in [
        ("高崎塗", "name"),
        ("（株）髙﨑塗装", "name"),
        ("高﨑塗装㈱", "name"),
        ("ペイント", "trade_name"),
        ("ﾍﾟｲﾝﾄﾊｳｽ", "trade_name"),
        ("たかさき", "kana"),
        ("ﾀｶｻｷﾄｿｳ", "kana"),
        ("takasaki", "romanised"),
        ("Takasaki Tosō", "romanised"),
        ("takasakitosoh", "romanised"),
        ("ｔａｋａｓａ", "romanised"),
        ("7000012050002", "corporate_number"),
        ("T7000012050002", "corporate_number"),
        ("７０００ ０１２０ ５０００２", "corporate_number"),
        ("700001", "corporate_number"),
        ("017-734-1111", "phone"),
        ("(017)7341", "phone"),
        ("+81 17 734 1111", "phone"),
        ("０９０ー１１１１ー２２２２", "contact_phone"),
        ("0901111", "contact_phone"),
        ("0178-22", "site_phone"),
        ("soumu@takasaki-tosou.co.jp", "email"),
        ("keiri@takasaki-tosou.co.jp", "mail_domain"),
        ("@takasaki", "mail_domain"),
        ("www.takasaki-tosou.co.jp", "mail_domain"),
    ] {
        assert_eq!(
            found(&client, typed).await,
            one("株式会社髙﨑塗装", by),
            "{typed}"
        );
    }
    for typed in [
        "塗装",
        "7000012050003",
        "017-734-9",
        "@",
        "yamada",
        "@example.co.jp",
        "%",
    ] {
        assert_eq!(found(&client, typed).await, [], "{typed}");
    }
}

#[actix_web::test]
async fn the_best_comes_first() {
    let app = TestApp::start().await;
    for (name, kana) in [
        ("佐藤", "サトウ"),
        ("佐藤商店", "サトウショウテン"),
        ("里見", "サト"),
        ("サトウ製菓", "サトウセイカ"),
    ] {
        let body = json!({ "kind": "company", "name": name, "kana": kana });
        app.as_operator()
            .post("/enterprises", body)
            .await
            .expect(201);
    }
    let client = app.as_operator();
    let names = async |typed: &str| -> Vec<String> {
        let found = found(&client, typed).await;
        found.into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names("佐藤").await, ["佐藤", "佐藤商店"]);
    // The whole reading before the beginning of a name, and that before the beginning of a reading.
    assert_eq!(names("サトウ").await, ["佐藤", "サトウ製菓", "佐藤商店"]);
    assert_eq!(
        names("sato").await,
        ["佐藤", "里見", "サトウ製菓", "佐藤商店"]
    );
    let first = client.get("/enterprises?q=sato&limit=3").await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let path = format!("/enterprises?q=sato&limit=3&cursor={cursor}");
    let rest = client.get(path).await.expect(200);
    assert_eq!(rest.items()[0]["name"], "佐藤商店");
    assert_eq!(rest["next_cursor"], Value::Null);
}

#[actix_web::test]
async fn free_mail_leads_to_nobody() {
    let app = TestApp::start().await;
    let open_with = async |name: &str, address: &str| {
        let mut case = app.case_request();
        case["enterprise"] = json!({ "kind": "company", "name": name });
        case["contacts"][0]["email"] = json!(address);
        app.as_operator().post("/cases", case).await.expect(201)
    };
    open_with("りんご園", "ringo@gmail.com").await;
    let same_provider = open_with("ながいも園", "imo@gmail.com").await;
    assert_eq!(same_provider["flags"], json!([]));
    let client = app.as_operator();
    assert_eq!(found(&client, "x@gmail.com").await, []);
    assert_eq!(found(&client, "@gmail.com").await, []);
    // The whole address is somebody's.
    assert_eq!(
        found(&client, "Ringo@gmail.com").await,
        one("りんご園", "email")
    );

    open_with("にんにく", "a@ninniku.co.jp").await;
    let same_domain = open_with("黒にんにく販売", "b@ninniku.co.jp").await;
    assert_eq!(same_domain["flags"], json!(["possible_duplicate"]));
    let reason = flag(&app, &same_domain, "possible_duplicate")
        .await
        .unwrap()["reason"]
        .clone();
    assert_eq!(
        reason,
        "メールのドメインが同じ企業・団体がほかに登録されています(2026年度の案件1件、利用済み0回)。"
    );

    // What leads to many is a provider that the program does not know.
    for number in 1..=5 {
        open_with(
            &format!("加盟店{number}"),
            &format!("{number}@machi-net.jp"),
        )
        .await;
    }
    open_with("加盟店6", "6@machi-net.jp").await;
    let seventh = open_with("加盟店7", "7@machi-net.jp").await;
    assert_eq!(seventh["flags"], json!([]));
}

/// "Done when" of the issue: four spellings, no number, and none goes unnoticed.
#[actix_web::test]
async fn one_enterprise_under_four_spellings_is_noticed() {
    let app = TestApp::start().await;
    let place = |fields: Value| {
        let mut enterprise = json!({ "kind": "company", "prefecture_code": "02" });
        for (name, value) in fields.as_object().unwrap() {
            enterprise[name] = value.clone();
        }
        enterprise
    };
    let first = open(&app, place(json!({ "name": "株式会社髙橋電器", "kana": "タカハシデンキ", "phone": "017-734-1111" }))).await;
    assert_eq!(first["flags"], json!([]));
    for (enterprise, words) in [
        (json!({ "name": "(株)高橋電器" }), "名称が同じ"),
        (
            json!({ "name": "高橋電機㈱", "kana": "ﾀｶﾊｼ ﾃﾞﾝｷ" }),
            "フリガナが同じ",
        ),
        (
            json!({ "name": "ＴＡＫＡＨＡＳＨＩ", "phone": "+81 17 734 1111" }),
            "電話番号が同じ",
        ),
        (
            json!({ "name": "たかはし", "trade_name": "高橋電器" }),
            "屋号が同じ",
        ),
    ] {
        let again = open(&app, place(enterprise)).await;
        assert_eq!(again["flags"], json!(["possible_duplicate"]), "{words}");
        let flag = flag(&app, &again, "possible_duplicate").await.unwrap();
        let reason = flag["reason"].as_str().unwrap();
        assert!(reason.contains(words), "{reason}");
        assert!(
            reason.contains("2026年度の案件1件、利用済み0回"),
            "{reason}"
        );
        let named = flag["detail"]["enterprises"].as_array().unwrap();
        assert!(
            named
                .iter()
                .any(|other| other["id"] == first["enterprise"]["id"]),
            "{flag:#}"
        );
    }
    // A branch that says its own place, and a reading that many have elsewhere.
    let branch = json!({ "kind": "company", "name": "高橋電器", "prefecture_code": "47" });
    let branch = open(&app, branch).await;
    assert_eq!(branch["flags"], json!(["possible_duplicate"]));
    let elsewhere = json!({ "kind": "company", "name": "高端電気", "kana": "タカハシデンキ", "prefecture_code": "47" });
    assert_eq!(open(&app, elsewhere).await["flags"], json!([]));
    let nobody = json!({ "kind": "company", "name": "南部せんべい", "kana": "ナンブセンベイ", "prefecture_code": "02", "phone": "017-734-9999" });
    let nobody = open(&app, nobody).await;
    assert_eq!(nobody["flags"], json!([]));
    let client = app.as_operator();
    assert_eq!(duplicates(&client, &enterprise_path(&nobody)).await, []);
}

#[actix_web::test]
async fn branches_share_one_number_and_one_count() {
    let app = TestApp::start().await;
    let (aomori, tokyo, manager) = (
        app.make_desk().await,
        app.make_desk_for("13").await,
        app.make_manager().await,
    );
    let head = json!({ "kind": "company", "name": "株式会社全国物産", "corporate_number": "7000012050002", "prefecture_code": "13", "phone": "03-3210-1111" });
    let mut case = case_of(&app, head);
    let first = app
        .as_desk(&tokyo)
        .post("/cases", case.clone())
        .await
        .expect(201);
    app.assign(&tokyo, &first, &manager, "labour").await;
    app.book(&tokyo, &first, 3).await;
    // Its branch in Aomori says the same number, a name of its own, and where it is.
    case["enterprise"] = json!({ "kind": "company", "name": "全国物産 青森支店", "corporate_number": "7000012050002" });
    case["site"] = json!({ "name": "青森支店", "prefecture_code": "02", "phone": "017-734-2222" });
    let second = app.as_desk(&aomori).post("/cases", case).await.expect(201);
    assert_eq!(second["enterprise"]["id"], first["enterprise"]["id"]);
    assert_eq!(second["site"]["prefecture_code"], "02");
    assert_eq!(second["flags"], json!(["same_enterprise_this_year"]));
    let flags = app
        .as_desk(&aomori)
        .get(format!("/cases/{}/flags", second.id()))
        .await
        .expect(200);
    assert_eq!(
        flags.items()[0]["reason"],
        "2026年度にすでに1件の案件があり、無料の支援を1回利用しています(法人番号または登録番号が同じ)。"
    );
    let counts = json!({ "cases": 1, "sessions_used": 1 });
    assert_eq!(flags.items()[0]["detail"], counts);
    assert!(!flags.text.contains(&first.id().to_string()));
    let client = app.as_desk(&aomori);
    assert_eq!(
        found(&client, "017-734-2222").await,
        one("株式会社全国物産", "site_phone")
    );
}

#[actix_web::test]
async fn a_sole_proprietor_is_known_by_registration_or_telephone() {
    let app = TestApp::start().await;
    let person = |fields: Value| {
        let mut enterprise =
            json!({ "kind": "sole_proprietor", "name": "佐藤 一郎", "prefecture_code": "02" });
        for (name, value) in fields.as_object().unwrap() {
            enterprise[name] = value.clone();
        }
        enterprise
    };
    let first = open(&app, person(json!({ "phone": "090-3333-4444", "trade_name": "喫茶りんご", "invoice_number": "T1234567890123" }))).await;
    // Many have the name.
    assert_eq!(open(&app, person(json!({}))).await["flags"], json!([]));
    let by_phone = open(&app, person(json!({ "phone": "09033334444" }))).await;
    let reason = flag(&app, &by_phone, "possible_duplicate").await.unwrap();
    let reason = reason["reason"].as_str().unwrap();
    assert!(reason.starts_with("電話番号・名称が同じ"), "{reason}");
    let by_trade_name = json!({ "kind": "sole_proprietor", "name": "佐藤", "trade_name": "喫茶リンゴ", "prefecture_code": "02" });
    let by_trade_name = open(&app, by_trade_name).await;
    assert_eq!(by_trade_name["flags"], json!(["possible_duplicate"]));
    let same = open(
        &app,
        person(json!({ "invoice_number": "１２３４ ５６７８ ９０１２３" })),
    )
    .await;
    assert_eq!(same["enterprise"]["id"], first["enterprise"]["id"]);
    // Those above may still be the same person.
    assert_eq!(
        same["flags"],
        json!(["possible_duplicate", "same_enterprise_this_year"])
    );
    let client = app.as_operator();
    assert_eq!(
        found(&client, "T1234567").await,
        one("佐藤 一郎", "invoice_number")
    );

    // A corporation's is its corporate number, and a person's is none.
    for (kind, number) in [("company", "T7000012050002"), ("worker", "T1234567890123")] {
        let body = json!({ "kind": kind, "name": "りんご", "invoice_number": number });
        client
            .post("/enterprises", body)
            .await
            .invalid(&["/invoice_number"]);
    }
    let body = json!({ "kind": "other", "name": "りんご", "invoice_number": "123456789012" });
    client
        .post("/enterprises", body)
        .await
        .invalid(&["/invoice_number"]);
}

#[actix_web::test]
async fn told_apart_is_told_apart_for_good() {
    let app = TestApp::start().await;
    let shop = json!({ "kind": "company", "name": "山田商店", "prefecture_code": "02" });
    let first = open(&app, shop.clone()).await;
    let second = open(&app, shop.clone()).await;
    assert_eq!(second["flags"], json!(["possible_duplicate"]));
    let client = app.as_operator();
    let expected = one("山田商店", "名称が同じ");
    assert_eq!(
        duplicates(&client, &enterprise_path(&second)).await,
        expected
    );
    let body = json!({ "other_id": second["enterprise"]["id"] });
    client
        .post(
            format!("{}/confirm-different", enterprise_path(&first)),
            body,
        )
        .await
        .expect(204);
    assert_eq!(duplicates(&client, &enterprise_path(&first)).await, []);
    assert_eq!(duplicates(&client, &enterprise_path(&second)).await, []);
    // The next case of either, and a change of either, say nothing more of the other.
    let next = open(&app, json!({ "id": second["enterprise"]["id"] })).await;
    assert_eq!(next["flags"], json!(["same_enterprise_this_year"]));
    let shown = client.get(enterprise_path(&first)).await.expect(200);
    client
        .patch(enterprise_path(&first), json!({ "phone": "017-734-5555" }))
        .if_match(shown.etag())
        .await
        .expect(200);
    assert_eq!(app.show_case(&first).await["flags"], json!([]));
    // A third of the name is asked about with both.
    let third = open(&app, shop).await;
    let named =
        flag(&app, &third, "possible_duplicate").await.unwrap()["detail"]["enterprises"].clone();
    assert_eq!(named.as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn a_change_is_looked_at_as_an_arrival_is() {
    let app = TestApp::start().await;
    let first = open(&app, json!({ "kind": "company", "name": "津軽工房", "prefecture_code": "02", "phone": "017-734-1111" })).await;
    let second = open(&app, json!({ "kind": "anonymous" })).await;
    assert_eq!(second["flags"], json!([]));
    let client = app.as_operator();
    let path = enterprise_path(&second);
    let shown = client.get(&path).await.expect(200);
    let named = json!({ "kind": "company", "name": "(有)津軽工房" });
    client
        .patch(&path, named)
        .if_match(shown.etag())
        .await
        .expect(200);
    let raised = flag(&app, &second, "possible_duplicate").await.unwrap();
    assert_eq!(
        raised["detail"]["enterprises"][0]["reasons"],
        json!(["name"])
    );
    assert_eq!(flag(&app, &first, "possible_duplicate").await, None);

    // What staff answered is not asked again for the same pair.
    let settle = format!("/cases/{}/flags/possible_duplicate/settle", second.id());
    client
        .post(settle, json!({ "answer": "別会社" }))
        .await
        .expect(200);
    let case = app.show_case(&second).await;
    let contacts = json!({ "contacts": [{ "role": "primary", "phone": "017-734-1111" }] });
    let edited = client
        .patch(format!("/cases/{}", second.id()), contacts)
        .if_match(case.etag());
    assert_eq!(edited.await.expect(200)["flags"], json!([]));

    // A telephone number that comes with a contact later.
    let third = open(
        &app,
        json!({ "kind": "company", "name": "別の名前", "prefecture_code": "02" }),
    )
    .await;
    let contacts = json!({ "contacts": [{ "role": "primary", "phone": "0177341111" }] });
    let edited = client
        .patch(format!("/cases/{}", third.id()), contacts)
        .if_match(third.etag());
    assert_eq!(
        edited.await.expect(200)["flags"],
        json!(["possible_duplicate"])
    );
    // An agent's telephone leads to many.
    let fourth = open(
        &app,
        json!({ "kind": "company", "name": "四つめ", "prefecture_code": "02" }),
    )
    .await;
    let contacts = json!({ "contacts": [{ "role": "agent", "phone": "0177341111" }] });
    let edited = client
        .patch(format!("/cases/{}", fourth.id()), contacts)
        .if_match(fourth.etag());
    assert_eq!(edited.await.expect(200)["flags"], json!([]));
}

#[actix_web::test]
async fn other_desks_learn_the_counts_and_managers_nothing() {
    let app = TestApp::start().await;
    let (aomori, akita, manager) = (
        app.make_desk().await,
        app.make_desk_for("05").await,
        app.make_manager().await,
    );
    let shop = json!({ "kind": "company", "name": "山田商店", "prefecture_code": "02", "phone": "017-734-1111" });
    let first = case_of(&app, shop.clone());
    let first = app.as_desk(&aomori).post("/cases", first).await.expect(201);
    app.assign(&aomori, &first, &manager, "labour").await;
    app.book(&aomori, &first, 3).await;
    let second = case_of(&app, shop);
    let second = app.as_desk(&akita).post("/cases", second).await.expect(201);
    let client = app.as_desk(&akita);
    let flags = format!("/cases/{}/flags", second.id());
    let seen = client.get(&flags).await.expect(200);
    let reason = seen.items()[0]["reason"].as_str().unwrap();
    assert_eq!(
        reason,
        "電話番号・名称が同じ企業・団体がほかに登録されています(2026年度の案件1件、利用済み1回)。"
    );
    let list = client
        .get(format!("{}/duplicates", enterprise_path(&second)))
        .await
        .expect(200);
    let counts = json!({ "cases": 1, "sessions_used": 1 });
    assert_eq!(list.items()[0]["enterprise"]["this_year"], counts);
    assert_eq!(list.items()[0]["reasons"], json!(["phone", "name"]));
    for text in [&seen.text, &list.text] {
        assert!(
            !text.contains(&first.id().to_string()) && !text.contains("TW-"),
            "{text}"
        );
    }
    app.assign(&akita, &second, &manager, "ict").await;
    let seen = app.as_manager(&manager).get(&flags).await.expect(200);
    assert_eq!(seen.items()[0]["flag"], "possible_duplicate");
    assert_eq!(
        (&seen.items()[0]["reason"], &seen.items()[0]["detail"]),
        (&Value::Null, &Value::Null)
    );
    let path = format!("{}/duplicates", enterprise_path(&second));
    app.as_manager(&manager)
        .get(&path)
        .await
        .problem("forbidden");
    app.as_auditor().get(&path).await.problem("forbidden");
    app.as_nobody().get(&path).await.problem("unauthenticated");
    let nowhere = format!("/enterprises/{}/duplicates", uuid::Uuid::now_v7());
    client.get(nowhere).await.problem("not-found");
}

#[actix_web::test]
async fn two_first_cases_at_once_do_not_go_unnoticed() {
    let app = TestApp::start().await;
    let operator = app.as_operator();
    operator.token().await;
    for round in 0..5 {
        let name = format!("同時商店{round}");
        let phone = format!("017-734-4{round:03}");
        let answers = app
            .parallel(6, |n| {
                // Three spellings of the name, three other names with the telephone of a contact.
                let enterprise = match n {
                    0 => json!({ "kind": "company", "name": format!("株式会社{name}"), "phone": phone }),
                    1 => json!({ "kind": "company", "name": format!("(株){name}") }),
                    2 => json!({ "kind": "company", "name": format!("{name}㈱") }),
                    n => json!({ "kind": "company", "name": format!("番号{round}の{n}"), "phone": phone }),
                };
                let case = case_of(&app, enterprise);
                operator.post("/cases", case).into_future()
            })
            .await;
        let unnoticed = answers
            .iter()
            .filter(|answer| {
                assert_eq!(answer.status, 201, "{:#}", answer.json);
                answer["flags"] == json!([])
            })
            .count();
        // Those of the name and those of the telephone meet in the first, so each but the first of each kind is flagged.
        assert!((1..=2).contains(&unnoticed), "{unnoticed}");
    }
}

/// A mail from an address that nobody knows, of a domain that somebody knows.
#[actix_web::test]
async fn a_mail_of_a_known_domain_is_noticed() {
    let app = TestApp::start().await;
    let mut case = app.case_request();
    case["contacts"][0]["email"] = json!("soumu@ninniku.co.jp");
    let known = app.as_operator().post("/cases", case).await.expect(201);
    app.make_mailbox(CENTER, None).await;
    let mail = app
        .receive(&letter("keiri@ninniku.co.jp", "勤怠管理について"))
        .await;
    let stranger = app.case_of(&mail).await;
    assert_ne!(stranger["enterprise"]["id"], known["enterprise"]["id"]);
    let reason = flag(&app, &stranger, "possible_duplicate").await.unwrap()["reason"].clone();
    assert!(
        reason
            .as_str()
            .unwrap()
            .starts_with("メールのドメインが同じ"),
        "{reason}"
    );
    let mail = app
        .receive(&letter("soumu@ninniku.co.jp", "就業規則について"))
        .await;
    let same = app.case_of(&mail).await;
    assert_eq!(same["enterprise"]["id"], known["enterprise"]["id"]);
    let reason = flag(&app, &same, "same_enterprise_this_year")
        .await
        .unwrap()["reason"]
        .clone();
    assert!(
        reason
            .as_str()
            .unwrap()
            .contains("差出人のメールアドレスが登録済み"),
        "{reason}"
    );
}
