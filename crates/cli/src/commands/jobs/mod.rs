//! Jobs in a ledger that any number of workers share.

mod keys;
mod records;
mod submit;
mod view;
mod webhooks;
mod work;

use leonardo_ai_jobs::{Error, Jobs as Ledger};

use crate::args::{Global, Jobs, Place};
use crate::failure::Failure;
use crate::screen::Screen;
use crate::session::data_dir;

pub async fn run(jobs: Jobs, global: &Global, screen: &Screen) -> Result<(), Failure> {
    match jobs {
        Jobs::Submit(submit) => submit::submit(*submit, global, screen).await,
        Jobs::Work(work) => work::work(*work, global, screen).await,
        Jobs::Status(status) => records::status(&status, global, screen).await,
        Jobs::Cancel(choose) => records::cancel(choose, global, screen).await,
        Jobs::Retry(choose) => records::retry(choose, global, screen).await,
        Jobs::Export(export) => records::export(export, global, screen).await,
    }
}

/// Opens the ledger that was named, or the one in the data directory.
async fn open(place: &Place, global: &Global) -> Result<Ledger, Failure> {
    let named = || std::env::var("LEONARDO_DATABASE").ok().filter(|name| !name.is_empty());
    let url = match place.database.clone().or_else(named) {
        Some(url) if url.starts_with("sqlite:") || url.contains("://") => url,
        Some(file) => url_of(&file),
        None => {
            let directory = data_dir(global.data_dir.clone())?;
            std::fs::create_dir_all(&directory).map_err(|error| Failure::file(&directory, error))?;
            url_of(&directory.join("jobs.sqlite").display().to_string())
        }
    };
    Ledger::connect(&url).await.map_err(failure)
}

fn url_of(file: &str) -> String {
    format!("sqlite:{}", file.replace('%', "%25").replace('?', "%3F"))
}

/// What is wrong with the ledger, or with what it was asked for.
fn failure(error: Error) -> Failure {
    match error {
        Error::Url(kind) if kind.starts_with("postgres") => {
            Failure::usage("this build has no PostgreSQL: it needs the feature `jobs-postgres`")
        }
        Error::NoAccount(name) => Failure::usage(format!("nothing was submitted for the account {name}")),
        Error::Url(_)
        | Error::NoJob(_)
        | Error::KeyReused(_)
        | Error::SeedTaken(_)
        | Error::NoCost(_)
        | Error::Unit { .. }
        | Error::State { .. }
        | Error::Lines(_) => Failure::usage(error.to_string()),
        _ => Failure::other(error.to_string()),
    }
}
