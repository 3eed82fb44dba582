//! Windows that need not be: those that do not overlap are another shape of what they are of; and the reverse of a convolution by
//! steps of one is a convolution again, of zeros around what flows back and the kernel turned around. So no tensor of all windows is
//! made on the way back either.

use crate::ir::{FuncId, Inst, Module, Op, Range, ValueId, Window};
use crate::opt::Note;
use crate::opt::rewriter::{Rewriter, Rule, rewrite};
use crate::tensor::{Contract, Letter};
use crate::types::{AxisType, Dim, Shape};

/// Windows and overlaps, where something simpler says the same.
pub(super) fn overlap(module: &mut Module, id: FuncId) -> Vec<Note> {
    rewrite(module, id, simpler)
}

fn simpler(r: &mut Rewriter<'_>, inst: &Inst) -> Rule {
    if let Op::Windows(window) = &inst.op
        && tiles(r, window, inst.operands[0])
    {
        return reshaped(r, inst);
    }
    if let Op::Overlap(window, _) = &inst.op {
        return match tiles(r, window, inst.results[0]) {
            true => reshaped(r, inst),
            false => turned(r, inst),
        };
    }
    Ok(None)
}

/// Whether windows lie side by side and fill the axis of `whole`.
fn tiles(r: &Rewriter<'_>, window: &Window, whole: ValueId) -> bool {
    let n = r.b.shape(whole).dim(window.axis);
    let fills = n.exact_div(&window.size).is_some();
    window.size == window.stride && window.dilation == Dim::int(1) && fills
}

fn reshaped(r: &mut Rewriter<'_>, inst: &Inst) -> Rule {
    let shape = r.b.shape(inst.results[0]).clone();
    Ok(Some(vec![r.b.reshape(inst.operands[0], shape)?]))
}

/// One overlap of a chain: its window, and the size it fills.
type Link = (Window, Dim);

/// A product behind overlaps, perhaps under another shape of its leading axes.
struct Found {
    links: Vec<Link>,
    contract: Contract,
    operands: [ValueId; 2],
    /// How many more axes the product has in front.
    extra: usize,
}

/// `Σ dy[…, y, …] k[…, p, …]` at `y + p · dilation` is `Σ u[…, i + p' · dilation, …] k[…, K − 1 − p', …]` where `u` is `dy` with
/// `(K − 1) dilation` zeros on either side.
fn turned(r: &mut Rewriter<'_>, inst: &Inst) -> Rule {
    let Some(found) = chain(r, inst) else {
        return Ok(None);
    };
    let Some(pairs) = letters(&found) else {
        return Ok(None);
    };
    let Contract { lhs, rhs, out } = &found.contract;
    let places: Vec<Letter> = pairs.iter().map(|(place, _)| *place).collect();
    let is_flow = |letters: &[Letter]| places.iter().all(|place| letters.contains(place));
    let (flow, taps) = if is_flow(lhs) { (0, 1) } else { (1, 0) };
    let (mut flow_letters, taps_letters) = match flow {
        0 => (lhs.clone(), rhs.clone()),
        _ => (rhs.clone(), lhs.clone()),
    };
    let is_tap = |(_, within): &(Letter, Letter)| {
        taps_letters.contains(within) && !flow_letters.contains(within)
    };
    let is_apart = places.iter().all(|place| !taps_letters.contains(place));
    if !is_flow(&flow_letters) || !pairs.iter().all(is_tap) || !is_apart {
        return Ok(None);
    }
    let (mut flow, mut taps) = (found.operands[flow], found.operands[taps]);
    for ((window, n), (place, within)) in found.links.iter().zip(&pairs) {
        let axis = at(&flow_letters, *place);
        flow = widened(r, flow, axis, window, n)?;
        flow_letters.insert(axis + 1, *within);
        taps = r.b.op1(Op::Reverse(at(&taps_letters, *within)), &[taps])?;
    }
    let within: Vec<Letter> = pairs.iter().map(|(_, within)| *within).collect();
    let contract = Contract {
        lhs: flow_letters,
        rhs: taps_letters,
        out: out
            .iter()
            .copied()
            .filter(|l| !within.contains(l))
            .collect(),
    };
    let value = r.b.op1(Op::Contract(contract), &[flow, taps])?;
    let shape = r.b.shape(inst.results[0]).clone();
    Ok(Some(vec![r.b.reshape(value, shape)?]))
}

fn at(letters: &[Letter], letter: Letter) -> usize {
    let place = letters.iter().position(|known| *known == letter);
    place.expect("found among them")
}

/// The overlaps from the last one inwards, as far as each is read once, and the product that they add up.
fn chain(r: &Rewriter<'_>, last: &Inst) -> Option<Found> {
    let mut links = vec![];
    let mut inst = last.clone();
    while let Op::Overlap(window, n) = &inst.op {
        if window.stride != Dim::int(1) {
            return None;
        }
        links.push((window.clone(), n.clone()));
        let operand = inst.operands[0];
        if !r.is_read_once(operand) {
            return None;
        }
        inst = r.definition(operand)?.clone();
    }
    let mut extra = 0;
    if let Op::Reshape(shape) = &inst.op {
        let from = inst.operands[0];
        let (wide, narrow) = (r.b.shape(from).clone(), shape.clone());
        extra = wide.rank().checked_sub(narrow.rank())?;
        let first = links.iter().map(|(window, _)| window.axis).min()?;
        let same = |axis: usize| wide.dim(axis + extra) == narrow.dim(axis);
        if !r.is_read_once(from) || !(first..narrow.rank()).all(same) {
            return None;
        }
        inst = r.definition(from)?.clone();
    }
    let Op::Contract(contract) = inst.op else {
        return None;
    };
    Some(Found {
        links,
        contract,
        operands: [inst.operands[0], inst.operands[1]],
        extra,
    })
}

/// For each overlap the letters of its two axes in the product: a link sees the axes of the links behind it joined already.
fn letters(found: &Found) -> Option<Vec<(Letter, Letter)>> {
    let out = &found.contract.out;
    let pair = |(at, (window, _)): (usize, &Link)| {
        let behind = found.links[at + 1..].iter();
        let joined = behind.filter(|(other, _)| other.axis < window.axis).count();
        let axis = window.axis + joined + found.extra;
        Some((*out.get(axis)?, *out.get(axis + 1)?))
    };
    found.links.iter().enumerate().map(pair).collect()
}

/// Zeros around an axis, and windows of it: `n` of them. Windows of other axes that are there already are taken after the zeros are
/// put around: windows of what is widened are only looked at, what is widened of windows is a copy of them all.
fn widened(
    r: &mut Rewriter<'_>,
    x: ValueId,
    axis: usize,
    window: &Window,
    n: &Dim,
) -> Result<ValueId, crate::ops::OpError> {
    let (whole, place, taken) = bare(r, x, axis);
    let mut shape: Shape = r.b.shape(whole).clone();
    let around = &window.reach() - &Dim::int(1);
    let mut ranges: Vec<Range> = shape.dims().map(Range::whole).collect();
    ranges[place] = Range::new(around.clone(), &around + shape.dim(place));
    shape.0[place] = AxisType::new(n + &around);
    let mut wide = r.b.op1(Op::Embed(shape, ranges), &[whole])?;
    for window in taken.into_iter().rev() {
        wide = r.b.op1(Op::Windows(window), &[wide])?;
    }
    let window = Window {
        axis,
        ..window.clone()
    };
    r.b.op1(Op::Windows(window), &[wide])
}

/// What a value is windows of, where `axis` is then, and the windows, the last ones first.
fn bare(r: &Rewriter<'_>, mut x: ValueId, mut axis: usize) -> (ValueId, usize, Vec<Window>) {
    let mut taken = vec![];
    while let Some(inst) = r.definition(x)
        && let Op::Windows(window) = &inst.op
        && axis != window.axis
        && axis != window.axis + 1
    {
        axis -= usize::from(axis > window.axis);
        x = inst.operands[0];
        taken.push(window.clone());
    }
    (x, axis, taken)
}

#[cfg(test)]
mod tests {
    use crate::ir::{Op, ValueId, Window};
    use crate::ops::Builder;
    use crate::opt::testing::*;
    use crate::tensor::{Contract, Tensor};
    use crate::types::Dim;

    fn window(axis: usize, [size, stride, dilation]: [i64; 3]) -> Window {
        Window {
            axis,
            size: Dim::int(size),
            stride: Dim::int(stride),
            dilation: Dim::int(dilation),
        }
    }

    /// What flows back to an image `[2, 3, h, w]` through a convolution by 4 kernels of 3 by 2.
    fn reverse(b: &mut Builder<'_>, stride: i64) -> ValueId {
        let (h, w) = (7, 7);
        let places = [(h - 5) / stride + 1, (w - 2) / stride + 1];
        let dy = floats(b, &[2, 1, 4, places[0], places[1]]);
        let kernel = floats(b, &[3, 2, 3, 1, 4]);
        // b g o y x, p q d g o -> b g d y p x q
        let letters = Contract {
            lhs: vec![0, 1, 2, 3, 4],
            rhs: vec![5, 6, 7, 1, 2],
            out: vec![0, 1, 7, 3, 5, 4, 6],
        };
        let stamps = b
            .op1(Op::Contract(letters), &[dy, kernel])
            .expect("sizes fit");
        let flat = shape(&[2, 3, places[0], 3, places[1], 2]);
        let flat = b.reshape(stamps, flat).expect("as many");
        let wide = Op::Overlap(window(4, [2, stride, 1]), Dim::int(w));
        let wide = b.op1(wide, &[flat]).expect("sizes fit");
        let tall = Op::Overlap(window(2, [3, stride, 2]), Dim::int(h));
        b.op1(tall, &[wide]).expect("sizes fit")
    }

    fn whole(n: usize, sizes: &[usize]) -> Tensor {
        let elements = (0..n).map(|i| ((i * 7 % 11) as f64) - 5.0).collect();
        Tensor::from_vec::<f64>(sizes.to_vec(), elements)
    }

    #[test]
    fn the_reverse_of_a_convolution_is_one() {
        let program = program(|b| vec![reverse(b, 1)]);
        let (after, _) = program.after(&["overlap", "dce"]);
        let shown = after.shown();
        assert!(
            !shown.contains("overlap") && shown.contains("windows"),
            "{shown}"
        );
        let inputs = [whole(144, &[2, 1, 4, 3, 6]), whole(72, &[3, 2, 3, 1, 4])];
        assert_eq!(after.run(&inputs), program.run(&inputs));
    }

    #[test]
    fn by_larger_steps_it_is_left_alone() {
        let program = program(|b| vec![reverse(b, 2)]);
        let (after, _) = program.after(&["overlap", "dce"]);
        assert_eq!(after.shown(), program.after(&["dce"]).0.shown());
    }

    #[test]
    fn tiles_are_another_shape() {
        let tiles = program(|b| {
            let x = floats(b, &[4, 6]);
            let cut = b
                .op1(Op::Windows(window(1, [2, 2, 1])), &[x])
                .expect("they fit");
            let back = Op::Overlap(window(1, [2, 2, 1]), Dim::int(6));
            let back = b.op1(back, &[cut]).expect("sizes fit");
            let odd = b
                .op1(Op::Windows(window(1, [4, 4, 1])), &[x])
                .expect("one fits");
            vec![back, odd]
        });
        insta::assert_snapshot!(tiles.shown_after(&["overlap", "simplify", "dce"]), @r#"
        fn f(%0: f64[4, 6] = arg x0) -> (y: %0, y: %1) {
          %1: f64[4, 1, 4] = windows 1 of 4 by 4 %0
        }
        "#);
    }
}
