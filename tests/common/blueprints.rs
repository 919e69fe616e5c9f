//! A blueprint of the emulator that can be run.

use leonardo_ai::LeonardoCore;
use leonardo_ai::funcs::*;
use leonardo_ai::models::*;

/// A run of a blueprint that takes texts alone.
pub async fn a_run(core: &LeonardoCore) -> ExecuteBlueprintRequest {
    let mut blueprints = blueprints_list_all(core, ListBlueprintsRequest::default());
    while let Some(blueprint) = blueprints.next().await {
        let id = blueprint.unwrap().ak_uuid;
        let versions = blueprints_get_blueprint_versions_by_blueprint_id(core, id).await.unwrap();
        for version in versions.edges.into_iter().filter_map(|edge| edge.node) {
            let inputs = version.ui_metadata.inputs;
            let inputs: Option<Vec<_>> = inputs
                .into_iter()
                .map(|input| match input.setting_name {
                    Some(BlueprintSetting::Text) => Some(BlueprintNodeInput::text(input.node_id, "a bicycle")),
                    Some(BlueprintSetting::TextVariables) => {
                        let variable = (input.variable.unwrap_or_default(), "a bicycle");
                        Some(BlueprintNodeInput::text_variables(input.node_id, [variable]))
                    }
                    _ => None,
                })
                .collect();
            if let Some(inputs) = inputs {
                return ExecuteBlueprintRequest::new(version.ak_uuid, inputs);
            }
        }
    }
    panic!("no blueprint takes texts alone");
}
