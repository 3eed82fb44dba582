//! One tensor a file, in NumPy's format `npy`: a line of Python that tells type, order and shape, then the elements. Both byte orders
//! and both orders of axes are read; reading believes nothing.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::read::{check_readable, unreadable};
use super::write::{check_kind, write_whole};
use super::{FileError, Stored};
use crate::tensor::element::each_type;
use crate::tensor::{Element, Tensor, permute};
use crate::types::DType;

/// How every such file begins.
const MAGIC: &[u8] = b"\x93NUMPY";

/// Bytes at the beginning of a file that hold the header of an array of any sensible rank.
const MOST_START: u64 = 1 << 17;

/// Reads the tensor of a file. Small integers that the language lacks become the next wider ones.
pub fn read_npy(path: &Path) -> Result<Tensor, FileError> {
    check_readable(path)?;
    let bytes = fs::read(path).map_err(|source| unreadable(path, source))?;
    parse(path, bytes)
}

/// An array of bytes in a file, in the order of a tensor, whose elements are read piece by piece.
pub struct NpyBytes {
    path: PathBuf,
    shape: Vec<usize>,
    elements: BufReader<File>,
}

/// Opens a file that holds an array of bytes as they stand in a tensor; nothing where it holds anything else, or is damaged.
pub fn npy_bytes(path: &Path) -> Result<Option<NpyBytes>, FileError> {
    check_readable(path)?;
    opened(path).map_err(|source| unreadable(path, source))
}

fn opened(path: &Path) -> io::Result<Option<NpyBytes>> {
    let mut file = File::open(path)?;
    let len = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    let mut start = vec![];
    Read::by_ref(&mut file)
        .take(MOST_START)
        .read_to_end(&mut start)?;
    let Ok((said, from)) = described(path, &start, len) else {
        return Ok(None);
    };
    file.seek(SeekFrom::Start(from as u64))?;
    Ok(said.is_bytes().then(|| NpyBytes {
        path: path.to_path_buf(),
        shape: said.shape,
        elements: BufReader::with_capacity(1 << 17, file),
    }))
}

impl NpyBytes {
    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The sizes.
    pub fn shape(&self) -> &[usize] {
        &self.shape
    }

    /// The next elements, as many as there is place for.
    pub fn read(&mut self, elements: &mut [u8]) -> io::Result<()> {
        self.elements.read_exact(elements)
    }
}

/// Writes a tensor to `path`, whole or not at all. The same tensor gives the same bytes.
pub fn write_npy(path: &Path, tensor: &Tensor) -> Result<(), FileError> {
    check_kind(path)?;
    let header = header(tensor);
    let written = write_whole(path, |writer| {
        writer.write_all(&header)?;
        each_type!(tensor.data(), v => v.iter().try_for_each(|x| x.write_to(writer)))
    });
    written.map_err(|source| FileError::Unwritable {
        path: path.into(),
        source,
    })
}

/// Version 1.0, padded so that the elements begin at a multiple of 64.
fn header(tensor: &Tensor) -> Vec<u8> {
    let sizes: Vec<String> = tensor.shape().iter().map(|n| format!("{n},")).collect();
    let descr = match tensor.dtype() {
        DType::F32 => "<f4",
        DType::F64 => "<f8",
        DType::I64 => "<i8",
        DType::I32 => "<i4",
        DType::U8 => "|u1",
        DType::Bool => "|b1",
    };
    let shape = match tensor.rank() {
        1 => sizes.concat(),
        _ => sizes.join(" ").trim_end_matches(',').to_owned(),
    };
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape}), }}")
        .into_bytes();
    let whole = (MAGIC.len() + 4 + text.len() + 1).next_multiple_of(64);
    text.resize(whole - MAGIC.len() - 5, b' ');
    text.push(b'\n');
    let len = u16::try_from(text.len()).expect("a rank is far below ten thousand");
    [MAGIC, &[1, 0], &len.to_le_bytes(), &text].concat()
}

/// As [`read_npy`], of bytes already read; elements that are bytes stay where they are.
fn parse(path: &Path, mut bytes: Vec<u8>) -> Result<Tensor, FileError> {
    let (said, start) = described(path, &bytes, bytes.len())?;
    if said.is_bytes() {
        bytes.drain(..start);
        return Ok(Tensor::from_vec(said.shape, bytes));
    }
    let tensor = said.tensor(&bytes[start..]);
    tensor.ok_or_else(|| said.unsupported(path))
}

/// What the beginning of a file of `len` bytes says of its elements, as many as there are, and where these begin.
fn described(path: &Path, start: &[u8], len: usize) -> Result<(Said, usize), FileError> {
    if !start.starts_with(MAGIC) {
        return Err(FileError::NotNpy { path: path.into() });
    }
    let too_short = || FileError::TooShort {
        path: path.into(),
        len,
    };
    let (text, elements) = cut(start).ok_or_else(too_short)?;
    let from = start.len() - elements.len();
    let said =
        Said::read(text).ok_or_else(|| damaged(path, "its header is no header of an array"))?;
    let size = said.size().ok_or_else(|| said.unsupported(path))?;
    let n_bytes = said
        .n_bytes(size)
        .ok_or_else(|| damaged(path, "its shape is beyond all memory"))?;
    let found = len.saturating_sub(from);
    if n_bytes != found {
        let reason =
            format!("its header tells of {n_bytes} bytes of elements, and there are {found}");
        return Err(damaged(path, &reason));
    }
    Ok((said, from))
}

fn damaged(path: &Path, reason: &str) -> FileError {
    FileError::Damaged {
        path: path.into(),
        reason: reason.into(),
    }
}

/// The header's text, and what comes behind it.
fn cut(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let major = *bytes.get(MAGIC.len())?;
    let rest = bytes.get(MAGIC.len() + 2..)?;
    let (len, rest) = match major {
        1 => {
            let (len, rest) = rest.split_first_chunk::<2>()?;
            (usize::from(u16::from_le_bytes(*len)), rest)
        }
        _ => {
            let (len, rest) = rest.split_first_chunk::<4>()?;
            (usize::try_from(u32::from_le_bytes(*len)).ok()?, rest)
        }
    };
    let (text, elements) = rest.split_at_checked(len)?;
    Some((std::str::from_utf8(text).ok()?, elements))
}

/// What a header says.
struct Said {
    /// The element type: byte order, kind, bytes.
    descr: String,
    is_fortran: bool,
    shape: Vec<usize>,
}

impl Said {
    fn read(text: &str) -> Option<Said> {
        let value = |key: &str| {
            let (_, rest) = text.split_once(key)?;
            Some(rest.trim_start().strip_prefix(':')?.trim_start())
        };
        let descr = value("'descr'")?;
        let descr = match descr.strip_prefix('\'') {
            Some(plain) => plain.split_once('\'')?.0,
            None => "a record",
        };
        let (sizes, _) = value("'shape'")?.strip_prefix('(')?.split_once(')')?;
        let sizes = sizes
            .split(',')
            .map(str::trim)
            .filter(|size| !size.is_empty());
        Some(Said {
            descr: descr.to_owned(),
            is_fortran: value("'fortran_order'")?.starts_with("True"),
            shape: sizes.map(|size| size.parse().ok()).collect::<Option<_>>()?,
        })
    }

    /// Whether its elements are bytes in the order of a tensor.
    fn is_bytes(&self) -> bool {
        self.descr.ends_with("u1") && self.descr.len() == 3 && !self.is_fortran
    }

    fn unsupported(&self, path: &Path) -> FileError {
        FileError::Unsupported {
            path: path.into(),
            name: "the array".into(),
            dtype: self.descr.clone(),
        }
    }

    /// Bytes of an element, if they are numbers or truth values.
    fn size(&self) -> Option<usize> {
        let (_, kind) = self.descr.split_at_checked(1)?;
        kind.strip_prefix(['f', 'i', 'u', 'b', 'c'])?.parse().ok()
    }

    fn n_bytes(&self, size: usize) -> Option<usize> {
        let mut sizes = self.shape.iter();
        sizes.try_fold(size, |product, size| product.checked_mul(*size))
    }

    /// The tensor, if the language has its element type or a wider one.
    fn tensor(&self, elements: &[u8]) -> Option<Tensor> {
        let (order, kind) = self.descr.split_at_checked(1)?;
        let is_big = order == ">";
        let mut shape = self.shape.clone();
        if self.is_fortran {
            shape.reverse();
        }
        let tensor = match kind {
            "f4" => read::<f32, 4>(shape, elements, is_big, f32::from_le_bytes),
            "f8" => read::<f64, 8>(shape, elements, is_big, f64::from_le_bytes),
            "i8" => read::<i64, 8>(shape, elements, is_big, i64::from_le_bytes),
            "i4" => read::<i32, 4>(shape, elements, is_big, i32::from_le_bytes),
            "i2" => read::<i32, 2>(shape, elements, is_big, |b| i16::from_le_bytes(b).into()),
            "i1" => read::<i32, 1>(shape, elements, is_big, |b| i8::from_le_bytes(b).into()),
            "u4" => read::<i64, 4>(shape, elements, is_big, |b| u32::from_le_bytes(b).into()),
            "u2" => read::<i32, 2>(shape, elements, is_big, |b| u16::from_le_bytes(b).into()),
            "u1" => read::<u8, 1>(shape, elements, is_big, |[b]| b),
            "b1" => read::<bool, 1>(shape, elements, is_big, |b| b != [0]),
            _ => return None,
        };
        Some(if self.is_fortran {
            let axes: Vec<usize> = (0..tensor.rank()).rev().collect();
            permute(&tensor, &axes)
        } else {
            tensor
        })
    }
}

fn read<T: Element, const N: usize>(
    shape: Vec<usize>,
    elements: &[u8],
    is_big: bool,
    element: impl Fn([u8; N]) -> T,
) -> Tensor {
    let (pieces, _) = elements.as_chunks::<N>();
    let elements = pieces.iter().map(|&piece| {
        let mut piece = piece;
        if is_big {
            piece.reverse();
        }
        element(piece)
    });
    Tensor::from_vec(shape, elements.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file as NumPy writes it.
    fn numpy(descr: &str, is_fortran: &str, shape: &str, elements: &[u8]) -> Vec<u8> {
        let text =
            format!("{{'descr': {descr}, 'fortran_order': {is_fortran}, 'shape': {shape}, }}\n");
        let len = u16::try_from(text.len()).expect("it is short");
        [
            MAGIC,
            &[1, 0],
            &len.to_le_bytes(),
            text.as_bytes(),
            elements,
        ]
        .concat()
    }

    fn parsed(bytes: &[u8]) -> Result<Tensor, FileError> {
        parse(Path::new("x.npy"), bytes.to_vec())
    }

    #[test]
    fn what_is_written_is_read_and_every_beginning_is_refused() {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let path = folder.path().join("x.npy");
        for tensor in [
            Tensor::from_vec(vec![2, 3], vec![1.5f64, -0.0, 3.0, f64::INFINITY, 5.0, 6.0]),
            Tensor::from_vec(vec![3], vec![true, false, true]),
            Tensor::scalar(i64::MIN),
            Tensor::from_vec::<f32>(vec![0, 4], vec![]),
        ] {
            write_npy(&path, &tensor).expect("it can be written");
            assert_eq!(read_npy(&path).expect("it can be read"), tensor);
            let bytes = fs::read(&path).expect("it is there");
            for len in 0..bytes.len() - usize::from(tensor.is_empty()) {
                assert!(parsed(&bytes[..len]).is_err(), "{len}");
            }
        }
    }

    #[test]
    fn the_other_byte_order_and_the_other_order_of_axes_are_read() {
        let bytes = numpy(
            "'>i2'",
            "True",
            "(2, 3)",
            &[0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 1, 0],
        );
        let expected = Tensor::from_vec(vec![2, 3], vec![1i32, 2, 3, 4, 5, 256]);
        assert_eq!(parsed(&bytes).expect("it is whole"), expected);
    }

    #[test]
    fn headers_that_lie_and_objects_are_refused() {
        let lies = [
            numpy("'<f8'", "False", "(4294967296, 4294967296, 2)", &[]),
            numpy("'<f8'", "False", "(2,)", &[0; 8]),
            numpy("'<f8'", "False", "(-1,)", &[]),
            numpy("'|O'", "False", "(1,)", &[0]),
            numpy("[('a', '<f8')]", "False", "(1,)", &[0]),
            numpy("'<c16'", "False", "(1,)", &[0; 16]),
            b"\x93NUMPY\x01\x00\x02\x00{}".to_vec(),
            b"PK\x03\x04".to_vec(),
        ];
        for lie in lies {
            assert!(parsed(&lie).is_err(), "{}", String::from_utf8_lossy(&lie));
        }
        let objects = parsed(&numpy("'|O'", "False", "(1,)", &[0; 40]));
        assert!(matches!(objects, Err(FileError::Unsupported { dtype, .. }) if dtype == "|O"));
    }
}
