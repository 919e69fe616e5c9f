//! What a program that may be killed keeps of its work: a folder with a small JSON file for each piece of it.
#![allow(dead_code, reason = "each example needs a part of it")]

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The records of a folder by their names. No other process can open it at the same time.
pub struct Records<T> {
    folder: PathBuf,
    records: Mutex<HashMap<String, T>>,
    // The system gives the lock back when the process ends, however it ends.
    _lock: File,
}

impl<T: Clone + Serialize + DeserializeOwned> Records<T> {
    /// Makes the folder if there is none, and reads what is in it.
    pub fn open(folder: impl Into<PathBuf>) -> io::Result<Self> {
        let folder = folder.into();
        fs::create_dir_all(&folder)?;
        let lock = File::create(folder.join(".lock"))?;
        fs4::FileExt::try_lock(&lock)
            .map_err(|_| io::Error::other(format!("{} is in use by another process", folder.display())))?;
        let mut records = HashMap::new();
        for entry in fs::read_dir(&folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".json"));
            if let Some(name) = name {
                let record = serde_json::from_slice(&fs::read(&path)?)
                    .map_err(|error| io::Error::other(format!("{}: {error}", path.display())))?;
                records.insert(name.to_owned(), record);
            }
        }
        Ok(Self { folder, records: Mutex::new(records), _lock: lock })
    }

    pub fn get(&self, name: &str) -> Option<T> {
        self.lock().get(name).cloned()
    }

    pub fn all(&self) -> Vec<(String, T)> {
        self.lock().iter().map(|(name, record)| (name.clone(), record.clone())).collect()
    }

    /// Returns once the record is on the disk; `false` if there is one of that name already.
    pub fn add(&self, name: &str, record: T) -> io::Result<bool> {
        let mut records = self.lock();
        if records.contains_key(name) {
            return Ok(false);
        }
        self.write(name, &record)?;
        records.insert(name.to_owned(), record);
        Ok(true)
    }

    /// Adds it with a random seed that is the name of no other record.
    pub fn add_with_seed(&self, record: &mut T, seed: impl Fn(&mut T) -> &mut i64) -> io::Result<()> {
        loop {
            let random = random_seed()?;
            *seed(record) = random;
            if self.add(&random.to_string(), record.clone())? {
                return Ok(());
            }
        }
    }

    /// Returns once the change is on the disk.
    pub fn update(&self, name: &str, change: impl FnOnce(&mut T)) -> io::Result<()> {
        let mut records = self.lock();
        let record = records.get_mut(name).ok_or(io::ErrorKind::NotFound)?;
        change(record);
        self.write(name, record)
    }

    /// The same for what a restart can do without: that it cannot be written is told, and the record stays as it was.
    pub fn note(&self, name: &str, change: impl FnOnce(&mut T)) {
        self.update(name, change).unwrap_or_else(|error| eprintln!("cannot write the record of {name}: {error}"));
    }

    /// Removes the records of which this is false.
    pub fn retain(&self, keep: impl Fn(&T) -> bool) -> io::Result<()> {
        for (name, record) in self.all() {
            if !keep(&record) {
                fs::remove_file(self.path(&name))?;
                self.lock().remove(&name);
            }
        }
        Ok(())
    }

    /// After a crash there is the record as it was before, or this one, and no half of one.
    fn write(&self, name: &str, record: &T) -> io::Result<()> {
        let text = serde_json::to_vec_pretty(record)?;
        let part = self.folder.join(format!(".{name}.part"));
        // Other tasks of this thread go on elsewhere meanwhile.
        tokio::task::block_in_place(|| {
            let mut file = File::create(&part)?;
            file.write_all(&text)?;
            file.sync_all()?;
            fs::rename(&part, self.path(name))?;
            // The new name must be on the disk too. Windows has no way to ask for that.
            if cfg!(unix) { File::open(&self.folder)?.sync_all() } else { Ok(()) }
        })
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, T>> {
        self.records.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A seed that nobody can guess, and that no other program draws by being started alike. Every model takes it.
pub fn random_seed() -> io::Result<i64> {
    let mut bytes = [0; 8];
    getrandom::getrandom(&mut bytes)?;
    Ok((u64::from_le_bytes(bytes) % 2_147_483_638) as i64)
}
