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
