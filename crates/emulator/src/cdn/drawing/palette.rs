//! The colours of a scene, and what a prompt asks for by its words.

use super::canvas::Colour;

/// A light and its colours, from the top of the sky to the ground underfoot.
#[derive(Clone, Copy)]
pub(super) struct Palette {
    pub(super) top: Colour,
    pub(super) middle: Colour,
    pub(super) horizon: Colour,
    pub(super) disc: Colour,
    pub(super) near: Colour,
    pub(super) night: bool,
}

const fn palette(top: u32, middle: u32, horizon: u32, disc: u32, near: u32, night: bool) -> Palette {
    const fn colour(hex: u32) -> Colour {
        [(hex >> 16) as u8, (hex >> 8) as u8, hex as u8]
    }
    Palette {
        top: colour(top),
        middle: colour(middle),
        horizon: colour(horizon),
        disc: colour(disc),
        near: colour(near),
        night,
    }
}

pub(super) const PALETTES: [Palette; 12] = [
    palette(0x3d6ea5, 0x8fb7d4, 0xf6dcc0, 0xfff3d6, 0x1d3a3a, false), // clear morning
    palette(0x2b2a5c, 0xb1547a, 0xffb56b, 0xfff0c0, 0x21142b, false), // sunset
    palette(0x0b1230, 0x1d2f5e, 0x54688f, 0xf3f0dc, 0x060a16, true),  // night
    palette(0x7ea9c4, 0xbcd6df, 0xeef4f2, 0xffffff, 0x3f5b6b, false), // snow light
    palette(0x4a90a8, 0xe6c99a, 0xfbe3b0, 0xfffbe8, 0x7a3e1d, false), // desert
    palette(0x4b7f79, 0xa6c9b0, 0xedf1cf, 0xfffce0, 0x14332b, false), // mint mist
    palette(0x54437e, 0xc68fae, 0xfbd3c6, 0xfff1e6, 0x2a2145, false), // rose dusk
    palette(0x5b6f8a, 0xd3a46a, 0xf5d68c, 0xfff4cf, 0x43200f, false), // autumn
    palette(0x12323f, 0x2f7d7a, 0xc9e3a4, 0xf8ffd9, 0x071c20, true),  // aurora
    palette(0x233a6b, 0x6f84b8, 0xe9c7d2, 0xffeef0, 0x121d3a, false), // blue hour
    palette(0x71261f, 0xd9643a, 0xffcf7a, 0xfff2b8, 0x2a0f12, false), // ember
    palette(0x8c9aa6, 0xc3c9c8, 0xe9e4d8, 0xfffaf0, 0x2f3a3d, false), // overcast
];

/// What a prompt can ask for by a word.
pub(super) struct Wishes {
    pub(super) palette: Option<usize>,
    pub(super) water: bool,
    pub(super) mountains: bool,
    pub(super) dunes: bool,
    pub(super) trees: bool,
    pub(super) cat: bool,
    pub(super) snow: bool,
}

impl Wishes {
    pub(super) fn of(prompt: &str) -> Self {
        let words: Vec<String> =
            prompt.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
        let any = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
        let snow = any(&["snow", "snowy", "winter", "ice", "frozen", "arctic"]);
        let dunes = any(&["desert", "dune", "dunes", "sand", "sahara"]);
        let palette = if any(&["night", "moon", "moonlit", "midnight", "stars", "starry"]) {
            Some(2)
        } else if any(&["sunset", "sundown"]) {
            Some(1)
        } else if snow {
            Some(3)
        } else if dunes {
            Some(4)
        } else if any(&["autumn", "fall", "october"]) {
            Some(7)
        } else if any(&["fire", "lava", "volcano", "mars"]) {
            Some(10)
        } else if any(&["aurora"]) {
            Some(8)
        } else {
            None
        };
        Self {
            palette,
            water: any(&["sea", "lake", "ocean", "water", "river", "island", "beach", "boat"]),
            mountains: any(&["mountain", "mountains", "alps", "peak", "peaks"]),
            dunes,
            trees: any(&["tree", "trees", "forest", "wood", "woods", "pine", "jungle"]),
            cat: any(&["cat", "cats", "kitten", "kittens"]),
            snow,
        }
    }
}
