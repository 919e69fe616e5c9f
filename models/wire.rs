//! Decoding that takes values as they come, and encoding of numbers.
//!
//! Every helper that reads a scalar goes through one visitor, [`Loose`], and decides afterwards in code that is not
//! generic: what is instantiated for each format is small.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Unexpected, Visitor};

/// The name under which `serde_json` hands over numbers when any crate of the build asks it for arbitrary precision.
const EXACT_NUMBER: &str = "$serde_json::private::Number";

/// Any value, read just far enough to judge it.
pub(crate) enum Loose {
    Null,
    Bool(bool),
    Int(i64),
    /// Only for what does not fit an `i64`.
    Large(u64),
    Float(f64),
    Text(String),
    List,
    Map(Vec<(String, Loose)>),
}

impl Loose {
    /// A finite number; `Ok(None)` for null and for blank text.
    pub(crate) fn float(&self) -> Result<Option<f64>, Refused> {
        let number = match self {
            Loose::Null => return Ok(None),
            Loose::Int(number) => *number as f64,
            Loose::Large(number) => *number as f64,
            Loose::Float(number) => *number,
            Loose::Text(text) => match text.trim() {
                "" => return Ok(None),
                text => text.parse().map_err(|_| Refused)?,
            },
            _ => return Err(Refused),
        };
        if number.is_finite() { Ok(Some(number)) } else { Err(Refused) }
    }

    /// A whole number, however it is written; `Ok(None)` for null and for blank text.
    pub(crate) fn int(&self) -> Result<Option<i64>, Refused> {
        match self {
            Loose::Int(number) => return Ok(Some(*number)),
            Loose::Large(_) => return Err(Refused),
            Loose::Text(text) => {
                if let Ok(number) = text.trim().parse() {
                    return Ok(Some(number));
                }
            }
            _ => {}
        }
        // The upper limit is 2^63, which an i64 just fails to hold.
        const LIMIT: f64 = 9_223_372_036_854_775_808.0;
        match self.float()? {
            Some(number) if number.fract() == 0.0 && (-LIMIT..LIMIT).contains(&number) => Ok(Some(number as i64)),
            Some(_) => Err(Refused),
            None => Ok(None),
        }
    }

    /// Text, or a number as text.
    pub(crate) fn into_text(self) -> Option<String> {
        match self {
            Loose::Text(text) => Some(text),
            Loose::Int(number) => Some(number.to_string()),
            Loose::Large(number) => Some(number.to_string()),
            Loose::Float(number) => Some(number.to_string()),
            _ => None,
        }
    }

    fn refusal<E: Error>(&self, wanted: &'static str) -> E {
        let found = match self {
            Loose::Null => Unexpected::Unit,
            Loose::Bool(value) => Unexpected::Bool(*value),
            Loose::Int(number) => Unexpected::Signed(*number),
            Loose::Large(number) => Unexpected::Unsigned(*number),
            Loose::Float(number) => Unexpected::Float(*number),
            Loose::Text(text) => Unexpected::Str(text),
            Loose::List => Unexpected::Seq,
            Loose::Map(_) => Unexpected::Map,
        };
        E::invalid_value(found, &wanted)
    }
}

/// The value is not what was wanted.
#[derive(Debug)]
pub(crate) struct Refused;

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Loose;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Loose, E> {
        Ok(Loose::Null)
    }

    fn visit_none<E>(self) -> Result<Loose, E> {
        Ok(Loose::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Loose, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Loose, E> {
        Ok(Loose::Bool(value))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Loose, E> {
        Ok(Loose::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Loose, E> {
        Ok(i64::try_from(number).map_or(Loose::Large(number), Loose::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Loose, E> {
        Ok(Loose::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Loose, E> {
        Ok(Loose::Text(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Loose, E> {
        Ok(Loose::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Loose, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Loose, A::Error> {
        let mut fields = Vec::new();
        while let Some((key, value)) = map.next_entry::<String, Loose>()? {
            fields.push((key, value));
        }
        Ok(match fields.pop() {
            // Nothing but a number is handed over so; an object with this name and others is an object.
            Some((key, value)) if fields.is_empty() && key == EXACT_NUMBER => value,
            last => {
                fields.extend(last);
                Loose::Map(fields)
            }
        })
    }
}

/// A whole number or nothing.
pub(crate) fn opt_i64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let value = Loose::deserialize(deserializer)?;
    value.int().map_err(|_| value.refusal("an integer"))
}

/// A whole number that is not negative, or nothing.
pub(crate) fn opt_u32<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    let value = Loose::deserialize(deserializer)?;
    let number = value.int().and_then(|int| int.map(u32::try_from).transpose().map_err(|_| Refused));
    number.map_err(|_| value.refusal("an integer from 0 to 4294967295"))
}

/// A whole number, 0 for nothing.
pub(crate) fn i64_or_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    opt_i64(deserializer).map(Option::unwrap_or_default)
}

/// A whole number that is not negative, 0 for nothing.
pub(crate) fn u32_or_zero<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    opt_u32(deserializer).map(Option::unwrap_or_default)
}

/// A number, and nothing in place of whatever else is found.
pub(crate) fn any_f64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Ok(Loose::deserialize(deserializer)?.float().unwrap_or_default())
}

/// Text or the text of a number, and nothing in place of whatever else is found.
pub(crate) fn opt_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Loose::deserialize(deserializer).map(Loose::into_text)
}

/// Like [`opt_text`], with empty text for nothing.
pub(crate) fn text_or_empty<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    opt_text(deserializer).map(Option::unwrap_or_default)
}

/// The empty value for null.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Whatever can be made out of text, without a copy for the sake of looking at it.
pub(crate) fn text<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: for<'a> From<&'a str> + From<String>,
{
    struct Text<T>(PhantomData<T>);

    impl<T: for<'a> From<&'a str> + From<String>> Visitor<'_> for Text<T> {
        type Value = T;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a string")
        }

        fn visit_str<E>(self, text: &str) -> Result<T, E> {
            Ok(text.into())
        }

        fn visit_string<E>(self, text: String) -> Result<T, E> {
            Ok(text.into())
        }
    }

    deserializer.deserialize_str(Text(PhantomData))
}

/// A list without its nulls, or nothing.
pub(crate) fn opt_list<'de, D, T>(deserializer: D) -> Result<Option<Vec<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    struct List<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for List<T> {
        type Value = Option<Vec<T>>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }

        fn visit_unit<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_none<E>(self) -> Result<Self::Value, E> {
            Ok(None)
        }

        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
            deserializer.deserialize_any(self)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
            let mut list = Vec::new();
            while let Some(item) = items.next_element::<Option<T>>()? {
                list.extend(item);
            }
            Ok(Some(list))
        }
    }

    deserializer.deserialize_any(List(PhantomData))
}

/// A list without its nulls, empty for nothing.
pub(crate) fn list<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    opt_list(deserializer).map(Option::unwrap_or_default)
}

/// `#[serde(with = …)]` for `Option<f64>`.
///
/// Goes out the way JavaScript writes numbers, so 7 rather than 7.0. What JSON has no number for is an error instead of
/// a null that nobody asked for.
pub(crate) mod float {
    use serde::de::{Deserialize, Deserializer};
    use serde::ser::{Error, Serializer};

    use super::Loose;

    /// Every whole number up to here is exact in an `f64`.
    const EXACT: f64 = 9_007_199_254_740_992.0;

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
        let value = Loose::deserialize(deserializer)?;
        value.float().map_err(|_| value.refusal("a number"))
    }

    pub(crate) fn serialize<S: Serializer>(number: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        match *number {
            None => serializer.serialize_none(),
            Some(number) if !number.is_finite() => {
                Err(S::Error::custom(format_args!("{number} is not a finite number")))
            }
            Some(number) if number.fract() == 0.0 && number.abs() <= EXACT => serializer.serialize_i64(number as i64),
            Some(number) => serializer.serialize_f64(number),
        }
    }
}

#[cfg(all(test, feature = "models"))]
mod tests {
    use serde::Serialize;
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn floats() {
        let of = |json: &str| float::deserialize(&mut serde_json::Deserializer::from_str(json));
        for (json, number) in [
            ("null", None),
            ("\"\"", None),
            ("7", Some(7.0)),
            ("-7", Some(-7.0)),
            ("7.25", Some(7.25)),
            ("18446744073709551615", Some(18_446_744_073_709_551_615.0)),
            ("\"7\"", Some(7.0)),
            ("\" 7.25 \"", Some(7.25)),
            ("\"1e3\"", Some(1000.0)),
        ] {
            assert_eq!(of(json).unwrap(), number, "{json}");
            let value: Value = serde_json::from_str(json).unwrap();
            assert_eq!(float::deserialize(value).unwrap(), number, "{json}");
        }
        for json in ["true", "\"x\"", "\"NaN\"", "\"inf\"", "\"1e999\"", "[1]", "{\"a\":1}"] {
            assert!(of(json).unwrap_err().to_string().contains("expected a number"), "{json}");
            assert_eq!(any_f64(&mut serde_json::Deserializer::from_str(json)).unwrap(), None, "{json}");
        }
    }

    #[test]
    fn integers() {
        let of = |json: &str| opt_i64(&mut serde_json::Deserializer::from_str(json));
        for (json, number) in [
            ("null", None),
            ("\" \"", None),
            ("905778432", Some(905_778_432)),
            ("9999999998", Some(9_999_999_998)),
            ("\"9999999998\"", Some(9_999_999_998)),
            ("30.0", Some(30)),
            ("\"30.0\"", Some(30)),
            ("1e3", Some(1000)),
            ("\"9223372036854775807\"", Some(i64::MAX)),
            ("-9223372036854775808", Some(i64::MIN)),
        ] {
            assert_eq!(of(json).unwrap(), number, "{json}");
        }
        for json in ["30.5", "\"30.5\"", "18446744073709551615", "9223372036854775808.0", "1e300", "false", "[]"] {
            assert!(of(json).unwrap_err().to_string().contains("expected an integer"), "{json}");
        }
        assert_eq!(opt_u32(json!(4_294_967_295_u32)).unwrap(), Some(u32::MAX));
        assert_eq!(opt_u32(json!("512")).unwrap(), Some(512));
        assert!(opt_u32(json!(4_294_967_296_i64)).is_err());
        assert!(opt_u32(json!(-1)).is_err());
        assert_eq!((u32_or_zero(json!(null)).unwrap(), i64_or_zero(json!(null)).unwrap()), (0, 0));
    }

    #[test]
    fn floats_go_out_as_in_javascript() {
        #[derive(Serialize)]
        struct One(#[serde(with = "float")] Option<f64>);

        for (number, json) in [
            (7.0, "7"),
            (-7.0, "-7"),
            (-0.0, "0"),
            (0.55, "0.55"),
            (9_007_199_254_740_992.0, "9007199254740992"),
            (1e300, "1e+300"),
        ] {
            let text = serde_json::to_string(&One(Some(number))).unwrap();
            assert_eq!(text.replace("e300", "e+300"), json);
        }
        assert_eq!(serde_json::to_string(&One(None)).unwrap(), "null");
        for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let error = serde_json::to_string(&One(Some(number))).unwrap_err();
            assert!(error.to_string().contains("is not a finite number"));
        }
    }

    #[test]
    fn nulls() {
        assert_eq!(opt_list::<_, i32>(json!(null)).unwrap(), None);
        assert!(list::<_, i32>(json!(null)).unwrap().is_empty());
        assert_eq!(list::<_, i32>(json!([null, 1, null, 2])).unwrap(), [1, 2]);
        assert!(list::<_, i32>(json!({})).is_err());
        assert_eq!(or_default::<_, String>(json!(null)).unwrap(), "");
        assert!(!or_default::<_, bool>(json!(null)).unwrap());
    }
}
