//! The snapshot language: modules as text, one line an instruction. Values are numbered in order of definition, so that the same
//! function prints alike whatever its values are called inside. Dimensions are shown as they are known.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write};

use crate::ir::{Func, FuncId, Inst, Module, Op, Range, ValueId, Window};
use crate::tensor::Tensor;
use crate::types::{Dim, TensorType};

/// The functions that stand for themselves, a blank line between them.
pub fn print_module(module: &Module) -> String {
    let roots = module.roots().into_iter();
    let funcs: Vec<String> = roots
        .map(|id| print_func(&module.funcs[id], module))
        .collect();
    funcs.join("\n")
}

/// One function.
pub fn print_func(func: &Func, module: &Module) -> String {
    let printer = Printer::new(func, module);
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = printer.func(&mut text);
    text
}

/// A function with the numbers of its values.
struct Printer<'a> {
    func: &'a Func,
    module: &'a Module,
    numbers: BTreeMap<ValueId, usize>,
}

impl<'a> Printer<'a> {
    fn new(func: &'a Func, module: &'a Module) -> Printer<'a> {
        let inputs = func.inputs.iter().map(|input| input.value);
        let results = func
            .body
            .iter()
            .flat_map(|inst| inst.results.iter().copied());
        let numbers = inputs.chain(results).zip(0..);
        Printer {
            func,
            module,
            numbers: numbers.collect(),
        }
    }

    fn func(&self, out: &mut String) -> fmt::Result {
        let inputs = self.func.inputs.iter();
        let inputs = inputs.map(|input| format!("{} = {}", self.typed(input.value), input.role));
        let results = self.func.results.iter();
        let results = results.map(|(name, value)| format!("{name}: {}", self.value(*value)));
        let (name, inputs, results) = (&self.func.name, list(inputs), list(results));
        writeln!(out, "fn {name}({inputs}) -> ({results}) {{")?;
        for inst in &self.func.body {
            writeln!(out, "  {}", self.inst(inst))?;
        }
        writeln!(out, "}}")
    }

    fn inst(&self, inst: &Inst) -> String {
        let results = list(inst.results.iter().map(|&value| self.typed(value)));
        let operands = list(inst.operands.iter().map(|&value| self.value(value)));
        let line = format!("{results} = {} {operands}", inst.op.display(self.module));
        line.trim_end().to_string()
    }

    fn value(&self, value: ValueId) -> String {
        let number = self.numbers.get(&value);
        number.map_or_else(|| "%?".into(), |number| format!("%{number}"))
    }

    fn typed(&self, value: ValueId) -> String {
        let dims = &self.module.dims;
        let ty = self.func.ty(value);
        let known = TensorType::new(ty.dtype, dims.resolve_shape(&ty.shape));
        format!("{}: {}", self.value(value), known.display(&dims.symbols))
    }
}

/// `a, b, c`
pub(super) fn list<T: Display>(items: impl Iterator<Item = T>) -> String {
    let items: Vec<String> = items.map(|item| item.to_string()).collect();
    items.join(", ")
}

impl Op {
    /// The op with its attributes; what the types of its results say is left out.
    pub fn display<'a>(&'a self, module: &'a Module) -> impl Display + 'a {
        fmt::from_fn(move |f| {
            let name = |func: FuncId| &module.funcs[func].name;
            let dim = |dim: &Dim| {
                module
                    .dims
                    .resolve(dim)
                    .display(&module.dims.symbols)
                    .to_string()
            };
            let ranges =
                |ranges: &[Range]| list(ranges.iter().map(|range| show_range(range, &dim)));
            match self {
                Op::Const(tensor) => show_const(tensor, f),
                Op::Size(size, _) => write!(f, "size {}", dim(size)),
                Op::Map(scalar) => f.write_str(scalar.name()),
                Op::Cast(dtype) => write!(f, "cast {dtype}"),
                Op::StopGradient => f.write_str("stop_gradient"),
                Op::Reduce(monoid, axes) => write!(f, "{} {axes:?}", monoid.name()),
                Op::ArgReduce(extreme, axis) => write!(f, "{} {axis}", extreme.name()),
                Op::CumSum(axis) => write!(f, "cumsum {axis}"),
                Op::Sort(axis) => write!(f, "sort {axis}"),
                Op::ArgSort(axis) => write!(f, "argsort {axis}"),
                Op::Ranks(axis) => write!(f, "ranks {axis}"),
                Op::Contract(letters) => write!(f, "contract \"{letters}\""),
                Op::Permute(axes) => write!(f, "permute {axes:?}"),
                Op::Reshape(_) => f.write_str("reshape"),
                Op::Broadcast { shape: _, places } => write!(f, "broadcast {places:?}"),
                Op::Slice(at) => write!(f, "slice [{}]", ranges(at)),
                Op::Embed(_, at) => write!(f, "embed [{}]", ranges(at)),
                Op::Windows(window) => write!(f, "windows {}", show_window(window, &dim)),
                Op::Overlap(window, _) => write!(f, "overlap {}", show_window(window, &dim)),
                Op::Concat(axis) => write!(f, "concat {axis}"),
                Op::Reverse(axis) => write!(f, "reverse {axis}"),
                Op::Gather(axis) => write!(f, "gather {axis}"),
                Op::ScatterAdd(axis, _) => write!(f, "scatter_add {axis}"),
                Op::Iota(_, _, axis) => write!(f, "iota {axis}"),
                Op::Random {
                    distribution,
                    place,
                    shape: _,
                    dtype: _,
                } => write!(f, "random {} {place:#x}", distribution.name()),
                Op::Inverse => f.write_str("inverse"),
                Op::Solve(kind) => write!(f, "solve {}", kind.name()),
                Op::Factor(kind) => f.write_str(kind.name()),
                Op::Scan(scan) => {
                    let reversed = if scan.is_reversed { " reversed" } else { "" };
                    let (states, each) = (scan.n_states, scan.n_each);
                    write!(f, "scan {} {states} {each}{reversed}", name(scan.func))
                }
                Op::Call(func) => write!(f, "call {}", name(*func)),
                Op::Custom { forward, backward } => {
                    write!(f, "custom {} grad {}", name(*forward), name(*backward))
                }
                Op::Grad { func, wrt } => write!(f, "grad {} by {wrt:?}", name(*func)),
                Op::Vjp { func, wrt } => write!(f, "vjp {} by {wrt:?}", name(*func)),
            }
        })
    }
}

/// `0:8`, `0:n:2`
fn show_range(range: &Range, dim: &dyn Fn(&Dim) -> String) -> String {
    let (start, stop) = (dim(&range.start), dim(&range.stop));
    if range.step == 1 {
        format!("{start}:{stop}")
    } else {
        format!("{start}:{stop}:{}", range.step)
    }
}

/// `2 of 3`, `2 of 3 by 2 dilated 4`
fn show_window(window: &Window, dim: &dyn Fn(&Dim) -> String) -> String {
    let part = |word: &str, distance: &Dim| match distance.as_int() {
        Some(1) => String::new(),
        _ => format!(" {word} {}", dim(distance)),
    };
    let (by, dilated) = (
        part("by", &window.stride),
        part("dilated", &window.dilation),
    );
    format!("{} of {}{by}{dilated}", window.axis, dim(&window.size))
}

/// The elements in order, the first few of many.
fn show_const(tensor: &Tensor, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    const SHOWN: usize = 8;
    let elements = first_elements(tensor, SHOWN);
    if let ([only], 0) = (elements.as_slice(), tensor.rank()) {
        return write!(f, "const {only}");
    }
    let more = if tensor.len() > SHOWN { ", …" } else { "" };
    write!(f, "const [{}{more}]", list(elements.iter()))
}

/// Whole numbers of 64 bits exactly, all others as floats.
fn first_elements(tensor: &Tensor, n: usize) -> Vec<String> {
    match tensor.as_slice::<i64>() {
        Some(wholes) => wholes.iter().take(n).map(i64::to_string).collect(),
        None => {
            let floats = tensor.to_f64();
            floats.iter().take(n).map(f64::to_string).collect()
        }
    }
}
