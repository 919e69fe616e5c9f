//! Pictures: small landscapes, drawn from the prompt, the seed and the image's place in its generation.
//!
//! The same input gives the same bytes in every process. Only additions, multiplications, divisions and square roots
//! are used, since their results do not depend on the platform.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::cast_precision_loss,
    reason = "pixel arithmetic on sides of at most 1536"
)]

use std::io;

use jpeg_encoder::{ColorType, Encoder, SamplingFactor};

use crate::ids::{hash, mix};

type Colour = [u8; 3];

/// What a picture is made from.
#[derive(Debug, Clone)]
pub(crate) struct Subject {
    pub(crate) prompt: std::sync::Arc<str>,
    pub(crate) seed: i64,
    pub(crate) index: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Without a sky, as a PNG.
    pub(crate) transparent: bool,
}

impl Subject {
    /// A number that differs when the picture does.
    pub(crate) fn fingerprint(&self) -> u64 {
        let sides = u64::from(self.width) << 32 | u64::from(self.height);
        [self.seed as u64, u64::from(self.index), sides, u64::from(self.transparent)]
            .iter()
            .fold(hash(self.prompt.as_bytes()), |state, part| mix(state ^ mix(*part)))
    }

    /// The file's bytes: a JPEG, or a PNG when transparent.
    pub(crate) fn draw(&self) -> io::Result<Vec<u8>> {
        let mut canvas = Canvas::new(self.width as usize, self.height as usize);
        let skyline = paint(self, &mut canvas);
        if self.transparent { encode_png(&canvas, &skyline) } else { encode_jpeg(&canvas) }
    }
}

fn encode_jpeg(canvas: &Canvas) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(canvas.rgb.len() / 12);
    let mut encoder = Encoder::new(&mut bytes, 86);
    encoder.set_sampling_factor(SamplingFactor::F_2_2);
    let (width, height) = (canvas.width as u16, canvas.height as u16);
    encoder.encode(&canvas.rgb, width, height, ColorType::Rgb).map_err(io::Error::other)?;
    Ok(bytes)
}

fn encode_png(canvas: &Canvas, skyline: &[f32]) -> io::Result<Vec<u8>> {
    let mut rgba = Vec::with_capacity(canvas.width * canvas.height * 4);
    for (y, row) in canvas.rgb.chunks_exact(canvas.width * 3).enumerate() {
        for (pixel, top) in row.chunks_exact(3).zip(skyline) {
            let cover = (y as f32 + 1.0 - top).clamp(0.0, 1.0);
            rgba.extend_from_slice(pixel);
            rgba.push((cover * 255.0) as u8);
        }
    }
    let mut bytes = Vec::with_capacity(rgba.len() / 4);
    let mut encoder = png::Encoder::new(&mut bytes, canvas.width as u32, canvas.height as u32);
    encoder.set_color(png::ColorType::Rgba);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    let mut writer = encoder.write_header().map_err(io::Error::other)?;
    writer.write_image_data(&rgba).map_err(io::Error::other)?;
    writer.finish().map_err(io::Error::other)?;
    Ok(bytes)
}

struct Canvas {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Canvas {
    fn new(width: usize, height: usize) -> Self {
        Self { width, height, rgb: vec![0; width * height * 3] }
    }

    fn row(&mut self, y: usize) -> &mut [u8] {
        let start = y * self.width * 3;
        &mut self.rgb[start..start + self.width * 3]
    }
}

/// Random numbers for one picture.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }

    fn between(&mut self, least: f32, most: f32) -> f32 {
        least + (most - least) * self.unit()
    }

    fn below(&mut self, end: usize) -> usize {
        (self.unit() * end as f32) as usize
    }
}

/// A light and its colours, from the top of the sky to the ground underfoot.
#[derive(Clone, Copy)]
struct Palette {
    top: Colour,
    middle: Colour,
    horizon: Colour,
    disc: Colour,
    near: Colour,
    night: bool,
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

const PALETTES: [Palette; 12] = [
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
struct Wishes {
    palette: Option<usize>,
    water: bool,
    mountains: bool,
    dunes: bool,
    trees: bool,
    cat: bool,
    snow: bool,
}

impl Wishes {
    fn of(prompt: &str) -> Self {
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

/// Paints the scene; returns for each column where the sky ends.
fn paint(subject: &Subject, canvas: &mut Canvas) -> Vec<f32> {
    let (width, height) = (canvas.width, canvas.height);
    let mut dice = Dice(subject.fingerprint());
    let wishes = Wishes::of(&subject.prompt);
    let of_prompt = hash(subject.prompt.as_bytes());
    let mut light = PALETTES[wishes.palette.unwrap_or(of_prompt as usize % PALETTES.len())];
    // Pictures of one prompt belong together without being copies of each other.
    for colour in [&mut light.top, &mut light.middle, &mut light.near] {
        for channel in colour.iter_mut() {
            *channel = channel.saturating_add_signed(dice.between(-9.0, 9.0) as i8);
        }
    }

    let water = wishes.water || (!wishes.dunes && !wishes.cat && dice.unit() < 0.25);
    let mountains = wishes.mountains || (!wishes.dunes && dice.unit() < 0.45);
    let trees = wishes.trees || (!wishes.dunes && dice.unit() < 0.4);
    let horizon = height as f32 * dice.between(0.40, 0.56);

    sky(canvas, &light, &mut dice, horizon);

    let shore = if water { (horizon + (height as f32 - horizon) * dice.between(0.30, 0.45)) as usize } else { height };
    let layers = if height < 96 { 4 } else { 5 + dice.below(3) };
    let mut ridges = Vec::new();
    for layer in 0..layers {
        let depth = layer as f32 / (layers - 1) as f32;
        let shape = Shape {
            base: horizon + (height as f32 * 0.93 - horizon) * (depth * depth * 0.45 + depth * 0.55),
            swing: height as f32 * dice.between(0.07, 0.12) * (1.25 - 0.45 * depth),
            waves: if wishes.dunes { 1.3 + depth } else { 1.8 + 1.6 * depth },
            octaves: if wishes.dunes { 2 } else { 5 },
            sharp: mountains && depth < 0.55,
        };
        let ground = shape.ridge(width, height, &mut dice);
        let mut outline = ground.clone();
        if wishes.cat && layer == layers - 1 {
            seat_cat(&mut outline, width, height, &mut dice);
        } else if trees && depth > 0.45 {
            plant(&mut outline, height as f32 * (0.02 + 0.085 * depth * depth), &mut dice);
        }
        ridges.push(Ridge { depth, ground, outline });
    }

    // In scenes with water the far layers end at the shore and the nearest stands before the water.
    let far = if water { layers - 1 - layers / 3 } else { layers };
    let mut skyline = vec![height as f32; width];
    for number in 0..layers {
        if water && number >= far && number != layers - 1 {
            continue;
        }
        let ridge = &ridges[number];
        if water && number == layers - 1 {
            reflect(canvas, shore, &light, &mut dice);
        }
        let floor = if number < far { shore } else { height };
        let hidden_by: &[Ridge] = if water { &[] } else { &ridges[number + 1..] };
        let capped = wishes.snow || (mountains && ridge.depth < 0.5 && !light.night);
        land(canvas, &light, ridge, hidden_by, floor, capped);
        for (sky, top) in skyline.iter_mut().zip(&ridge.outline) {
            if *top < floor as f32 {
                *sky = sky.min(*top);
            }
        }
    }
    if water {
        for sky in &mut skyline {
            *sky = sky.min(shore as f32);
        }
    }
    grain(canvas, &mut dice);
    skyline
}

fn sky(canvas: &mut Canvas, light: &Palette, dice: &mut Dice, horizon: f32) {
    let (width, height) = (canvas.width, canvas.height);
    for y in 0..height {
        let down = (y as f32 / horizon).min(1.0);
        let colour = if down < 0.55 {
            blend(light.top, light.middle, down / 0.55)
        } else {
            blend(light.middle, light.horizon, (down - 0.55) / 0.45)
        };
        for pixel in canvas.row(y).chunks_exact_mut(3) {
            pixel.copy_from_slice(&colour);
        }
    }
    if light.night {
        let stars = width * height / 2600;
        for _ in 0..stars {
            let (x, y) = (dice.below(width), dice.below((horizon as usize).max(1)));
            let bright = dice.unit() * dice.unit() * (1.0 - y as f32 / horizon);
            let at = x * 3;
            mix_pixel(&mut canvas.row(y)[at..at + 3], [255, 250, 235], (bright * 256.0) as i32);
        }
    }
    let radius = width.min(height) as f32 * dice.between(0.035, 0.085);
    let x = width as f32 * dice.between(0.14, 0.86);
    let y = horizon * dice.between(0.25, 0.85);
    glow(canvas, light, (x, y), radius, horizon);
    clouds(canvas, light, dice, horizon);
}

/// The sun or the moon and the light about it.
fn glow(canvas: &mut Canvas, light: &Palette, at: (f32, f32), radius: f32, horizon: f32) {
    let reach = radius * 7.5;
    let reach_squared = (reach * reach) as i32;
    let (core, rim) = (((radius - 0.7) * (radius - 0.7)) as i32, ((radius + 0.7) * (radius + 0.7)) as i32);
    let strength = if light.night { 90 } else { 165 };
    let (x0, y0) = (at.0 as i32, at.1 as i32);
    let last = (horizon * 1.3).min(canvas.height as f32) as i32;
    let (left, right) = ((x0 - reach as i32).max(0), (x0 + reach as i32).min(canvas.width as i32 - 1));
    for y in (y0 - reach as i32).max(0)..last.min(y0 + reach as i32) {
        let row = canvas.row(y as usize);
        for x in left..=right {
            let (dx, dy) = (x - x0, y - y0);
            let distance = dx * dx + dy * dy;
            if distance >= reach_squared {
                continue;
            }
            let weight = if distance <= core {
                256
            } else {
                let near = 256 - ((i64::from(distance) << 8) / i64::from(reach_squared)) as i32;
                let square = (near * near) >> 8;
                let halo = (((square * near) >> 8) * strength) >> 8;
                if distance < rim {
                    // The edge of the disc takes a pixel and a half, or it would look cut out.
                    halo + (256 - halo) * (rim - distance) / (rim - core).max(1)
                } else {
                    halo
                }
            };
            let pixel = x as usize * 3;
            mix_pixel(&mut row[pixel..pixel + 3], light.disc, weight);
        }
    }
}

/// Thin clouds: a coarse field of stretched noise, spread smoothly over the pixels.
fn clouds(canvas: &mut Canvas, light: &Palette, dice: &mut Dice, horizon: f32) {
    const CELL: usize = 8;
    let seed = dice.next();
    let cover = dice.between(0.50, 0.66);
    let tint = blend(light.horizon, light.disc, 0.45);
    let strength = if light.night { 70.0 } else { 150.0 };
    let columns = canvas.width / CELL + 2;
    let rows = (horizon as usize).min(canvas.height);
    let scale = canvas.width.max(canvas.height) as f32 / CELL as f32;
    let field = |row: usize| -> Vec<i32> {
        (0..columns)
            .map(|column| {
                let (x, y) = (column as f32 / scale * 4.0, row as f32 / scale * 22.0);
                let dense = noise2(seed, x, y) * 0.55
                    + noise2(seed ^ 1, x * 2.1, y * 2.1) * 0.3
                    + noise2(seed ^ 2, x * 4.3, y * 4.3) * 0.15;
                (((dense - cover) * 3.0).clamp(0.0, 1.0) * strength) as i32
            })
            .collect()
    };
    let mut upper = field(0);
    for cell_row in 0..rows.div_ceil(CELL) {
        let lower = field(cell_row + 1);
        if upper.iter().chain(&lower).any(|dense| *dense > 0) {
            for step in 0..CELL.min(rows - cell_row * CELL) {
                let down = step as i32;
                let row = canvas.row(cell_row * CELL + step);
                let across = |column: usize| upper[column] * (CELL as i32 - down) + lower[column] * down;
                for (column, pixels) in row.chunks_mut(CELL * 3).enumerate() {
                    let (left, right) = (across(column), across(column + 1));
                    if left == 0 && right == 0 {
                        continue;
                    }
                    for (step, pixel) in pixels.chunks_exact_mut(3).enumerate() {
                        let weight = (left * (CELL - step) as i32 + right * step as i32) / (CELL * CELL) as i32;
                        mix_pixel(pixel, tint, weight);
                    }
                }
            }
        }
        upper = lower;
    }
}

/// The upper edge of one layer of land, near or far, bare and with what stands on it.
struct Ridge {
    depth: f32,
    ground: Vec<f32>,
    outline: Vec<f32>,
}

/// The form of a layer's upper edge.
struct Shape {
    base: f32,
    swing: f32,
    waves: f32,
    octaves: u32,
    sharp: bool,
}

impl Shape {
    fn ridge(&self, width: usize, height: usize, dice: &mut Dice) -> Vec<f32> {
        let seed = dice.next();
        let scale = self.waves / width.max(height) as f32;
        (0..width)
            .map(|x| {
                let (mut sum, mut size, mut fine) = (0.0, 1.0, 1.0);
                for octave in 0..self.octaves {
                    let value = noise1(seed ^ u64::from(octave), x as f32 * scale * fine) * 2.0 - 1.0;
                    sum += size * if self.sharp { 0.9 - value.abs() * 2.0 } else { value };
                    size *= if self.sharp { 0.48 } else { 0.42 };
                    fine *= 2.1;
                }
                self.base - self.swing * sum
            })
            .collect()
    }
}

/// Sets conifers on a ridge. They only raise it, so a tree costs no more to draw than the ground.
fn plant(ridge: &mut [f32], tallest: f32, dice: &mut Dice) {
    if tallest < 3.0 {
        return;
    }
    let mut x = -(tallest * dice.unit());
    let grove = dice.next();
    while x < ridge.len() as f32 + tallest {
        // Trees stand together and leave clearings.
        let dense = noise1(grove, x / ridge.len() as f32 * 5.0);
        if dense > 0.42 {
            let tall = tallest * dice.between(0.45, 1.0);
            let half = tall * dice.between(0.16, 0.22);
            let foot = ridge[(x.max(0.0) as usize).min(ridge.len() - 1)];
            let first = (x - half).max(0.0) as usize;
            let last = ((x + half).max(0.0) as usize).min(ridge.len());
            for (column, top) in ridge.iter_mut().enumerate().take(last).skip(first) {
                let aside = ((column as f32 - x) / half).abs().min(1.0);
                // Branches: the outline falls in steps, a little up again at each.
                let branch = aside * 6.0;
                let jag = (branch - branch.floor() - 0.5) * 0.09;
                *top = top.min(foot - tall * (1.0 - aside + jag * aside.min(0.4)));
            }
        }
        x += tallest * dice.between(0.10, 0.42);
    }
}

/// A cat sits on the nearest hill of those who ask for one; seen from behind, so that its outline is all there is.
fn seat_cat(ridge: &mut [f32], width: usize, height: usize, dice: &mut Dice) {
    let size = width.min(height) as f32 * dice.between(0.24, 0.31);
    let centre = width as f32 * dice.between(0.25, 0.75);
    let foot = ridge[centre as usize] + size * 0.04;
    let dome = |x: f32, at: f32, half: f32, tall: f32, floor: f32| -> f32 {
        let aside = (x - at) / half;
        if aside.abs() >= 1.0 { 0.0 } else { floor + tall * (1.0 - aside * aside).sqrt() }
    };
    // Steep outside, sloping towards the other ear.
    let ear = |x: f32, side: f32| -> f32 {
        let inward = 0.155 - x * side;
        let rise = if inward < 0.0 { 1.0 + inward / 0.035 } else { 1.0 - inward / 0.12 };
        if rise <= 0.0 { 0.0 } else { 0.76 + 0.26 * rise }
    };
    for (column, top) in ridge.iter_mut().enumerate() {
        let x = (column as f32 - centre) / size;
        if x.abs() > 0.8 {
            continue;
        }
        let outline = dome(x, 0.0, 0.27, 0.60, 0.0)
            .max(dome(x, 0.0, 0.37, 0.38, 0.0))
            .max(dome(x, 0.0, 0.20, 0.27, 0.60))
            .max(ear(x, -1.0))
            .max(ear(x, 1.0))
            .max(dome(x, 0.42, 0.26, 0.17, 0.0))
            .max(dome(x, 0.60, 0.075, 0.27, 0.0));
        *top = top.min(foot - outline * size);
    }
}

/// One layer of land, paler the farther and the lower: mist gathers between the layers.
fn land(canvas: &mut Canvas, light: &Palette, ridge: &Ridge, hidden_by: &[Ridge], floor: usize, capped: bool) {
    let (width, height, depth) = (canvas.width, canvas.height, ridge.depth);
    let haze = blend(light.horizon, light.middle, 0.25);
    let ground = blend(haze, light.near, 0.22 + 0.78 * depth);
    let mist = blend(ground, haze, 0.62 - 0.5 * depth);
    let reach = height as f32 * 0.26;
    let shades: Vec<Colour> = (0..height)
        .map(|below| {
            let t = (below as f32 / reach).min(1.0);
            let cap = height as f32 * (0.05 + 0.05 * depth);
            let shade = blend(ground, mist, t * t * (3.0 - 2.0 * t));
            let white = (1.0 - below as f32 / cap).max(0.0);
            if capped { blend(shade, [250, 252, 255], white * white * (0.75 - 0.45 * depth)) } else { shade }
        })
        .collect();
    for (x, (top, bare)) in ridge.outline.iter().zip(&ridge.ground).enumerate() {
        let end = hidden_by.iter().map(|nearer| nearer.outline[x].max(0.0) as usize + 1).min().unwrap_or(floor);
        let end = end.min(floor).min(height);
        let start = top.max(0.0);
        let first = start as usize;
        if first >= end {
            continue;
        }
        // What stands on the ground has its colour, and neither its mist nor its snow.
        let standing = (bare.max(start) as usize - first).min(end - first);
        let mut at = (first * width + x) * 3;
        // The edge covers a part of its first pixel.
        let part = ((1.0 - (start - first as f32)) * 256.0) as i32;
        mix_pixel(&mut canvas.rgb[at..at + 3], if standing > 0 { ground } else { shades[0] }, part);
        for _ in 1..standing {
            at += width * 3;
            canvas.rgb[at..at + 3].copy_from_slice(&ground);
        }
        let rest = end - first - standing.max(1);
        for shade in &shades[usize::from(standing == 0)..][..rest] {
            at += width * 3;
            canvas.rgb[at..at + 3].copy_from_slice(shade);
        }
    }
}

/// Water from the shore down: what stands above it upside down, moved sideways by ripples.
fn reflect(canvas: &mut Canvas, shore: usize, light: &Palette, dice: &mut Dice) {
    let (width, height) = (canvas.width, canvas.height);
    let seed = dice.next();
    let deep = blend(light.middle, light.near, 0.35);
    let mut mirror = vec![0; width * 3];
    for y in shore..height {
        let below = y - shore;
        let source = shore.saturating_sub(1 + below * 5 / 4);
        mirror.copy_from_slice(canvas.row(source));
        let ripple = noise1(seed, below as f32 * 0.35) - 0.5;
        let shift = (ripple * (2.0 + below as f32 * 0.10)) as i32;
        let pale = (70.0 + 110.0 * below as f32 / height as f32) as i32;
        let glint = if noise1(seed ^ 1, below as f32 * 0.9) > 0.78 { 22 } else { 0 };
        for (x, pixel) in canvas.row(y).chunks_exact_mut(3).enumerate() {
            let from = (x as i32 + shift).clamp(0, width as i32 - 1) as usize * 3;
            pixel.copy_from_slice(&mirror[from..from + 3]);
            mix_pixel(pixel, deep, pale);
            mix_pixel(pixel, light.horizon, glint);
        }
    }
}

/// A little noise, without which wide gradients show bands.
fn grain(canvas: &mut Canvas, dice: &mut Dice) {
    let tile: Vec<i8> = (0..4099).map(|_| dice.between(-3.4, 3.4) as i8).collect();
    let width = canvas.width;
    for (y, row) in canvas.rgb.chunks_exact_mut(width * 3).enumerate() {
        let start = (mix(y as u64) % 2048) as usize;
        for (pixel, change) in row.chunks_exact_mut(3).zip(tile[start..].iter().cycle()) {
            let [red, green, blue] = pixel else { continue };
            *red = red.saturating_add_signed(*change);
            *green = green.saturating_add_signed(*change);
            *blue = blue.saturating_add_signed(*change);
        }
    }
}

fn blend(from: Colour, to: Colour, part: f32) -> Colour {
    let weight = (part.clamp(0.0, 1.0) * 256.0) as i32;
    let mut colour = from;
    mix_pixel(&mut colour, to, weight);
    colour
}

/// Moves a pixel towards a colour by a weight of 0 to 256.
fn mix_pixel(pixel: &mut [u8], colour: Colour, weight: i32) {
    let [red, green, blue] = pixel else { return };
    let toward = |from: u8, to: u8| (i32::from(from) + (((i32::from(to) - i32::from(from)) * weight) >> 8)) as u8;
    *red = toward(*red, colour[0]);
    *green = toward(*green, colour[1]);
    *blue = toward(*blue, colour[2]);
}

fn lattice(seed: u64, at: i64) -> f32 {
    (mix(seed ^ (at as u64).wrapping_mul(0x9e37_79b9)) >> 40) as f32 / (1u64 << 24) as f32
}

fn smooth(t: f32) -> f32 {
    t * t * (3.0 - 2.0 * t)
}

fn noise1(seed: u64, x: f32) -> f32 {
    let cell = x.floor();
    let t = smooth(x - cell);
    let (left, right) = (lattice(seed, cell as i64), lattice(seed, cell as i64 + 1));
    left + (right - left) * t
}

fn noise2(seed: u64, x: f32, y: f32) -> f32 {
    let row = y.floor();
    let line = |row: i64| noise1(mix(seed ^ row as u64), x);
    let (upper, lower) = (line(row as i64), line(row as i64 + 1));
    upper + (lower - upper) * smooth(y - row)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn subject(prompt: &str, seed: i64, index: u32) -> Subject {
        Subject { prompt: prompt.into(), seed, index, width: 136, height: 104, transparent: false }
    }

    #[test]
    fn every_size_can_be_drawn() {
        let sides = [32, 40, 104, 512, 1536];
        for width in sides {
            for height in sides {
                if width * height > 800_000 {
                    continue;
                }
                for (seed, prompt) in ["cat", "sea and forest", "night mountains", "dunes", ""].iter().enumerate() {
                    let subject = Subject { width, height, ..subject(prompt, seed as i64, 0) };
                    let mut canvas = Canvas::new(width as usize, height as usize);
                    assert_eq!(paint(&subject, &mut canvas).len(), width as usize);
                }
            }
        }
    }

    #[test]
    fn the_same_input_the_same_picture() {
        let bytes = subject("a", 1, 0).draw().unwrap();
        assert_eq!(bytes, subject("a", 1, 0).draw().unwrap());
        for other in [subject("b", 1, 0), subject("a", 2, 0), subject("a", 1, 1)] {
            assert_ne!(other.draw().unwrap(), bytes);
            assert_ne!(other.fingerprint(), subject("a", 1, 0).fingerprint());
        }
    }
}
