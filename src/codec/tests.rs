use serde::de::DeserializeSeed;
use serde_json::{Value, json};

use super::input::SMALL;
use super::number::decimal;
use super::read::EXACT_NUMBER;
use super::*;

/// A record with one field.
struct One<T>(T);

impl<T: Decode> Record for One<T> {
    fn empty() -> Self {
        Self(T::empty())
    }

    fn place(&mut self, name: &str) -> Option<&mut dyn Decode> {
        (name == "x").then_some(&mut self.0)
    }
}

/// Reads a field of a request.
fn of<T: Decode>(json: &str) -> serde_json::Result<T> {
    let json = format!(r#"{{"x":{json}}}"#);
    let read = read_request::<_, One<T>>(&mut serde_json::Deserializer::from_str(&json));
    // Whatever holds for text holds for values too.
    let value: Value = serde_json::from_str(&json)?;
    assert_eq!(read_request::<_, One<T>>(value).is_ok(), read.is_ok(), "{json}");
    Ok(read?.0)
}

#[test]
fn floats() {
    for (json, number) in [
        ("null", None),
        ("\"\"", None),
        ("7", Some(7.0)),
        ("-7", Some(-7.0)),
        ("7.25", Some(7.25)),
        ("18446744073709551615", Some(18_446_744_073_709_551_615.0)),
        ("\"7\"", Some(7.0)),
        ("\" 7.25 \"", Some(7.25)),
        ("\"1e3\"", Some(1000.0)),
    ] {
        assert_eq!(of::<Option<f64>>(json).unwrap(), number, "{json}");
    }
    for json in ["true", "\"x\"", "\"NaN\"", "\"inf\"", "\"1e999\"", "[1]", "{\"a\":1}", "{}"] {
        assert!(of::<Option<f64>>(json).unwrap_err().to_string().contains("expected a number"), "{json}");
    }
}

#[test]
fn integers() {
    for (json, number) in [
        ("null", None),
        ("\" \"", None),
        ("905778432", Some(905_778_432)),
        ("9999999998", Some(9_999_999_998)),
        ("\"9999999998\"", Some(9_999_999_998)),
        ("30.0", Some(30)),
        ("\"30.0\"", Some(30)),
        ("1e3", Some(1000)),
        ("\"9223372036854775807\"", Some(i64::MAX)),
        ("-9223372036854775808", Some(i64::MIN)),
    ] {
        assert_eq!(of::<Option<i64>>(json).unwrap(), number, "{json}");
        assert_eq!(of::<i64>(json).ok(), number, "{json}");
    }
    for json in ["30.5", "\"30.5\"", "18446744073709551615", "9223372036854775808.0", "1e300", "false", "[]"] {
        assert!(of::<Option<i64>>(json).unwrap_err().to_string().contains("expected an integer"), "{json}");
    }
    assert_eq!(of::<Option<u32>>("4294967295").unwrap(), Some(u32::MAX));
    assert_eq!(of::<Option<u32>>("\"512\"").unwrap(), Some(512));
    assert!(of::<Option<u32>>("4294967296").is_err());
    assert!(of::<u32>("-1").is_err());
    assert!(of::<u32>("null").unwrap_err().to_string().contains("invalid value: null, expected an integer"));
}

#[test]
fn texts_and_booleans() {
    assert_eq!(of::<Option<String>>("null").unwrap(), None);
    assert_eq!(of::<Option<String>>("\"\\u00e4\"").unwrap().as_deref(), Some("ä"));
    assert_eq!(of::<Option<bool>>("false").unwrap(), Some(false));
    for json in ["null", "true", "[\"a\"]", "{}", "12", "-0.5", "18446744073709551615"] {
        assert!(of::<String>(json).unwrap_err().to_string().contains("expected a string"), "{json}");
    }
    assert!(of::<bool>("null").is_err());
    assert!(of::<bool>("1").unwrap_err().to_string().contains("expected a boolean"));
}

#[test]
fn lists() {
    assert_eq!(of::<Option<Vec<i64>>>("null").unwrap(), None);
    assert!(of::<Vec<i64>>("null").is_err());
    assert_eq!(of::<Vec<i64>>("[null,1,null,2]").unwrap(), [1, 2]);
    assert_eq!(of::<Option<Vec<Vec<String>>>>("[[],[\"a\"]]").unwrap().unwrap(), [vec![], vec!["a".to_owned()]]);
    assert!(of::<Vec<i64>>("{}").unwrap_err().to_string().contains("expected a list"));
    assert!(of::<Vec<i64>>("[true]").is_err());
    assert!(of::<Option<Vec<Vec<String>>>>("[[7]]").is_err());
}

#[derive(Debug, Default, PartialEq, Model)]
#[model(internal)]
struct Part {
    #[model(required)]
    id: String,
    number: Option<i64>,
}

#[derive(Debug, Default, Model)]
#[model(internal)]
struct Whole {
    flags: Vec<bool>,
    number: Option<i64>,
    part: Option<Part>,
    parts: Vec<Part>,
}

fn record<T: Decode>(json: &str) -> serde_json::Result<T> {
    let read = read_response(&mut serde_json::Deserializer::from_str(json));
    let value: Value = serde_json::from_str(json)?;
    assert_eq!(read_response::<_, T>(value).is_ok(), read.is_ok(), "{json}");
    read
}

#[test]
fn what_a_record_refuses_is_passed_over_like_null() {
    let odd = r#"{"flags":[true,"x",[1],{"a":1},null,false,7],"number":{"a":[]},"new":{}}"#;
    let read: Whole = record(odd).unwrap();
    assert_eq!((read.flags, read.number), (vec![true, false], None));
    let read: Whole = record(r#"{"flags":"x","number":[1,2],"part":[{"id":"a"}],"parts":{}}"#).unwrap();
    assert_eq!((read.flags, read.number, read.part, read.parts), (vec![], None, None, vec![]));

    let part = |id: &str, number| Part { id: id.to_owned(), number };
    let parts = r#"[{"id":"a","number":true},{"number":1},7,{"id":"b","number":2},{"id":{}},[{"id":"c"}]]"#;
    let read: Whole = record(&format!(r#"{{"part":{{"number":7}},"parts":{parts},"number":3}}"#)).unwrap();
    assert_eq!((read.part, read.number), (None, Some(3)));
    assert_eq!(read.parts, [part("a", None), part("b", Some(2))]);

    for json in ["7", "[]", "\"x\"", "null", "true"] {
        assert!(record::<Whole>(json).is_err(), "{json}");
    }
    assert_eq!(record::<Part>("{}").unwrap_err().to_string().split(" at ").next(), Some("`id` is missing or blank"));
}

#[test]
fn what_passes_for_a_boolean_in_a_record() {
    let read: Whole = record(r#"{"flags":[1,0,"true","false","1","0",true,2,-1,1.5,"yes","",[],{}]}"#).unwrap();
    assert_eq!(read.flags, [true, false, true, false, true, false, true]);
}

#[test]
fn the_id_of_what_could_not_be_read_to_its_end_is_known() {
    for (json, id) in [
        (r#"{"id":"a","number":1"#, Some("a")),
        (r#"{"number":1,"id":"a","new":"#, Some("a")),
        (r#"{"id":" ","number":1"#, None),
        (r#"{"number":1,"id":"a"#, None),
    ] {
        let mut part = Part::default();
        let budget = Budget::unlimited();
        Fill::new(&mut part, &budget).deserialize(&mut serde_json::Deserializer::from_str(json)).err().unwrap();
        assert_eq!(Decode::id(&part).as_deref(), id, "{json}");
        let mut parts = Vec::<Part>::new();
        let json = format!("[{json}");
        Fill::new(&mut parts, &budget).deserialize(&mut serde_json::Deserializer::from_str(&json)).err().unwrap();
        assert_eq!(Decode::id(&parts).as_deref(), id, "{json}");
    }
}

#[test]
fn a_budget_bounds_what_is_kept_and_not_what_is_passed_over() {
    let fill = |json: &str, bytes| {
        let (mut whole, budget) = (Whole::default(), Budget::new(bytes));
        let read = Fill::new(&mut whole, &budget).deserialize(&mut serde_json::Deserializer::from_str(json));
        assert_eq!(read.is_err(), budget.is_exceeded(), "{json}");
        read.is_ok()
    };
    let size = size_of::<Part>();
    let parts = |count| format!(r#"{{"parts":[{}]}}"#, vec![r#"{"id":"abc"}"#; count].join(","));
    for count in [1, 2, 10] {
        let cost = (count + 1) * 2 * size + count * (3 + SMALL);
        assert!(fill(&parts(count), cost) && !fill(&parts(count), cost - 1), "{count}");
    }
    let none = |item: &str| format!(r#"{{"parts":[{}]}}"#, vec![item; 1000].join(","));
    for item in ["null", "7", "{}", r#"{"number":1}"#, r#"{"id":[]}"#, r#"{"new":"text"}"#, "[[]]"] {
        assert!(fill(&none(item), 4 * size + SMALL), "{item}");
    }
    assert!(fill(&format!(r#"{{"new":"{}"}}"#, "x".repeat(1000)), 10));
    assert!(!fill(&format!(r#"{{"part":{{"id":"{}"}}}}"#, "x".repeat(1000)), 1000));
}

/// As `serde_json` gives numbers with its feature `arbitrary_precision`.
#[test]
fn numbers_that_come_as_objects() {
    let number = |text: &str| json!({EXACT_NUMBER: text});
    fn field<T: Decode>(value: Value) -> serde_json::Result<T> {
        read_request::<_, One<T>>(json!({"x": value})).map(|one| one.0)
    }
    assert_eq!(field::<Option<f64>>(number("7.25")).unwrap(), Some(7.25));
    assert_eq!(field::<Option<f64>>(number("18446744073709551616")).unwrap(), Some(18_446_744_073_709_551_616.0));
    assert_eq!(field::<Option<i64>>(number("12")).unwrap(), Some(12));
    assert_eq!(field::<u32>(number("12")).unwrap(), 12);
    assert!(field::<u32>(number("-1")).is_err());
    assert!(field::<Option<f64>>(number("1e999")).is_err());
    assert!(field::<String>(number("1.50")).unwrap_err().to_string().contains("expected a string"));
    assert!(field::<Option<String>>(number("x")).is_err());
    assert!(field::<Option<f64>>(json!({"x": 1})).is_err());
    let One(text) = read_response::<_, One<String>>(json!({"x": number("1.50")})).unwrap();
    assert_eq!(text, "1.50");
    assert!(read_response::<_, crate::models::GeneratedImage>(number("1.5")).is_err());
    let One(images) = read_response::<_, One<Vec<Part>>>(json!({"x": [number("1.5")]})).unwrap();
    assert!(images.is_empty());
    let job = json!({"generationId": "g", "apiCreditCost": number("5"), "cost": number("5")});
    let job = read_response::<_, crate::models::GenerationJob>(job).unwrap();
    assert_eq!((job.api_credit_cost, job.cost), (Some(5.0), None));
    let flags = read_response::<_, Whole>(json!({"flags": [number("1"), number("0"), number("2")]})).unwrap().flags;
    assert_eq!(flags, [true, false]);
    let other = json!({EXACT_NUMBER: "1.5", "id": "i"});
    assert_eq!(read_response::<_, crate::models::GeneratedImage>(other).unwrap().id.as_str(), "i");
}

/// A request with a field of each kind.
#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
struct Asked {
    #[model(required)]
    number: i64,
    #[model(name = "some_text", default = "a")]
    some_text: Option<String>,
    #[model(default = 4)]
    how_many: Option<u32>,
    parts: Option<Vec<AskedPart>>,
    #[model(extra)]
    extra: serde_json::Map<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Model)]
#[model(request)]
struct AskedPart {
    #[model(default = 2)]
    size: u32,
    name: Option<String>,
}

#[test]
fn requests_start_from_their_defaults_and_are_sent_without_what_is_none() {
    let asked: Asked = serde_json::from_str(r#"{"number":7}"#).unwrap();
    let expected = Asked {
        number: 7,
        some_text: Some("a".to_owned()),
        how_many: Some(4),
        parts: None,
        extra: serde_json::Map::new(),
    };
    assert_eq!(asked, expected);
    assert_eq!(serde_json::to_string(&asked).unwrap(), r#"{"number":7,"some_text":"a","howMany":4}"#);

    let json =
        r#"{"number":7,"some_text":null,"howMany":null,"parts":[null,{},{"name":"n","size":"3"}],"x":{"y":null}}"#;
    let asked: Asked = serde_json::from_str(json).unwrap();
    assert_eq!((&asked.some_text, asked.how_many), (&None, None));
    let sizes: Vec<_> = asked.parts.iter().flatten().map(|part| part.size).collect();
    assert_eq!(sizes, [2, 3]);
    let sent = r#"{"number":7,"parts":[{"size":2},{"size":3,"name":"n"}],"x":{"y":null}}"#;
    assert_eq!(serde_json::to_string(&asked).unwrap(), sent);
    assert_eq!(AskedPart::default(), AskedPart { size: 2, name: None });
}

#[test]
fn requests_are_read_strictly() {
    for (json, expected) in [
        ("null", "invalid type: null"),
        ("7", "expected an object"),
        ("[]", "expected an object"),
        ("{}", "missing field `number`"),
        (r#"{"extra":{"number":1}}"#, "missing field `number`"),
        (r#"{"number":null}"#, "invalid value: null, expected an integer"),
        (r#"{"number":" "}"#, "expected an integer"),
        (r#"{"number":1,"number":2}"#, "duplicate field `number`"),
        (r#"{"number":1,"howMany":true}"#, "invalid value: boolean `true`, expected an integer"),
        (r#"{"number":1,"howMany":[1]}"#, "expected an integer"),
        (r#"{"number":1,"some_text":5}"#, "invalid value: integer `5`, expected a string"),
        (r#"{"number":1,"some_text":{}}"#, "expected a string"),
        (r#"{"number":1,"parts":{}}"#, "expected a list"),
        (r#"{"number":1,"parts":[7]}"#, "expected an object"),
        (r#"{"number":1,"parts":[{"size":1},{"size":null}]}"#, "invalid value: null"),
        (r#"{"number":1,"parts":[{"size":1,"sice":2}]}"#, "unknown field `sice`"),
        (r#"{"number":1,"parts":[{"name":[]}]}"#, "expected a string"),
    ] {
        let error = serde_json::from_str::<Asked>(json).unwrap_err().to_string();
        assert!(error.contains(expected), "{json}: {error}");
    }
}

#[test]
fn floats_go_out_as_in_javascript() {
    for (number, json) in [
        (7.0, "7"),
        (-7.0, "-7"),
        (-0.0, "0"),
        (0.55, "0.55"),
        (9_007_199_254_740_992.0, "9007199254740992"),
        (1e300, "1e+300"),
    ] {
        let text = serde_json::to_string(&Some(number).fragment()).unwrap();
        assert_eq!(text.replace("e300", "e+300"), json);
    }
    assert_eq!(serde_json::to_string(&None::<f64>.fragment()).unwrap(), "null");
    for number in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        // Nor is the rest written as if nothing had happened.
        let error = serde_json::to_string(&vec![1.0, number, 2.0].fragment()).unwrap_err();
        assert!(error.to_string().contains("is not a finite number"));
    }
}

/// A record with an id, which an older service calls otherwise, and with what may be anything.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
struct Anything {
    #[model(required, alias = "oldId")]
    id: String,
    value: Value,
    maybe: Option<Value>,
    object: serde_json::Map<String, Value>,
}

/// A record whose id is a number.
#[derive(Clone, Debug, Default, PartialEq, Model)]
#[model(response)]
#[non_exhaustive]
struct Numbered {
    #[model(required)]
    number: i64,
    name: String,
}

#[test]
fn a_number_can_be_required() {
    for (json, number) in [(r#"{"number":7}"#, 7), (r#"{"number":"7","name":null}"#, 7), (r#"{"number":-1}"#, -1)] {
        let read: Numbered = serde_json::from_str(json).unwrap();
        assert_eq!((read.number, &*read.id().unwrap()), (number, &*number.to_string()), "{json}");
    }
    for json in ["{}", r#"{"number":0}"#, r#"{"number":null}"#, r#"{"number":"a"}"#, r#"{"number":1.5}"#] {
        let error = serde_json::from_str::<Numbered>(json).unwrap_err().to_string();
        assert!(error.contains("`number` is missing or blank"), "{error}");
    }
    assert_eq!(Numbered::default().id(), None);
}

#[test]
fn whatever_json_there_is_is_kept() {
    let body = json!({
        "id": "a",
        "value": [1, null, {"a": [], "b": {"c": 1.5, "d": null}}, "text", true, u64::MAX],
        "maybe": {"x": 1},
        "object": {"y": [null]},
    });
    let read: Anything = serde_json::from_value(body.clone()).unwrap();
    assert_eq!(serde_json::to_value(&read).unwrap(), body);
    let read: Anything = serde_json::from_str(r#"{"id":"a","value":null,"maybe":null,"object":3}"#).unwrap();
    assert_eq!((read.value, read.maybe, read.object.len()), (Value::Null, None, 0));
}

#[test]
fn a_field_is_read_by_its_other_name_too() {
    for name in ["id", "oldId"] {
        let read: Anything = serde_json::from_value(json!({ name: "a" })).unwrap();
        assert_eq!(read.id, "a");
        assert_eq!(serde_json::to_value(&read).unwrap()["id"], "a");
    }
}

#[test]
fn objects_of_any_fields_are_bounded_in_memory() {
    let body: String = (0..10_000).map(|number| format!(r#","{number}":1"#)).collect();
    let body = format!(r#"{{"id":"a","object":{{"first":1{body}}}}}"#);
    let read = |bytes| {
        let (mut record, budget) = (Anything::default(), Budget::new(bytes));
        Fill::new(&mut record, &budget).deserialize(&mut serde_json::Deserializer::from_str(&body)).is_ok()
    };
    assert!(read(4 << 20));
    assert!(!read(1 << 20));
}

#[cfg(feature = "client")]
#[test]
fn a_flat_record_may_stand_under_its_field_or_without_it() {
    use super::decode::{Found, fill_flat};

    let read = |body: &str| {
        let mut record = Anything::default();
        let unwrapped = fill_flat("generate", body, &mut record, &Budget::unlimited());
        unwrapped.map(|unwrapped| (unwrapped.found, unwrapped.errors, record))
    };
    for body in [r#"{"generate":{"id":"a","value":1}}"#, r#"{"id":"a","x":{},"value":1}"#] {
        let (found, errors, record) = read(body).unwrap();
        assert!(matches!(found, Found::Record(())) && !errors);
        assert_eq!((record.id.as_str(), record.value), ("a", json!(1)), "{body}");
    }
    let (found, errors, _) = read(r#"{"errors":[{"message":"x"}],"y":1}"#).unwrap();
    assert!(matches!(found, Found::Nothing) && errors);
    assert!(matches!(read(r#"{"generate":null}"#).unwrap().0, Found::Null));
    assert!(read(r#"{"value":1}"#).is_err_and(|error| error.to_string().contains("`id` is missing or blank")));
}

#[test]
fn numbers_become_text_without_exponents() {
    let mut numbers = vec![0.0, -0.0, 5.0, 0.1, 0.0147, -2.5, 1e15, 1e16, 1.5e16, 1e21, 1.234e-7, -5e-324, f64::MAX];
    for number in &numbers {
        assert_eq!(decimal(*number), Some(number.to_string()), "{number:e}");
    }
    let mut state = 1_u64;
    for _ in 0..20_000 {
        // Any bits, so that there are some of each exponent.
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        numbers.push(f64::from_bits(state ^ state >> 29));
    }
    for number in numbers.into_iter().filter(|number| number.is_finite()) {
        let text = decimal(number).unwrap();
        // Of two that are equally near, either will do.
        assert_eq!((text.len(), text.parse()), (number.to_string().len(), Ok(number)), "{number:e}");
    }
    assert_eq!(decimal(f64::INFINITY), None);
}
