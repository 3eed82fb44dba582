//! Matrix chains: products whose intermediate results nobody else reads may be taken in any order, `(A B) v = A (B v)`, and the order
//! decides what they cost. The best order among neighbours is found by dynamic programming. Where sizes are symbols, an order is
//! taken only if it costs no more whatever they are.

mod network;

use crate::arena::IdMap;
use crate::ir::{FuncId, Inst, Module, Op, Value, ValueId};
use crate::ops::OpError;
use crate::opt::cost::at_most;
use crate::opt::rewriter::{Rewriter, Rule, rewrite};
use crate::opt::settle::ordered;
use crate::opt::{CHAIN, Note};
use crate::tensor::{Contract, Letter};
use network::{Network, Order};

/// What symbols are taken for while an order is sought: many, and as few as there can be.
const SAMPLES: [i64; 2] = [64, 1];

/// Re-associates products.
pub(super) fn chain(module: &mut Module, id: FuncId) -> Vec<Note> {
    let factors = factors(module, id);
    rewrite(module, id, |r, inst| {
        let ends_here = |&value: &ValueId| factors.get(value).is_none() || !r.is_read_once(value);
        if !inst.results.iter().all(ends_here) {
            return Ok(None);
        }
        match Network::of(r, inst) {
            Some((network, order)) => reorder(r, &network, &order),
            None => Ok(None),
        }
    })
}

/// The values that products read.
fn factors(module: &Module, id: FuncId) -> IdMap<Value, ()> {
    let mut factors = IdMap::new();
    let is_product = |inst: &&Inst| matches!(inst.op, Op::Contract(_));
    let products = module.funcs[id].body.iter().filter(is_product);
    for &operand in products.flat_map(|inst| &inst.operands) {
        factors.insert(operand, ());
    }
    factors
}

fn reorder(r: &mut Rewriter<'_>, network: &Network, order: &Order) -> Rule {
    let before = network.cost(order);
    let sequence = network.sequence(order);
    let better = SAMPLES.into_iter().find_map(|sample| {
        let best = network.best(&sequence, sample);
        let after = network.cost(&best);
        (after != before && at_most(&after, &before)).then_some((best, after))
    });
    let Some((best, after)) = better else {
        return Ok(None);
    };
    let symbols = &r.b.module.dims.symbols;
    let text = format!(
        "`{}` became `{}`: {} FLOPs before, {} after",
        order.show(&sequence),
        best.show(&sequence),
        before.display(symbols),
        after.display(symbols)
    );
    r.note(CHAIN.name, text);
    let (value, _) = emit(r, network, &best, Some(&network.out))?;
    Ok(Some(vec![value]))
}

/// Writes the products of an order, and gives the last one with its letters.
fn emit(
    r: &mut Rewriter<'_>,
    network: &Network,
    order: &Order,
    out: Option<&[Letter]>,
) -> Result<(ValueId, Vec<Letter>), OpError> {
    let (left, right) = match order {
        Order::Leaf(leaf) => {
            let leaf = &network.leaves[*leaf];
            return Ok((leaf.value, leaf.letters.clone()));
        }
        Order::Product(left, right) => (left, right),
    };
    let (x, lhs) = emit(r, network, left, None)?;
    let (y, rhs) = emit(r, network, right, None)?;
    let kept = network.kept(order);
    let out = out.map_or_else(|| network::joined(&lhs, &rhs, kept), <[Letter]>::to_vec);
    let contract = Contract {
        lhs,
        rhs,
        out: out.clone(),
    };
    let value = r.b.op1(Op::Contract(ordered(&contract)), &[x, y])?;
    Ok((value, out))
}

#[cfg(test)]
mod tests {
    use crate::opt::cost::flops_of;
    use crate::opt::testing::*;
    use crate::types::{DType, Dim, Shape};

    /// `((x₀ x₁) x₂) …` of matrices `sizes[i] × sizes[i + 1]`.
    fn product(sizes: &[Dim]) -> Program {
        program(|b| {
            let matrices = sizes.windows(2);
            let matrices: Vec<_> = matrices
                .map(|sizes| input(b, DType::F64, Shape::of(sizes.to_vec())))
                .collect();
            let all = matrices.into_iter().reduce(|x, y| matmul(b, x, y));
            all.into_iter().collect()
        })
    }

    fn numbers<const N: usize>(sizes: [i64; N]) -> [Dim; N] {
        sizes.map(Dim::int)
    }

    #[test]
    fn a_vector_is_multiplied_first() {
        let chain = product(&numbers([100, 200, 300, 1]));
        insta::assert_snapshot!(chain.shown_after(&["chain", "dce"]), @r#"
        fn f(%0: f64[100, 200] = arg x0, %1: f64[200, 300] = arg x1, %2: f64[300, 1] = arg x2) -> (y: %4) {
          %3: f64[200, 1] = contract "ab,bc->ac" %1, %2
          %4: f64[100, 1] = contract "ab,bc->ac" %0, %3
        }
        chain: `(a @ b) @ c` became `a @ (b @ c)`: 12060000 FLOPs before, 160000 after
        "#);
    }

    /// Cormen, Leiserson, Rivest and Stein: 15,125 multiplications.
    #[test]
    fn six_matrices_cost_what_the_textbook_says() {
        let chain = product(&numbers([30, 35, 15, 5, 10, 20, 25]));
        let (mut after, notes) = chain.after(&["chain", "dce"]);
        let func = after.module.funcs[after.id].clone();
        let origin = notes[0].origin;
        let b = crate::ops::Builder {
            module: &mut after.module,
            func,
            origin,
        };
        let costs = b.func.body.iter().map(|inst| flops_of(&b, inst));
        let cost = costs.fold(Dim::default(), |sum, cost| &sum + &cost);
        assert_eq!(cost, Dim::int(2 * 15_125));
        insta::assert_snapshot!(notes[0].text, @"`((((a @ b) @ c) @ d) @ e) @ f` became `(a @ (b @ c)) @ ((d @ e) @ f)`: 81000 FLOPs before, 30250 after");
    }

    #[test]
    fn symbols_count_where_every_size_agrees() {
        let falls = product(&[n(), n(), n(), Dim::int(1)]);
        insta::assert_snapshot!(falls.after(&["chain"]).1[0].text, @"`(a @ b) @ c` became `a @ (b @ c)`: 2 * n * n + 2 * n * n * n FLOPs before, 4 * n * n after");
        let depends = product(&[n(), Dim::int(10), Dim::int(20), Dim::int(5)]);
        assert_eq!(depends.after(&["chain"]).1, []);
    }

    #[test]
    fn transposed_products_are_chains_too() {
        let gradient = program(|b| {
            let (x, y, z) = (
                floats(b, &[8, 50]),
                floats(b, &[50, 60]),
                floats(b, &[8, 2]),
            );
            let xy = matmul(b, x, y);
            let back = b.transpose(xy).expect("a matrix");
            vec![matmul(b, back, z)]
        });
        insta::assert_snapshot!(gradient.shown_after(&["transpose", "chain", "dce"]), @r#"
        fn f(%0: f64[8, 50] = arg x0, %1: f64[50, 60] = arg x1, %2: f64[8, 2] = arg x2) -> (y: %4) {
          %3: f64[50, 2] = contract "ab,ac->bc" %0, %2
          %4: f64[60, 2] = contract "ab,ac->bc" %1, %3
        }
        chain: `(b @ a) @ c` became `a @ (b @ c)`: 49920 FLOPs before, 13600 after
        "#);
    }

    #[test]
    fn a_product_with_another_reader_is_no_part_of_a_chain() {
        let read = program(|b| {
            let (x, y, v) = (floats(b, &[9, 9]), floats(b, &[9, 9]), floats(b, &[9, 1]));
            let xy = matmul(b, x, y);
            vec![matmul(b, xy, v), xy]
        });
        assert_eq!(read.after(&["chain"]).1, []);
    }
}
