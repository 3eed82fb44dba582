//! `nnlc predict`: new rows through a saved model, some thousand at a time, so that a file may be larger than memory.

mod input;
pub(crate) mod sheet;

use std::io::{self, Write};
use std::path::Path;

use crate::cli::args::{Global, Predict};
use crate::cli::model::{Opened, open, told_of};
use crate::cli::{Done, INTERRUPTED, Out, Stop, USAGE, interrupt};
use crate::data::{Table, rows_at_once};
use crate::session::Rows;
use crate::tensor::write_stream;
use crate::train::unwritable;

use input::Cells;
use sheet::Sheet;

/// Rows that are predicted at once.
const CHUNK: usize = 4096;

pub(crate) fn predict(args: &Predict, global: &Global, out: &mut Out<'_>) -> Done {
    let mut files = vec![("--input", args.input.as_path())];
    files.extend(args.output.iter().map(|path| ("--output", path.as_path())));
    let opened = open("predict", &args.model, &files, global, out)?;
    interrupt::listen();
    let Some(path) = &args.output else {
        return predicted(args, &opened, out, &mut |out, text| Ok(out.text(text)?));
    };
    let mut done = Ok(0);
    let written = write_stream(path, |writer| {
        done = into(writer, args, &opened, out);
        match &done {
            Ok(_) => Ok(()),
            Err(_) => Err(io::Error::other("not all rows were predicted")),
        }
    });
    let n_rows = done?;
    let written = written.map_err(|error| unwritable(path, &error, opened.files[1]));
    told_of(&opened.model, written, out)?;
    tell(n_rows, path, out)
}

/// The predictions into a file; how many.
fn into(writer: &mut dyn Write, args: &Predict, opened: &Opened, out: &mut Out<'_>) -> Done<usize> {
    let mut n_rows = 0;
    predicted(args, opened, out, &mut |_, text| {
        n_rows += text.lines().count();
        Ok(writer.write_all(text.as_bytes())?)
    })?;
    Ok(n_rows)
}

fn tell(n_lines: usize, path: &Path, out: &mut Out<'_>) -> Done {
    if out.is_quiet || out.is_json {
        return Ok(());
    }
    let n_rows = n_lines.saturating_sub(1);
    let rows = crate::cli::screen::counted(n_rows as u64, "row");
    Ok(out.text(&format!("wrote {rows} to {}\n", path.display()))?)
}

/// Where text goes.
type Target<'a> = dyn FnMut(&mut Out<'_>, &str) -> Done + 'a;

fn predicted(args: &Predict, opened: &Opened, out: &mut Out<'_>, write: &mut Target<'_>) -> Done {
    let (model, span) = (&opened.model, opened.files[0]);
    let mut rows = told_of(model, model.rows(span), out)?;
    let why = match (rows.encoder().is_windowed(), model.image_form()) {
        (true, _) => {
            Some("each prediction is made of several rows, so no cell of one row belongs to it")
        }
        (false, Some(_)) => Some("images have no columns; their files are told in any case"),
        (false, None) => None,
    };
    if let (Some(why), false) = (why, args.keep.is_empty()) {
        out.note(&format!("nnlc: --keep: {why}\n"))?;
        return Err(Stop::Code(USAGE));
    }
    let cells = Cells::of(args, model, span);
    let file = cells.open(args, model, rows.encoder(), span);
    let mut file = told_of(model, file, out)?;
    let pixels = model
        .image_form()
        .map_or(1, |form| form.shape.iter().product());
    let most = match rows.encoder().is_windowed() {
        true => usize::MAX,
        false => rows_at_once(CHUNK, pixels),
    };
    let keep = file.kept(&args.keep);
    let mut sheet = Sheet::new(&keep, out.is_json);
    while let Some(table) = told_of(model, file.next_chunk(most), out)? {
        let text = chunk(&mut rows, &table, &mut sheet);
        let text = told_of(model, text, out)?;
        write(out, &text)?;
        if interrupt::is_asked() {
            return Err(Stop::Code(INTERRUPTED));
        }
    }
    Ok(())
}

fn chunk(
    rows: &mut Rows<'_>,
    table: &Table,
    sheet: &mut Sheet<'_>,
) -> Result<String, crate::diag::Diagnostic> {
    let columns = rows.predict(table)?;
    Ok(sheet.text(table, &columns))
}
