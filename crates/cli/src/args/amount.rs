//! An amount of money, as it is typed.

use leonardo_ai::models::Cost;

/// An amount with its unit, such as `5usd`, `$5` or `500credits`.
pub fn amount(text: &str) -> Result<Cost, String> {
    let lower = text.trim().to_lowercase();
    let (number, unit) = match lower.strip_prefix('$') {
        Some(number) => (number, "usd"),
        None => {
            lower.split_at(lower.find(|char: char| char.is_ascii_alphabetic() || char == '$').unwrap_or(lower.len()))
        }
    };
    let (number, unit) = (number.trim(), unit.trim());
    let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
    let is_number = |text: &str| (1..=15).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return Err("must be an amount of dollars or credits, such as 5usd, $5 or 500credits".to_owned());
    }
    match unit {
        "usd" | "$" | "dollar" | "dollars" => Ok(Cost::dollars(number)),
        "credit" | "credits" => match number.parse() {
            Ok(credits) => Ok(Cost::credits(credits)),
            Err(_) => Err("credits are counted whole, as in 500credits".to_owned()),
        },
        "" => Err(format!("has no unit: say {number}usd or {number}credits, as the account pays")),
        other => Err(format!("{other:?} is no unit: say {number}usd or {number}credits")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_a_unit() {
        for (text, cost) in [
            ("5usd", Cost::dollars("5")),
            ("$12.50", Cost::dollars("12.50")),
            ("0.3 USD", Cost::dollars("0.3")),
            ("5$", Cost::dollars("5")),
            ("500credits", Cost::credits(500)),
            ("1 credit", Cost::credits(1)),
            ("0credits", Cost::credits(0)),
        ] {
            assert_eq!(amount(text), Ok(cost), "{text}");
        }
        for text in
            ["", "5", "usd", "-5usd", "5.5credits", "5eur", "$", "1e3usd", ".5usd", "5.usd", "NaNusd", "$5usd", "５usd"]
        {
            assert!(amount(text).is_err(), "{text}");
        }
        assert!(amount(&format!("{}usd", "9".repeat(99))).is_err());
    }
}
