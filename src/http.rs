//! What all endpoints share: bodies, queries, pages, ETags, idempotency keys and answers.
//!
//! [`Json`] and [`Query`] report every faulty field at once, by JSON pointer, not only the first one.

use crate::{
    access::Actor,
    auth::AuthConfig,
    error::{Error, FieldError, Fields, ProblemType, Result},
    ids::UserId,
};
use actix_web::{
    FromRequest, HttpMessage, HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    dev::Payload,
    http::{Method, StatusCode, header},
    web::{Bytes, Data},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, NaiveDate, Utc};
use futures_util::future::LocalBoxFuture;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::future::{Ready, ready};
use utoipa::ToSchema;

/// Largest JSON body in bytes: the longest texts of a case, in UTF-8, with room to spare.
pub const MAX_JSON: usize = 512 * 1024;

/// Most items of a page.
pub const MAX_PAGE: i64 = 200;

/// Longest `Idempotency-Key`.
pub const MAX_KEY: usize = 200;

/// Most faulty fields that one answer lists.
const MAX_ERRORS: usize = 50;

/// How much is read again, in bytes, to find the faulty fields behind the first: a body of half a mebibyte with forty
/// thousand unknown fields, from somebody who has not even signed in, must not cost more than a sign-in does.
const MAX_REREAD: usize = 8 * 1024 * 1024;

/// A request body. What a type cannot say by its fields alone goes into [`Body::check`].
pub trait Body: DeserializeOwned {
    /// Rules between the fields; called by the extractor, so that no handler can forget it.
    fn check(&self, _fields: &mut Fields) {}
}

/// A JSON body, parsed into domain types.
pub struct Json<T>(pub T);

/// Keyed hash of the body, for idempotency keys.
#[derive(Clone)]
struct BodyHash(Vec<u8>);

impl<T: Body + 'static> FromRequest for Json<T> {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let request = request.clone();
        // Authorisation runs in the same turn as this extractor: a refused request never gets a word on its body.
        let bytes = Bytes::from_request(&request, payload);
        Box::pin(async move {
            if request
                .mime_type()
                .ok()
                .flatten()
                .is_none_or(|mime| mime.essence_str() != "application/json")
            {
                return Err(Error::problem(
                    ProblemType::UnsupportedMediaType,
                    "Content-Type must be application/json.",
                ));
            }
            let bytes =
                bytes
                    .await
                    .map_err(|error| match error.as_response_error().status_code() {
                        StatusCode::PAYLOAD_TOO_LARGE => Error::problem(
                            ProblemType::TooLarge,
                            format!("The body may have {MAX_JSON} bytes."),
                        ),
                        _ => Error::problem(ProblemType::Malformed, "The body could not be read."),
                    })?;
            if bytes.len() > MAX_JSON {
                return Err(Error::problem(
                    ProblemType::TooLarge,
                    format!("The body may have {MAX_JSON} bytes."),
                ));
            }
            // Keyed, because a body may hold a password and its hash is stored with an Idempotency-Key.
            let auth = request
                .app_data::<Data<AuthConfig>>()
                .expect("the app is mounted with its configuration");
            let hash = BodyHash(auth.keys.fingerprint(&bytes));
            request.extensions_mut().insert(hash);
            parse_body(&bytes).map(Json)
        })
    }
}

/// Parses a JSON body, naming every faulty field.
pub fn parse_body<T: Body>(bytes: &[u8]) -> Result<T> {
    let mut value: Value = serde_json::from_slice(bytes).map_err(|error| {
        Error::problem(
            ProblemType::Malformed,
            format!(
                "This is not JSON: line {} column {}.",
                error.line(),
                error.column()
            ),
        )
    })?;
    make_whole(&mut value);
    let body: T = parse_sized(value, bytes.len())?;
    let mut fields = Fields::default();
    body.check(&mut fields);
    fields.finish()?;
    Ok(body)
}

/// JSON has one kind of number: `75.0` and `7.5e1` are the integer 75, and what a program writes for it depends on its
/// language. serde keeps them apart.
fn make_whole(value: &mut Value) {
    /// From here on floating point skips integers, and which one was meant is not known.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Number(number) if number.is_f64() => {
            if let Some(float) = number.as_f64()
                && float.fract() == 0.0
                && float.abs() < EXACT
            {
                *value = Value::from(float as i64);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(make_whole),
        Value::Object(members) => members.values_mut().for_each(make_whole),
        _ => {}
    }
}

/// Reads `T` out of a JSON value. serde stops at the first fault; to find the others, the faulty place is mended with
/// something harmless and the value read again. The mended value is thrown away.
pub(crate) fn parse_value<T: DeserializeOwned>(value: Value) -> Result<T> {
    parse_sized(value, 0)
}

/// As [`parse_value`], for a value of so many bytes of JSON.
fn parse_sized<T: DeserializeOwned>(mut value: Value, size: usize) -> Result<T> {
    let mut rereads = MAX_REREAD / size.max(1);
    let mut errors = Vec::new();
    forbid_unstorable(&value, &mut String::new(), &mut errors);
    if !errors.is_empty() {
        return Err(Error::fields(errors));
    }
    let mut fault = match read::<T>(&value) {
        Ok(body) => return Ok(body),
        Err(fault) => fault,
    };
    // A field mended by leaving it out comes back as a missing one: named once, mended otherwise the second time.
    for _ in 0..2 * MAX_ERRORS {
        if errors.iter().all(|error| error.pointer != fault.pointer) {
            errors.push(FieldError {
                pointer: fault.pointer.clone(),
                detail: fault.detail.clone(),
            });
        }
        match mend::<T>(&value, &fault, &mut rereads) {
            Mended::Whole | Mended::Hopeless => break,
            Mended::Further(mended, next) => {
                value = mended;
                fault = next;
            }
        }
    }
    errors.truncate(MAX_ERRORS);
    Err(Error::fields(errors))
}

/// What PostgreSQL cannot store, so that no query needs to fail over it: the character NUL, which no field of ours means,
/// and times beyond the year 9999 or before 0, which RFC 3339 does not have but chrono reads and PostgreSQL may not.
fn unstorable(text: &str) -> Option<&'static str> {
    let text = text.trim_start();
    if text.contains('\0') {
        return Some("must not contain the character NUL");
    }
    let has_signed_year = text.starts_with(['+', '-'])
        && (text.parse::<DateTime<Utc>>().is_ok() || text.parse::<NaiveDate>().is_ok());
    has_signed_year.then_some("must be in a year from 0000 to 9999")
}

fn forbid_unstorable(value: &Value, pointer: &mut String, errors: &mut Vec<FieldError>) {
    match value {
        Value::String(text) => {
            if let Some(detail) = unstorable(text) {
                errors.push(FieldError {
                    pointer: pointer.clone(),
                    detail: detail.into(),
                });
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                descend(pointer, &index.to_string(), |pointer| {
                    forbid_unstorable(item, pointer, errors)
                });
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                if name.contains('\0') {
                    errors.push(FieldError {
                        pointer: pointer.clone(),
                        detail: "a field name must not contain NUL".into(),
                    });
                }
                descend(pointer, name, |pointer| {
                    forbid_unstorable(member, pointer, errors)
                });
            }
        }
        _ => {}
    }
}

fn descend(pointer: &mut String, name: &str, visit: impl FnOnce(&mut String)) {
    let length = pointer.len();
    pointer.push('/');
    pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
    visit(pointer);
    pointer.truncate(length);
}

#[derive(Clone, Debug, PartialEq)]
struct Fault {
    pointer: String,
    detail: String,
}

fn read<T: DeserializeOwned>(value: &Value) -> Result<T, Fault> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let mut pointer = String::new();
        for segment in error.path().iter() {
            use serde_path_to_error::Segment;
            let name = match segment {
                Segment::Seq { index } => index.to_string(),
                Segment::Map { key } => key.clone(),
                Segment::Enum { variant } => variant.clone(),
                Segment::Unknown => continue,
            };
            pointer.push('/');
            pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
        }
        let detail = error.inner().to_string();
        // serde names the parent for a missing field.
        if let Some(field) = detail
            .strip_prefix("missing field `")
            .and_then(|rest| rest.strip_suffix('`'))
        {
            return Fault {
                pointer: format!("{pointer}/{field}"),
                detail: "is required".into(),
            };
        }
        let detail = if detail.starts_with("unknown field") {
            "is not a field of this request".into()
        } else {
            detail
        };
        Fault { pointer, detail }
    })
}

enum Mended<T> {
    /// Nothing else is wrong.
    Whole,
    /// The next fault, in the value mended so far.
    Further(Value, T),
    /// Nothing harmless fits here, so what lies behind cannot be judged.
    Hopeless,
}

/// Replaces what the fault points at until the reader gets past it, or nothing more may be read.
fn mend<T: DeserializeOwned>(value: &Value, fault: &Fault, rereads: &mut usize) -> Mended<Fault> {
    let (parent, name) = fault.pointer.rsplit_once('/').unwrap_or(("", ""));
    let name = name.replace("~1", "/").replace("~0", "~");
    for sample in samples(&fault.detail) {
        if *rereads == 0 {
            return Mended::Hopeless;
        }
        *rereads -= 1;
        let mut mended = value.clone();
        match (mended.pointer_mut(parent), sample) {
            (Some(Value::Object(members)), None) => drop(members.remove(&name)),
            (Some(Value::Object(members)), Some(sample)) => {
                drop(members.insert(name.clone(), sample))
            }
            (Some(Value::Array(items)), sample) => match (name.parse::<usize>(), sample) {
                (Ok(index), Some(sample)) if index < items.len() => items[index] = sample,
                _ => continue,
            },
            _ => continue,
        }
        match read::<T>(&mended) {
            Ok(_) => return Mended::Whole,
            Err(next)
                if next.pointer != fault.pointer
                    && !next.pointer.starts_with(&format!("{}/", fault.pointer)) =>
            {
                return Mended::Further(mended, next);
            }
            Err(_) => {}
        }
    }
    Mended::Hopeless
}

/// Harmless values: absent, then one that some type of ours takes.
fn samples(detail: &str) -> Vec<Option<Value>> {
    let mut samples = vec![None];
    // unknown variant `x`, expected one of `a`, `b`
    if let Some(variant) = detail
        .split_once("expected")
        .and_then(|(_, rest)| rest.split('`').nth(1))
    {
        samples.push(Some(Value::from(variant)));
    }
    let texts = [
        "x",
        "2026-01-01T00:00:00Z",
        "2026-01-01",
        "00000000-0000-7000-8000-000000000000",
        "a@example.jp",
        "+81312345678",
        "13",
        "phone",
        "other",
    ];
    samples.extend(texts.map(|text| Some(Value::from(text))));
    samples.extend(
        [
            Value::from(1),
            Value::from(false),
            Value::Array(Vec::new()),
            Value::Object(Default::default()),
            Value::Null,
        ]
        .map(Some),
    );
    samples
}

/// Query parameters. Unknown ones are refused where the type says `deny_unknown_fields`, as every filter does: a typing
/// error in a filter must not return everything.
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(parse_query(request.query_string()).map(Query))
    }
}

fn parse_query<T: DeserializeOwned>(text: &str) -> Result<T> {
    let pairs = actix_web::web::Query::<Vec<(String, String)>>::from_query(text)
        .map_err(|_| Error::problem(ProblemType::Malformed, "The query string cannot be read."))?
        .into_inner();
    let mut errors = Vec::new();
    for (name, value) in &pairs {
        if let Some(detail) = unstorable(value) {
            errors.push(FieldError {
                pointer: format!("/{name}"),
                detail: detail.into(),
            });
        }
    }
    if !errors.is_empty() {
        return Err(Error::fields(errors));
    }
    // An empty parameter is one that was not given: forms send them.
    let text = pairs
        .iter()
        .filter(|(_, value)| !value.is_empty())
        .fold(
            form_urlencoded::Serializer::new(String::new()),
            |mut form, (name, value)| {
                form.append_pair(name, value);
                form
            },
        )
        .finish();
    serde_path_to_error::deserialize(serde_urlencoded::Deserializer::new(form_urlencoded::parse(
        text.as_bytes(),
    )))
    .map_err(|error| {
        let detail = error.inner().to_string();
        let named = |beginning| detail.strip_prefix(beginning)?.split('`').next();
        if let Some(unknown) = named("unknown field `") {
            return Error::invalid(format!("/{unknown}"), "is not a parameter of this request");
        }
        if let Some(missing) = named("missing field `") {
            return Error::invalid(format!("/{missing}"), "is required");
        }
        Error::invalid(format!("/{}", error.path()), detail)
    })
}

/// An id (or other key) in the path. One that cannot be read names nothing that exists: 404.
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + 'static> FromRequest for Path<T> {
    type Error = Error;
    type Future = Ready<Result<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = actix_router::PathDeserializer::new(request.match_info());
        ready(
            T::deserialize(read)
                .map(Path)
                .map_err(|_| Error::not_found()),
        )
    }
}

/// How many items a page has: 1 to 200, 50 where nothing is said.
pub fn page_size(limit: Option<i64>) -> Result<i64> {
    match limit.unwrap_or(50) {
        size @ 1..=MAX_PAGE => Ok(size),
        _ => Err(Error::invalid("/limit", "must be between 1 and 200")),
    }
}

/// The bytes of a file.
#[derive(ToSchema)]
#[schema(value_type = String, format = Binary)]
#[allow(dead_code, reason = "only the document reads it")]
pub struct FileBytes(Vec<u8>);

/// Where the next page starts: opaque to clients, the sort keys of the last item inside.
#[derive(Clone, Debug, Deserialize, Serialize, ToSchema)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// A cursor holding the sort keys.
    pub fn after(keys: &impl Serialize) -> Self {
        Self(
            BASE64_URL_SAFE_NO_PAD
                .encode(serde_json::to_vec(keys).expect("sort keys are plain data")),
        )
    }

    /// The sort keys; a cursor that is not one of ours is 422.
    pub fn keys<K: DeserializeOwned>(&self) -> Result<K> {
        BASE64_URL_SAFE_NO_PAD
            .decode(&self.0)
            .ok()
            .and_then(|bytes| parse_value(serde_json::from_slice(&bytes).ok()?).ok())
            .ok_or_else(|| Error::invalid("/cursor", "is not a cursor that this list gave out"))
    }
}

/// One page of a list.
#[derive(Serialize, ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Send it as `cursor` to get the next page; null on the last one.
    pub next_cursor: Option<Cursor>,
}

impl<T> Page<T> {
    /// A page out of up to `limit + 1` items: the extra one says that there are more.
    pub fn new<K: Serialize>(mut items: Vec<T>, limit: i64, keys: impl Fn(&T) -> K) -> Self {
        let more = items.len() as i64 > limit;
        items.truncate(limit as usize);
        let next_cursor = items
            .last()
            .filter(|_| more)
            .map(|last| Cursor::after(&keys(last)));
        Self { items, next_cursor }
    }
}

/// A list without pages, whose length the programme bounds (desks, links, offers of a case).
#[derive(Serialize, ToSchema)]
pub struct Items<T> {
    /// The items.
    pub items: Vec<T>,
}

/// What an endpoint answers: kept as text, so that an idempotent repetition gives the same bytes.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: StatusCode,
    /// Where a created resource is.
    pub location: Option<String>,
    /// The version of the resource, quoted.
    pub etag: Option<String>,
    /// JSON; none for 204.
    pub body: Option<String>,
    /// Seconds, for answers that ask for patience.
    pub retry_after: Option<u64>,
}

impl Answer {
    /// 200 with a body.
    pub fn ok(body: &impl Serialize) -> Self {
        Self {
            status: StatusCode::OK,
            location: None,
            etag: None,
            body: Some(serde_json::to_string(body).expect("a view is plain data")),
            retry_after: None,
        }
    }

    /// 201 with the resource and where it is.
    pub fn created(location: String, body: &impl Serialize) -> Self {
        Self {
            status: StatusCode::CREATED,
            location: Some(location),
            ..Self::ok(body)
        }
    }

    /// 204.
    pub fn no_content() -> Self {
        Self {
            status: StatusCode::NO_CONTENT,
            location: None,
            etag: None,
            body: None,
            retry_after: None,
        }
    }

    /// With the resource's version as its ETag.
    pub fn version(self, version: i64) -> Self {
        Self {
            etag: Some(format!("\"{version}\"")),
            ..self
        }
    }
}

impl Responder for Answer {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = HttpResponse::build(self.status);
        if let Some(location) = self.location {
            response.insert_header((header::LOCATION, location));
        }
        if let Some(etag) = self.etag {
            response.insert_header((header::ETAG, etag));
        }
        // Answers hold what only this person may see, for now.
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        match self.body {
            Some(body) => response.content_type("application/json").body(body),
            None => response.finish(),
        }
    }
}

/// The `If-Match` header, if any: which version the client believes to change.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Precondition(Option<i64>);

impl Precondition {
    pub(crate) fn of(request: &HttpRequest) -> Result<Self> {
        let Some(value) = request.headers().get(header::IF_MATCH) else {
            return Ok(Self(None));
        };
        let version = value.to_str().ok().and_then(|text| {
            text.trim()
                .strip_prefix('"')?
                .strip_suffix('"')?
                .parse()
                .ok()
        });
        match version {
            Some(version) => Ok(Self(Some(version))),
            // Something that is no ETag of ours matches nothing.
            None => Err(Error::problem(
                ProblemType::Stale,
                "If-Match must be the ETag of the answer that you read.",
            )),
        }
    }

    /// For moves: stale only when a version was given and it is another one.
    pub fn check(self, version: i64) -> Result<()> {
        match self.0 {
            Some(expected) if expected != version => Err(Error::problem(
                ProblemType::Stale,
                "Somebody changed it since you read it. Read it again and repeat your change.",
            )),
            _ => Ok(()),
        }
    }

    /// For `PATCH` and `PUT`: 428 when no version was given.
    pub fn require(self, version: i64) -> Result<()> {
        if self.0.is_none() {
            return Err(Error::problem(
                ProblemType::PreconditionRequired,
                "Send If-Match with the ETag of the answer that you read.",
            ));
        }
        self.check(version)
    }
}

/// An `Idempotency-Key` with what it is bound to.
#[derive(Clone, Debug)]
pub struct IdempotencyClaim {
    pub(crate) user_id: UserId,
    pub(crate) route: String,
    pub(crate) key: String,
    pub(crate) body_hash: Vec<u8>,
}

/// Binds an `Idempotency-Key` of this request to what a body that is no JSON says; before the transaction.
pub(crate) fn bind_body(request: &HttpRequest, says: &[u8]) {
    let hash = BodyHash(Sha256::digest(says).to_vec());
    request.extensions_mut().insert(hash);
}

/// The claim of a POST request by somebody, if it carries a key.
pub(crate) fn idempotency_claim(
    request: &HttpRequest,
    actor: &Actor,
) -> Result<Option<IdempotencyClaim>> {
    let (Some(value), Some(user_id), &Method::POST) = (
        request.headers().get("Idempotency-Key"),
        actor.user_id,
        request.method(),
    ) else {
        return Ok(None);
    };
    let key = value
        .to_str()
        .ok()
        .filter(|key| {
            (1..=MAX_KEY).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic())
        })
        .ok_or_else(|| {
            Error::invalid(
                "/Idempotency-Key",
                "must be 1 to 200 visible ASCII characters",
            )
        })?;
    let body_hash = match request.extensions().get::<BodyHash>() {
        Some(BodyHash(hash)) => hash.clone(),
        None => Sha256::digest([]).to_vec(),
    };
    Ok(Some(IdempotencyClaim {
        user_id,
        route: format!("POST {}", request.path()),
        key: key.to_owned(),
        body_hash,
    }))
}

/// Tells an absent field from a null one in a `PATCH` body: absent keeps, null clears.
pub fn absent_or_null<'de, T: Deserialize<'de>, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}

/// What a `PATCH` changed: the names of the fields that differ afterwards, for the audit trail.
#[derive(Default)]
pub struct Changes(Vec<String>);

impl Changes {
    /// Sets a field when a value was sent, and notes its name when that makes a difference.
    pub fn set<T: PartialEq>(&mut self, name: &str, field: &mut T, value: Option<T>) {
        if let Some(value) = value
            && value != *field
        {
            *field = value;
            self.0.push(name.to_owned());
        }
    }

    /// The names; none when everything was as it is.
    pub fn into_names(self) -> Vec<String> {
        self.0
    }
}
