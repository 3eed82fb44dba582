//! A NumPy array as a source of rows: read whole where it holds numbers, opened where it holds images, which are then read one by one.

use std::io;
use std::path::Path;

use crate::data::channels::Layout;
use crate::data::codes;
use crate::data::fault::{Fault, counted, shown};
use crate::data::idx::unreadable;
use crate::data::image_bytes::ImageWriter;
use crate::tensor::{FileError, NpyBytes, Tensor, npy_bytes, read_npy};
use crate::types::DType;

/// An array whose type and sizes are known.
pub(crate) enum Array {
    /// One that is in memory.
    Whole(Tensor),
    /// Bytes with three axes or more.
    Images(NpyBytes),
}

impl Array {
    /// Opens the array of a file. Bytes in the other order of axes are read whole: an image of theirs lies all over the file.
    pub(crate) fn open(name: &str, path: &Path) -> Result<Array, Fault> {
        let bytes = npy_bytes(path).map_err(|error| refused(name, &error))?;
        match bytes.filter(|bytes| bytes.shape().len() >= 3) {
            Some(bytes) => Ok(Array::Images(bytes)),
            None => whole(name, path).map(Array::Whole),
        }
    }

    /// The sizes.
    pub(crate) fn shape(&self) -> &[usize] {
        match self {
            Array::Whole(tensor) => tensor.shape(),
            Array::Images(bytes) => bytes.shape(),
        }
    }

    /// The element type.
    pub(crate) fn dtype(&self) -> DType {
        match self {
            Array::Whole(tensor) => tensor.dtype(),
            Array::Images(_) => DType::U8,
        }
    }

    /// All of it.
    pub(crate) fn whole(self, name: &str) -> Result<Tensor, Fault> {
        match self {
            Array::Whole(tensor) => Ok(tensor),
            Array::Images(bytes) => whole(name, bytes.path()),
        }
    }

    /// Writes its images, that lie so, channels first.
    pub(crate) fn write(
        self,
        name: &str,
        layout: Layout,
        writer: &mut ImageWriter,
    ) -> Result<(), Fault> {
        let n_bytes = self.shape().iter().product::<usize>() as u64;
        writer.expect(n_bytes)?;
        let mut planes = vec![];
        match self {
            Array::Whole(tensor) => {
                let bytes = tensor.as_slice::<u8>().unwrap_or_default();
                let mut images = bytes.chunks_exact(layout.size());
                images.try_for_each(|image| writer.push(layout.channels_first(image, &mut planes)))
            }
            Array::Images(mut bytes) => {
                let not_read = |error: io::Error| unreadable(name, &error);
                let mut image = vec![0; layout.size()];
                for _ in 0..n_bytes / layout.size() as u64 {
                    bytes.read(&mut image).map_err(not_read)?;
                    writer.push(layout.channels_first(&image, &mut planes))?;
                }
                Ok(())
            }
        }
    }
}

fn whole(name: &str, path: &Path) -> Result<Tensor, Fault> {
    read_npy(path).map_err(|error| refused(name, &error))
}

/// What keeps a file from being an array of numbers.
fn refused(path: &str, error: &FileError) -> Fault {
    let name = shown(path);
    let bad = |message: String, label: &str| Fault::new(codes::BAD_ARRAY, message, label);
    match error {
        FileError::NotNpy { .. } => {
            let fault = bad(format!("{name} is no npy file"), "another format");
            match path.ends_with(".npz") {
                true => {
                    fault.help("save each array of it by itself: `np.save(\"x.npy\", z[\"x\"])`")
                }
                false => fault.help("save it with `np.save`"),
            }
        }
        FileError::Unsupported { dtype, .. } => {
            let fault = bad(
                format!(
                    "{name} has elements of type {}, no numbers that are read",
                    shown(dtype)
                ),
                "booleans, integers to 64 bits, floats of 32 and 64 are read",
            );
            fault.help(as_numbers(dtype))
        }
        FileError::TooShort { len, .. } => {
            let message = format!(
                "{name} ends after {}, within its header",
                counted(*len, "byte")
            );
            bad(message, "cut short").help("save or fetch the file again")
        }
        FileError::Damaged { reason, .. } => {
            let fault = bad(
                format!("{name} is damaged: {reason}"),
                "cut short, or mixed up",
            );
            fault.help("save or fetch the file again")
        }
        FileError::Missing { .. }
        | FileError::Directory { .. }
        | FileError::Special { .. }
        | FileError::Unreadable { .. }
        | FileError::Unwritable { .. }
        | FileError::Foreign { .. }
        | FileError::Duplicate { .. } => {
            Fault::new(codes::UNREADABLE, error.to_string(), "cannot be read")
        }
    }
}

/// How such elements become numbers that are read.
fn as_numbers(dtype: &str) -> &'static str {
    match dtype
        .trim_start_matches(['<', '>', '|', '='])
        .chars()
        .next()
    {
        Some('f') => "save it as another type: `x.astype(\"float32\")`",
        Some('i' | 'u') => "save it as another type: `x.astype(\"int64\")`",
        _ => "save the number of each class: `np.unique(y, return_inverse=True)[1]`",
    }
}
