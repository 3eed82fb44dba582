//! Instruction sets: their kernels as tables, and the choice of one at run time.

use super::lay::{self, Lay, Layer};
use super::line::{self, Line, LineKernel};
#[cfg(target_arch = "aarch64")]
use super::neon::Neon;
use super::pack::{self, Packer, Slice};
use super::simd::{Portable, Simd};
use super::tile::{self, Kernel, Tile};
#[cfg(target_arch = "x86_64")]
use super::x86::{
    Avx2, Avx512, avx2_lay, avx2_line, avx2_pack, avx2_tile, avx512_lay, avx512_line, avx512_pack,
    avx512_tile,
};

/// Vectors in a tile of one row.
pub(super) const WIDE: usize = 8;

/// Kernels of one height.
pub(super) struct Row<T> {
    /// One vector wide, edge or not.
    pub(super) narrow: Kernel<T>,
    /// Two vectors wide, at the edge.
    pub(super) edge: Kernel<T>,
    /// Two full vectors wide.
    pub(super) full: Kernel<T>,
}

/// What one instruction set does for one element type.
pub(super) struct Isa<T: 'static> {
    /// Elements of a vector; a panel is two vectors wide.
    pub(super) lanes: usize,
    /// Kernels of 1, 2, … rows.
    pub(super) rows: &'static [Row<T>],
    /// One row, [`WIDE`] full vectors wide: B then comes in long runs of adjacent columns.
    pub(super) wide: Kernel<T>,
    /// Packs A and B.
    pub(super) pack: Packer<T>,
    /// Lays out lines.
    pub(super) lay: Layer<T>,
    /// Computes a row whose B lies where it is told.
    pub(super) line: LineKernel<T>,
}

impl<T> Isa<T> {
    /// Columns of a full tile, which is how wide panels of B are.
    pub(super) fn panel(&self) -> usize {
        2 * self.lanes
    }

    /// Rows of the highest tile.
    pub(super) fn height(&self) -> usize {
        self.rows.len()
    }
}

/// Whether this machine has a set, and the set.
type Set<T> = (fn() -> bool, Isa<T>);

/// An element type with kernels.
pub(crate) trait Element: Copy + 'static {
    /// Sets of instructions, best first, and whether this machine has them. The last it always has.
    #[expect(private_interfaces, reason = "sets are the business of products alone")]
    const SETS: &'static [Set<Self>];
}

/// The best set of this machine.
pub(super) fn best<T: Element>() -> &'static Isa<T> {
    let set = T::SETS.iter().find(|(available, _)| available());
    &set.expect("the last set is on every machine").1
}

/// `Isa` of a vector type, for functions compiled with its instructions and the heights listed.
macro_rules! isa {
    ($simd:ty, $kernel:ident, $pack:ident, $lay:ident, $line:ident, [$($h:literal)*]) => {
        Isa {
            lanes: <$simd as Simd>::LANES,
            rows: &[$(Row {
                narrow: $kernel::<$simd, $h, 1, true>,
                edge: $kernel::<$simd, $h, 2, true>,
                full: $kernel::<$simd, $h, 2, false>,
            }),*],
            wide: $kernel::<$simd, 1, WIDE, false>,
            pack: $pack::<$simd>,
            lay: $lay::<$simd>,
            line: $line::<$simd>,
        }
    };
}

unsafe fn portable_tile<S: Simd, const H: usize, const V: usize, const EDGE: bool>(t: &Tile<S::T>) {
    // SAFETY: the caller vouches for the tile; every machine has these instructions.
    unsafe { tile::tile::<S, H, V, EDGE>(t) }
}

unsafe fn portable_pack<S: Simd>(slice: Slice<S::T>, to: *mut S::T, panel: usize) {
    // SAFETY: the caller vouches for the memory; every machine has these instructions.
    unsafe { pack::pack::<S>(slice, to, panel) }
}

unsafe fn portable_lay<S: Simd>(job: &Lay<'_, S::T>) {
    // SAFETY: the caller vouches for the memory; every machine has these instructions.
    unsafe { lay::lay::<S>(job) }
}

unsafe fn portable_line<S: Simd>(t: &Line<'_, S::T>) {
    // SAFETY: the caller vouches for the memory; every machine has these instructions.
    unsafe { line::line::<S>(t) }
}

macro_rules! element {
    ($t:ty) => {
        impl Element for $t {
            #[expect(private_interfaces, reason = "sets are the business of products alone")]
            const SETS: &'static [Set<$t>] = &[
                #[cfg(target_arch = "x86_64")]
                (
                    || is_x86_feature_detected!("avx512f"),
                    isa!(Avx512<$t>, avx512_tile, avx512_pack, avx512_lay, avx512_line,
                                                                [1 2 3 4 5 6 7 8 9 10 11 12 13 14]),
                ),
                #[cfg(target_arch = "x86_64")]
                (
                    || is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
                    isa!(Avx2<$t>, avx2_tile, avx2_pack, avx2_lay, avx2_line, [1 2 3 4 5 6]),
                ),
                #[cfg(target_arch = "aarch64")]
                (
                    || true,
                    isa!(Neon<$t>, portable_tile, portable_pack, portable_lay, portable_line, [1 2 3 4 5 6 7 8]),
                ),
                (
                    || true,
                    isa!(Portable<$t>, portable_tile, portable_pack, portable_lay, portable_line, [1 2 3 4]),
                ),
            ];
        }
    };
}

element!(f32);
element!(f64);
