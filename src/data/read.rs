//! The syntax tree of a `data name { … }` block to a [`DataSpec`]. Knows the words of the block and which arguments each takes;
//! opens no file. All faults of a block are reported at once, with the codes that misspelt names and arguments have everywhere.

mod augment;
mod columns;
mod constant;
mod given;
mod missing;
mod padding;
mod reports;
mod sources;
mod split;
mod transforms;
mod views;
mod windows;

use std::collections::BTreeMap;

use crate::data::fault::suggestion;
use crate::data::spec::{
    DataSpec, FieldSpec, MissingSpec, PartsSpec, SourceSpec, SplitBy, SplitSpec,
};
use crate::diag::{Diagnostic, Diagnostics};
use crate::lower::codes;
use crate::source::Span;
use crate::syntax::ast;

use reports::list;

/// The fields of a block that are not fields of the data.
const SETTINGS: [&str; 4] = ["source", "missing", "split", "augment"];

/// The sizes that a file declares by name.
pub type Sizes = BTreeMap<String, i64>;

/// Reads a `data` block, in a file with these sizes.
pub fn read_block(block: &ast::Block<ast::Field>, sizes: &Sizes) -> Result<DataSpec, Diagnostics> {
    let mut reader = Reader {
        reports: Diagnostics::new(),
        sizes: sizes.clone(),
        is_text: false,
    };
    let spec = reader.block(block);
    match spec {
        Some(spec) if !reader.reports.has_errors() => Ok(spec),
        _ => Err(reader.reports),
    }
}

/// Collects what is wrong with a block. What cannot be read is reported and becomes `None`.
struct Reader {
    reports: Diagnostics,
    sizes: Sizes,
    /// Whether the source is a text, which has no columns.
    is_text: bool,
}

impl Reader {
    fn report<T>(&mut self, report: Diagnostic) -> Option<T> {
        self.reports.push(report);
        None
    }

    fn block(&mut self, block: &ast::Block<ast::Field>) -> Option<DataSpec> {
        self.check_distinct(block);
        let setting = |name: &str| {
            let mut fields = block.fields.iter();
            fields.find(|field| field.name.value == name)
        };
        let source = match setting("source") {
            Some(field) => self.source(&field.value),
            None => self.no_source(block),
        };
        if setting("source").is_some_and(|field| sources::is_later(&field.value)) {
            // It has other fields: what is wrong with those for a table would be noise.
            return None;
        }
        self.is_text = matches!(source, Some(SourceSpec::Text(_) | SourceSpec::Lines(_)));
        let missing = setting("missing").map(|field| self.missing(&field.value));
        let split = setting("split").map(|field| self.split(field));
        let augment = setting("augment").map(|field| self.augment(&field.value));
        let fields = self.fields(block);
        let mut spec = DataSpec {
            name: block.name.clone(),
            source: source?,
            missing: missing.unwrap_or_else(|| Some(MissingSpec::default()))?,
            fields,
            split: split.unwrap_or_else(|| Some(no_split(block.name.span)))?,
            augment: augment.unwrap_or_else(|| Some(vec![]))?,
            span: whole(block),
        };
        padding::reach(&mut spec);
        self.check_windows(&spec);
        Some(spec)
    }

    fn fields(&mut self, block: &ast::Block<ast::Field>) -> Vec<FieldSpec> {
        let is_setting = |field: &&ast::Field| SETTINGS.contains(&field.name.value.as_str());
        let steps = windows::steps(block);
        let is_step = |field: &&ast::Field| steps.contains(&field.name.value.as_str());
        let fields: Vec<&ast::Field> = block
            .fields
            .iter()
            .filter(|field| !is_setting(field) && !is_step(field))
            .collect();
        if fields.is_empty() {
            let message = format!("data `{}` has no fields", block.name.value);
            let report = Diagnostic::error(codes::MISSING_FIELD, message);
            let report = report.label(block.name.span, "nothing for a model to take");
            self.reports
                .push(report.help("add `x: [column, …]`, and `y: column` for a target"));
        }
        fields
            .into_iter()
            .filter_map(|field| self.field(block, field))
            .collect()
    }

    /// A field's columns, then what is done to them.
    fn field(&mut self, block: &ast::Block<ast::Field>, field: &ast::Field) -> Option<FieldSpec> {
        if looks_like_setting(field) {
            return self.unknown_setting(block, field);
        }
        let (columns, stages) = windows::unfolded(block, field);
        let select = self.columns(columns);
        let (stages, windows) = self.cut_windows(stages)?;
        let (stages, padded) = self.cut_padding(stages)?;
        let transforms = stages.into_iter().map(|stage| self.transform(stage));
        let transforms: Vec<Option<_>> = transforms.collect();
        Some(FieldSpec {
            name: field.name.clone(),
            select: select?,
            transforms: transforms.into_iter().collect::<Option<Vec<_>>>()?,
            windows,
            padded,
            span: field.value.span,
        })
    }

    fn unknown_setting<T>(
        &mut self,
        block: &ast::Block<ast::Field>,
        field: &ast::Field,
    ) -> Option<T> {
        let name = &field.name.value;
        let Some(near) = suggestion(name, SETTINGS) else {
            let report = reports::wrong_kind(&format!("columns for field `{name}`"), &field.value);
            return self.report(report.note(format!("only {} take other values", list(&SETTINGS))));
        };
        let message = format!("data `{}` has no setting `{name}`", block.name.value);
        let report = Diagnostic::error(codes::UNKNOWN_FIELD, message);
        let report = report.label(field.name.span, "not known").help(near);
        self.report(report.note(format!(
            "its settings are {}; every other field takes columns",
            list(&SETTINGS)
        )))
    }

    fn no_source<T>(&mut self, block: &ast::Block<ast::Field>) -> Option<T> {
        let near = block
            .fields
            .iter()
            .find(|field| sources::is_source(&field.value));
        if let Some(field) = near {
            return self.unknown_setting(block, field);
        }
        let message = format!("data `{}` has no source", block.name.value);
        let report = Diagnostic::error(codes::MISSING_FIELD, message);
        let report = report.label(block.name.span, "where do its rows come from?");
        self.report(report.help("add `source: csv(\"path/to/file.csv\")`"))
    }

    fn check_distinct(&mut self, block: &ast::Block<ast::Field>) {
        for (at, field) in block.fields.iter().enumerate() {
            let name = &field.name;
            let first = block.fields[..at]
                .iter()
                .find(|other| other.name.value == name.value);
            if let Some(first) = first {
                let what = format!("data `{}`", block.name.value);
                self.reports.push(reports::twice(&what, &first.name, name));
            }
        }
    }
}

/// Whether a field was surely meant as a setting: a source, a record, folds, or a near miss of one whose value is a policy.
fn looks_like_setting(field: &ast::Field) -> bool {
    let value = &field.value;
    let is_near = suggestion(&field.name.value, SETTINGS).is_some();
    views::record(value).is_some()
        || sources::is_source(value)
        || split::is_split(value)
        || is_near && missing::is_policy(value)
}

/// One part of all rows.
fn no_split(span: Span) -> SplitSpec {
    SplitSpec {
        parts: PartsSpec::Whole,
        given: vec![],
        by: SplitBy::Shuffle,
        seed: 0,
        span,
    }
}

/// From the block's name to its last field.
fn whole(block: &ast::Block<ast::Field>) -> Span {
    let last = block.fields.last();
    last.map_or(block.name.span, |field| {
        block.name.span.to(field.value.span)
    })
}
