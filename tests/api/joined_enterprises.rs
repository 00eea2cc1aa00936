//! Joining two rows that are one enterprise: what the year counts afterwards, where the row that went leads to, and that
//! no case stays behind.

use crate::{
    factory::corporate_number,
    harness::{TestApp, TestResponse},
    same_enterprise::{case_of, enterprise_path, flag, found, one, open},
};
use serde_json::{Value, json};

#[actix_web::test]
async fn joined_enterprises_count_together() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let biased = app.make_manager().await;
    app.as_admin()
        .patch("/settings", json!({ "enterprise_guard": "block" }))
        .if_match(app.as_admin().get("/settings").await.expect(200).etag())
        .await
        .expect(200);
    let open_at_desk = async |enterprise: Value| {
        let case = case_of(&app, enterprise);
        app.as_desk(&desk).post("/cases", case).await.expect(201)
    };
    let first = open_at_desk(json!({ "kind": "company", "name": "津軽物産", "prefecture_code": "02", "phone": "017-734-1111" })).await;
    let second = open_at_desk(json!({ "kind": "company", "name": "株式会社ツガル", "corporate_number": "7000012050002", "phone": "017-734-1111" })).await;
    assert_eq!(second["flags"], json!(["possible_duplicate"]));
    app.assign(&desk, &first, &manager, "labour").await;
    app.book(&desk, &first, 3).await;
    app.assign(&desk, &second, &manager, "labour").await;
    // Not the same as far as anybody knows: the guard lets it book.
    app.book(&desk, &second, 4).await;
    let (stays, goes) = (enterprise_path(&first), enterprise_path(&second));
    let third = open_at_desk(json!({ "kind": "company", "name": "別の会社" })).await;
    let conflict = json!({ "enterprise_id": second["enterprise"]["id"], "kind": "contract" });
    app.as_admin()
        .post(format!("/managers/{}/conflicts", biased.id()), conflict)
        .await
        .expect(201);
    let apart = json!({ "other_id": third["enterprise"]["id"] });
    app.as_operator()
        .post(format!("{goes}/confirm-different"), apart)
        .await
        .expect(204);

    let body = json!({ "other_id": second["enterprise"]["id"], "reason": "電話で同一と確認" });
    let merge = format!("{stays}/merge");
    let merged = app
        .as_supervisor()
        .post(&merge, body.clone())
        .await
        .expect(200);
    assert_eq!(
        merged["this_year"],
        json!({ "cases": 2, "sessions_used": 2 })
    );
    assert_eq!(merged["corporate_number"], "7000012050002");
    let shown = app.show_case(&second).await;
    assert_eq!(shown["enterprise"]["id"], first["enterprise"]["id"]);
    assert_eq!(shown["flags"], json!(["same_enterprise_this_year"]));
    let reason = flag(&app, &second, "same_enterprise_this_year")
        .await
        .unwrap()["reason"]
        .clone();
    assert_eq!(
        reason,
        "2026年度にすでに1件の案件があり、無料の支援を1回利用しています(同じ企業・団体として統合)。"
    );
    assert_eq!(app.show_case(&first).await["flags"], json!([]));
    // From now on the guard holds for the later of the two.
    let path = format!("/cases/{}/consultations", second.id());
    app.as_desk(&desk)
        .post(path, app.session(5))
        .await
        .problem("enterprise-guard");
    app.book(&desk, &first, 6).await;

    // The row that went points to the other, and leads there.
    let gone = app.as_operator().get(&goes).await.expect(200);
    assert_eq!(gone["merged_into"], first["enterprise"]["id"]);
    assert_eq!(gone["corporate_number"], Value::Null);
    let client = app.as_operator();
    assert_eq!(found(&client, "ツガル").await, one("津軽物産", "name"));
    assert_eq!(
        found(&client, "7000012050002").await,
        one("津軽物産", "corporate_number")
    );
    let all = client.get("/enterprises").await.expect(200);
    assert!(all.items().iter().all(|item| item["merged_into"].is_null()));
    let again = open(&app, json!({ "id": second["enterprise"]["id"] })).await;
    assert_eq!(again["enterprise"]["id"], first["enterprise"]["id"]);
    let conflicts = app
        .as_admin()
        .get(format!("/managers/{}/conflicts", biased.id()))
        .await
        .expect(200);
    assert_eq!(
        conflicts.items()[0]["enterprise_id"],
        first["enterprise"]["id"]
    );
    let mut db = app.sql().await;
    let pairs: i64 = sqlx::query_scalar(
        "select count(*) from enterprise_different where $1 in (enterprise_id, other_id)",
    )
    .bind(
        first["enterprise"]["id"]
            .as_str()
            .unwrap()
            .parse::<uuid::Uuid>()
            .unwrap(),
    )
    .fetch_one(&mut db)
    .await
    .unwrap();
    assert_eq!(pairs, 1);

    // Once more changes nothing; what has gone is neither changed nor joined.
    app.as_supervisor()
        .post(&merge, body.clone())
        .await
        .expect(200);
    let events: i64 =
        sqlx::query_scalar("select count(*) from audit_event where kind = 'enterprises_merged'")
            .fetch_one(&mut db)
            .await
            .unwrap();
    assert_eq!(events, 1);
    client
        .patch(&goes, json!({ "employees": 3 }))
        .if_match(gone.etag())
        .await
        .problem("conflict");
    let back = json!({ "other_id": first["enterprise"]["id"], "reason": "逆" });
    app.as_supervisor()
        .post(format!("{goes}/merge"), back.clone())
        .await
        .problem("conflict");
    let own = app.as_supervisor().post(&merge, back).await;
    own.invalid(&["/other_id"]);
    let nobody = json!({ "other_id": uuid::Uuid::now_v7(), "reason": "なし" });
    app.as_supervisor()
        .post(&merge, nobody)
        .await
        .invalid(&["/other_id"]);
    for client in [
        app.as_operator(),
        app.as_desk(&desk),
        app.as_manager(&manager),
        app.as_auditor(),
    ] {
        client.post(&merge, body.clone()).await.problem("forbidden");
    }
    app.as_nobody()
        .post(&merge, body)
        .await
        .problem("unauthenticated");
}

#[actix_web::test]
async fn two_numbers_are_two_enterprises() {
    let app = TestApp::start().await;
    let make = async |body: Value| {
        app.as_operator()
            .post("/enterprises", body)
            .await
            .expect(201)
    };
    let one = make(
        json!({ "kind": "company", "name": "りんご", "corporate_number": corporate_number(1) }),
    )
    .await;
    let other = make(
        json!({ "kind": "company", "name": "りんご", "corporate_number": corporate_number(2) }),
    )
    .await;
    let person = make(json!({ "kind": "sole_proprietor", "name": "りんご" })).await;
    let anonymous = make(json!({ "kind": "anonymous" })).await;
    let join = async |stays: &TestResponse, goes: &TestResponse| {
        let body = json!({ "other_id": goes.id(), "reason": "同じ" });
        app.as_supervisor()
            .post(format!("{}/merge", stays.location()), body)
            .await
    };
    for (stays, goes) in [(&one, &other), (&person, &one), (&anonymous, &person)] {
        join(stays, goes).await.problem("conflict");
    }
    join(&person, &anonymous).await.expect(200);
    // No chains: what pointed to the one that goes points to the one that stays.
    join(&one, &person).await.expect(200);
    let gone = app
        .as_operator()
        .get(anonymous.location())
        .await
        .expect(200);
    assert_eq!(gone["merged_into"], one["id"]);
}

/// A case that is opened while its enterprise is joined with another is the other's, whoever comes first.
#[actix_web::test]
async fn no_case_stays_behind() {
    let app = TestApp::start().await;
    let (operator, supervisor) = (app.as_operator(), app.as_supervisor());
    operator.token().await;
    supervisor.token().await;
    for _ in 0..5 {
        let make = async || {
            let body = json!({ "kind": "company", "name": "りんご" });
            operator.post("/enterprises", body).await.expect(201)
        };
        let (stays, goes) = (make().await, make().await);
        let answers = app
            .parallel(9, |n| match n % 3 {
                0 => {
                    // Both ways round at once: one is refused or has come too late.
                    let (path, id) = match n % 2 {
                        0 => (stays.location(), goes.id()),
                        _ => (goes.location(), stays.id()),
                    };
                    let body = json!({ "other_id": id, "reason": "同じ" });
                    supervisor.post(format!("{path}/merge"), body).into_future()
                }
                1 => operator
                    .post("/cases", case_of(&app, json!({ "id": goes.id() })))
                    .into_future(),
                _ => operator
                    .post("/cases", case_of(&app, json!({ "id": stays.id() })))
                    .into_future(),
            })
            .await;
        assert!(
            answers
                .iter()
                .all(|answer| [200, 201, 409].contains(&answer.status)),
            "{:?}",
            answers
                .iter()
                .map(|answer| &answer.json)
                .collect::<Vec<_>>()
        );
        let mut db = app.sql().await;
        let behind: i64 = sqlx::query_scalar(
            "select count(*) from case_file c join enterprise e on e.id = c.enterprise_id where e.merged_into is not null",
        )
        .fetch_one(&mut db)
        .await
        .unwrap();
        assert_eq!(behind, 0);
        let unflagged: i64 = sqlx::query_scalar(
            r#"
            select count(*)
            from case_file c
            where c.enterprise_id = any ($1)
            and not exists (select 1 from case_flag f where f.case_id = c.id and f.flag = 'same_enterprise_this_year')
            "#,
        )
        .bind([uuid_of(&stays), uuid_of(&goes)])
        .fetch_one(&mut db)
        .await
        .unwrap();
        assert_eq!(unflagged, 1, "only the first is not flagged");
    }
}

/// The key in the database, without the program: no case under an enterprise that was joined with another.
#[actix_web::test]
async fn the_database_lets_no_case_point_to_a_pointer() {
    let app = TestApp::start().await;
    let case = app.make_case().await;
    let other = app.make_case().await;
    let mut db = app.sql().await;
    let merge = r#"
        update enterprise
        set merged_into = (select enterprise_id from case_file where id = $2), merged_at = now(), merge_reason = 'x'
        where id = (select enterprise_id from case_file where id = $1)
    "#;
    let refused = sqlx::query(merge)
        .bind(uuid_of(&case))
        .bind(uuid_of(&other))
        .execute(&mut db)
        .await
        .unwrap_err();
    let constraint = refused.as_database_error().unwrap().constraint();
    assert_eq!(constraint, Some("case_file_enterprise_id"));
}

fn uuid_of(response: &TestResponse) -> uuid::Uuid {
    response["id"].as_str().unwrap().parse().unwrap()
}
