//! The top level of a program: its runs and statements, in the order they happen. A run is trained where it is declared, or
//! before the first statement that speaks of it.

use std::collections::BTreeMap;

use crate::diag::Diagnostic;
use crate::ir::draft::{DraftId, NodeKind, Prim};
use crate::lower::call::Bound;
use crate::lower::convert::is_named;
use crate::lower::facts::{DataFacts, FieldFacts};
use crate::lower::layer::ModelState;
use crate::lower::plan::{Action, Assert, Compute, Run, Script, Show, Shown};
use crate::lower::scope::World;
use crate::lower::value::{Host, ScopeId, TensorRef, Val};
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::source::{SourceMap, Span};
use crate::syntax::ast::{
    self, BinaryOp, Expr, ExprKind, Item, ItemKind, Pattern, Program, Stmt, StmtKind,
};
use crate::tensor::Monoid;
use crate::types::DType;

/// What is to be done with a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything but its tests.
    Run,
    /// Its tests, and what they need.
    Test,
}

/// What lowering has to be told of the world outside the program.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The data blocks, read.
    pub data: Vec<DataFacts>,
    /// Tensors that are there already, by name.
    pub globals: Vec<(String, DType, Vec<usize>)>,
    /// Sizes of file-wide dimensions that data has decided.
    pub solved: BTreeMap<String, i64>,
}

/// Lowers the runs and statements of a program.
pub fn lower_script(
    world: &World,
    sources: &SourceMap,
    scope: ScopeId,
    program: &Program,
    around: Surroundings,
    mode: Mode,
) -> (Script, crate::diag::Diagnostics) {
    let mut lowerer = Lowerer::new(world, sources, around.solved);
    lowerer.data = around.data;
    lowerer.draft.globals = around.globals;
    lowerer.file = Some(scope);
    lowerer.trains = program
        .items
        .iter()
        .filter_map(train_block)
        .cloned()
        .collect();
    let cx = lowerer.file_cx(scope);
    lowerer.script(cx, program, mode);
    let runs: Vec<Run> = lowerer.runs.into_iter().map(|run| run.plan).collect();
    let script = Script {
        draft: lowerer.draft,
        roots: lowerer.roots,
        runs,
        actions: lowerer.actions,
    };
    (script, lowerer.reports)
}

impl Lowerer<'_> {
    fn script(&mut self, mut cx: Cx, program: &Program, mode: Mode) {
        let mut waiting: Vec<&ast::Block<ast::Field>> =
            program.items.iter().filter_map(train_block).collect();
        for item in &program.items {
            let mentioned = |block: &&ast::Block<ast::Field>| match &item.kind {
                ItemKind::Train(own) => mode == Mode::Run && own.name == block.name,
                ItemKind::Stmt(_) | ItemKind::Test(_) => {
                    mentions(self.sources.text(item.span), &block.name.value)
                }
                ItemKind::Use(_)
                | ItemKind::Dim(_)
                | ItemKind::Type(_)
                | ItemKind::Def(_)
                | ItemKind::Data(_) => false,
            };
            let (now, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(mentioned);
            waiting = later;
            for block in now {
                let is_form = is_form(program, self.sources, &block.name.value);
                self.train(&cx, block, is_form);
            }
            // What is wrong has been reported; the next item may be right.
            let _ = self.item(&mut cx, item, mode);
        }
    }

    /// Lowers a run; one that is only a form for weights from files is not trained.
    fn train(&mut self, cx: &Cx, block: &ast::Block<ast::Field>, is_form: bool) {
        let n_reports = self.reports.iter().len();
        match self.lowered_run(cx, block) {
            Ok(index) if !is_form => self.actions.push(Action::Train(index)),
            Ok(_) => {}
            Err(Reported) => debug_assert!(
                self.reports.iter().len() > n_reports,
                "what is refused is reported"
            ),
        }
    }

    fn lowered_run(&mut self, cx: &Cx, block: &ast::Block<ast::Field>) -> Lowering<usize> {
        let data = self.data.clone();
        let run = self.run(cx, block, &data);
        self.precision = None;
        self.steps_per_epoch = None;
        self.caller = None;
        self.stack.clear();
        self.runs.push(run?);
        Ok(self.runs.len() - 1)
    }

    fn item(&mut self, cx: &mut Cx, item: &Item, mode: Mode) -> Lowering<()> {
        match (&item.kind, mode) {
            (ItemKind::Stmt(stmt), _) => self.top_statement(cx, stmt, mode),
            (ItemKind::Test(test), Mode::Test) => {
                self.actions.push(Action::Test(test.name.value.clone()));
                let mut inner = cx.clone();
                let mut result = Ok(());
                for stmt in &test.body.stmts {
                    result = result.and(self.top_statement(&mut inner, stmt, mode));
                }
                result
            }
            (ItemKind::Test(_), Mode::Run)
            | (ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_), _) => Ok(()),
            (ItemKind::Def(_) | ItemKind::Data(_) | ItemKind::Train(_), _) => Ok(()),
        }
    }

    /// A statement of the top level or of a test.
    fn top_statement(&mut self, cx: &mut Cx, stmt: &Stmt, mode: Mode) -> Lowering<()> {
        self.stack.clear();
        self.caller = None;
        match (&stmt.kind, mode) {
            (StmtKind::Let(pattern, ty, value), _) => {
                self.top_let(cx, pattern, ty.as_ref(), value, stmt.span)
            }
            (StmtKind::Show(value) | StmtKind::Expr(value), Mode::Run) => self.show(cx, value),
            (StmtKind::Expr(value), Mode::Test) => self.top_value(cx, value).map(|_| ()),
            (StmtKind::Save(value, path), Mode::Run) => self.save(cx, value, path),
            (StmtKind::Show(_) | StmtKind::Save(..), Mode::Test) => Ok(()),
            (StmtKind::Assert(condition), _) => self.assert(cx, condition),
            (
                StmtKind::Param(name, ..)
                | StmtKind::State(name, ..)
                | StmtKind::Next(name, _)
                | StmtKind::Tap(name, _),
                _,
            ) => {
                let report = Diagnostic::error(
                    codes::MISPLACED,
                    "parameters, states and taps belong in a layer or model",
                );
                Err(self.report(
                    report
                        .label(name.span, "at the top level")
                        .help("use `let` for a plain value"),
                ))
            }
        }
    }

    fn top_let(
        &mut self,
        cx: &mut Cx,
        pattern: &Pattern,
        ty: Option<&ast::Type>,
        value: &Expr,
        span: Span,
    ) -> Lowering<()> {
        let names: Vec<String> = match pattern {
            Pattern::Name(name) => vec![name.value.clone()],
            Pattern::Tuple(names) => names.iter().map(|name| name.value.clone()).collect(),
        };
        self.begin_statement(&format!("let {}", names.join(", ")));
        let mut inner = cx.clone();
        let outcome = self.let_stmt(&mut inner, pattern, ty, value);
        let values: Vec<Val> = names
            .iter()
            .map(|name| inner.env.get(name).cloned().unwrap_or(Val::Poison))
            .collect();
        let bound = outcome.and_then(|()| self.finish(&names, values, span));
        let failed = bound.is_err();
        let values = bound.unwrap_or_else(|_| vec![Val::Poison; names.len()]);
        // Symbols that the declared type introduced stay known.
        let settled = inner.settled();
        cx.env = names
            .iter()
            .zip(values)
            .fold(settled.env, |env, (name, value)| env.with(name, value));
        if failed { Err(Reported) } else { Ok(()) }
    }

    /// Begins the function of a statement.
    fn begin_statement(&mut self, name: &str) {
        self.frames.clear();
        self.model = ModelState::new(false);
        self.n_statements += 1;
        self.model
            .enter_room(&format!("statement{}", self.n_statements));
        self.open(name);
    }

    /// Ends the function of a statement: what it computes is bound by name, and the values speak of those names.
    fn finish(&mut self, names: &[String], values: Vec<Val>, span: Span) -> Lowering<Vec<Val>> {
        let mut results: Vec<(String, TensorRef)> = Vec::new();
        let mut named = Vec::new();
        for (name, value) in names.iter().zip(&values) {
            let mut leaves = Vec::new();
            let all = value.leaves();
            for (index, leaf) in all.iter().enumerate() {
                let leaf_name = if all.len() == 1 {
                    name.clone()
                } else {
                    format!("{name}.{index}")
                };
                leaves.push(self.finish_leaf(leaf, leaf_name, &mut results, span)?);
            }
            named.push(value.with_leaves(&mut leaves.into_iter()));
        }
        self.emit_compute(results, span)?;
        Ok(named)
    }

    fn finish_leaf(
        &mut self,
        leaf: &Val,
        name: String,
        results: &mut Vec<(String, TensorRef)>,
        span: Span,
    ) -> Lowering<Val> {
        match leaf {
            Val::Tensor(_) | Val::List(_) => {
                let tensor = self.to_tensor(leaf, span)?;
                let name = self.unique(name, results);
                results.push((name.clone(), tensor));
                Ok(Val::Global(name))
            }
            other => Ok(other.clone()),
        }
    }

    /// A later binding of the same name is another value.
    fn unique(&self, name: String, results: &[(String, TensorRef)]) -> String {
        let computed = self.actions.iter().flat_map(|action| match action {
            Action::Compute(compute) => compute.binds.as_slice(),
            _ => &[],
        });
        let taken: Vec<&str> = computed
            .chain(results.iter().map(|(name, _)| name))
            .map(String::as_str)
            .collect();
        let mut candidates =
            std::iter::once(name.clone()).chain((2..).map(|count| format!("{name}#{count}")));
        candidates
            .find(|candidate| !taken.contains(&candidate.as_str()))
            .unwrap_or(name)
    }

    fn emit_compute(&mut self, results: Vec<(String, TensorRef)>, span: Span) -> Lowering<()> {
        if results.is_empty() {
            return Ok(());
        }
        let binds: Vec<String> = results.iter().map(|(name, _)| name.clone()).collect();
        let recipes = self.model.recipes.clone();
        let (func, _) = self.close(results);
        self.export(func);
        let init = match recipes.is_empty() {
            true => None,
            false => {
                let paths = recipes
                    .iter()
                    .map(|recipe| recipe.role.path().to_string())
                    .collect();
                let name = format!("#{}", self.roots.len());
                Some((self.init_func(&recipes, &name)?, paths))
            }
        };
        self.actions.push(Action::Compute(Compute {
            func,
            init,
            binds,
            span,
        }));
        Ok(())
    }

    /// Registers a function whose results are globals.
    pub(crate) fn export(&mut self, func: DraftId) {
        self.draft.funcs[func].exports = true;
        self.mark_exports(func);
        self.roots.push(func);
    }

    /// The value of an expression at the top level, computed and bound under a name of its own.
    fn top_value(&mut self, cx: &Cx, expr: &Expr) -> Lowering<Val> {
        self.begin_statement("show");
        let value = self.eval(cx, expr)?;
        self.n_unnamed += 1;
        let names = [format!("${}", self.n_unnamed)];
        Ok(self.finish(&names, vec![value], expr.span)?.remove(0))
    }

    fn show(&mut self, cx: &Cx, expr: &Expr) -> Lowering<()> {
        let value = self.top_value(cx, expr)?;
        let value = self.shown(&value, expr.span)?;
        let title = self
            .sources
            .text(expr.span)
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        self.actions.push(Action::Show(Show {
            title,
            span: expr.span,
            value,
        }));
        Ok(())
    }

    fn shown(&mut self, value: &Val, span: Span) -> Lowering<Shown> {
        Ok(match value {
            Val::Global(name) => Shown::Tensor(name.clone()),
            Val::Number(number) => Shown::Text(number.to_string()),
            Val::Bool(truth) => Shown::Text(truth.to_string()),
            Val::Str(text) => Shown::Text(text.clone()),
            Val::Quantity(number, unit) => Shown::Text(format!("{number} {}", unit.name())),
            Val::Dim(dim) => Shown::Text(dim.display(&self.draft.dims.symbols).to_string()),
            Val::DType(dtype) => Shown::Text(dtype.to_string()),
            Val::Tuple(items) => Shown::Tuple(
                items
                    .iter()
                    .map(|item| self.shown(item, span))
                    .collect::<Lowering<_>>()?,
            ),
            Val::Record(fields) => {
                let fields = fields
                    .iter()
                    .map(|(name, value)| Ok((name.clone(), self.shown(value, span)?)));
                Shown::Record(fields.collect::<Lowering<_>>()?)
            }
            Val::Host(host) => shown_host(host),
            other => return Err(self.wrong_kind("something to show", other, span)),
        })
    }

    fn save(&mut self, cx: &Cx, value: &Expr, path: &Expr) -> Lowering<()> {
        let run = match self.eval(cx, value)? {
            Val::Host(Host::Run(run)) => run,
            other => {
                return Err(self.wrong_kind("the name of a `train` block", &other, value.span));
            }
        };
        let text = self.eval(cx, path)?;
        let text = self.to_str(&text, path.span)?;
        self.actions.push(Action::Save {
            run,
            path: text,
            span: path.span,
        });
        Ok(())
    }

    fn assert(&mut self, cx: &Cx, condition: &Expr) -> Lowering<()> {
        self.begin_statement("assert");
        let sides = comparison(condition);
        let value = self.eval(cx, condition)?;
        let truth = self.to_tensor(&value, condition.span)?;
        let every = NodeKind::Prim(Prim::Reduce(Monoid::All, crate::ir::draft::AxisSet::All));
        let truth = self.emit(every, &[truth], condition.span);
        self.n_unnamed += 1;
        let prefix = format!("${}", self.n_unnamed);
        let mut results = vec![(prefix.clone(), truth)];
        let mut shown = Vec::new();
        for (index, side) in sides.into_iter().flatten().enumerate() {
            let tensor = self.eval_tensor(cx, side)?;
            let name = format!("{prefix}.{index}");
            shown.push((self.sources.text(side.span).to_string(), name.clone()));
            results.push((name, tensor));
        }
        self.emit_compute(results, condition.span)?;
        let text = self.sources.text(condition.span).to_string();
        self.actions.push(Action::Assert(Assert {
            text,
            span: condition.span,
            truth: prefix,
            sides: shown,
        }));
        Ok(())
    }

    /// Primitives that only the top level can call.
    pub(crate) fn host_primitive(
        &mut self,
        name: &str,
        args: &[Bound],
        span: Span,
    ) -> Lowering<Val> {
        let frames = std::mem::take(&mut self.frames);
        let model = std::mem::take(&mut self.model);
        let result = match (frames.len(), name) {
            (1, "plot") => self.plot(args, span),
            (1, "evaluate") => self.evaluate_call(args, span),
            (1, "load") => self.load_call(args, span),
            _ => {
                let report = Diagnostic::error(
                    codes::MISPLACED,
                    format!("`{name}` belongs at the top level"),
                );
                Err(self.report(
                    report
                        .label(span, "inside a function")
                        .help("write it in a `let` or `show` of its own"),
                ))
            }
        };
        self.frames = frames;
        self.model = model;
        result
    }

    /// `predict(fit, iris.val)`: the model's output for a part's fields, or for inputs given as they are.
    pub(crate) fn predict(&mut self, args: &[Bound], span: Span) -> Lowering<Val> {
        let run = self.run_argument(argument(args, "run"))?;
        let on = argument(args, "on");
        let lowered = self.runs.iter().find(|known| known.plan.name == run);
        let inputs = match (&on.value, lowered) {
            (Val::Host(Host::Part(data, part)), Some(lowered)) => {
                let global =
                    |input: &FieldFacts| Val::Global(format!("{data}.{part}.{}", input.name));
                lowered.inputs.iter().map(global).collect()
            }
            (Val::Tuple(inputs), _) => inputs.clone(),
            (input, _) => vec![input.clone()],
        };
        let given = inputs.into_iter().map(|input| (input, on.span)).collect();
        self.apply_trained(&run, given, span)
    }

    fn run_argument(&mut self, bound: &Bound) -> Lowering<String> {
        match &bound.value {
            Val::Host(Host::Run(run)) => Ok(run.clone()),
            other => Err(self.wrong_kind("the name of a `train` block", other, bound.span)),
        }
    }

    /// `load("iris.nnlm", into: fit)` is a run like `fit` with weights from a file.
    fn load_call(&mut self, args: &[Bound], span: Span) -> Lowering<Val> {
        let run = self.run_argument(argument(args, "into"))?;
        let path = argument(args, "path");
        let path = self.to_str(&path.value, path.span)?;
        let block = self.trains.iter().find(|block| block.name.value == run);
        let mut block = block.cloned().ok_or(Reported)?;
        let scope = self.file.ok_or(Reported)?;
        block.name.value = format!("{run} from {path} ({})", self.runs.len());
        block.name.span = span;
        let name = block.name.value.clone();
        let cx = self.file_cx(scope);
        let index = self.lowered_run(&cx, &block)?;
        self.actions.push(Action::Load {
            run: index,
            path,
            span,
        });
        Ok(Val::Host(Host::Run(name)))
    }

    fn plot(&mut self, args: &[Bound], span: Span) -> Lowering<Val> {
        let run = match &argument(args, "history").value {
            Val::Host(Host::History(run) | Host::Run(run)) => run.clone(),
            other => {
                return Err(self.wrong_kind("the history of a run: `fit.history`", other, span));
            }
        };
        let Val::List(curves) = &argument(args, "y").value else {
            return Ok(Val::Host(Host::Plot(run, vec![])));
        };
        let name = |curve: &Val| match curve {
            Val::Str(name) => Some(name.clone()),
            _ => None,
        };
        Ok(Val::Host(Host::Plot(
            run,
            curves.iter().filter_map(name).collect(),
        )))
    }

    /// `evaluate(fit, on: iris.val, metrics: [accuracy])` is a record of metrics.
    fn evaluate_call(&mut self, args: &[Bound], span: Span) -> Lowering<Val> {
        let run = self.run_argument(argument(args, "run"))?;
        let (data, part) = match &argument(args, "on").value {
            Val::Host(Host::Part(data, part)) => (data.clone(), part.clone()),
            other => {
                return Err(self.wrong_kind(
                    "a part of the data such as `iris.val`",
                    other,
                    argument(args, "on").span,
                ));
            }
        };
        let lowered = self
            .runs
            .iter()
            .find(|known| known.plan.name == run)
            .cloned()
            .ok_or(Reported)?;
        if lowered.data.name != data {
            let message = format!(
                "`{run}` was trained on `{}`, not on `{data}`",
                lowered.data.name
            );
            return Err(self.report(
                Diagnostic::error(codes::TRAIN_SETTING, message).label(span, "evaluated here"),
            ));
        }
        let metrics = self.metric_values(argument(args, "metrics"))?;
        let metrics = self.metrics_func(&lowered, |_, _| Ok(metrics))?;
        self.n_unnamed += 1;
        let prefix = format!("evaluation{}", self.n_unnamed);
        let func = metrics.func;
        for (result, name) in self.draft.funcs[func]
            .results
            .iter_mut()
            .zip(&metrics.names)
        {
            result.0 = format!("{prefix}.{name}");
        }
        self.draft.funcs[func].exports = true;
        let fields = metrics
            .names
            .iter()
            .map(|name| (name.clone(), Val::Global(format!("{prefix}.{name}"))));
        let record = Val::Record(fields.collect());
        self.actions.push(Action::Evaluate {
            run,
            part,
            metrics,
            prefix,
        });
        Ok(record)
    }

    fn metric_values(&mut self, metrics: &Bound) -> Lowering<Vec<(String, Val, Span)>> {
        let items = match &metrics.value {
            Val::List(items) | Val::Tuple(items) => items.clone(),
            single => vec![single.clone()],
        };
        let mut named = Vec::new();
        for item in items {
            let name = match &item {
                Val::Def(def) => self.world.defs[*def].def.name.value.clone(),
                Val::Closure(closure) => match closure.as_ref() {
                    crate::lower::value::Closure::Settled { def, .. } => {
                        self.world.defs[*def].def.name.value.clone()
                    }
                    _ => format!("metric{}", named.len()),
                },
                other => {
                    return Err(self.wrong_kind(
                        "a metric, a function of output and target",
                        other,
                        metrics.span,
                    ));
                }
            };
            named.push((name, item, metrics.span));
        }
        Ok(named)
    }
}

fn argument<'a>(args: &'a [Bound], name: &str) -> &'a Bound {
    args.iter()
        .find(|bound| bound.name == name)
        .expect("the library declares what a primitive takes")
}

fn shown_host(host: &Host) -> Shown {
    match host {
        Host::Run(run) => Shown::Run(run.clone()),
        Host::History(run) => Shown::History(run.clone()),
        Host::Data(data) | Host::Part(data, _) => Shown::Data(data.clone()),
        Host::Plot(run, curves) => Shown::Plot {
            run: run.clone(),
            curves: curves.clone(),
        },
    }
}

fn train_block(item: &Item) -> Option<&ast::Block<ast::Field>> {
    match &item.kind {
        ItemKind::Train(block) => Some(block),
        _ => None,
    }
}

/// Whether the program uses a run only as a form for weights from files.
fn is_form(program: &Program, sources: &SourceMap, run: &str) -> bool {
    let speaks = |item: &&Item| {
        matches!(item.kind, ItemKind::Stmt(_)) && mentions(sources.text(item.span), run)
    };
    let mut speaking = program.items.iter().filter(speaks).peekable();
    speaking.peek().is_some() && speaking.all(|item| loads(item, run))
}

/// Whether a statement loads weights into the run of this name.
fn loads(item: &Item, run: &str) -> bool {
    let ItemKind::Stmt(stmt) = &item.kind else {
        return false;
    };
    let (StmtKind::Let(_, _, value) | StmtKind::Show(value) | StmtKind::Expr(value)) = &stmt.kind
    else {
        return false;
    };
    let ExprKind::Call(callee, args) = &value.kind else {
        return false;
    };
    is_named(callee, "load") && args.iter().any(|arg| is_named(&arg.value, run))
}

/// Whether a text speaks of a name.
fn mentions(text: &str, name: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .any(|word| word == name)
}

/// Both sides of a comparison.
fn comparison(expr: &Expr) -> Option<[&Expr; 2]> {
    let ExprKind::Chain(left, rest) = &expr.kind else {
        return None;
    };
    let [(op, right)] = rest.as_slice() else {
        return None;
    };
    let compares = matches!(
        op.value,
        BinaryOp::Eq | BinaryOp::Ne | BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge
    );
    compares.then_some([left, right])
}
