//! Where the key comes from, and whose it is.

use std::fmt;
use std::future::Future;
#[cfg(feature = "searching")]
use std::pin::pin;
use std::sync::Arc;
#[cfg(feature = "searching")]
use std::time::Duration;

use crate::bearer::Bearer;
#[cfg(feature = "searching")]
use crate::core::server_url::ServerUrl;
use crate::error::BoxError;
#[cfg(feature = "searching")]
use crate::error::Error;
#[cfg(feature = "searching")]
use crate::runtime;
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

/// How long a call waits for another one that asks for the user.
#[cfg(feature = "searching")]
const OTHERS_TURN: Duration = Duration::from_secs(1);

/// Which user each key belongs to, as far as that was asked.
#[cfg(feature = "searching")]
#[derive(Default)]
pub(crate) struct Users {
    known: std::sync::Mutex<Vec<KnownUser>>,
    /// Held by a call that is asking.
    turn: tokio::sync::Mutex<()>,
}

#[cfg(feature = "searching")]
struct KnownUser {
    /// `None` stands for the core's own, here and in the next.
    server: Option<ServerUrl>,
    key: Option<Bearer>,
    user: String,
}

#[cfg(feature = "searching")]
impl Users {
    /// The user that a key belongs to, which is asked for once; `None` if the service does not tell.
    pub(crate) async fn find<F: Future<Output = Result<Option<String>, Error>>>(
        &self,
        server: Option<&ServerUrl>,
        key: Option<&Bearer>,
        left: Duration,
        ask: impl FnOnce() -> F,
    ) -> Result<Option<String>, Error> {
        if let Some(user) = self.of(server, key) {
            return Ok(Some(user));
        }
        // Several calls at once need not all ask; but none waits long for another one, which may be stalled.
        let _turn = runtime::timeout(OTHERS_TURN.min(left), pin!(self.turn.lock())).await;
        if let Some(user) = self.of(server, key) {
            return Ok(Some(user));
        }
        let user = ask().await?.filter(|id| !id.is_empty());
        if let Some(user) = &user {
            self.remember(server, key, user);
        }
        Ok(user)
    }

    pub(crate) fn of(&self, server: Option<&ServerUrl>, key: Option<&Bearer>) -> Option<String> {
        self.lock().iter().find(|known| known.is_of(server, key)).map(|known| known.user.clone())
    }

    fn remember(&self, server: Option<&ServerUrl>, key: Option<&Bearer>, user: &str) {
        const MOST: usize = 64;
        let mut users = self.lock();
        users.retain(|known| !known.is_of(server, key));
        if users.len() == MOST {
            users.remove(0);
        }
        users.push(KnownUser { server: server.cloned(), key: key.cloned(), user: user.to_owned() });
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<KnownUser>> {
        // Left whole by every holder.
        self.known.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

#[cfg(feature = "searching")]
impl KnownUser {
    fn is_of(&self, server: Option<&ServerUrl>, key: Option<&Bearer>) -> bool {
        self.server.as_ref() == server && self.key.as_ref() == key
    }
}
