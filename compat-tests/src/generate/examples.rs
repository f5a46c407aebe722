//! The examples of std's documentation, made into tests.

use super::items::wrapped;
use super::paths::{Origin, Resolver};
use super::sources::Source;
use super::unit::{Class, Exclusion, Kind, Program, TestFile, Unit};
use crate::library::Library;
use crate::shims::Shims;
use anyhow::{Context, Result, anyhow};
use cargo_platform::{Cfg, CfgExpr};
use proc_macro2::{Delimiter, Literal, TokenStream, TokenTree};
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use syn::LitStr;

/// The examples of a file, one test each, by the line that it begins in.
pub(crate) fn examples(library: &Library, source: &Source, shims: &Shims) -> Result<TestFile> {
    let text = library.read(&source.path)?;
    let tokens: TokenStream = text
        .parse()
        .map_err(|error| anyhow!("{}: not understood as Rust: {error}", source.path))?;
    let mut texts = Vec::new();
    documentation(tokens, &library.cfgs, &mut texts);
    let resolver = Resolver::new(shims, Origin::Outside);
    let mut file = TestFile {
        source: source.path.clone(),
        name: super::name(&source.path.replace("/src/", "/doc/")),
        program: Program::Shared,
        units: Vec::new(),
        attributes: Vec::new(),
        excluded: Vec::new(),
    };
    for text in texts {
        for block in text.blocks().with_context(|| source.path.clone())? {
            file.add(&block, &resolver);
        }
    }
    Ok(file)
}

/// The documentation of an item: its lines, and those of the file that they stand in.
#[derive(Default)]
struct Documentation(Vec<(usize, String)>);

/// An example.
struct Block {
    line: usize,
    words: Vec<String>,
    code: String,
}

/// Collects the documentation of all items, also of those within macros.
fn documentation(tokens: TokenStream, cfgs: &[Cfg], into: &mut Vec<Documentation>) {
    let mut current = Documentation::default();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_hash = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#');
        if is_hash
            && matches!(tokens.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == '!')
        {
            tokens.next();
        }
        match (is_hash, tokens.peek()) {
            (true, Some(TokenTree::Group(group))) if group.delimiter() == Delimiter::Bracket => {
                if let Some(line) = line(group.stream(), cfgs) {
                    current.0.push(line);
                }
                // Other attributes do not end it.
                tokens.next();
            }
            _ => {
                if !current.0.is_empty() {
                    into.push(std::mem::take(&mut current));
                }
                if let TokenTree::Group(group) = token {
                    documentation(group.stream(), cfgs, into);
                }
            }
        }
    }
    if !current.0.is_empty() {
        into.push(current);
    }
}

/// The text of a `doc = ".."`, and its line; also of one within a `cfg_attr(.., doc = "..")` that holds here.
fn line(attribute: TokenStream, cfgs: &[Cfg]) -> Option<(usize, String)> {
    let tokens: Vec<TokenTree> = attribute.into_iter().collect();
    match &tokens[..] {
        [
            TokenTree::Ident(name),
            TokenTree::Punct(_),
            TokenTree::Literal(text),
        ] if name == "doc" => Some((text.span().start().line, value(text)?)),
        [TokenTree::Ident(name), TokenTree::Group(group)] if name == "cfg_attr" => {
            let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
            let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
            let comma = tokens.iter().position(is_comma)?;
            let condition: TokenStream = tokens[..comma].iter().cloned().collect();
            let condition: CfgExpr = condition.to_string().parse().ok()?;
            let attribute = tokens[comma + 1..].iter().cloned().collect();
            condition.matches(cfgs).then(|| line(attribute, cfgs))?
        }
        _ => None,
    }
}

fn value(literal: &Literal) -> Option<String> {
    let text: LitStr = syn::parse_str(&literal.to_string()).ok()?;
    let value = text.value();
    Some(value.strip_prefix(' ').unwrap_or(&value).to_owned())
}

impl Documentation {
    /// Its fenced blocks of code.
    fn blocks(&self) -> Result<Vec<Block>> {
        let mut text = String::new();
        let mut lines = Vec::new();
        for (line, content) in &self.0 {
            for (below, content) in content.split('\n').enumerate() {
                lines.push((text.len(), line + below));
                text += content;
                text.push('\n');
            }
        }
        let mut blocks = Vec::new();
        let mut current: Option<Block> = None;
        for (event, range) in Parser::new(&text).into_offset_iter() {
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(info))) => {
                    let at = lines.partition_point(|(begin, _)| *begin <= range.start);
                    let words = info.split(|c: char| c == ',' || c.is_whitespace());
                    let words = words.map(|word| word.trim_matches(['{', '}', '.']));
                    current = Some(Block {
                        line: lines[at.saturating_sub(1)].1,
                        words: words
                            .filter(|word| !word.is_empty())
                            .map(str::to_owned)
                            .collect(),
                        code: String::new(),
                    });
                }
                Event::Text(text) => {
                    if let Some(block) = &mut current {
                        block.code += &text;
                    }
                }
                Event::End(TagEnd::CodeBlock) => blocks.extend(current.take()),
                _ => (),
            }
        }
        Ok(blocks)
    }
}

impl Block {
    /// Whether it is Rust that compiles.
    fn is_example(&self) -> bool {
        self.words.iter().all(|word| {
            let is_code = word.len() == 5
                && word.starts_with('E')
                && word[1..].chars().all(|c| c.is_ascii_digit());
            let plain = [
                "rust",
                "no_run",
                "should_panic",
                "test_harness",
                "standalone_crate",
            ];
            plain.contains(&word.as_str()) || word.starts_with("edition") || is_code
        })
    }

    fn has(&self, word: &str) -> bool {
        self.words.iter().any(|other| other == word)
    }

    /// Its lines, those included that documentation hides.
    fn lines(&self) -> String {
        let lines = self.code.lines().map(|line| {
            let trimmed = line.trim_start();
            if trimmed == "#" {
                ""
            } else if let Some(hidden) = trimmed.strip_prefix("# ") {
                hidden
            } else if trimmed.starts_with("##") {
                &trimmed[1..]
            } else {
                line
            }
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

impl TestFile {
    fn add(&mut self, block: &Block, resolver: &Resolver<'_>) {
        if !block.is_example() {
            return;
        }
        let name = format!("line_{}", block.line);
        let mut exclude = |class, why: String| {
            let exclusion = Exclusion {
                class,
                code: String::new(),
                why,
            };
            self.excluded.push((name.clone(), exclusion));
        };
        let (code, features) = match without_attributes(&block.lines()) {
            Ok(parts) => parts,
            Err(error) => return exclude(Class::Other, error.to_string()),
        };
        if !features.is_empty() {
            return exclude(Class::Unstable, format!("needs feature {features}"));
        }
        let body = match resolver.rewrite(&code) {
            Ok(body) => body,
            Err(error) => return exclude(Class::Other, error.to_string()),
        };
        let body = match shape(&code) {
            Shape::Main => format!("{body}\ncrate::support::ExampleResult::check(main());"),
            Shape::Result => format!(
                "fn compat_inner() -> ::core::result::Result<(), impl ::core::fmt::Debug> \
                 {{\n{body}\n}}\ncompat_inner().unwrap();"
            ),
            Shape::Statements => body,
        };
        let attributes = if block.has("should_panic") {
            "#[test]\n#[should_panic]"
        } else {
            "#[test]"
        };
        let text = wrapped(
            &format!("{attributes}\nfn {name}()"),
            "",
            &format!("{{\n{body}\n}}"),
        );
        let kind = if block.has("no_run") {
            Kind::CompileOnly
        } else {
            Kind::Test
        };
        self.units.push(Unit::new(kind, name, text));
    }
}

/// `code` without its inner attributes, and the features that they turn on.
fn without_attributes(code: &str) -> Result<(String, String)> {
    let tokens: TokenStream = code
        .parse()
        .map_err(|error| anyhow!("not understood as Rust: {error}"))?;
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let mut edits = crate::rewrite::Edits::default();
    let mut features = Vec::new();
    for window in tokens.windows(3) {
        if let [
            TokenTree::Punct(hash),
            TokenTree::Punct(not),
            TokenTree::Group(group),
        ] = window
            && hash.as_char() == '#'
            && not.as_char() == '!'
        {
            let end = group.span().byte_range().end;
            edits.push(hash.span().byte_range().start..end, String::new());
            let mut inside = group.stream().into_iter();
            if let (Some(TokenTree::Ident(name)), Some(TokenTree::Group(names))) =
                (inside.next(), inside.next())
                && name == "feature"
            {
                features.push(names.stream().to_string());
            }
        }
    }
    Ok((edits.apply(code), features.join(", ")))
}

enum Shape {
    /// It has a `main`.
    Main,
    /// It ends with an `Ok(())` of some kind.
    Result,
    Statements,
}

fn shape(code: &str) -> Shape {
    let Ok(tokens) = code.parse::<TokenStream>() else {
        return Shape::Statements;
    };
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let is_main = |pair: &[TokenTree]| matches!(pair, [TokenTree::Ident(keyword), TokenTree::Ident(name)] if keyword == "fn" && name == "main");
    if tokens.windows(2).any(is_main) {
        return Shape::Main;
    }
    match tokens.last() {
        Some(TokenTree::Group(group))
            if group.delimiter() == Delimiter::Parenthesis
                && group.stream().to_string().replace(' ', "") == "()" =>
        {
            Shape::Result
        }
        _ => Shape::Statements,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    /// The examples of a file with this text.
    fn of(text: &str) -> TestFile {
        let folder = tempfile::TempDir::new().unwrap();
        fs::write(folder.path().join("a.rs"), text).unwrap();
        let library = Library {
            folder: folder.path().to_owned(),
            version: 0,
            cfgs: vec!["unix".parse().unwrap()],
        };
        let source = Source {
            path: "a.rs".to_owned(),
            module: "std::net",
            is_unit: false,
        };
        examples(&library, &source, &Shims::none()).unwrap()
    }

    fn names(file: &TestFile) -> Vec<(Kind, &str)> {
        file.units
            .iter()
            .map(|unit| (unit.kind, unit.name.as_str()))
            .collect()
    }

    #[test]
    fn examples_are_named_by_their_lines() {
        let file = of(
            "/// Text.\n///\n/// ```\n/// a();\n/// ```\n///\n/// ```no_run\n/// b();\n/// ```\nfn f() {}\n\
                       macro_rules! m { () => { /** ```\nc();\n``` */ fn g() {} } }",
        );
        let expected = [
            (Kind::Test, "line_3"),
            (Kind::CompileOnly, "line_7"),
            (Kind::Test, "line_11"),
        ];
        assert_eq!(names(&file), expected);
    }

    #[test]
    fn what_does_not_compile_is_no_example() {
        let file = of(
            "/// ```text\n/// a\n/// ```\n/// ```compile_fail,E0308\n/// b();\n/// ```\n\
                       /// ```ignore (why)\n/// c();\n/// ```\nfn f() {}",
        );
        assert_eq!(names(&file), []);
        assert_eq!(file.excluded, []);
    }

    #[test]
    fn a_feature_excludes_an_example() {
        let file = of("/// ```\n/// #![feature(x)]\n/// a();\n/// ```\nfn f() {}");
        assert_eq!(names(&file), []);
        assert_eq!(file.excluded[0].1.class, Class::Unstable);
    }

    #[test]
    fn an_attribute_may_say_what_the_documentation_is_on_this_target() {
        let file = of(
            "#[cfg_attr(unix, doc = \"```no_run\")]\n#[cfg_attr(not(unix), doc = \"```ignore\")]\n\
                       /// a();\n/// ```\nfn f() {}",
        );
        assert_eq!(names(&file), [(Kind::CompileOnly, "line_1")]);
    }

    #[test]
    fn a_fence_that_is_not_closed_ends_with_the_documentation() {
        let file = of("/// ```\n/// a();\nfn f() {}\n/// ```\n/// b();\n/// ```\nfn g() {}");
        assert_eq!(
            names(&file),
            [(Kind::Test, "line_1"), (Kind::Test, "line_4")]
        );
    }

    #[test]
    fn the_shapes_of_examples() {
        let text = |example: &str| {
            of(&format!("/// ```\n/// {example}\n/// ```\nfn f() {{}}")).units[0]
                .text
                .clone()
        };
        assert!(text("fn main() {}").contains("ExampleResult::check(main())"));
        assert!(text("a()?; Ok::<(), E>(())").contains("compat_inner().unwrap()"));
        assert!(text("# hidden();").contains("\nhidden();\n"));
        assert!(text("## kept").contains("# kept"));
    }
}
