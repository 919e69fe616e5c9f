//! Where the bytes go: what a program with one operation holds, by crate, from the names in a build with symbols.
//!
//! Generic code counts for the crate that it is written in, unless its name tells what it is made for.

use std::collections::{BTreeMap, HashMap};

use object::elf::SHF_ALLOC;
use object::{File, Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind};

use crate::programs;
use crate::report::{self, Report};
use crate::{Result, row};

const OURS: &str = "leonardo_ai::";
/// Rows below this many KiB are put together.
const LEAST: f64 = 1.0;

/// KiB by hand and with the crate.
type Sizes = [f64; 2];
/// By what they belong to: a crate, a module of this one as `leonardo_ai::error`, or the rest of some sections.
type Parts = BTreeMap<String, Sizes>;

pub fn measure(_: &mut Report) -> Result<()> {
    let mut parts = Parts::new();
    for (which, package) in ["by-hand-one", "sdk-one"].into_iter().enumerate() {
        add(&mut parts, which, &programs::with_symbols(package)?)?;
    }
    print("Where the bytes of a program with one operation go", parts);

    let mut parts = Parts::new();
    for (which, package) in ["wasm-by-hand", "wasm-sdk"].into_iter().enumerate() {
        let Some(module) = programs::module(package, true)? else { return Ok(()) };
        add(&mut parts, which, &module)?;
    }
    print("Where the bytes of a module for a browser go", parts);
    Ok(())
}

fn add(parts: &mut Parts, which: usize, program: &[u8]) -> Result<()> {
    let file = File::parse(program)?;
    // By section and place, as one piece of code may have several names.
    let mut named: HashMap<_, BTreeMap<u64, (u64, &str)>> = HashMap::new();
    for symbol in file.symbols() {
        if let (Some(section), Ok(name), 1..) = (symbol.section_index(), symbol.name(), symbol.size()) {
            named.entry(section).or_default().entry(symbol.address()).or_insert((symbol.size(), name));
        }
    }
    for section in file.sections() {
        let Some(rest) = shipped(&section) else { continue };
        let mut unnamed = section.size();
        for (size, name) in named.remove(&section.index()).into_iter().flat_map(BTreeMap::into_values) {
            let owner = owner(&format!("{:#}", rustc_demangle::demangle(name)));
            parts.entry(owner).or_default()[which] += size as f64 / 1024.0;
            unnamed = unnamed.saturating_sub(size);
        }
        parts.entry(rest.to_owned()).or_default()[which] += unnamed as f64 / 1024.0;
    }
    Ok(())
}

/// What the bytes without a name are in a section that a stripped program has too.
fn shipped<'a>(section: &impl ObjectSection<'a>) -> Option<&'static str> {
    let name = section.name().unwrap_or_default();
    let kept = match section.flags() {
        SectionFlags::Elf { sh_flags, .. } => sh_flags.contains(SHF_ALLOC),
        _ => name != "name" && !name.starts_with(".debug"),
    };
    let is = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
    match section.kind() {
        _ if !kept => None,
        SectionKind::UninitializedData | SectionKind::UninitializedTls => None,
        SectionKind::Text => Some("code without a name"),
        _ if is(&[".eh_frame", ".gcc_except_table"]) => Some("tables for unwinding"),
        _ if is(&[".rela", ".dyn", ".got", ".gnu", "<import>", "<export>"]) => Some("linking"),
        _ if is(&["__wasm_bindgen"]) => Some("what `wasm-bindgen` reads and takes off"),
        _ => Some("texts and other constants"),
    }
}

/// The crate that a name belongs to, and the module if it is of this one.
fn owner(name: &str) -> String {
    let ends = |c: char| c != '_' && !c.is_alphanumeric();
    if let Some(place) = name.find(OURS) {
        let module = &name[place + OURS.len()..];
        return format!("{OURS}{}", module.split(ends).next().unwrap_or_default());
    }
    let path = name.strip_prefix("core::ptr::drop_in_place<").unwrap_or(name);
    let owner = match path.split_once("::") {
        // Of `<&mut x::Y as …`, what comes last.
        Some((start, _)) => start.rsplit(ends).next().unwrap_or_default(),
        None => "C, assembly and the linker",
    };
    match owner {
        "core" | "alloc" | "std" => "Rust's standard library",
        "by_hand_one" | "sdk_one" | "wasm_by_hand" | "wasm_sdk" => "the program itself",
        other => other,
    }
    .to_owned()
}

fn print(title: &str, parts: Parts) {
    let total = sum(parts.values());
    let (modules, mut owners): (Parts, Parts) = parts.into_iter().partition(|(name, _)| name.starts_with(OURS));
    owners.insert(OURS.to_owned(), sum(modules.values()));
    let mut rows = vec![row!["of", "by hand, KiB", "with the crate, KiB", "more, KiB"]];
    for (owner, sizes) in sorted(owners) {
        rows.push(cells(owner.trim_end_matches("::"), sizes));
        if owner == OURS {
            rows.extend(sorted(modules.clone()).iter().map(|(module, sizes)| cells(&format!("— {module}"), *sizes)));
        }
    }
    rows.push(cells("all", total));
    report::table(title, &rows);
}

/// By how much more they are with the crate; where that is little, all together.
fn sorted(parts: Parts) -> Vec<(String, Sizes)> {
    let (mut rows, little): (Vec<_>, Vec<_>) =
        parts.into_iter().partition(|(_, [by_hand, sdk])| (sdk - by_hand).abs() >= LEAST);
    rows.sort_by(|(_, a), (_, b)| (b[1] - b[0]).total_cmp(&(a[1] - a[0])));
    rows.push((format!("{} others", little.len()), sum(little.iter().map(|(_, sizes)| sizes))));
    rows
}

fn sum<'a>(all: impl Iterator<Item = &'a Sizes>) -> Sizes {
    all.fold([0.0, 0.0], |sum, sizes| [sum[0] + sizes[0], sum[1] + sizes[1]])
}

fn cells(what: &str, [by_hand, sdk]: Sizes) -> Vec<String> {
    row![what, format!("{by_hand:.1}"), format!("{sdk:.1}"), format!("{:+.1}", sdk - by_hand)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_belong_to_their_crate() {
        for (name, expected) in [
            ("reqwest::connect::Connector::new", "reqwest"),
            ("<&mut serde_json::ser::Compound<W,F> as serde_core::ser::SerializeMap>::end", "serde_json"),
            ("<str as http::header::map::into::Sealed>::find", "http"),
            ("core::ptr::drop_in_place<hyper::error::Error>", "hyper"),
            ("core::fmt::write", "Rust's standard library"),
            ("sdk_one::main", "the program itself"),
            ("aws_lc_0_34_0_RSA_new", "C, assembly and the linker"),
            ("<leonardo_ai::error::Error as core::fmt::Display>::fmt", "leonardo_ai::error"),
            ("core::ptr::drop_in_place<leonardo_ai::call::Request>", "leonardo_ai::call"),
        ] {
            assert_eq!(owner(name), expected, "{name}");
        }
    }
}
