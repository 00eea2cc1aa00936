//! The OpenAPI document: the committed file is current, and it says enough of everything.
//!
//! `UPDATE=1 cargo test --test api openapi::` writes the file.

use crate::contract::{DOCUMENT, OPERATIONS, Operation};
use madoguchi::access::Permission;
use serde_json::Value;
use std::{
    collections::{HashMap, HashSet},
    path::Path,
};

/// Compares a committed file with what the program says now, or writes it with `UPDATE=1`.
pub fn assert_current(file: &str, current: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("UPDATE").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, current).unwrap();
        return;
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let differs = committed
        .lines()
        .zip(current.lines())
        .position(|(committed, current)| committed != current);
    let line = differs.unwrap_or_else(|| committed.lines().count().min(current.lines().count()));
    let of = |text: &str| text.lines().nth(line).unwrap_or("(the end)").to_owned();
    assert!(
        committed == current,
        "{file} is stale at line {}: it says\n{}\nand the program\n{}\nRun `UPDATE=1 cargo test --test api` and commit it.",
        line + 1,
        of(&committed),
        of(current),
    );
}

#[test]
fn the_committed_document_is_current() {
    assert_current("openapi/openapi.json", &madoguchi::app::openapi_text());
}

/// Notes what is wrong, so that one run shows all of it.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn unless(&mut self, holds: bool, place: &str, what: &str) {
        if !holds {
            self.0.push(format!("{place}: {what}"));
        }
    }

    #[track_caller]
    fn none(self) {
        assert!(
            self.0.is_empty(),
            "{} faults:\n{}",
            self.0.len(),
            self.0.join("\n")
        );
    }
}

fn has_text(value: &Value) -> bool {
    value.as_str().is_some_and(|text| !text.trim().is_empty())
}

#[test]
fn every_operation_says_what_it_is() {
    let mut faults = Faults::default();
    assert!(DOCUMENT["openapi"].as_str().unwrap().starts_with("3.1."));
    let tags: HashSet<_> = DOCUMENT["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    let mut seen = HashMap::new();
    for operation in OPERATIONS.iter() {
        let (id, value) = (operation.id(), &operation.value);
        let place = format!("{} {}", operation.method, operation.path);
        let words: Vec<_> = id.split('_').collect();
        let is_verb_noun = words.len() >= 2
            && words
                .iter()
                .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase()));
        faults.unless(
            is_verb_noun,
            &place,
            &format!("the operation_id {id:?} is no verb_noun"),
        );
        if let Some(other) = seen.insert(id.to_owned(), place.clone()) {
            faults.unless(false, &place, &format!("{id} is also the id of {other}"));
        }
        let summary = value["summary"].as_str().unwrap_or_default();
        faults.unless(
            !summary.is_empty() && !summary.ends_with('.') && summary.len() <= 80,
            &place,
            "needs a summary: one line, no full stop",
        );
        let tag = value["tags"]
            .as_array()
            .filter(|tags| tags.len() == 1)
            .and_then(|tags| tags[0].as_str());
        faults.unless(
            tag.is_some_and(|tag| tags.contains(tag)),
            &place,
            "needs one tag of the document",
        );
        faults.unless(
            Permission::from_name(operation.permission()).is_some(),
            &place,
            "needs an x-permission",
        );
        let is_public = operation.permission() == Permission::Anyone.name();
        faults.unless(
            is_public != value["security"].is_array(),
            &place,
            "is either public or needs a token",
        );
        faults.unless(
            operation.path.starts_with("/api/v1/"),
            &place,
            "stands outside /api/v1",
        );
        check_answers(operation, &place, &mut faults);
    }
    faults.none();
}

fn check_answers(operation: &Operation, place: &str, faults: &mut Faults) {
    let responses = operation.value["responses"].as_object().unwrap();
    faults.unless(
        responses.keys().any(|status| status.starts_with('2')),
        place,
        "needs an answer when it succeeds",
    );
    for (status, response) in responses {
        faults.unless(
            has_text(&response["description"]),
            place,
            &format!("{status} needs a description"),
        );
        if status.starts_with(['4', '5']) {
            let schema = &response["content"]["application/problem+json"]["schema"]["$ref"];
            faults.unless(
                schema == "#/components/schemas/ProblemBody",
                place,
                &format!("{status} is no problem"),
            );
        }
        if status == "200" || status == "201" {
            let content = response["content"]
                .as_object()
                .is_some_and(|content| !content.is_empty());
            faults.unless(content, place, &format!("{status} needs a body, or is 204"));
        }
    }
}

#[test]
fn every_parameter_is_described() {
    let mut faults = Faults::default();
    for operation in OPERATIONS.iter() {
        let place = format!("{} {}", operation.method, operation.path);
        let parameters = operation.value["parameters"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        let mut in_path: Vec<_> = operation
            .path
            .split('/')
            .filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        for parameter in &parameters {
            let name = parameter["name"].as_str().unwrap();
            faults.unless(
                has_text(&parameter["description"]),
                &place,
                &format!("parameter {name} needs a description"),
            );
            if parameter["in"] == "path" {
                faults.unless(
                    in_path.contains(&name),
                    &place,
                    &format!("parameter {name} is not in the path"),
                );
                in_path.retain(|other| *other != name);
            }
        }
        faults.unless(
            in_path.is_empty(),
            &place,
            &format!("parameters without a word: {in_path:?}"),
        );
    }
    faults.none();
}

#[test]
fn no_two_paths_differ_by_a_parameter_name_only() {
    let mut faults = Faults::default();
    let mut seen = HashMap::new();
    for path in DOCUMENT["paths"].as_object().unwrap().keys() {
        let shape: Vec<_> = path
            .split('/')
            .map(|segment| {
                if segment.starts_with('{') {
                    "{}"
                } else {
                    segment
                }
            })
            .collect();
        if let Some(other) = seen.insert(shape.join("/"), path) {
            faults.unless(false, path, &format!("is {other} with another name"));
        }
    }
    faults.none();
}

/// Fields whose names say everything.
const SELF_EVIDENT: &[&str] = &[
    "address",
    "corporate_number",
    "department",
    "kana",
    "municipality_code",
    "postal_code",
    "prefecture_code",
];

#[test]
fn every_schema_is_described() {
    let mut faults = Faults::default();
    let schemas = DOCUMENT["components"]["schemas"].as_object().unwrap();
    // One word means one thing here: what is said of a field in one schema holds in the others.
    let mut said: HashSet<_> = SELF_EVIDENT.iter().map(|name| name.to_string()).collect();
    let properties = schemas
        .values()
        .filter_map(|schema| schema["properties"].as_object())
        .flatten();
    said.extend(
        properties
            .filter(|(_, property)| has_text(&property["description"]))
            .map(|(name, _)| name.clone()),
    );
    for (name, schema) in schemas {
        faults.unless(
            has_text(&schema["description"]) || name.contains('_'),
            name,
            "needs a description",
        );
        check_schema(schema, name, &said, &mut faults);
    }
    faults.none();
}

fn check_schema(schema: &Value, place: &str, said: &HashSet<String>, faults: &mut Faults) {
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let place = format!("{place}.{name}");
        let refers = property.to_string().contains("$ref");
        faults.unless(
            has_text(&property["description"]) || refers || said.contains(name),
            &place,
            "needs a description",
        );
        check_schema(property, &place, said, faults);
    }
    if let Some(items) = schema.get("items") {
        check_schema(items, &format!("{place}[]"), said, faults);
    }
    for keyword in ["oneOf", "anyOf", "allOf"] {
        for (index, part) in schema[keyword].as_array().into_iter().flatten().enumerate() {
            check_schema(part, &format!("{place}/{keyword}/{index}"), said, faults);
        }
    }
}

/// Two types of one name would be one schema, and one of them would be documented as the other.
#[test]
fn no_two_types_share_the_name_of_a_schema() {
    let mut places: HashMap<String, Vec<String>> = HashMap::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap_or_default();
            for name in schema_names(&source) {
                let place = path.display().to_string();
                places.entry(name.to_owned()).or_default().push(place);
            }
        }
    }
    assert!(places.contains_key("CaseView"), "the types are not found");
    places.retain(|_, places| places.len() > 1);
    assert!(places.is_empty(), "{places:#?}");
}

fn schema_names(source: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut is_schema = false;
    for line in source.lines() {
        is_schema |= line.starts_with("#[derive(") && line.contains("ToSchema");
        let name = ["pub struct ", "pub enum "]
            .iter()
            .find_map(|start| line.strip_prefix(start));
        if let Some(rest) = name {
            let end = rest.find(|letter: char| !letter.is_alphanumeric());
            if is_schema {
                names.push(&rest[..end.unwrap_or(rest.len())]);
            }
            is_schema = false;
        }
    }
    names
}

#[test]
fn every_reference_leads_somewhere() {
    let mut faults = Faults::default();
    check_references(&DOCUMENT, "#", &mut faults);
    faults.none();
}

fn check_references(value: &Value, place: &str, faults: &mut Faults) {
    match value {
        Value::Object(members) => {
            if let Some(target) = members.get("$ref").and_then(Value::as_str) {
                let found = target
                    .strip_prefix('#')
                    .and_then(|pointer| DOCUMENT.pointer(pointer));
                faults.unless(found.is_some(), place, &format!("{target} is not there"));
            }
            for (name, member) in members {
                check_references(member, &format!("{place}/{name}"), faults);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                check_references(item, &format!("{place}/{index}"), faults);
            }
        }
        _ => {}
    }
}

/// Bodies are strict (an unknown field is 422), and the document says so.
#[test]
fn every_request_refuses_unknown_fields() {
    let mut faults = Faults::default();
    for operation in OPERATIONS.iter() {
        let Some(schema) = operation
            .value
            .pointer("/requestBody/content/application~1json/schema")
        else {
            continue;
        };
        let place = format!("{} {}", operation.method, operation.path);
        check_strict(schema, &place, &mut faults, &mut HashSet::new());
    }
    faults.none();
}

fn check_strict(schema: &Value, place: &str, faults: &mut Faults, seen: &mut HashSet<String>) {
    if let Some(target) = schema["$ref"].as_str() {
        if seen.insert(target.to_owned()) {
            let name = target.rsplit('/').next().unwrap();
            check_strict(
                &DOCUMENT["components"]["schemas"][name],
                &format!("{place} {name}"),
                faults,
                seen,
            );
        }
        return;
    }
    if schema["properties"].is_object() {
        faults.unless(
            schema["additionalProperties"] == false,
            place,
            "takes unknown fields",
        );
    }
    let properties = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_, property)| property);
    let parts = ["oneOf", "anyOf", "allOf"]
        .into_iter()
        .flat_map(|keyword| schema[keyword].as_array().into_iter().flatten());
    for part in properties.chain(parts).chain(schema.get("items")) {
        check_strict(part, place, faults, seen);
    }
}
