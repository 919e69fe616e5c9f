//! A file that has another name until it is whole.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};

use crate::transfer::blocking;

/// What is written at a time.
const BUFFER: usize = 256 * 1024;

/// A file in the making, `.NAME.RANDOM.part` beside the file that it is going to be; removed when it is dropped.
///
/// The work is done on the runtime's threads for blocking work, a buffer at a time.
pub(crate) struct Part {
    name: Name,
    /// Absent while it is being written to.
    file: Option<File>,
    buffer: Vec<u8>,
}

/// Removes the file of that name, unless it was renamed.
struct Name(Option<PathBuf>);

impl Name {
    fn let_go(mut self) {
        self.0 = None;
    }
}

impl Drop for Name {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // There is nobody left to tell.
            let _ = fs::remove_file(path);
        }
    }
}

impl Part {
    /// Makes the file in the directory of `target`.
    pub(crate) async fn create(target: &Path) -> io::Result<Self> {
        let Some(name) = target.file_name() else {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the path does not end in a file's name"));
        };
        // Names have a limit of 255 bytes on most systems.
        let name: String = name.to_string_lossy().chars().take(50).collect();
        let target = target.to_owned();
        blocking(move || {
            loop {
                let path = target.with_file_name(format!(".{name}.{:016x}.part", fastrand::u64(..)));
                match File::create_new(&path) {
                    Ok(file) => return Ok(Self { name: Name(Some(path)), file: Some(file), buffer: Vec::new() }),
                    Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                    Err(error) => return Err(error),
                }
            }
        })
        .await
    }

    /// Does something with the file and the buffer.
    async fn with(&mut self, work: impl FnOnce(&mut File, &[u8]) -> io::Result<()> + Send + 'static) -> io::Result<()> {
        // If this is dropped halfway, the work goes on with a file that has no name any more.
        let mut file = self.file.take().ok_or_else(|| io::Error::other("a write before failed"))?;
        let mut buffer = std::mem::take(&mut self.buffer);
        let (file, buffer) = blocking(move || {
            work(&mut file, &buffer)?;
            buffer.clear();
            Ok((file, buffer))
        })
        .await?;
        self.file = Some(file);
        self.buffer = buffer;
        Ok(())
    }

    pub(crate) async fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            self.buffer.reserve_exact(BUFFER - self.buffer.len());
            let (now, later) = bytes.split_at(bytes.len().min(BUFFER - self.buffer.len()));
            self.buffer.extend_from_slice(now);
            bytes = later;
            if self.buffer.len() == BUFFER {
                self.with(|file, buffer| file.write_all(buffer)).await?;
            }
        }
        Ok(())
    }

    /// Forgets all that was written.
    pub(crate) async fn restart(&mut self) -> io::Result<()> {
        self.buffer.clear();
        self.with(|file, _| {
            file.rewind()?;
            file.set_len(0)
        })
        .await
    }

    /// Gives the file its name, once all of it is on the disk. A file that has that name is replaced.
    pub(crate) async fn finish(mut self, target: PathBuf) -> io::Result<()> {
        self.with(|file, buffer| {
            file.write_all(buffer)?;
            file.sync_all()
        })
        .await?;
        // Not every system renames a file that is open.
        self.file = None;
        let name = self.name;
        blocking(move || {
            if let Some(path) = &name.0 {
                fs::rename(path, &target)?;
            }
            name.let_go();
            // Where a directory can be opened, this makes the name last too; elsewhere there is no way to.
            let directory = target.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
            if let Ok(directory) = File::open(directory) {
                let _ = directory.sync_all();
            }
            Ok(())
        })
        .await
    }
}
