//! Tensors with names in a file, in the `safetensors` format. A file is there whole or not at all; reading believes nothing.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use safetensors::{Dtype, SafeTensorError, SafeTensors};
use serde_json::{Map, Value, json};
use thiserror::Error;

use crate::tensor::element::{each_type, with_dtype};
use crate::tensor::{Element, Tensor};
use crate::types::DType;

/// Why a file of tensors cannot be read or written.
#[derive(Debug, Error)]
pub enum FileError {
    /// There is no such file.
    #[error("no file `{}`", path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// There is a directory of that name.
    #[error("`{}` is a directory", path.display())]
    Directory {
        /// The directory.
        path: PathBuf,
    },
    /// The system refuses to read it.
    #[error("cannot read `{}`: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The system refuses to write it.
    #[error("cannot write `{}`: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// It ends before its header does.
    #[error("`{}` ends after {len} bytes, within its header", path.display())]
    TooShort {
        /// The file.
        path: PathBuf,
        /// Its bytes.
        len: usize,
    },
    /// It is a file of another format.
    #[error("`{}` is {format}, expected safetensors", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
        /// What it is, with an article.
        format: &'static str,
    },
    /// Its header does not describe its contents.
    #[error("`{}` is damaged: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        reason: String,
    },
    /// An element type that the language lacks.
    #[error("`{name}` in `{}` has elements of type {dtype}, which nnlc lacks", path.display())]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// The tensor.
        name: String,
        /// Its element type, as the format calls it.
        dtype: String,
    },
    /// Two tensors of one name cannot be written.
    #[error("two tensors are named `{name}`")]
    Duplicate {
        /// The name.
        name: String,
    },
}

/// Tensors by name.
type Named = Vec<(String, Tensor)>;

/// Names with a text each.
type Metadata = Vec<(String, String)>;

/// Writes tensors and metadata to `path`, whole or not at all: to a new file beside it, which then takes its name. The same tensors
/// give the same bytes.
pub fn write_tensors(
    path: &Path,
    tensors: &[(String, Tensor)],
    metadata: &[(String, String)],
) -> Result<(), FileError> {
    if path.is_dir() {
        return Err(FileError::Directory { path: path.into() });
    }
    let tensors = aligned(tensors);
    let header = header(&tensors, metadata)?;
    write_whole(path, &header, &tensors).map_err(|source| FileError::Unwritable {
        path: path.into(),
        source,
    })
}

/// The tensors in the order of the file, where wider element types come first, and the metadata by name.
pub fn read_tensors(path: &Path) -> Result<(Named, Metadata), FileError> {
    if path.is_dir() {
        return Err(FileError::Directory { path: path.into() });
    }
    let bytes = fs::read(path).map_err(|source| unreadable(path, source))?;
    parse(path, &bytes)
}

fn unreadable(path: &Path, source: io::Error) -> FileError {
    let path = path.to_path_buf();
    if source.kind() == io::ErrorKind::NotFound {
        return FileError::Missing { path };
    }
    FileError::Unreadable { path, source }
}

/// The widest elements first, so that all are aligned.
fn aligned(tensors: &[(String, Tensor)]) -> Vec<&(String, Tensor)> {
    let mut tensors: Vec<_> = tensors.iter().collect();
    tensors.sort_by_key(|(_, x)| std::cmp::Reverse(x.dtype().size()));
    tensors
}

/// The length of the header in eight bytes, and the header: JSON, padded with blanks to a multiple of eight bytes.
fn header(
    tensors: &[&(String, Tensor)],
    metadata: &[(String, String)],
) -> Result<Vec<u8>, FileError> {
    let mut entries = Map::new();
    if !metadata.is_empty() {
        let texts: Map<String, Value> = metadata
            .iter()
            .map(|(name, text)| (name.clone(), json!(text)))
            .collect();
        entries.insert("__metadata__".into(), texts.into());
    }
    let mut start = 0;
    for (name, x) in tensors {
        let end = start + x.len() * x.dtype().size();
        let entry = json!({ "dtype": format_name(x.dtype()), "shape": x.shape(), "data_offsets": [start, end] });
        if entries.insert(name.clone(), entry).is_some() {
            return Err(FileError::Duplicate { name: name.clone() });
        }
        start = end;
    }
    let mut text = Value::from(entries).to_string().into_bytes();
    text.resize(text.len().next_multiple_of(8), b' ');
    Ok([&(text.len() as u64).to_le_bytes(), text.as_slice()].concat())
}

fn format_name(dtype: DType) -> &'static str {
    match dtype {
        DType::F32 => "F32",
        DType::F64 => "F64",
        DType::I64 => "I64",
        DType::I32 => "I32",
        DType::U8 => "U8",
        DType::Bool => "BOOL",
    }
}

/// Through a temporary file in the same folder. Both file and folder reach the disk before this returns.
fn write_whole(path: &Path, header: &[u8], tensors: &[&(String, Tensor)]) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let temporary = builder.tempfile_in(folder)?;
    let mut writer = BufWriter::new(temporary.as_file());
    writer.write_all(header)?;
    for (_, x) in tensors {
        write_elements(&mut writer, x)?;
    }
    writer.flush()?;
    drop(writer);
    temporary.as_file().sync_all()?;
    temporary.persist(path)?;
    sync_folder(folder)
}

/// Only Unix opens a folder as a file.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

fn write_elements(writer: &mut impl Write, x: &Tensor) -> io::Result<()> {
    each_type!(x.data(), v => v.iter().try_for_each(|x| x.write_to(writer)))
}

/// An element in the file.
trait Stored: Element {
    /// Bytes of an element.
    const SIZE: usize;
    /// Writes the element, low byte first.
    fn write_to(&self, writer: &mut impl Write) -> io::Result<()>;
    /// The element of as many bytes as it has.
    fn read_from(bytes: &[u8]) -> Self;
}

macro_rules! stored {
    ($($t:ident)*) => {
        $(impl Stored for $t {
            const SIZE: usize = size_of::<$t>();

            fn write_to(&self, writer: &mut impl Write) -> io::Result<()> {
                writer.write_all(&self.to_le_bytes())
            }
            fn read_from(bytes: &[u8]) -> $t {
                $t::from_le_bytes(bytes.try_into().expect("cut in pieces of this size"))
            }
        })*
    };
}

stored!(f32 f64 i64 i32 u8);

impl Stored for bool {
    const SIZE: usize = 1;

    fn write_to(&self, writer: &mut impl Write) -> io::Result<()> {
        writer.write_all(&[u8::from(*self)])
    }
    fn read_from(bytes: &[u8]) -> bool {
        bytes != [0]
    }
}

fn parse(path: &Path, bytes: &[u8]) -> Result<(Named, Metadata), FileError> {
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
