//! Where the key comes from.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use crate::bearer::Bearer;
use crate::error::BoxError;
use crate::runtime::{BoxFuture, MaybeSend};

/// Where the key of an attempt comes from.
#[derive(Clone)]
pub(crate) enum Auth {
    Fixed(Bearer),
    Asked(Arc<dyn Provider>),
}

impl Auth {
    /// Whether it is one key all the time.
    #[cfg(all(feature = "polling", feature = "searching"))]
    pub(crate) fn is_fixed(&self) -> bool {
        matches!(self, Self::Fixed(_))
    }

    /// The key of an attempt, if a provider gives it; or what is wrong with what it gave.
    pub(crate) async fn bearer(&self) -> Result<Option<Bearer>, (&'static str, Option<BoxError>)> {
        let Self::Asked(provider) = self else { return Ok(None) };
        let key = provider.key().await.map_err(|error| ("it gave no key", Some(error)))?;
        Bearer::new(&key).map(Some).map_err(|reason| (reason, None))
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Fixed(_) => "hidden",
            Self::Asked(_) => "asked before each attempt",
        })
    }
}

/// A closure that gives the key, with its future's type taken away.
pub(crate) trait Provider: Send + Sync {
    fn key(&self) -> BoxFuture<'_, Result<String, BoxError>>;
}

pub(crate) struct FromClosure<F>(pub(crate) F);

impl<F, Fut, E> Provider for FromClosure<F>
where
    F: Fn() -> Fut + Send + Sync,
    Fut: Future<Output = Result<String, E>> + MaybeSend + 'static,
    E: Into<BoxError>,
{
    fn key(&self) -> BoxFuture<'_, Result<String, BoxError>> {
        let asked = (self.0)();
        Box::pin(async move { asked.await.map_err(Into::into) })
    }
}
