//! The top level of a program: its runs and statements, in the order they happen. A run is trained where it is declared, or
//! before the first statement that speaks of it.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::diag::Diagnostic;
use crate::lower::convert::is_named;
use crate::lower::facts::DataFacts;
use crate::lower::known::{Memory, bound};
use crate::lower::plan::{Action, Run, Script};
use crate::lower::scope::World;
use crate::lower::value::{ScopeId, Val};
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::source::SourceMap;
use crate::syntax::ast::{self, ExprKind, Item, ItemKind, Program, Stmt, StmtKind};
use crate::types::DType;

/// What is to be done with a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Everything but its tests.
    Run,
    /// Everything, its tests in their places: what was typed at a prompt.
    Line,
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
    /// Items that are done.
    pub known: Rc<Memory>,
    /// Globals that a program may name.
    pub given: Vec<String>,
    /// The element type that floats have where nothing else decides.
    pub float: Option<DType>,
    /// Whether runs come with the link of their output.
    pub presents: bool,
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
    lowerer.taken = bound(&around.known);
    lowerer.taken.extend(around.given.iter().cloned());
    lowerer.presents = around.presents;
    lowerer.float = around.float;
    lowerer.precision = around.float;
    lowerer.draft.float = around.float;
    lowerer.trains = program
        .items
        .iter()
        .filter_map(train_block)
        .cloned()
        .collect();
    let given = around.given.iter();
    let given = given.map(|name| (name.as_str(), Val::Global(name.clone())));
    let cx = given.fold(lowerer.file_cx(scope), |cx, (name, value)| {
        cx.with(name, value)
    });
    let left = lowerer.script(cx, program, &around.known, mode);
    let runs: Vec<Run> = lowerer.runs.into_iter().map(|run| run.plan).collect();
    let script = Script {
        draft: lowerer.draft,
        roots: lowerer.roots,
        runs,
        actions: lowerer.actions,
        left,
    };
    (script, lowerer.reports)
}

impl Lowerer<'_> {
    /// Lowers all items that are not known, and tells what they leave.
    fn script(&mut self, mut cx: Cx, program: &Program, known: &Memory, mode: Mode) -> Memory {
        let mut left = Memory::new();
        let mut waiting: Vec<Waiting<'_>> = program
            .items
            .iter()
            .filter_map(|item| Waiting::of(item, known))
            .collect();
        for item in &program.items {
            if let Some(known) = known.get(&item.span) {
                cx.env = self.recall(&cx.env, known);
                continue;
            }
            let is_now = |run: &Waiting<'_>| self.is_mentioned(item, &run.block.name.value, mode);
            let (now, later): (Vec<_>, Vec<_>) = waiting.into_iter().partition(is_now);
            waiting = later;
            for run in now {
                let is_form = is_form(program, self.sources, &run.block.name.value);
                self.train(&cx, &run, is_form);
            }
            let before = cx.env.clone();
            // What is wrong has been reported; the next item may be right.
            let _ = self.item(&mut cx, item, mode);
            let known = self.left(&before, &cx.env);
            left.extend(known.map(|known| (item.span, known)));
        }
        left
    }

    /// Whether an item is a run, or a statement that speaks of it.
    fn is_mentioned(&self, item: &Item, run: &str, mode: Mode) -> bool {
        match &item.kind {
            ItemKind::Train(own) => mode != Mode::Test && own.name.value == run,
            ItemKind::Stmt(_) | ItemKind::Test(_) => mentions(self.sources.text(item.span), run),
            ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_) => false,
            ItemKind::Def(_) | ItemKind::Data(_) => false,
        }
    }

    /// Lowers a run; one that is only a form for weights from files is not trained, and one that was trained before keeps what
    /// its results are read with.
    fn train(&mut self, cx: &Cx, run: &Waiting<'_>, is_form: bool) {
        let (n_reports, n_roots) = (self.reports.iter().len(), self.roots.len());
        match self.lowered_run(cx, run.block) {
            Ok(index) if run.is_done => self.forget_training(index, n_roots),
            Ok(index) if !is_form => self.actions.push(Action::Train(index)),
            Ok(_) => {}
            Err(Reported) => debug_assert!(
                self.reports.iter().len() > n_reports,
                "what is refused is reported"
            ),
        }
    }

    /// Of the functions of a run that was trained before, those that train it are not needed again.
    fn forget_training(&mut self, run: usize, n_before: usize) {
        let plan = &self.runs[run].plan;
        let needed = [plan.eval, plan.forward];
        let own = self.roots.split_off(n_before);
        let kept = own.into_iter().filter(|root| needed.contains(root));
        self.roots.extend(kept);
    }

    pub(crate) fn lowered_run(
        &mut self,
        cx: &Cx,
        block: &ast::Block<ast::Field>,
    ) -> Lowering<usize> {
        let data = self.data.clone();
        let run = self.run(cx, block, &data);
        self.precision = self.float;
        self.steps_per_epoch = None;
        self.scales_lr = false;
        self.caller = None;
        self.stack.clear();
        self.runs.push(run?);
        Ok(self.runs.len() - 1)
    }

    fn item(&mut self, cx: &mut Cx, item: &Item, mode: Mode) -> Lowering<()> {
        match (&item.kind, mode) {
            (ItemKind::Stmt(stmt), _) => self.top_statement(cx, stmt, mode),
            (ItemKind::Test(test), Mode::Test | Mode::Line) => self.test(cx, test),
            (ItemKind::Test(_), Mode::Run)
            | (ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_), _) => Ok(()),
            (ItemKind::Def(_) | ItemKind::Data(_) | ItemKind::Train(_), _) => Ok(()),
        }
    }

    fn test(&mut self, cx: &Cx, test: &ast::Test) -> Lowering<()> {
        self.actions
            .push(Action::Test(Some(test.name.value.clone())));
        let mut inner = cx.clone();
        let mut result = Ok(());
        for stmt in &test.body.stmts {
            result = result.and(self.top_statement(&mut inner, stmt, Mode::Test));
        }
        self.actions.push(Action::Test(None));
        result
    }

    /// A statement of the top level or of a test.
    fn top_statement(&mut self, cx: &mut Cx, stmt: &Stmt, mode: Mode) -> Lowering<()> {
        self.stack.clear();
        self.caller = None;
        match (&stmt.kind, mode) {
            (StmtKind::Let(pattern, ty, value), _) => {
                self.top_let(cx, pattern, ty.as_ref(), value, stmt.span)
            }
            (StmtKind::Show(value) | StmtKind::Expr(value), Mode::Run | Mode::Line) => {
                self.show(cx, value)
            }
            (StmtKind::Expr(value), Mode::Test) => self.top_value(cx, value).map(|_| ()),
            (StmtKind::Save(value, path), Mode::Run | Mode::Line) => self.save(cx, value, path),
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
}

/// A run that no item has asked for yet.
struct Waiting<'p> {
    block: &'p ast::Block<ast::Field>,
    /// Whether it was trained before.
    is_done: bool,
}

impl<'p> Waiting<'p> {
    fn of(item: &'p Item, known: &Memory) -> Option<Waiting<'p>> {
        Some(Waiting {
            block: train_block(item)?,
            is_done: known.contains_key(&item.span),
        })
    }
}

fn train_block(item: &Item) -> Option<&Rc<ast::Block<ast::Field>>> {
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
pub(crate) fn mentions(text: &str, name: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .any(|word| word == name)
}
