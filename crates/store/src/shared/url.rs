//! The location of shared rows: the value of `Database.URL`.

use std::path::PathBuf;
use std::str::FromStr;

use sqlx::postgres::PgConnectOptions;

use super::SharedError;

/// The default file of shared rows in a repository.
const DEFAULT: &str = "shared.sqlite";

/// A database for shared rows.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum DatabaseUrl {
    /// A SQLite file; a relative path is relative to the repository.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    Postgres(Box<PgConnectOptions>),
}

impl Default for DatabaseUrl {
    fn default() -> Self {
        Self::Sqlite(PathBuf::from(DEFAULT))
    }
}

impl FromStr for DatabaseUrl {
    type Err = SharedError;

    /// Parses `sqlite:PATH`, `postgres://…` or `postgresql://…`. Errors do not show the text, which may contain a
    /// password.
    fn from_str(text: &str) -> Result<Self, SharedError> {
        let wrong = |reason| SharedError::Url { reason };
        let (scheme, rest) = text.split_once(':').ok_or(wrong("it has no scheme"))?;
        match scheme {
            "sqlite" => {
                // `sqlite:///path` is what other programs write.
                let path = rest.strip_prefix("//").unwrap_or(rest);
                if path.is_empty() || path.starts_with(':') || path.contains(['?', '\0']) {
                    return Err(wrong("a path of a file is expected behind `sqlite:`"));
                }
                Ok(Self::Sqlite(PathBuf::from(path)))
            }
            "postgres" | "postgresql" => {
                // Without this a single typing error would reach for a database on this machine.
                if !rest.starts_with("//") {
                    return Err(wrong("`postgres://` is expected"));
                }
                let options = PgConnectOptions::from_str(text)
                    .map_err(|_| wrong("it is no URL of a PostgreSQL database"))?;
                Ok(Self::Postgres(Box::new(options.application_name("cairn"))))
            }
            _ => Err(wrong("the scheme has to be `sqlite` or `postgres`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_and_refused() {
        for (text, path) in [
            ("sqlite:rows.db", "rows.db"),
            ("sqlite:/var/lib/rows.db", "/var/lib/rows.db"),
            ("sqlite:///var/lib/rows.db", "/var/lib/rows.db"),
            ("sqlite:a b%20ü", "a b%20ü"),
        ] {
            let read = text.parse::<DatabaseUrl>().unwrap();
            assert!(
                matches!(read, DatabaseUrl::Sqlite(found) if found == std::path::Path::new(path))
            );
        }
        for text in [
            "postgres://me:secret@[::1]:5433/db?sslmode=require",
            "postgresql://host",
        ] {
            let read = text.parse::<DatabaseUrl>().unwrap();
            assert!(matches!(read, DatabaseUrl::Postgres(_)), "{text}");
        }
        for text in [
            "",
            "rows.db",
            "sqlite:",
            "sqlite::memory:",
            "sqlite:a?mode=rw",
            "mysql://secret@host/db",
            "postgres:host secret",
            "postgres://me:secret@host:port/db",
            "postgres://me:secret@host/db?sslmode=nothing",
        ] {
            let error = text.parse::<DatabaseUrl>().unwrap_err();
            let said = format!("{error} {error:?}");
            assert!(!said.contains("secret"), "{text}: {said}");
        }
    }
}
