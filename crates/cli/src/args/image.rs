//! The options of a create of images. Their names on the wire stand beside them.

use std::str::FromStr;

use clap::Args;
use serde::Serialize;

use super::Creating;

/// A size such as `1024x768`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub width: u32,
    pub height: u32,
}

impl FromStr for Size {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let sides = text.split_once(['x', 'X', '×']);
        let sides = sides.and_then(|(width, height)| Some((width.trim().parse().ok()?, height.trim().parse().ok()?)));
        sides.map(|(width, height)| Self { width, height }).ok_or("must be as 1024x768")
    }
}

#[derive(Args, Clone, Debug)]
pub struct Generate {
    /// What to draw; each prompt is a generation of its own
    #[arg(required = true, value_name = "PROMPT")]
    pub prompts: Vec<String>,
    /// How many of the prompts are worked on at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub concurrency: u16,
    #[command(flatten)]
    pub creating: Creating,
    #[command(flatten)]
    pub options: ImageOptions,
}

#[derive(Args, Clone, Debug, Default)]
pub struct ImageOptions {
    /// The model: an id, a name, or a word of version 2 (see `leonardo models`)
    #[arg(long, short)]
    pub model: Option<String>,
    /// Width and height in pixels
    #[arg(long, short, value_name = "WIDTHxHEIGHT")]
    pub size: Option<Size>,
    /// Any other field of the request under its name on the wire, such as
    /// elements or controlnets; a VALUE is JSON, or else text; repeatable
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    #[command(flatten)]
    pub common: CommonOptions,
    #[command(flatten)]
    pub one: V1Options,
}

/// What models of version 1 and 2 take.
#[derive(Args, Clone, Debug, Default, Serialize)]
pub struct CommonOptions {
    /// How many images [default: 4, or what the model makes]
    #[arg(long, short = 'n', value_name = "N")]
    #[serde(rename = "num_images")]
    pub count: Option<u32>,
    /// Where the randomness starts; without it, one is drawn
    #[arg(long)]
    pub seed: Option<i64>,
    /// What to keep out
    #[arg(long, value_name = "TEXT")]
    pub negative_prompt: Option<String>,
    /// Whether the results are shown to everyone
    #[arg(long, value_name = "BOOL", hide_possible_values = true)]
    pub public: Option<bool>,
    /// Whether the images can be laid side by side without a seam
    #[arg(long, value_name = "BOOL", hide_possible_values = true)]
    pub tiling: Option<bool>,
}

/// Declares options that are sent as they are, each with its name on the wire.
macro_rules! options {
    ($($(#[doc = $doc:literal])+ $name:ident: $type:ty = $wire:literal $value:literal;)+) => {
        /// What only models of version 1 take.
        #[derive(Args, Clone, Debug, Default, Serialize)]
        #[command(next_help_heading = "Options of models of version 1")]
        pub struct V1Options {
            $(
                $(#[doc = $doc])+
                #[arg(long, value_name = $value, hide_possible_values = true)]
                #[serde(rename = $wire)]
                pub $name: Option<$type>,
            )+
        }
    };
}

options! {
    /// Whether alchemy, the better and dearer pipeline, is used
    alchemy: bool = "alchemy" "BOOL";
    /// Contrast of alchemy, 0 to 1
    contrast_ratio: f64 = "contrastRatio" "NUMBER";
    /// Contrast of Phoenix and Flux: 1, 1.3, 1.8, 2.5, 3, 3.5, 4 or 4.5
    contrast: f64 = "contrast" "NUMBER";
    /// Whether alchemy's expanded domain is used
    expanded_domain: bool = "expandedDomain" "BOOL";
    /// Whether the fantasy avatar feature is used
    fantasy_avatar: bool = "fantasyAvatar" "BOOL";
    /// How closely to follow the prompt, 1 to 20
    guidance_scale: f64 = "guidance_scale" "NUMBER";
    /// Whether prompt magic has a high contrast
    high_contrast: bool = "highContrast" "BOOL";
    /// Whether prompt magic has a high resolution
    high_resolution: bool = "highResolution" "BOOL";
    /// How much image prompts count
    image_prompt_weight: f64 = "imagePromptWeight" "NUMBER";
    /// Steps of the inference, 10 to 60
    steps: u32 = "num_inference_steps" "N";
    /// Whether PhotoReal is used
    photo_real: bool = "photoReal" "BOOL";
    /// Version of PhotoReal: v1 or v2
    photo_real_version: String = "photoRealVersion" "VERSION";
    /// Strength of PhotoReal
    photo_real_strength: f64 = "photoRealStrength" "NUMBER";
    /// Style, such as CINEMATIC
    preset_style: String = "presetStyle" "STYLE";
    /// Whether prompt magic is used
    prompt_magic: bool = "promptMagic" "BOOL";
    /// Strength of prompt magic, 0.1 to 1
    prompt_magic_strength: f64 = "promptMagicStrength" "NUMBER";
    /// Version of prompt magic: v2 or v3
    prompt_magic_version: String = "promptMagicVersion" "VERSION";
    /// Scheduler of the inference
    scheduler: String = "scheduler" "NAME";
    /// Base version of Stable Diffusion, without a model
    sd_version: String = "sd_version" "VERSION";
    /// Identifier of a style
    style_uuid: String = "styleUUID" "ID";
    /// Transparency: disabled or foreground_only
    transparency: String = "transparency" "WORD";
    /// Whether ultra mode is used
    ultra: bool = "ultra" "BOOL";
    /// Whether the image is unzoomed, with an image to begin with
    unzoom: bool = "unzoom" "BOOL";
    /// How much it is unzoomed
    unzoom_amount: f64 = "unzoomAmount" "NUMBER";
    /// How much alchemy enlarges the images
    upscale_ratio: f64 = "upscaleRatio" "NUMBER";
    /// Whether ControlNet is used, with an image to begin with
    control_net: bool = "controlNet" "BOOL";
    /// Kind of ControlNet: POSE, CANNY or DEPTH
    control_net_type: String = "controlNetType" "WORD";
    /// How much ControlNet counts
    weighting: f64 = "weighting" "NUMBER";
    /// Whether the service rewrites the prompt
    enhance_prompt: bool = "enhancePrompt" "BOOL";
    /// How the service rewrites the prompt
    enhance_prompt_instruction: String = "enhancePromptInstruction" "TEXT";
}
