//! Products take their operands in any order of axes, and give their result in any: a permutation before or after a product becomes
//! letters of it. So does a repetition along an axis that the result keeps and the other operand has.

use crate::ir::{FuncId, Inst, Module, Op, ValueId};
use crate::opt::Note;
use crate::opt::rewriter::{Rewriter, Rule, rewrite};
use crate::opt::settle::ordered;
use crate::tensor::{Contract, Letter};

/// Folds transposes into products.
pub(super) fn transpose(module: &mut Module, id: FuncId) -> Vec<Note> {
    rewrite(module, id, |r, inst| {
        if let Op::Contract(contract) = &inst.op {
            fold_operands(r, contract, inst)
        } else if let Op::Permute(axes) = &inst.op {
            fold_result(r, axes, inst.operands[0])
        } else {
            Ok(None)
        }
    })
}

fn fold_operands(r: &mut Rewriter<'_>, contract: &Contract, inst: &Inst) -> Rule {
    let Contract { lhs, rhs, out } = contract;
    let (a, lhs) = look_through(r, inst.operands[0], lhs, rhs, out);
    let (b, rhs) = look_through(r, inst.operands[1], rhs, &lhs, out);
    if inst.operands == [a, b] {
        return Ok(None);
    }
    let out = out.clone();
    let folded = ordered(&Contract { lhs, rhs, out });
    r.b.op(Op::Contract(folded), &[a, b]).map(Some)
}

/// What an operand with these letters is made of, as far back as the product can do that itself.
fn look_through(
    r: &Rewriter<'_>,
    mut value: ValueId,
    letters: &[Letter],
    other: &[Letter],
    out: &[Letter],
) -> (ValueId, Vec<Letter>) {
    let mut letters = letters.to_vec();
    while let Some(inst) = r.definition(value) {
        let source = if let Op::Permute(axes) = &inst.op {
            unpermuted(axes, &letters)
        } else if let Op::Broadcast { places, .. } = &inst.op {
            let mut new = (0..letters.len()).filter(|axis| !places.contains(axis));
            let has = |letter| other.contains(letter) && out.contains(letter);
            if !new.all(|axis| has(&letters[axis])) {
                break;
            }
            places.iter().map(|&place| letters[place]).collect()
        } else {
            break;
        };
        (value, letters) = (inst.operands[0], source);
    }
    (value, letters)
}

/// Letters of the axes before the permutation that gave them this order.
fn unpermuted(axes: &[usize], letters: &[Letter]) -> Vec<Letter> {
    let mut before = letters.to_vec();
    for (&axis, &letter) in axes.iter().zip(letters) {
        before[axis] = letter;
    }
    before
}

/// The result of a product that nobody else reads, in the other order at once.
fn fold_result(r: &mut Rewriter<'_>, axes: &[usize], value: ValueId) -> Rule {
    let product = r.definition(value).filter(|_| r.is_read_once(value));
    let folded = product.and_then(|inst| {
        let Op::Contract(Contract { lhs, rhs, out }) = &inst.op else {
            return None;
        };
        let permuted = Contract {
            lhs: lhs.clone(),
            rhs: rhs.clone(),
            out: axes.iter().map(|&axis| out[axis]).collect(),
        };
        Some((ordered(&permuted), inst.operands.clone()))
    });
    let Some((contract, operands)) = folded else {
        return Ok(None);
    };
    r.b.op(Op::Contract(contract), &operands).map(Some)
}
