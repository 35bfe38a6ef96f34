//! Validates values that have the right type.

use cairn_primitives::multihash::HashFunction;

use super::sections::{Datastore, Dns, Import};
use super::{Config, ConfigError, GoDuration, parse_size};

/// Default size of the store above which a collection is overdue.
const STORAGE_MAX: &str = "10GB";

/// Default percentage of that size above which an automatic collection starts.
const WATERMARK: u8 = 90;

/// Default interval of checks of the size.
const GC_PERIOD: GoDuration = GoDuration::from_secs(3_600);

fn value(key: &str, problem: &dyn std::fmt::Display) -> ConfigError {
    ConfigError::Value {
        key: key.to_owned(),
        problem: problem.to_string(),
    }
}

impl Config {
    /// Validates the values that are otherwise only read when needed.
    ///
    /// # Errors
    /// [`ConfigError::Value`] for the first invalid value.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.datastore.max_bytes()?;
        self.datastore.watermark()?;
        self.datastore.gc_interval()?;
        self.import.check()?;
        for (key, text) in [
            ("Ipns.RepublishPeriod", &self.ipns.republish_period),
            ("Ipns.RecordLifetime", &self.ipns.record_lifetime),
        ] {
            if !text.is_empty() {
                text.parse::<GoDuration>()
                    .map_err(|error| value(key, &error))?;
            }
        }
        self.dns.check()?;
        match self.api.compat.as_deref() {
            None | Some("current" | "0.7") => Ok(()),
            Some(other) => Err(value(
                "API.Compat",
                &format!("expected \"current\" or \"0.7\", found {other:?}"),
            )),
        }
    }
}

impl Dns {
    fn check(&self) -> Result<(), ConfigError> {
        for (domain, server) in self.resolvers.iter().flatten() {
            let problem = if !domain.ends_with('.') {
                format!("expected a domain with a dot at its end, found {domain:?}")
            } else if !is_server(server) {
                format!(
                    "expected `auto` or a URL that begins with https://, udp:// or tcp:// for {domain:?}, found {server:?}"
                )
            } else {
                continue;
            };
            return Err(value("DNS.Resolvers", &problem));
        }
        Ok(())
    }
}

fn is_server(text: &str) -> bool {
    matches!(text, "" | "auto")
        || ["https://", "udp://", "tcp://"]
            .iter()
            .any(|scheme| text.len() > scheme.len() && text.starts_with(scheme))
}

impl Datastore {
    /// [`Datastore::storage_max`] in bytes.
    ///
    /// # Errors
    /// When it is not a size.
    pub fn max_bytes(&self) -> Result<u64, ConfigError> {
        let text = if self.storage_max.is_empty() {
            STORAGE_MAX
        } else {
            &self.storage_max
        };
        parse_size(text).map_err(|error| value("Datastore.StorageMax", &error))
    }

    /// [`Datastore::storage_gc_watermark`], from 1 to 100.
    ///
    /// # Errors
    /// When it is not a percentage.
    pub fn watermark(&self) -> Result<u8, ConfigError> {
        match self.storage_gc_watermark {
            0 => Ok(WATERMARK),
            percent @ 1..=100 => Ok(percent as u8),
            other => {
                let problem = format!("expected a percentage from 1 to 100, found {other}");
                Err(value("Datastore.StorageGCWatermark", &problem))
            }
        }
    }

    /// Size in bytes above which an automatic collection starts.
    ///
    /// # Errors
    /// As [`Datastore::max_bytes`] and [`Datastore::watermark`].
    pub fn gc_threshold(&self) -> Result<u64, ConfigError> {
        let bytes = u128::from(self.max_bytes()?) * u128::from(self.watermark()?) / 100;
        Ok(u64::try_from(bytes).unwrap_or(u64::MAX))
    }

    /// Interval of checks of the size; zero disables them.
    ///
    /// # Errors
    /// When it is not a duration, or a negative one.
    pub fn gc_interval(&self) -> Result<GoDuration, ConfigError> {
        const KEY: &str = "Datastore.GCPeriod";
        if self.gc_period.is_empty() {
            return Ok(GC_PERIOD);
        }
        let period: GoDuration = self.gc_period.parse().map_err(|error| value(KEY, &error))?;
        if period.as_nanos() < 0 {
            Err(value(KEY, &format!("{period} is negative")))
        } else {
            Ok(period)
        }
    }
}

impl Import {
    fn check(&self) -> Result<(), ConfigError> {
        let number =
            |key: &str, number: Option<i64>, allowed: fn(i64) -> bool, expected: &str| match number
            {
                Some(number) if !allowed(number) => Err(value(
                    &format!("Import.{key}"),
                    &format!("expected {expected}, found {number}"),
                )),
                _ => Ok(()),
            };
        let word = |key: &str, word: &Option<String>, allowed: &[&str]| match word {
            Some(word) if !allowed.contains(&word.as_str()) => Err(value(
                &format!("Import.{key}"),
                &format!("expected one of {allowed:?}, found {word:?}"),
            )),
            _ => Ok(()),
        };
        number(
            "CidVersion",
            self.cid_version,
            |n| n == 0 || n == 1,
            "0 or 1",
        )?;
        number(
            "UnixFSFileMaxLinks",
            self.unixfs_file_max_links,
            |n| n > 0,
            "a positive number",
        )?;
        number(
            "UnixFSDirectoryMaxLinks",
            self.unixfs_directory_max_links,
            |n| n >= 0,
            "a number from 0",
        )?;
        number(
            "UnixFSHAMTDirectoryMaxFanout",
            self.unixfs_hamt_directory_max_fanout,
            |n| (8..=1_024).contains(&n) && n & (n - 1) == 0,
            "a power of two from 8 to 1024",
        )?;
        number(
            "BatchMaxNodes",
            self.batch_max_nodes,
            |n| n > 0,
            "a positive number",
        )?;
        number(
            "BatchMaxSize",
            self.batch_max_size,
            |n| n > 0,
            "a positive number",
        )?;
        word(
            "UnixFSHAMTDirectorySizeEstimation",
            &self.unixfs_hamt_directory_size_estimation,
            &["links", "block", "disabled"],
        )?;
        word(
            "UnixFSDAGLayout",
            &self.unixfs_dag_layout,
            &["balanced", "trickle"],
        )?;
        if let Some(chunker) = &self.unixfs_chunker
            && !is_chunker(chunker)
        {
            let problem = format!(
                "expected \"size-BYTES\", \"rabin-MIN-AVG-MAX\" or \"buzhash\", found {chunker:?}"
            );
            return Err(value("Import.UnixFSChunker", &problem));
        }
        if let Some(name) = &self.hash_function
            && !HashFunction::from_name(&name.to_ascii_lowercase())
                .is_ok_and(HashFunction::is_allowed)
        {
            return Err(value(
                "Import.HashFunction",
                &format!("{name:?} is no hash that is allowed in IPFS"),
            ));
        }
        Ok(())
    }
}

fn is_chunker(text: &str) -> bool {
    if let Some(size) = text.strip_prefix("size-") {
        return size.parse::<u64>().is_ok_and(|size| size > 0);
    }
    if let Some(sizes) = text.strip_prefix("rabin-") {
        let sizes: Result<Vec<u64>, _> = sizes.split('-').map(str::parse).collect();
        return sizes.is_ok_and(|sizes| sizes.len() == 3 && sizes.is_sorted());
    }
    text == "buzhash"
}
