//! The web front end, as it was built into the program from `web/dist`.
//!
//! Its pages are one document that finds its way by the address, so every address that is nobody else's answers with it.
//! What the builder put a hash into the name of never changes. A program that was built without the front end, as for the
//! API alone, has none of this.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct Built;

/// Nothing from elsewhere, nothing inline, and in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; \
     connect-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/// The page or file of an address that no other route takes; none where that is no matter of the front end.
pub fn answer(request: &HttpRequest) -> Option<HttpResponse> {
    let path = request.path().trim_start_matches('/');
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_read || path == "api" || path.starts_with("api/") {
        return None;
    }
    if let Some(file) = Built::get(path) {
        return Some(respond(&file, path.starts_with("assets/")));
    }
    // A file that is not there is none; an address of a page has no dot in its end.
    let end = path.rsplit('/').next().unwrap_or_default();
    if path.starts_with("assets/") || end.contains('.') {
        return None;
    }
    Some(respond(&Built::get("index.html")?, false))
}

fn respond(file: &EmbeddedFile, never_changes: bool) -> HttpResponse {
    let kept = match never_changes {
        true => "public, max-age=31536000, immutable",
        false => "no-cache",
    };
    HttpResponse::Ok()
        .content_type(match file.metadata.mimetype() {
            "text/html" => "text/html; charset=utf-8",
            "text/javascript" => "text/javascript; charset=utf-8",
            "text/css" => "text/css; charset=utf-8",
            other => other,
        })
        .insert_header((header::CACHE_CONTROL, kept))
        .insert_header((header::CONTENT_SECURITY_POLICY, POLICY))
        .body(file.data.to_vec())
}
