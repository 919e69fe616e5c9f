//! The keys of accounts, which are in the environment and nowhere else.

use std::time::Duration;

use leonardo_ai::{LeonardoCore, RetryPolicy};

use crate::args::{Global, Work};
use crate::failure::Failure;
use crate::session::Session;

/// How often waits look that webhooks wake.
const SELDOM: Duration = Duration::from_secs(60);

/// The variable with the key of an account.
fn variable(account: &str) -> String {
    match account {
        "default" => "LEONARDO_API_KEY".to_owned(),
        name => format!("LEONARDO_API_KEY_{}", name.to_ascii_uppercase().replace('-', "_")),
    }
}

/// The core of an account; `None` if its key is not here.
///
/// It has no limits of its own: the ledger keeps to those of the account.
pub fn core(account: &str, args: &Work, global: &Global) -> Result<Option<LeonardoCore>, Failure> {
    let Ok(key) = std::env::var(variable(account)) else { return Ok(None) };
    let mut builder = LeonardoCore::builder().bearer_auth(key);
    if let Some(url) = global.server_url.clone().or_else(|| std::env::var("LEONARDO_SERVER_URL").ok()) {
        builder = builder.server_url(url);
    }
    builder =
        builder.allow_http(std::env::var("LEONARDO_ALLOW_HTTP").is_ok_and(|value| value == "1" || value == "true"));
    if let Some(delay) = args.poll.or(args.webhooks.map(|_| SELDOM)) {
        builder = builder.poll_delays(RetryPolicy::default().initial_backoff(delay).max_backoff(delay));
    }
    Ok(Some(builder.build()?))
}

/// Gives the core of each account by its name.
pub fn cores(
    args: &Work,
    global: &Global,
    session: Option<&Session>,
) -> Result<impl Fn(&str) -> Option<LeonardoCore> + Send + Sync + 'static, Failure> {
    let emulated = session.map(|session| session.core.clone());
    if emulated.is_none() && core(&args.place.account, args, global)?.is_none() {
        return Err(Failure::usage(format!(
            "{} is not set; it holds the key of the account {}. To try this without a key, and without paying, add \
             --emulator.",
            variable(&args.place.account),
            args.place.account
        )));
    }
    let (args, global) = (args.clone(), global.clone());
    let known = std::sync::Mutex::new(std::collections::HashMap::new());
    Ok(move |account: &str| {
        if emulated.is_some() {
            return emulated.clone();
        }
        // One core for all jobs of an account, so that they share its connections.
        let mut known = known.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let core = known.entry(account.to_owned()).or_insert_with(|| core(account, &args, &global).ok().flatten());
        core.clone()
    })
}
