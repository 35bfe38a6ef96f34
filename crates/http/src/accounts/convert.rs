//! Between the types of the services and those of the API.

use std::time::Duration;

use cairn_services::accounts::{TokenForm, WantedToken};
use cairn_services::format_time;
use cairn_store::shared::{Account, AccountId, Quota, Scopes, Token};
use cairn_wire::accounts::{
    AccountRecord, NewToken, QuotaRecord, Scope, TokenForm as Form, TokenRecord, UsageRecord,
};

/// All scopes.
const SCOPES: [(Scope, Scopes); 4] = [
    (Scope::Pin, Scopes::PIN),
    (Scope::Upload, Scopes::UPLOAD),
    (Scope::Read, Scopes::READ),
    (Scope::Admin, Scopes::ADMIN),
];

/// An account as the API shows it.
#[must_use]
pub fn account(account: Account) -> AccountRecord {
    AccountRecord {
        id: account.id.0,
        name: account.name,
        created: format_time(account.created),
        disabled: account.disabled,
        quota: QuotaRecord {
            pins: account.quota.pins,
            bytes: account.quota.bytes,
        },
        usage: UsageRecord {
            pins: account.usage.pins,
            bytes: account.usage.bytes,
        },
    }
}

pub(super) fn quota(quota: QuotaRecord) -> Quota {
    Quota {
        pins: quota.pins,
        bytes: quota.bytes,
    }
}

/// A token as the API shows it.
#[must_use]
pub fn token(token: Token) -> TokenRecord {
    TokenRecord {
        id: token.id.0,
        name: token.name,
        scopes: SCOPES
            .iter()
            .filter(|(_, scopes)| token.scopes.allow(*scopes))
            .map(|(scope, _)| *scope)
            .collect(),
        created: format_time(token.created),
        expires: token.expires.map(format_time),
        max_uses: token.max_uses,
        used: token.used,
        revoked: token.revoked.map(format_time),
    }
}

/// The set of these scopes.
#[must_use]
pub fn scopes_of(chosen: &[Scope]) -> Scopes {
    SCOPES
        .iter()
        .filter(|(scope, _)| chosen.contains(scope))
        .fold(Scopes::default(), |all, (_, scopes)| all.and(*scopes))
}

pub(super) fn wanted(account: AccountId, new: NewToken) -> (WantedToken, TokenForm) {
    let form = match new.form {
        Form::Random => TokenForm::Random,
        Form::Jwt => TokenForm::Jwt,
    };
    let wanted = WantedToken {
        account,
        name: new.name,
        scopes: scopes_of(&new.scopes),
        lifetime: new.expires_in.map(Duration::from_secs),
        max_uses: new.max_uses,
    };
    (wanted, form)
}
