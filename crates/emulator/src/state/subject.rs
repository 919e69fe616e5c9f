//! What a picture shows: the parameters from which it is drawn.

use std::sync::Arc;

use super::ids::{hash, mix};

/// The most pixels that a changed picture may have: the documented limit of the universal upscaler.
pub(crate) const MOST_PIXELS: u64 = 20_000_000;

/// What a picture is made from.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) prompt: Arc<str>,
    pub(crate) seed: i64,
    pub(crate) index: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Without a sky, as a PNG.
    pub(crate) transparent: bool,
    /// What was done to the picture afterwards, in order.
    pub(crate) changes: Vec<Change>,
}

/// Something done to a picture that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Change {
    /// Brought to another size; where the proportions differ, the edges are cut off.
    Scaled(u32, u32),
    /// Set into the middle of a picture of this size.
    Unzoomed(u32, u32),
    /// The sky made transparent.
    Cut,
    /// Shown in the colours of one of the lights.
    Relit(u8),
}

impl Subject {
    /// A picture that nothing was done to.
    pub(crate) fn plain(prompt: Arc<str>, seed: i64, width: u32, height: u32) -> Self {
        Self { prompt, seed, index: 0, width, height, transparent: false, changes: Vec::new() }
    }

    /// A picture of a size that need not be one to paint in: it is painted in one like it, and brought to its size.
    pub(crate) fn of_size(prompt: Arc<str>, seed: i64, width: u32, height: u32) -> Self {
        const MOST: u64 = 2048;
        let longest = u64::from(width.max(height)).max(1);
        // Smaller in the same proportions, since what does not fit them is cut off.
        let fit = |side: u32| u32::try_from(u64::from(side) * longest.min(MOST) / longest).unwrap_or(32).max(32);
        let painted = Self::plain(prompt, seed, fit(width), fit(height));
        if painted.size() == (width, height) { painted } else { painted.changed(Change::Scaled(width, height)) }
    }

    pub(crate) fn changed(mut self, change: Change) -> Self {
        self.changes.push(change);
        self
    }

    /// The same with a background, as videos need it.
    pub(crate) fn opaque(mut self) -> Self {
        self.transparent = false;
        self.changes.retain(|change| *change != Change::Cut);
        self
    }

    /// The width and height of the finished picture.
    pub(crate) fn size(&self) -> (u32, u32) {
        self.changes.iter().fold((self.width, self.height), |size, change| match change {
            Change::Scaled(width, height) | Change::Unzoomed(width, height) => (*width, *height),
            Change::Cut | Change::Relit(_) => size,
        })
    }

    /// Whether the file is a PNG with transparent parts.
    pub(crate) fn has_alpha(&self) -> bool {
        self.transparent || self.changes.contains(&Change::Cut)
    }

    pub(crate) fn extension(&self) -> &'static str {
        if self.has_alpha() { "png" } else { "jpg" }
    }

    /// A number that differs when the picture before all changes does.
    #[expect(clippy::cast_sign_loss, reason = "only the bits count")]
    pub(crate) fn scene(&self) -> u64 {
        let sides = u64::from(self.width) << 32 | u64::from(self.height);
        [self.seed as u64, u64::from(self.index), sides]
            .iter()
            .fold(hash(self.prompt.as_bytes()), |state, part| mix(state ^ mix(*part)))
    }

    /// A number that differs when the picture does.
    pub(crate) fn fingerprint(&self) -> u64 {
        self.changes.iter().fold(mix(self.scene() ^ u64::from(self.transparent)), |state, change| {
            let (kind, width, height) = match *change {
                Change::Scaled(width, height) => (1, width, height),
                Change::Unzoomed(width, height) => (2, width, height),
                Change::Cut => (3, 0, 0),
                Change::Relit(light) => (4, u32::from(light), 0),
            };
            mix(mix(state ^ kind) ^ (u64::from(width) << 32 | u64::from(height)))
        })
    }
}
