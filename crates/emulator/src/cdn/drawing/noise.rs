//! Random numbers and noise that are the same for the same picture.

use crate::state::ids::mix;

/// Random numbers for one picture.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    pub(super) fn unit(&mut self) -> f32 {
        (self.next() >> 40) as f32 / (1u64 << 24) as f32
    }

    pub(super) fn between(&mut self, least: f32, most: f32) -> f32 {
        least + (most - least) * self.unit()
    }

    pub(super) fn below(&mut self, end: usize) -> usize {
        (self.unit() * end as f32) as usize
    }
}

pub(super) fn noise1(seed: u64, x: f32) -> f32 {
    let cell = x.floor();
    let t = smooth(x - cell);
    let (left, right) = (lattice(seed, cell as i64), lattice(seed, cell as i64 + 1));
    left + (right - left) * t
}

pub(super) fn noise2(seed: u64, x: f32, y: f32) -> f32 {
    let row = y.floor();
    let line = |row: i64| noise1(mix(seed ^ row as u64), x);
    let (upper, lower) = (line(row as i64), line(row as i64 + 1));
    upper + (lower - upper) * smooth(y - row)
}

fn lattice(seed: u64, at: i64) -> f32 {
    (mix(seed ^ (at as u64).wrapping_mul(0x9e37_79b9)) >> 40) as f32 / (1u64 << 24) as f32
}

fn smooth(t: f32) -> f32 {
    t * t * (3.0 - 2.0 * t)
}
