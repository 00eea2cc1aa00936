//! Hashing and comparing passwords: argon2id, on a bounded part of the blocking threads.
//!
//! Each hash takes 19 MiB and some tens of milliseconds on purpose. Two run at once and a few dozen wait; whoever comes
//! then hears 503, so that a flood of sign-ins takes neither the memory nor the processors from everybody else.

use crate::{
    error::{Error, Problem, ProblemType, Result},
    text::Password,
};
use argon2::{Algorithm, Argon2, Block, Params, Version, password_hash::phc::PasswordHash};
use data_encoding::BASE64_NOPAD;
use secrecy::{ExposeSecret, SecretString};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

/// Hashes that run at once.
const AT_ONCE: usize = 2;

/// Hashes that run or wait.
const AT_MOST: usize = 64;

/// What a hash costs whoever computes it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory: u32,
    /// Passes over it.
    pub passes: u32,
}

impl PasswordCost {
    /// OWASP Password Storage Cheat Sheet: argon2id, 19 MiB, two passes, one lane.
    pub const OWASP: Self = Self {
        memory: 19_456,
        passes: 2,
    };

    /// As cheap as argon2 allows: for tests only.
    pub const TEST: Self = Self {
        memory: 8,
        passes: 1,
    };
}

/// A password that somebody wants to have from now on.
#[derive(Clone)]
pub enum ChosenPassword {
    /// Good enough; its hash in PHC format.
    Hashed(String),
    /// Too easy to guess, and why.
    Weak(String),
}

/// Hashes and compares passwords.
pub struct Passwords {
    argon2: Argon2<'static>,
    /// Compared with where there is no user or no password, so that the answer takes as long.
    decoy: String,
    running: Arc<Semaphore>,
    admitted: Arc<Semaphore>,
}

impl Passwords {
    /// Passwords hashed at this cost.
    pub fn new(cost: PasswordCost) -> Self {
        let params = Params::new(cost.memory, cost.passes, 1, None)
            .expect("both costs are above the least that argon2 takes");
        let decoy = decoy(&params);
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        Self {
            argon2,
            decoy,
            running: Arc::new(Semaphore::new(AT_ONCE)),
            admitted: Arc::new(Semaphore::new(AT_MOST)),
        }
    }

    /// Whether the password is the stored one. Takes the same time when nothing is stored.
    ///
    /// # Errors
    /// 503 when too many wait already.
    pub(crate) async fn matches(
        &self,
        password: SecretString,
        stored: Option<String>,
    ) -> Result<bool> {
        let has_one = stored.is_some();
        let stored = stored.unwrap_or_else(|| self.decoy.clone());
        self.run(move |_| {
            let password = password.expose_secret().as_bytes();
            PasswordHash::new(&stored).is_ok_and(|stored| is_password_of(password, &stored))
                && has_one
        })
        .await
    }

    /// Judges and hashes a new password. `known` is what an attacker knows of the person.
    ///
    /// # Errors
    /// 503 when too many wait already.
    pub async fn choose(&self, password: Password, known: Vec<String>) -> Result<ChosenPassword> {
        self.run(move |argon2| {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            match password.strength_errors(&known) {
                Some(why) => ChosenPassword::Weak(why),
                None => ChosenPassword::Hashed(hash(argon2, password.expose().as_bytes())),
            }
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Argon2) -> T + Send + 'static,
    ) -> Result<T> {
        let place = self
            .admitted
            .clone()
            .try_acquire_owned()
            .map_err(|_| busy())?;
        let turn = self
            .running
            .clone()
            .acquire_owned()
            .await
            .expect("the semaphore is never closed");
        let argon2 = self.argon2.clone();
        // The thread holds its turn: a client that goes away does not make room for another hash while this one runs.
        tokio::task::spawn_blocking(move || {
            let result = work(&argon2);
            drop((turn, place));
            result
        })
        .await
        .map_err(|error| Error::Internal(error.into()))
    }
}

fn hash(argon2: &Argon2, password: &[u8]) -> String {
    let salt = rand::random::<[u8; 16]>();
    let hash = compute(argon2, password, &salt).expect("a salt and a password of proper length");
    in_phc_format(argon2.params(), &salt, &hash)
}

/// Whether the hash, one of ours, is that of the password.
fn is_password_of(password: &[u8], stored: &PasswordHash) -> bool {
    let (Ok(params), Some(salt), Some(expected)) =
        (Params::try_from(stored), &stored.salt, &stored.hash)
    else {
        return false;
    };
    let is_ours =
        stored.algorithm.as_str() == "argon2id" && stored.version == Some(Version::V0x13.into());
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    is_ours
        && compute(&argon2, password, salt).is_ok_and(|hash| hash.ct_eq(expected.as_bytes()).into())
}

/// What the allocator of glibc maps apart from all others, and gives back as soon as it is free. What is smaller it keeps,
/// once one was freed, in the arena of each thread that ever hashed: after a morning's sign-ins that were 300 MB.
const MAPPED_APART: usize = 33 * 1024 * 1024;

fn compute(argon2: &Argon2, password: &[u8], salt: &[u8]) -> argon2::Result<[u8; 32]> {
    let count = argon2.params().block_count();
    // What is not touched takes no memory.
    let mut memory = Vec::with_capacity(count.max(MAPPED_APART / Block::SIZE));
    memory.resize(count, Block::new());
    let mut hash = [0; 32];
    argon2.hash_password_into_with_memory(password, salt, &mut hash, &mut memory)?;
    Ok(hash)
}

fn in_phc_format(params: &Params, salt: &[u8], hash: &[u8]) -> String {
    format!(
        "$argon2id$v=19$m={},t={},p={}${}${}",
        params.m_cost(),
        params.t_cost(),
        params.p_cost(),
        BASE64_NOPAD.encode(salt),
        BASE64_NOPAD.encode(hash)
    )
}

/// A hash of no password: comparing with it costs what comparing with a real one does.
fn decoy(params: &Params) -> String {
    let (salt, hash) = (rand::random::<[u8; 16]>(), rand::random::<[u8; 32]>());
    in_phc_format(params, &salt, &hash)
}

fn busy() -> Error {
    Error::Problem(Box::new(Problem {
        kind: ProblemType::Unavailable,
        detail: "Too many people sign in at this moment. Try again.".into(),
        errors: Vec::new(),
        retry_after: Some(2),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "correct horse battery staple";

    #[tokio::test]
    async fn only_the_chosen_password_matches() {
        let passwords = Passwords::new(PasswordCost::TEST);
        let chosen = passwords
            .choose(Password::parse(GOOD).unwrap(), Vec::new())
            .await
            .unwrap();
        let ChosenPassword::Hashed(hash) = chosen else {
            panic!("too weak")
        };
        assert!(hash.starts_with("$argon2id$v=19$m=8,t=1,p=1$"), "{hash}");
        assert!(
            passwords
                .matches(GOOD.into(), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(
            !passwords
                .matches("correct horse battery stable".into(), Some(hash))
                .await
                .unwrap()
        );
        assert!(!passwords.matches(GOOD.into(), None).await.unwrap());
    }

    #[tokio::test]
    async fn what_is_known_of_a_person_is_no_password() {
        let passwords = Passwords::new(PasswordCost::TEST);
        let chosen = passwords
            .choose(
                Password::parse("takahashi2026").unwrap(),
                vec!["takahashi@example.jp".into()],
            )
            .await
            .unwrap();
        assert!(matches!(chosen, ChosenPassword::Weak(_)));
    }

    #[tokio::test]
    async fn a_flood_is_turned_away() {
        let passwords = Passwords::new(PasswordCost::TEST);
        let _all = passwords
            .admitted
            .clone()
            .acquire_many_owned(AT_MOST as u32)
            .await
            .unwrap();
        let error = passwords.matches(GOOD.into(), None).await.unwrap_err();
        assert_eq!(error.kind(), ProblemType::Unavailable);
    }

    /// With the real cost: what is compared is as much work where there is nothing to compare with.
    #[tokio::test]
    async fn the_time_is_the_same_for_nobody() {
        let passwords = Passwords::new(PasswordCost::OWASP);
        let stored = hash(&passwords.argon2, GOOD.as_bytes());
        let mut times = [Vec::new(), Vec::new()];
        for _ in 0..5 {
            for (kind, stored) in [Some(stored.clone()), None].into_iter().enumerate() {
                let start = std::time::Instant::now();
                assert!(!passwords.matches("wrong".into(), stored).await.unwrap());
                times[kind].push(start.elapsed());
            }
        }
        // The least of a few: only the other work of the machine makes it longer.
        let [somebody, nobody] = times.map(|times| times.into_iter().min().unwrap());
        assert!(
            somebody < nobody * 2 && nobody < somebody * 2,
            "{somebody:?} {nobody:?}"
        );
    }

    #[test]
    fn hashes_are_what_the_library_makes_and_understands() {
        use argon2::password_hash::{PasswordHasher, PasswordVerifier};
        let passwords = Passwords::new(PasswordCost::TEST);
        let ours = PasswordHash::new(&hash(&passwords.argon2, b"a password")).unwrap();
        let verifier = Argon2::default();
        verifier.verify_password(b"a password", &ours).unwrap();
        verifier.verify_password(b"b password", &ours).unwrap_err();
        let theirs: PasswordHash = passwords.argon2.hash_password(b"a password").unwrap();
        assert!(is_password_of(b"a password", &theirs));
        assert!(!is_password_of(b"b password", &theirs));
    }

    #[test]
    fn the_decoy_costs_what_a_real_hash_does() {
        let passwords = Passwords::new(PasswordCost::OWASP);
        let decoy = PasswordHash::new(&passwords.decoy).unwrap();
        let real = hash(&passwords.argon2, b"a password");
        let real = PasswordHash::new(&real).unwrap();
        assert_eq!(
            (decoy.algorithm, decoy.version),
            (real.algorithm, real.version)
        );
        assert_eq!(decoy.params, real.params);
        assert_eq!(decoy.hash.unwrap().len(), real.hash.unwrap().len());
        assert_eq!(
            decoy.salt.unwrap().as_ref().len(),
            real.salt.unwrap().as_ref().len()
        );
    }

    #[test]
    fn the_default_is_what_owasp_asks() {
        let passwords = Passwords::new(PasswordCost::OWASP);
        assert!(
            passwords
                .decoy
                .starts_with("$argon2id$v=19$m=19456,t=2,p=1$")
        );
    }
}
