//! The header row: every column has a name of its own, and the first line is a header at all.

use std::collections::BTreeMap;

use crate::data::codes;
use crate::data::fault::{Fault, counted, listed, shown, suggestion};
use crate::data::infer::number;

/// The column names of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Header<'a> {
    /// The file as messages call it.
    pub(crate) file: &'a str,
    /// The names, trimmed, in order.
    pub(crate) names: &'a [String],
    /// What separates them.
    pub(crate) delimiter: char,
}

impl Header<'_> {
    /// Whether the names can serve: separated by this character, no values, none empty, none twice.
    pub(crate) fn check(self) -> Result<(), Fault> {
        self.check_delimiter()?;
        if self.shows_values() {
            return Err(self.headerless());
        }
        self.check_named()?;
        self.check_distinct()
    }

    /// The place of a column.
    pub(crate) fn find(self, name: &str) -> Result<usize, Fault> {
        let found = self.names.iter().position(|column| column == name.trim());
        found.ok_or_else(|| self.unknown(name))
    }

    fn unknown(self, name: &str) -> Fault {
        if 2 * self.numbers().len() >= self.names.len() {
            return self.headerless();
        }
        let message = format!("{} has no column {}", shown(self.file), shown(name));
        let fault = Fault::new(codes::UNKNOWN_COLUMN, message, "no such column");
        let fault = fault.note(format!("its columns: {}", self.list()));
        match suggestion(name, self.names.iter().map(String::as_str)) {
            Some(help) => fault.help(help),
            None => fault,
        }
    }

    /// The names as messages list them.
    pub(crate) fn list(self) -> String {
        listed(self.names.iter().map(String::as_str))
    }

    fn check_delimiter(self) -> Result<(), Fault> {
        let [only] = self.names else { return Ok(()) };
        let candidates = [(',', ","), (';', ";"), ('\t', "\\t"), ('|', "|")];
        let evident = candidates
            .into_iter()
            .find(|(letter, _)| *letter != self.delimiter && only.contains(*letter));
        let Some((_, written)) = evident else {
            return Ok(());
        };
        let message = format!(
            "{} is separated by `{written}`, not by `{}`",
            shown(self.file),
            self.delimiter.escape_debug()
        );
        let label = format!("read as one column, {}", shown(only));
        let help = format!("say so: `delimiter: \"{written}\"`");
        Err(Fault::new(codes::WRONG_DELIMITER, message, label).help(help))
    }

    /// At least half of the names are numbers, and among these is a fraction or a repetition: no header says `5.1,3.5` or
    /// `0,0,255`, while `country,1990,1991` may be one.
    fn shows_values(self) -> bool {
        let mut numbers = self.numbers();
        let total = numbers.len();
        let fraction = numbers.iter().any(|name| name.contains('.'));
        numbers.sort_unstable();
        numbers.dedup();
        2 * total >= self.names.len() && (fraction || numbers.len() < total)
    }

    fn numbers(&self) -> Vec<&str> {
        let names = self.names.iter().map(String::as_str);
        names.filter(|name| number(name).is_some()).collect()
    }

    fn headerless(self) -> Fault {
        let message = format!("{} has no header row", shown(self.file));
        let label = format!(
            "its first line holds values: {}",
            listed(self.names.iter().take(4).map(String::as_str))
        );
        Fault::new(codes::NO_HEADER, message, label)
            .help("put a first line with one name a column into the file")
    }

    fn check_named(self) -> Result<(), Fault> {
        let Some(place) = self.names.iter().position(String::is_empty) else {
            return Ok(());
        };
        let message = format!("column {} of {} has no name", place + 1, shown(self.file));
        let label = format!("its header: {}", self.list());
        let fault = Fault::new(codes::EMPTY_HEADER, message, label);
        Err(fault.help("name every column in the first line of the file, or leave the column out"))
    }

    fn check_distinct(self) -> Result<(), Fault> {
        let mut places = BTreeMap::new();
        for (place, name) in self.names.iter().enumerate() {
            if let Some(first) = places.insert(name.as_str(), place) {
                return Err(self.duplicate(name, first, place));
            }
        }
        Ok(())
    }

    fn duplicate(self, name: &str, first: usize, second: usize) -> Fault {
        let message = format!("{} has two columns {}", shown(self.file), shown(name));
        let label = format!(
            "columns {} and {} of {}",
            first + 1,
            second + 1,
            counted(self.names.len(), "column")
        );
        Fault::new(codes::DUPLICATE_HEADER, message, label).help("rename one of them in the file")
    }
}
