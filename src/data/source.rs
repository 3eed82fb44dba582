//! Every source of rows, read into a table by one function.

use std::path::Path;
use std::sync::Arc;

use crate::data::cifar::read_cifar;
use crate::data::codes;
use crate::data::csv::read_csv;
use crate::data::fault::{Fault, shown};
use crate::data::header::Header;
use crate::data::idx::read_idx;
use crate::data::image_bytes::Room;
use crate::data::images::read_images;
use crate::data::inline::read_inline;
use crate::data::jsonl::read_jsonl;
use crate::data::npy::read_arrays;
use crate::data::random::draw;
use crate::data::select;
use crate::data::spec::{DataSpec, Pairs, SourceSpec, TextSpec, TransformSpec};
use crate::data::table::Table;
use crate::data::text::{Unit, read_text, whole};
use crate::diag::{Diagnostic, Diagnostics};
use crate::source::Spanned;
use crate::tokens;

/// Reads the columns that a spec uses; a relative path starts at `folder`, the program's.
pub fn read_table(spec: &DataSpec, folder: &Path) -> Result<Table, Diagnostics> {
    read_table_into(Room::default(), spec, folder)
}

/// The same; images go where `room` says.
pub fn read_table_into(room: Room, spec: &DataSpec, folder: &Path) -> Result<Table, Diagnostics> {
    let name = &spec.name.value;
    let choose = |header: Header<'_>| select::used(spec, header);
    match &spec.source {
        SourceSpec::Csv(source) => read_csv(source, &spec.missing, folder, choose),
        SourceSpec::Inline(source) => read_inline(name, source, &spec.missing, choose),
        SourceSpec::Random(source) => draw(name, source, choose),
        SourceSpec::Idx(source) => {
            let table =
                read_idx(room, source, folder).map_err(|fault| fault.at(source.path.span))?;
            checked(table, choose)
        }
        SourceSpec::Cifar(source) => {
            let table =
                read_cifar(room, source, folder).map_err(|fault| fault.at(source.path.span))?;
            checked(table, choose)
        }
        SourceSpec::Images(source) => {
            let table =
                read_images(room, source, folder).map_err(|fault| fault.at(source.path.span))?;
            checked(table, choose)
        }
        SourceSpec::Npy(source) => read_arrays(room, source, &spec.missing, folder, choose),
        SourceSpec::Text(source) => read_text(source, unit(spec), folder, choose),
        SourceSpec::Lines(source) => read_text(source, Unit::Line, folder, choose),
        SourceSpec::Jsonl(source) => read_jsonl(source, folder, choose),
    }
}

/// A table of images: all of its columns are there, whatever is used.
fn checked(
    table: Table,
    choose: impl Fn(Header<'_>) -> Result<Vec<usize>, Diagnostics>,
) -> Result<Table, Diagnostics> {
    choose(table.names()).map(|_| ())?;
    Ok(table)
}

/// What a row of a text is: a character, where every field takes characters.
fn unit(spec: &DataSpec) -> Unit {
    let mut transforms = spec.fields.iter().flat_map(|field| &field.transforms);
    let is_joined = |transform: &Spanned<TransformSpec>| {
        matches!(
            transform.value,
            TransformSpec::Words { .. } | TransformSpec::Bpe { .. }
        )
    };
    match transforms.any(is_joined) {
        true => Unit::Piece,
        false => Unit::Letter,
    }
}

/// The spec with the files of tokens that it names read.
pub fn with_tokenizers(mut spec: DataSpec, folder: &Path) -> Result<DataSpec, Diagnostics> {
    let fields = spec.fields.iter_mut();
    for transform in fields.flat_map(|field| &mut field.transforms) {
        if let TransformSpec::Bpe { pairs, .. } = &mut transform.value
            && let Pairs::File(path) = pairs
        {
            *pairs = read_pairs(path, folder)?;
        }
    }
    Ok(spec)
}

fn read_pairs(path: &Spanned<String>, folder: &Path) -> Result<Pairs, Diagnostic> {
    let text = whole(&TextSpec { path: path.clone() }, folder)?;
    let read = tokens::read(&text).map_err(|error| {
        let message = format!("{} cannot be used as a tokenizer", shown(&path.value));
        let fault = Fault::new(codes::BAD_TOKENIZER, message, error.to_string());
        let help =
            "byte-pair encoding of bytes is read, as GPT-2 has it; `bpe(512)` learns its own";
        fault.help(help).at(path.span)
    });
    Ok(Pairs::Read(Arc::new(read?)))
}
