//! A fused kernel: a body of scalar instructions over a space of rows and columns. An instruction gives a number for each element, or
//! one for each row; reads say where their elements lie, outputs what becomes of a number. Equal kernels share one piece of code.

use crate::scalar::Scalar;
use crate::tensor::{Monoid, Walk};
use crate::types::DType;

/// A kernel.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kernel {
    pub(super) space: Space,
    /// Whether rows do not matter: every read is contiguous or one number, nothing is folded.
    pub(super) is_flat: bool,
    pub(super) body: Vec<Inst>,
    pub(super) outputs: Vec<Output>,
}

/// What a kernel iterates over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Space {
    pub(super) rows: usize,
    pub(super) cols: usize,
}

/// An instruction of the body.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Inst {
    pub(super) kind: InstKind,
    pub(super) dtype: DType,
    pub(super) extent: Extent,
}

/// What an instruction does. Numbers refer to earlier instructions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum InstKind {
    /// An element of the kernel's buffer of that number.
    Read(usize, Access),
    /// A constant, by its bits.
    Lit(u64),
    /// A scalar function.
    Apply(Scalar, Vec<usize>),
    /// Another element type.
    Convert(usize),
    /// The fold of each row.
    Fold(Monoid, usize),
}

/// What an instruction gives a number for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Extent {
    /// Each element.
    Elem,
    /// Each row.
    Row,
}

/// Where the elements of a read lie: `start + Σ index·stride` over the axes that make up the rows, and a stride along the columns.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Access {
    pub(super) start: usize,
    /// Sizes and strides of the row axes, outermost first, merged.
    pub(super) rows: Vec<(usize, isize)>,
    pub(super) col: isize,
}

/// What becomes of an instruction's numbers, in the kernel's buffer of that number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Output {
    pub(super) inst: usize,
    pub(super) buffer: usize,
    pub(super) how: Store,
}

/// How numbers are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Store {
    /// Each of them.
    Each,
    /// Their fold over rows.
    Fold(Monoid),
}

impl Extent {
    /// The part of a kernel's space that it gives numbers for.
    pub(super) fn space(self, whole: Space) -> Space {
        match self {
            Extent::Elem => whole,
            Extent::Row => Space { cols: 1, ..whole },
        }
    }
}

impl Space {
    pub(super) fn len(self) -> usize {
        self.rows * self.cols
    }
}

impl Kernel {
    /// What its code depends on: the number of rows is told at each call, and so is the number of elements where rows do not matter.
    pub(super) fn code_key(&self) -> Kernel {
        let mut key = self.clone();
        key.space.rows = 0;
        if key.is_flat {
            key.space.cols = 1;
        }
        for inst in &mut key.body {
            if let InstKind::Read(_, access) = &mut inst.kind {
                match key.is_flat {
                    true => access.flatten(),
                    false => access.forget_rows(),
                }
            }
        }
        key
    }
}

impl Access {
    /// Of a read that is one number or contiguous, which of the two it is.
    fn flatten(&mut self) {
        self.col = isize::from(!self.is_one());
        self.rows.clear();
    }

    /// The first axis has as many places as there are rows for.
    fn forget_rows(&mut self) {
        if let Some((count, _)) = self.rows.first_mut() {
            *count = 0;
        }
    }

    /// Where a walk meets the elements of a space in order; nothing if rows or columns are not regular.
    pub(super) fn of(walk: &Walk, space: Space) -> Option<Access> {
        let len: usize = walk.sizes.iter().product();
        if len != space.len() {
            return None;
        }
        let (mut rows, mut cols) = (walk.clone(), vec![]);
        let mut covered = 1;
        while covered < space.cols {
            let (size, stride) = rows.sizes.pop().zip(rows.strides.pop())?;
            covered *= size;
            cols.push((size, stride));
        }
        if covered != space.cols {
            return Access::of_plain(walk, space);
        }
        let (sizes, strides) = cols.into_iter().rev().unzip();
        let cols = Walk {
            start: 0,
            sizes,
            strides,
        };
        let col = match cols.merged().strides.as_slice() {
            [] => 0,
            [col] => *col,
            [..] => return None,
        };
        Some(Access {
            start: walk.start,
            rows: pairs(&rows.merged()),
            col,
        })
    }

    /// A walk along one line can be cut anywhere.
    fn of_plain(walk: &Walk, space: Space) -> Option<Access> {
        let merged = walk.merged();
        let [stride] = merged.strides[..] else {
            return None;
        };
        Some(Access {
            start: walk.start,
            rows: pairs(
                &Walk {
                    start: 0,
                    sizes: vec![space.rows],
                    strides: vec![stride * space.cols as isize],
                }
                .merged(),
            ),
            col: stride,
        })
    }

    /// Whether row `r` of the space is row `r` of a contiguous buffer.
    pub(super) fn is_aligned(&self, space: Space) -> bool {
        let is_row = match self.rows.as_slice() {
            [] => space.rows == 1,
            [(_, stride)] => *stride == space.cols as isize,
            [..] => false,
        };
        self.start == 0 && is_row && (self.col == 1 || space.cols == 1)
    }

    /// Whether row `r` of the space lies within part `r` of a buffer of `len` elements, cut into as many parts as there are rows.
    pub(super) fn is_by_row(&self, space: Space, len: usize) -> bool {
        if self.is_aligned(space) {
            return len == space.len();
        }
        let [(_, stride)] = self.rows[..] else {
            return false;
        };
        let (Ok(stride), Ok(col)) = (usize::try_from(stride), usize::try_from(self.col)) else {
            return false;
        };
        stride * space.rows == len && self.start + col * (space.cols - 1) < stride
    }

    /// Whether it is the same number everywhere.
    pub(super) fn is_one(&self) -> bool {
        self.col == 0 && self.rows.iter().all(|(_, stride)| *stride == 0)
    }
}

fn pairs(walk: &Walk) -> Vec<(usize, isize)> {
    let axes = walk.sizes.iter().zip(&walk.strides);
    axes.map(|(&size, &stride)| (size, stride)).collect()
}
