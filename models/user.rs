//! The account.

use super::{Timestamp, UserId};
use crate::codec::Model;

/// The account that the API key belongs to: who owns it, and what is left to spend.
///
/// Balances are numbers with a fraction, because some accounts are billed in parts of a token. `None` means that
/// the service did not say, which is not the same as 0.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct UserDetails {
    /// The owner.
    pub user: Option<User>,
    /// When the tokens of the web plan are filled up again.
    pub token_renewal_date: Option<Timestamp>,
    /// Tokens bought on top of the web plan.
    pub paid_tokens: Option<f64>,
    /// Tokens left of the web plan.
    pub subscription_tokens: Option<f64>,
    /// What the web plan leaves for having prompts written.
    pub subscription_gpt_tokens: Option<f64>,
    /// What the web plan leaves for training models.
    pub subscription_model_tokens: Option<f64>,
    /// How many jobs the API runs at a time.
    pub api_concurrency_slots: Option<i64>,
    /// Tokens bought for the API.
    pub api_paid_tokens: Option<f64>,
    /// Tokens left of the API plan.
    pub api_subscription_tokens: Option<f64>,
    /// When the tokens of the API plan are filled up again.
    pub api_plan_token_renewal_date: Option<Timestamp>,
}

/// The owner of an account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Model)]
#[model(response)]
#[non_exhaustive]
pub struct User {
    /// What the owner's generations are listed by.
    pub id: UserId,
    /// The name shown to others.
    pub username: Option<String>,
}

#[cfg(test)]
mod tests {
    use serde_json::{from_str, from_value, json, to_value};

    use super::*;

    #[test]
    fn pay_as_you_go() {
        let json = json!({
            "user": {"id": "11111111-2222-4333-8444-555555555555", "username": "example-user"},
            "tokenRenewalDate": null, "paidTokens": 12.4567, "subscriptionTokens": 0, "subscriptionGptTokens": 0,
            "subscriptionModelTokens": 0, "apiConcurrencySlots": 10, "apiSubscriptionTokens": 0,
            "apiPaidTokens": 12.4567, "apiPlanTokenRenewalDate": null,
        });
        let details: UserDetails = from_value(json.clone()).unwrap();
        assert_eq!(details.user.as_ref().unwrap().id.as_str(), "11111111-2222-4333-8444-555555555555");
        assert_eq!(details.api_paid_tokens, Some(12.4567));
        assert_eq!(details.subscription_tokens, Some(0.0));
        assert_eq!(details.api_concurrency_slots, Some(10));
        assert_eq!(to_value(details).unwrap(), json);
    }

    #[test]
    fn other_shapes() {
        assert_eq!(from_str::<UserDetails>("{}").unwrap(), UserDetails::default());
        let details: UserDetails = from_str(
            r#"{"user":{"id":null},"paidTokens":"3","apiPaidTokens":null,"apiConcurrencySlots":"5",
            "apiPlanTokenRenewalDate":"2026-01-01T00:00:00","new":{}}"#,
        )
        .unwrap();
        assert_eq!(details.user, Some(User::default()));
        assert_eq!((details.paid_tokens, details.api_paid_tokens), (Some(3.0), None));
        assert_eq!(details.api_concurrency_slots, Some(5));
        assert!(details.api_plan_token_renewal_date.unwrap().unix_millis().is_some());
    }
}
