//! What the platform offers to everybody: a few of the real models, and elements of the emulator.

use uuid::Uuid;

use super::blueprints::BLUEPRINTS;
use super::ids::{from_bits, hash, parse};
use super::subject::Subject;

/// Models by id and name.
pub(crate) const MODELS: &[(&str, &str)] = &[
    ("b24e16ff-06e3-43eb-8d33-4416c2d75876", "Leonardo Lightning XL"),
    ("aa77f04e-3eec-4034-9c07-d0f619684628", "Leonardo Kino XL"),
    ("e71a1c2f-4f80-4800-934f-2c68979d8cc8", "Leonardo Anime XL"),
    ("1e60896f-3c26-4296-8ecc-53e2afecc132", "Leonardo Diffusion XL"),
    ("5c232a9e-9061-4777-980a-ddc8e65647c6", "Leonardo Vision XL"),
    ("2067ae52-33fd-4a82-bb92-c2c55e7d2786", "AlbedoBase XL"),
    ("de7d3faf-762f-48e0-b3b7-9d0ac3a3fcf3", "Leonardo Phoenix 1.0"),
    ("b2614463-296c-462a-9586-aafdb8f00e36", "Flux Dev"),
    ("1dd50843-d653-4516-a8e3-f0238ee453ff", "Flux Schnell"),
];

/// Elements by id, name and base model; but for the first id they are invented.
pub(crate) const ELEMENTS: &[(&str, &str, &str)] = &[
    ("5f3e58d8-7af3-4d5b-92e3-a3d04b9a3414", "Simple Flat Illustration", "SDXL_1_0"),
    ("8c1f2a64-0d57-4b0e-9a3c-1f6f5f0c7b21", "Glass & Steel", "v1_5"),
    ("3b9d7e10-52c4-4f8a-8e6d-7a2c9b4d1e05", "Moss", "SDXL_1_0"),
];

/// The id of the generated image that shows what a model does.
pub(crate) fn sample_id(model: &str) -> Uuid {
    from_bits(u128::from(hash(model.as_bytes())))
}

/// What the sample picture of this id shows, if there is one: that of an element or a blueprint has its own id.
pub(crate) fn sample(id: Uuid) -> Option<Subject> {
    let model = MODELS.iter().find(|(model, _)| sample_id(model) == id).map(|(_, name)| *name);
    let element = ELEMENTS.iter().find(|(element, ..)| parse(element) == Some(id)).map(|(_, name, _)| *name);
    let blueprint = BLUEPRINTS.iter().find(|one| parse(one.id) == Some(id)).map(|one| one.name);
    Some(Subject::plain(model.or(element).or(blueprint)?.into(), 0, 512, 512))
}
