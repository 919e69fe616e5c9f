//! The list of an account's generations, which several workflows read.

use crate::models::Generation;
use crate::paging::Row;

impl Row for Generation {
    fn id(&self) -> &str {
        self.id.as_str()
    }

    fn made_at(&self) -> Option<i64> {
        self.created_at.as_ref()?.unix_millis()
    }
}

/// How it is searched for what a create has made.
#[cfg(feature = "searching")]
pub(super) static GENERATIONS: crate::once::Account<Generation> = crate::once::Account {
    user_operation: "user_get_user_self",
    user: read_user,
    page_operation: "image_get_generations_by_user_id",
    page: |core, user, offset, limit| {
        let request = crate::models::GetGenerationsByUserIdRequest { offset: Some(offset), limit: Some(limit) };
        super::image_get_generations_by_user_id(core, user, request)
    },
    mark: |generation| generation.seed,
    text: |generation| &generation.prompt,
};

#[cfg(feature = "searching")]
fn read_user(core: &crate::LeonardoCore, options: &crate::call::Options) -> crate::once::ReadUser {
    let call = super::user_get_user_self(core).with_options(options);
    Box::pin(async move { Ok(call.await?.user.map(|user| user.id.into_string())) })
}

/// How it is read for many waits.
#[cfg(all(feature = "polling", feature = "searching"))]
pub(super) static LISTED: crate::poll::Listed = crate::poll::Listed {
    operation: GENERATIONS.page_operation,
    user: read_user,
    page: |core, user, offset, limit, options| {
        let page = (GENERATIONS.page)(core, user, offset, limit).with_options(options);
        Box::pin(async move { Ok(page.await?.into_iter().map(record).collect()) })
    },
};

#[cfg(all(feature = "polling", feature = "searching"))]
fn record(generation: Generation) -> crate::poll::Record {
    let (id, made_at) = (generation.id.as_str().to_owned(), generation.made_at());
    crate::poll::Record { id, made_at, seen: crate::poll::Seen::new(generation) }
}
