//! Tensors with names in a file, in the `safetensors` format, or one alone in NumPy's. A file is there whole or not at all; reading
//! believes nothing.

mod npy;
mod read;
mod write;

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::tensor::{Element, Tensor};
use crate::types::DType;

pub use npy::{NpyBytes, npy_bytes, read_npy, write_npy};
pub use read::read_tensors;
pub use write::{check_writable, write_elements, write_stream, write_tensors, write_text};

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
    /// There is a pipe or a device of that name.
    #[error("`{}` is a pipe or a device, not a file", path.display())]
    Special {
        /// The pipe or device.
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
    /// It is no array of NumPy's.
    #[error("`{}` is no npy file", path.display())]
    NotNpy {
        /// The file.
        path: PathBuf,
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
    /// Two tensors of one name, or one called `__metadata__`, cannot be written.
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

/// What the format calls an element type.
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

/// An element in the file.
trait Stored: Element {
    /// Bytes of an element.
    const SIZE: usize;
    /// Writes the element, low byte first.
    fn write_to(&self, writer: &mut impl io::Write) -> io::Result<()>;
    /// The element of as many bytes as it has.
    fn read_from(bytes: &[u8]) -> Self;
}

macro_rules! stored {
    ($($t:ident)*) => {
        $(impl Stored for $t {
            const SIZE: usize = size_of::<$t>();

            fn write_to(&self, writer: &mut impl io::Write) -> io::Result<()> {
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

    fn write_to(&self, writer: &mut impl io::Write) -> io::Result<()> {
        writer.write_all(&[u8::from(*self)])
    }
    fn read_from(bytes: &[u8]) -> bool {
        bytes != [0]
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::read::parse;
    use super::*;
    use crate::tensor::stream;

    type Outcome = Result<(), Box<dyn std::error::Error>>;

    fn model() -> (Named, Metadata) {
        let named = |name: &str, x: Tensor| (name.to_string(), x);
        let tensors = vec![
            named(
                "w",
                Tensor::from_vec(
                    vec![2, 3],
                    vec![1.5f64, -0.0, f64::MIN_POSITIVE, 3.0, f64::INFINITY, 5.0],
                ),
            ),
            named("n", Tensor::scalar(i64::MIN)),
            named("b", Tensor::from_vec(vec![3], vec![0.1f32, 0.2, 0.3])),
            named("i", Tensor::from_vec(vec![1, 2], vec![-1i32, 7])),
            named("empty \"ünï\"", Tensor::from_vec::<u8>(vec![0, 4], vec![])),
            named("mask", Tensor::from_vec(vec![3], vec![true, false, true])),
            named("pixels", Tensor::from_vec(vec![2], vec![0u8, 255])),
        ];
        let text = |name: &str, text: &str| (name.to_string(), text.to_string());
        (
            tensors,
            vec![text("a", "1"), text("program", "model { }\n")],
        )
    }

    #[test]
    fn what_is_written_is_read_and_twice_the_same() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("model.safetensors");
        let (tensors, metadata) = model();
        write_tensors(&path, &tensors, &metadata)?;
        let bytes = fs::read(&path)?;
        let (mut read, texts) = read_tensors(&path)?;
        read.sort_by_key(|(name, _)| tensors.iter().position(|(other, _)| other == name));
        assert_eq!((&read, &texts), (&tensors, &metadata));
        write_tensors(&path, &tensors, &metadata)?;
        assert_eq!(fs::read(&path)?, bytes);
        assert_eq!(fs::read_dir(folder.path())?.count(), 1);
        Ok(())
    }

    #[test]
    fn no_beginning_of_a_file_is_a_file() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("model.safetensors");
        let (tensors, metadata) = model();
        write_tensors(&path, &tensors, &metadata)?;
        let bytes = fs::read(&path)?;
        for len in 0..bytes.len() {
            let error = parse(&path, &bytes[..len]).expect_err("bytes are missing");
            assert!(
                matches!(
                    error,
                    FileError::TooShort { .. } | FileError::Damaged { .. }
                ),
                "{len}: {error}"
            );
        }
        Ok(())
    }

    #[test]
    fn damage_is_an_error_or_other_contents_but_never_a_panic() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("model.safetensors");
        let (tensors, metadata) = model();
        write_tensors(&path, &tensors, &metadata)?;
        let bytes = fs::read(&path)?;
        let mut words = stream(1, 2, 3);
        for _ in 0..20_000 {
            let mut bytes = bytes.clone();
            for _ in 0..=words.below(3) {
                let place = words.below(bytes.len() as u32) as usize;
                bytes[place] = if words.below(2) == 0 {
                    b"09-1[]{}\",:e"[words.below(12) as usize]
                } else {
                    words.below(256) as u8
                };
            }
            drop(parse(&path, &bytes));
        }
        Ok(())
    }

    fn damaged(header: &str, data: usize) -> Result<(Named, Metadata), FileError> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        parse(Path::new("m"), &bytes)
    }

    #[test]
    fn headers_that_lie_are_refused() {
        let entry = |name: &str, dtype: &str, shape: &str, offsets: &str| {
            format!(
                "\"{name}\":{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":{offsets}}}"
            )
        };
        let lies = [
            entry("hole", "F32", "[1]", "[4,8]"),
            entry("size", "F32", "[3]", "[0,8]"),
            entry("backward", "F32", "[2]", "[8,0]"),
            entry(
                "overflow",
                "F32",
                "[4294967296,4294967296,4294967296]",
                "[0,8]",
            ),
            entry("long", "F32", "[2]", "[0,18446744073709551615]"),
            format!(
                "{},{}",
                entry("a", "F32", "[2]", "[0,8]"),
                entry("overlap", "F32", "[1]", "[4,8]")
            ),
        ];
        for lie in lies {
            let result = damaged(&format!("{{{lie}}}"), 8);
            assert!(
                matches!(result, Err(FileError::Damaged { .. })),
                "{lie}: {result:?}"
            );
        }
        let half = damaged(&format!("{{{}}}", entry("h", "F16", "[4]", "[0,8]")), 8);
        assert!(
            matches!(half, Err(FileError::Unsupported { name, dtype, .. }) if name == "h" && dtype == "F16")
        );
        assert!(damaged(&"[".repeat(100_000), 0).is_err());
    }

    #[test]
    fn other_formats_and_places_are_named() -> Outcome {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("x");
        assert!(matches!(
            read_tensors(&path),
            Err(FileError::Missing { .. })
        ));
        assert!(matches!(
            read_tensors(folder.path()),
            Err(FileError::Directory { .. })
        ));
        assert!(matches!(
            write_tensors(folder.path(), &[], &[]),
            Err(FileError::Directory { .. })
        ));
        assert!(matches!(
            write_tensors(&path.join("y/z"), &[], &[]),
            Err(FileError::Unwritable { .. })
        ));
        for start in [
            &b"PK\x03\x04\x00\x00\x08\x08\x00"[..],
            b"\x80\x02\x8a\x0al\xfc\x9cF\xf9",
            b"version https://git-lfs.github.com/spec/v1\n",
        ] {
            fs::write(&path, start)?;
            assert!(matches!(
                read_tensors(&path),
                Err(FileError::Foreign { .. })
            ));
        }
        let twice = [
            ("a".to_string(), Tensor::scalar(1f32)),
            ("a".to_string(), Tensor::scalar(2f32)),
        ];
        assert!(
            matches!(write_tensors(&path, &twice, &[]), Err(FileError::Duplicate { name }) if name == "a")
        );
        Ok(())
    }
}
