//! The queries of a listing, for both dialects.
//!
//! What a filter has that selects most decides which index is read: CIDs, a whole name, metadata, a part of a name, statuses.
//! The rest is tested for each row. A listing has one arm for each CID or status, because an index has the requests of one
//! in the order of time, but not those of several.

use std::fmt::Write as _;

use super::count::{Part, parts};
use super::{NameMatch, PinFilter, PinState, fold, meta_pairs, text_key};
use crate::shared::{AccountId, page_limit};

/// What a placeholder stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::shared) enum Value {
    Number(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// What differs between the databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::shared) enum Dialect {
    Sqlite,
    Postgres,
}

/// A query and its values.
#[derive(Debug)]
pub(in crate::shared) struct Query {
    pub(in crate::shared) sql: String,
    pub(in crate::shared) values: Vec<Value>,
    dialect: Dialect,
}

/// The queries of a listing.
#[derive(Debug)]
pub(in crate::shared) struct Selection {
    /// Answers the number of all that match.
    pub(in crate::shared) count: Query,
    /// Answers the `created` of the newest that match, newest first.
    pub(in crate::shared) page: Query,
}

impl Query {
    fn new(dialect: Dialect) -> Self {
        Self {
            sql: String::new(),
            values: Vec::new(),
            dialect,
        }
    }

    fn text(&mut self, sql: &str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    fn table(&mut self, name: &str) -> &mut Self {
        if self.dialect == Dialect::Postgres {
            self.sql.push_str("cairn.");
        }
        self.text(name)
    }

    fn value(&mut self, value: Value) -> &mut Self {
        self.values.push(value);
        let sign = match self.dialect {
            Dialect::Sqlite => '?',
            Dialect::Postgres => '$',
        };
        // Writing to a string does not fail.
        let _ = write!(self.sql, "{sign}{}", self.values.len());
        self
    }

    fn number(&mut self, number: i64) -> &mut Self {
        self.value(Value::Number(number))
    }

    fn contains(&mut self, column: &str, part: String) -> &mut Self {
        let function = match self.dialect {
            Dialect::Sqlite => "instr(",
            Dialect::Postgres => "strpos(",
        };
        self.text(function).text(column).text(", ");
        self.value(Value::Text(part)).text(") > 0")
    }
}

/// The table that an arm reads; `d` in its query.
#[derive(Clone, Debug)]
enum Arm {
    Cid(Vec<u8>),
    Name,
    Pair(Vec<u8>),
    State(PinState),
    All,
}

struct Plan<'a> {
    account: i64,
    filter: &'a PinFilter,
    /// None if all are allowed.
    states: Vec<PinState>,
    pairs: Vec<Vec<u8>>,
    arms: Vec<Arm>,
}

impl<'a> Plan<'a> {
    fn new(account: AccountId, filter: &'a PinFilter) -> Self {
        let mut states = filter.states.clone();
        states.sort_unstable();
        states.dedup();
        if states.len() == PinState::ALL.len() {
            states.clear();
        }
        let mut pairs = meta_pairs(&filter.meta);
        let whole = |(_, how): &(String, NameMatch)| {
            matches!(how, NameMatch::Exact | NameMatch::ExactFolded)
        };
        let arms = if !filter.cids.is_empty() {
            let mut keys: Vec<_> = filter
                .cids
                .iter()
                .map(crate::shared::releases::cid_key)
                .collect();
            keys.sort_unstable();
            keys.dedup();
            keys.into_iter().map(Arm::Cid).collect()
        } else if filter.name.as_ref().is_some_and(whole) {
            vec![Arm::Name]
        } else if let Some(pair) = pairs.pop() {
            vec![Arm::Pair(pair)]
        } else if filter.name.is_some() {
            vec![Arm::Name]
        } else if states.is_empty() {
            vec![Arm::All]
        } else {
            states.iter().copied().map(Arm::State).collect()
        };
        Self {
            account: account.0,
            filter,
            states,
            pairs,
            arms,
        }
    }

    /// `FROM … WHERE …` of an arm.
    fn conditions(&self, arm: &Arm, query: &mut Query) {
        let of_requests = matches!(arm, Arm::Cid(_) | Arm::State(_) | Arm::All);
        let state_tested = matches!(arm, Arm::State(_)) || self.states.is_empty();
        query.text(" FROM ").table(match arm {
            Arm::Cid(_) | Arm::State(_) | Arm::All => "pin_request",
            Arm::Name => "pin_name",
            Arm::Pair(_) => "pin_meta",
        });
        query.text(" d");
        if !of_requests && !state_tested {
            query.text(" JOIN ").table("pin_request");
            query.text(" p ON p.account = d.account AND p.created = d.created");
        }
        let name = self.filter.name.as_ref();
        let joined = !matches!(arm, Arm::Name) && name.is_some();
        if joined {
            query.text(" JOIN ").table("pin_name");
            query.text(" n ON n.account = d.account AND n.created = d.created");
        }
        query.text(" WHERE d.account = ").number(self.account);
        match arm {
            Arm::Cid(key) => {
                query.text(" AND d.cid = ").value(Value::Bytes(key.clone()));
            }
            Arm::Pair(pair) => {
                query
                    .text(" AND d.pair = ")
                    .value(Value::Bytes(pair.clone()));
            }
            Arm::State(state) => {
                query.text(" AND d.status = ").number(state.number());
            }
            Arm::Name | Arm::All => {}
        }
        if let Some((name, how)) = name {
            let alias = if joined { "n" } else { "d" };
            let folded = fold(name);
            match how {
                NameMatch::Exact | NameMatch::ExactFolded => {
                    let key = text_key(&[&folded]);
                    query.text(&format!(" AND {alias}.fold_key = "));
                    query.value(Value::Bytes(key));
                    if *how == NameMatch::Exact {
                        query.text(&format!(" AND {alias}.name_key = "));
                        query.value(Value::Bytes(text_key(&[name])));
                    }
                }
                NameMatch::Partial => {
                    query
                        .text(" AND ")
                        .contains(&format!("{alias}.name"), name.clone());
                }
                NameMatch::PartialFolded => {
                    query
                        .text(" AND ")
                        .contains(&format!("{alias}.folded"), folded);
                }
            }
        }
        if !state_tested {
            let alias = if of_requests { "d" } else { "p" };
            query.text(&format!(" AND {alias}.status IN ("));
            for (at, state) in self.states.iter().enumerate() {
                query
                    .text(if at == 0 { "" } else { ", " })
                    .number(state.number());
            }
            query.text(")");
        }
        if let Some(before) = self.filter.before {
            query.text(" AND d.created < ").number(before);
        }
        if let Some(after) = self.filter.after {
            query.text(" AND d.created > ").number(after);
        }
        for pair in &self.pairs {
            query.text(" AND EXISTS (SELECT 1 FROM ").table("pin_meta");
            query.text(" m WHERE m.account = d.account AND m.created = d.created AND m.pair = ");
            query.value(Value::Bytes(pair.clone())).text(")");
        }
    }

    /// Whether the counters answer the number.
    fn counted(&self) -> bool {
        matches!(self.arms.first(), Some(Arm::All | Arm::State(_)))
    }

    fn count(&self, dialect: Dialect) -> Query {
        let mut query = Query::new(dialect);
        query.text("SELECT ");
        if self.counted() {
            let from = self.filter.after.map(|after| after.saturating_add(1));
            let parts = parts(from, self.filter.before);
            if parts.is_empty() {
                query.text("CAST(0 AS bigint)");
            }
            for (at, part) in parts.iter().enumerate() {
                query.text(if at == 0 { "" } else { " + " });
                self.count_part(part, &mut query);
            }
        } else {
            for (at, arm) in self.arms.iter().enumerate() {
                query.text(if at == 0 { "(" } else { " + (" });
                query.text("SELECT count(*)");
                self.conditions(arm, &mut query);
                query.text(")");
            }
        }
        query
    }

    fn count_part(&self, part: &Part, query: &mut Query) {
        let all = &PinState::ALL[..];
        let states = if self.states.is_empty() {
            all
        } else {
            &self.states
        };
        let Some(level) = part.level else {
            for (at, state) in states.iter().enumerate() {
                query.text(if at == 0 { "(" } else { " + (" });
                query.text("SELECT count(*) FROM ").table("pin_request");
                query.text(" WHERE account = ").number(self.account);
                query.text(" AND status = ").number(state.number());
                query.text(" AND created >= ").number(part.from);
                query.text(" AND created < ").number(part.to).text(")");
            }
            return;
        };
        let columns: Vec<_> = states.iter().map(|state| state.column()).collect();
        query.text("(SELECT CAST(coalesce(sum(");
        query.text(&columns.join(" + "));
        query.text("), 0) AS bigint) FROM ").table("pin_count");
        query.text(" WHERE account = ").number(self.account);
        query
            .text(" AND level = ")
            .number(i64::try_from(level).unwrap_or(i64::MAX));
        query.text(" AND bucket >= ").number(part.from);
        query.text(" AND bucket < ").number(part.to).text(")");
    }

    fn page(&self, dialect: Dialect, limit: i64) -> Query {
        let mut query = Query::new(dialect);
        let several = self.arms.len() > 1;
        for (at, arm) in self.arms.iter().enumerate() {
            if several {
                query.text(if at == 0 { "" } else { " UNION ALL " });
                // A compound's part can only be ordered inside.
                query.text("SELECT created FROM (");
            }
            query.text("SELECT d.created");
            self.conditions(arm, &mut query);
            query.text(" ORDER BY d.created DESC LIMIT ").number(limit);
            if several {
                query.text(&format!(") a{at}"));
            }
        }
        if several {
            query.text(" ORDER BY created DESC LIMIT ").number(limit);
        }
        query
    }
}

impl Selection {
    /// The queries of a page.
    pub(in crate::shared) fn new(
        dialect: Dialect,
        account: AccountId,
        filter: &PinFilter,
        limit: usize,
    ) -> Self {
        let plan = Plan::new(account, filter);
        Self {
            count: plan.count(dialect),
            page: plan.page(dialect, page_limit(limit)),
        }
    }
}
