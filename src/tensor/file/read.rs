//! Reading: the crate `safetensors` checks the header against the file; other formats are told by their first bytes.

use std::path::Path;
use std::{fs, io};

use safetensors::{Dtype, SafeTensorError, SafeTensors};

use super::{FileError, Metadata, Named, Stored, format_name};
use crate::tensor::Tensor;
use crate::tensor::element::with_dtype;
use crate::types::DType;

/// The tensors in the order of the file, where wider element types come first, and the metadata by name.
pub fn read_tensors(path: &Path) -> Result<(Named, Metadata), FileError> {
    check_readable(path)?;
    let bytes = fs::read(path).map_err(|source| unreadable(path, source))?;
    parse(path, &bytes)
}

/// Whether what stands at a path, if anything, is a file.
pub(super) fn check_readable(path: &Path) -> Result<(), FileError> {
    if path.is_dir() {
        return Err(FileError::Directory { path: path.into() });
    }
    if path.exists() && !path.is_file() {
        return Err(FileError::Special { path: path.into() });
    }
    Ok(())
}

pub(super) fn unreadable(path: &Path, source: io::Error) -> FileError {
    let path = path.to_path_buf();
    if source.kind() == io::ErrorKind::NotFound {
        return FileError::Missing { path };
    }
    FileError::Unreadable { path, source }
}

/// As [`read_tensors`], of bytes already read.
pub(super) fn parse(path: &Path, bytes: &[u8]) -> Result<(Named, Metadata), FileError> {
    if let Some(format) = foreign(bytes) {
        return Err(FileError::Foreign {
            path: path.into(),
            format,
        });
    }
    let (header_len, metadata) =
        SafeTensors::read_metadata(bytes).map_err(|error| refused(path, bytes.len(), &error))?;
    let elements = &bytes[8 + header_len..];
    let mut entries: Vec<_> = metadata.tensors().into_iter().collect();
    entries.sort_by(|(left, x), (right, y)| (x.data_offsets, left).cmp(&(y.data_offsets, right)));
    let tensors = entries.into_iter().map(|(name, info)| {
        let (start, end) = info.data_offsets;
        let x = tensor(info.dtype, info.shape.clone(), &elements[start..end]);
        match x {
            Some(x) => Ok((name, x)),
            None => Err(FileError::Unsupported {
                path: path.into(),
                name,
                dtype: info.dtype.to_string(),
            }),
        }
    });
    let tensors = tensors.collect::<Result<_, _>>()?;
    let mut texts: Metadata = metadata
        .metadata()
        .clone()
        .unwrap_or_default()
        .into_iter()
        .collect();
    texts.sort();
    Ok((tensors, texts))
}

/// What the file is instead, if its first bytes tell. None of them can begin a safetensors file: its header would be too long.
fn foreign(bytes: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &str); 6] = [
        (
            b"PK\x03\x04",
            "a zip archive, such as PyTorch and NumPy save",
        ),
        (b"\x80\x02\x8a\x0a", "a pickle, such as PyTorch saves"),
        (b"\x80\x04\x95", "a pickle"),
        (
            b"version https://git-lfs",
            "a Git LFS pointer, not the file itself",
        ),
        (b"\x89HDF", "an HDF5 file, such as Keras saves"),
        (b"\x93NUMPY", "a NumPy array"),
    ];
    known
        .into_iter()
        .find(|(start, _)| bytes.starts_with(start))
        .map(|(_, format)| format)
        .or_else(|| text(bytes))
}

/// Text shows in the first eight bytes: as the length of a header they would be beyond all files.
fn text(bytes: &[u8]) -> Option<&'static str> {
    let is_text = |byte: &u8| byte.is_ascii_graphic() || byte.is_ascii_whitespace();
    if bytes.len() < 8 || !bytes.iter().take(64).all(is_text) {
        return None;
    }
    let mut lines = bytes.split(|byte| *byte == b'\n');
    let commas = |line: Option<&[u8]>| line.map(|line| line.iter().filter(|b| **b == b',').count());
    let (first, second) = (commas(lines.next()), commas(lines.next()));
    match (first, second) {
        (Some(1..), Some(n)) if Some(n) == first => Some("a table of text, such as CSV"),
        _ => Some("text"),
    }
}

fn refused(path: &Path, len: usize, error: &SafeTensorError) -> FileError {
    use SafeTensorError::{HeaderTooSmall, InvalidHeaderLength};
    let path = path.to_path_buf();
    if matches!(error, HeaderTooSmall | InvalidHeaderLength) {
        return FileError::TooShort { path, len };
    }
    let reason = error.to_string();
    FileError::Damaged { path, reason }
}

/// The elements as a tensor, if the language has their type.
fn tensor(dtype: Dtype, shape: Vec<usize>, bytes: &[u8]) -> Option<Tensor> {
    let name = dtype.to_string();
    let dtype = DType::ALL
        .into_iter()
        .find(|&dtype| format_name(dtype) == name)?;
    Some(with_dtype!(dtype, T => elements::<T>(shape, bytes)))
}

fn elements<T: Stored>(shape: Vec<usize>, bytes: &[u8]) -> Tensor {
    Tensor::from_vec(
        shape,
        bytes.chunks_exact(T::SIZE).map(T::read_from).collect(),
    )
}
