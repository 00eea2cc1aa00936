//! What `madoguchi user` and `madoguchi token` do: the first admin, a forgotten password, a token for the mail system.
//!
//! They act as the program itself, through the same functions as the API, and are recorded like it. A running server
//! notices within two seconds.

use super::{
    ChosenPassword, PasswordCost, Passwords, second_factor,
    tokens::{self, NewToken},
};
use crate::{
    access::{Actor, Permission, Role},
    error::{Error, Fields, Result},
    ids::*,
    store::{Store, Tx},
    text::{Code, EmailAddress, Line80, Name, Password, TextError},
    users::{self, NewUser, UserChange},
};
use chrono::TimeDelta;
use secrecy::{ExposeSecret, SecretString};
use std::{
    io::{self, BufRead, IsTerminal, Write},
    process::{Command, Stdio},
};

/// What `user create` is told.
pub struct CreateUser<'a> {
    /// `--email`
    pub email: &'a str,
    /// `--name`
    pub name: &'a str,
    /// `--role`
    pub role: &'a str,
    /// `--desk`: the desk's code.
    pub desk: Option<&'a str>,
    /// `--manager`: the manager's id.
    pub manager: Option<&'a str>,
}

/// What `token create` is told.
pub struct CreateToken<'a> {
    /// `--user`: the owner's e-mail address.
    pub user: &'a str,
    /// `--permission`, repeatable.
    pub permissions: &'a [String],
    /// `--days`: the token's life, 1 to 366.
    pub days: i64,
    /// `--name`: what it is for.
    pub name: &'a str,
}

/// Enters a user. An empty password makes one who cannot sign in, but may own API tokens.
///
/// # Errors
/// What [`explain`] puts into words; nothing was stored then.
pub async fn create_user(
    store: &Store,
    args: &CreateUser<'_>,
    password: &SecretString,
) -> Result<UserId> {
    let mut fields = Fields::default();
    let email = note(&mut fields, "--email", EmailAddress::parse(args.email));
    let name = note(&mut fields, "--name", Name::parse(args.name));
    let desk = args
        .desk
        .and_then(|desk| note(&mut fields, "--desk", Code::parse(desk)));
    let role = Role::ALL.into_iter().find(|role| role.name() == args.role);
    fields.require(
        role.is_some(),
        "--role",
        "must be operator, supervisor, desk, manager, admin or auditor",
    );
    let manager_id = args
        .manager
        .map(str::parse::<ManagerId>)
        .transpose()
        .unwrap_or_else(|_| {
            fields.add("--manager", "is not an id");
            None
        });
    let password = match password.expose_secret() {
        "" => None,
        typed => note(&mut fields, "the password", Password::parse(typed)),
    };
    fields.finish()?;
    let (email, name, role) = (
        email.expect("parsed, or it was noted as faulty"),
        name.expect("parsed, or it was noted as faulty"),
        role.expect("found, or it was noted as faulty"),
    );
    let password = match password {
        Some(password) => Some(choose(password, vec![email.to_string(), name.to_string()]).await?),
        None => None,
    };
    store
        .transaction(&Actor::system(), async |tx| {
            let desk_id = match &desk {
                Some(code) => Some(desk_with_code(tx, code).await?),
                None => None,
            };
            let new = NewUser {
                email: email.clone(),
                name: name.clone(),
                role,
                desk_id,
                manager_id,
                password: password.clone(),
            };
            Ok(users::create(tx, &new).await?.id)
        })
        .await
}

/// Sets a user's password, and signs them out everywhere.
///
/// # Errors
/// What [`explain`] puts into words; nothing was stored then.
pub async fn set_password(store: &Store, email: &str, password: &SecretString) -> Result<()> {
    let mut fields = Fields::default();
    let password = note(
        &mut fields,
        "the password",
        Password::parse(password.expose_secret()),
    );
    fields.finish()?;
    let id = user_with(store, email).await?;
    let user = users::show(store.writer(), id).await?;
    let known = vec![user.email.to_string(), user.name.to_string()];
    let chosen = choose(password.expect("parsed, or it was noted as faulty"), known).await?;
    change(
        store,
        id,
        &UserChange {
            password: Some(Some(chosen)),
            ..UserChange::default()
        },
    )
    .await
}

/// Takes the second factor from somebody who lost app and recovery codes: the way back for the last admin.
///
/// # Errors
/// What [`explain`] puts into words, also where there is none.
pub async fn reset_second_factor(store: &Store, email: &str) -> Result<()> {
    let id = user_with(store, email).await?;
    if !users::show(store.writer(), id).await?.has_second_factor {
        return Err(Error::conflict("The user has no second factor."));
    }
    store
        .transaction(&Actor::system(), async |tx| {
            second_factor::reset(tx, id).await
        })
        .await
}

/// Deactivates a user: signed out everywhere, and their API tokens no longer count.
///
/// # Errors
/// What [`explain`] puts into words, also for the last active admin.
pub async fn deactivate_user(store: &Store, email: &str) -> Result<()> {
    let id = user_with(store, email).await?;
    change(
        store,
        id,
        &UserChange {
            active: Some(false),
            ..UserChange::default()
        },
    )
    .await
}

/// Makes an API token and returns its secret, which is stored nowhere.
///
/// # Errors
/// What [`explain`] puts into words; nothing was stored then.
pub async fn create_token(store: &Store, args: &CreateToken<'_>) -> Result<SecretString> {
    let user_id = user_with(store, args.user).await?;
    let owner = users::show(store.writer(), user_id).await?;
    let mut fields = Fields::default();
    let name = note(&mut fields, "--name", Line80::parse(args.name));
    let longest = tokens::MAX_LIFETIME.num_days();
    fields.require(
        (1..=longest).contains(&args.days),
        "--days",
        "must be between 1 and 366",
    );
    let mut permissions = Vec::new();
    for text in args.permissions {
        match Permission::from_name(text) {
            Some(permission) if !permissions.contains(&permission) => {
                let may =
                    permission == Permission::Intake || permission.roles().contains(&owner.role);
                fields.require(
                    may,
                    "--permission",
                    &format!(
                        "{text} is not among what the role {} may",
                        owner.role.name()
                    ),
                );
                permissions.push(permission);
            }
            Some(_) => {}
            None => fields.add("--permission", format!("{text} is not a permission")),
        }
    }
    fields.require(!args.permissions.is_empty(), "--permission", "is required");
    fields.finish()?;
    let name = name.expect("parsed, or it was noted as faulty");
    store
        .transaction(&Actor::system(), async |tx| {
            let expires_at = tx.now() + TimeDelta::days(args.days);
            let new = NewToken {
                user_id,
                name: name.clone(),
                permissions: permissions.clone(),
                expires_at,
            };
            Ok(SecretString::from(tokens::create(tx, &new).await?.1))
        })
        .await
}

/// The password: from a terminal asked twice without showing it, otherwise the first line of standard input.
///
/// # Errors
/// Standard input cannot be read, or the two differ.
pub fn read_password() -> io::Result<SecretString> {
    if !io::stdin().is_terminal() {
        return read_line();
    }
    let hidden = HiddenInput::new();
    let (first, second) = (ask("Password: ")?, ask("The same again: ")?);
    drop(hidden);
    if first.expose_secret() != second.expose_secret() {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "the two passwords differ",
        ));
    }
    Ok(first)
}

fn ask(prompt: &str) -> io::Result<SecretString> {
    eprint!("{prompt}");
    io::stderr().flush()?;
    let line = read_line();
    eprintln!();
    line
}

fn read_line() -> io::Result<SecretString> {
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line)?;
    let length = line.trim_end_matches(['\n', '\r']).len();
    line.truncate(length);
    Ok(SecretString::from(line))
}

/// Keeps the terminal from showing what is typed. Where `stty` is missing, it is shown.
struct HiddenInput;

impl HiddenInput {
    fn new() -> Self {
        Self::stty("-echo");
        Self
    }

    fn stty(argument: &str) {
        let _ = Command::new("stty")
            .arg(argument)
            .stdin(Stdio::inherit())
            .stderr(Stdio::null())
            .status();
    }
}

impl Drop for HiddenInput {
    fn drop(&mut self) {
        Self::stty("echo");
    }
}

/// What went wrong, for whoever sits at the terminal.
pub fn explain(error: &Error) -> String {
    match error {
        Error::Problem(problem) if !problem.errors.is_empty() => {
            let lines = problem.errors.iter().map(|error| {
                format!(
                    "{}: {}",
                    error.pointer.trim_start_matches('/'),
                    error.detail
                )
            });
            lines.collect::<Vec<_>>().join("\n")
        }
        Error::Problem(problem) => problem.detail.to_string(),
        error => match std::error::Error::source(error) {
            Some(cause) => format!("{error}: {cause}"),
            None => error.to_string(),
        },
    }
}

fn note<T>(fields: &mut Fields, option: &str, parsed: Result<T, TextError>) -> Option<T> {
    parsed
        .map_err(|error| fields.add(option, error.message()))
        .ok()
}

async fn choose(password: Password, known: Vec<String>) -> Result<ChosenPassword> {
    Passwords::new(PasswordCost::OWASP)
        .choose(password, known)
        .await
}

async fn user_with(store: &Store, email: &str) -> Result<UserId> {
    let email = EmailAddress::parse(email)
        .map_err(|error| Error::invalid("the e-mail address", error.message()))?;
    let user = users::credentials(store.writer(), &email).await?;
    Ok(user
        .ok_or_else(|| Error::invalid("the e-mail address", "belongs to no user"))?
        .id)
}

async fn desk_with_code(tx: &mut Tx, code: &Code) -> Result<DeskId> {
    sqlx::query_scalar!("select id from desk where code = $1", code.as_str())
        .fetch_optional(tx.db())
        .await?
        .ok_or_else(|| Error::invalid("--desk", "is not the code of a desk"))
}

async fn change(store: &Store, id: UserId, change: &UserChange) -> Result<()> {
    store
        .transaction(&Actor::system(), async |tx| {
            users::edit(tx, id, None, change).await?;
            Ok(())
        })
        .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_told_line_by_line() {
        let mut fields = Fields::default();
        fields.add("--email", "is not an address");
        fields.add("/desk_id", "is required for the role desk");
        let told = explain(&fields.finish().unwrap_err());
        assert_eq!(
            told,
            "--email: is not an address\ndesk_id: is required for the role desk"
        );
        assert_eq!(
            explain(&Error::conflict("Another user has this address.")),
            "Another user has this address."
        );
    }
}
