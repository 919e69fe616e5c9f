//! Constructors of what workflows end with, for a program's own tests.

#[cfg(feature = "image-generate")]
impl super::Generated {
    /// What `image_generate` ends with, for tests.
    pub fn new(job: crate::models::GenerationJob, generation: crate::models::Generation) -> Self {
        Self { job, generation }
    }
}

#[cfg(feature = "image-wait-for-generation")]
impl<J: crate::Job> crate::WaitError<J> {
    /// What a wait ends with instead of a complete record, for tests. `exists` if the work is known to exist.
    pub fn new(id: Option<J::Id>, exists: bool, reason: crate::WaitErrorReason<J>) -> Self {
        Self { id, exists, reason }
    }
}

#[cfg(feature = "image-wait-for-generation")]
impl<J> crate::WaitErrorReason<J> {
    /// That it was not complete in time, for tests.
    pub fn deadline(limit: std::time::Duration) -> Self {
        Self::Deadline { limit, last_failure: None }
    }
}

#[cfg(feature = "image-download")]
impl super::DownloadError {
    /// A download that failed after one request, for tests.
    pub fn new(url: impl Into<String>, reason: super::DownloadReason) -> Self {
        let elapsed = std::time::Duration::ZERO;
        Self { url: url.into().into(), attempts: 1, received: 0, elapsed, out_of_budget: false, reason }
    }
}

#[cfg(feature = "init-images-upload-file")]
impl super::UploadError {
    /// An upload that failed after one attempt, for tests.
    pub fn new(reason: super::UploadReason) -> Self {
        let (operation, elapsed) = ("init_images_upload_file", std::time::Duration::ZERO);
        Self { operation, attempts: 1, elapsed, out_of_budget: false, reason }
    }
}
