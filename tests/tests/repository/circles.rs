//! Modules import one another without a circle, but a parent with its children: of the modules of one folder, each uses
//! those below it.

use crate::source::{code, imports};
use crate::tree;
use anyhow::{Result, ensure};
use std::collections::{BTreeMap, BTreeSet};

/// A module by its path in its crate; none is the crate itself.
type Module = Vec<String>;

/// A crate's modules, each with its code.
type Crate = BTreeMap<Module, String>;

/// Names that a module hands on, with what they are.
type HandedOn = BTreeMap<(Module, String), String>;

/// Of the modules below one: who uses whom, with an example.
type Folder = BTreeMap<(String, String), String>;

#[test]
fn no_modules_use_one_another_in_a_circle() -> Result<()> {
    let (mut circles, mut modules) = (Vec::new(), 0);
    for (name, found) in crates()? {
        modules += found.len();
        circles.extend(circles_of(&found).into_iter().map(|circle| format!("{name}: {circle}")));
    }
    ensure!(modules > 700, "only {modules} modules were found");
    ensure!(circles.is_empty(), "{circles:#?}");
    Ok(())
}

#[test]
fn a_circle_is_found_through_folders_and_names_that_are_handed_on() {
    let circles = |files: &[(&str, &str)]| {
        let module =
            |path: &str| path.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect();
        circles_of(&files.iter().map(|(path, text)| (module(path), code(text))).collect())
    };
    let above = ("a", "use crate::b::{self, Deep};\nuse super::c;");
    assert!(circles(&[above, ("b", "pub use deep::Deep;"), ("b::deep", ""), ("c", "")]).is_empty());
    assert_eq!(circles(&[above, ("b", ""), ("b::deep", "fn f() { crate::a::g() }"), ("c", "")]).len(), 2);
    assert_eq!(
        circles(&[("", "pub use b::Thing;"), ("a", "use crate::Thing;"), ("b", "use super::a;")]).len(),
        2
    );
    assert!(
        circles(&[("a", "use a::x;\n// use crate::b;"), ("a::x", "use super::y;"), ("a::y", "")]).is_empty()
    );
    assert!(
        circles(&[("a", "use crate::b;"), ("b", "#[cfg(test)]\nmod tests { use crate::a; }")]).is_empty()
    );
}

/// Every crate of ours with its modules.
fn crates() -> Result<BTreeMap<String, Crate>> {
    let mut crates: BTreeMap<String, Crate> = BTreeMap::new();
    for file in tree::files(&[".rs"])? {
        let Some((name, path)) = file.name.split_once("/src/") else { continue };
        // They stand outside of the house, as in `fences`.
        if name == "tests" {
            continue;
        }
        let path = path.trim_end_matches(".rs");
        let module: Module = match path {
            "lib" | "main" => Vec::new(),
            _ => path.split('/').map(str::to_owned).collect(),
        };
        if !module.iter().any(|part| part == "tests") {
            crates.entry(name.to_owned()).or_default().entry(module).or_default().push_str(&code(&file.text));
        }
    }
    Ok(crates)
}

/// What closes a circle, an import a line.
fn circles_of(modules: &Crate) -> Vec<String> {
    let handed_on = handed_on(modules);
    let mut folders: BTreeMap<Module, Folder> = BTreeMap::new();
    for (module, text) in modules {
        for path in imports(text) {
            let Some(used) = resolve(modules, &handed_on, module, &path.path, 0) else { continue };
            let shared = module.iter().zip(&used).take_while(|(one, other)| one == other).count();
            if let (Some(user), Some(below)) = (module.get(shared), used.get(shared)) {
                let example = format!("{} uses {}", module.join("::"), used.join("::"));
                let folder = folders.entry(module[..shared].to_vec()).or_default();
                folder.insert((user.clone(), below.clone()), example);
            }
        }
    }
    folders.into_values().flat_map(circle).collect()
}

/// What is left when whoever uses nobody, and whoever is used by nobody, is taken away, again and again.
fn circle(mut folder: Folder) -> Vec<String> {
    loop {
        let users: BTreeSet<String> = folder.keys().map(|(user, _)| user.clone()).collect();
        let used: BTreeSet<String> = folder.keys().map(|(_, used)| used.clone()).collect();
        let before = folder.len();
        folder.retain(|(user, below), _| used.contains(user) && users.contains(below));
        if folder.len() == before {
            return folder.into_values().collect();
        }
    }
}

fn handed_on(modules: &Crate) -> HandedOn {
    let of = |(module, text): (&Module, &String)| {
        let public = imports(text).into_iter().filter(|import| import.is_public);
        let named = public.filter_map(|import| {
            let name = import.path.rsplit("::").next()?.to_owned();
            Some(((module.clone(), name), import.path))
        });
        named.collect::<Vec<_>>()
    };
    modules.iter().flat_map(of).collect()
}

/// The module that holds what a path names, seen from `module`. Names that others hand on are followed to where they come
/// from.
fn resolve(
    modules: &Crate,
    handed_on: &HandedOn,
    module: &Module,
    path: &str,
    depth: usize,
) -> Option<Module> {
    let mut parts = path.split("::").peekable();
    let mut place = match *parts.peek()? {
        "crate" => Vec::new(),
        "super" | "self" => module.clone(),
        first => {
            let child: Module = module.iter().cloned().chain([first.to_owned()]).collect();
            let own = (module.clone(), first.to_owned());
            if !modules.contains_key(&child) && (depth == 0 || !handed_on.contains_key(&own)) {
                return None;
            }
            module.clone()
        }
    };
    while let Some(part) = parts.next_if(|part| ["crate", "self", "super"].contains(part)) {
        if part == "super" {
            place.pop();
        }
    }
    for part in parts {
        place.push(part.to_owned());
        if modules.contains_key(&place) {
            continue;
        }
        place.pop();
        // Names lead from hand to hand a few times at most.
        let next = handed_on.get(&(place.clone(), part.to_owned())).filter(|_| depth < 6);
        return next.and_then(|path| resolve(modules, handed_on, &place, path, depth + 1)).or(Some(place));
    }
    Some(place)
}
