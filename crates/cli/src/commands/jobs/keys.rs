//! The keys of accounts, which are never in the database.

use std::collections::BTreeMap;
use std::time::Duration;

use leonardo_ai::{LeonardoCore, LeonardoCoreBuilder, RetryPolicy};

use crate::args::Global;
use crate::args::jobs::Work;
use crate::failure::Failure;
use crate::screen::Screen;
use crate::session::Session;

/// The core of each account, and the emulator if there is one.
pub struct Keys {
    pub cores: BTreeMap<String, LeonardoCore>,
    _session: Option<Session>,
}

impl Keys {
    pub async fn of(args: &Work, global: &Global, screen: &Screen) -> Result<Self, Failure> {
        // The ledger keeps to the limits of the account.
        let set_up = |core: LeonardoCoreBuilder| match (args.poll, args.webhooks) {
            (Some(every), _) => core.poll_delays(delays(every, every)),
            (None, Some(_)) => core.poll_delays(delays(Duration::from_secs(30), Duration::from_secs(120))),
            (None, None) => core,
        };
        let Some(file) = &args.keys else {
            let session = Session::connect_with(global, screen, set_up).await?;
            let cores = BTreeMap::from([(args.ledger.name(global), session.core.clone())]);
            return Ok(Self { cores, _session: Some(session) });
        };
        let text = std::fs::read_to_string(file).map_err(|error| Failure::file(file, error))?;
        let url = global.server_url.clone().or_else(|| std::env::var("LEONARDO_SERVER_URL").ok());
        let mut cores = BTreeMap::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            // Not the line itself, which has a key.
            let wrong = |problem: &str| Failure::usage(format!("line {} of {}: {problem}", number + 1, file.display()));
            let (account, key) = line.trim().split_once('=').ok_or_else(|| wrong("must be as ACCOUNT=KEY"))?;
            let mut builder = set_up(LeonardoCore::builder().bearer_auth(key.trim()));
            if let Some(url) = &url {
                builder = builder.server_url(url);
            }
            let core = builder.build().map_err(|error| wrong(&error.to_string()))?;
            if cores.insert(account.trim().to_owned(), core).is_some() {
                return Err(wrong("the account has a key already"));
            }
        }
        if cores.is_empty() {
            return Err(Failure::usage(format!("{} has no keys", file.display())));
        }
        Ok(Self { cores, _session: None })
    }
}

fn delays(first: Duration, longest: Duration) -> RetryPolicy {
    RetryPolicy::default().initial_backoff(first).max_backoff(longest)
}
