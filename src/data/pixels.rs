//! Images in bytes. A column of them keeps its bytes; what transforms make of a byte is a table, one a channel, that is looked up
//! when rows are made into a tensor, so that images take a byte a pixel until a batch is cut.

use std::sync::{Arc, OnceLock};

use crate::data::augment::{Augment, Draw, Tone};
use crate::tensor::Tensor;
use crate::types::DType;

/// Images of one shape, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct Pixels {
    /// Channels, height, width.
    pub shape: [usize; 3],
    /// The bytes of all images.
    pub bytes: Arc<Vec<u8>>,
}

/// What each byte of each channel becomes.
pub(crate) type Tables = Vec<Vec<f64>>;

impl Pixels {
    /// The number of bytes of an image.
    pub fn size(&self) -> usize {
        self.shape.iter().product()
    }

    /// The number of images.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.size().max(1)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Only the given rows, ascending.
    pub(crate) fn keep(&self, rows: &[u32]) -> Pixels {
        let bytes = rows.iter().flat_map(|&row| self.image(row)).copied();
        Pixels {
            shape: self.shape,
            bytes: Arc::new(bytes.collect()),
        }
    }

    fn image(&self, row: u32) -> &[u8] {
        let size = self.size();
        &self.bytes[row as usize * size..][..size]
    }

    /// Each byte as itself.
    pub(crate) fn identity(&self) -> Tables {
        let bytes: Vec<f64> = (0..=u8::MAX).map(f64::from).collect();
        vec![bytes; self.shape[0]]
    }

    /// How often each byte occurs in each channel of some rows.
    pub(crate) fn counts(&self, rows: &[u32]) -> Vec<[u64; 256]> {
        let mut counts = vec![[0; 256]; self.shape[0]];
        let plane = self.shape[1] * self.shape[2];
        for &row in rows {
            for (counts, plane) in counts.iter_mut().zip(self.image(row).chunks_exact(plane)) {
                plane
                    .iter()
                    .for_each(|&byte| counts[usize::from(byte)] += 1);
            }
        }
        counts
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

    /// What tensors are made of: all bytes, the rows, and what becomes of each byte.
    pub(crate) fn memory(&self) -> (&[u8], &[u32], &Tables) {
        (&self.pixels.bytes, &self.rows, &self.tables)
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
    pub(crate) fn whole(&self) -> &Tensor {
        self.whole.get_or_init(|| {
            let all: Vec<u32> = (0..).take(self.rows.len()).collect();
            self.tensor(&all, None)
        })
    }

    /// Some rows, changed as training asks where `draw` says how.
    pub(crate) fn tensor(&self, rows: &[u32], draw: Option<Draw<'_>>) -> Tensor {
        let mut values = Vec::with_capacity(rows.len() * self.pixels.size());
        let tables = self.tables.iter().map(|table| floats(table));
        let tables: Vec<Vec<f32>> = tables.collect();
        let tone = |table: &Vec<f32>| Tone {
            black: table[0],
            white: table[255],
        };
        let tones: Vec<Tone> = tables.iter().map(tone).collect();
        for &row in rows {
            let start = values.len();
            self.append(row, &tables, &mut values);
            if let Some(draw) = draw {
                let image = &mut values[start..];
                for augment in &self.augment {
                    augment.apply(image, self.pixels.shape, &tones, draw.row(row));
                }
            }
        }
        let tensor = Tensor::from_vec(self.shape(rows.len()), values);
        tensor.cast(self.float)
    }

    fn append(&self, row: u32, tables: &[Vec<f32>], values: &mut Vec<f32>) {
        let plane = self.pixels.shape[1] * self.pixels.shape[2];
        let image = self.pixels.image(self.rows[row as usize]);
        for (table, plane) in tables.iter().zip(image.chunks_exact(plane)) {
            values.extend(plane.iter().map(|&byte| table[usize::from(byte)]));
        }
    }
}

fn floats(table: &[f64]) -> Vec<f32> {
    table.iter().map(|&value| value as f32).collect()
}
