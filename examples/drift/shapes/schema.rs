//! The shapes of an OpenAPI file: of each operation, what its request and its response look like.

use serde_json::Value;

/// What stands at one place of a request or a response.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    Object(Vec<Field>),
    /// An object whose keys are not listed.
    Map(Box<Node>),
    /// Any JSON.
    Free,
    List(Box<Node>),
    Either(Vec<Node>),
    /// One of these texts.
    Values(Vec<String>),
    Text,
    Time,
    Integer,
    Number,
    Flag,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    pub name: String,
    pub required: bool,
    pub node: Node,
}

/// An operation as the file has it.
#[derive(Debug)]
pub struct Shape {
    /// In capitals.
    pub method: String,
    /// With the version, and with `{}` for each id.
    pub path: String,
    /// The fields of the query and of the body.
    pub request: Node,
    pub response: Node,
}

/// References that lead back to themselves end here.
const DEEPEST: usize = 40;

/// The path with `{}` for each id, whatever its name.
pub fn without_names(path: &str) -> String {
    let parts = path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part });
    parts.collect::<Vec<_>>().join("/")
}

/// Reads the operations of an OpenAPI file.
pub fn shapes(file: &Value) -> Result<Vec<Shape>, String> {
    // The version stands in the server's address, or else in each path.
    let server = file.pointer("/servers/0/url").and_then(Value::as_str).unwrap_or_default();
    let version = server.rsplit('/').next().filter(|part| matches!(*part, "v1" | "v2"));
    let prefix = version.map(|version| format!("/{version}")).unwrap_or_default();
    let paths = file["paths"].as_object().ok_or("the file has no `paths`")?;
    let mut shapes = Vec::new();
    for (path, methods) in paths {
        for (method, operation) in methods.as_object().into_iter().flatten() {
            if !matches!(&**method, "get" | "post" | "put" | "patch" | "delete") {
                continue;
            }
            let path = without_names(&format!("{prefix}{path}"));
            let wrong = |problem| format!("{method} {path}: {problem}");
            let body = |of: &Value| content(of).map_or(Ok(Node::Object(Vec::new())), |schema| node(file, schema, 0));
            let mut request = body(&operation["requestBody"]).map_err(wrong)?;
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                if let (Node::Object(fields), Some("query")) = (&mut request, parameter["in"].as_str()) {
                    fields.push(Field {
                        name: parameter["name"].as_str().unwrap_or_default().to_owned(),
                        required: parameter["required"] == true,
                        node: node(file, &parameter["schema"], 0).map_err(wrong)?,
                    });
                }
            }
            let response = match body(&operation["responses"]["200"]).map_err(wrong)? {
                // The other form is that of a refusal.
                Node::Either(forms) => forms.into_iter().find(|form| matches!(form, Node::Object(_))),
                response => Some(response),
            };
            let response = response.ok_or_else(|| wrong("the response is no object".to_owned()))?;
            shapes.push(Shape { method: method.to_uppercase(), path, request, response });
        }
    }
    Ok(shapes)
}

/// The schema of a body.
fn content(of: &Value) -> Option<&Value> {
    of["content"].get("application/json")?.get("schema")
}

fn node(file: &Value, schema: &Value, depth: usize) -> Result<Node, String> {
    if depth > DEEPEST {
        return Err("the schema refers to itself".to_owned());
    }
    let inner = |schema: &Value| node(file, schema, depth + 1);
    let all = |schemas: &Value| schemas.as_array().into_iter().flatten().map(inner).collect::<Result<Vec<_>, _>>();
    if let Some(reference) = schema["$ref"].as_str() {
        let target = reference.strip_prefix('#').and_then(|pointer| file.pointer(pointer));
        return inner(target.ok_or_else(|| format!("{reference} leads nowhere"))?);
    }
    if let Some(values) = texts(&schema["enum"]).or_else(|| texts(&schema["x-known-values"])) {
        return Ok(Node::Values(values));
    }
    for key in ["oneOf", "anyOf"] {
        if schema.get(key).is_some() {
            return Ok(Node::Either(all(&schema[key])?));
        }
    }
    if schema.get("allOf").is_some() {
        // A part that only describes says nothing of the shape.
        let mut parts = all(&schema["allOf"])?;
        parts.retain(|part| *part != Node::Free);
        return Ok(match parts.len() {
            0 => Node::Free,
            1 => parts.remove(0),
            _ => Node::Object(parts.into_iter().flat_map(fields).collect()),
        });
    }
    if let Some(properties) = schema["properties"].as_object() {
        let required = |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
        let fields = properties
            .iter()
            .map(|(name, schema)| Ok(Field { name: name.clone(), required: required(name), node: inner(schema)? }));
        return Ok(Node::Object(fields.collect::<Result<_, String>>()?));
    }
    let kind = match &schema["type"] {
        Value::Array(kinds) => kinds.iter().find_map(|kind| kind.as_str().filter(|kind| *kind != "null")),
        kind => kind.as_str(),
    };
    Ok(match kind {
        Some("array") => Node::List(Box::new(inner(&schema["items"])?)),
        Some("string") if schema["format"] == "date-time" => Node::Time,
        Some("string") => Node::Text,
        Some("integer") => Node::Integer,
        Some("number") => Node::Number,
        Some("boolean") => Node::Flag,
        _ if schema["additionalProperties"].is_object() => Node::Map(Box::new(inner(&schema["additionalProperties"])?)),
        _ => Node::Free,
    })
}

fn fields(node: Node) -> Vec<Field> {
    if let Node::Object(fields) = node { fields } else { Vec::new() }
}

/// The texts of a list, or of an object of lists.
fn texts(values: &Value) -> Option<Vec<String>> {
    match values {
        Value::Array(list) => Some(list.iter().filter_map(|value| value.as_str().map(str::to_owned)).collect()),
        Value::Object(groups) => Some(groups.values().filter_map(texts).flatten().collect()),
        _ => None,
    }
}
