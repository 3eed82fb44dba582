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
