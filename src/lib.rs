//! `nnlc`: a compiler, interpreter and REPL for `.nnl`, a declarative language for neural networks and the linear algebra under
//! them. This page is the architecture.
//!
//! # The way a program takes
//!
//! ```text
//! text ─ syntax ─→ tree ─ lower ─→ draft IR ─ check ─→ Checked ─ grad, opt ─→ Checked ─ engine ─→ tensors
//!                               names            shapes         gradients               numbers
//! data ─ data ──→ facts ──────────┘
//! ```
//!
//! A stage is a function. It collects all its errors and hands them over as [`diag::Diagnostics`]; between stages an error stops
//! the way. [`session`] walks it, [`train`] loops over it, [`cli`] shows it.
//!
//! 1. [`syntax`]: text to tree. The grammar is `grammar/nnl.pest`; one file family sees its rules.
//! 2. [`lower`]: tree to [`ir::draft`]. Names are resolved, functions and layers inlined at each use, parameters collected under
//!    their paths, static choices made. Types pass through as patterns.
//! 3. [`check`]: draft to [`ir::Module`], typed SSA over tensors. Each primitive finds its form in ops; dimensions, integer
//!    polynomials over symbols, are solved as values flow forward. [`check::Checked`] has a private constructor: it is a proof one
//!    can hold, and engines accept nothing else. Definitions are checked once for every size, then again for each use.
//! 4. [`grad`]: reverse mode from IR to IR, so that a gradient can be printed, optimised and differentiated again.
//! 5. [`opt`]: passes in order, one a file.
//! 6. [`stepwise`]: of a function of a sequence that does not look ahead, the functions of its first places and of one more place,
//!    which keep what they read of places before. A text is drawn from a model so.
//! 7. [`engine`]: native code, and beside it an interpreter whose semantics are [`ops`]' own and which is the reference. Sizes
//!    become numbers when tensors arrive; a function is compiled once for each set of sizes.
//!
//! # Native code
//!
//! The compiler in [`engine`] knows the classes of [`ops::kernel`], not the ops: a new op runs on its first day as the interpreter
//! runs it, and faster once it has a class.
//!
//! ```text
//! plan ─ views folded into reads ─→ graph ─ fuse ─→ units ─ schedule ─→ steps in phases ─ emit, places ─→ code over one arena
//! ```
//!
//! - A *unit* is what one kernel computes: scalar functions, conversions and folds over one space of rows and columns. A loss of
//!   logits with its gradient is one kernel; so is the update of a parameter by Adam.
//! - A kernel walks blocks of rows that fit the first cache, in *stages*: loops over elements, then over rows, then routines in the
//!   widest instructions for costly functions, over whole strips.
//! - Products of matrices are packed and blocked by the engine itself; every element is one chain of fused multiply-adds in order of
//!   the summed index, so it depends on no size, no split and no instruction set that has them.
//! - A contraction is written as its operands lie, and its result is seen in its own order; where sums lie in two orders, the smaller
//!   operand is copied. So it is a product of matrices wherever it can be.
//! - A convolution is a product with an operand whose elements lie where no strides tell; blocks of it are laid out as they are needed.
//! - Small axes with others in between, those of windows, are taken apart: a pooling is a function of a few elements, not a fold.
//! - In a *phase* each worker goes through all steps on its own rows; between phases all wait. Rows are cut into chunks by their
//!   number alone, and steps that cut alike go chunk by chunk, with what the one before has left in the caches. Folds over rows
//!   gather chunks in order: the bytes are the same for any number of threads.
//! - A function that walks along an axis, a *scan*, is a step of the plan whose own plan runs once a *round*: its inputs and outputs
//!   are places that move along. What is the same in every round, weights that are packed for example, is done once; where rows of
//!   states depend on nothing but the same rows each worker goes through all rounds by itself. The interpreter cuts such a function
//!   into pieces instead. Products that do not depend on states are taken out of the steps; the gradient is a scan from the other
//!   end, which takes products from the way forth; sums that it would carry along become one product over all steps.
//! - Elements that only move, into parts of a result or by number out of rows and back, are copied once, by all workers.
//! - A new weight takes the place of the old one, behind every reader of it. Equal kernels share their code from plan to plan. Where
//!   sharing work does not pay, since others keep the processors busy, one worker goes on alone.
//! - Where a run has a budget of memory that all values of a step do not fit, the way back reads copies, computed again stretch by
//!   stretch, of what the way forward did not keep. The bytes that a plan holds are known before it runs.
//! - Code pages are never writable and executable at once; where the system gives none, the interpreter runs.
//!
//! # The rooms, lowest first
//!
//! Each uses those above it in this table and none below; `tests/layers.rs` reads every `use crate::…` and holds the same table.
//!
//! | room | what lives there |
//! |---|---|
//! | [`arena`], [`source`] | typed ids and side tables; texts and places in them |
//! | [`diag`], [`types`] | reports; element types, dimensions, shapes, the unifier |
//! | [`scalar`] | scalar functions: value and derivative once, over an abstract algebra |
//! | [`tensor`], [`tokens`], [`chart`] | tensors of numbers; faer, random numbers, model files, pictures; texts as numbers and back; charts |
//! | [`syntax`], [`stdlib`], [`ir`] | the tree; the library's texts; draft and typed IR |
//! | [`ops`] | one paragraph an op: shape rule, meaning, gradient, kernel class |
//! | [`lower`], [`check`] | tree to draft; draft to proof |
//! | [`lint`] | what is right and probably not meant |
//! | [`grad`], [`opt`], [`stepwise`] | gradients; passes; sequences place by place |
//! | [`engine`], [`data`] | running functions; rows of files to tensors |
//! | [`train`] | the loop, its events, histories; saved models, run directories, checkpoints |
//! | [`session`] | one user's world, a transaction at a time |
//! | [`cli`] | commands; the only room that prints |
//!
//! # Invariants
//!
//! - syntax knows no shapes; ir knows no source text beyond spans; ops know no spans and no engine.
//! - `check`, `grad`, `opt` beyond its own subject, and engines name no op: they ask [`ops`].
//! - lowering and checking know no name of the library but those of primitives; layers, losses, optimizers, initialisers,
//!   schedules and metrics are `.nnl` in `stdlib/`.
//! - faer is seen under [`tensor`] only, cranelift and unsafe code under `engine/jit` only.
//! - library code neither prints nor exits; only [`cli`] knows a terminal.
//! - same program, seed and binary: same bytes, for any thread count. Hash maps are never iterated.
//! - randomness is a pure function of (seed, place, step); adding a layer elsewhere changes no other initial weight.
//! - a batch is a pure function of (seed, run, epoch, rows): where making one costs more than handing it over, a thread of [`train`]
//!   does so beside the step.
//! - no panic reaches a user: an `expect` states what the check has proven.
//!
//! # How to add
//!
//! - **a scalar function**: its variant, value and derivative in [`scalar`], its signature in `stdlib/prim.nnl`.
//! - **an op**: first ask whether the library can say it. Else its variant in [`ir::Op`] and [`ir::draft::Prim`], its paragraph in
//!   a family of [`ops`], its signature in `stdlib/prim.nnl`; the compiler lists the matches that want an arm.
//! - **a layer, loss, optimizer, initialiser, schedule, metric**: a definition in `stdlib/`, with docs and an `@example`. No Rust.
//! - **a claim of values**: `@gives probabilities` in the docs of a definition marks its result; `@takes logits` warns where its
//!   first input is marked otherwise. The words are free. `@link softmax` names the function that makes of that input what it
//!   stands for: a saved model whose loss says so gives probabilities.
//! - **what helps**: `@dependent` and a text in the docs of a definition tell what to do where it meets a singular matrix, which means
//!   that columns of its first input depend on each other.
//! - **a lint**: a file in [`lint`] if the tree is enough, else a warning where shapes are known; files under `tests/suite/lint/`,
//!   also of what must not be warned of.
//! - **an error**: a code in its stage's `codes.rs`, a report where it is found, a file under `tests/suite/error/`, and for `explain`
//!   a program that goes wrong so and one that is mended, in `cli/explain/`.
//!
//! # Words
//!
//! *op* a node kind; *primitive* an op or scalar function as the language speaks of it; *form* a primitive in ops; *value* an SSA
//! result; *draft* what lowering makes; *pattern* a type as written; *loose* of no element type yet; *cotangent* the incoming
//! gradient; *vjp* the rule, *grad* the transform; *monoid* what a reduction folds with; *param* trained, *state* carried but not
//! trained; *logits* before softmax, *loss* a scalar; *step* one update, *epoch* one pass over the data; *run* a `train` block;
//! *part* a share of the data; *engine* what runs functions; *session* one user's world.

pub mod arena;
pub mod chart;
pub mod check;
pub mod cli;
pub mod data;
pub mod diag;
pub mod engine;
pub mod grad;
pub mod ir;
pub mod lint;
pub mod lower;
pub mod ops;
pub mod opt;
pub mod scalar;
pub mod session;
pub mod source;
pub mod stdlib;
pub mod stepwise;
pub mod syntax;
pub mod tensor;
pub mod tokens;
pub mod train;
pub mod types;
