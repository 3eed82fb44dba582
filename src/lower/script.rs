//! The top level of a program: its runs and statements, in the order they happen. A run is trained where it is declared, or
//! before the first statement that speaks of it.

use std::collections::BTreeMap;

use crate::diag::Diagnostic;
use crate::lower::convert::is_named;
use crate::lower::facts::DataFacts;
use crate::lower::plan::{Action, Run, Script};
use crate::lower::scope::World;
use crate::lower::value::ScopeId;
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::source::SourceMap;
use crate::syntax::ast::{self, ExprKind, Item, ItemKind, Program, Stmt, StmtKind};
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

    pub(crate) fn lowered_run(
        &mut self,
        cx: &Cx,
        block: &ast::Block<ast::Field>,
    ) -> Lowering<usize> {
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
