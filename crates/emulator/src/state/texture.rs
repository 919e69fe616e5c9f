//! Textures: pictures of what the surface of a 3D model is to be like.

use std::collections::HashMap;
use std::sync::Arc;

use uuid::Uuid;

use super::ids::{self, mix};
use super::life::Life;
use super::picture::Map;
use super::subject::Subject;

/// One accepted request for the textures of a 3D model.
pub(crate) struct Texture {
    pub(crate) id: Uuid,
    pub(crate) life: Life,
    /// The 3D model that it is for.
    pub(crate) asset: Uuid,
    pub(crate) negative_prompt: Option<Box<str>>,
    /// What its pictures are made from.
    pub(crate) subject: Subject,
}

impl Texture {
    /// The id of one of its pictures, which follows from its own.
    pub(crate) fn image_id(&self, map: Map) -> Uuid {
        ids::from_bits(self.id.as_u128() ^ u128::from(mix(0x7e87_0000 + map as u64) >> 4))
    }

    /// The name of a picture's file.
    pub(crate) fn file(map: Map) -> String {
        format!("{}.png", map.as_str().to_ascii_lowercase())
    }
}

/// All textures, by their ids and by their 3D models.
#[derive(Default)]
pub(crate) struct Textures {
    all: HashMap<Uuid, Arc<Texture>>,
    /// Oldest first.
    of_asset: HashMap<Uuid, Vec<Uuid>>,
}

impl Textures {
    pub(crate) fn add(&mut self, texture: Texture) {
        self.of_asset.entry(texture.asset).or_default().push(texture.id);
        self.all.insert(texture.id, Arc::new(texture));
    }

    pub(crate) fn get(&self, id: Uuid) -> Option<&Arc<Texture>> {
        self.all.get(&id)
    }

    pub(crate) fn remove(&mut self, id: Uuid) -> Option<Arc<Texture>> {
        let removed = self.all.remove(&id)?;
        if let Some(ids) = self.of_asset.get_mut(&removed.asset) {
            ids.retain(|known| *known != id);
        }
        Some(removed)
    }

    /// Removes all that a 3D model has.
    pub(crate) fn remove_of(&mut self, asset: Uuid) {
        for id in self.of_asset.remove(&asset).unwrap_or_default() {
            self.all.remove(&id);
        }
    }

    /// Those of a 3D model.
    pub(crate) fn newest_first(&self, asset: Uuid) -> impl Iterator<Item = &Arc<Texture>> {
        self.of_asset.get(&asset).into_iter().flatten().rev().filter_map(|id| self.all.get(id))
    }
}
