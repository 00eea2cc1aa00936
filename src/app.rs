//! Mounts the slices, and writes the OpenAPI document from what is mounted.

use crate::{
    access::{Actor, Permission},
    auth,
    error::{
        Error, Problem, ProblemBody, ProblemType, REQUEST_ID, Result, problem_response, request_id,
    },
    http::{MAX_JSON, MAX_KEY, MAX_PAGE},
    intake::door::Doors,
    routes::ServiceConfig,
    store::{Lane, Near, Store},
};
use actix_cors::Cors;
use actix_router::ResourceDef;
use actix_web::{
    App, HttpMessage, HttpRequest, HttpResponse,
    body::{BoxBody, MessageBody},
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    error::InternalError,
    guard,
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
    middleware::{Compress, Condition, Next, from_fn},
    web::{self, Data, PayloadConfig},
};
use serde::{Deserialize, de::IgnoredAny};
use std::{
    collections::BTreeMap,
    rc::Rc,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use utoipa::{
    OpenApi,
    openapi::{
        HttpMethod, OpenApi as Document, PathItem, Ref, RefOr, Required, Response,
        path::{Operation, Parameter, ParameterBuilder, ParameterIn},
        response::ResponseBuilder,
        schema::{ArrayItems, ObjectBuilder, Schema, Type},
        security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
    },
};
use utoipa_actix_web::{AppExt, scope};
use utoipa_swagger_ui::{Config, SwaggerUi};
use uuid::Uuid;

/// Nothing we do takes this long; a request that does is given up with 503.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);

/// A large mail or file over a slow line may take this long; longer than that no provider waits (Postmark: two minutes).
const LONG_REQUEST_TIMEOUT: Duration = Duration::from_secs(120);

/// Requests to the API that may run or wait at once. Those that wait for a connection to the database are served in the
/// order in which they came; more than this would wait longer than a person does.
pub const MOST_REQUESTS: usize = 256;

/// What the app needs beside the store.
#[derive(Clone)]
pub struct AppOptions {
    /// Origins that browsers may call the API from.
    pub cors_origins: Vec<String>,
    /// The public address is https: browsers are told to stay there.
    pub https: bool,
    /// Connections of each thread for short reads; at least one.
    pub near_reads: u32,
    /// Connections of each thread for transactions; at least one.
    pub near_writes: u32,
    /// The doors for mail.
    pub doors: Arc<Doors>,
    /// A place for each request to the API that runs or waits, in all threads together.
    pub places: Arc<Semaphore>,
}

impl Default for AppOptions {
    fn default() -> Self {
        Self {
            cors_origins: Vec::new(),
            https: false,
            near_reads: 1,
            near_writes: 16,
            doors: Arc::default(),
            places: Arc::new(Semaphore::new(MOST_REQUESTS)),
        }
    }
}

/// The API's slices.
fn mount(config: &mut ServiceConfig) {
    config
        // The first routes are found first: what is asked most.
        .configure(crate::cases::mount)
        .configure(crate::interactions::mount)
        .configure(auth::mount)
        .configure(crate::users::mount)
        .configure(crate::desks::mount)
        .configure(crate::managers::mount)
        .configure(crate::enterprises::mount)
        .configure(crate::search::mount)
        .configure(crate::routing::mount)
        .configure(crate::places::mount)
        .configure(crate::offers::mount)
        .configure(crate::consultations::mount)
        .configure(crate::public_links::mount)
        .configure(crate::intake::mount)
        .configure(crate::messages::mount)
        .configure(crate::templates::mount)
        .configure(crate::attachments::mount)
        .configure(crate::settings::mount)
        .configure(crate::figures::mount)
        .configure(crate::calendar::mount)
        .configure(crate::audit::mount)
        .configure(crate::jobs::admin::mount)
        .configure(crate::retention::mount)
        .configure(crate::erasure::mount)
        .configure(crate::disclosure::mount)
        .configure(crate::views::mount)
        .configure(crate::samples::mount)
        .configure(crate::exports::mount)
        .configure(crate::webhooks::mount)
        .configure(crate::events::mount);
}

/// The whole app over a store.
pub fn app(
    store: Data<Store>,
    auth: Data<auth::AuthConfig>,
    options: &AppOptions,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody + use<>>,
        Error = actix_web::Error,
        InitError = (),
    > + use<>,
> {
    App::new()
        .app_data(store)
        .app_data(auth)
        .app_data(Rc::new(Near {
            reads: Lane::new(options.near_reads.max(1)),
            writes: Lane::new(options.near_writes.max(1)),
        }))
        .app_data(PayloadConfig::new(MAX_JSON))
        .app_data(Data::from(options.doors.clone()))
        .app_data(Data::from(options.places.clone()))
        .service(
            web::scope("/api/v1")
                .configure(keep_words_from_placeholders)
                .configure(|config| mount(&mut ServiceConfig::server(config))),
        )
        .route("/openapi.json", web::get().to(send_document))
        .service(SwaggerUi::new("/docs/{_:.*}").config(Config::new(["/openapi.json"])))
        .service(web::redirect("/docs", "/docs/"))
        .configure(crate::health::mount)
        .configure(crate::public_links::mount_pages)
        .default_service(web::to(unmatched))
        .wrap(from_fn(auth::authenticate))
        .wrap(cors(&options.cors_origins))
        .wrap(Condition::new(
            options.https,
            actix_web::middleware::DefaultHeaders::new().add((
                "Strict-Transport-Security",
                "max-age=31536000; includeSubDomains",
            )),
        ))
        .wrap(Compress::default())
        .wrap(from_fn(frame))
}

/// The document as it was committed; `tests/api/openapi.rs` holds it against what is mounted.
const DOCUMENT: &str = include_str!("../openapi/openapi.json");

async fn send_document() -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/json")
        .body(DOCUMENT)
}

/// The addresses of the API, with the methods that each takes.
static ADDRESSES: LazyLock<Vec<(ResourceDef, Vec<String>)>> = LazyLock::new(|| {
    #[derive(Deserialize)]
    struct Addresses {
        paths: BTreeMap<String, BTreeMap<String, IgnoredAny>>,
    }
    let document: Addresses =
        serde_json::from_str(DOCUMENT).expect("a test holds it against what is mounted");
    let addresses = document.paths.into_iter().map(|(path, item)| {
        let methods = item.into_keys().map(|method| method.to_uppercase());
        (ResourceDef::new(path.as_str()), methods.collect())
    });
    let mut addresses = addresses.collect::<Vec<(ResourceDef, Vec<String>)>>();
    // Where several match, the one without a placeholder is meant: `/cases/counts` is no case.
    addresses.sort_by_key(|(address, _)| has_placeholder(address));
    addresses
});

fn has_placeholder(address: &ResourceDef) -> bool {
    address.pattern().is_some_and(|it| it.contains('{'))
}

/// `/cases/counts` takes only what is mounted there; its other methods do not go to a case with the id "counts".
fn keep_words_from_placeholders(config: &mut web::ServiceConfig) {
    for (word, methods) in ADDRESSES.iter().filter(|(word, _)| !has_placeholder(word)) {
        let word = word.pattern().unwrap_or_default();
        let matches = |address: &ResourceDef| has_placeholder(address) && address.is_match(word);
        if !ADDRESSES.iter().any(|(address, _)| matches(address)) {
            continue;
        }
        let word = word.trim_start_matches("/api/v1");
        let others = guard::fn_guard(|request| {
            !methods
                .iter()
                .any(|method| method == request.head().method.as_str())
        });
        config.service(web::resource(word).guard(others).to(unmatched));
    }
}

/// Answers where no route does: 405 where the address takes other methods, then the web front end, 404 elsewhere.
async fn unmatched(request: HttpRequest) -> HttpResponse {
    let address = ADDRESSES
        .iter()
        .find(|(address, _)| address.is_match(request.path()));
    let Some((_, methods)) = address else {
        return match crate::pages::answer(&request) {
            Some(page) => page,
            None => problem_response(&problem_of(ProblemType::NotFound)),
        };
    };
    let mut response = problem_response(&problem_of(ProblemType::MethodNotAllowed));
    let methods = HeaderValue::from_str(&methods.join(", ")).expect("names of methods are ASCII");
    response.headers_mut().insert(header::ALLOW, methods);
    response
}

/// The OpenAPI document of what is mounted, without a database.
pub fn openapi() -> Document {
    let (_, mut document) = App::new()
        .into_utoipa_app()
        .openapi(Base::openapi())
        .service(
            scope::scope("/api/v1").configure(|config| mount(&mut ServiceConfig::document(config))),
        )
        .split_for_parts();
    complete(&mut document);
    document
}

fn cors(origins: &[String]) -> Condition<Cors> {
    let cors = origins
        .iter()
        .fold(Cors::default(), |cors, origin| cors.allowed_origin(origin));
    let cors = cors
        .allowed_methods(["GET", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::IF_MATCH,
            HeaderName::from_static("idempotency-key"),
            HeaderName::from_static("last-event-id"),
        ])
        .expose_headers([
            header::ETAG,
            header::LOCATION,
            header::RETRY_AFTER,
            HeaderName::from_static("x-request-id"),
        ])
        .max_age(3600);
    Condition::new(!origins.is_empty(), cors)
}

/// Around everything: the request id, a time limit, one form for all errors, security headers, log and metrics.
async fn frame(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    REQUEST_ID
        .scope(Uuid::now_v7(), async move {
            let started = Instant::now();
            let method = request.method().clone();
            let is_docs = request.path().starts_with("/docs");
            let is_private = ["/api/", "/public/"].iter().any(|root| request.path().starts_with(root));
            let is_long = request.path().starts_with("/api/v1/intake/email")
                || request.path().ends_with("/attachments")
                || request.path().ends_with("/api/v1/periods");
            let most = match is_long {
                true => LONG_REQUEST_TIMEOUT,
                false => REQUEST_TIMEOUT,
            };
            let mut answered = match take_place(&request) {
                // The request is not kept aside: routing needs it for itself.
                Ok(_place) => match tokio::time::timeout(most, next.call(request)).await {
                    Ok(Ok(response)) => Ok(normalise(response)),
                    Ok(Err(error)) => Err(error_response(&error)),
                    Err(_) => {
                        tracing::error!(request.id = %request_id(), "request took too long");
                        Err(problem_response(&problem_of(ProblemType::Unavailable)))
                    }
                },
                Err(refusal) => {
                    metrics::counter!("madoguchi_requests_refused_total").increment(1);
                    Ok(request.into_response(problem_response(&refusal)))
                }
            };
            let (status, headers) = match &mut answered {
                Ok(response) => (response.status().as_u16(), response.headers_mut()),
                Err(response) => (response.status().as_u16(), response.headers_mut()),
            };
            add_headers(headers, is_docs);
            // Refusals too: they may repeat what somebody typed, and change with what one may see.
            if is_private && !headers.contains_key(header::CACHE_CONTROL) {
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            }
            let answered_request = answered.as_ref().ok().map(ServiceResponse::request);
            if let Some(request) = answered_request
                && status == 200
            {
                crate::views::note(request);
            }
            let route = answered_request.and_then(|request| request.match_pattern()).unwrap_or_else(|| "unknown".into());
            let user = answered_request.and_then(|request| request.extensions().get::<Actor>()?.user_id);
            let seconds = started.elapsed().as_secs_f64();
            tracing::info!(
                request.id = %request_id(),
                request.method = %method,
                // The pattern, not the path or the query: those may hold a caller's number.
                request.route = %route,
                request.user = user.map(tracing::field::display),
                response.status = status,
                response.seconds = seconds,
                "request",
            );
            metrics::histogram!("madoguchi_request_seconds", "method" => method.to_string(), "route" => route, "status" => status.to_string())
                .record(seconds);
            answered.map_err(|response| InternalError::from_response("no handler answered", response).into())
        })
        .await
}

/// A place among the requests that run or wait; a quick refusal where all are taken. What does not ask the database has one
/// anyhow: pages, and the stream of news, which would keep it for hours.
fn take_place(request: &ServiceRequest) -> Result<Option<OwnedSemaphorePermit>, Box<Problem>> {
    let path = request.path();
    if !path.starts_with("/api/v1/") || path == "/api/v1/events" {
        return Ok(None);
    }
    let places = request
        .app_data::<Data<Semaphore>>()
        .expect("the app is mounted with its places")
        .clone()
        .into_inner();
    places.try_acquire_owned().map(Some).map_err(|_| {
        Box::new(Problem {
            kind: ProblemType::Unavailable,
            detail: "More is asked at this moment than can be answered. Try again.".into(),
            errors: Vec::new(),
            retry_after: Some(2),
        })
    })
}

fn add_headers(headers: &mut HeaderMap, is_docs: bool) {
    // Swagger UI brings its own scripts and styles, from this host only.
    let policy = match is_docs {
        true => {
            "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
        }
        false => "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    };
    let fixed = [
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        (
            "permissions-policy",
            "geolocation=(), camera=(), microphone=()",
        ),
    ];
    for (name, value) in fixed {
        // A file brings a stricter policy of its own.
        if name == "content-security-policy" && headers.contains_key(name) {
            continue;
        }
        headers.insert(
            HeaderName::from_static(name),
            HeaderValue::from_static(value),
        );
    }
    let id = HeaderValue::from_str(&request_id().to_string()).expect("a UUID is visible ASCII");
    headers.insert(HeaderName::from_static("x-request-id"), id);
}

/// The framework's own refusals speak the same language as ours.
fn normalise(response: ServiceResponse<impl MessageBody + 'static>) -> ServiceResponse<BoxBody> {
    let status = response.status();
    let is_problem = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value == "application/problem+json");
    // The public pages say in HTML what is wrong; the framework itself never answers in HTML.
    let is_page = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value == "text/html; charset=utf-8");
    if is_problem || is_page || !(status.is_client_error() || status.is_server_error()) {
        return response.map_into_boxed_body();
    }
    let replacement = problem_response(&problem_of(ProblemType::of_status(status)));
    let (request, _) = response.into_parts();
    ServiceResponse::new(request, replacement)
}

fn error_response(error: &actix_web::Error) -> actix_web::HttpResponse {
    match error.as_error::<Error>() {
        Some(ours) => actix_web::ResponseError::error_response(ours),
        None => problem_response(&problem_of(ProblemType::of_status(
            error.as_response_error().status_code(),
        ))),
    }
}

fn problem_of(kind: ProblemType) -> Problem {
    let retry_after = (kind == ProblemType::Unavailable).then_some(5);
    Problem {
        kind,
        detail: kind.row().2.into(),
        errors: Vec::new(),
        retry_after,
    }
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Madoguchi",
        description = "Case management for public consultation programmes.\n\nErrors are RFC 9457 problem documents. Every single resource has an ETag; PATCH and a report's PUT need If-Match. Every POST but sign-in, token making and handing in mail takes an Idempotency-Key. Lists are paged by `limit` and `cursor`.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0"),
        contact(name = "Madoguchi")
    ),
    servers((url = "/", description = "This server")),
    components(schemas(ProblemBody, crate::events::Change)),
    tags(
        (name = "sign-in", description = "Sessions and API tokens"),
        (name = "people", description = "Users, desks and telework managers"),
        (name = "enterprises", description = "Enterprises and callers"),
        (name = "cases", description = "Cases and their moves"),
        (name = "offers", description = "Offers and assignments"),
        (name = "consultations", description = "Sessions and their reports"),
        (name = "answers", description = "What enterprises answer: dates, evaluations, surveys"),
        (name = "conversation", description = "Timeline, interactions and notes"),
        (name = "mail", description = "Mail that comes in, mail that goes out"),
        (name = "places", description = "Postal codes, area codes and addresses"),
        (name = "exports", description = "Lists as files"),
        (name = "webhooks", description = "Other systems that are told what happens"),
        (name = "live", description = "What changes, as it changes"),
        (name = "figures", description = "Reports, the lists behind their numbers, closed periods and targets"),
        (name = "office", description = "Settings and audit"),
        (name = "data", description = "Retention, erasure, disclosure, and who saw what"),
    )
)]
struct Base;

/// Adds to every operation what the doors do for all of them: security, problem answers, common headers.
fn complete(document: &mut Document) {
    let scheme = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("A JWT from /auth/login, or an API token"))
        .build();
    document
        .components
        .get_or_insert_default()
        .add_security_scheme("bearer", SecurityScheme::Http(scheme));
    refer_to_items(document);
    for (path, item) in &mut document.paths.paths {
        for (method, operation) in operations(item) {
            let permission = permission_of(operation);
            if permission != Some(Permission::Anyone) {
                operation.security = Some(vec![SecurityRequirement::new(
                    "bearer",
                    Vec::<String>::new(),
                )]);
            }
            say_what_may_be_left_out(operation);
            bound_page_sizes(operation);
            add_parameters(operation, &method);
            add_problems(operation, path, &method, permission);
        }
    }
}

/// The items of a list are what the resource itself is, so that generated clients have one type for both. utoipa writes
/// the argument of a generic type out.
fn refer_to_items(document: &mut Document) {
    let schemas = &mut document.components.get_or_insert_default().schemas;
    for (name, schema) in schemas {
        let Some(("Page" | "Items", item)) = name.split_once('_') else {
            continue;
        };
        if let RefOr::T(Schema::Object(list)) = schema
            && let Some(RefOr::T(Schema::Array(items))) = list.properties.get_mut("items")
        {
            let reference = RefOr::Ref(Ref::from_schema_name(item));
            items.items = ArrayItems::RefOrSchema(Box::new(reference));
        }
    }
}

/// A body that may be left out is absent, not null; utoipa says of an optional one that it may be null.
fn say_what_may_be_left_out(operation: &mut Operation) {
    let Some(RefOr::T(body)) = &mut operation.request_body else {
        return;
    };
    for content in body.content.values_mut() {
        let RefOr::T(content) = content else {
            continue;
        };
        let Some(RefOr::T(Schema::OneOf(choice))) = &content.schema else {
            continue;
        };
        let is_reference = |schema: &&RefOr<Schema>| matches!(schema, RefOr::Ref(_));
        if let Some(reference) = choice.items.iter().find(is_reference) {
            content.schema = Some(reference.clone());
            body.required = Some(Required::False);
        }
    }
}

/// The operations of a path, with their methods.
pub fn operations(item: &mut PathItem) -> Vec<(HttpMethod, &mut Operation)> {
    let all = [
        (HttpMethod::Get, &mut item.get),
        (HttpMethod::Post, &mut item.post),
        (HttpMethod::Put, &mut item.put),
        (HttpMethod::Patch, &mut item.patch),
        (HttpMethod::Delete, &mut item.delete),
    ];
    all.into_iter()
        .filter_map(|(method, operation)| operation.as_mut().map(|operation| (method, operation)))
        .collect()
}

/// The permission an operation needs, from its `x-permission`.
pub fn permission_of(operation: &Operation) -> Option<Permission> {
    let name = operation
        .extensions
        .as_ref()?
        .get("x-permission")?
        .as_str()?;
    Permission::from_name(name)
}

fn header_parameter(name: &str, description: &str, text: ObjectBuilder) -> Parameter {
    ParameterBuilder::new()
        .name(name)
        .parameter_in(ParameterIn::Header)
        .description(Some(description))
        .schema(Some(text.schema_type(Type::String).build()))
        .build()
}

/// What [`page_size`](crate::http::page_size) takes, said once for all lists.
fn bound_page_sizes(operation: &mut Operation) {
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(parameter) = parameter
            && parameter.name == "limit"
            && let Some(RefOr::T(Schema::Object(number))) = &mut parameter.schema
        {
            *number = ObjectBuilder::from(std::mem::take(number))
                .minimum(Some(1))
                .maximum(Some(MAX_PAGE))
                .build();
        }
    }
}

fn add_parameters(operation: &mut Operation, method: &HttpMethod) {
    let id = operation.operation_id.clone().unwrap_or_default();
    let parameter = match method {
        HttpMethod::Patch | HttpMethod::Put => {
            let etag = ObjectBuilder::new().pattern(Some(r#"^"-?[0-9]+"$"#));
            header_parameter("If-Match", "ETag of the version you read", etag)
        }
        HttpMethod::Post if !auth::WITHOUT_IDEMPOTENCY.contains(&id.as_str()) => {
            let key = ObjectBuilder::new()
                .min_length(Some(1))
                .max_length(Some(MAX_KEY))
                .pattern(Some("^[!-~]+$"));
            let says = "Repeating the request with the same key changes nothing and returns the first answer";
            header_parameter("Idempotency-Key", says, key)
        }
        _ => return,
    };
    operation
        .parameters
        .get_or_insert_default()
        .push(RefOr::T(parameter));
}

fn add_problems(
    operation: &mut Operation,
    path: &str,
    method: &HttpMethod,
    permission: Option<Permission>,
) {
    let writes = *method != HttpMethod::Get;
    let mut statuses = vec![
        (500, "Our fault, recorded under the request id"),
        (503, "Not available for a moment; see Retry-After"),
    ];
    if permission != Some(Permission::Anyone) {
        statuses.extend([(401, "Not signed in"), (403, "Not allowed for the role")]);
    }
    if path.contains('{') {
        statuses.push((404, "Not there, or not yours"));
    }
    if writes || operation.parameters.is_some() {
        statuses.extend([
            (400, "Cannot be read"),
            (422, "Some fields are not valid; all of them are named"),
        ]);
    }
    if writes {
        statuses.push((409, "A rule or the state of things does not allow it"));
        statuses.push((412, "Somebody changed it in the meantime"));
    }
    if operation.request_body.is_some() {
        statuses.extend([
            (413, "The body is too large"),
            (415, "The body is of another type than expected"),
        ]);
    }
    if matches!(method, HttpMethod::Patch | HttpMethod::Put) {
        statuses.push((428, "If-Match is missing"));
    }
    if permission == Some(Permission::Anyone) && writes {
        statuses.extend([
            (401, "Wrong credentials"),
            (403, "Refused"),
            (429, "Too many tries; see Retry-After"),
        ]);
    }
    for (status, description) in statuses {
        operation
            .responses
            .responses
            .entry(status.to_string())
            .or_insert_with(|| RefOr::T(problem(description)));
    }
}

fn problem(description: &str) -> Response {
    let content = utoipa::openapi::ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("ProblemBody")))
        .build();
    ResponseBuilder::new()
        .description(description)
        .content("application/problem+json", content)
        .build()
}

/// The document as it is committed: pretty, with a newline at its end.
pub fn openapi_text() -> String {
    let mut text = openapi()
        .to_pretty_json()
        .expect("the document is plain data");
    text.push('\n');
    text
}
