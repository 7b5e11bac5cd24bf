//! Rust as far as imports are concerned.

/// A path that a file imports, or names in passing.
pub(crate) struct Import {
    /// `crate::store::PgPool`, `super::row`, `stripe::event`.
    pub(crate) path: String,
    /// Whether others may use it by the file's own name.
    pub(crate) is_public: bool,
}

/// Code without comments, texts and inline tests.
pub(crate) fn code(text: &str) -> String {
    without_tests(&without_texts(text))
}

/// What code imports, and the paths from `crate` and `super` that it names elsewhere.
pub(crate) fn imports(code: &str) -> Vec<Import> {
    let mut found = Vec::new();
    let mut rest = String::new();
    for statement in code.split_inclusive([';', '{', '}']) {
        rest.push_str(statement);
        let Some(start) = keyword(&rest, "use") else {
            // What a statement names beside imports.
            if statement.ends_with([';', '{', '}']) {
                let named = named(&rest).map(|path| Import { path, is_public: false });
                found.extend(named);
                rest.clear();
            }
            continue;
        };
        if statement.ends_with(';') {
            let (before, tree) = rest.split_at(start);
            let is_public = keyword(before, "pub").is_some();
            let tree: String = tree
                .trim_start_matches("use")
                .trim_end_matches(';')
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ");
            found.extend(expand(&tree).into_iter().map(|path| Import { path, is_public }));
            found.extend(named(before).map(|path| Import { path, is_public: false }));
            rest.clear();
        }
    }
    found
}

/// Where a word begins that is no part of another.
fn keyword(text: &str, word: &str) -> Option<usize> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    text.match_indices(word).map(|(at, _)| at).find(|at| {
        let (before, after) = (&text[..*at], &text[at + word.len()..]);
        !before.ends_with(is_part) && !after.starts_with(is_part)
    })
}

/// `crate::a::b` and `super::c` in code that imports nothing.
fn named(code: &str) -> impl Iterator<Item = String> + '_ {
    let is_path = |c: char| c.is_alphanumeric() || c == '_' || c == ':';
    code.split(move |c| !is_path(c))
        .filter(|word| word.starts_with("crate::") || word.starts_with("super::"))
        .map(|word| word.trim_end_matches(':').to_owned())
}

/// `a::{b, c::{self, D as E}}` as paths.
fn expand(tree: &str) -> Vec<String> {
    let tree = tree.trim();
    let Some((before, inner)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or_default().trim();
        return vec![path.trim_end_matches("::self").to_owned()];
    };
    let inner = inner.trim_end().trim_end_matches('}');
    let (mut depth, mut branches) = (0_usize, vec![String::new()]);
    for c in inner.chars() {
        match c {
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        match branches.last_mut() {
            Some(_) if c == ',' && depth == 0 => branches.push(String::new()),
            Some(branch) => branch.push(c),
            None => {}
        }
    }
    let branches = branches.iter().map(|branch| branch.trim()).filter(|branch| !branch.is_empty());
    branches.flat_map(|branch| expand(&format!("{}{branch}", before.trim()))).collect()
}

fn without_tests(code: &str) -> String {
    let mut kept = String::new();
    let mut rest = code;
    while let Some((before, after)) = rest.split_once("#[cfg(test)]") {
        kept.push_str(before);
        let is_inline = after.find(['{', ';']).is_some_and(|at| after[at..].starts_with('{'));
        rest =
            if is_inline { after_block(after) } else { after.split_once(';').map_or("", |(_, rest)| rest) };
    }
    kept + rest
}

/// What follows the first block in braces.
fn after_block(code: &str) -> &str {
    let mut depth = 0_usize;
    for (at, c) in code.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth <= 1 => return &code[at + 1..],
            '}' => depth -= 1,
            _ => {}
        }
    }
    ""
}

fn without_texts(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        rest = if rest.starts_with("//") {
            rest.find('\n').map_or("", |end| &rest[end..])
        } else if let Some(end) = raw_text(rest) {
            &rest[end..]
        } else if c == '"' {
            after_quoted(after)
        } else if c == '\'' && is_letter(after) {
            after.split_once('\'').map_or("", |(letter, rest)| if letter == "\\" { &rest[1..] } else { rest })
        } else {
            code.push(c);
            after
        };
    }
    code
}

/// Where `r"…"`, `r#"…"#` and so on end, when code begins with one.
fn raw_text(code: &str) -> Option<usize> {
    let hashes = code.strip_prefix('r')?;
    let quoted = hashes.trim_start_matches('#');
    let count = hashes.len() - quoted.len();
    let inner = quoted.strip_prefix('"')?;
    let end = format!("\"{}", "#".repeat(count));
    let at = inner.find(&end)?;
    Some(code.len() - inner.len() + at + end.len())
}

/// After the quote that ends a text.
fn after_quoted(text: &str) -> &str {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            '"' if !escaped => return &text[at + 1..],
            _ => escaped = c == '\\' && !escaped,
        }
    }
    ""
}

/// Whether what follows a single quote is a letter in quotes, not a lifetime.
fn is_letter(after: &str) -> bool {
    let mut chars = after.chars();
    match chars.next() {
        Some('\\') => true,
        Some(_) => chars.next() == Some('\''),
        None => false,
    }
}
