//! The order that a contraction's letters are written in. Letters that go together make up an axis of a matrix where they lie one
//! behind the other in both operands and in the result. The result may be written as its operands lie, and is seen in its own order
//! afterwards; an operand whose sums lie in another order than the other one's is copied, where that is little beside the product.
//! What makes up no axes even so is a product of places.

use std::cmp::Reverse;

use crate::engine::jit::graph::{Graph, Node, Task, Value};
use crate::engine::jit::product::{matrices, placed_order};
use crate::ir::Op;
use crate::tensor::{Contract, Letter, Walk};
use crate::types::DType;

/// How often each element of a copy is to be used.
const OFTEN: usize = 16;

impl Graph {
    /// Writes a contraction so that products of matrices compute it; where the axes of its result are then, if they have moved.
    pub(super) fn arrange(&mut self, node: &mut Node) -> Option<Vec<usize>> {
        let Task::Product(letters) = &node.task else {
            return None;
        };
        let written = Written {
            letters: letters.clone(),
            operands: <[Value; 2]>::try_from(node.operands.clone()).ok()?,
        };
        let dtype = self.dtype(&written.operands[0]);
        if written.is_plain(dtype) {
            return None;
        }
        let found = self.ordered(&written, dtype);
        let found = found.or_else(|| written.placed())?;
        let to = places(&found.letters.out, &written.letters.out);
        found.write(node, dtype);
        Some(to)
    }

    /// The same as a product of matrices.
    fn ordered(&mut self, written: &Written, dtype: DType) -> Option<Written> {
        let written = written.as_it_lies();
        if written.is_plain(dtype) {
            return Some(written);
        }
        let mut sides = [0, 1];
        sides.sort_by_key(|side| written.operands[*side].walk.len());
        let sides = sides.into_iter();
        let (side, order) = sides
            .filter(|side| self.is_worth_a_copy(&written, *side))
            .map(|side| (side, written.order_of_copy(side)))
            .find(|(side, order)| written.reordered(*side, order, |x| x).is_plain(dtype))?;
        Some(written.reordered(side, &order, |value| self.copy(value)))
    }

    /// Whether an operand holds each element once, and each of them is used often.
    fn is_worth_a_copy(&self, written: &Written, side: usize) -> bool {
        let x = &written.operands[side];
        let is_repeated = |(size, stride): (&usize, &isize)| *size > 1 && *stride == 0;
        let mut axes = x.walk.sizes.iter().zip(&x.walk.strides);
        let is_distinct = x.walk.len() <= self.bases[x.base].len && !axes.any(is_repeated);
        let own = written.lies(1 - side, |letter| {
            !written.letters_of(side).contains(letter)
        });
        let uses: usize = own.iter().map(|letter| written.size(*letter)).product();
        is_distinct && uses >= OFTEN
    }
}

/// A contraction with its operands.
#[derive(Clone)]
struct Written {
    letters: Contract,
    operands: [Value; 2],
}

impl Written {
    fn is_plain(&self, dtype: DType) -> bool {
        let [x, y] = &self.operands;
        matrices(&self.letters, [x, y], &self.shape(), dtype).is_some()
    }

    fn letters_of(&self, side: usize) -> &[Letter] {
        [&self.letters.lhs, &self.letters.rhs][side]
    }

    fn size(&self, letter: Letter) -> usize {
        let axis = |side: usize| {
            let axis = self
                .letters_of(side)
                .iter()
                .position(|own| *own == letter)?;
            Some(self.operands[side].walk.sizes[axis])
        };
        axis(0)
            .or_else(|| axis(1))
            .expect("a letter is an operand's")
    }

    fn shape(&self) -> Vec<usize> {
        let out = self.letters.out.iter();
        out.map(|letter| self.size(*letter)).collect()
    }

    /// Some letters of an operand, those whose places lie farthest apart first.
    fn lies(&self, side: usize, keeps: impl Fn(&Letter) -> bool) -> Vec<Letter> {
        let strides = &self.operands[side].walk.strides;
        let letters = self.letters_of(side).iter().zip(strides);
        let mut kept: Vec<(Letter, isize)> = letters
            .filter(|(letter, _)| keeps(letter))
            .map(|(letter, stride)| (*letter, *stride))
            .collect();
        kept.sort_by_key(|(_, stride)| Reverse(*stride));
        kept.into_iter().map(|(letter, _)| letter).collect()
    }

    /// The same with letters of the result as those of the operands lie: those of both, then each one's own.
    fn as_it_lies(&self) -> Written {
        let Contract { lhs, rhs, out } = &self.letters;
        let both = out.iter().copied();
        let both = both.filter(|letter| lhs.contains(letter) && rhs.contains(letter));
        let own = |side: usize| {
            let other = self.letters_of(1 - side);
            self.lies(side, |letter| {
                out.contains(letter) && !other.contains(letter)
            })
        };
        let last = usize::from(!out.last().is_some_and(|letter| lhs.contains(letter)));
        let out = both.chain(own(1 - last)).chain(own(last)).collect();
        Written {
            letters: Contract {
                out,
                ..self.letters.clone()
            },
            ..self.clone()
        }
    }

    /// An operand's letters as they lie, but for those that are summed: these as the other operand's lie.
    fn order_of_copy(&self, side: usize) -> Vec<Letter> {
        let is_summed = |letter: &Letter| !self.letters.out.contains(letter);
        let mut summed = self.lies(1 - side, is_summed).into_iter();
        let own = self.lies(side, |_| true).into_iter();
        own.map(|letter| match is_summed(&letter) {
            true => summed.next().expect("both operands have what is summed"),
            false => letter,
        })
        .collect()
    }

    /// The same with an operand's axes in an order, copied so that they lie in it.
    fn reordered(
        &self,
        side: usize,
        order: &[Letter],
        copy: impl FnOnce(Value) -> Value,
    ) -> Written {
        let mut reordered = self.clone();
        let walk = self.operands[side]
            .walk
            .permuted(&places(self.letters_of(side), order));
        let base = self.operands[side].base;
        let copied = copy(Value { base, walk });
        reordered.operands[side] = Value {
            walk: Walk::over(&copied.walk.sizes),
            ..copied
        };
        *[&mut reordered.letters.lhs, &mut reordered.letters.rhs][side] = order.to_vec();
        reordered
    }

    /// The same as a product of places.
    fn placed(&self) -> Option<Written> {
        let [x, y] = &self.operands;
        let order = placed_order(&self.letters, [x, y])?;
        let mut placed = self.clone();
        if order.is_swapped {
            std::mem::swap(&mut placed.letters.lhs, &mut placed.letters.rhs);
            placed.operands.swap(0, 1);
        }
        placed.letters.out = order.out;
        Some(placed)
    }

    fn write(self, node: &mut Node, dtype: DType) {
        node.shape = self.shape();
        node.types = vec![(dtype, node.shape.clone())];
        node.op = Op::Contract(self.letters.clone());
        node.task = Task::Product(self.letters);
        node.operands = self.operands.into();
    }
}

/// Where each of these letters stands.
fn places(of: &[Letter], letters: &[Letter]) -> Vec<usize> {
    let place = |letter| of.iter().position(|known| known == letter);
    let places: Option<Vec<usize>> = letters.iter().map(place).collect();
    places.expect("both list the same letters")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::jit::graph::Def;

    const A: Letter = 0;
    const B: Letter = 1;
    const C: Letter = 2;
    const D: Letter = 3;

    /// Arranges a contraction of whole tensors: how many copies it takes, what is computed then, where its axes are.
    fn arranged(
        letters: [&[Letter]; 3],
        sizes: [&[usize]; 2],
        shape: &[usize],
    ) -> (usize, Contract, Option<Vec<usize>>) {
        let mut graph = Graph::default();
        let operands = [0, 1].map(|side| {
            let base = graph.base(DType::F32, sizes[side], Def::Input(side));
            Value::whole(base, sizes[side])
        });
        let [lhs, rhs, out] = letters.map(<[Letter]>::to_vec);
        let letters = Contract { lhs, rhs, out };
        let mut node = Node {
            task: Task::Product(letters.clone()),
            op: Op::Contract(letters),
            types: vec![(DType::F32, shape.to_vec())],
            operands: operands.into(),
            shape: shape.to_vec(),
            results: vec![],
            origin: None,
            after: None,
        };
        let to = graph.arrange(&mut node);
        let Task::Product(letters) = node.task else {
            unreachable!("it stays a contraction")
        };
        (graph.nodes.len(), letters, to)
    }

    #[test]
    fn a_result_is_written_as_its_operands_lie() {
        let letters = [&[A, B, C][..], &[D, C], &[B, A, D]];
        let (n_copies, written, to) = arranged(letters, [&[5, 3, 4], &[40, 4]], &[3, 5, 40]);
        assert_eq!((n_copies, written.out), (0, vec![A, B, D]));
        assert_eq!(to, Some(vec![1, 0, 2]));
    }

    #[test]
    fn the_smaller_operand_is_copied_into_the_order_of_the_other() {
        let letters = [&[A, B, C][..], &[B, A, D], &[D, C]];
        let (n_copies, written, to) = arranged(letters, [&[5, 3, 40], &[3, 5, 20]], &[20, 40]);
        assert_eq!((n_copies, written.rhs), (1, vec![A, B, D]));
        assert_eq!((written.out, to), (vec![D, C], Some(vec![0, 1])));
    }

    #[test]
    fn what_is_used_seldom_is_not_copied() {
        let letters = [&[A, B, C][..], &[B, A, D], &[D, C]];
        let (n_copies, ..) = arranged(letters, [&[5, 3, 4], &[3, 5, 2]], &[2, 4]);
        assert_eq!(n_copies, 0);
    }
}
