//! The functions of the official clients beside ours, for the pages of those who come from them.

use leonardo_ai::OperationInfo;
use leonardo_ai::operations::TABLE;

use crate::fields::camel_case;
use crate::files::hold;

/// What `@leonardo-ai/sdk` 4.21.3 does not have, besides version 2 of the API.
const NOT_IN_TYPESCRIPT: &[&str] = &[
    "blueprints_list_blueprints",
    "texture_create_texture_generation",
    "texture_delete_texture_generation_by_id",
    "texture_get_texture_generation_by_id",
    "texture_get_texture_generations_by_model_id",
    "three_d_model_assets_get_3d_model_by_id",
    "three_d_model_assets_get_3d_models_by_user_id",
];

/// Words that it writes in capitals.
const CAPITALS: &[(&str, &str)] = &[("Lcm", "LCM"), ("Svd", "SVD"), ("NoBg", "NoBG"), ("3d", "3D")];

/// How many functions each client has.
const OF_TYPESCRIPT: usize = 51;
const OF_PYTHON: usize = 55;

/// The standalone function, which is also the method of the same name of its group.
fn typescript(operation: &OperationInfo) -> Option<String> {
    if operation.group == "v2" || NOT_IN_TYPESCRIPT.contains(&operation.name) {
        return None;
    }
    let name = camel_case(operation.name);
    Some(CAPITALS.iter().fold(name, |name, (word, capitals)| name.replace(word, capitals)))
}

/// `Leonardo-Ai-SDK` 7.0.0 has no group for media.
fn python(operation: &OperationInfo) -> Option<String> {
    if matches!(operation.group, "v2" | "media") {
        return None;
    }
    let method = operation.name.strip_prefix(operation.group)?.trim_start_matches('_').replace("_3d_", "3_d_");
    Some(format!("{}.{method}", operation.group))
}

/// Holds the table of a page, and tells how many functions of the client are in it.
fn held(page: &str, client: &str, theirs: fn(&OperationInfo) -> Option<String>) -> usize {
    let mut table = format!("\n| {client} | here | endpoint |\n|---|---|---|\n");
    let mut count = 0;
    for operation in TABLE {
        let OperationInfo { group, name, method, path, .. } = operation;
        let theirs = theirs(operation);
        count += usize::from(theirs.is_some());
        let theirs = theirs.map_or("none".to_owned(), |theirs| format!("`{theirs}`"));
        let group = group.replace('_', "-");
        table.push_str(&format!("| {theirs} | [`{name}`]({group}.md#{name}) | `{method} {path}` |\n"));
    }
    hold(page, "<!-- begin of functions", "<!-- end of functions -->", &format!("{table}\n"));
    count
}

#[test]
fn every_function_of_the_official_clients_stands_beside_ours() {
    let of_typescript = held("docs/from-typescript.md", "`@leonardo-ai/sdk`", typescript);
    let of_python = held("docs/from-python.md", "`Leonardo-Ai-SDK`", python);
    assert_eq!((of_typescript, of_python), (OF_TYPESCRIPT, OF_PYTHON));
}
