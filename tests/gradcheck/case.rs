//! One op at one point: the loss `Σ wᵢ yᵢ` over the elements of its results, its gradient, and the gradient of a weighted sum of that
//! gradient, each against central differences.

use nnlc::arena::Arena;
use nnlc::engine::{Engine, Interpreter};
use nnlc::grad::expand;
use nnlc::ir::{Func, FuncId, Input, Inst, Module, Op, Origin, OriginId, Role, ValueId};
use nnlc::ops::{Builder, verify};
use nnlc::scalar::Scalar;
use nnlc::source::{SourceId, Span};
use nnlc::tensor::{Monoid, Tensor};
use nnlc::types::{DType, Dim, Shape, TensorType, Unifier};

/// An op with operands; gradients are asked for by those that are floats.
pub(crate) struct Case {
    pub(crate) op: Op,
    pub(crate) operands: Vec<Tensor>,
}

/// Numbers without pattern, different from each other, and away from integers and their halves; every other one is negative.
pub(crate) fn numbers(shape: &[usize], salt: usize) -> Tensor {
    let of = |place: usize| {
        let sign = if (place + salt).is_multiple_of(2) {
            1.0
        } else {
            -1.0
        };
        sign * positive_number(place, salt)
    };
    let elements = (0..shape.iter().product()).map(of).collect();
    Tensor::from_vec::<f64>(shape.to_vec(), elements)
}

/// Likewise, but all positive.
pub(crate) fn positive(shape: &[usize], salt: usize) -> Tensor {
    let elements = (0..shape.iter().product()).map(|place| positive_number(place, salt));
    Tensor::from_vec::<f64>(shape.to_vec(), elements.collect())
}

fn positive_number(place: usize, salt: usize) -> f64 {
    let n = place + 17 * salt + 1;
    let fraction = (n as f64 * 0.618_033_988_749_895).fract();
    (n * 7 % 3) as f64 + 0.1 + 0.3 * fraction
}

/// A module with one origin to attribute everything to.
pub(crate) fn module() -> Module {
    let mut origins = Arena::new();
    let span = Span {
        source: SourceId::new(0),
        start: 0,
        end: 0,
    };
    origins.push(Origin {
        span,
        caller: None,
        called: None,
    });
    Module {
        dims: Unifier::new(),
        origins,
        funcs: Arena::new(),
    }
}

/// A function of inputs of these types, by what `body` makes of their values.
pub(crate) fn function(
    module: &mut Module,
    name: &str,
    inputs: &[TensorType],
    body: impl FnOnce(&mut Builder<'_>, &[ValueId]) -> Vec<ValueId>,
) -> FuncId {
    let mut b = Builder {
        module,
        func: Func::new(name),
        origin: OriginId::new(0),
    };
    for (place, ty) in inputs.iter().enumerate() {
        let value = b.value(ty.clone());
        let role = Role::Arg(format!("x{place}"));
        b.func.inputs.push(Input { role, value });
    }
    let values: Vec<ValueId> = b.func.inputs.iter().map(|input| input.value).collect();
    let results = body(&mut b, &values);
    b.func.results = results
        .into_iter()
        .map(|value| ("y".to_string(), value))
        .collect();
    let func = b.func;
    module.funcs.push(func)
}

/// The type of a tensor.
pub(crate) fn type_of(tensor: &Tensor) -> TensorType {
    let dims = tensor.shape().iter().map(|&size| Dim::int(size as i64));
    TensorType::new(tensor.dtype(), Shape::of(dims))
}

/// `Σ w x` with fixed numbers `w`, as a scalar; `x` is converted to `f64`.
pub(crate) fn weighted_sum(b: &mut Builder<'_>, x: ValueId, salt: usize) -> ValueId {
    let x = b.cast(x, DType::F64).expect("everything converts");
    let shape: Vec<usize> = b
        .shape(x)
        .dims()
        .map(|dim| dim.as_int().expect("a number") as usize)
        .collect();
    let weights = b.constant(numbers(&shape, salt));
    let product = b.map(Scalar::Mul, &[x, weights]).expect("equal shapes");
    let axes = (0..shape.len()).collect();
    b.sum(product, axes).expect("a sum of floats")
}

fn total(b: &mut Builder<'_>, parts: Vec<ValueId>) -> ValueId {
    let weighted: Vec<ValueId> = parts
        .into_iter()
        .zip(3..)
        .map(|(part, salt)| weighted_sum(b, part, salt))
        .collect();
    let mut sum = weighted[0];
    for part in &weighted[1..] {
        sum = b.map(Scalar::Add, &[sum, *part]).expect("scalars");
    }
    sum
}

/// The results of a function that is flat.
pub(crate) fn run(module: &Module, func: FuncId, inputs: &[Tensor]) -> Vec<Tensor> {
    let mut program = Interpreter::default()
        .prepare(module, func)
        .expect("it is flat");
    program.run(inputs.to_vec()).expect("it runs")
}

impl Case {
    /// Compares first and second derivatives.
    pub(crate) fn check(&self) {
        let name = format!("{:?}", self.op);
        let types: Vec<TensorType> = self.operands.iter().map(type_of).collect();
        let wrt: Vec<usize> = (0..types.len())
            .filter(|&place| types[place].dtype.is_float())
            .collect();
        let mut module = module();
        let loss = function(&mut module, "loss", &types, |b, x| {
            let results = b
                .op(self.op.clone(), x)
                .unwrap_or_else(|error| panic!("{name}: {error:?}"));
            vec![total(b, results)]
        });
        if wrt.is_empty() {
            check_module(&module, &name);
            run(&module, loss, &self.operands);
            return;
        }
        let slope = |func: FuncId| {
            let wrt = wrt.clone();
            move |b: &mut Builder<'_>, x: &[ValueId]| {
                let op = Op::Grad { func, wrt };
                b.op(op, x).expect("a scalar by floats")[1..].to_vec()
            }
        };
        let first = function(&mut module, "first", &types, slope(loss));
        let turn = function(&mut module, "turn", &types, |b, x| {
            let gradients = slope(loss)(b, x);
            vec![total(b, gradients)]
        });
        let second = function(&mut module, "second", &types, slope(turn));
        check_module(&module, &name);
        expand(&mut module).unwrap_or_else(|error| panic!("{name}: {error:?}"));
        check_module(&module, &name);
        self.compare(&module, loss, first, &wrt, &format!("{name}, first order"));
        self.compare(
            &module,
            turn,
            second,
            &wrt,
            &format!("{name}, second order"),
        );
    }

    /// `gradient` gives the derivatives of `loss` by the operands `wrt`.
    fn compare(&self, module: &Module, loss: FuncId, gradient: FuncId, wrt: &[usize], name: &str) {
        let found = run(module, gradient, &self.operands);
        for (&operand, found) in wrt.iter().zip(found) {
            let expected = self.central_differences(module, loss, operand);
            for (place, (found, expected)) in found.to_f64().into_iter().zip(expected).enumerate() {
                let error = (found - expected).abs() / (1.0 + expected.abs());
                assert!(
                    error < 1e-6,
                    "{name}: derivative by element {place} of operand {operand} is {found}, should be {expected}\n{}",
                    nnlc::ir::print_func(&module.funcs[gradient], module)
                );
            }
        }
    }

    fn central_differences(&self, module: &Module, loss: FuncId, operand: usize) -> Vec<f64> {
        const STEP: f64 = 1e-5;
        let at = |place: usize, step: f64| {
            let mut operands = self.operands.clone();
            let mut elements = operands[operand].to_f64();
            elements[place] += step;
            operands[operand] =
                Tensor::from_vec::<f64>(operands[operand].shape().to_vec(), elements);
            run(module, loss, &operands)[0]
                .item()
                .expect("a loss is a scalar")
        };
        let slope = |place: usize| (at(place, STEP) - at(place, -STEP)) / (2.0 * STEP);
        (0..self.operands[operand].len()).map(slope).collect()
    }
}

/// The module is well formed.
pub(crate) fn check_module(module: &Module, name: &str) {
    if let Err(fault) = verify(module) {
        let text = nnlc::ir::print_module(module);
        panic!("{name}: {fault}\n{text}");
    }
}

/// An instruction that sums all of a value, for losses.
pub(crate) fn sum_all(b: &mut Builder<'_>, x: ValueId) -> ValueId {
    let axes = (0..b.shape(x).rank()).collect();
    b.op1(Op::Reduce(Monoid::Sum, axes), &[x])
        .expect("a sum of numbers")
}

/// Whether an instruction is of the kind that only functions with structure have.
pub(crate) fn is_structural(inst: &Inst) -> bool {
    !inst.op.callees().is_empty() && nnlc::ops::scan_of(&inst.op).is_none()
}
