//! Windows on a series: rows of a table in order, cut into runs of one length. A window lies in one part whole; it is gathered from
//! the part's series when a batch asks for it, so that windows that overlap take no memory of their own.

use std::sync::{Arc, OnceLock};

use crate::data::codes;
use crate::data::fault::{Fault, counted, shown};
use crate::data::spec::{DataSpec, WindowSpec};
use crate::data::table::Table;
use crate::diag::Diagnostic;
use crate::tensor::{Tensor, gather};
use crate::types::DType;

/// Rows that are runs of a series.
#[derive(Clone, Debug)]
pub struct WindowRows {
    /// What they are cut from, `[n, ..row]`.
    series: Tensor,
    /// Where each window begins.
    starts: Arc<Vec<u32>>,
    own: WindowSpec,
    whole: OnceLock<Tensor>,
}

impl WindowRows {
    pub(crate) fn new(series: Tensor, starts: Arc<Vec<u32>>, own: WindowSpec) -> WindowRows {
        WindowRows {
            series,
            starts,
            own,
            whole: OnceLock::new(),
        }
    }

    /// What windows are made of: the series, where each begins, and how they are cut.
    pub(crate) fn memory(&self) -> (&Tensor, &[u32], WindowSpec) {
        (&self.series, &self.starts, self.own)
    }

    /// The element type.
    pub(crate) fn dtype(&self) -> DType {
        self.series.dtype()
    }

    /// The sizes of all windows, `[windows, length, ..row]`.
    pub(crate) fn whole_shape(&self) -> Vec<usize> {
        let outer = [self.starts.len(), self.own.length];
        let row = &self.series.shape()[1..];
        outer.iter().chain(row).copied().collect()
    }

    /// All windows, kept from then on.
    pub(crate) fn whole(&self) -> &Tensor {
        self.whole.get_or_init(|| {
            let all: Vec<u32> = (0..).take(self.starts.len()).collect();
            self.tensor(&all)
        })
    }

    /// Some windows, `[windows, length, ..row]`.
    pub(crate) fn tensor(&self, windows: &[u32]) -> Tensor {
        let WindowSpec { length, shift, .. } = self.own;
        let starts = windows.iter().map(|&at| self.starts[at as usize] as usize);
        let places = starts.flat_map(|start| start + shift..start + shift + length);
        let places: Vec<i64> = places.map(|place| place as i64).collect();
        let places = Tensor::from_vec(vec![windows.len(), length], places);
        gather(&self.series, &places, 0).expect("windows lie within the series of their part")
    }
}

/// How windows are cut of a series: every one that all fields have.
pub(crate) struct Cut {
    /// The shift from which on fields are shifted.
    first: usize,
    /// From the first row of a window in any field to behind the last in any.
    reach: usize,
    stride: usize,
}

impl Cut {
    /// That of fields cut so; nothing where there are none.
    pub(crate) fn of(windows: &[WindowSpec], first: usize) -> Option<Cut> {
        let end = windows.iter().map(|own| own.shift + own.length).max()?;
        Some(Cut {
            first,
            reach: end - first,
            stride: windows[0].stride.max(1),
        })
    }

    /// Where windows begin in a series of so many rows.
    fn starts(&self, n_rows: usize) -> Vec<u32> {
        let end = (n_rows + 1).saturating_sub(self.reach);
        let starts = (0..end).step_by(self.stride);
        let start = |at| u32::try_from(at).expect("rows are counted in 32 bits");
        starts.map(start).collect()
    }

    /// The windows of a field's series.
    pub(crate) fn windows(&self, series: Tensor, own: WindowSpec) -> WindowRows {
        let starts = Arc::new(self.starts(series.shape()[0]));
        let shift = own.shift - self.first;
        WindowRows::new(series, starts, WindowSpec { shift, ..own })
    }

    /// What is told of a series of so many rows, too short for one window.
    pub(crate) fn too_long_for(&self, n_rows: usize) -> String {
        let (n_rows, reach) = (counted(n_rows, "row"), self.reach);
        format!("it holds {n_rows}, and a window with its shift takes {reach}")
    }
}

/// Where the windows of a part of `n_rows` rows begin; nothing where the fields have none.
pub(crate) fn starts(
    spec: &DataSpec,
    part: &str,
    n_rows: usize,
    table: &Table,
) -> Result<Option<Arc<Vec<u32>>>, Diagnostic> {
    let fields = spec.fields.iter();
    let fields = fields.filter_map(|field| Some(field.windows.as_ref()?.value));
    let Some(cut) = Cut::of(&fields.collect::<Vec<WindowSpec>>(), 0) else {
        return Ok(None);
    };
    let starts = cut.starts(n_rows);
    match starts.is_empty() {
        true => Err(too_short(spec, part, &cut, n_rows, table)),
        false => Ok(Some(Arc::new(starts))),
    }
}

fn too_short(spec: &DataSpec, part: &str, cut: &Cut, n_rows: usize, table: &Table) -> Diagnostic {
    let message = format!(
        "part {} of {} is too short for one window",
        shown(part),
        shown(&table.file)
    );
    let label = cut.too_long_for(n_rows);
    let longest = spec
        .fields
        .iter()
        .filter_map(|field| field.windows.as_ref());
    let longest = longest.max_by_key(|own| own.value.shift + own.value.length);
    let place = longest.map_or(spec.split.span, |own| own.span);
    Fault::new(codes::SHORT_SERIES, message, label)
        .help("give the part a larger share, or take shorter windows")
        .at(place)
        .label(spec.split.span, "parts are cut here")
}
