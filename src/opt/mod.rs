//! Passes from IR to IR over flat functions, in the order of [`PIPELINE`]. A pass keeps the types of what it rewrites and is
//! deterministic; it names ops only where it is about these ops. Whatever still stands for a whole function (a call, a gradient) is
//! left alone.
//!
//! Results keep their bits, signs of NaN apart, with these exceptions:
//!
//! - `join` keeps the sign of a zero that was added to;
//! - `overlap` sums over windows what it would add up window by window;
//! - `sink` sums over the steps of a scan at once;
//! - `transpose` sums the same products in one kernel call that may take them in another order;
//! - `chain` and `factor` re-associate products of matrices, and `factor` elementwise products with a common factor.
//!
//! Nothing else may change the order of a sum.

mod chain;
pub mod cost;
mod cse;
mod dce;
mod factor;
mod fold;
mod hoist;
mod join;
mod overlap;
mod recall;
mod rewriter;
mod settle;
mod simplify;
mod sink;
mod slice;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod transpose;
mod trim;

use crate::ir::{FuncId, Module, OriginId};

/// A rewriting of one function.
#[derive(Clone, Copy, Debug)]
pub struct Pass {
    /// What it is called.
    pub name: &'static str,
    run: fn(&mut Module, FuncId) -> Vec<Note>,
}

/// Something a pass did that a user may want to know.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// Which pass.
    pub pass: &'static str,
    /// Where the code it changed came from.
    pub origin: OriginId,
    /// What it did.
    pub text: String,
}

/// Which passes run.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Passes {
    /// The whole pipeline.
    #[default]
    All,
    /// None.
    None,
    /// Those with these names, in the order of the pipeline.
    Only(Vec<&'static str>),
}

/// Names forgotten and dimensions put in, so that passes can compare. It comes first and changes nothing that is computed.
const SETTLE: Pass = Pass {
    name: "settle",
    run: settle::settle,
};
const FOLD: Pass = Pass {
    name: "fold",
    run: fold::fold,
};
const SIMPLIFY: Pass = Pass {
    name: "simplify",
    run: simplify::simplify,
};
const CSE: Pass = Pass {
    name: "cse",
    run: cse::cse,
};
const DCE: Pass = Pass {
    name: "dce",
    run: dce::dce,
};
const TRANSPOSE: Pass = Pass {
    name: "transpose",
    run: transpose::transpose,
};
const FACTOR: Pass = Pass {
    name: "factor",
    run: factor::factor,
};
const SINK: Pass = Pass {
    name: "sink",
    run: sink::sink,
};
const JOIN: Pass = Pass {
    name: "join",
    run: join::join,
};
const HOIST: Pass = Pass {
    name: "hoist",
    run: hoist::hoist,
};
const RECALL: Pass = Pass {
    name: "recall",
    run: recall::recall,
};
const TRIM: Pass = Pass {
    name: "trim",
    run: trim::trim,
};
const OVERLAP: Pass = Pass {
    name: "overlap",
    run: overlap::overlap,
};
const SLICE: Pass = Pass {
    name: "slice",
    run: slice::slice,
};
const CHAIN: Pass = Pass {
    name: "chain",
    run: chain::chain,
};

/// Every pass in order. Dead code goes first, because gradients leave much of it; what counts uses follows what removes them.
pub const PIPELINE: &[Pass] = &[
    SETTLE, DCE, CSE, TRIM, DCE, RECALL, HOIST, CSE, DCE, FOLD, SIMPLIFY, FOLD, SIMPLIFY, CSE, DCE,
    JOIN, OVERLAP, DCE, TRANSPOSE, FACTOR, DCE, SINK, DCE, CHAIN, SLICE, FOLD, SIMPLIFY, CSE, DCE,
];

impl Passes {
    fn includes(&self, pass: &Pass) -> bool {
        match self {
            Passes::All => true,
            Passes::None => false,
            Passes::Only(names) => pass.name == SETTLE.name || names.contains(&pass.name),
        }
    }
}

/// These functions, and those that they refer to.
fn with_served(module: &Module, roots: &[FuncId]) -> Vec<FuncId> {
    let mut all = roots.to_vec();
    let mut at = 0;
    while let Some(&id) = all.get(at) {
        let body = module.funcs[id].body.iter();
        for served in body.flat_map(|inst| inst.op.callees()) {
            if !all.contains(&served) {
                all.push(served);
            }
        }
        at += 1;
    }
    all
}

/// Runs passes over these functions, and tells what they did that a user may want to know.
pub fn optimise(module: &mut Module, roots: &[FuncId], passes: &Passes) -> Vec<Note> {
    let mut notes = vec![];
    for pass in PIPELINE.iter().filter(|pass| passes.includes(pass)) {
        for root in with_served(module, roots) {
            notes.extend((pass.run)(module, root));
        }
        debug_assert_eq!(
            crate::ops::verify_funcs(module, roots),
            Ok(()),
            "{} leaves functions that are sound",
            pass.name
        );
    }
    notes
}
