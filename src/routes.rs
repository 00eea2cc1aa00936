//! How a slice mounts its handlers: into the server, or into the OpenAPI document.
//!
//! The two are apart because the document of two hundred operations, each with all its schemas, takes a good part of a
//! second and tens of megabytes to gather; a server sends the document that was committed, and a test holds it against
//! what is mounted. Our own small wrapper, because utoipa's can do both only at once.

use actix_web::{dev::HttpServiceFactory, web};
use utoipa_actix_web::{OpenApiFactory, service_config};

/// Where handlers are mounted.
pub struct ServiceConfig<'a, 'b>(Target<'a, 'b>);

enum Target<'a, 'b> {
    Server(&'a mut web::ServiceConfig),
    Document(&'a mut service_config::ServiceConfig<'b>),
}

impl<'a, 'b> ServiceConfig<'a, 'b> {
    /// Handlers are served.
    pub fn server(config: &'a mut web::ServiceConfig) -> Self {
        Self(Target::Server(config))
    }

    /// Handlers are described.
    pub fn document(config: &'a mut service_config::ServiceConfig<'b>) -> Self {
        Self(Target::Document(config))
    }

    /// Mounts what the function mounts.
    pub fn configure(&mut self, mount: impl FnOnce(&mut ServiceConfig)) -> &mut Self {
        mount(self);
        self
    }

    /// Mounts a handler.
    pub fn service(
        &mut self,
        handler: impl HttpServiceFactory + OpenApiFactory + 'static,
    ) -> &mut Self {
        match &mut self.0 {
            Target::Server(config) => {
                config.service(handler);
            }
            Target::Document(config) => {
                config.service(handler);
            }
        }
        self
    }
}
