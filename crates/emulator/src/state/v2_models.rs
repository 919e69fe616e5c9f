//! The models of version 2, each with its parameters, read from `v2-models.json`.
//!
//! That file has what is known of them: names, ranges, defaults, sizes, guidances. Where a list of pairs of width and
//! height is not known there is a range up to the largest side instead, and nothing is known of the sizes of some videos;
//! their ranges are invented. So are the ids of models that have none in the file.

use std::sync::OnceLock;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::ids::{self, hash, mix};

/// A model that requests name by its slug.
pub(crate) struct Model {
    pub(crate) slug: String,
    pub(crate) name: String,
    pub(crate) id: Uuid,
    pub(crate) kind: Kind,
    /// What records of its videos call it.
    pub(crate) motion_model: String,
    /// Unless what it makes has none.
    pub(crate) sizes: Option<Sizes>,
    /// What it can be guided by, by name.
    pub(crate) guidances: Vec<(String, Guidance)>,
    pub(crate) rules: Vec<Rule>,
    /// A JSON schema of its parameters, by which they are checked and which the API shows.
    pub(crate) schema: Value,
}

/// What a model makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Image,
    Video,
    Audio,
    ThreeD,
    /// A larger image.
    Upscale,
    /// An image without its background.
    RemoveBackground,
}

/// Which widths and heights there are.
pub(crate) struct Sizes {
    pub(crate) sides: Sides,
    /// Whether 0 by 0 asks for the size that fits the image that is given.
    pub(crate) auto: bool,
    pub(crate) default: Option<(u32, u32)>,
    /// Whether a pair that is not listed becomes a square, and is not refused.
    pub(crate) falls_back: bool,
}

pub(crate) enum Sides {
    Free {
        width: (u32, u32),
        height: (u32, u32),
        step: u32,
    },
    /// Each side one of these.
    Listed {
        widths: Vec<u32>,
        heights: Vec<u32>,
    },
    Pairs(Vec<(u32, u32)>),
}

/// What is under one name of the guidances.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Guidance {
    Image,
    Video,
    Audio,
    Webpage,
}

/// What a schema does not say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    EndFrameNeedsStartFrame,
    FramesOrReferences,
    /// Width and height come together or not at all.
    BothSides,
    SoundNeedsPicture,
    /// With a video to be guided by there are at most 10 s and 4 images, and no frames.
    ShortWithVideo,
}

/// All models, in the order of the file.
pub(crate) fn all() -> &'static [Model] {
    static MODELS: OnceLock<Vec<Model>> = OnceLock::new();
    MODELS.get_or_init(|| {
        let entries: Vec<Value> = serde_json::from_str(include_str!("v2-models.json")).unwrap_or_default();
        entries.iter().filter_map(model).collect()
    })
}

/// The model of this slug.
pub(crate) fn by_slug(slug: &str) -> Option<&'static Model> {
    all().iter().find(|model| model.slug == slug)
}

fn model(entry: &Value) -> Option<Model> {
    let slug = entry["slug"].as_str()?.to_owned();
    let kind = match entry["kind"].as_str()? {
        "image" => Kind::Image,
        "video" => Kind::Video,
        "audio" => Kind::Audio,
        "3d" => Kind::ThreeD,
        "upscale" => Kind::Upscale,
        "removeBackground" => Kind::RemoveBackground,
        _ => return None,
    };
    let id = match entry["id"].as_str() {
        Some(id) => ids::parse(id)?,
        None => invented_id(&slug),
    };
    let none = Map::new();
    let guidances = entry["guidances"].as_object().unwrap_or(&none);
    let rules = entry["rules"].as_array().map(|rules| rules.iter().filter_map(rule).collect());
    let sizes = match &entry["size"] {
        Value::Null => None,
        size => Some(sizes(size)?),
    };
    Some(Model {
        name: entry["name"].as_str()?.to_owned(),
        id,
        kind,
        motion_model: entry["motionModel"].as_str().map_or_else(|| motion_model(&slug), str::to_owned),
        guidances: guidances
            .iter()
            .map(|(name, guidance)| Some((name.clone(), kind_of(guidance)?)))
            .collect::<Option<_>>()?,
        rules: rules.unwrap_or_default(),
        schema: schema(entry, sizes.as_ref(), guidances)?,
        sizes,
        slug,
    })
}

fn invented_id(slug: &str) -> Uuid {
    let number = hash(slug.as_bytes());
    ids::from_bits(u128::from(number) << 64 | u128::from(mix(number)))
}

/// `SEEDANCE2_5` of `bytedance/seedance-2.5`.
fn motion_model(slug: &str) -> String {
    let name = slug.rsplit('/').next().unwrap_or(slug);
    name.replace('-', "").replace('.', "_").to_uppercase()
}

fn rule(name: &Value) -> Option<Rule> {
    Some(match name.as_str()? {
        "endFrameNeedsStartFrame" => Rule::EndFrameNeedsStartFrame,
        "framesOrReferences" => Rule::FramesOrReferences,
        "bothSides" => Rule::BothSides,
        "soundNeedsPicture" => Rule::SoundNeedsPicture,
        "shortWithVideo" => Rule::ShortWithVideo,
        _ => return None,
    })
}

fn kind_of(guidance: &Value) -> Option<Guidance> {
    Some(match guidance["item"].as_str()? {
        "image" => Guidance::Image,
        "video" => Guidance::Video,
        "audio" => Guidance::Audio,
        "webpage" => Guidance::Webpage,
        _ => return None,
    })
}

fn sizes(size: &Value) -> Option<Sizes> {
    let number = |value: &Value| value.as_u64().and_then(|number| u32::try_from(number).ok());
    let numbers = |value: &Value| value.as_array()?.iter().map(number).collect::<Option<Vec<u32>>>();
    let pair = |value: &Value| match numbers(value)?[..] {
        [first, second] => Some((first, second)),
        _ => None,
    };
    let sides = if let Some(pairs) = size["pairs"].as_array() {
        Sides::Pairs(pairs.iter().map(pair).collect::<Option<_>>()?)
    } else if size["widths"].is_array() {
        Sides::Listed { widths: numbers(&size["widths"])?, heights: numbers(&size["heights"])? }
    } else {
        let step = number(&size["step"]).unwrap_or(1);
        Sides::Free { width: pair(&size["width"])?, height: pair(&size["height"])?, step }
    };
    Some(Sizes {
        sides,
        auto: size["auto"] == true,
        default: pair(&size["default"]),
        falls_back: size["fallsBack"] == true,
    })
}

fn schema(entry: &Value, sizes: Option<&Sizes>, guidances: &Map<String, Value>) -> Option<Value> {
    let mut properties = entry["parameters"].as_object()?.clone();
    if let Some(sizes) = sizes {
        let default = sizes.default;
        let sides = [("width", default.map(|size| size.0)), ("height", default.map(|size| size.1))];
        for (name, default) in sides {
            let mut side = sizes.side(name == "width");
            if let (Some(default), Some(side)) = (default, side.as_object_mut()) {
                side.insert("default".into(), default.into());
            }
            properties.insert(name.into(), side);
        }
    }
    if !guidances.is_empty() {
        let needed: Vec<&String> =
            guidances.iter().filter(|(_, guidance)| guidance["required"] == true).map(|(name, _)| name).collect();
        let items: Map<String, Value> =
            guidances.iter().map(|(name, guidance)| Some((name.clone(), guided(guidance)?))).collect::<Option<_>>()?;
        let guidances =
            json!({"type": "object", "properties": items, "required": needed, "additionalProperties": false});
        properties.insert("guidances".into(), guidances);
    }
    let required = &entry["required"];
    Some(json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false}))
}

impl Sizes {
    /// The schema of one of the sides.
    fn side(&self, is_width: bool) -> Value {
        let listed = |sides: &mut dyn Iterator<Item = u32>| {
            let mut sides: Vec<u32> = sides.chain(self.auto.then_some(0)).collect();
            sides.sort_unstable();
            sides.dedup();
            json!({"type": "integer", "enum": sides})
        };
        match &self.sides {
            Sides::Free { width, height, step } => {
                let (least, most) = if is_width { width } else { height };
                let mut side = json!({"type": "integer", "minimum": least, "maximum": most});
                if let (true, Some(side)) = (*step > 1, side.as_object_mut()) {
                    side.insert("multipleOf".into(), (*step).into());
                }
                side
            }
            Sides::Listed { widths, heights } => listed(&mut if is_width { widths } else { heights }.iter().copied()),
            Sides::Pairs(pairs) => {
                listed(&mut pairs.iter().map(|(width, height)| if is_width { *width } else { *height }))
            }
        }
    }
}

/// The schema of what is under one name of the guidances.
fn guided(guidance: &Value) -> Option<Value> {
    let kind = guidance["item"].as_str()?;
    let uuid = json!({"type": "string", "format": "uuid"});
    let url = json!({"type": "string", "format": "uri"});
    let types = |all: Value| match &guidance["types"] {
        Value::Null => all,
        types => types.clone(),
    };
    let mut thing = match kind_of(guidance)? {
        Guidance::Image => json!({
            "type": {"type": "string", "enum": types(json!(["UPLOADED", "GENERATED", "VARIATION", "URL", "BASE64"]))},
            "id": uuid,
            "url": url,
            "data": {"type": "string"},
            "width": {"type": "integer"},
            "height": {"type": "integer"},
        }),
        Guidance::Video | Guidance::Audio => json!({
            "type": {"type": "string", "enum": types(json!(["UPLOADED", "GENERATED"]))},
            "id": uuid,
            "duration": {"type": "number"},
        }),
        Guidance::Webpage => json!({"url": url}),
    };
    for field in guidance["fields"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        thing[field] = match field {
            "url" => url.clone(),
            "motion_has_audio" => json!({"type": "boolean"}),
            _ => json!({"type": "integer"}),
        };
    }
    let needed = match kind_of(guidance)? {
        Guidance::Image => json!([]),
        Guidance::Video | Guidance::Audio => json!(["type", "id"]),
        Guidance::Webpage => json!(["url"]),
    };
    let thing = json!({"type": "object", "properties": thing, "required": needed, "additionalProperties": false});
    let mut item = json!({kind: thing, "order": {"type": "integer", "minimum": 0}});
    match guidance["strength"].as_array() {
        Some(none) if none.is_empty() => {}
        Some(strengths) => item["strength"] = json!({"type": "string", "enum": strengths}),
        None => item["strength"] = json!({"type": "string", "enum": ["LOW", "MID", "HIGH"]}),
    }
    if let Some(roles) = guidance["roles"].as_array() {
        item["type"] = json!({"type": "string", "enum": roles});
    }
    let needed = if guidance["strengthRequired"] == true { json!([kind, "strength"]) } else { json!([kind]) };
    let item = json!({"type": "object", "properties": item, "required": needed, "additionalProperties": false});
    let mut list = json!({"type": "array", "maxItems": guidance["most"], "items": item});
    if let Some(least) = guidance["least"].as_u64() {
        list["minItems"] = least.into();
    }
    Some(list)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_file_is_read_whole() {
        assert_eq!(all().len(), 79);
        let unique = |of: fn(&Model) -> String| all().iter().map(of).collect::<HashSet<_>>().len();
        assert_eq!((unique(|model| model.id.to_string()), unique(|model| model.slug.clone())), (79, 79));
        let rules: usize = all().iter().map(|model| model.rules.len()).sum();
        let named = include_str!("v2-models.json").lines().filter(|line| line.contains("\"rules\"")).count();
        assert!(rules >= named && named > 0);
    }

    #[test]
    fn models_have_what_is_known_of_them() {
        let named = |slug| by_slug(slug).unwrap();
        assert_eq!(named("flux-dev").id.to_string(), "b2614463-296c-462a-9586-aafdb8f00e36");
        let width = json!({"type": "integer", "minimum": 480, "maximum": 2048, "multipleOf": 8, "default": 1024});
        assert_eq!(named("flux-dev").schema["properties"]["width"], width);
        let widths = &named("motion_2.0").schema["properties"]["width"]["enum"];
        assert_eq!(*widths, json!([0, 480, 512, 576, 720, 832, 1280]));
        assert_eq!(named("bytedance/seedance-2.5").motion_model, "SEEDANCE2_5");
        assert_eq!(named("motion_2.0-fast").motion_model, "MOTION2FAST");
        assert_eq!(named("remove-bg").schema["required"], json!(["guidances"]));
        let guidances = &named("kino-xl").schema["properties"]["guidances"]["properties"];
        assert_eq!(guidances["edge"]["items"]["required"], json!(["image", "strength"]));
        assert_eq!(guidances["style"]["maxItems"], 4);
        let plain = &named("gpt-image-2").schema["properties"]["guidances"]["properties"]["image_reference"];
        assert!(plain["items"]["properties"].get("strength").is_none());
    }
}
