//! Tables of fields and values, which the pages have from the documentation of the models.
//!
//! A page of a group ends in the types of the group, between two marks; and anywhere in a page, `<!-- fields of NAME -->`
//! begins the table of one type.

use std::fs;

use crate::files::{hold, read, root};

/// A struct or an enum of `models/`.
struct Type {
    name: String,
    /// The paragraphs before the first example or heading.
    docs: String,
    is_request: bool,
    parts: Parts,
}

enum Parts {
    Fields(Vec<Field>),
    /// Variant, value on the wire, documentation.
    Values(Vec<(String, String, String)>),
}

struct Field {
    name: String,
    wire: String,
    ty: String,
    /// How it stands in the attribute.
    default: Option<String>,
    required: bool,
    docs: String,
    /// The numbers of its limits, as they stand in the attribute.
    limits: Vec<String>,
}

/// The text of documentation as it reads outside of rustdoc: links to items are their names.
fn plain(docs: &[&str]) -> String {
    let text = docs.join(" ");
    let mut plain = String::new();
    let mut rest = text.trim();
    while let Some(at) = rest.find("[`") {
        let (before, link) = rest.split_at(at);
        plain.push_str(before);
        let end = link.find("`]").expect("a link to an item ends");
        plain.push_str(&link[1..=end]);
        rest = &link[end + 2..];
        if let Some(target) = rest.strip_prefix('(') {
            // A function's name ends in brackets itself.
            let (name, after) = target.split_once(')').expect("a link's target ends");
            rest = if name.ends_with('(') { after.strip_prefix(')').unwrap_or(after) } else { after };
        }
    }
    plain.push_str(rest);
    plain
}

/// `likeThis` of `like_this`.
pub fn camel_case(name: &str) -> String {
    let mut parts = name.trim_start_matches("r#").split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |wire, part| {
        let (head, tail) = part.split_at(part.len().min(1));
        format!("{wire}{}{tail}", head.to_ascii_uppercase())
    })
}

/// The value of `key = …` in an attribute, up to the next part of it.
fn option<'a>(attribute: &'a str, key: &str) -> Option<&'a str> {
    let (_, value) = attribute.split_once(&format!("{key} = "))?;
    let end = if let Some(text) = value.strip_prefix('"') {
        text.find('"').map(|end| end + 2)
    } else {
        value.find([',', ')'])
    };
    Some(value[..end.expect("an attribute ends")].trim_matches('"'))
}

/// The numbers in the limits of an attribute, but for the least length.
fn limits(attributes: &str) -> Vec<String> {
    let mut limits = Vec::new();
    for limit in ["range = ", "step = ", "one_of = [", "length = "] {
        let Some((_, value)) = attributes.split_once(limit) else { continue };
        let end = value.find(if limit.ends_with('[') { "]" } else { ")" }).expect("an attribute ends");
        let value = value[..end].split(", step").next().unwrap_or_default().replace("..=", " ").replace("..", " ");
        let numbers = value.split([' ', ',']).filter(|number| !number.is_empty()).map(str::to_owned);
        limits.extend(numbers.skip(usize::from(limit == "length = ")));
    }
    limits
}

/// The public types of a file, which is formatted by rustfmt.
fn types(file: &str) -> Vec<Type> {
    let text = read(file);
    let mut types: Vec<Type> = Vec::new();
    let (mut docs, mut attributes) = (Vec::new(), String::new());
    let mut open = false;
    for line in text.lines() {
        let line = line.trim();
        if line == "#[cfg(test)]" || line.starts_with("mod tests") {
            break;
        } else if let Some(doc) = line.strip_prefix("///") {
            docs.push(doc.trim());
            continue;
        } else if line.starts_with("#[") {
            attributes.push_str(line);
            continue;
        }
        let kind = ["pub struct ", "pub enum "].iter().find_map(|kind| Some((*kind, line.strip_prefix(kind)?)));
        if let Some((kind, name)) = kind.filter(|(_, name)| name.ends_with(" {")) {
            let summary: Vec<_> = docs.iter().take_while(|doc| !doc.starts_with(['`', '#'])).copied().collect();
            let paragraphs = summary.split(|doc| doc.is_empty()).map(plain).collect::<Vec<_>>().join("\n\n");
            open = kind == "pub enum " || attributes.contains("#[model(");
            if open {
                let fields = if kind == "pub enum " { Parts::Values(Vec::new()) } else { Parts::Fields(Vec::new()) };
                types.push(Type {
                    name: name.trim_end_matches(" {").to_owned(),
                    docs: paragraphs.trim().to_owned(),
                    is_request: attributes.contains("#[model(request"),
                    parts: fields,
                });
            }
        } else if line == "}" {
            open = false;
        } else if let (true, Some(last)) = (open, types.last_mut()) {
            match &mut last.parts {
                Parts::Fields(fields) if line.starts_with("pub ") => {
                    let (name, ty) = line["pub ".len()..].split_once(": ").expect("a field has a type");
                    let is_extra = attributes.contains("(extra)");
                    fields.push(Field {
                        name: name.to_owned(),
                        wire: match option(&attributes, "name") {
                            _ if is_extra => "its keys".to_owned(),
                            Some(wire) => format!("`{wire}`"),
                            None => format!("`{}`", camel_case(name)),
                        },
                        ty: ty.trim_end_matches(',').to_owned(),
                        default: option(&attributes, "default").map(str::to_owned),
                        required: attributes.contains("required"),
                        docs: plain(&docs),
                        limits: limits(&attributes),
                    });
                }
                Parts::Values(values) => {
                    if let Some((variant, wire)) = line.trim_end_matches(',').split_once(" = ") {
                        values.push((variant.to_owned(), wire.trim_matches('"').to_owned(), plain(&docs)));
                    }
                }
                Parts::Fields(_) => {}
            }
        }
        docs.clear();
        attributes.clear();
    }
    types.retain(|found| match &found.parts {
        Parts::Fields(_) => true,
        Parts::Values(values) => !values.is_empty(),
    });
    types
}

fn cell(text: &str) -> String {
    if text.is_empty() { " ".to_owned() } else { format!(" {} ", text.replace('|', "\\|")) }
}

fn row(cells: &[&str]) -> String {
    format!("|{}|\n", cells.iter().map(|text| cell(text)).collect::<Vec<_>>().join("|"))
}

fn table(of: &Type) -> String {
    let mut table = String::new();
    match &of.parts {
        Parts::Values(values) => {
            table.push_str("| Value | On the wire | Description |\n|---|---|---|\n");
            for (variant, wire, docs) in values {
                table.push_str(&row(&[&format!("`{variant}`"), &format!("`{wire}`"), docs]));
            }
        }
        Parts::Fields(fields) if of.is_request => {
            table.push_str("| Field | On the wire | Type | Default | Description |\n|---|---|---|---|---|\n");
            for field in fields {
                // A request's `Option` means that the field need not be sent.
                let ty = field.ty.strip_prefix("Option<").and_then(|ty| ty.strip_suffix('>')).unwrap_or(&field.ty);
                let default = match &field.default {
                    Some(default) => format!("`{default}`"),
                    None if field.required => "required".to_owned(),
                    None => String::new(),
                };
                let (name, ty) = (format!("`{}`", field.name), format!("`{ty}`"));
                table.push_str(&row(&[&name, &field.wire, &ty, &default, &field.docs]));
            }
        }
        Parts::Fields(fields) => {
            table.push_str("| Field | On the wire | Type | Description |\n|---|---|---|---|\n");
            for field in fields {
                let (name, ty) = (format!("`{}`", field.name), format!("`{}`", field.ty));
                table.push_str(&row(&[&name, &field.wire, &ty, &field.docs]));
            }
        }
    }
    table
}

fn names(folder: &str, ending: &str) -> Vec<String> {
    let entries = fs::read_dir(root().join(folder)).expect("the folder is there");
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut stems: Vec<_> = names.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).collect();
    stems.sort_unstable();
    stems
}

#[test]
fn the_tables_of_fields_are_those_of_the_models() {
    let mut all = Vec::new();
    for file in names("models", ".rs") {
        let of_file = types(&format!("models/{file}.rs"));
        let page = format!("docs/{}.md", file.replace('_', "-"));
        // The types of several groups stand on no page of their own.
        if !matches!(&*file, "mod" | "ids" | "common" | "error" | "form") {
            let text = read(&page);
            let elsewhere = |of: &&Type| text.contains(&format!("<!-- fields of {} -->", of.name));
            let sections = of_file.iter().filter(|of| !elsewhere(of));
            let sections = sections.map(|of| format!("### {}\n\n{}\n\n{}", of.name, of.docs, table(of)));
            let expected = sections.collect::<Vec<_>>().join("\n");
            hold(&page, "<!-- begin of types", "<!-- end of types -->", &format!("\n{expected}\n"));
        }
        all.extend(of_file);
    }
    for page in names("docs", ".md") {
        let page = format!("docs/{page}.md");
        for name in read(&page).split("<!-- fields of ").skip(1).filter_map(|rest| Some(rest.split_once(" -->")?.0)) {
            let of = all.iter().find(|of| of.name == name).unwrap_or_else(|| panic!("{page}: there is no {name}"));
            hold(&page, &format!("<!-- fields of {name} -->"), "<!-- end of fields -->", &format!("\n{}\n", table(of)));
        }
    }
    // Every field is described, so that every row says something.
    for of in &all {
        let docs: Vec<&str> = match &of.parts {
            Parts::Fields(fields) => fields.iter().map(|field| &*field.docs).collect(),
            Parts::Values(values) => values.iter().map(|(_, _, docs)| &**docs).collect(),
        };
        assert!(docs.iter().all(|docs| !docs.is_empty()), "{} has a part without documentation", of.name);
    }
}

#[test]
fn the_documentation_of_a_field_names_its_limits() {
    let mut count = 0;
    for file in names("models", ".rs") {
        for of in types(&format!("models/{file}.rs")) {
            let Parts::Fields(fields) = of.parts else { continue };
            for field in fields {
                let words: Vec<_> = field.docs.split([' ', ',', '.', ':', ';', '(']).collect();
                for limit in &field.limits {
                    let is_named = words.contains(&&**limit) || field.docs.contains(&format!(" {limit}"));
                    assert!(is_named, "{}::{}: {limit} is not in {:?}", of.name, field.name, field.docs);
                    count += 1;
                }
            }
        }
    }
    assert!(count > 90, "{count} limits were found");
}

#[test]
#[cfg(feature = "full")]
fn the_titles_of_the_models_are_those_in_their_documentation() {
    let models = types("models/v2.rs").into_iter().find(|of| of.name == "V2Model").expect("it is there");
    let Parts::Values(values) = models.parts else { panic!("V2Model has values") };
    for (variant, wire, docs) in values {
        let title =
            leonardo_ai::models::V2Model::from(wire).title().unwrap_or_else(|| panic!("{variant} has no title"));
        assert!(docs.starts_with(&format!("{title}. ")), "{variant}: {title} and {docs}");
    }
}

#[test]
fn the_example_drift_offers_the_values_of_every_enum() {
    let files = names("models", ".rs").into_iter().map(|file| read(format!("models/{file}.rs")));
    let all: Vec<String> = files.collect();
    let open = all.iter().flat_map(|file| file.split("open_enum!(").skip(1));
    let mut enums: Vec<_> = open.filter_map(|rest| rest.split_once("pub enum ")?.1.split_once(" {")).collect();
    enums.sort_unstable();
    let expected: String = enums.iter().map(|(name, _)| format!("    models::{name}::VALUES,\n")).collect();
    hold("examples/drift/shapes/enums.rs", "// begin of enums", "    // end of enums", &expected);
}
