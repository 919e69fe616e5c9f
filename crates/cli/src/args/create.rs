//! What makes something of pictures, and videos.

use std::path::PathBuf;

use clap::Args;

use super::{Creating, ImageOptions, Paying};
use crate::source::ImageArgument;

const IMAGE: &str = "A file, the id of a generated image, or `uploaded:ID` or `variation:ID`";

#[derive(Args, Clone, Debug)]
pub struct Edit {
    #[arg(help = IMAGE)]
    pub image: ImageArgument,
    /// What to make of it
    pub prompt: String,
    /// How much of the image is kept, 0.1 to 0.9
    #[arg(long, value_name = "NUMBER", conflicts_with = "mask", value_parser = strength)]
    pub strength: Option<f64>,
    /// A picture that is white where the image is repainted; both are files
    #[arg(long, value_name = "FILE")]
    pub mask: Option<PathBuf>,
    /// How the canvas works: INPAINT, OUTPAINT, SKETCH2IMG or IMG2IMG
    #[arg(long, value_name = "WORD", requires = "mask", default_value = "INPAINT")]
    pub canvas: String,
    #[command(flatten)]
    pub creating: Creating,
    #[command(flatten)]
    pub options: ImageOptions,
}

fn strength(text: &str) -> Result<f64, String> {
    let strength = text.parse().ok().filter(|strength| (0.1..=0.9).contains(strength));
    strength.ok_or_else(|| "must be a number from 0.1 to 0.9".to_owned())
}

#[derive(Args, Clone, Debug)]
pub struct Video {
    /// What happens in it
    pub prompt: String,
    #[arg(long, value_name = "IMAGE", help = IMAGE)]
    pub image: Option<ImageArgument>,
    /// The model: MOTION2, VEO3 and others, or a word of version 2
    #[arg(long, short)]
    pub model: Option<String>,
    /// RESOLUTION_480, RESOLUTION_720 or RESOLUTION_1080
    #[arg(long, value_name = "WORD")]
    pub resolution: Option<String>,
    /// Length in seconds
    #[arg(long, value_name = "SECONDS")]
    pub duration: Option<u32>,
    /// Width and height in pixels
    #[arg(long, short, value_name = "WIDTHxHEIGHT")]
    pub size: Option<super::Size>,
    /// Where the randomness starts; without it, one is drawn
    #[arg(long)]
    pub seed: Option<i64>,
    /// What to keep out
    #[arg(long, value_name = "TEXT")]
    pub negative_prompt: Option<String>,
    /// Any other field of the request under its name on the wire; repeatable
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    #[command(flatten)]
    pub creating: Creating,
}

#[derive(Args, Clone, Debug)]
pub struct Upscale {
    #[arg(help = IMAGE)]
    pub image: ImageArgument,
    /// Use the universal upscaler, and enlarge so many times; files always use it
    #[arg(long, value_name = "NUMBER")]
    pub multiplier: Option<f64>,
    /// Style of the universal upscaler, such as GENERAL or CINEMATIC
    #[arg(long, value_name = "STYLE")]
    pub style: Option<String>,
    /// What the universal upscaler is told
    #[arg(long, value_name = "TEXT")]
    pub prompt: Option<String>,
    /// Any other field of the request under its name on the wire; repeatable
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    #[command(flatten)]
    pub creating: Creating,
}

#[derive(Args, Clone, Debug)]
pub struct Unzoom {
    #[arg(help = "The id of a generated image, or `variation:ID`")]
    pub image: ImageArgument,
    #[command(flatten)]
    pub creating: Creating,
}

#[derive(Args, Clone, Debug)]
pub struct RemoveBg {
    #[arg(help = "A file, a link, the id of a generated image, or `uploaded:ID` or `variation:ID`")]
    pub image: ImageArgument,
    /// The file to write; its extension tells the format: png, jpg or webp
    #[arg(long, short, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Any parameter of the model under its name on the wire; repeatable
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    #[command(flatten)]
    pub paying: Paying,
}

#[derive(Args, Clone, Debug)]
pub struct Train {
    /// A folder with PNG, JPEG and WebP files
    pub folder: PathBuf,
    /// What the element is called [default: as the folder]
    #[arg(long)]
    pub name: Option<String>,
    /// What it is
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// What a prompt says to have it
    #[arg(long, value_name = "TEXT")]
    pub instance_prompt: Option<String>,
    /// What is trained: General, Character, Style or Object
    #[arg(long, default_value = "Style")]
    pub focus: String,
    /// The base model, such as FLUX_DEV or SDXL_1_0
    #[arg(long, default_value = "FLUX_DEV")]
    pub base_model: String,
    /// How often all pictures are gone through [default: what the service suggests]
    #[arg(long, value_name = "N")]
    pub epochs: Option<u32>,
    /// Rate of learning [default: what the service suggests]
    #[arg(long, value_name = "NUMBER")]
    pub learning_rate: Option<f64>,
    /// Any other field of the request under its name on the wire; repeatable
    #[arg(long = "set", value_name = "NAME=VALUE")]
    pub set: Vec<String>,
    #[command(flatten)]
    pub paying: Paying,
}
