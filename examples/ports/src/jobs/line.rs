//! A line of a job file.

use std::iter::Peekable;
use std::path::PathBuf;
use std::str::Chars;

/// A pipeline, and what it is called.
pub(crate) struct Job {
    pub(crate) name: String,
    /// The words of each command: at least one command, of at least one word.
    pub(crate) commands: Vec<Vec<String>>,
    /// What the first command reads. Otherwise nothing.
    pub(crate) input: Option<PathBuf>,
    /// What the last command writes. Otherwise it is captured.
    pub(crate) output: Option<Output>,
}

/// A file that is written.
pub(crate) struct Output {
    pub(crate) path: PathBuf,
    /// Whether what is there stays.
    pub(crate) append: bool,
}

#[derive(PartialEq)]
enum Token {
    Word(String),
    Pipe,
    Input,
    Output,
    Append,
}

impl Job {
    /// Understands a line. One without a command is no job. One without a name is called by its number.
    pub(crate) fn parse(number: usize, line: &str) -> Result<Option<Job>, String> {
        let (name, line) = match line.split_once(':') {
            Some((name, rest)) if is_name(name.trim()) => (name.trim().to_owned(), rest),
            _ => (format!("line {number}"), line),
        };
        let mut job = Job {
            name,
            commands: Vec::new(),
            input: None,
            output: None,
        };
        let mut command = Vec::new();
        let mut tokens = tokens(line)?.into_iter();
        if tokens.len() == 0 {
            return Ok(None);
        }
        while let Some(token) = tokens.next() {
            let mut file = |mark| match tokens.next() {
                Some(Token::Word(path)) => Ok(PathBuf::from(path)),
                _ => Err(format!("no file after '{mark}'")),
            };
            match token {
                Token::Word(word) => command.push(word),
                Token::Pipe if command.is_empty() => return Err("no command before '|'".into()),
                Token::Pipe if job.output.is_some() => {
                    return Err("only the last command can have '>'".into());
                }
                Token::Pipe => job.commands.push(std::mem::take(&mut command)),
                Token::Input if !job.commands.is_empty() => {
                    return Err("only the first command can have '<'".into());
                }
                Token::Input if job.input.is_some() => return Err("more than one '<'".into()),
                Token::Input => job.input = Some(file("<")?),
                Token::Output | Token::Append if job.output.is_some() => {
                    return Err("more than one '>'".into());
                }
                Token::Output | Token::Append => {
                    let append = token == Token::Append;
                    let path = file(if append { ">>" } else { ">" })?;
                    job.output = Some(Output { path, append });
                }
            }
        }
        if command.is_empty() {
            return Err("no command at the end".into());
        }
        job.commands.push(command);
        Ok(Some(job))
    }
}

fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
    !text.is_empty() && text.chars().all(plain)
}

fn tokens(line: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut chars = line.chars().peekable();
    while let Some(&c) = chars.peek() {
        match c {
            '#' => break,
            '|' => tokens.push(Token::Pipe),
            '<' => tokens.push(Token::Input),
            '>' => {
                chars.next();
                if chars.next_if_eq(&'>').is_some() {
                    tokens.push(Token::Append);
                } else {
                    tokens.push(Token::Output);
                }
                continue;
            }
            c if c.is_whitespace() => {}
            _ => {
                tokens.push(Token::Word(word(&mut chars)?));
                continue;
            }
        }
        chars.next();
    }
    Ok(tokens)
}

/// Takes a word, up to a blank or an operator that is not quoted.
fn word(chars: &mut Peekable<Chars<'_>>) -> Result<String, String> {
    let ends = |c: &char| c.is_whitespace() || matches!(c, '|' | '<' | '>');
    let mut word = String::new();
    while let Some(c) = chars.next_if(|c| !ends(c)) {
        match c {
            '\\' => word.push(chars.next().ok_or("nothing after '\\'")?),
            '\'' | '"' => loop {
                match chars.next() {
                    None => return Err(format!("no second {c}")),
                    Some(end) if end == c => break,
                    Some('\\') if c == '"' => word.push(chars.next().ok_or("no second \"")?),
                    Some(other) => word.push(other),
                }
            },
            c => word.push(c),
        }
    }
    Ok(word)
}
