//! Plays a plan: each step at its time, through the API in process, as whoever sends it.
//!
//! The requests run over a store of their own whose clock is set from step to step, so that histories, deadlines and audit
//! events carry the times of the plan. Whoever sends is put into the request's extensions, where the sign-in would put
//! them; nobody can do that over the network.

use super::{
    mails,
    office::{self, Account},
    plan::{Act, Request, Step, Who},
};
use crate::{
    access::{Actor, ActorKind, Role},
    app::{AppOptions, app},
    audit::checkpoint::AuditKey,
    auth::{AuthConfig, ChosenPassword, Keys, PasswordCost, Passwords, SealKey},
    cases::deadlines,
    error::{Error, Result},
    ids::{DeskId, ManagerId},
    jobs::{self, Lane, WorkContext},
    mail::smtp::Mailer,
    store::{Clock, Store},
    text::{EmailAddress, Name, Password},
    users::{self, NewUser},
};
use actix_web::{
    HttpMessage,
    dev::Service,
    http::{Method, header},
    test::{TestRequest, init_service, read_body},
    web::Data,
};
use chrono::{DateTime, Utc};
use futures_util::future::LocalBoxFuture;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::{collections::HashMap, rc::Rc};

/// Plays a plan over the store.
pub struct Player {
    store: Data<Store>,
    clock: Clock,
    auth: Data<AuthConfig>,
    password: ChosenPassword,
    actors: HashMap<Who, Actor>,
    /// What stands for the names in the plan.
    values: HashMap<String, Value>,
}

/// The app: takes a request of somebody, and answers.
type Api = Box<dyn Fn(TestRequest, Actor) -> LocalBoxFuture<'static, Result<Answered, String>>>;

/// An answer of the API.
struct Answered {
    status: u16,
    etag: Option<String>,
    body: Value,
}

impl Player {
    /// The password is everybody's: judged and hashed once.
    ///
    /// # Errors
    /// Never, but for a secret or a password that the program's own rules refuse.
    pub async fn new(store: &Store, password: &str) -> Result<Self> {
        let clock = Clock::fixed(store.now());
        let secret = hex::encode(rand::random::<[u8; 32]>());
        let secret = SecretString::from(secret);
        let seal = SealKey::new(&secret);
        let keys = Keys::new(&secret, None).map_err(|error| Error::Internal(error.into()))?;
        let passwords = Passwords::new(PasswordCost::OWASP);
        let password = Password::parse(password).map_err(|error| Error::Internal(error.into()))?;
        let known = vec![office::DOMAIN.to_owned()];
        let password = passwords.choose(password, known).await?;
        let auth = AuthConfig::new(keys, seal, passwords, Vec::new(), "http://localhost");
        Ok(Self {
            store: Data::new(store.with_clock(clock.clone())),
            clock,
            auth: Data::new(auth.map_err(|error| Error::Internal(error.into()))?),
            password,
            actors: HashMap::new(),
            values: HashMap::new(),
        })
    }

    /// Plays it all. `enterprises` are the bodies of those whose cases the plan opens.
    ///
    /// # Errors
    /// A sentence with the request that was refused, and why.
    pub async fn play(
        mut self,
        enterprises: impl Iterator<Item = Value>,
        steps: Vec<Step>,
    ) -> Result<(), String> {
        for (number, body) in enterprises.enumerate() {
            self.values.insert(format!("enterprise:{number}"), body);
        }
        let api = open_api(self.store.clone(), self.auth.clone()).await;
        let Some(first) = steps.first() else {
            return Ok(());
        };
        self.clock.set(first.at);
        self.enter(&office::admin()).await.map_err(sentence)?;
        let last = steps.last().map(|step| step.at);
        for step in steps {
            self.clock.set(step.at);
            match step.act {
                Act::Send(request) => {
                    self.send(&api, &request, step.at).await?;
                    self.send_mail().await.map_err(sentence)?;
                }
                Act::Receive(letter) => {
                    mails::arrive(&self.store, letter).await.map_err(sentence)?;
                    self.send_mail().await.map_err(sentence)?;
                }
                Act::EnterPeople => self.enter_people().await.map_err(sentence)?,
                Act::RunJobs => self.run_jobs().await.map_err(sentence)?,
            }
        }
        self.clock.set(last.unwrap_or_else(Utc::now));
        self.enter(&office::auditor()).await.map_err(sentence)
    }

    /// Mail goes out at its time, and to nobody: the addresses are made up.
    async fn send_mail(&self) -> Result<()> {
        let context = WorkContext {
            // Nothing is signed where mail is sent.
            audit_key: AuditKey(String::new().into()),
            mailer: Mailer::nowhere(),
        };
        jobs::run_due_in(&self.store, &context, Lane::Sending).await?;
        Ok(())
    }

    async fn run_jobs(&self) -> Result<()> {
        let system = Actor::system();
        crate::offers::expire_due(&self.store, &system).await?;
        deadlines::watch(&self.store, &system).await?;
        deadlines::return_unclaimed(&self.store, &system).await?;
        self.send_mail().await
    }

    // ------------------------------------------------------------------------------------------------------- people

    async fn enter_people(&mut self) -> Result<()> {
        for account in office::accounts() {
            self.enter(&account).await?;
        }
        Ok(())
    }

    /// Through the domain rather than the API, because the API would judge and hash the one password for everybody anew.
    async fn enter(&mut self, account: &Account) -> Result<()> {
        let refuse = |error: crate::text::TextError| Error::Internal(error.into());
        let (role, desk_id, manager_id) = match account.who {
            Who::Operator(_) => (Role::Operator, None, None),
            Who::Supervisor => (Role::Supervisor, None, None),
            Who::Desk(desk, _) => (Role::Desk, self.desk_id(desk), None),
            Who::Manager(manager) => (Role::Manager, None, self.manager_id(manager)),
            Who::Admin => (Role::Admin, None, None),
            Who::Auditor => (Role::Auditor, None, None),
        };
        let new = NewUser {
            email: EmailAddress::parse(&account.email).map_err(refuse)?,
            name: Name::parse(&account.name).map_err(refuse)?,
            role,
            desk_id,
            manager_id,
            password: Some(self.password.clone()),
        };
        let by = self
            .actors
            .get(&Who::Admin)
            .cloned()
            .unwrap_or_else(Actor::system);
        let user = self
            .store
            .transaction(&by, async |tx| users::create(tx, &new).await)
            .await?;
        let actor = Actor {
            kind: ActorKind::User,
            user_id: Some(user.id),
            role: Some(role),
            desk_id,
            manager_id,
            session_id: None,
            token_permissions: None,
        };
        self.actors.insert(account.who, actor);
        Ok(())
    }

    fn desk_id(&self, desk: usize) -> Option<DeskId> {
        let name = super::life::desk_name(desk);
        self.values
            .get(name.trim_matches(['{', '}']))?
            .as_str()?
            .parse()
            .ok()
    }

    fn manager_id(&self, manager: usize) -> Option<ManagerId> {
        self.values
            .get(&format!("manager:{manager}"))?
            .as_str()?
            .parse()
            .ok()
    }

    // ----------------------------------------------------------------------------------------------------- requests

    async fn send(
        &mut self,
        api: &Api,
        request: &Request,
        at: DateTime<Utc>,
    ) -> Result<(), String> {
        let refused = |what: String| {
            format!(
                "{} {} by {:?} at {at}: {what}",
                request.method, request.path, request.by
            )
        };
        let unknown = |name: String| refused(format!("{name} is not known yet"));
        let path = self.path(&request.path).map_err(unknown)?;
        let mut body = request.body.clone();
        self.resolve(&mut body).map_err(unknown)?;
        let actor = self.actors.get(&request.by);
        let actor = actor.ok_or_else(|| refused("nobody of that kind is there yet".into()))?;
        let version = match (&request.version, &request.method) {
            (Some(name), _) => self
                .values
                .get(name)
                .map(|version| format!("\"{version}\"")),
            (None, &Method::PATCH | &Method::PUT) => {
                call(api, actor, &Method::GET, &path, None, None)
                    .await?
                    .etag
            }
            _ => None,
        };
        let sent = (!body.is_null()).then_some(&body);
        let answer = call(api, actor, &request.method, &path, sent, version.as_deref()).await?;
        if answer.status >= 400 {
            return Err(refused(format!(
                "{} {}\n{body}",
                answer.status, answer.body
            )));
        }
        for (name, pointer) in &request.keep {
            let value = answer.body.pointer(pointer).cloned();
            let value =
                value.ok_or_else(|| refused(format!("nothing at {pointer} in {}", answer.body)))?;
            self.keep(name, value);
        }
        Ok(())
    }

    /// The path with ids in the places of names; the name that has none otherwise.
    fn path(&self, planned: &str) -> Result<String, String> {
        let mut path = String::from("/api/v1");
        for part in planned.split_inclusive(['{', '}']) {
            match part.strip_suffix('}') {
                Some(name) => path += self.values.get(name).and_then(Value::as_str).ok_or(name)?,
                None => path += part.trim_end_matches('{'),
            }
        }
        Ok(path)
    }

    /// An enterprise that is on record is named by its id from now on.
    fn keep(&mut self, name: &str, value: Value) {
        match name.strip_prefix("enterprise:") {
            Some(number) => {
                self.values
                    .insert(format!("enterprise-id:{number}"), value.clone());
                self.values.insert(name.to_owned(), json!({ "id": value }));
            }
            None => drop(self.values.insert(name.to_owned(), value)),
        }
    }

    /// Puts values in the places of names; the name that has none otherwise.
    fn resolve(&self, body: &mut Value) -> Result<(), String> {
        match body {
            Value::String(text) => {
                let name = text
                    .strip_prefix('{')
                    .and_then(|rest| rest.strip_suffix('}'))
                    .map(str::to_owned);
                if let Some(name) = name {
                    *body = self.values.get(&name).cloned().ok_or(name)?;
                }
                Ok(())
            }
            Value::Array(items) => items.iter_mut().try_for_each(|item| self.resolve(item)),
            Value::Object(members) => members
                .values_mut()
                .try_for_each(|member| self.resolve(member)),
            _ => Ok(()),
        }
    }
}

/// The app over a store, in process.
async fn open_api(store: Data<Store>, auth: Data<AuthConfig>) -> Api {
    let service = Rc::new(init_service(app(store, auth, &AppOptions::default())).await);
    Box::new(move |request, actor| {
        let service = service.clone();
        Box::pin(async move {
            let request = request.to_request();
            request.extensions_mut().insert(actor);
            let response = service
                .call(request)
                .await
                .map_err(|error| error.to_string())?;
            let etag = response
                .headers()
                .get(header::ETAG)
                .and_then(|value| value.to_str().ok());
            let (status, etag) = (response.status().as_u16(), etag.map(str::to_owned));
            let bytes = read_body(response).await;
            let body = serde_json::from_slice(&bytes).unwrap_or_default();
            Ok(Answered { status, etag, body })
        })
    })
}

/// One request.
async fn call(
    api: &Api,
    actor: &Actor,
    method: &Method,
    path: &str,
    body: Option<&Value>,
    version: Option<&str>,
) -> Result<Answered, String> {
    let mut request = TestRequest::with_uri(path).method(method.clone());
    if let Some(body) = body {
        request = request.set_json(body);
    }
    if let Some(version) = version {
        request = request.insert_header((header::IF_MATCH, version));
    }
    api(request, actor.clone()).await
}

fn sentence(error: Error) -> String {
    match error {
        Error::Problem(problem) => format!("{} {:?}", problem.detail, problem.errors),
        other => other.to_string(),
    }
}
