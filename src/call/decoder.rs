//! How the output of an operation is made of the body of a response.

use std::any::Any;
use std::marker::PhantomData;

use bytes::Bytes;
use serde::de::DeserializeOwned;

use crate::codec::Decode;
use crate::codec::decode::{self, FillFn, Unwrapped};
use crate::runtime::MaybeSend;

/// An output whose type only the call knows.
#[cfg(not(target_arch = "wasm32"))]
pub(super) type Output = Box<dyn Any + Send>;
#[cfg(target_arch = "wasm32")]
pub(super) type Output = Box<dyn Any>;

/// How the output of an operation is made of the body of a response.
#[derive(Debug)]
pub(crate) struct Decoder<T> {
    pub(super) reader: Reader,
    /// Invariant, since the output is found again by its type.
    output: PhantomData<fn(T) -> T>,
}

/// The same without the type.
#[derive(Clone, Copy, Debug)]
pub(super) enum Reader {
    /// The body as it is.
    Raw,
    /// A record of this crate's.
    #[cfg_attr(not(feature = "full"), allow(dead_code, reason = "without operations there are no records"))]
    Model(fn() -> Box<dyn Target>, FillFn),
    /// A record of the caller's.
    Serde(fn(&'static str, &str) -> serde_json::Result<Unwrapped<Output>>),
}

impl Decoder<Bytes> {
    /// The body as it is.
    pub(crate) const BODY: Self = Self { reader: Reader::Raw, output: PhantomData };
}

/// A record of this crate's.
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "not every operation has one record"))]
pub(crate) const fn record<T: Decode + Default + MaybeSend + 'static>() -> Decoder<T> {
    Decoder { reader: Reader::Model(|| Box::<T>::default(), decode::fill), output: PhantomData }
}

/// A record under its field, or, where there is no such field, without it.
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "not every operation has such a record"))]
pub(crate) const fn flat<T: Decode + Default + MaybeSend + 'static>() -> Decoder<T> {
    Decoder { reader: Reader::Model(|| Box::<T>::default(), decode::fill_flat), output: PhantomData }
}

/// A list of records; one that is `null` is empty.
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "not every operation lists records"))]
pub(crate) const fn list<T: Decode + Default + MaybeSend + 'static>() -> Decoder<Vec<T>> {
    Decoder { reader: Reader::Model(|| Box::<Listed<T>>::default(), decode::fill), output: PhantomData }
}

/// The first record of a list that is not `null`; without one, as if the list were `null`.
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "not every operation has one record in a list"))]
pub(crate) const fn first<T: Decode + Default + MaybeSend + 'static>() -> Decoder<T> {
    Decoder { reader: Reader::Model(|| Box::<First<T>>::default(), decode::fill), output: PhantomData }
}

impl Reader {
    pub(super) const fn record_of<T: DeserializeOwned + MaybeSend + 'static>() -> Self {
        Self::Serde(|field, text| decode::read::<T>(field, text).map(untyped))
    }

    pub(super) const fn list_of<T: DeserializeOwned + MaybeSend + 'static>() -> Self {
        Self::Serde(|field, text| decode::read_list::<T>(field, text).map(untyped))
    }

    pub(super) const fn first_of<T: DeserializeOwned + MaybeSend + 'static>() -> Self {
        fn first<T>(list: Option<Vec<T>>) -> Option<T> {
            list?.into_iter().next()
        }
        Self::Serde(|field, text| Ok(untyped(decode::read_list::<T>(field, text)?.map(first))))
    }
}

/// Takes the type away from what was read.
fn untyped<T: MaybeSend + 'static>(record: Unwrapped<T>) -> Unwrapped<Output> {
    record.map(|record| record.map(|record| Box::new(record) as Output))
}

/// The output as what it was read as.
pub(super) fn typed<T: 'static>(output: Output) -> T {
    *output.downcast().expect("a call is read as the type that it is awaited as")
}

/// What a record of this crate's, or some, are read into. All that is compiled for each type.
pub(crate) trait Target: MaybeSend + 'static {
    fn place(&mut self) -> &mut dyn Decode;

    /// What is there after reading, given whether it was anything but `null`.
    fn output(self: Box<Self>, taken: bool) -> Option<Output>;
}

impl<T: Decode + MaybeSend + 'static> Target for T {
    fn place(&mut self) -> &mut dyn Decode {
        self
    }

    fn output(self: Box<Self>, taken: bool) -> Option<Output> {
        taken.then_some(self)
    }
}

#[derive(Default)]
struct Listed<T>(Vec<T>);

impl<T: Decode + Default + MaybeSend + 'static> Target for Listed<T> {
    fn place(&mut self) -> &mut dyn Decode {
        &mut self.0
    }

    fn output(self: Box<Self>, _: bool) -> Option<Output> {
        Some(Box::new(self.0))
    }
}

#[derive(Default)]
struct First<T>(Vec<T>);

impl<T: Decode + Default + MaybeSend + 'static> Target for First<T> {
    fn place(&mut self) -> &mut dyn Decode {
        &mut self.0
    }

    fn output(self: Box<Self>, _: bool) -> Option<Output> {
        Some(Box::new(self.0.into_iter().next()?))
    }
}
