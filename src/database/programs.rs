//! Which PostgreSQL programs are installed, and as whom they run.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::OLDEST_POSTGRES;
use super::error::DatabaseError;

/// Where Debian keeps one folder per major version.
const DEBIAN: &str = "/usr/lib/postgresql";
const NEEDED: [&str; 3] = ["initdb", "postgres", "pg_ctl"];

/// One installed PostgreSQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Programs {
    pub(super) bin_dir: PathBuf,
    pub(super) major: u32,
}

impl Programs {
    /// The programs for the cluster in `data`: those that made it, or for a new one the newest. With `explicit` there is
    /// nothing to choose.
    pub(super) fn find(explicit: Option<&Path>, data: &Path) -> Result<Self, DatabaseError> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let on_path: Vec<PathBuf> = std::env::split_paths(&path).collect();
        Self::find_in(explicit, Path::new(DEBIAN), &on_path, data)
    }

    fn find_in(
        explicit: Option<&Path>,
        debian: &Path,
        on_path: &[PathBuf],
        data: &Path,
    ) -> Result<Self, DatabaseError> {
        let looked_in = match explicit {
            Some(explicit) => explicit.display().to_string(),
            None => format!("{}/*/bin and PATH", debian.display()),
        };
        let folders = match explicit {
            Some(explicit) => vec![explicit.to_owned()],
            None => debian_folders(debian)
                .into_iter()
                .chain(on_path.iter().cloned())
                .collect(),
        };
        let mut installed: Vec<Self> = folders.into_iter().filter_map(Self::in_folder).collect();
        // Stable: of two of the same version, the one found first.
        installed.sort_by_key(|programs| std::cmp::Reverse(programs.major));
        let Some(newest) = installed.first() else {
            return Err(DatabaseError::NoBinaries { looked_in });
        };
        let Some(made_by) = data_version(data)? else {
            return if newest.major < OLDEST_POSTGRES {
                Err(DatabaseError::TooOld {
                    found: newest.major,
                })
            } else {
                Ok(newest.clone())
            };
        };
        let fitting = installed
            .iter()
            .find(|programs| programs.major.to_string() == made_by);
        fitting.cloned().ok_or_else(|| DatabaseError::DataVersion {
            path: data.to_owned(),
            data: made_by,
            found: Some(newest.major),
        })
    }

    fn in_folder(bin_dir: PathBuf) -> Option<Self> {
        if !NEEDED.iter().all(|program| bin_dir.join(program).is_file()) {
            return None;
        }
        let output = Command::new(bin_dir.join("postgres"))
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .ok()?;
        let major = major_version(&String::from_utf8_lossy(&output.stdout))?;
        Some(Self { bin_dir, major })
    }
}

/// `postgres (PostgreSQL) 15.18 (Debian …)` → 15; also `17beta1`.
fn major_version(text: &str) -> Option<u32> {
    let version = text.split_once("(PostgreSQL)")?.1.trim_start();
    let digits = version
        .find(|letter: char| !letter.is_ascii_digit())
        .unwrap_or(version.len());
    version[..digits].parse().ok()
}

fn debian_folders(debian: &Path) -> BTreeSet<PathBuf> {
    let entries = fs::read_dir(debian).into_iter().flatten().flatten();
    entries.map(|entry| entry.path().join("bin")).collect()
}

/// What made the cluster, or `None` where there is none yet.
fn data_version(data: &Path) -> Result<Option<String>, DatabaseError> {
    let path = data.join("PG_VERSION");
    match fs::read_to_string(&path) {
        Ok(version) => Ok(Some(version.trim().to_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(DatabaseError::folder(&path)(error)),
    }
}

/// A user of the operating system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) name: String,
    pub(super) uid: u32,
    pub(super) gid: u32,
}

impl Account {
    /// PostgreSQL refuses to run as root, and `initdb` for a user who is not in the passwd file. `None` means: as we are.
    pub(super) fn to_run_as() -> Result<Option<Self>, DatabaseError> {
        if !Self::is_root() {
            return Ok(None);
        }
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        let account = ["postgres", "nobody"]
            .iter()
            .find_map(|name| Self::in_passwd(&passwd, name));
        account.map(Some).ok_or(DatabaseError::NoAccount)
    }

    /// The effective user, as the kernel sees this process.
    pub(super) fn is_root() -> bool {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let uids = status.lines().find_map(|line| line.strip_prefix("Uid:"));
        uids.and_then(|uids| uids.split_whitespace().nth(1)) == Some("0")
    }

    fn in_passwd(passwd: &str, name: &str) -> Option<Self> {
        let mut fields = passwd
            .lines()
            .map(|line| line.split(':'))
            .find(|fields| fields.clone().next() == Some(name))?
            .skip(2);
        let uid = fields.next()?.parse().ok()?;
        let gid = fields.next()?.parse().ok()?;
        (uid != 0).then(|| Self {
            name: name.to_owned(),
            uid,
            gid,
        })
    }

    /// Asks the kernel, as that user: access lists and mount options count too.
    pub(super) fn must_enter(&self, folder: &Path) -> Result<(), DatabaseError> {
        let entered = Command::new("test")
            .arg("-x")
            .arg(folder)
            .uid(self.uid)
            .gid(self.gid)
            .current_dir("/")
            .status();
        if entered.is_ok_and(|status| status.success()) {
            return Ok(());
        }
        Err(DatabaseError::NotEnterable {
            path: folder.to_owned(),
            account: self.name.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::database::testing::Scratch;

    fn install(debian: &Path, major: &str) {
        let bin = debian.join(major).join("bin");
        fs::create_dir_all(&bin).unwrap();
        for program in NEEDED {
            let text = format!("#!/bin/sh\necho 'postgres (PostgreSQL) {major}.3 (Debian)'\n");
            fs::write(bin.join(program), text).unwrap();
            fs::set_permissions(bin.join(program), fs::Permissions::from_mode(0o755)).unwrap();
        }
    }

    #[test]
    fn the_newest_makes_a_cluster_and_the_maker_opens_it() {
        let scratch = Scratch::new();
        let debian = scratch.path().join("lib");
        let data = scratch.path().join("data");
        for major in ["9", "15", "17"] {
            install(&debian, major);
        }
        let find = || Programs::find_in(None, &debian, &[], &data);
        assert_eq!(find().unwrap().major, 17);
        fs::create_dir(&data).unwrap();
        fs::write(data.join("PG_VERSION"), "15\n").unwrap();
        assert_eq!(find().unwrap().bin_dir, debian.join("15/bin"));
        fs::write(data.join("PG_VERSION"), "18\n").unwrap();
        let text = find().unwrap_err().to_string();
        assert!(
            text.contains("made by PostgreSQL 18, but PostgreSQL 17 is installed"),
            "{text}"
        );
        assert!(text.contains("apt-get install postgresql-18"), "{text}");
        fs::write(data.join("PG_VERSION"), "16\n").unwrap();
        let text = find().unwrap_err().to_string();
        assert!(
            text.contains("apt-get install postgresql-16") && text.contains("pg_upgrade"),
            "{text}"
        );
        fs::write(data.join("PG_VERSION"), "").unwrap();
        let text = find().unwrap_err().to_string();
        assert!(text.contains("damaged"), "{text}");
    }

    #[test]
    fn without_programs_the_sentence_says_how_to_install_them() {
        let scratch = Scratch::new();
        let data = scratch.path().join("data");
        let nothing = Programs::find_in(None, scratch.path(), &[], &data)
            .unwrap_err()
            .to_string();
        assert!(
            nothing.contains("`apt-get install postgresql postgresql-contrib`"),
            "{nothing}"
        );
        let explicit = Programs::find(Some(scratch.path()), &data)
            .unwrap_err()
            .to_string();
        assert!(
            explicit.contains(&scratch.path().display().to_string()),
            "{explicit}"
        );
        install(scratch.path(), "14");
        let old = Programs::find_in(None, scratch.path(), &[], &data)
            .unwrap_err()
            .to_string();
        assert!(old.contains("PostgreSQL 14 is too old"), "{old}");
        let on_path = [scratch.path().join("14/bin")];
        install(scratch.path(), "16");
        let on_path = [on_path[0].clone(), scratch.path().join("16/bin")];
        let found = Programs::find_in(None, Path::new("/nowhere"), &on_path, &data).unwrap();
        assert_eq!(found.major, 16);
    }

    #[test]
    fn versions_are_read_from_what_the_program_prints() {
        assert_eq!(
            major_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)"),
            Some(15)
        );
        assert_eq!(major_version("postgres (PostgreSQL) 19beta1"), Some(19));
        assert_eq!(major_version("postgres (PostgreSQL) 16"), Some(16));
        assert_eq!(major_version("bash: not found"), None);
    }

    #[test]
    fn accounts_come_from_the_passwd_file() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65533::/:/bin/false\npostgresql:x:7:7::/:\n";
        let nobody = Account::in_passwd(passwd, "nobody").unwrap();
        assert_eq!((nobody.uid, nobody.gid), (65534, 65533));
        assert_eq!(Account::in_passwd(passwd, "postgres"), None);
        assert_eq!(Account::in_passwd(passwd, "root"), None);
    }
}
