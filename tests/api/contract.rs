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

    fn matches(&self, method: &Method, path: &str) -> bool {
        let path = path.split('?').next().unwrap_or_default();
        let is_parameter = |segment: &str| segment.starts_with('{');
        *method == self.method
            && path.split('/').count() == self.path.split('/').count()
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
    let operation = OPERATIONS
        .iter()
        .find(|operation| operation.matches(method, path));
    if let Some(operation) = operation {
        let documented = &operation.value["responses"][response.status.to_string()];
        assert!(
            documented.is_object(),
            "{} does not document this status: {what}",
            operation.id()
        );
    }
    let request_id = response
        .header("x-request-id")
        .unwrap_or_else(|| panic!("no request id: {what}"));
    assert_eq!(
        response.header("x-content-type-options"),
        Some("nosniff"),
        "{what}"
    );
    if response.status >= 400 {
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
