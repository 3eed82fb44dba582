//! Images in bytes. A column of them keeps its bytes, in memory or in a file; what transforms make of a byte is a table, one a channel,
//! that is looked up when rows are made into a tensor, so that images take a byte a pixel at most until a batch is cut. Whatever goes
//! over all of them goes image by image, with one buffer for those of a file.

use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use crate::data::augment::{Augment, Draw, Tone};
use crate::data::fault::Fault;
use crate::data::image_bytes::{ImageBytes, lost};
use crate::tensor::Tensor;
use crate::types::DType;

/// Images of one shape, row by row.
#[derive(Clone, Debug)]
pub struct Pixels {
    /// Channels, height, width.
    pub shape: [usize; 3],
    /// The bytes of all images.
    bytes: ImageBytes,
    /// Which of them are the rows, where not all are.
    rows: Option<Arc<Vec<u32>>>,
}

/// What each byte of each channel becomes.
pub(crate) type Tables = Vec<Vec<f64>>;

impl Pixels {
    pub(crate) fn new(shape: [usize; 3], bytes: impl Into<ImageBytes>) -> Pixels {
        Pixels {
            shape,
            bytes: bytes.into(),
            rows: None,
        }
    }

    /// The number of bytes of an image.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        let all = || self.bytes.len() / self.size().max(1) as u64;
        let rows = self.rows.as_ref();
        rows.map_or_else(
            || usize::try_from(all()).unwrap_or(usize::MAX),
            |rows| rows.len(),
        )
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Only the given rows, ascending: those in memory copied, those in a file where they lie.
    pub(crate) fn keep(&self, rows: &[u32]) -> Pixels {
        let Some(bytes) = self.bytes.memory() else {
            let kept = rows.iter().map(|&row| self.place(row)).collect();
            return Pixels {
                rows: Some(Arc::new(kept)),
                ..self.clone()
            };
        };
        let image = |row: &u32| &bytes[*row as usize * self.size()..][..self.size()];
        let bytes: Vec<u8> = rows.iter().flat_map(image).copied().collect();
        Pixels::new(self.shape, bytes)
    }

    /// Where the image of a row stands among all.
    fn place(&self, row: u32) -> u32 {
        let rows = self.rows.as_ref();
        rows.map_or(row, |rows| rows[row as usize])
    }

    /// The bytes of a row: those of a file lie in `scratch` from then on.
    fn image<'b>(&'b self, row: u32, scratch: &'b mut Vec<u8>) -> io::Result<&'b [u8]> {
        let size = self.size();
        let start = u64::from(self.place(row)) * size as u64;
        self.bytes.read(start, size, scratch)
    }

    /// Each byte as itself.
    pub(crate) fn identity(&self) -> Tables {
        let bytes: Vec<f64> = (0..=u8::MAX).map(f64::from).collect();
        vec![bytes; self.shape[0]]
    }

    /// How often each byte occurs in each channel of some rows.
    pub(crate) fn counts(&self, rows: &[u32]) -> Result<Vec<[u64; 256]>, Fault> {
        let mut counts = vec![[0; 256]; self.shape[0]];
        let plane = self.shape[1] * self.shape[2];
        let mut scratch = vec![];
        for &row in rows {
            let image = self
                .image(row, &mut scratch)
                .map_err(|error| lost(&error))?;
            for (counts, plane) in counts.iter_mut().zip(image.chunks_exact(plane)) {
                plane
                    .iter()
                    .for_each(|&byte| counts[usize::from(byte)] += 1);
            }
        }
        Ok(counts)
    }

    /// Writes the bytes of all rows, one after the other.
    fn write(&self, writer: &mut impl Write) -> io::Result<()> {
        if let Some(bytes) = self.bytes.memory() {
            return writer.write_all(bytes);
        }
        let mut scratch = vec![];
        let mut rows = (0..).take(self.len());
        rows.try_for_each(|row| writer.write_all(self.image(row, &mut scratch)?))
    }

    /// Loses what lies in a file, as a disk does that fails.
    #[cfg(test)]
    pub(crate) fn lose(&self) {
        self.bytes.lose();
    }
}

/// By what they show. Images that cannot be read are like no others.
impl PartialEq for Pixels {
    fn eq(&self, other: &Pixels) -> bool {
        let (mut own, mut others) = (vec![], vec![]);
        let mut is_same = |row: u32| {
            let pair = (self.image(row, &mut own), other.image(row, &mut others));
            matches!(pair, (Ok(image), Ok(other)) if image == other)
        };
        self.shape == other.shape
            && self.len() == other.len()
            && (0..).take(self.len()).all(&mut is_same)
    }
}

/// Rows of images, and what becomes of them.
#[derive(Clone, Debug)]
pub struct PixelRows {
    pixels: Pixels,
    rows: Vec<u32>,
    tables: Tables,
    /// The shape of a row: that of an image, or all of it in a line.
    row_shape: Vec<usize>,
    float: DType,
    /// What is done to the images of a training batch.
    pub(crate) augment: Vec<Augment>,
    whole: OnceLock<Tensor>,
}

impl PixelRows {
    pub(crate) fn new(
        pixels: Pixels,
        rows: Vec<u32>,
        tables: Tables,
        row_shape: Vec<usize>,
        float: DType,
    ) -> PixelRows {
        PixelRows {
            pixels,
            rows,
            tables,
            row_shape,
            float,
            augment: vec![],
            whole: OnceLock::new(),
        }
    }

    fn shape(&self, n_rows: usize) -> Vec<usize> {
        [&[n_rows][..], &self.row_shape].concat()
    }

    /// Writes the bytes of all images, and gives what else tensors are made of: the rows, and what becomes of each byte.
    pub(crate) fn write(&self, writer: &mut impl Write) -> io::Result<(&[u32], &Tables)> {
        self.pixels.write(writer)?;
        Ok((&self.rows, &self.tables))
    }

    /// The images, whichever are rows of a part.
    #[cfg(test)]
    pub(crate) fn pixels(&self) -> &Pixels {
        &self.pixels
    }

    /// How many changes are made to each image in training.
    pub(crate) fn n_changes(&self) -> usize {
        self.augment.len()
    }

    /// Channels, height and width of an image.
    pub(crate) fn image_shape(&self) -> [usize; 3] {
        self.pixels.shape
    }

    /// The element type.
    pub(crate) fn dtype(&self) -> DType {
        self.float
    }

    /// The sizes of all rows.
    pub(crate) fn whole_shape(&self) -> Vec<usize> {
        self.shape(self.rows.len())
    }

    /// All rows, kept from then on.
    pub(crate) fn whole(&self) -> Result<&Tensor, Fault> {
        if let Some(whole) = self.whole.get() {
            return Ok(whole);
        }
        let all: Vec<u32> = (0..).take(self.rows.len()).collect();
        let whole = self.tensor(&all, None)?;
        Ok(self.whole.get_or_init(|| whole))
    }

    /// Some rows, changed as training asks where `draw` says how.
    pub(crate) fn tensor(&self, rows: &[u32], draw: Option<Draw<'_>>) -> Result<Tensor, Fault> {
        let mut values = Vec::with_capacity(rows.len() * self.pixels.size());
        let tables = self.tables.iter().map(|table| floats(table));
        let tables: Vec<Vec<f32>> = tables.collect();
        let tone = |table: &Vec<f32>| Tone {
            black: table[0],
            white: table[255],
        };
        let tones: Vec<Tone> = tables.iter().map(tone).collect();
        let mut scratch = vec![];
        for &row in rows {
            let start = values.len();
            let image = self.pixels.image(self.rows[row as usize], &mut scratch);
            self.append(image.map_err(|error| lost(&error))?, &tables, &mut values);
            if let Some(draw) = draw {
                let image = &mut values[start..];
                for augment in &self.augment {
                    augment.apply(image, self.pixels.shape, &tones, draw.row(row));
                }
            }
        }
        let tensor = Tensor::from_vec(self.shape(rows.len()), values);
        Ok(tensor.cast(self.float))
    }

    fn append(&self, image: &[u8], tables: &[Vec<f32>], values: &mut Vec<f32>) {
        let plane = self.pixels.shape[1] * self.pixels.shape[2];
        for (table, plane) in tables.iter().zip(image.chunks_exact(plane)) {
            values.extend(plane.iter().map(|&byte| table[usize::from(byte)]));
        }
    }
}

fn floats(table: &[f64]) -> Vec<f32> {
    table.iter().map(|&value| value as f32).collect()
}
