//! What goes over the wire: the bodies that requests send and answers bring.
//!
//! Three habits of the service shape these types:
//!
//! - **It says more than it documents.** Unknown fields of an answer are passed over, and a value that an enum does
//!   not know is kept as text in its `Unknown` variant, so a new style or status never turns an answer into an error.
//! - **Its numbers change their clothes.** A balance is `12` one day and `12.4567` the next, a seed is a number here
//!   and text there. All of these decode alike; `null` where something was promised becomes the empty value.
//! - **A request means what it spells out.** A field that is `None` is not sent, and then the service's own default
//!   applies.
//!
//! Identifiers of different things are different types and do not convert into one another; see [`GenerationId`].

#[cfg_attr(not(feature = "client"), allow(dead_code, reason = "the client reads and writes dates too"))]
pub(crate) mod calendar;
mod common;
mod enums;
mod error;
mod ids;
mod open_enum;
#[cfg_attr(not(feature = "full"), allow(unused, reason = "not every build has requests"))]
pub(crate) mod record;
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "a build with few operations needs few of the helpers"))]
pub(crate) mod wire;

pub use common::{Cost, Timestamp};
pub use enums::{
    CanvasRequestType, ControlnetType, CostUnit, InitImageType, JobStatus, PresetStyle, Scheduler, SdVersion,
    StrengthType, Transparency, VariationType,
};
pub use error::ApiErrorBody;
pub use ids::{ElementId, GenerationId, ImageId, InitImageId, ModelId, UserId, VariationId};

// The models of a group of operations come with any operation of the group.
macro_rules! groups {
    ($($group:ident { $($name:ident $feature:literal $effect:ident $method:ident $path:literal ($($argument:ident),*);)* })*) => {
        $(
            #[cfg(any(feature = "models", $(feature = $feature),*))]
            mod $group;
            #[cfg(any(feature = "models", $(feature = $feature),*))]
            pub use $group::*;
        )*
    };
}

crate::for_each_operation!(groups);
