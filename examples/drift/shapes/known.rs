//! Differences that are meant to be.

use super::Side::{self, File, Types};

/// Operation, which side has it, place (the beginning of one, if a star ends it), and why.
pub const KNOWN: &[(&str, Side, &str, &str)] = &[
    (
        "blueprints_get_blueprint_versions_by_blueprint_id",
        File,
        "response.blueprintVersions.edges[].node.uiMetadata.*",
        "the file does not say what these objects hold",
    ),
    (
        "blueprints_get_blueprint_versions_by_blueprint_id",
        Types,
        "response.edges[].node.uiMetadata.*",
        "the documented examples say what these objects hold",
    ),
    (
        "image_create_generation",
        File,
        "request.controlnets[].preprocessorId, as a fraction",
        "all preprocessors have whole numbers",
    ),
    ("image_create_generation", File, "request.userElements[].userLoraId, as a fraction", "it is an integer elsewhere"),
    ("image_create_generation", Types, "request: influence", "the guides name it, and the service takes it"),
    ("image_create_generation", Types, "request: style_uuid", "the guides name it, and the service takes it"),
    ("image_get_generation_by_id", Types, "response.*", "real responses have been seen to have it"),
    ("image_get_generations_by_user_id", Types, "response[].*", "real responses have been seen to have it"),
    ("media_upload_media", Types, "request: team_id", "the documentation names it"),
    ("texture_get_texture_generation_by_id", File, "request.*", "one record has no pages"),
    ("three_d_model_assets_delete_3d_model_by_id", File, "request.id", "it stands in the path"),
    ("three_d_model_assets_get_3d_model_by_id", File, "request.id", "it stands in the path"),
    ("three_d_model_assets_get_3d_model_by_id", File, "request.*", "one record has no pages"),
    ("three_d_model_assets_get_3d_models_by_user_id", File, "request.userId", "it stands in the path"),
    ("v2_create_generation", Types, "request*", "the list of models names it; the file has what most models share"),
    ("v2_create_sync_generation", Types, "request: *", "guidances have the same type as those of every other model"),
];
