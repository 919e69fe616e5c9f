//! Floating point numbers as text, and from it.

use serde::de::IgnoredAny;

/// A number as text, with all its digits and no exponent; `None` of what is no number.
///
/// Not `to_string`: what the standard library formats with is in every program that reads a response then, where what
/// serde_json formats with is anyway.
pub(crate) fn decimal(number: f64) -> Option<String> {
    let text = format!("{}", serde_json::Number::from_f64(number)?);
    let Some((digits, exponent)) = text.split_once('e') else {
        return Some(text.strip_suffix(".0").unwrap_or(&text).to_owned());
    };
    let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |digits| ("-", digits));
    // One digit, and those after the point.
    let (first, rest) = digits.split_once('.').unwrap_or((digits, ""));
    if let Some(places) = exponent.strip_prefix('-') {
        return Some(format!("{sign}0.{first:0>0$}{rest}", places.parse().ok()?));
    }
    // Only beyond all of its digits is a number written with an exponent.
    let places = exponent.parse().ok().filter(|places| rest.len() <= *places)?;
    Some(format!("{sign}{first}{rest:0<places$}"))
}

/// Whether a text is a number of JSON.
pub(super) fn is_number(text: &str) -> bool {
    text.starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
        && serde_json::from_str::<IgnoredAny>(text).is_ok()
}

/// A number of JSON as the nearest that can be had of it.
///
/// Not `parse`, since what serde_json reads with is in every program that reads a response.
#[cfg(not(all(target_arch = "wasm32", feature = "client")))]
pub(super) fn float(text: &str) -> Option<f64> {
    serde_json::from_str(text).ok()
}

/// The same by what a browser has.
#[cfg(all(target_arch = "wasm32", feature = "client"))]
pub(super) fn float(text: &str) -> Option<f64> {
    is_number(text).then(|| js_sys::parse_float(text))
}
