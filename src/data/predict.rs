//! New data for a saved model: the columns its fields were fitted on, through the same transforms.

use std::collections::BTreeSet;
use std::path::Path;

use crate::data::apply::apply;
use crate::data::block::Block;
use crate::data::chunk::not_rows;
use crate::data::codes;
use crate::data::dataset::Part;
use crate::data::fault::{Fault, shown};
use crate::data::missing::complete;
use crate::data::rows::Rows;
use crate::data::spec::{MissingSpec, TextSpec, WindowSpec};
use crate::data::table::Table;
use crate::data::text::{Unit, read_text};
use crate::data::tokens::padded;
use crate::data::transform::{Fitted, FittedField};
use crate::data::windows::Cut;
use crate::data::{MissingPolicy, Reading};
use crate::diag::{Code, Diagnostic, Diagnostics};
use crate::source::{Span, Spanned};
use crate::tokens::Tokenizer;
use crate::types::DType;

/// Turns tables into fields as the data of a model's training was.
pub struct Encoder<'a> {
    fields: Vec<&'a FittedField>,
    missing: MissingSpec,
    span: Span,
}

/// Rows as a model takes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    /// The rows of the table that were kept, ascending: others have no value where one is needed.
    pub rows: Vec<u32>,
    /// The fields in order, `[rows, ..row_shape]` each.
    pub fields: Vec<(String, Rows)>,
}

impl<'a> Encoder<'a> {
    /// An encoder for some fields of rows of cells; faults are told at `span`. Fields that are made of a text are refused.
    pub fn of_cells(
        fields: Vec<&'a FittedField>,
        reading: &Reading,
        span: Span,
    ) -> Result<Encoder<'a>, Diagnostic> {
        match fields.iter().find(|field| field.unit().is_some()) {
            Some(field) => Err(not_rows("a text", &field.name).at(span)),
            None => Ok(Encoder::new(fields, reading, span)),
        }
    }

    /// An encoder for some fields; faults are told at `span`.
    pub fn new(fields: Vec<&'a FittedField>, reading: &Reading, span: Span) -> Encoder<'a> {
        Encoder {
            fields,
            missing: reading.missing(span),
            span,
        }
    }

    /// The text of a file, as a table of what a field takes for a row of it; nothing where fields are made of rows of cells.
    pub fn read_text(&self, path: &str) -> Result<Option<Table>, Diagnostics> {
        let Some(unit) = self.fields.iter().find_map(|field| field.unit()) else {
            return Ok(None);
        };
        let source = TextSpec {
            path: Spanned::new(path.to_owned(), self.span),
        };
        read_text(&source, unit, Path::new(""), |_| Ok(vec![0])).map(Some)
    }

    /// The columns it takes.
    pub fn columns(&self) -> BTreeSet<&str> {
        let columns = self.fields.iter().flat_map(|field| &field.columns);
        columns.map(String::as_str).collect()
    }

    /// What counts as missing.
    pub fn missing(&self) -> &MissingSpec {
        &self.missing
    }

    /// Whether rows are cut into windows: then all of them are wanted at once.
    pub fn is_windowed(&self) -> bool {
        self.fields.iter().any(|field| field.windows.is_some())
    }

    /// The rows of a table as fields.
    pub fn encode(&self, table: &Table) -> Result<Encoded, Diagnostic> {
        let rows = self.kept(table)?;
        let kept = match rows.len() == table.n_rows() {
            true => None,
            false => Some(table.keep(&rows)),
        };
        let fields = self.rows_of(kept.as_ref().unwrap_or(table))?;
        Ok(Encoded { fields, rows })
    }

    /// The same as a part of a dataset. Its rows are windows where fields are cut into some.
    pub fn part(&self, table: &Table) -> Result<Part, Diagnostic> {
        let Encoded { fields, rows } = self.encode(table)?;
        let n_rows = fields.first().map_or(0, |(_, own)| own.shape()[0]);
        let rows = match self.cut() {
            Some(cut) if n_rows == 0 => return Err(self.too_short(&cut, table)),
            Some(_) => (0..).take(n_rows).collect(),
            None => rows,
        };
        Ok(Part {
            name: "all".into(),
            rows,
            fields,
            mixup: None,
        })
    }

    fn rows_of(&self, table: &Table) -> Result<Vec<(String, Rows)>, Diagnostic> {
        let cut = self.cut();
        let field = |field: &&FittedField| {
            let said = |fault: Fault| of_new_rows(field, fault.at(self.span));
            let mut rows = field.applied(table, &self.missing).map_err(said)?;
            if let (Some(cut), Some(own)) = (&cut, field.windows) {
                let series = rows.tensor().map_err(said)?.clone();
                rows = Rows::Windows(Box::new(cut.windows(series, own)));
            }
            Ok((field.name.clone(), rows))
        };
        self.fields.iter().map(field).collect()
    }

    /// Every window that all fields have. What all are shifted by, none is.
    fn cut(&self) -> Option<Cut> {
        let windows = self.fields.iter().filter_map(|field| field.windows);
        let windows: Vec<WindowSpec> = windows.collect();
        let first = windows.iter().map(|own| own.shift).min()?;
        Cut::of(&windows, first)
    }

    fn too_short(&self, cut: &Cut, table: &Table) -> Diagnostic {
        let message = format!("{} is too short for one window", shown(&table.file));
        let fault = Fault::new(
            codes::SHORT_SERIES,
            message,
            cut.too_long_for(table.n_rows()),
        );
        fault.help("give it a longer series").at(self.span)
    }

    /// The rows that have a value wherever one is needed, where others are to be left out.
    fn kept(&self, table: &Table) -> Result<Vec<u32>, Diagnostic> {
        let all = (0..).take(table.n_rows());
        if self.missing.policy == MissingPolicy::Error {
            return Ok(all.collect());
        }
        let mut without = BTreeSet::new();
        for field in self.fields.iter().filter(|field| !field.imputes()) {
            for name in &field.columns {
                let place = read_place(table, name).map_err(|fault| fault.at(self.span))?;
                let missing = table.column(place).map(|column| &column.missing);
                without.extend(missing.into_iter().flatten().map(|cell| cell.row));
            }
        }
        Ok(all.filter(|row| !without.contains(row)).collect())
    }
}

/// What to try where a saved model, not a program, meets the row.
fn of_new_rows(field: &FittedField, report: Diagnostic) -> Diagnostic {
    const LETTER: &str =
        "the model knows no other: leave it out, or train with `chars(unknown: \"?\")`";
    const HELPS: [(Code, &str); 3] = [
        (
            codes::UNSEEN_CATEGORY,
            "the model knows no other: mend the cell, or train with `one_hot(unknown: zero)`",
        ),
        (
            codes::MISSING_VALUE,
            "fill the cell, or train with `|> impute(median)` or with `missing: drop`",
        ),
        (
            codes::NOT_ENCODED,
            "the model was trained on numbers there: mend the cells",
        ),
    ];
    let help = HELPS.into_iter().find(|(code, _)| *code == report.code);
    match help {
        Some((codes::UNSEEN_CATEGORY, _)) if field.tokenizer().is_some() => report.help(LETTER),
        Some((_, help)) => report.help(help),
        None => report,
    }
}

impl FittedField {
    /// Every row of a table as this field, `[rows, ..row_shape]`; of one that is cut into windows, the series.
    fn applied(&self, table: &Table, missing: &MissingSpec) -> Result<Rows, Fault> {
        let places = self.columns.iter().map(|name| read_place(table, name));
        let places = places.collect::<Result<Vec<usize>, Fault>>()?;
        let mut block = Block::new(table, &places, self.listed);
        if !self.imputes() && !block.is_image() {
            let mut columns = block.cells("a field")?.iter();
            columns.try_for_each(|column| complete(table, column, &missing.tokens()))?;
        }
        for step in &self.steps {
            block = apply(step, block)?;
        }
        let rows: Vec<u32> = (0..).take(table.n_rows()).collect();
        let block = block.finished()?;
        if let Some(own) = self.padded {
            return padded(&block, own, &rows, self.float()).map(Rows::Tensor);
        }
        block.rows(&rows, self.float())
    }

    pub(crate) fn imputes(&self) -> bool {
        self.steps
            .iter()
            .any(|step| matches!(step, Fitted::Impute { .. }))
    }

    /// What a row of its text is, if it is made of a text that is no cell.
    fn unit(&self) -> Option<Unit> {
        match *self.tokenizer().filter(|_| self.padded.is_none())? {
            Tokenizer::Chars(_) => Some(Unit::Letter),
            Tokenizer::Words(_) | Tokenizer::Bpe(_) => Some(Unit::Piece),
        }
    }

    /// The type of its numbers.
    pub fn float(&self) -> DType {
        if self.double { DType::F64 } else { DType::F32 }
    }
}

/// The place of a column that was read.
fn read_place(table: &Table, name: &str) -> Result<usize, Fault> {
    let place = table.names().find(name)?;
    let message = format!(
        "column {} of {} was not read",
        shown(name),
        shown(&table.file)
    );
    let fault = Fault::new(
        codes::UNKNOWN_COLUMN,
        message,
        "another field's columns were read",
    );
    table.column(place).map(|_| place).ok_or(fault)
}
