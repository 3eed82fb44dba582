//! What the tests of passes share: functions written in a line, run by the interpreter before and after, and random ones.

use crate::engine::{Engine, Interpreter};
use crate::ir::{FuncId, Input, Module, Op, Origin, Role, ValueId, print_func};
use crate::ops::{Builder, OpError};
use crate::opt::{Note, Passes, optimise};
use crate::scalar::Scalar;
use crate::source::{SourceId, Span};
use crate::tensor::{Contract, Monoid, Tensor};
use crate::types::{DType, Dim, Shape, SymKind, TensorType};

/// A function in a module of its own.
#[derive(Clone)]
pub(super) struct Program {
    pub(super) module: Module,
    pub(super) id: FuncId,
}

/// A function; `write` gives its results.
pub(super) fn program(write: impl FnOnce(&mut Builder<'_>) -> Vec<ValueId>) -> Program {
    let mut module = Module::default();
    module.dims.fresh("n", SymKind::Rigid, None);
    let origin = module.origins.push(Origin {
        span: Span {
            source: SourceId::new(0),
            start: 0,
            end: 0,
        },
        caller: None,
        called: None,
    });
    let mut b = Builder {
        module: &mut module,
        func: crate::ir::Func::new("f"),
        origin,
    };
    let results = write(&mut b).into_iter();
    b.func.results = results.map(|value| ("y".to_string(), value)).collect();
    let func = b.func;
    let id = module.funcs.push(func);
    Program { module, id }
}

/// The symbol `n`, rigid.
pub(super) fn n() -> Dim {
    Dim::sym(crate::arena::Id::new(0))
}

/// The shape of these sizes.
pub(super) fn shape(sizes: &[i64]) -> Shape {
    Shape::of(sizes.iter().map(|&size| Dim::int(size)))
}

/// An input of this type.
pub(super) fn input(b: &mut Builder<'_>, dtype: DType, shape: Shape) -> ValueId {
    let value = b.value(TensorType::new(dtype, shape));
    let role = Role::Arg(format!("x{}", b.func.inputs.len()));
    b.func.inputs.push(Input { role, value });
    value
}

/// An `f64` input of this shape.
pub(super) fn floats(b: &mut Builder<'_>, sizes: &[i64]) -> ValueId {
    input(b, DType::F64, shape(sizes))
}

/// `x @ y` of matrices.
pub(super) fn matmul(b: &mut Builder<'_>, x: ValueId, y: ValueId) -> ValueId {
    contract(b, [&[0, 1], &[1, 2], &[0, 2]], [x, y]).expect("the test's sizes fit")
}

fn contract(
    b: &mut Builder<'_>,
    [lhs, rhs, out]: [&[u8]; 3],
    operands: [ValueId; 2],
) -> Result<ValueId, OpError> {
    let contract = Contract {
        lhs: lhs.to_vec(),
        rhs: rhs.to_vec(),
        out: out.to_vec(),
    };
    b.op1(Op::Contract(contract), &operands)
}

impl Program {
    /// The function after these passes, and what they told.
    pub(super) fn after(&self, passes: &[&'static str]) -> (Program, Vec<Note>) {
        let mut after = self.clone();
        let passes = Passes::Only(passes.to_vec());
        let notes = optimise(&mut after.module, &[self.id], &passes);
        (after, notes)
    }

    /// The function after these passes as text, its notes below.
    pub(super) fn shown_after(&self, passes: &[&'static str]) -> String {
        let (after, notes) = self.after(passes);
        let notes = notes
            .iter()
            .map(|note| format!("{}: {}\n", note.pass, note.text));
        after.shown() + &notes.collect::<String>()
    }

    /// The function as text.
    pub(super) fn shown(&self) -> String {
        print_func(&self.module.funcs[self.id], &self.module)
    }

    /// What it computes of these inputs.
    pub(super) fn run(&self, inputs: &[Tensor]) -> Vec<Tensor> {
        let program = Interpreter::default().prepare(&self.module, self.id);
        let results = program.and_then(|mut program| program.run(inputs.to_vec()));
        results.expect("the test's function runs")
    }
}

/// Elements as bits, with one NaN for all.
pub(super) fn bits(tensors: &[Tensor]) -> Vec<(Vec<usize>, Vec<u64>)> {
    let canonical = |x: f64| if x.is_nan() { f64::NAN } else { x }.to_bits();
    let of = |x: &Tensor| {
        let elements = x.to_f64().into_iter();
        (x.shape().to_vec(), elements.map(canonical).collect())
    };
    tensors.iter().map(of).collect()
}

/// One step of a random function: what is done, to which values.
pub(super) type Step = (u8, u8, u8, u8);

/// Mostly those that an identity knows.
const CONSTANTS: [f64; 9] = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 3.0, -2.0, 4.0];

/// A function from random steps; a step that does not fit is none. Whole numbers stay whole where `is_whole`.
pub(super) fn random_program(steps: &[Step], is_whole: bool) -> Program {
    program(|b| {
        let mut values = vec![
            floats(b, &[]),
            floats(b, &[3]),
            floats(b, &[3, 3]),
            input(b, DType::F64, Shape::of([n(), Dim::int(3)])),
            input(b, DType::F64, Shape::of([Dim::int(3), n()])),
            input(b, DType::I64, Shape::of([n(), Dim::int(3)])),
        ];
        for step in steps {
            values.extend(random_step(b, &values, *step, is_whole).ok());
        }
        let n_results = 1 + values.len() % 3;
        values.split_off(values.len() - n_results)
    })
}

/// Inputs for a random function, `n` being two.
pub(super) fn random_inputs(elements: &[f64]) -> Vec<Tensor> {
    let mut elements = elements.iter().copied().cycle();
    let shapes: [&[usize]; 6] = [&[], &[3], &[3, 3], &[2, 3], &[3, 2], &[2, 3]];
    let tensor = |shape: &[usize]| {
        let taken = elements.by_ref().take(shape.iter().product()).collect();
        Tensor::from_vec::<f64>(shape.to_vec(), taken)
    };
    let mut tensors: Vec<Tensor> = shapes.into_iter().map(tensor).collect();
    tensors[5] = tensors[5].cast(DType::I64);
    tensors
}

fn random_step(
    b: &mut Builder<'_>,
    values: &[ValueId],
    (op, x, y, z): Step,
    is_whole: bool,
) -> Result<ValueId, OpError> {
    // Late values are picked more often than early ones, so that steps build on each other.
    let pick = |at: u8| {
        let back = usize::from(at) * usize::from(at) * values.len() / (256 * 256);
        values[values.len() - 1 - back]
    };
    let (x, y, detail) = (pick(x), pick(y), usize::from(z));
    let rank = b.shape(x).rank();
    let reversed: Vec<usize> = (0..rank).rev().collect();
    match op % 20 {
        0 => Ok(b.number(CONSTANTS[detail % CONSTANTS.len()], b.dtype(x))),
        1 | 2 => {
            let c = b.number(CONSTANTS[detail % CONSTANTS.len()], b.dtype(x));
            let n_whole = if is_whole { 3 } else { 5 };
            let f = [
                Scalar::Add,
                Scalar::Sub,
                Scalar::Mul,
                Scalar::Div,
                Scalar::Pow,
            ];
            b.map(f[usize::from(op / 20) % n_whole], &[x, c])
        }
        3..=6 => b.map(
            WHOLE[detail % WHOLE.len()],
            &[x, y][..WHOLE[detail % WHOLE.len()].arity()],
        ),
        7 if !is_whole => {
            let f = Scalar::ALL[detail % Scalar::ALL.len()];
            b.map(f, &[x, y, pick(op)][..f.arity()])
        }
        7 | 8 => contract(b, [&[0, 1], &[1, 2], &[0, 2]], [x, y]),
        9 => contract(b, [&[0, 1], &[1], &[0]], [x, y]),
        10 => contract(b, [&[0, 1], &[2, 1], &[2, 0]], [x, y]),
        11 => contract(b, [&[0, 1], &[1, 2], &[0, 1, 2]], [x, y])
            .and_then(|all| b.op1(Op::Reduce(Monoid::Sum, vec![0]), &[all])),
        12 | 13 => b.op1(Op::Permute(reversed), &[x]),
        14 => b.op1(Op::Reshape(Shape::of([b.shape(x).size()])), &[x]),
        15 => {
            let shape = b.shape(y).clone();
            let lead = shape.rank().saturating_sub(rank);
            let to = [Shape(shape.0[..lead].to_vec()).0, b.shape(x).0.clone()].concat();
            let places = (lead..lead + rank).collect();
            b.op1(
                Op::Broadcast {
                    shape: Shape(to),
                    places,
                },
                &[x],
            )
        }
        16 => b.op1(
            Op::Reduce(Monoid::Sum, (0..rank.min(detail % 2)).collect()),
            &[x],
        ),
        17 => b.op1(Op::Cast(DType::ALL[detail % 4]), &[x]),
        18 => b.op1(Op::StopGradient, &[x]),
        _ => b.op1(
            Op::Size([n(), Dim::int(3)][detail % 2].clone(), b.dtype(x)),
            &[],
        ),
    }
}

/// Functions that give whole numbers of whole numbers.
const WHOLE: [Scalar; 8] = [
    Scalar::Add,
    Scalar::Sub,
    Scalar::Mul,
    Scalar::Mul,
    Scalar::Add,
    Scalar::Neg,
    Scalar::Max,
    Scalar::Abs,
];
