//! How values are read and written.
//!
//! Serde's derive compiles the reading of a field once for each record that has one and for each type of field in it.
//! Here a value goes to a [`Decode`], and one visitor asks places what they make of the [`Input`] that it finds; in the
//! other direction every value becomes a [`Fragment`]. What is compiled for each record is little more than its table of
//! names, which `#[derive(Model)]` makes.
//!
//! Reading is lenient or strict:
//!
//! | found | responses | requests |
//! |---|---|---|
//! | `null` | leaves the field as it is | is `None`, or an error where that is not possible |
//! | a number as text | is taken | is taken |
//! | a text as number | is taken; names, such as ids, from whole numbers only | is an error |
//! | another kind | is passed over and reported: one field must not hide the others | is an error |
//! | an unknown field | is passed over | goes to `extra`, or is an error |
//! | a field twice | the last one counts | is an error |

mod check;
#[cfg(feature = "client")]
pub(crate) mod decode;
mod input;
mod number;
mod open_enum;
mod read;
mod scalar;
#[cfg(feature = "client")]
mod serialize;
#[cfg(all(test, feature = "models"))]
mod tests;
mod write;

#[cfg(feature = "v2-check")]
pub(crate) use check::shown;
pub(crate) use check::{Bound, Checking, Limit, Limited};
pub use check::{Violation, Violations};
pub(crate) use input::{Decode, Extra, Input, List, Outcome, Record, Required, missing};
pub(crate) use leonardo_ai_derive::Model;
#[cfg(feature = "limits")]
pub(crate) use number::decimal;
pub(crate) use open_enum::open_enum;
pub(crate) use read::{Budget, Fill, Filled, mismatch, read_into, read_request, read_response, read_text};
pub(crate) use scalar::{set_text, text, text_places};
#[cfg(feature = "client")]
pub(crate) use serialize::serialize;
pub(crate) use write::{Encode, Fields, Fragment, each, put_some, write};
