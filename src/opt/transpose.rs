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

#[cfg(test)]
mod tests {
    use crate::opt::testing::*;

    #[test]
    fn transposes_become_letters() {
        let products = program(|b| {
            let (x, w) = (floats(b, &[2, 3]), floats(b, &[4, 3]));
            let w = b.transpose(w).expect("a matrix");
            let product = matmul(b, x, w);
            let twice = matmul(b, x, w);
            let read_again = b.transpose(twice).expect("a matrix");
            vec![b.transpose(product).expect("a matrix"), twice, read_again]
        });
        insta::assert_snapshot!(products.shown_after(&["transpose", "dce"]), @r#"
        fn f(%0: f64[2, 3] = arg x0, %1: f64[4, 3] = arg x1) -> (y: %4, y: %2, y: %3) {
          %2: f64[2, 4] = contract "ab,cb->ac" %0, %1
          %3: f64[4, 2] = permute [1, 0] %2
          %4: f64[4, 2] = contract "ab,cb->ca" %0, %1
        }
        "#);
    }

    #[test]
    fn a_product_repeats_along_its_batch_by_itself() {
        let batched = program(|b| {
            let (x, w) = (floats(b, &[5, 2, 3]), floats(b, &[3, 4]));
            let w = b
                .broadcast(w, shape(&[5, 3, 4]), vec![1, 2])
                .expect("a matrix");
            let contract = crate::tensor::Contract {
                lhs: vec![3, 0, 1],
                rhs: vec![3, 1, 2],
                out: vec![3, 0, 2],
            };
            vec![
                b.op1(crate::ir::Op::Contract(contract), &[x, w])
                    .expect("sizes fit"),
            ]
        });
        insta::assert_snapshot!(batched.shown_after(&["transpose", "dce"]), @r#"
        fn f(%0: f64[5, 2, 3] = arg x0, %1: f64[3, 4] = arg x1) -> (y: %2) {
          %2: f64[5, 2, 4] = contract "abc,cd->abd" %0, %1
        }
        "#);
    }
}
