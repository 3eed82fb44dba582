//! A factor that two products have in common is taken out of their sum: `A B + A C = A (B + C)`, and the same for differences, for a
//! common right factor, and for elementwise products, where nobody else reads the products. That always saves work, and rounds
//! differently.

use crate::ir::{FuncId, Inst, Module, Op, ValueId};
use crate::ops::OpError;
use crate::opt::cost::flops_of;
use crate::opt::rewriter::{Rewriter, Rule, rewrite};
use crate::opt::settle::ordered;
use crate::opt::{FACTOR, Note};
use crate::scalar::Scalar;
use crate::tensor::Contract;
use crate::types::Dim;

/// Takes common factors out of sums.
pub(super) fn factor(module: &mut Module, id: FuncId) -> Vec<Note> {
    rewrite(module, id, |r, inst| match sum_of_products(r, inst) {
        Some((f, factored)) => emit(r, f, factored, inst),
        None => Ok(None),
    })
}

/// A common factor, what it is multiplied by, and how.
struct Factored {
    product: Op,
    common: ValueId,
    others: [ValueId; 2],
    is_left: bool,
}

/// `f(common · x, common · y)` with `f` sum or difference.
fn sum_of_products(r: &Rewriter<'_>, inst: &Inst) -> Option<(Scalar, Factored)> {
    let Op::Map(f @ (Scalar::Add | Scalar::Sub)) = inst.op else {
        return None;
    };
    let [x, y] = *inst.operands.as_slice() else {
        return None;
    };
    if !(r.is_read_once(x) && r.is_read_once(y)) {
        return None;
    }
    let (x, y) = (forms(r.definition(x)?), forms(r.definition(y)?));
    let pairs = x.iter().flat_map(|x| y.iter().map(move |y| (x, y)));
    let mut common = pairs.filter_map(|(x, y)| {
        let is_common = x.product == y.product && x.operands[0] == y.operands[0];
        let others = [x.operands[1], y.operands[1]];
        let adds = r.b.ty(others[0]) == r.b.ty(others[1]) || x.is_elementwise();
        (is_common && adds).then(|| Factored {
            product: x.product.clone(),
            common: x.operands[0],
            others,
            is_left: x.is_written_so,
        })
    });
    common.next().map(|factored| (f, factored))
}

/// A product read with one of its factors first.
struct Form {
    product: Op,
    operands: [ValueId; 2],
    is_written_so: bool,
}

impl Form {
    fn is_elementwise(&self) -> bool {
        matches!(self.product, Op::Map(_))
    }
}

/// The product as it is written, and the other way round.
fn forms(inst: &Inst) -> Vec<Form> {
    let form = |product, operands, is_written_so| Form {
        product,
        operands,
        is_written_so,
    };
    let [x, y] = *inst.operands.as_slice() else {
        return vec![];
    };
    if let Op::Contract(contract) = &inst.op {
        vec![
            form(Op::Contract(ordered(contract)), [x, y], true),
            form(Op::Contract(swapped(contract)), [y, x], false),
        ]
    } else if let Op::Map(Scalar::Mul) = inst.op {
        vec![
            form(inst.op.clone(), [x, y], true),
            form(inst.op.clone(), [y, x], false),
        ]
    } else {
        vec![]
    }
}

fn swapped(contract: &Contract) -> Contract {
    ordered(&Contract {
        lhs: contract.rhs.clone(),
        rhs: contract.lhs.clone(),
        out: contract.out.clone(),
    })
}

fn emit(r: &mut Rewriter<'_>, f: Scalar, factored: Factored, inst: &Inst) -> Rule {
    let before = cost(r, &inst.operands, inst);
    let n_before = r.b.func.body.len();
    let value = build(r, f, &factored)?;
    let new = r.b.func.body[n_before..].iter();
    let after = new.fold(Dim::default(), |sum, inst| &sum + &flops_of(&r.b, inst));
    let symbols = &r.b.module.dims.symbols;
    let text = format!(
        "{}: {} FLOPs before, {} after",
        factored.words(f.symbol().unwrap_or_default()),
        before.display(symbols),
        after.display(symbols)
    );
    r.note(FACTOR.name, text);
    Ok(Some(vec![value]))
}

impl Factored {
    /// What is done, with `sign` for what the products are joined by.
    fn words(&self, sign: &str) -> String {
        let is_elementwise = matches!(self.product, Op::Map(_));
        let dot = if is_elementwise { '*' } else { '@' };
        if self.is_left {
            format!("`a {dot} b {sign} a {dot} c` became `a {dot} (b {sign} c)`")
        } else {
            format!("`b {dot} a {sign} c {dot} a` became `(b {sign} c) {dot} a`")
        }
    }
}

fn cost(r: &Rewriter<'_>, products: &[ValueId], sum: &Inst) -> Dim {
    let products = products.iter().filter_map(|&x| r.definition(x));
    let all = products.chain([sum]);
    all.fold(Dim::default(), |total, inst| &total + &flops_of(&r.b, inst))
}

fn build(r: &mut Rewriter<'_>, f: Scalar, factored: &Factored) -> Result<ValueId, OpError> {
    let sum = r.b.map(f, &factored.others)?;
    if factored.is_left {
        return r.b.op1(factored.product.clone(), &[factored.common, sum]);
    }
    let product = if let Op::Contract(contract) = &factored.product {
        Op::Contract(swapped(contract))
    } else {
        factored.product.clone()
    };
    r.b.op1(product, &[sum, factored.common])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::opt::testing::*;
    use crate::types::Shape;

    #[test]
    fn a_common_matrix_is_multiplied_once() {
        let left = program(|b| {
            let a = input(b, crate::types::DType::F64, Shape::of([n(), Dim::int(3)]));
            let products = [4, 4, 4].map(|cols| {
                let right = floats(b, &[3, cols]);
                matmul(b, a, right)
            });
            let sum = b.map(Scalar::Add, &products[..2]).expect("sizes agree");
            vec![
                b.map(Scalar::Sub, &[sum, products[2]])
                    .expect("sizes agree"),
            ]
        });
        insta::assert_snapshot!(left.shown_after(&["factor", "dce"]), @r#"
        fn f(%0: f64[n, 3] = arg x0, %1: f64[3, 4] = arg x1, %2: f64[3, 4] = arg x2, %3: f64[3, 4] = arg x3) -> (y: %6) {
          %4: f64[3, 4] = add %1, %2
          %5: f64[3, 4] = sub %4, %3
          %6: f64[n, 4] = contract "ab,bc->ac" %0, %5
        }
        factor: `a @ b + a @ c` became `a @ (b + c)`: 52 * n FLOPs before, 24 * n + 12 after
        factor: `a @ b - a @ c` became `a @ (b - c)`: 52 * n FLOPs before, 24 * n + 12 after
        "#);
    }

    #[test]
    fn a_common_right_matrix_and_a_common_number() {
        let right = program(|b| {
            let (x, y, a) = (floats(b, &[2, 3]), floats(b, &[2, 3]), floats(b, &[3, 4]));
            let (xa, ya) = (matmul(b, x, a), matmul(b, y, a));
            let (xy, yx) = (b.map(Scalar::Mul, &[x, y]), b.map(Scalar::Mul, &[x, x]));
            let operands = [xy.expect("numbers"), yx.expect("numbers")];
            let sums = [[xa, ya], operands].map(|operands| b.map(Scalar::Add, &operands));
            sums.map(|sum| sum.expect("sizes agree")).to_vec()
        });
        insta::assert_snapshot!(right.shown_after(&["factor", "dce"]), @r#"
        fn f(%0: f64[2, 3] = arg x0, %1: f64[2, 3] = arg x1, %2: f64[3, 4] = arg x2) -> (y: %4, y: %6) {
          %3: f64[2, 3] = add %0, %1
          %4: f64[2, 4] = contract "ab,bc->ac" %3, %2
          %5: f64[2, 3] = add %1, %0
          %6: f64[2, 3] = mul %0, %5
        }
        factor: `b @ a + c @ a` became `(b + c) @ a`: 104 FLOPs before, 54 after
        factor: `a * b + a * c` became `a * (b + c)`: 18 FLOPs before, 12 after
        "#);
    }

    #[test]
    fn a_product_with_another_reader_stays() {
        let read = program(|b| {
            let (a, x, y) = (floats(b, &[3, 3]), floats(b, &[3, 3]), floats(b, &[3, 3]));
            let (ax, ay) = (matmul(b, a, x), matmul(b, a, y));
            vec![b.map(Scalar::Add, &[ax, ay]).expect("sizes agree"), ay]
        });
        assert_eq!(read.after(&["factor"]).1, []);
    }
}
