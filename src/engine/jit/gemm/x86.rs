//! AVX-512 and AVX2 with FMA.

use std::arch::x86_64::{
    __m256, __m256d, __m256i, __m512, __m512d, _mm256_andnot_si256, _mm256_blendv_pd,
    _mm256_blendv_ps, _mm256_castpd_ps, _mm256_castps_pd, _mm256_castsi256_pd, _mm256_castsi256_ps,
    _mm256_cmpgt_epi32, _mm256_cmpgt_epi64, _mm256_fmadd_pd, _mm256_fmadd_ps, _mm256_loadu_pd,
    _mm256_loadu_ps, _mm256_maskload_pd, _mm256_maskload_ps, _mm256_maskstore_pd,
    _mm256_maskstore_ps, _mm256_permute2f128_pd, _mm256_permute2f128_ps, _mm256_permute4x64_pd,
    _mm256_set1_epi32, _mm256_set1_epi64x, _mm256_set1_pd, _mm256_set1_ps, _mm256_setr_epi32,
    _mm256_setr_epi64x, _mm256_setzero_pd, _mm256_setzero_ps, _mm256_shuffle_ps, _mm256_storeu_pd,
    _mm256_storeu_ps, _mm256_unpackhi_pd, _mm256_unpackhi_ps, _mm256_unpacklo_pd,
    _mm256_unpacklo_ps, _mm512_castpd_ps, _mm512_castps_pd, _mm512_fmadd_pd, _mm512_fmadd_ps,
    _mm512_loadu_pd, _mm512_loadu_ps, _mm512_mask_loadu_pd, _mm512_mask_loadu_ps,
    _mm512_mask_storeu_pd, _mm512_mask_storeu_ps, _mm512_maskz_loadu_pd, _mm512_maskz_loadu_ps,
    _mm512_permutex2var_ps, _mm512_set1_pd, _mm512_set1_ps, _mm512_setr_epi32, _mm512_setzero_pd,
    _mm512_setzero_ps, _mm512_shuffle_f32x4, _mm512_shuffle_f64x2, _mm512_storeu_pd,
    _mm512_storeu_ps, _mm512_unpackhi_pd, _mm512_unpackhi_ps, _mm512_unpacklo_pd,
    _mm512_unpacklo_ps,
};
use std::marker::PhantomData;
use std::ops::Range;

use super::lay::{self, Lay};
use super::line::{self, Line};
use super::pack::{self, Slice};
use super::simd::{Block, Simd};
use super::tile::{self, Tile};

/// 512-bit vectors.
pub(super) struct Avx512<T>(PhantomData<T>);

/// 256-bit vectors.
pub(super) struct Avx2<T>(PhantomData<T>);

#[target_feature(enable = "avx512f")]
pub(super) unsafe fn avx512_tile<S: Simd, const H: usize, const V: usize, const EDGE: bool>(
    t: &Tile<S::T>,
) {
    // SAFETY: the caller vouches for the tile, and this function has the instructions.
    unsafe { tile::tile::<S, H, V, EDGE>(t) }
}

#[target_feature(enable = "avx512f")]
pub(super) unsafe fn avx512_pack<S: Simd>(slice: Slice<S::T>, to: *mut S::T, panel: usize) {
    // SAFETY: the caller vouches for the memory, and this function has the instructions.
    unsafe { pack::pack::<S>(slice, to, panel) }
}

#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn avx2_tile<S: Simd, const H: usize, const V: usize, const EDGE: bool>(
    t: &Tile<S::T>,
) {
    // SAFETY: the caller vouches for the tile, and this function has the instructions.
    unsafe { tile::tile::<S, H, V, EDGE>(t) }
}

#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn avx2_pack<S: Simd>(slice: Slice<S::T>, to: *mut S::T, panel: usize) {
    // SAFETY: the caller vouches for the memory, and this function has the instructions.
    unsafe { pack::pack::<S>(slice, to, panel) }
}

#[target_feature(enable = "avx512f")]
pub(super) unsafe fn avx512_lay<S: Simd>(job: &Lay<'_, S::T>) {
    // SAFETY: the caller vouches for the memory, and this function has the instructions.
    unsafe { lay::lay::<S>(job) }
}

#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn avx2_lay<S: Simd>(job: &Lay<'_, S::T>) {
    // SAFETY: the caller vouches for the memory, and this function has the instructions.
    unsafe { lay::lay::<S>(job) }
}

#[target_feature(enable = "avx512f")]
pub(super) unsafe fn avx512_line<S: Simd>(t: &Line<'_, S::T>) {
    // SAFETY: the caller vouches for the memory, and this function has the instructions.
    unsafe { line::line::<S>(t) }
}

#[target_feature(enable = "avx2,fma")]
pub(super) unsafe fn avx2_line<S: Simd>(t: &Line<'_, S::T>) {
    // SAFETY: the caller vouches for the memory, and this function has the instructions.
    unsafe { line::line::<S>(t) }
}

/// `_mm512_maskz_loadu_ps` with its arguments in the order of the 256-bit intrinsic.
#[inline(always)]
unsafe fn load_f32(from: *const f32, mask: u16) -> __m512 {
    // SAFETY: the caller vouches for the memory under the mask and the instructions.
    unsafe { _mm512_maskz_loadu_ps(mask, from) }
}

/// `_mm512_maskz_loadu_pd` with its arguments in the order of the 256-bit intrinsic.
#[inline(always)]
unsafe fn load_f64(from: *const f64, mask: u8) -> __m512d {
    // SAFETY: the caller vouches for the memory under the mask and the instructions.
    unsafe { _mm512_maskz_loadu_pd(mask, from) }
}

/// A vector type from its intrinsics; the last are the mask's expression over `n` and the transposition.
macro_rules! simd {
    ($name:ident<$t:ty>, $v:ty, $m:ty, $lanes:literal, $zero:ident, $splat:ident, $load:ident,
     $load_masked:ident, $store:ident, $store_masked:ident, $fma:ident, |$n:ident| $mask:expr, $load_lanes:ident, $transpose:expr $(, $every_other:ident)?) => {
        impl Simd for $name<$t> {
            type T = $t;
            type V = $v;
            type M = $m;
            const LANES: usize = $lanes;

            #[inline(always)]
            unsafe fn mask($n: usize) -> $m {
                $mask
            }
            #[inline(always)]
            unsafe fn zero() -> $v {
                // SAFETY: the caller vouches for the instructions.
                unsafe { $zero() }
            }
            #[inline(always)]
            unsafe fn splat(x: $t) -> $v {
                // SAFETY: the caller vouches for the instructions.
                unsafe { $splat(x) }
            }
            #[inline(always)]
            unsafe fn load(from: *const $t) -> $v {
                // SAFETY: the caller vouches for the memory and the instructions.
                unsafe { $load(from) }
            }
            #[inline(always)]
            unsafe fn load_masked(from: *const $t, mask: $m) -> $v {
                // SAFETY: the caller vouches for the memory under the mask and the instructions.
                unsafe { $load_masked(from, mask) }
            }
            #[inline(always)]
            unsafe fn store(to: *mut $t, v: $v) {
                // SAFETY: the caller vouches for the memory and the instructions.
                unsafe { $store(to, v) }
            }
            #[inline(always)]
            unsafe fn store_masked(to: *mut $t, v: $v, mask: $m) {
                // SAFETY: the caller vouches for the memory under the mask and the instructions.
                unsafe { $store_masked(to, mask, v) }
            }
            #[inline(always)]
            unsafe fn fma(a: $v, b: $v, c: $v) -> $v {
                // SAFETY: the caller vouches for the instructions.
                unsafe { $fma(a, b, c) }
            }
            #[inline(always)]
            unsafe fn load_lanes(v: $v, from: *const $t, lanes: Range<usize>) -> $v {
                // SAFETY: the caller vouches for the elements and the instructions.
                unsafe { $load_lanes(v, from, lanes) }
            }
            $(#[inline(always)]
            unsafe fn load_every_other(from: *const $t, n: usize) -> $v {
                // SAFETY: the caller vouches for the elements and the instructions.
                unsafe { $every_other(from, n) }
            })?
            #[inline(always)]
            unsafe fn transpose(block: Block<$t>) {
                // SAFETY: the caller vouches for the block and the instructions.
                unsafe { $transpose(block) }
            }
        }
    };
}

simd!(
    Avx512<f32>,
    __m512,
    u16,
    16,
    _mm512_setzero_ps,
    _mm512_set1_ps,
    _mm512_loadu_ps,
    load_f32,
    _mm512_storeu_ps,
    _mm512_mask_storeu_ps,
    _mm512_fmadd_ps,
    |n| if n >= 16 { u16::MAX } else { (1 << n) - 1 },
    lanes_16_f32,
    transpose_16_f32,
    every_other_16_f32
);
simd!(
    Avx512<f64>,
    __m512d,
    u8,
    8,
    _mm512_setzero_pd,
    _mm512_set1_pd,
    _mm512_loadu_pd,
    load_f64,
    _mm512_storeu_pd,
    _mm512_mask_storeu_pd,
    _mm512_fmadd_pd,
    |n| if n >= 8 { u8::MAX } else { (1 << n) - 1 },
    lanes_8_f64,
    transpose_8_f64
);
simd!(
    Avx2<f32>,
    __m256,
    __m256i,
    8,
    _mm256_setzero_ps,
    _mm256_set1_ps,
    _mm256_loadu_ps,
    _mm256_maskload_ps,
    _mm256_storeu_ps,
    _mm256_maskstore_ps,
    _mm256_fmadd_ps,
    |n| mask_8(n),
    lanes_8_f32,
    transpose_8_f32,
    every_other_8_f32
);
simd!(
    Avx2<f64>,
    __m256d,
    __m256i,
    4,
    _mm256_setzero_pd,
    _mm256_set1_pd,
    _mm256_loadu_pd,
    _mm256_maskload_pd,
    _mm256_storeu_pd,
    _mm256_maskstore_pd,
    _mm256_fmadd_pd,
    |n| mask_4(n),
    lanes_4_f64,
    transpose_4_f64
);

/// The lanes of 32 bits below `n`.
#[inline(always)]
fn mask_8(n: usize) -> __m256i {
    // SAFETY: `Simd::mask`'s caller vouches for the instructions.
    unsafe {
        let lanes = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
        _mm256_cmpgt_epi32(_mm256_set1_epi32(n.min(8) as i32), lanes)
    }
}

/// The lanes of 64 bits below `n`.
#[inline(always)]
fn mask_4(n: usize) -> __m256i {
    // SAFETY: `Simd::mask`'s caller vouches for the instructions.
    unsafe {
        let lanes = _mm256_setr_epi64x(0, 1, 2, 3);
        _mm256_cmpgt_epi64(_mm256_set1_epi64x(n.min(4) as i64), lanes)
    }
}

#[inline(always)]
unsafe fn lanes_16_f32(v: __m512, from: *const f32, lanes: Range<usize>) -> __m512 {
    // SAFETY: the caller vouches for the lanes' elements and for AVX-512.
    unsafe {
        let mask = Avx512::<f32>::mask(lanes.end) & !Avx512::<f32>::mask(lanes.start);
        _mm512_mask_loadu_ps(v, mask, from.wrapping_sub(lanes.start))
    }
}

#[inline(always)]
unsafe fn lanes_8_f64(v: __m512d, from: *const f64, lanes: Range<usize>) -> __m512d {
    // SAFETY: the caller vouches for the lanes' elements and for AVX-512.
    unsafe {
        let mask = Avx512::<f64>::mask(lanes.end) & !Avx512::<f64>::mask(lanes.start);
        _mm512_mask_loadu_pd(v, mask, from.wrapping_sub(lanes.start))
    }
}

#[inline(always)]
unsafe fn lanes_8_f32(v: __m256, from: *const f32, lanes: Range<usize>) -> __m256 {
    // SAFETY: the caller vouches for the lanes' elements and for AVX2.
    unsafe {
        let mask = _mm256_andnot_si256(mask_8(lanes.start), mask_8(lanes.end));
        let loaded = _mm256_maskload_ps(from.wrapping_sub(lanes.start), mask);
        _mm256_blendv_ps(v, loaded, _mm256_castsi256_ps(mask))
    }
}

#[inline(always)]
unsafe fn lanes_4_f64(v: __m256d, from: *const f64, lanes: Range<usize>) -> __m256d {
    // SAFETY: the caller vouches for the lanes' elements and for AVX2.
    unsafe {
        let mask = _mm256_andnot_si256(mask_4(lanes.start), mask_4(lanes.end));
        let loaded = _mm256_maskload_pd(from.wrapping_sub(lanes.start), mask);
        _mm256_blendv_pd(v, loaded, _mm256_castsi256_pd(mask))
    }
}

/// Loads a block as `N` = `LANES` vectors, zero where it has no line or no element.
#[inline(always)]
unsafe fn lines<S: Simd, const N: usize>(block: &Block<S::T>) -> [S::V; N] {
    // SAFETY: the caller vouches for the block; lines it lacks are masked out, at an address within it.
    unsafe {
        let mut r = [S::zero(); N];
        if block.lines == N && block.len == N {
            for (i, r) in r.iter_mut().enumerate() {
                *r = S::load(block.src.add(i * block.src_stride));
            }
            return r;
        }
        let (some, none) = (S::mask(block.len), S::mask(0));
        let last = block.lines - 1;
        for (i, r) in r.iter_mut().enumerate() {
            let from = block.src.wrapping_add(i.min(last) * block.src_stride);
            *r = S::load_masked(from, if i < block.lines { some } else { none });
        }
        r
    }
}

/// Stores the lines that a transposed block has.
#[inline(always)]
unsafe fn store<S: Simd, const N: usize>(block: &Block<S::T>, r: [S::V; N]) {
    // SAFETY: the caller vouches for `len` lines of `LANES` elements.
    unsafe {
        if block.len == N {
            for (p, r) in r.into_iter().enumerate() {
                S::store(block.dst.add(p * block.dst_stride), r);
            }
            return;
        }
        for (p, r) in r.into_iter().enumerate().take(block.len) {
            S::store(block.dst.add(p * block.dst_stride), r);
        }
    }
}

/// Rows four by four: in its 128-bit lane l, result c holds column 4l + c of the four rows.
macro_rules! quads {
    ($r:expr, $lo:ident, $hi:ident, $pd:ident, $ps:ident, $lo_pd:ident, $hi_pd:ident) => {{
        let [a, b, c, d] = $r;
        let (ab, cd) = ($pd($lo(a, b)), $pd($lo(c, d)));
        let (ef, gh) = ($pd($hi(a, b)), $pd($hi(c, d)));
        [
            $ps($lo_pd(ab, cd)),
            $ps($hi_pd(ab, cd)),
            $ps($lo_pd(ef, gh)),
            $ps($hi_pd(ef, gh)),
        ]
    }};
}

/// Four vectors of four 128-bit lanes, transposed as a matrix of lanes.
macro_rules! lanes {
    ($shuffle:ident, $a:expr, $b:expr, $c:expr, $d:expr) => {{
        let (ab_even, cd_even) = ($shuffle::<0x88>($a, $b), $shuffle::<0x88>($c, $d));
        let (ab_odd, cd_odd) = ($shuffle::<0xdd>($a, $b), $shuffle::<0xdd>($c, $d));
        [
            $shuffle::<0x88>(ab_even, cd_even),
            $shuffle::<0x88>(ab_odd, cd_odd),
            $shuffle::<0xdd>(ab_even, cd_even),
            $shuffle::<0xdd>(ab_odd, cd_odd),
        ]
    }};
}

#[inline(always)]
unsafe fn every_other_16_f32(from: *const f32, n: usize) -> __m512 {
    // SAFETY: the caller vouches for `2 n - 1` elements, which the masks hold to, and for AVX-512.
    unsafe {
        let behind = 2 * n - 1;
        let low = load_f32(from, Avx512::<f32>::mask(behind));
        let mask = Avx512::<f32>::mask(behind.saturating_sub(16));
        let high = load_f32(from.wrapping_add(16), mask);
        let places = _mm512_setr_epi32(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
        _mm512_permutex2var_ps(low, places, high)
    }
}

#[inline(always)]
unsafe fn every_other_8_f32(from: *const f32, n: usize) -> __m256 {
    // SAFETY: the caller vouches for `2 n - 1` elements, which the masks hold to, and for AVX2.
    unsafe {
        let behind = 2 * n - 1;
        let low = _mm256_maskload_ps(from, mask_8(behind));
        let high = _mm256_maskload_ps(from.wrapping_add(8), mask_8(behind.saturating_sub(8)));
        let by_half = _mm256_castps_pd(_mm256_shuffle_ps::<0x88>(low, high));
        _mm256_castpd_ps(_mm256_permute4x64_pd::<0xd8>(by_half))
    }
}

#[inline(always)]
unsafe fn transpose_16_f32(block: Block<f32>) {
    // SAFETY: the caller vouches for the block and for AVX-512.
    unsafe {
        let r = lines::<Avx512<f32>, 16>(&block);
        let mut quads = [[_mm512_setzero_ps(); 4]; 4];
        for (g, quad) in quads.iter_mut().enumerate() {
            *quad = quads!(
                [r[4 * g], r[4 * g + 1], r[4 * g + 2], r[4 * g + 3]],
                _mm512_unpacklo_ps,
                _mm512_unpackhi_ps,
                _mm512_castps_pd,
                _mm512_castpd_ps,
                _mm512_unpacklo_pd,
                _mm512_unpackhi_pd
            );
        }
        let mut out = [_mm512_setzero_ps(); 16];
        for c in 0..4 {
            let [a, b, d, e] = [quads[0][c], quads[1][c], quads[2][c], quads[3][c]];
            [out[c], out[4 + c], out[8 + c], out[12 + c]] =
                lanes!(_mm512_shuffle_f32x4, a, b, d, e);
        }
        store::<Avx512<f32>, 16>(&block, out);
    }
}

#[inline(always)]
unsafe fn transpose_8_f64(block: Block<f64>) {
    // SAFETY: the caller vouches for the block and for AVX-512.
    unsafe {
        let r = lines::<Avx512<f64>, 8>(&block);
        let mut pairs = [[_mm512_setzero_pd(); 2]; 4];
        for (g, pair) in pairs.iter_mut().enumerate() {
            let (a, b) = (r[2 * g], r[2 * g + 1]);
            *pair = [_mm512_unpacklo_pd(a, b), _mm512_unpackhi_pd(a, b)];
        }
        let mut out = [_mm512_setzero_pd(); 8];
        for c in 0..2 {
            let [a, b, d, e] = [pairs[0][c], pairs[1][c], pairs[2][c], pairs[3][c]];
            [out[c], out[2 + c], out[4 + c], out[6 + c]] = lanes!(_mm512_shuffle_f64x2, a, b, d, e);
        }
        store::<Avx512<f64>, 8>(&block, out);
    }
}

#[inline(always)]
unsafe fn transpose_8_f32(block: Block<f32>) {
    // SAFETY: the caller vouches for the block and for AVX2.
    unsafe {
        let r = lines::<Avx2<f32>, 8>(&block);
        let mut quads = [[_mm256_setzero_ps(); 4]; 2];
        for (g, quad) in quads.iter_mut().enumerate() {
            *quad = quads!(
                [r[4 * g], r[4 * g + 1], r[4 * g + 2], r[4 * g + 3]],
                _mm256_unpacklo_ps,
                _mm256_unpackhi_ps,
                _mm256_castps_pd,
                _mm256_castpd_ps,
                _mm256_unpacklo_pd,
                _mm256_unpackhi_pd
            );
        }
        let mut out = [_mm256_setzero_ps(); 8];
        for c in 0..4 {
            out[c] = _mm256_permute2f128_ps::<0x20>(quads[0][c], quads[1][c]);
            out[4 + c] = _mm256_permute2f128_ps::<0x31>(quads[0][c], quads[1][c]);
        }
        store::<Avx2<f32>, 8>(&block, out);
    }
}

#[inline(always)]
unsafe fn transpose_4_f64(block: Block<f64>) {
    // SAFETY: the caller vouches for the block and for AVX2.
    unsafe {
        let [a, b, c, d] = lines::<Avx2<f64>, 4>(&block);
        let even = [_mm256_unpacklo_pd(a, b), _mm256_unpacklo_pd(c, d)];
        let odd = [_mm256_unpackhi_pd(a, b), _mm256_unpackhi_pd(c, d)];
        let out = [
            _mm256_permute2f128_pd::<0x20>(even[0], even[1]),
            _mm256_permute2f128_pd::<0x20>(odd[0], odd[1]),
            _mm256_permute2f128_pd::<0x31>(even[0], even[1]),
            _mm256_permute2f128_pd::<0x31>(odd[0], odd[1]),
        ];
        store::<Avx2<f64>, 4>(&block, out);
    }
}
