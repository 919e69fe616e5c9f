//! `leonardo removebg`, with the flags of remove.bg's tool.

use std::path::PathBuf;

use clap::Args;

use super::Paying;

pub const AFTER: &str = "\
What differs from remove.bg's tool:
  - The key is LEONARDO_API_KEY. A key of remove.bg is of no use here; it is
    neither read nor sent.
  - There is no ZIP: ask for png, or for jpg and once more with
    `--channels alpha`.
  - The sizes small and regular mean preview; medium, hd and 4k mean full. A PNG
    has at most 10 megapixels.
  - The price is told by the service after each picture.
  - What was begun is finished by `leonardo resume`.

Example:
  leonardo removebg --output-directory cut dogs/*.jpg";

#[derive(Args, Clone, Debug)]
pub struct Removebg {
    /// Files and patterns such as `dogs/*.jpg`
    #[arg(required = true, value_name = "FILE")]
    pub files: Vec<String>,
    /// Where the results go [default: beside the files]
    #[arg(long, value_name = "DIR")]
    pub output_directory: Option<PathBuf>,
    /// Do what is done already once more, and pay for it
    #[arg(long)]
    pub reprocess_existing: bool,
    /// Ask before more than so many pictures; -1 never asks
    #[arg(long, value_name = "N", default_value_t = 50, allow_negative_numbers = true)]
    pub confirm_batch_over: i64,
    /// auto, preview, full or 50MP, or a size of older versions
    #[arg(long)]
    pub size: Option<String>,
    /// auto, person, product, car, animal, graphic, transportation or other
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// rgba or alpha
    #[arg(long)]
    pub channels: Option<String>,
    /// A colour to put behind it, such as 81d4fa or green
    #[arg(long, value_name = "COLOR")]
    pub bg_color: Option<String>,
    /// auto, png, jpg or webp
    #[arg(long)]
    pub format: Option<String>,
    /// An image to put behind it
    #[arg(long, value_name = "FILE")]
    pub bg_image_file: Option<PathBuf>,
    /// Any other parameter; repeatable
    #[arg(long, value_name = "NAME=VALUE")]
    pub extra_api_option: Vec<String>,
    /// Is not used: the key is LEONARDO_API_KEY
    #[arg(long, value_name = "KEY")]
    pub api_key: Option<String>,
    /// How many pictures are worked on at a time
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub concurrency: u16,
    #[command(flatten)]
    pub paying: Paying,
}
