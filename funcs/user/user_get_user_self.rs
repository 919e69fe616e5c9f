use crate::call::First;
use crate::models::UserDetails;
use crate::{Call, LeonardoCore, operations};

/// Reads the user that the key belongs to, with the account's balances: `GET /v1/me`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`.
pub fn user_get_user_self(core: &LeonardoCore) -> Call<'_, UserDetails> {
    Call::new(core, &operations::user_get_user_self).own::<First<UserDetails>>("user_details")
}
