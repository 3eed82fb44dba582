//! NEON, which every 64-bit ARM machine has.

use std::arch::aarch64::{
    float32x4_t, float64x2_t, vdupq_n_f32, vdupq_n_f64, vfmaq_f32, vfmaq_f64, vld1q_f32, vld1q_f64,
    vst1q_f32, vst1q_f64,
};
use std::marker::PhantomData;

use super::simd::Simd;

/// 128-bit vectors.
pub(super) struct Neon<T>(PhantomData<T>);

/// A vector type from its intrinsics. There are no masked accesses; elements at an edge go one by one.
macro_rules! simd {
    ($t:ty, $v:ty, $lanes:literal, $splat:ident, $load:ident, $store:ident, $fma:ident) => {
        impl Simd for Neon<$t> {
            type T = $t;
            type V = $v;
            type M = usize;
            const LANES: usize = $lanes;

            #[inline(always)]
            unsafe fn mask(n: usize) -> usize {
                n.min($lanes)
            }
            #[inline(always)]
            unsafe fn zero() -> $v {
                // SAFETY: every machine has these instructions.
                unsafe { $splat(0.0) }
            }
            #[inline(always)]
            unsafe fn splat(x: $t) -> $v {
                // SAFETY: every machine has these instructions.
                unsafe { $splat(x) }
            }
            #[inline(always)]
            unsafe fn load(from: *const $t) -> $v {
                // SAFETY: the caller vouches for the memory.
                unsafe { $load(from) }
            }
            #[inline(always)]
            unsafe fn load_masked(from: *const $t, mask: usize) -> $v {
                let mut lanes = [0.0; $lanes];
                // SAFETY: the caller vouches for the elements under the mask.
                unsafe {
                    std::ptr::copy_nonoverlapping(from, lanes.as_mut_ptr(), mask);
                    $load(lanes.as_ptr())
                }
            }
            #[inline(always)]
            unsafe fn store(to: *mut $t, v: $v) {
                // SAFETY: the caller vouches for the memory.
                unsafe { $store(to, v) }
            }
            #[inline(always)]
            unsafe fn store_masked(to: *mut $t, v: $v, mask: usize) {
                let mut lanes = [0.0; $lanes];
                // SAFETY: the caller vouches for the elements under the mask.
                unsafe {
                    $store(lanes.as_mut_ptr(), v);
                    std::ptr::copy_nonoverlapping(lanes.as_ptr(), to, mask);
                }
            }
            #[inline(always)]
            unsafe fn fma(a: $v, b: $v, c: $v) -> $v {
                // SAFETY: every machine has these instructions.
                unsafe { $fma(c, a, b) }
            }
        }
    };
}

simd!(
    f32,
    float32x4_t,
    4,
    vdupq_n_f32,
    vld1q_f32,
    vst1q_f32,
    vfmaq_f32
);
simd!(
    f64,
    float64x2_t,
    2,
    vdupq_n_f64,
    vld1q_f64,
    vst1q_f64,
    vfmaq_f64
);
