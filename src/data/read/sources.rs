//! Where rows come from: `csv("path")`, `table({ … })`, `random(rows: 128, …)`, `text("path")`, ….

use crate::data::codes as data_codes;
use crate::data::fault::{shown, suggestion};
use crate::data::read::Reader;
use crate::data::read::constant::{number_of, unquoted};
use crate::data::read::given::Given;
use crate::data::read::reports::{existing, helped, lacking, twice, unknown, wrong_kind};
use crate::data::read::views::{self, named_call, spanned};
use crate::data::spec::{
    Channels, CsvSpec, FolderSpec, ImagesSpec, InlineCell, InlineColumn, InlineSpec, NpyFiles,
    NpySpec, RandomSpec, SourceSpec, TextSpec,
};
use crate::diag::Diagnostic;
use crate::source::Spanned;
use crate::syntax::ast::{Arg, Expr, Name};

/// The sources that there are.
const SOURCES: [&str; 10] = [
    "csv", "table", "random", "idx", "cifar", "images", "npy", "text", "lines", "jsonl",
];

/// Those still to come.
const LATER: [&str; 1] = ["parquet"];

/// Whether an expression can only be a source.
pub(super) fn is_source(expr: &Expr) -> bool {
    named_call(expr).is_some_and(|(name, _)| {
        let name = name.value.as_str();
        SOURCES.contains(&name) || LATER.contains(&name)
    })
}

/// Whether an expression is a source that is still to come.
pub(super) fn is_later(expr: &Expr) -> bool {
    named_call(expr).is_some_and(|(name, _)| LATER.contains(&name.value.as_str()))
}

impl Reader {
    /// What follows `source:`.
    pub(super) fn source(&mut self, expr: &Expr) -> Option<SourceSpec> {
        let Some((name, args)) = named_call(expr) else {
            return self.report(no_source(expr));
        };
        match name.value.as_str() {
            "csv" => self.csv(expr, args),
            "table" => self.table(expr, args),
            "random" => self.random(expr, args),
            "idx" => self.folder(name, expr, args).map(SourceSpec::Idx),
            "cifar" => self.folder(name, expr, args).map(SourceSpec::Cifar),
            "images" => self.images(expr, args),
            "npy" => self.npy(expr, args),
            "text" => self.text_file(name, expr, args).map(SourceSpec::Text),
            "lines" => self.text_file(name, expr, args).map(SourceSpec::Lines),
            "jsonl" => self.text_file(name, expr, args).map(SourceSpec::Jsonl),
            later if LATER.contains(&later) => self.report(not_yet(name)),
            _ => self.report(unknown("source", name, &SOURCES)),
        }
    }

    fn csv(&mut self, expr: &Expr, args: &[Arg]) -> Option<SourceSpec> {
        let mut given = Given::call("csv", expr.span, args);
        let path = given.take_next("path");
        let path = self.needed(path, &given, "path", "csv(\"path/to/file.csv\")");
        let delimiter = given.take("delimiter");
        self.no_more(&given);
        let path = path.and_then(|path| self.text("a path", path));
        let delimiter = delimiter.map(|delimiter| self.delimiter(delimiter));
        Some(SourceSpec::Csv(CsvSpec {
            path: path?,
            delimiter: delimiter.map_or(Some(None), |letter| letter.map(Some))?,
        }))
    }

    fn folder(&mut self, name: &Name, expr: &Expr, args: &[Arg]) -> Option<FolderSpec> {
        let mut given = Given::call(&name.value, expr.span, args);
        let path = given.take_next("path");
        let example = format!("{}(\"path/to/folder\")", name.value);
        let path = self.needed(path, &given, "path", &example);
        self.no_more(&given);
        let path = self.text("a path", path?)?;
        Some(FolderSpec { path })
    }

    fn images(&mut self, expr: &Expr, args: &[Arg]) -> Option<SourceSpec> {
        let mut given = Given::call("images", expr.span, args);
        let path = given.take_next("path");
        let path = self.needed(path, &given, "path", "images(\"path/to/folder\")");
        let (gray, size) = (given.take("gray"), given.take("size"));
        self.no_more(&given);
        let path = self.text("a path", path?)?;
        let gray = match gray {
            None => false,
            Some(expr) => match views::truth(expr) {
                Some(truth) => truth,
                None => return self.report(wrong_kind("`true` or `false`", expr)),
            },
        };
        let size = match size {
            None => None,
            Some(expr) => Some(self.image_size(expr)?),
        };
        Some(SourceSpec::Images(ImagesSpec { path, gray, size }))
    }

    fn npy(&mut self, expr: &Expr, args: &[Arg]) -> Option<SourceSpec> {
        const EXAMPLE: &str = "npy(\"x.npy\", labels: \"y.npy\")";
        let mut given = Given::call("npy", expr.span, args);
        let path = given.take_next("path");
        let path = self.needed(path, &given, "path", EXAMPLE);
        let others = ["labels", "test", "test_labels"].map(|name| given.take(name));
        let channels = given.take("channels");
        self.no_more(&given);
        self.check_test(&given, others)?;
        let train = path.and_then(|path| self.text("a path", path));
        let [labels, test, test_labels] = others.map(|path| self.path_if_any(path));
        let channels = channels.map(|channels| self.channels(channels));
        let (train, test, test_labels) = (train?, test?, test_labels?);
        let labels = labels?.map(|train| NpyFiles {
            train,
            test: test_labels,
        });
        Some(SourceSpec::Npy(NpySpec {
            rows: NpyFiles { train, test },
            labels,
            channels: channels.map_or(Some(None), |channels| channels.map(Some))?,
        }))
    }

    /// A path, where one is given; nothing where it is none.
    fn path_if_any(&mut self, path: Option<&Expr>) -> Option<Option<Spanned<String>>> {
        path.map_or(Some(None), |path| self.text("a path", path).map(Some))
    }

    /// Rows to test on have labels where the others have.
    fn check_test(&mut self, given: &Given<'_>, others: [Option<&Expr>; 3]) -> Option<()> {
        const EXAMPLE: &str =
            "npy(\"x.npy\", labels: \"y.npy\", test: \"x_test.npy\", test_labels: \"y_test.npy\")";
        let lacks = match others.map(|other| other.is_some()) {
            [true, true, false] => "test_labels",
            [true, false, true] => "test",
            [false, _, true] => "labels",
            [_, false, false] | [true, true, true] | [false, true, false] => return Some(()),
        };
        self.report(lacking(&given.what, lacks, given.span, EXAMPLE))
    }

    fn channels(&mut self, expr: &Expr) -> Option<Channels> {
        match views::bare_name(expr).map(|name| name.value.as_str()) {
            Some("first") => Some(Channels::First),
            Some("last") => Some(Channels::Last),
            Some(_) | None => self.report(wrong_kind("`first` or `last`", expr)),
        }
    }

    /// `[32, 32]`, or one number for both.
    fn image_size(&mut self, expr: &Expr) -> Option<[u32; 2]> {
        const LARGEST: usize = 1 << 14;
        let sizes = match views::list(expr) {
            Some([height, width]) => [height, width],
            Some(_) => return self.report(wrong_kind("a height and a width", expr)),
            None => [expr, expr],
        };
        let sizes = sizes.map(|size| self.count("a size in pixels", size));
        let fits = |size: &Spanned<usize>| (1..=LARGEST).contains(&size.value);
        let [height, width] = sizes;
        let (height, width) = (height?, width?);
        if !fits(&height) || !fits(&width) {
            return self.report(wrong_kind("a size from 1 to 16384 pixels", expr));
        }
        let small = |size: Spanned<usize>| u32::try_from(size.value).unwrap_or(u32::MAX);
        Some([small(height), small(width)])
    }

    fn text_file(&mut self, name: &Name, expr: &Expr, args: &[Arg]) -> Option<TextSpec> {
        let mut given = Given::call(&name.value, expr.span, args);
        let path = given.take_next("path");
        let example = format!("{}(\"path/to/file\")", name.value);
        let path = self.needed(path, &given, "path", &example);
        self.no_more(&given);
        let path = self.text("a path", path?)?;
        Some(TextSpec { path })
    }

    fn delimiter(&mut self, expr: &Expr) -> Option<Spanned<char>> {
        let text = self.text("a delimiter", expr)?.value;
        let mut letters = text.chars();
        match (letters.next(), letters.next()) {
            (Some(letter), None) => Some(spanned(letter, expr)),
            _ => {
                let message = format!("{} cannot separate cells", shown(&text));
                let report = Diagnostic::error(data_codes::BAD_DELIMITER, message);
                let report = report.label(expr.span, "one plain ASCII character is needed");
                self.report(report.help("use `,`, `;`, `\\t` or `|`"))
            }
        }
    }

    fn table(&mut self, expr: &Expr, args: &[Arg]) -> Option<SourceSpec> {
        const EXAMPLE: &str = "table({ a: [0, 1], y: [\"no\", \"yes\"] })";
        let mut given = Given::call("table", expr.span, args);
        let columns = given.take_next("columns");
        let columns = self.needed(columns, &given, "columns", EXAMPLE);
        self.no_more(&given);
        let columns = columns?;
        let Some(columns) = views::record(columns) else {
            return self.report(
                wrong_kind("a record of columns", columns).help(format!("write `{EXAMPLE}`")),
            );
        };
        for (at, (name, _)) in columns.iter().enumerate() {
            let mut before = columns[..at].iter().map(|(name, _)| name);
            if let Some(first) = before.find(|first| first.value == name.value) {
                self.reports.push(twice("`table`", first, name));
            }
        }
        let columns: Vec<Option<InlineColumn>> = columns
            .iter()
            .map(|(name, cells)| self.inline_column(name, cells))
            .collect();
        Some(SourceSpec::Inline(InlineSpec {
            columns: columns.into_iter().collect::<Option<Vec<InlineColumn>>>()?,
            span: expr.span,
        }))
    }

    fn inline_column(&mut self, name: &Name, expr: &Expr) -> Option<InlineColumn> {
        let cells = self.each("a column, a list of cells", expr, Reader::cell)?;
        Some(InlineColumn {
            name: name.clone(),
            cells,
            span: expr.span,
        })
    }

    fn cell(&mut self, expr: &Expr) -> Option<Spanned<InlineCell>> {
        let truth = || views::truth(expr).map(InlineCell::Bool);
        let text = || Some(InlineCell::Text(views::text(expr)?.to_owned()));
        let integer = || views::integer(expr).map(InlineCell::Int);
        let number = || Some(InlineCell::Float(number_of(expr).ok()?));
        match truth().or_else(text).or_else(integer).or_else(number) {
            Some(cell) => Some(spanned(cell, expr)),
            None => self.report(unquoted(
                "a number, a truth value or a text in quotes",
                expr,
            )),
        }
    }

    fn random(&mut self, expr: &Expr, args: &[Arg]) -> Option<SourceSpec> {
        const EXAMPLE: &str = "random(rows: 128, normal: 4, classes: 3, seed: 0)";
        let mut given = Given::call("random", expr.span, args);
        let rows = given.take_next("rows");
        let rows = self.needed(rows, &given, "rows", EXAMPLE);
        let counts = ["normal", "uniform", "classes"].map(|name| given.take(name));
        let seed = given.take("seed");
        self.no_more(&given);
        let rows = rows.and_then(|rows| self.count("the number of rows", rows));
        let seed = seed.map(|seed| self.whole("a seed", seed));
        let [normal, uniform, classes] =
            counts.map(|count| count.map(|count| self.count("the number", count)));
        Some(SourceSpec::Random(RandomSpec {
            rows: rows?,
            normal: normal.map_or(Some(0), |n| Some(n?.value))?,
            uniform: uniform.map_or(Some(0), |n| Some(n?.value))?,
            classes: classes.map_or(Some(None), |n| n.map(Some))?,
            seed: seed.unwrap_or(Some(0))?,
            span: expr.span,
        }))
    }
}

fn no_source(expr: &Expr) -> Diagnostic {
    let report = wrong_kind("a source", expr).note(existing(&SOURCES));
    if let Some(path) = views::text(expr) {
        return report.help(format!("write `csv(\"{}\")`", path.escape_debug()));
    }
    let near = views::bare_name(expr).and_then(|name| suggestion(&name.value, SOURCES));
    helped(report, near)
}

fn not_yet(name: &Name) -> Diagnostic {
    let message = format!("the source `{}` is not supported yet", name.value);
    Diagnostic::error(data_codes::NOT_SUPPORTED, message)
        .label(name.span, "still to come")
        .note(existing(&SOURCES))
}
