//! What instructions cost, as polynomials of sizes: arithmetic and traffic. An elementary function counts as one operation, a product
//! with its sum as two; moving elements counts as none.

use crate::ir::{Inst, Op};
use crate::ops::Builder;
use crate::tensor::{Contract, Factor, MatrixKind};
use crate::types::{Dim, TensorType};

/// Operations on numbers that an op performs.
pub fn flops(op: &Op, operands: &[&TensorType], results: &[&TensorType]) -> Dim {
    let size = |types: &[&TensorType]| types.first().map_or(Dim::default(), |ty| ty.shape.size());
    match op {
        Op::Map(_) | Op::Cast(_) | Op::Random { .. } => size(results),
        Op::Reduce(..) | Op::ArgReduce(..) | Op::CumSum(_) | Op::ScatterAdd(..) => size(operands),
        Op::Overlap(..) => size(operands),
        // At least; a sort compares log n times as often.
        Op::Sort(_) | Op::ArgSort(_) | Op::Ranks(_) => size(operands),
        Op::Contract(contract) => contract_flops(contract, operands),
        Op::Inverse => &Dim::int(2) * &(&size(operands) * &trailing(operands, 0, 1)),
        Op::Solve(kind) => solve_flops(*kind, operands, results),
        Op::Factor(kind) => factor_flops(*kind, operands),
        Op::Const(_) | Op::Size(..) | Op::Iota(..) | Op::StopGradient => Dim::default(),
        Op::Permute(_) | Op::Reshape(_) | Op::Broadcast { .. } | Op::Slice(_) => Dim::default(),
        Op::Embed(..) | Op::Windows(_) | Op::Concat(_) | Op::Reverse(_) | Op::Gather(_) => {
            Dim::default()
        }
        Op::Scan(_) | Op::Call(_) | Op::Custom { .. } | Op::Grad { .. } | Op::Vjp { .. } => {
            Dim::default()
        }
    }
}

/// Bytes that an op reads and writes if it stands alone.
pub fn bytes(operands: &[&TensorType], results: &[&TensorType]) -> Dim {
    let of = |ty: &&TensorType| {
        let width = i64::try_from(ty.dtype.size()).unwrap_or(i64::MAX);
        &Dim::int(width) * &ty.shape.size()
    };
    let all = operands.iter().chain(results).map(of);
    all.fold(Dim::default(), |sum, bytes| &sum + &bytes)
}

/// Whether a cost is at most another whatever the sizes are, each at least one. `false` where that cannot be told.
pub fn at_most(low: &Dim, high: &Dim) -> bool {
    // With n + 1 for n, no coefficient may be negative.
    let gap = (high - low).substitute(&|symbol| Some(&Dim::sym(symbol) + &Dim::int(1)));
    gap.terms().iter().all(|(_, coefficient)| *coefficient >= 0)
}

/// `2 Π n` over all letters, or `Π n` where none is summed.
fn contract_flops(contract: &Contract, operands: &[&TensorType]) -> Dim {
    let Contract { lhs, rhs, out } = contract;
    let sizes = |letters: &[u8], operand: usize| {
        let dims = operands[operand].shape.dims().cloned();
        letters.iter().copied().zip(dims).collect::<Vec<_>>()
    };
    let mut letters = sizes(lhs, 0);
    let own = |(letter, _): &(u8, Dim)| !lhs.contains(letter);
    letters.extend(sizes(rhs, 1).into_iter().filter(own));
    let is_summed = letters.iter().any(|(letter, _)| !out.contains(letter));
    let each = Dim::int(if is_summed { 2 } else { 1 });
    letters.iter().fold(each, |product, (_, n)| &product * n)
}

/// `m n²` times what Golub and Van Loan count for it, or a little more.
fn factor_flops(kind: Factor, operands: &[&TensorType]) -> Dim {
    let each = match kind {
        Factor::Cholesky | Factor::Lu => 1,
        Factor::Qr => 2,
        Factor::Eigh => 9,
        Factor::Svd | Factor::FullSvd => 22,
    };
    let matrix = &operands[0].shape.size() * &trailing(operands, 0, 1);
    &Dim::int(each) * &matrix
}

/// `2 n² k` for triangular matrices, and at most `n³` more to factor others.
fn solve_flops(kind: MatrixKind, operands: &[&TensorType], results: &[&TensorType]) -> Dim {
    let n = trailing(operands, 0, 1);
    let substitution = &Dim::int(2) * &(&results[0].shape.size() * &n);
    match kind {
        MatrixKind::Lower | MatrixKind::Upper => substitution,
        MatrixKind::General | MatrixKind::Spd => &substitution + &(&operands[0].shape.size() * &n),
    }
}

/// The size of an axis counted from the last, which is 1.
fn trailing(operands: &[&TensorType], operand: usize, from_last: usize) -> Dim {
    let shape = &operands[operand].shape;
    let axis = shape.rank().checked_sub(from_last);
    axis.map_or(Dim::int(1), |axis| shape.dim(axis).clone())
}

/// Operations that an instruction performs.
pub(super) fn flops_of(b: &Builder<'_>, inst: &Inst) -> Dim {
    let types = |values: &[_]| values.iter().map(|&value| b.ty(value)).collect::<Vec<_>>();
    flops(&inst.op, &types(&inst.operands), &types(&inst.results))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{DType, Shape, SymKind, Unifier};

    #[test]
    fn a_product_costs_two_operations_a_term() {
        let mut dims = Unifier::new();
        let batch = Dim::sym(dims.fresh("batch", SymKind::Rigid, None));
        let matrix = |rows: &Dim, cols: i64| {
            let shape = Shape::of([rows.clone(), Dim::int(cols)]);
            TensorType::new(DType::F32, shape)
        };
        let product = Op::Contract(Contract {
            lhs: vec![0, 1],
            rhs: vec![1, 2],
            out: vec![0, 2],
        });
        let (x, w) = (matrix(&batch, 784), matrix(&Dim::int(784), 10));
        let y = matrix(&batch, 10);
        let cost = flops(&product, &[&x, &w], &[&y]);
        assert_eq!(cost.display(&dims.symbols).to_string(), "15680 * batch");
        let traffic = bytes(&[&x, &w], &[&y]);
        let traffic = traffic.display(&dims.symbols).to_string();
        assert_eq!(traffic, "3176 * batch + 31360");
    }

    #[test]
    fn costs_compare_where_every_size_agrees() {
        let mut dims = Unifier::new();
        let n = Dim::sym(dims.fresh("n", SymKind::Rigid, None));
        let square = &n * &n;
        assert!(at_most(&n, &square));
        assert!(!at_most(&square, &n));
        let beyond_three = &n - &Dim::int(3);
        assert!(!at_most(&Dim::int(0), &beyond_three));
    }
}
