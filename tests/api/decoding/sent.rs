//! What is sent.

use std::sync::{Arc, Mutex};

use leonardo_ai::funcs::{
    image_create_generation, image_delete_generation_by_id, image_get_generation_by_id,
    image_get_generations_by_user_id,
};
use leonardo_ai::http::{HeaderMap, Method, StatusCode};
use leonardo_ai::models::{
    CanvasRequestType, ControlnetInput, ControlnetType, CreateGenerationRequest, ElementInput,
    GetGenerationsByUserIdRequest, InitImageType, PresetStyle, Scheduler, SdVersion, StrengthType, Transparency,
    UserElementInput,
};
use leonardo_ai::url::Url;
use leonardo_ai::{Call, Effect, Error, Operation, RetryPolicy, TransportRequest, TransportResponse};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value};

use super::{any_json, any_text, config, wait};
use crate::common::{ID, double, everything};

fn any_number() -> impl Strategy<Value = Option<f64>> {
    let finite = any::<f64>().prop_filter("JSON has no such number", |number| number.is_finite());
    option::of(prop_oneof![(-10_000..10_000).prop_map(|number| f64::from(number) / 64.0), finite])
}

/// An enum's value out of text, known or not.
fn any_value<T: From<String> + std::fmt::Debug>(values: &'static [&'static str]) -> impl Strategy<Value = T> {
    prop_oneof![select(values).prop_map(|known| T::from(known.to_owned())), any_text().prop_map(T::from)]
}

prop_compose! {
    fn any_controlnet()(
        image in any_text(),
        kind in any_value::<InitImageType>(InitImageType::VALUES),
        preprocessor_id in any::<i64>(),
        weight in any_number(),
        strength_type in option::of(any_value::<StrengthType>(StrengthType::VALUES)),
        influence in any_number(),
    ) -> ControlnetInput {
        let init_image_id = image.into();
        ControlnetInput { init_image_id, init_image_type: kind, preprocessor_id, weight, strength_type, influence }
    }
}

prop_compose! {
    fn any_lists()(
        controlnets in option::of(vec(any_controlnet(), 0..3)),
        elements in option::of(vec((any_text(), any_number()), 0..3)),
        user_elements in option::of(vec((option::of(any::<i64>()), any_number()), 0..3)),
        image_prompts in option::of(vec(any_text(), 0..3)),
    ) -> CreateGenerationRequest {
        let element = |(id, weight): (String, _)| ElementInput { ak_uuid: id.into(), weight };
        let user_element = |(number, weight): (Option<i64>, _)| UserElementInput { user_lora_id: number.map(Into::into), weight };
        CreateGenerationRequest {
            controlnets,
            elements: elements.map(|list| list.into_iter().map(element).collect()),
            user_elements: user_elements.map(|list| list.into_iter().map(user_element).collect()),
            image_prompts: image_prompts.map(|list| list.into_iter().map(Into::into).collect()),
            ..CreateGenerationRequest::default()
        }
    }
}

type Enums = (
    Option<PresetStyle>,
    Option<Scheduler>,
    Option<SdVersion>,
    Option<Transparency>,
    Option<ControlnetType>,
    Option<CanvasRequestType>,
);

fn any_enums() -> impl Strategy<Value = Enums> {
    (
        option::of(any_value(PresetStyle::VALUES)),
        option::of(any_value(Scheduler::VALUES)),
        option::of(any_value(SdVersion::VALUES)),
        option::of(any_value(Transparency::VALUES)),
        option::of(any_value(ControlnetType::VALUES)),
        option::of(any_value(CanvasRequestType::VALUES)),
    )
}

prop_compose! {
    fn any_request()(
        lists in any_lists(),
        flags in vec(any::<Option<bool>>(), 15),
        numbers in vec(any_number(), 10),
        texts in vec(option::of(any_text()), 10),
        sizes in vec(any::<Option<u32>>(), 4),
        seed in any::<Option<i64>>(),
        enums in any_enums(),
        prompt in any_text(),
        extra in btree_map("x[a-z]{0,6}", any_json(), 0..3),
    ) -> CreateGenerationRequest {
        let (preset_style, scheduler, sd_version, transparency, control_net_type, canvas_request_type) = enums;
        // Every field is named, so that a new one cannot be forgotten here.
        CreateGenerationRequest {
            alchemy: flags[0],
            contrast_ratio: numbers[0],
            contrast: numbers[1],
            controlnets: lists.controlnets,
            elements: lists.elements,
            user_elements: lists.user_elements,
            expanded_domain: flags[1],
            fantasy_avatar: flags[2],
            guidance_scale: numbers[2],
            height: sizes[0],
            high_contrast: flags[3],
            high_resolution: flags[4],
            image_prompts: lists.image_prompts,
            image_prompt_weight: numbers[3],
            init_generation_image_id: texts[0].clone().map(Into::into),
            init_image_id: texts[1].clone().map(Into::into),
            init_strength: numbers[4],
            model_id: texts[2].clone().map(Into::into),
            negative_prompt: texts[3].clone(),
            num_images: sizes[1],
            num_inference_steps: sizes[2],
            photo_real: flags[5],
            photo_real_version: texts[4].clone(),
            photo_real_strength: numbers[5],
            preset_style,
            prompt,
            prompt_magic: flags[6],
            prompt_magic_strength: numbers[6],
            prompt_magic_version: texts[5].clone(),
            public: flags[7],
            scheduler,
            sd_version,
            seed,
            style_uuid: texts[9].clone(),
            tiling: flags[8],
            transparency,
            ultra: flags[9],
            unzoom: flags[10],
            unzoom_amount: numbers[7],
            upscale_ratio: numbers[8],
            width: sizes[3],
            control_net: flags[11],
            control_net_type,
            weighting: numbers[9],
            canvas_request: flags[12],
            canvas_request_type,
            canvas_init_id: texts[6].clone().map(Into::into),
            canvas_mask_id: texts[7].clone().map(Into::into),
            enhance_prompt: flags[13],
            enhance_prompt_instruction: texts[8].clone(),
            extra: extra.into_iter().collect::<Map<_, _>>(),
        }
    }
}

/// Whether two values are the same but for the last digit of decimals, which parsing text may change.
fn close(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) if one != other => {
            let (one, other) = (one.as_f64().unwrap(), other.as_f64().unwrap());
            (one - other).abs() <= one.abs() * 1e-15 + f64::MIN_POSITIVE
        }
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| close(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| other.get(name).is_some_and(|other| close(value, other)))
        }
        _ => one == other,
    }
}

/// A core that remembers its requests and responds to them with an empty object.
fn recorder() -> (leonardo_ai::LeonardoCoreBuilder, Arc<Mutex<Vec<TransportRequest>>>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let shared = seen.clone();
    let builder = double(move |request| {
        shared.lock().unwrap().push(request);
        Ok(TransportResponse::new(StatusCode::OK, HeaderMap::new(), "{}"))
    });
    (builder.retry(RetryPolicy::none()), seen)
}

proptest! {
    #![proptest_config(config(128))]

    #[test]
    fn a_request_goes_there_and_back(request in any_request()) {
        let encoded = serde_json::to_value(&request).unwrap();
        // Reading starts from the defaults, so what is not sent has its default afterwards.
        let default = CreateGenerationRequest::default();
        let mut expected = request.clone();
        expected.alchemy = expected.alchemy.or(default.alchemy);
        expected.height = expected.height.or(default.height);
        expected.model_id = expected.model_id.or(default.model_id);
        expected.num_images = expected.num_images.or(default.num_images);
        expected.preset_style = expected.preset_style.or(default.preset_style);
        expected.width = expected.width.or(default.width);
        prop_assert_eq!(&serde_json::from_value::<CreateGenerationRequest>(encoded.clone()).unwrap(), &expected);

        let text = serde_json::to_string(&request).unwrap();
        let read: CreateGenerationRequest = serde_json::from_str(&text).unwrap();
        let (read, expected) = (serde_json::to_value(read).unwrap(), serde_json::to_value(expected).unwrap());
        prop_assert!(close(&read, &expected), "{read} {expected}");

        // What is sent is the same text.
        let (core, seen) = recorder();
        let core = core.build().unwrap();
        let is_blank = request.prompt.trim().is_empty();
        let _ = wait(image_create_generation(&core, request));
        if is_blank {
            prop_assert!(seen.lock().unwrap().is_empty());
            return Ok(());
        }
        let sent = seen.lock().unwrap().pop().unwrap();
        prop_assert_eq!(sent.body.as_deref(), Some(text.as_bytes()));
    }

    #[test]
    fn a_number_that_json_lacks_is_refused_and_nothing_is_sent(
        mut request in any_request(),
        number in select(&[f64::NAN, f64::INFINITY, f64::NEG_INFINITY][..]),
        at in 0..11,
    ) {
        let controlnets = || vec![ControlnetInput { weight: Some(number), ..ControlnetInput::uploaded("a", 67) }];
        match at {
            0 => request.contrast = Some(number),
            1 => request.contrast_ratio = Some(number),
            2 => request.guidance_scale = Some(number),
            3 => request.image_prompt_weight = Some(number),
            4 => request.init_strength = Some(number),
            5 => request.photo_real_strength = Some(number),
            6 => request.prompt_magic_strength = Some(number),
            7 => request.unzoom_amount = Some(number),
            8 => request.upscale_ratio = Some(number),
            9 => request.weighting = Some(number),
            _ => request.controlnets = Some(controlnets()),
        }
        let (core, seen) = recorder();
        let core = core.build().unwrap();
        let error = wait(image_create_generation(&core, request)).unwrap_err();
        prop_assert!(matches!(error, Error::InvalidRequest(_)), "{}", error);
        prop_assert_eq!(error.call().unwrap().attempts, 0);
        prop_assert!(seen.lock().unwrap().is_empty());
    }
}

fn any_url() -> impl Strategy<Value = String> {
    let segment = select(
        &[
            "v1", "v2", "", "", ".", "..", "%2e", "%2E%2e", "%2f", "%00", "%", "a b", "ä", "\\", "\\..", "api", "rest",
            "V1", "v1;", ";", "@", ":", "?", "#", "\t", "\n", "C:", "|", "\u{202e}", "+", "'", "\"", "<", "{}", "^",
            "~",
        ][..],
    );
    let host = select(
        &[
            "h.example",
            "H.EXAMPLE",
            "127.0.0.1",
            "0x7f.1",
            "[::1]",
            "[::1",
            "user@h",
            "user:password@h",
            "@h",
            ":@h",
            "h:",
            "h:0",
            "h:80",
            "h:443",
            "h:65536",
            "",
            ".",
            "xn--",
            "münchen.example",
            "h%41",
            "h h",
            "h\\x",
            "a_b",
            "1.2.3.4.5",
        ][..],
    );
    let scheme = select(
        &[
            "http://",
            "https://",
            "HTTP://",
            "http:",
            "https:/",
            "http:///",
            "http:\\\\",
            " http://",
            "ftp://",
            "file://",
            "data:",
            "ws://",
            "unix:",
            "//",
            "",
        ][..],
    );
    prop_oneof![
        1 => any_text(),
        1 => any::<String>(),
        8 => (scheme, host, vec(segment, 0..5)).prop_map(|(scheme, host, segments)| {
            let path: String = segments.iter().map(|segment| format!("/{segment}")).collect();
            format!("{scheme}{host}{path}")
        }),
        4 => vec(select(&["v1", "", "a", "%2e", "..", "a b", "%3f"][..]), 0..5)
            .prop_map(|segments| format!("https://h.example/{}", segments.join("/"))),
    ]
}

proptest! {
    #![proptest_config(config(256))]

    #[test]
    fn requests_go_below_the_server_url_or_it_is_refused(text in any_url(), key in prop_oneof![any_text(), "[!-~]{1,40}"]) {
        let (builder, seen) = recorder();
        let builder = builder.bearer_auth(&*key).server_url(&*text).allow_http(true);
        let _ = format!("{builder:?}");
        let core = match builder.build() {
            Ok(core) => core,
            Err(error) => {
                prop_assert!(matches!(error, Error::Config(_)));
                prop_assert!(!error.to_string().contains("password@"));
                let _ = everything(&error);
                return Ok(());
            }
        };
        prop_assert!(key.bytes().all(|byte| byte.is_ascii_graphic()) && !key.is_empty(), "{key:?}");
        let given = Url::parse(&text).unwrap();
        prop_assert!(matches!(given.scheme(), "http" | "https"));
        let base = given.path().trim_end_matches('/');
        let base = base.strip_suffix("/v1").or_else(|| base.strip_suffix("/v2")).unwrap_or(base).trim_end_matches('/');
        prop_assert!(given.as_str().starts_with(core.server_url()), "{}", core.server_url());
        let _ = format!("{core:?}");

        let _ = wait(image_get_generation_by_id(&core, ID));
        let request = seen.lock().unwrap().pop().unwrap();
        prop_assert_eq!(request.url.origin(), given.origin());
        prop_assert_eq!(request.url.path(), format!("{base}/v1/generations/{ID}"));
        prop_assert_eq!((request.url.username(), request.url.password()), ("", None));
        prop_assert_eq!((request.url.query(), request.url.fragment()), (None, None));
        prop_assert_eq!(&Url::parse(request.url.as_str()).unwrap(), &request.url);
        prop_assert_eq!(request.headers["authorization"].to_str().unwrap(), format!("Bearer {key}"));

        // The same text as an option of one call.
        let (other, seen) = recorder();
        let _ = wait(image_get_generation_by_id(&other.allow_http(true).build().unwrap(), ID).server_url(&text));
        prop_assert_eq!(&seen.lock().unwrap().pop().unwrap().url, &request.url);
    }

    #[test]
    fn an_id_stays_one_segment_or_is_refused(
        id in prop_oneof![
            vec(any::<char>(), 0..16).prop_map(|text| text.into_iter().collect()),
            vec(select(&[".", "/", "\\", "%", "2e", "2f", "?", "#", ":", "@", ";", "&", "=", "+", " ", "\u{feff}"][..]), 0..6)
                .prop_map(|parts| parts.concat()),
            any_text(),
        ],
        base in select(&["https://h.example", "https://h.example/api/rest/", "http://[::1]:8080/a/v1"][..]),
    ) {
        static TWO: Operation = Operation::new("two_ids", Method::GET, "/v1/a/{first}/b/{second}", Effect::Read);
        let (core, seen) = recorder();
        let core = core.server_url(base).build().unwrap();
        let depth = Url::parse(base).unwrap().path().trim_matches('/').trim_end_matches("/v1").split('/')
            .filter(|segment| !segment.is_empty() && *segment != "v1").count();
        let refusable = id.is_empty() || id == "." || id == ".." || id.chars().any(char::is_control);
        let results = wait(async {
            let page = GetGenerationsByUserIdRequest { offset: Some(5), limit: None };
            [
                image_get_generation_by_id(&core, &*id).await.map(drop),
                image_delete_generation_by_id(&core, &*id).await.map(drop),
                image_get_generations_by_user_id(&core, &*id, page).await.map(drop),
                Call::new(&core, &TWO).id(&id).id(&id).await.map(drop),
            ]
        });
        let seen = std::mem::take(&mut *seen.lock().unwrap());
        if refusable {
            prop_assert!(seen.is_empty(), "{:?}", seen);
            prop_assert!(results.iter().all(|result| matches!(result, Err(Error::InvalidRequest(_)))));
            return Ok(());
        }
        let expected: [&[&str]; 4] = [
            &["v1", "generations", &id],
            &["v1", "generations", &id],
            &["v1", "generations", "user", &id],
            &["v1", "a", &id, "b", &id],
        ];
        prop_assert_eq!(seen.len(), expected.len());
        for (request, expected) in seen.iter().zip(expected) {
            let segments: Vec<String> =
                request.url.path_segments().unwrap().skip(depth).map(percent_decoded).collect();
            prop_assert_eq!(&segments, expected, "{}", request.url);
            prop_assert_eq!(&Url::parse(request.url.as_str()).unwrap(), &request.url);
            prop_assert!(request.url.fragment().is_none() && request.url.query().is_none_or(|query| query == "offset=5"));
            prop_assert!(request.url.as_str().is_ascii());
        }
    }
}

/// Independent of the crate that the SDK encodes with.
fn percent_decoded(segment: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = segment.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        if byte == b'%' {
            let digits = std::str::from_utf8(&after[..2]).expect("two digits");
            bytes.push(u8::from_str_radix(digits, 16).expect("two hexadecimal digits"));
            rest = &after[2..];
        } else {
            bytes.push(byte);
            rest = after;
        }
    }
    String::from_utf8(bytes).expect("text")
}
