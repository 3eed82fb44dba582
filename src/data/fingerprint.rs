//! Fingerprints of parts: equal where a run meets the same numbers in the same order. Images and windows are taken as they lie in
//! memory or in a file, so that none is built for it.

use std::io::{self, BufWriter, Write};

use crate::data::dataset::Part;
use crate::data::fault::Fault;
use crate::data::image_bytes::lost;
use crate::data::rows::Rows;
use crate::tensor::{Tensor, write_elements};

impl Part {
    /// The fingerprint of a part's rows and fields, BLAKE3 in hexadecimal.
    pub fn fingerprint(&self) -> Result<String, Fault> {
        let mut hasher = blake3::Hasher::new();
        let mut writer = BufWriter::with_capacity(1 << 16, &mut hasher);
        // A hasher takes every byte: what fails is reading images.
        let written = self.write(&mut writer).and_then(|()| writer.flush());
        written.map_err(|error| lost(&error))?;
        drop(writer);
        Ok(hasher.finalize().to_hex().to_string())
    }

    fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        write_numbers(writer, &self.rows)?;
        for (name, rows) in &self.fields {
            writeln!(writer, "{name} {} {:?}", rows.dtype(), rows.shape())?;
            rows.write(writer)?;
        }
        Ok(())
    }
}

impl Rows {
    fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        match self {
            Rows::Tensor(tensor) => write_tensor(writer, tensor),
            Rows::Pixels(rows) => {
                let (rows, tables) = rows.write(writer)?;
                write_numbers(writer, rows)?;
                writeln!(writer, "{tables:?}")
            }
            Rows::Windows(rows) => {
                let (series, starts, own) = rows.memory();
                write_tensor(writer, series)?;
                write_numbers(writer, starts)?;
                writeln!(writer, "{own:?}")
            }
        }
    }
}

fn write_tensor(writer: &mut impl Write, tensor: &Tensor) -> io::Result<()> {
    writeln!(writer, "{:?}", tensor.shape())?;
    write_elements(writer, tensor)
}

fn write_numbers(writer: &mut impl Write, numbers: &[u32]) -> io::Result<()> {
    writeln!(writer, "{}", numbers.len())?;
    numbers
        .iter()
        .try_for_each(|number| writer.write_all(&number.to_le_bytes()))
}
