//! From files to tensors. A program's `data` block becomes a [`DataSpec`] in [`read_block`]; [`read_table`] reads the columns it uses, [`schema`]
//! says what a model will meet, and [`prepare`] splits the rows, fits the transforms on the train part and applies them.
//! Images, of IDX files, CIFAR's batches, NumPy arrays or folders of pictures, stay a byte a pixel until a batch is cut, in memory or,
//! where they are many, in a temporary file; what `augment` says is done to batches of the train part.
//! Nothing leaks: only train rows are looked at when fitting. Knows sources, diagnostics and tensors; the syntax tree in `read`
//! only, and of lowering only the facts it asks for in `facts`; no IR, no ops.

pub mod codes;
mod read;
mod spec;

mod fault;
mod header;
mod infer;
mod open;
mod table;
mod watch;

mod array;
mod channels;
mod cifar;
mod csv;
mod idx;
mod image_bytes;
mod images;
mod new_images;
mod npy;
mod packed;
mod pixels;

mod augment;
mod crop;
mod inline;
mod jitter;
mod jsonl;
mod mixup;
mod random;
mod select;
mod source;
mod text;
mod tokens;

mod category;
mod days;
mod missing;
mod numeric;
mod shares;
mod split;
mod windows;

mod apply;
mod augmented;
mod block;
mod fingerprint;
mod fit;
mod transform;

mod batch;
mod chunk;
mod classes;
mod dataset;
mod facts;
mod predict;
mod reading;
mod rows;
mod saved;
mod warn;

#[cfg(test)]
mod tests;

pub use augment::{Augment, Draw};
pub use batch::{Batches, drawn_order, epoch_order, gather_rows, rows_at_once};
pub use chunk::{CsvRows, table_of};
pub use crop::Crop;
pub use dataset::{Dataset, FieldSchema, Part, prepare, schema};
pub use days::{DayOrder, days};
pub use fault::Fault;
pub use image_bytes::{IMAGES_IN_MEMORY, Room};
pub use jitter::Jitter;
pub use mixup::Mixup;
pub use new_images::{ImageForm, ImageRows, labelled_images};
pub use pixels::{PixelRows, Pixels};
pub use predict::{Encoded, Encoder};
pub use read::{Sizes, read_block};
pub use reading::Reading;
pub use rows::Rows;
pub use saved::{SavedError, from_json, to_json};
pub use source::{read_table, read_table_into, with_tokenizers};
pub use spec::{
    AugmentSpec, Channels, Classes, Columns, CsvSpec, DataSpec, FieldSpec, Fill, FolderSpec,
    ImagesSpec, InlineCell, InlineColumn, InlineSpec, MissingPolicy, MissingSpec, NpyFiles,
    NpySpec, PadSpec, Pairs, PartsSpec, RandomSpec, Selector, ShareSpec, SourceSpec, SplitBy,
    SplitSpec, TextSpec, TransformSpec, Unknown, WindowSpec,
};
pub use table::{Cells, Column, Given, Missing, Table};
pub use transform::{FillValue, Fitted, FittedField};
pub use windows::WindowRows;
