//! The one table of prices, from which both the charges and the price calculator come.
//!
//! Published are the prices of prompts, of textures, of the universal upscaler, and of the removal of a background by
//! version 2; those marked as invented only have
//! the right order of magnitude. In dollars all but images cost as much as in credits, at the rate of the images.

use super::money::{Plan, Ticks};

/// Something that costs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Work {
    Images {
        width: u32,
        height: u32,
        number: u32,
        alchemy: bool,
        ultra: bool,
    },
    Unzoom,
    Upscale,
    NoBackground,
    UniversalUpscale {
        megapixels: u32,
    },
    UltraUpscale {
        megapixels: u32,
    },
    SvdMotion,
    Video {
        lines: u32,
        seconds: u32,
    },
    VideoUpscale,
    Canvas {
        refine: bool,
    },
    Training {
        side: u32,
        pictures: u32,
    },
    Texture {
        preview: bool,
    },
    Prompt,
    Blueprint {
        credits: u32,
    },
    /// By version 2: that of an image.
    RemoveBackground,
    Sounds {
        number: u32,
    },
    Model3d,
}

impl Work {
    /// In credits; images have a price of their own.
    fn credits(self) -> u32 {
        match self {
            Self::Images { .. } => 0,
            // Invented.
            Self::Unzoom | Self::NoBackground => 5,
            // Invented.
            Self::Upscale => 10,
            // 60 up to 5 megapixels, then 20 for each further one.
            Self::UniversalUpscale { megapixels } => 60 + 20 * megapixels.saturating_sub(5),
            // Invented.
            Self::UltraUpscale { megapixels } => 80 + 20 * megapixels.saturating_sub(5),
            // Invented.
            Self::SvdMotion => 25,
            // Invented: in proportion to the time, and by size.
            Self::Video { lines, seconds } => {
                let each = match lines {
                    ..=480 => 20,
                    481..=720 => 40,
                    _ => 80,
                };
                each * seconds
            }
            // Invented.
            Self::VideoUpscale => 50,
            // Invented.
            Self::Canvas { refine } => 1 + u32::from(refine),
            // Invented: by the size of the pictures and their number.
            Self::Training { side, pictures } => (side / 4 + 10 * pictures).max(1),
            // From an older list.
            Self::Texture { preview: true } => 30,
            Self::Texture { preview: false } => 150,
            Self::Prompt => 4,
            // As its version says; those of the emulator are invented.
            Self::Blueprint { credits } => credits,
            // Published is the price in dollars alone; this is near to it at the rate of the images.
            Self::RemoveBackground => 50,
            // Invented.
            Self::Sounds { number } => 20 * number,
            // Invented.
            Self::Model3d => 100,
        }
    }
}

impl Plan {
    /// What some work costs.
    pub(crate) fn price(self, work: Work) -> Ticks {
        match work {
            Work::Images { width, height, number, alchemy, ultra } => {
                self.images(width, height, number, alchemy, ultra)
            }
            Work::RemoveBackground if self == Self::PayAsYouGo => self.sum(0.1047),
            other => self.credits(other.credits()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::money::decimal;

    #[test]
    fn published_prices() {
        let price = |work| decimal(Plan::Credits.price(work));
        let upscale = |megapixels| price(Work::UniversalUpscale { megapixels });
        assert_eq!([2, 5, 6, 20].map(upscale), ["60", "60", "80", "360"]);
        assert_eq!([true, false].map(|preview| price(Work::Texture { preview })), ["30", "150"]);
        assert_eq!(price(Work::Prompt), "4");
        assert_eq!(decimal(Plan::PayAsYouGo.price(Work::Prompt)), "0.0084");
        assert_eq!(decimal(Plan::PayAsYouGo.price(Work::RemoveBackground)), "0.1047");
    }
}
