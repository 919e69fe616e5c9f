//! Identifiers in the form the API uses, version 4 UUIDs, and numbers that follow from others.

use uuid::{Builder, Uuid};

/// The length of a UUID with its hyphens.
const LENGTH: usize = 36;

pub(crate) fn random() -> Uuid {
    from_bits(fastrand::u128(..))
}

/// A version 4 UUID made of the given bits, so that ids which follow from other ids need not be stored.
pub(crate) fn from_bits(bits: u128) -> Uuid {
    Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
}

/// Reads the hyphenated form only; like the database behind the API, in either case.
pub(crate) fn parse(text: &str) -> Option<Uuid> {
    // The other forms that the library reads have other lengths.
    if text.len() == LENGTH { Uuid::try_parse(text).ok() } else { None }
}

/// A well-mixed number from a number (the finaliser of splitmix64).
pub(crate) fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A hash that is the same in every process and version, unlike the standard library's.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let mut state = 0xcbf2_9ce4_8422_2325u64;
    for byte in bytes {
        state = (state ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    mix(state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uuids_survive_text() {
        for _ in 0..100 {
            let id = random();
            let text = id.to_string();
            assert_eq!(parse(&text), Some(id));
            assert_eq!(parse(&text.to_uppercase()), Some(id));
            assert_eq!(&text[14..15], "4");
            assert!("89ab".contains(&text[19..20]));
        }
    }

    #[test]
    fn what_is_no_uuid_is_refused() {
        for text in [
            "",
            "x",
            "75925cd2fb654e8c84c06cc010a528e3",
            "{75925cd2fb654e8c84c06cc010a528e3}",
            "{75925cd2-fb65-4e8c-84c0-6cc010a528e3}",
            "urn:uuid:75925cd2-fb65-4e8c-84c0-6cc010a528e3",
            "75925cd2-fb65-4e8c-84c0-6cc010a528e",
            "75925cd2-fb65-4e8c-84c0-6cc010a528eg",
            "75925cd2-fb65-4e8c-84c0_6cc010a528e3",
            "+5925cd2-fb65-4e8c-84c0-6cc010a528e3",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
