//! An image that the command line names: a file, a link, or one that the service has.

use std::path::PathBuf;
use std::str::FromStr;

use leonardo_ai::funcs::ImageSource;
use leonardo_ai::models::{ImageId, InitImageId, InitImageType, SourceImageId, VariationId};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ImageArgument {
    File(PathBuf),
    Url(String),
    Generated(String),
    Uploaded(String),
    Variation(String),
}

impl FromStr for ImageArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let named = |id: &str, make: fn(String) -> Self| match id {
            "" => Err("the id is missing".to_owned()),
            id => Ok(make(id.to_owned())),
        };
        match text.split_once(':') {
            Some(("generated", id)) => named(id, Self::Generated),
            Some(("uploaded", id)) => named(id, Self::Uploaded),
            Some(("variation", id)) => named(id, Self::Variation),
            Some(("http" | "https", _)) => Ok(Self::Url(text.to_owned())),
            // A file may be called as an id is.
            _ if !PathBuf::from(text).exists() && is_uuid(text) => Ok(Self::Generated(text.to_owned())),
            _ => Ok(Self::File(text.into())),
        }
    }
}

/// Whether it has the form of the service's ids.
pub fn is_uuid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

impl ImageArgument {
    /// The same with a whole path, so that it does not matter where the program is started from.
    pub fn absolute(self) -> Result<Self, Failure> {
        let Self::File(path) = self else { return Ok(self) };
        if !path.is_file() {
            return Err(Failure::usage(format!("{} is no file, and no id", path.display())));
        }
        Ok(Self::File(std::path::absolute(&path).map_err(|error| Failure::file(&path, error))?))
    }

    /// What messages call it.
    pub fn shown(&self) -> String {
        match self {
            Self::File(path) => crate::screen::shown(path),
            Self::Url(text) | Self::Generated(text) | Self::Uploaded(text) | Self::Variation(text) => text.clone(),
        }
    }

    pub fn source(&self) -> ImageSource {
        match self.clone() {
            Self::File(path) => ImageSource::file(path),
            Self::Url(url) => ImageSource::url(url),
            Self::Generated(id) => ImageId::from(id).into(),
            Self::Uploaded(id) => InitImageId::from(id).into(),
            Self::Variation(id) => VariationId::from(id).into(),
        }
    }

    /// The id, and what kind of image it is; `None` for files and links.
    pub fn id(&self) -> Option<(SourceImageId, InitImageType)> {
        match self.clone() {
            Self::File(_) | Self::Url(_) => None,
            Self::Generated(id) | Self::Variation(id) => Some((id.into(), InitImageType::Generated)),
            Self::Uploaded(id) => Some((id.into(), InitImageType::Uploaded)),
        }
    }
}
