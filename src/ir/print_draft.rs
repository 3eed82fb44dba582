//! Drafts as text, one line a node: what lowering made of a program, with types only where the user wrote them.

use std::fmt::{self, Display, Write};

use crate::ir::draft::{
    AxisPattern, AxisRef, AxisSet, Draft, DraftFunc, DraftId, Einsum, Elem, IndexSpec, LetterGroup,
    NewDim, NodeKind, Pattern, Prim, Rearrange, Why, WindowSpec,
};
use crate::ir::print::list;
use crate::types::{DType, Dim, Relation};

/// Every function, a blank line between them.
pub fn print_draft(draft: &Draft) -> String {
    let printer = Printer { draft };
    let funcs = draft.funcs.iter().map(|(_, func)| {
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = printer.func(func, &mut text);
        text
    });
    funcs.collect::<Vec<String>>().join("\n")
}

struct Printer<'a> {
    draft: &'a Draft,
}

impl Printer<'_> {
    fn func(&self, func: &DraftFunc, out: &mut String) -> fmt::Result {
        writeln!(out, "fn {} {{", func.name)?;
        for (id, node) in func.nodes.iter() {
            let operands = list(
                node.operands
                    .iter()
                    .map(|operand| format!("%{}", operand.index())),
            );
            let line = format!("  %{} = {} {operands}", id.index(), self.node(&node.kind));
            writeln!(out, "{}", line.trim_end())?;
        }
        let results = func.results.iter();
        let results = list(results.map(|(name, value)| format!("{name}: %{}", value.index())));
        writeln!(out, "  give {results}")?;
        writeln!(out, "}}")
    }

    fn node(&self, kind: &NodeKind) -> String {
        match kind {
            NodeKind::Input(role, Some(pattern)) => format!("{role}: {}", self.pattern(pattern)),
            NodeKind::Input(role, None) => role.to_string(),
            NodeKind::Number(number) => format!("number {number}"),
            NodeKind::Array(shape, elements) => {
                format!("array {shape:?} [{}]", list(elements.iter()))
            }
            NodeKind::Whole(shape, elements) | NodeKind::Tokens(shape, elements) => {
                format!("whole {shape:?} [{}]", list(elements.iter()))
            }
            NodeKind::Bool(truth) => format!("bool {truth}"),
            NodeKind::Size(dim) => format!("size {}", self.dim(dim)),
            NodeKind::Adaptable => "adaptable".into(),
            NodeKind::Like => "like".into(),
            NodeKind::Template(pattern) => format!("template {}", self.pattern(pattern)),
            NodeKind::Prim(prim) => self.prim(prim),
            NodeKind::Ascribe(pattern, why) => {
                format!("ascribe {} {}", self.pattern(pattern), show_why(why))
            }
            NodeKind::Custom { forward, backward } => format!(
                "custom {} grad {}",
                self.name(*forward),
                self.name(*backward)
            ),
            NodeKind::Grad { func, wrt } => format!("grad {} by {wrt:?}", self.name(*func)),
            NodeKind::Vjp { func, wrt } => format!("vjp {} by {wrt:?}", self.name(*func)),
            NodeKind::Part(place) => format!("part {place}"),
            NodeKind::Scan {
                func,
                n_states,
                n_each,
                is_reversed,
                ..
            } => format!(
                "scan {} {n_states} {n_each}{}",
                self.name(*func),
                if *is_reversed { " reversed" } else { "" }
            ),
            NodeKind::Where(relation, left, right, trust) => {
                let (left, right) = (self.dim(left), self.dim(right));
                format!(
                    "{} {left} {} {right}",
                    format!("{trust:?}").to_lowercase(),
                    show_relation(*relation)
                )
            }
            NodeKind::Hole(_) => "hole".into(),
        }
    }

    fn name(&self, func: DraftId) -> &str {
        &self.draft.funcs[func].name
    }

    fn dim(&self, dim: &Dim) -> String {
        dim.display(&self.draft.dims.symbols).to_string()
    }

    /// `f64[..s, h: 28, _]`; an open float type is left out.
    fn pattern(&self, pattern: &Pattern) -> String {
        let elem = match pattern.elem {
            Elem::Fixed(DType::F32) | Elem::Float(_) => "",
            Elem::Fixed(dtype) => dtype.name(),
        };
        let axes = pattern.axes.iter().map(|axis| match axis {
            AxisPattern::Spread(spread) => format!("..{}", self.draft.spreads[*spread].name),
            AxisPattern::Hole => "_".into(),
            AxisPattern::Axis(Some(label), dim) => format!("{label}: {}", self.dim(dim)),
            AxisPattern::Axis(None, dim) => self.dim(dim),
        });
        format!("{elem}[{}]", list(axes))
    }

    fn prim(&self, prim: &Prim) -> String {
        match prim {
            Prim::Scalar(f) => f.name().into(),
            Prim::Cast(dtype) => format!("cast {dtype}"),
            Prim::StopGradient => "stop_gradient".into(),
            Prim::Reduce(monoid, axes) => format!("{} over {axes}", monoid.name()),
            Prim::Count(axes) => format!("count over {axes}"),
            Prim::ArgReduce(extreme, axis) => format!("{} over {axis}", extreme.name()),
            Prim::CumSum(axis) => format!("cumsum over {axis}"),
            Prim::Sort(axis) => format!("sort over {axis}"),
            Prim::ArgSort(axis) => format!("argsort over {axis}"),
            Prim::Ranks(axis) => format!("ranks over {axis}"),
            Prim::MatMul => "matmul".into(),
            Prim::Transpose => "transpose".into(),
            Prim::Einsum(pattern) => format!("einsum \"{pattern}\""),
            Prim::Rearrange(pattern) => self.rearrange(pattern),
            Prim::Permute(axes) => format!("permute [{}]", list(axes.iter())),
            Prim::Reshape(sizes) => format!(
                "reshape [{}]",
                list(sizes.iter().map(|size| self.new_dim(size)))
            ),
            Prim::Flatten(keep) => format!("flatten keep {keep}"),
            Prim::Squeeze(axis) => format!("squeeze {axis}"),
            Prim::Expand(at) => format!("expand {at}"),
            Prim::Broadcast(None) => "broadcast".into(),
            Prim::Broadcast(Some(along)) => format!("broadcast along {along}"),
            Prim::Index(specs) => format!(
                "index [{}]",
                list(specs.iter().map(|spec| self.index(spec)))
            ),
            Prim::Concat(axis) => format!("concat {axis}"),
            Prim::Stack(at) => format!("stack {at}"),
            Prim::Split(parts, axis) => format!("split {parts} along {axis}"),
            Prim::Unstack(parts, axis) => format!("unstack {parts} along {axis}"),
            Prim::Reverse(axis) => format!("reverse {axis}"),
            Prim::Pad(axis, before, after) => {
                format!("pad {axis} {}, {}", self.dim(before), self.dim(after))
            }
            Prim::Windows(axis, spec) => format!("windows {axis} {}", self.window(spec)),
            Prim::Overlap(axis, spec, more) => {
                format!(
                    "overlap {axis} {} more {}",
                    self.window(spec),
                    self.dim(more)
                )
            }
            Prim::Take(axis) => format!("take {axis}"),
            Prim::OneHotLike => "one_hot_like".into(),
            Prim::Fill => "fill".into(),
            Prim::Indices(axis) => format!("indices {axis}"),
            Prim::Random(distribution, place) => {
                format!("random {} {place:#x}", distribution.name())
            }
            Prim::Inverse => "inverse".into(),
            Prim::Solve(kind) => format!("solve {}", kind.name()),
            Prim::Factor(kind) => kind.name().into(),
        }
    }

    fn window(&self, spec: &WindowSpec) -> String {
        let size = spec.size.as_ref();
        let size = size.map_or_else(String::new, |size| format!("of {} ", self.dim(size)));
        let (stride, dilation) = (self.dim(&spec.stride), self.dim(&spec.dilation));
        format!("{size}by {stride} dilated {dilation}")
    }

    fn rearrange(&self, pattern: &Rearrange) -> String {
        let groups =
            |groups: &[LetterGroup]| groups.iter().map(show_group).collect::<Vec<_>>().join(" ");
        let sizes = pattern
            .sizes
            .iter()
            .map(|(name, dim)| format!(" {name}: {}", self.dim(dim)));
        let sizes: String = sizes.collect();
        format!(
            "rearrange \"{} -> {}\"{sizes}",
            groups(&pattern.from),
            groups(&pattern.to)
        )
    }

    fn new_dim(&self, size: &NewDim) -> String {
        match size {
            NewDim::Size(dim) => self.dim(dim),
            NewDim::Rest => "_".into(),
        }
    }

    fn index(&self, spec: &IndexSpec) -> String {
        let end = |dim: &Option<Dim>| dim.as_ref().map_or_else(String::new, |dim| self.dim(dim));
        match spec {
            IndexSpec::Ellipsis => "...".into(),
            IndexSpec::At(dim) => self.dim(dim),
            IndexSpec::Range(start, stop) => format!("{}:{}", end(start), end(stop)),
        }
    }
}

/// `b`, `(n h)`
fn show_group(group: &LetterGroup) -> String {
    match group.as_slice() {
        [only] => only.clone(),
        [..] => format!("({})", group.join(" ")),
    }
}

fn show_relation(relation: Relation) -> &'static str {
    match relation {
        Relation::Equal => "==",
        Relation::AtMost => "<=",
        Relation::Divides => "divides",
    }
}

fn show_why(why: &Why) -> String {
    match why {
        Why::Argument { callee, param } => format!("for {callee}({param})"),
        Why::Result { callee } => format!("as result of {callee}"),
        Why::Let(name) => format!("as {name}"),
        Why::Param(path) => format!("as param {path}"),
        Why::Field {
            field,
            because: _,
            input,
        } => format!("field {field} for {input}"),
        Why::Loss => "as loss".into(),
    }
}

impl Display for AxisRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AxisRef::Index(index) => write!(f, "{index}"),
            AxisRef::Named(name, _) => f.write_str(name),
        }
    }
}

impl Display for AxisSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AxisSet::All => f.write_str("all"),
            AxisSet::These(axes) => write!(f, "[{}]", list(axes.iter())),
            AxisSet::AllBut(axes) => write!(f, "all but [{}]", list(axes.iter())),
        }
    }
}

impl Display for Einsum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operands = list(self.operands.iter().map(|letters| letters.join(" ")));
        write!(f, "{operands} -> {}", self.out.join(" "))
    }
}
