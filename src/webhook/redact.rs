//! What must not be kept of an event that this crate does not know.

use serde_json::{Map, Value};

/// Shorter texts are no secrets, and stand in too many others.
const LEAST_SECRET: usize = 8;
/// With more than this many, nothing is kept.
const MOST_SECRETS: usize = 100;

/// Removes the fields that look like credentials, and whatever else holds one of the same texts, or one of `keys`.
pub(super) fn credentials<'a>(fields: &mut Map<String, Value>, keys: impl Iterator<Item = &'a str>) {
    let mut secrets: Vec<String> = keys.map(str::to_lowercase).collect();
    remove_named(fields, &mut secrets);
    secrets.retain(|secret| secret.len() >= LEAST_SECRET);
    secrets.sort_unstable();
    secrets.dedup();
    if secrets.len() > MOST_SECRETS {
        // Each text is searched for each of them.
        fields.clear();
    }
    remove_holding(fields, &secrets);
}

/// Whether a field of this name holds a credential. Ids of keys and costs in tokens do not.
fn is_named_so(name: &str) -> bool {
    let name: String = name.chars().filter(|char| char.is_alphanumeric()).flat_map(char::to_lowercase).collect();
    let is = |word: &str| name.ends_with(word) || name.strip_suffix('s').is_some_and(|one| one.ends_with(word));
    ["key", "secret", "token", "password", "passwd", "passphrase", "signature", "cookie", "bearer"].into_iter().any(is)
        || ["credential", "authoriz", "secret", "password", "presigned", "signedurl"]
            .iter()
            .any(|part| name.contains(part))
}

/// Removes them at any depth, and keeps their texts in `secrets`.
fn remove_named(fields: &mut Map<String, Value>, secrets: &mut Vec<String>) {
    fields.retain(|name, value| {
        // A number or a yes is no credential: how many tokens there are, whether a key was used.
        let is_credential = is_named_so(name) && !matches!(value, Value::Null | Value::Bool(_) | Value::Number(_));
        if is_credential {
            texts(value, secrets);
        }
        !is_credential
    });
    fields.values_mut().for_each(|value| within(value, &mut |fields| remove_named(fields, secrets)));
}

/// Calls it with each object that is nearest.
fn within(value: &mut Value, each: &mut dyn FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(fields) => each(fields),
        Value::Array(items) => items.iter_mut().for_each(|item| within(item, each)),
        _ => {}
    }
}

/// The texts that are credentials in a credential: of an object, those that are named so, since its id and its name are
/// none.
fn texts(value: &Value, secrets: &mut Vec<String>) {
    match value {
        Value::String(text) => secrets.push(text.to_lowercase()),
        Value::Array(items) => items.iter().for_each(|item| texts(item, secrets)),
        Value::Object(fields) => {
            fields.iter().filter(|(name, _)| is_named_so(name)).for_each(|(_, value)| texts(value, secrets));
        }
        _ => {}
    }
}

fn remove_holding(fields: &mut Map<String, Value>, secrets: &[String]) {
    fields.retain(|name, value| !holds(name, secrets) && !is_secret(value, secrets));
    for value in fields.values_mut() {
        remove_items(value, secrets);
    }
}

fn remove_items(value: &mut Value, secrets: &[String]) {
    match value {
        Value::Object(fields) => remove_holding(fields, secrets),
        Value::Array(items) => {
            items.retain(|item| !is_secret(item, secrets));
            items.iter_mut().for_each(|item| remove_items(item, secrets));
        }
        _ => {}
    }
}

fn is_secret(value: &Value, secrets: &[String]) -> bool {
    value.as_str().is_some_and(|text| holds(text, secrets))
}

/// Whether a text holds a secret, or looks like one by itself: a header, a presigned link, a signed token.
fn holds(text: &str, secrets: &[String]) -> bool {
    let text = text.to_lowercase();
    let text = text.trim();
    let scheme = ["bearer ", "basic "].iter().find_map(|scheme| text.strip_prefix(scheme));
    secrets.iter().any(|secret| text.contains(secret.as_str()))
        || ["x-amz-signature", "x-amz-security-token", "x-amz-credential", "signature="]
            .iter()
            .any(|it| text.contains(it))
        || scheme.is_some_and(|rest| !rest.trim().contains(char::is_whitespace))
        || (text.starts_with("eyj") && text.matches('.').count() == 2)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn credentials_go_and_the_rest_stays() {
        let event = json!({
            "type": "video_generation.complete",
            "data": {"object": {
                "id": "v-1",
                "apiKeyId": "k-1",
                "tokenCost": 3,
                "tokens": 7,
                "keyUsed": true,
                "monkey": {"id": "m-1"},
                "apiKey": {"id": "k-1", "name": "n-1", "key": "SECRET-0001", "webhookCallbackApiKey": "secret-0002"},
                "webhookCallbackApiKey": "secret-0002",
                "accessTokens": ["secret-0003"],
                "client_secret": "secret-0004",
                "X-Api-Key": "secret-0005",
                "note": "made with secret-0001",
                "list": ["a", "SECRET-0002", {"password": "secret-0006", "b": "https://x/?sig=1"}],
                "link": "https://x/y?X-Amz-Signature=secret-0007",
                "header": "Bearer secret-0008",
                "prompt": "basic shapes of a signet, bearer of bad news",
                "jwt": "eyJhbGciOi.eyJzdWIi.secret-0009",
                "secret-0001": "the name of a field",
                "called": "callback-0010",
                "nested": [[{"token": "secret-0011", "c": 1}]],
            }},
        });
        let Value::Object(mut fields) = event else { unreachable!() };
        credentials(&mut fields, ["callback-0010"].into_iter());
        let text = Value::Object(fields.clone()).to_string().to_lowercase();
        assert!(!text.contains("secret") && !text.contains("callback-0010"), "{text}");
        // A field whose name ends so is taken for one.
        assert_eq!(
            fields["data"]["object"],
            json!({"id": "v-1", "apiKeyId": "k-1", "tokenCost": 3, "tokens": 7, "keyUsed": true,
                   "prompt": "basic shapes of a signet, bearer of bad news",
                   "list": ["a", {"b": "https://x/?sig=1"}], "nested": [[{"c": 1}]]})
        );
    }

    #[test]
    fn of_more_credentials_than_there_can_be_nothing_is_kept() {
        let many: Vec<String> = (0..101).map(|number| format!("secret-{number:04}")).collect();
        let Value::Object(mut fields) = json!({"keys": many, "a": 1}) else { unreachable!() };
        credentials(&mut fields, std::iter::empty());
        assert!(fields.is_empty());
    }
}
