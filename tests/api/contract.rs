//! What holds for every answer, whatever the test is about: it is documented, and errors are problems.

use crate::harness::TestResponse;
use actix_web::http::Method;
use serde_json::Value;
use std::sync::LazyLock;

/// The OpenAPI document of the program under test.
pub static DOCUMENT: LazyLock<Value> =
    LazyLock::new(|| serde_json::to_value(madoguchi::app::openapi()).unwrap());

/// An operation of the document.
pub struct Operation {
    /// In upper case.
    pub method: Method,
    /// With its parameters, as in `/api/v1/cases/{id}`.
    pub path: String,
    /// Everything the document says of it.
    pub value: Value,
}

impl Operation {
    /// `verb_noun`.
    pub fn id(&self) -> &str {
        self.value["operationId"].as_str().unwrap_or_default()
    }

    /// The permission it needs.
    pub fn permission(&self) -> &str {
        self.value["x-permission"].as_str().unwrap_or_default()
    }

    fn is_at(&self, path: &str) -> bool {
        let path = path.split('?').next().unwrap_or_default();
        let is_parameter = |segment: &str| segment.starts_with('{');
        path.split('/').count() == self.path.split('/').count()
            && path
                .split('/')
                .zip(self.path.split('/'))
                .all(|(given, ours)| given == ours || (is_parameter(ours) && !given.is_empty()))
    }
}

/// All operations, those with literal paths before those with parameters.
pub static OPERATIONS: LazyLock<Vec<Operation>> = LazyLock::new(|| {
    let mut operations = Vec::new();
    for (path, item) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, value) in item.as_object().unwrap() {
            let Ok(method) = method.to_ascii_uppercase().parse::<Method>() else {
                continue;
            };
            if ["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&method.as_str()) {
                operations.push(Operation {
                    method,
                    path: path.clone(),
                    value: value.clone(),
                });
            }
        }
    }
    operations.sort_by_key(|operation| operation.path.replace('{', "~"));
    operations
});

/// Fails the test when the answer is not as every answer should be.
pub fn check(method: &Method, path: &str, response: &TestResponse) {
    let what = format!(
        "{}: {}\n{}",
        response.request, response.status, response.text
    );
    // A word is no id: `PATCH /cases/counts` is not the operation of `/cases/{id}`.
    let at = OPERATIONS.iter().find(|operation| operation.is_at(path));
    let operation = OPERATIONS.iter().find(|operation| {
        operation.method == *method && at.is_some_and(|at| at.path == operation.path)
    });
    if let Some(operation) = operation {
        let documented = &operation.value["responses"][response.status.to_string()];
        assert!(
            documented.is_object(),
            "{} does not document this status: {what}",
            operation.id()
        );
        check_body(documented, response, &what);
    }
    let request_id = response
        .header("x-request-id")
        .unwrap_or_else(|| panic!("no request id: {what}"));
    assert_eq!(
        response.header("x-content-type-options"),
        Some("nosniff"),
        "{what}"
    );
    // The public pages speak to people, in HTML.
    if response.status >= 400 && !path.starts_with("/public/") {
        check_problem(response, request_id, &what);
    }
}

/// Words that would tell a client what is behind the answer.
const SECRETS: &[&str] = &[
    "sqlx",
    "postgres",
    "constraint",
    "duplicate key",
    "violates",
    "_key\"",
    "select ",
    "insert into",
    "src/",
    "panicked",
];

fn check_problem(response: &TestResponse, request_id: &str, what: &str) {
    assert_eq!(
        response.header("content-type"),
        Some("application/problem+json"),
        "{what}"
    );
    let problem = &response.json;
    assert!(
        problem["type"]
            .as_str()
            .is_some_and(|kind| kind.starts_with("/problems/")),
        "{what}"
    );
    assert!(
        problem["title"].is_string() && problem["detail"].is_string(),
        "{what}"
    );
    assert_eq!(problem["status"], response.status, "{what}");
    assert_eq!(problem["instance"], request_id, "{what}");
    let text = response.text.to_lowercase();
    for secret in SECRETS {
        assert!(
            !text.contains(secret),
            "an error gives {secret:?} away: {what}"
        );
    }
}

/// The body is what the document says it is, with no field more and none less: the front end's types come from it.
fn check_body(documented: &'static Value, response: &TestResponse, what: &str) {
    let is_json = response
        .header("content-type")
        .is_some_and(|kind| kind.ends_with("json"));
    let mut contents = documented["content"].as_object().into_iter().flatten();
    match contents.next() {
        None => assert!(
            response.text.is_empty(),
            "a body that is not documented: {what}"
        ),
        Some((_, content)) if is_json => {
            let faults = mismatches(&response.json, &content["schema"], "");
            assert!(
                faults.is_empty(),
                "{}: not as documented: {what}",
                faults.join("; ")
            );
        }
        Some(_) => {}
    }
}

/// Follows references.
fn resolved(schema: &'static Value) -> &'static Value {
    match schema["$ref"].as_str() {
        Some(target) => {
            let pointer = target
                .strip_prefix('#')
                .expect("references stay in the document");
            resolved(DOCUMENT.pointer(pointer).expect("checked by another test"))
        }
        None => schema,
    }
}

/// The parts of a schema that hold together: of `allOf`, or the schema itself.
fn parts_of(schema: &'static Value) -> Vec<&'static Value> {
    let schema = resolved(schema);
    match schema["allOf"].as_array() {
        Some(parts) => parts.iter().flat_map(parts_of).collect(),
        None => vec![schema],
    }
}

/// Where a value is not what the schema says; the part of JSON Schema that the document uses.
fn mismatches(value: &Value, schema: &'static Value, place: &str) -> Vec<String> {
    let parts = parts_of(schema);
    let mut faults: Vec<_> = parts
        .iter()
        .flat_map(|part| part_mismatches(value, part, place))
        .collect();
    if parts.iter().any(|part| part["properties"].is_object()) {
        let is_known = |name: &String| parts.iter().any(|part| !part["properties"][name].is_null());
        let unknown = value
            .as_object()
            .into_iter()
            .flatten()
            .filter(|(name, _)| !is_known(name));
        faults.extend(unknown.map(|(name, _)| format!("{place}/{name} is not documented")));
    }
    faults
}

fn part_mismatches(value: &Value, schema: &'static Value, place: &str) -> Vec<String> {
    for keyword in ["oneOf", "anyOf"] {
        if let Some(parts) = schema[keyword].as_array() {
            let fits = parts
                .iter()
                .any(|part| mismatches(value, part, place).is_empty());
            return if fits {
                Vec::new()
            } else {
                vec![format!("{place} is none of {keyword}: {value}")]
            };
        }
    }
    let mut faults = Vec::new();
    if !fits_type(value, &schema["type"]) {
        faults.push(format!("{place} is no {}: {value}", schema["type"]));
    }
    if let (Some(words), false) = (schema["enum"].as_array(), value.is_null())
        && !words.contains(value)
    {
        faults.push(format!("{place} is none of the words: {value}"));
    }
    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
        faults.extend(mismatches(
            item,
            &schema["items"],
            &format!("{place}/{index}"),
        ));
    }
    if let Some(members) = value.as_object() {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            if let Some(member) = members.get(name) {
                faults.extend(mismatches(member, property, &format!("{place}/{name}")));
            }
        }
        let required = schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str);
        faults.extend(
            required
                .filter(|name| !members.contains_key(*name))
                .map(|name| format!("{place}/{name} is missing")),
        );
    }
    faults
}

fn fits_type(value: &Value, kind: &Value) -> bool {
    match kind {
        Value::Array(kinds) => kinds.iter().any(|kind| fits_type(value, kind)),
        Value::String(kind) => match kind.as_str() {
            "null" => value.is_null(),
            "boolean" => value.is_boolean(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "string" => value.is_string(),
            "array" => value.is_array(),
            "object" => value.is_object(),
            _ => false,
        },
        // Nothing is said.
        _ => true,
    }
}
