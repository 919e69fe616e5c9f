//! The service that a command talks to.

use std::path::PathBuf;
use std::sync::Arc;

use etcetera::base_strategy::{BaseStrategy as _, choose_native_strategy};
use leonardo_ai::funcs::user_get_user_self;
use leonardo_ai::{LeonardoCore, LeonardoCoreBuilder, Limits};
use leonardo_ai_emulator::Emulator;

use crate::args::{Global, Spending};
use crate::failure::Failure;
use crate::money::Money;
use crate::screen::Screen;

pub struct Session {
    pub core: LeonardoCore,
    pub screen: Screen,
    /// What may be spent, if that is limited. The core keeps to it.
    pub money: Option<Arc<Money>>,
    /// It ends with this, and its work with it.
    emulator: Option<Emulator>,
    data_dir: Option<PathBuf>,
}

/// Whom work belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub server: String,
    pub user: String,
}

impl Session {
    /// The service of the environment, or an emulator.
    pub async fn connect(global: &Global, screen: &Screen) -> Result<Self, Failure> {
        Self::paying(global, screen, &Spending::default()).await
    }

    /// The same for what costs credits.
    pub async fn paying(global: &Global, screen: &Screen, spending: &Spending) -> Result<Self, Failure> {
        let money = Money::of(spending)?.map(Arc::new);
        let set_up = |core: LeonardoCoreBuilder| {
            // So many at once as a command is given, and no more than the account may.
            let core = core.limits(Limits::default());
            match &money {
                Some(money) => core.spending_limit(money.spending_limit()),
                None => core,
            }
        };
        let (screen, data_dir) = (screen.clone(), global.data_dir.clone());
        if global.emulator {
            // The same user each time, for ledgers that several runs share.
            let started = Emulator::builder().user(1).start().await;
            let emulator = started.map_err(|error| Failure::other(format!("the emulator cannot start: {error}")))?;
            screen.say("Using the emulator, which draws the pictures itself. Nothing is paid for.");
            let core = LeonardoCore::builder().bearer_auth(emulator.key()).server_url(emulator.base_url());
            let core = set_up(core).build()?;
            return Ok(Self { core, screen, money, emulator: Some(emulator), data_dir });
        }
        if std::env::var_os("LEONARDO_API_KEY").is_none() {
            return Err(Failure::usage(
                "LEONARDO_API_KEY is not set; it holds the key of the API. To try this without a key, and without \
                 paying, add --emulator.",
            ));
        }
        let builder = set_up(LeonardoCore::builder_from_env()?);
        let core = match &global.server_url {
            Some(url) => builder.server_url(url).build()?,
            None => builder.build()?,
        };
        Ok(Self { core, screen, money, emulator: None, data_dir })
    }

    pub fn is_emulated(&self) -> bool {
        self.emulator.is_some()
    }

    /// Where the journal is; none if what is done ends with this program.
    pub fn data_dir(&self) -> Result<Option<PathBuf>, Failure> {
        if self.is_emulated() {
            return Ok(None);
        }
        data_dir(self.data_dir.clone()).map(Some)
    }

    /// Asks whose key it is.
    pub async fn account(&self) -> Result<Account, Failure> {
        let user = user_get_user_self(&self.core).await?.user;
        let user = user.ok_or_else(|| Failure::other("the service does not tell whose key it is"))?;
        Ok(Account { server: self.core.server_url().to_owned(), user: user.id.to_string() })
    }
}

/// Where the program keeps what outlasts it: the directory that is named, that of the environment, or the user's.
pub fn data_dir(named: Option<PathBuf>) -> Result<PathBuf, Failure> {
    let own = || Some(choose_native_strategy().ok()?.data_dir().join("leonardo-ai"));
    let of_environment = || std::env::var_os("LEONARDO_DATA_DIR").map(PathBuf::from);
    let directory = named.or_else(of_environment).or_else(own);
    directory.ok_or_else(|| Failure::usage("there is no home directory for the journal: name one with --data-dir"))
}
