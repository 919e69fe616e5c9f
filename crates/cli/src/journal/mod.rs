//! What the program writes down of what costs credits, so that it can go on after it was ended at any moment.
//!
//! Each run has a file of its own in the user's data directory, which it has locked while it lives. A line of it tells a
//! step, and is on the disk before the step is taken: the request and its mark before the create is sent, the id before
//! the wait, the files once they are whole. A file belongs to one server and one account. It is removed when nothing is left
//! to do; that of a batch is kept, so that the same command does not pay again.

mod claims;
mod entry;
mod file;

use std::fs::{self, DirBuilder, File};
use std::io;
use std::path::PathBuf;

pub use self::claims::{Claims, Taken, real};
pub use self::entry::{Event, Job, JobId, Made, Mark, Saved, State};
pub use self::file::Journal;
use crate::failure::Failure;
use crate::session::{Account, Session};
use crate::task::{Save, Task};

/// The directory of journals.
pub struct Journals(PathBuf);

impl Journals {
    /// Makes the directory if there is none; `None` where nothing is written down.
    pub fn of(session: &Session) -> Result<Option<Self>, Failure> {
        let Some(directory) = session.data_dir()? else { return Ok(None) };
        let directory = directory.join("journal");
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&directory).map_err(|error| Failure::file(&directory, error))?;
        Ok(Some(Self(directory)))
    }

    /// The journal of a new run, with those of its tasks that no other run does; and the others.
    pub fn begin(
        &self,
        account: &Account,
        command: &str,
        tasks: Vec<Task>,
        replaces: bool,
    ) -> Result<(Journal, Vec<(Task, Taken)>), Failure> {
        let random = random()?;
        // Two runs at once see one another's tasks: one of them is the first.
        let _lock = self.lock()?;
        let (mut own, mut taken) = (Vec::new(), Vec::new());
        let claims = self.read_claims(account, &tasks)?;
        for task in tasks {
            match claims.taken(&task, replaces) {
                None => own.push(task),
                Some(why) => taken.push((task, why)),
            }
        }
        let opened = self.open(&format!("{command}-{random:016x}"), account, command)?;
        let mut journal =
            opened.ok_or_else(|| Failure::other("two runs have drawn the same name for their journals"))?;
        journal.plan(own)?;
        Ok((journal, taken))
    }

    /// The journal of that name; `None` if another process has it.
    pub fn named(&self, name: &str, account: &Account, command: &str) -> Result<Option<Journal>, Failure> {
        // Otherwise `resume` could take it between its making and its locking.
        let _lock = self.lock()?;
        self.open(name, account, command)
    }

    fn open(&self, name: &str, account: &Account, command: &str) -> Result<Option<Journal>, Failure> {
        let path = self.0.join(format!("{name}.jsonl"));
        let Some(mut journal) = Journal::open(&path)? else { return Ok(None) };
        match &journal.history().account {
            None => {
                let Account { server, user } = account.clone();
                journal.write(None, Event::Begin { server, user, command: command.to_owned() })?;
            }
            Some(of) if of != account => {
                return Err(Failure::usage(format!(
                    "the journal {} is of another server or account: name another directory with --data-dir",
                    path.display()
                )));
            }
            Some(_) => {}
        }
        Ok(Some(journal))
    }

    /// All journals of the account that no other process has; and what is left alone.
    pub fn left(&self, account: &Account) -> Result<(Vec<Journal>, Others), Failure> {
        let _lock = self.lock()?;
        self.open_all(account)
    }

    /// Says that earlier runs have left something, and what of it is the result of a job.
    pub fn mention_left(&self, session: &Session, account: &Account) -> Result<(), Failure> {
        // Until the journals are closed, so that no other process takes them to be in use.
        let _lock = self.lock()?;
        let (journals, others) = self.open_all(account)?;
        others.problems.iter().for_each(|(_, problem)| session.screen.say(problem));
        let jobs = journals.iter().flat_map(|journal| journal.history().jobs.values());
        let left = jobs.filter(|job| job.is_open()).count();
        if left > 0 {
            session.screen.say(format!("{left} of earlier runs not finished: `leonardo resume` goes on with them."));
        }
        Ok(())
    }

    /// The files of tasks like these that other runs write.
    pub fn claims(&self, account: &Account, tasks: &[Task]) -> Result<Claims, Failure> {
        let _lock = self.lock()?;
        self.read_claims(account, tasks)
    }

    fn read_claims(&self, account: &Account, tasks: &[Task]) -> Result<Claims, Failure> {
        let mut claims = Claims::default();
        if !tasks.iter().any(|task| matches!(task.save, Save::File(_))) {
            return Ok(claims);
        }
        let (journals, others) = self.open_all(account)?;
        journals.iter().for_each(|journal| claims.add_left(journal.history()));
        // Of one that is damaged it is not known what was done, so all that it has planned counts.
        others.problems.iter().for_each(|(path, _)| claims.add_planned(Journal::planned(path)));
        for path in others.in_use {
            if let Some(history) = Journal::of_other(&path)? {
                claims.add_running(&history);
            }
        }
        Ok(claims)
    }

    fn open_all(&self, account: &Account) -> Result<(Vec<Journal>, Others), Failure> {
        let (mut journals, mut others) = (Vec::new(), Others::default());
        for path in self.paths()? {
            match Journal::open(&path) {
                Ok(None) => others.in_use.push(path),
                Ok(Some(journal)) => match &journal.history().account {
                    // It was ended before its first line.
                    None => journal.close(),
                    Some(of) if of == account => journals.push(journal),
                    Some(_) => others.of_others += 1,
                },
                // One that cannot be used must not keep the others from being finished.
                Err(failure) => others.problems.push((path, failure.message().unwrap_or_default())),
            }
        }
        Ok((journals, others))
    }

    fn paths(&self) -> Result<Vec<PathBuf>, Failure> {
        let named = |error: io::Error| Failure::file(&self.0, error);
        let mut paths = Vec::new();
        for entry in fs::read_dir(&self.0).map_err(named)? {
            let path = entry.map_err(named)?.path();
            if path.extension().is_some_and(|extension| extension == "jsonl") {
                paths.push(path);
            }
        }
        paths.sort();
        Ok(paths)
    }

    /// Held for moments only, so it is waited for.
    fn lock(&self) -> Result<File, Failure> {
        let path = self.0.join(".lock");
        let locked = File::create(&path).and_then(|file| fs4::FileExt::lock(&file).map(|()| file));
        locked.map_err(|error| Failure::file(&path, error))
    }
}

/// Journals that are left alone.
#[derive(Debug, Default)]
pub struct Others {
    pub in_use: Vec<PathBuf>,
    pub of_others: usize,
    /// What is wrong with those that cannot be used.
    pub problems: Vec<(PathBuf, String)>,
}

/// Something that nobody can guess, and no other process draws.
pub fn random() -> Result<u64, Failure> {
    let mut bytes = [0; 8];
    getrandom::getrandom(&mut bytes)
        .map_err(|error| Failure::other(format!("the system gives no random numbers: {error}")))?;
    Ok(u64::from_le_bytes(bytes))
}

/// What a job of a batch is known by: the same in every version of this program.
pub fn hash(text: &str) -> String {
    // FNV-1a with 128 bits.
    let start: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
    let hash =
        text.bytes().fold(start, |hash, byte| (hash ^ u128::from(byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b));
    format!("{hash:032x}")
}
