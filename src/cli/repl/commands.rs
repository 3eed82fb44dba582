//! The commands of the prompt: their names, what they take, and what is said of them.

use crate::diag::did_you_mean;

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    Type,
    Info,
    Ir,
    Grad,
    Plan,
    Time,
    Load,
    Save,
    Vars,
    Reset,
    Help,
    Quit,
}

/// Every command with its name, what it takes, and what it does.
pub(crate) const COMMANDS: [(Command, &str, &str, &str); 12] = [
    (
        Command::Type,
        "type",
        "EXPR",
        "the type of an expression, which is not computed",
    ),
    (
        Command::Info,
        "info",
        "NAME",
        "what a name means: signature, docs, an example; also ?NAME",
    ),
    (
        Command::Ir,
        "ir",
        "[LINE]",
        "a line, or the last one, with every shape worked out",
    ),
    (
        Command::Grad,
        "grad",
        "[LINE]",
        "the same with gradients written out",
    ),
    (
        Command::Plan,
        "plan",
        "[LINE]",
        "how native code goes about it",
    ),
    (
        Command::Time,
        "time",
        "LINE",
        "a line, and how long it took",
    ),
    (Command::Load, "load", "FILE", "run a program here"),
    (
        Command::Save,
        "save",
        "FILE",
        "write what was said so far as a program",
    ),
    (
        Command::Vars,
        "vars",
        "",
        "what was declared, and the names that have values",
    ),
    (Command::Reset, "reset", "", "forget everything"),
    (Command::Help, "help", "", "this list"),
    (Command::Quit, "quit", "", "leave; so does Ctrl-D"),
];

/// A command line without its `:`, read: the command and the rest; or what is wrong with it.
pub(crate) fn read(text: &str) -> Result<(Command, &str), String> {
    let text = text.trim();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let found = COMMANDS.iter().find(|(_, name, ..)| *name == word);
    let (command, name, takes, _) = found.ok_or_else(|| unknown(word))?;
    match (
        rest.trim(),
        takes.starts_with(|c: char| c.is_ascii_uppercase()),
    ) {
        ("", true) => Err(format!("`:{name}` needs more: `:{name} {takes}`\n")),
        (rest, _) => Ok((*command, rest)),
    }
}

fn unknown(word: &str) -> String {
    let names = COMMANDS.iter().map(|(_, name, ..)| *name);
    match did_you_mean(word, names) {
        Some(near) => format!("no command `:{word}`; did you mean `:{near}`?\n"),
        None => format!("no command `:{word}`; `:help` lists them\n"),
    }
}

/// The list of commands.
pub(crate) fn help() -> String {
    let line = |(_, name, takes, what): &(Command, &str, &str, &str)| {
        format!("  {:<14} {what}\n", format!(":{name} {takes}").trim_end())
    };
    COMMANDS.iter().map(line).collect()
}
