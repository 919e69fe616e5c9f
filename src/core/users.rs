//! Which user a key belongs to.

use std::future::Future;
use std::pin::pin;
use std::sync::Mutex;
use std::time::Duration;

use super::server_url::ServerUrl;
use crate::bearer::Bearer;
use crate::error::Error;
use crate::runtime::{self, lock};

/// How long a call waits for another one that asks for the user.
const OTHERS_TURN: Duration = Duration::from_secs(1);

/// Which user each key belongs to, as far as that was asked.
#[derive(Default)]
pub(crate) struct Users {
    known: Mutex<Vec<KnownUser>>,
    /// Held by a call that is asking.
    turn: tokio::sync::Mutex<()>,
}

struct KnownUser {
    /// `None` stands for the core's own, here and in the next.
    server: Option<ServerUrl>,
    key: Option<Bearer>,
    user: String,
}

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
        lock(&self.known).iter().find(|known| known.is_of(server, key)).map(|known| known.user.clone())
    }

    fn remember(&self, server: Option<&ServerUrl>, key: Option<&Bearer>, user: &str) {
        const MOST: usize = 64;
        let mut users = lock(&self.known);
        users.retain(|known| !known.is_of(server, key));
        if users.len() == MOST {
            users.remove(0);
        }
        users.push(KnownUser { server: server.cloned(), key: key.cloned(), user: user.to_owned() });
    }
}

impl KnownUser {
    fn is_of(&self, server: Option<&ServerUrl>, key: Option<&Bearer>) -> bool {
        self.server.as_ref() == server && self.key.as_ref() == key
    }
}
