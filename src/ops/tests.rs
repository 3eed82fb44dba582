//! What primitives become, by shape, and what is said of those that do not fit.

use crate::arena::{Arena, Id};
use crate::ir::draft::{AxisRef, AxisSet, Einsum, IndexSpec, NewDim, Prim, Rearrange};
use crate::ir::{Func, Module, Origin};
use crate::ops::{Builder, form};
use crate::scalar::Scalar;
use crate::source::{SourceId, Span};
use crate::tensor::{Factor, MatrixKind, Monoid};
use crate::types::{AxisType, DType, Dim, Relation, Shape, SymKind, TensorType, Unifier};

/// A module with the symbols `n`, `d`, `h`, of which `h divides d`.
fn module() -> Module {
    let mut dims = Unifier::new();
    let [_, d, h] = ["n", "d", "h"].map(|name| Dim::sym(dims.fresh(name, SymKind::Rigid, None)));
    dims.assume(Relation::Divides, h, d);
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
        dims,
        origins,
        funcs: Arena::new(),
    }
}

/// `n`, `28`, `h: 28`
fn axis(module: &Module, text: &str) -> AxisType {
    let (label, dim) = match text.split_once(':') {
        Some((label, dim)) => (Some(label.to_string()), dim.trim()),
        None => (None, text),
    };
    let symbol = module
        .dims
        .symbols
        .iter()
        .find(|(_, symbol)| symbol.name == dim);
    let number = || Dim::int(dim.parse().expect("a symbol or a number"));
    let dim = symbol.map_or_else(number, |(symbol, _)| Dim::sym(symbol));
    AxisType { label, dim }
}

fn shape(module: &Module, text: &str) -> Shape {
    let axes = text.split(',').filter(|axis| !axis.is_empty());
    Shape(axes.map(|text| axis(module, text.trim())).collect())
}

fn sym(module: &Module, name: &str) -> Dim {
    axis(module, name).dim
}

/// The results' shapes, or message, notes and help.
fn tell(prim: &Prim, operands: &[&str]) -> String {
    tell_in(module(), prim, operands)
}

fn tell_in(mut module: Module, prim: &Prim, operands: &[&str]) -> String {
    let types = operands
        .iter()
        .map(|text| TensorType::new(DType::F32, shape(&module, text)));
    let types: Vec<TensorType> = types.collect();
    let mut b = Builder {
        module: &mut module,
        func: Func::new("f"),
        origin: Id::new(0),
    };
    let values: Vec<_> = types.iter().map(|ty| b.value(ty.clone())).collect();
    match form(&mut b, prim, &values) {
        Ok(results) => {
            let shown = results.iter().map(|&value| {
                let shape = b.module.dims.resolve_shape(b.shape(value));
                shape.display(&b.module.dims.symbols).to_string()
            });
            shown.collect::<Vec<_>>().join(" ")
        }
        Err(error) => {
            let told = error.describe(&types, &b.module.dims.symbols);
            let labels = told
                .labels
                .into_iter()
                .map(|(operand, text)| format!("{operand}: {text}"));
            let lines = [told.message]
                .into_iter()
                .chain(labels)
                .chain(told.notes)
                .chain(told.help);
            lines.collect::<Vec<_>>().join("\n")
        }
    }
}

fn named(name: &str) -> AxisRef {
    AxisRef::Named(name.into(), None)
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(String::from).collect()
}

fn einsum(pattern: &str) -> Prim {
    let (operands, out) = pattern.split_once("->").expect("a pattern");
    Prim::Einsum(Einsum {
        operands: operands.split(',').map(words).collect(),
        out: words(out),
    })
}

#[test]
fn elementwise_operations_never_stretch() {
    let sub = Prim::Scalar(Scalar::Sub);
    assert_eq!(tell(&sub, &["n, 3", "3"]), "[n, 3]");
    assert_eq!(tell(&sub, &["", "n, 3"]), "[n, 3]");
    assert_eq!(tell(&sub, &["n, h: 3", "3"]), "[n, h: 3]");
    assert_eq!(
        tell(&sub, &["n, 1", "n"]),
        "`-` needs equal shapes: [n, 1] and [n]\n0: [n, 1]\n1: [n]\n\
         expanding both would compare every row with every other row, [n, n]\ndrop the axis: `squeeze(…, 1)`"
    );
    assert!(tell(&sub, &["n, 3", "n"]).ends_with("`broadcast(…, like: …)` with the [n, 3] side"));
    assert!(tell(&sub, &["n, 3", "3, n"]).ends_with("transpose one side: `…'`"));
    assert!(
        tell(&sub, &["a: 3", "b: 3"]).starts_with("`-` brings together axes of different names")
    );
}

#[test]
fn products_meet_at_their_inner_axes() {
    let mul = Prim::MatMul;
    assert_eq!(tell(&mul, &["n, 4, 3", "3, 5"]), "[n, 4, 5]");
    assert_eq!(tell(&mul, &["3", "3, 5"]), "[5]");
    assert_eq!(tell(&mul, &["n, 3", "3"]), "[n]");
    assert_eq!(tell(&mul, &["3", "3"]), "[]");
    assert_eq!(tell(&mul, &["n, 4, 3", "n, 3, 5"]), "[n, 4, 5]");
    assert_eq!(
        tell(&mul, &["n, 3136", "3200, 128"]),
        "matrix product: inner sizes differ, 3136 and 3200\n0: [n, 3136]: last axis 3136\n1: [3200, 128]: first axis 3200\n\
         3136 is the size that arrives: make the right side [3136, 128]"
    );
    assert!(tell(&mul, &["n, 3", "5, 3"]).ends_with("transpose the right side: `… @ …'`"));
    assert!(tell(&mul, &["n, 2, 3", "6, 5"]).ends_with("`flatten(…, keep: n)`"));
    assert!(tell(&mul, &["", "3"]).ends_with("multiply by a number with `*`"));
    assert!(
        tell(&mul, &["4, 2, 3", "5, 3, 2"]).starts_with("`@` needs equal axes before the matrices")
    );
    assert!(tell(&Prim::Transpose, &["3"]).starts_with("`'` needs a matrix, found [3]"));
}

#[test]
fn patterns_sum_reorder_and_split() {
    assert_eq!(
        tell(&einsum("i j, j k -> k i"), &["n, 3", "3, 5"]),
        "[5, n]"
    );
    assert_eq!(
        tell(&einsum("i j, j k, k l -> i l"), &["n, 3", "3, 5", "5, 7"]),
        "[n, 7]"
    );
    assert_eq!(tell(&einsum("i j -> j"), &["n, 3"]), "[3]");
    assert_eq!(tell(&einsum("i, j -> j"), &["n", "3"]), "[3]");
    let clash = tell(&einsum("i j, j -> i"), &["n, 3", "4"]);
    assert!(
        clash.starts_with("letter `j` stands for two sizes, 3 and 4"),
        "{clash}"
    );
    assert!(
        tell(&einsum("i i -> i"), &["3, 3"])
            .starts_with("`einsum`: letter `i` stands twice on one side")
    );
    let module = module();
    let heads = Prim::Rearrange(Rearrange {
        from: vec![words("b"), words("s"), words("h e")],
        to: vec![words("b"), words("h"), words("s"), words("e")],
        sizes: vec![("h".into(), sym(&module, "h"))],
    });
    assert_eq!(
        tell_in(module, &heads, &["n, 7, d"]),
        "[n, h, 7, floor_div(d, h)]"
    );
}

#[test]
fn letters_and_names_find_axes() {
    let mut module = module();
    let sum = |axis: AxisRef| Prim::Reduce(Monoid::Sum, AxisSet::These(vec![axis]));
    assert_eq!(tell(&sum(named("h")), &["n, h: 28, w: 28"]), "[n, w: 28]");
    assert_eq!(tell(&sum(AxisRef::Index(-1)), &["n, 4"]), "[n]");
    assert_eq!(tell(&sum(named("n")), &["n, 4"]), "[4]");
    assert!(tell(&sum(named("nn")), &["n, h: 4"]).ends_with("did you mean `n`?"));
    let ty = TensorType::new(DType::F32, shape(&module, "n, 3, 3"));
    let mut b = Builder {
        module: &mut module,
        func: Func::new("f"),
        origin: Id::new(0),
    };
    let x = b.value(ty);
    let scores = form(&mut b, &einsum("b i j -> b i j"), &[x]).expect("the pattern fits");
    let over_j = form(&mut b, &sum(named("j")), &scores).expect("the letter is known");
    assert_eq!(b.shape(over_j[0]).rank(), 2);
    assert!(form(&mut b, &sum(named("j")), &[x]).is_err());
    let added = form(&mut b, &Prim::Scalar(Scalar::Add), &[scores[0], x]);
    assert!(added.is_ok(), "letters claim nothing");
}

#[test]
fn shapes_are_cut_joined_and_placed() {
    let int = |value| Dim::int(value);
    let index = Prim::Index(vec![
        IndexSpec::At(int(-1)),
        IndexSpec::Ellipsis,
        IndexSpec::Range(Some(int(1)), Some(int(-1))),
    ]);
    assert_eq!(tell(&index, &["n, 5, 6"]), "[5, 4]");
    let at = |place| Prim::Index(vec![IndexSpec::At(int(place))]);
    assert!(tell(&at(3), &["3, n"]).starts_with("index 3 is outside axis 0, which has size 3"));
    assert_eq!(tell(&at(-3), &["3, n"]), "[n]");
    assert_eq!(
        tell(
            &Prim::Reshape(vec![NewDim::Rest, NewDim::Size(int(2))]),
            &["n, 4"]
        ),
        "[2 * n, 2]"
    );
    assert!(
        tell(&Prim::Reshape(vec![NewDim::Size(int(5))]), &["3, 4"])
            .contains("12 given, room for 5")
    );
    let flatten = Prim::Flatten(AxisSet::These(vec![named("n")]));
    assert_eq!(tell(&flatten, &["n, 2, 3"]), "[n, 6]");
    assert!(tell(&flatten, &["2, n, 3"]).contains("axis 1 (n) is kept between them"));
    assert_eq!(
        tell(&Prim::Split(2, AxisRef::Index(0)), &["6, n"]),
        "[3, n] [3, n]"
    );
    assert!(
        tell(&Prim::Split(4, AxisRef::Index(0)), &["6, n"])
            .starts_with("`split`: 6 is not a multiple of 4")
    );
    assert_eq!(
        tell(&Prim::Concat(AxisRef::Index(-1)), &["n, 2", "n, d"]),
        "[n, d + 2]"
    );
    assert_eq!(tell(&Prim::Stack(-1), &["n, 2", "n, 2"]), "[n, 2, 2]");
    assert_eq!(tell(&Prim::Broadcast(None), &["d", "n, d, 7"]), "[n, d, 7]");
    assert!(tell(&Prim::Broadcast(None), &["3", "n, 3, 3"]).contains("is not clear"));
    let along = Prim::Broadcast(Some(AxisSet::These(vec![
        AxisRef::Index(0),
        AxisRef::Index(1),
    ])));
    assert_eq!(tell(&along, &["3", "n, 3, 3"]), "[n, 3, 3]");
    assert_eq!(
        tell(&Prim::Take(AxisRef::Index(0)), &["n, 3", "2"])
            .lines()
            .next(),
        Some("`take` works on integers, found [2]")
    );
    assert_eq!(tell(&Prim::Factor(Factor::Qr), &["5, 2"]), "[5, 2] [2, 2]");
    assert_eq!(
        tell(&Prim::Solve(MatrixKind::General), &["d, d", "d"]),
        "[d]"
    );
}
