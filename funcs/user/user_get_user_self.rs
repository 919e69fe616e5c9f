use crate::models::UserDetails;
use crate::{Call, LeonardoCore, operations};

/// Reads the user that the key belongs to, with the account's balances: `GET /v1/me`.
///
/// # Errors
///
/// All of [`Error`](crate::Error) but `OutcomeUnknown`.
pub fn user_get_user_self(core: &LeonardoCore) -> Call<UserDetails> {
    Call::new(core, &operations::USER_GET_USER_SELF)
}
