//! Syntax tree to draft IR: names are resolved, functions and layers inlined at each use, records taken apart, parameters
//! collected under their paths, static choices made. Knows no shapes: types pass through as patterns for the checker.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "lowering asks for a few kinds of value or expression, and reports every other as the wrong one"
)]
#![expect(
    clippy::wrong_self_convention,
    reason = "`to_tensor` and its kin convert their argument; the lowerer emits what that takes"
)]

mod arguments;
mod body;
mod call;
mod claims;
mod classes;
pub mod codes;
mod convert;
mod custom;
mod define;
mod diff;
mod dims;
mod drawing;
mod expr;
mod facts;
mod fields;
mod filing;
mod frame;
mod generate;
mod groups;
mod host;
mod inline;
mod inspect;
mod known;
mod layer;
mod metrics;
mod model_state;
mod name;
mod parts;
mod pictures;
mod plan;
mod prim;
mod read;
mod run;
mod run_fields;
mod scan;
mod scope;
mod script;
mod settings;
mod settled;
mod statement;
mod step;
mod strings;
mod trained;
mod types;
mod value;
mod watching;
mod weights;

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::diag::{Diagnostic, Diagnostics};
use crate::ir::draft::{Draft, DraftId, Elem, FloatVar};
use crate::ir::{Called, Origin, OriginId};
use crate::lower::claims::Marks;
use crate::lower::frame::Frame;
use crate::lower::model_state::ModelState;
use crate::lower::run::{Fed, LoweredRun};
use crate::lower::scope::{DefId, Global};
use crate::lower::types::Signature;
use crate::lower::value::{Env, Val};
use crate::source::{SourceMap, Span};
use crate::syntax::ast;
use crate::types::{DType, Dim, SymKind};

pub use define::{Definitions, lower_definitions, lower_definitions_of};
pub use facts::{DataFacts, FieldFacts};
pub use known::{Known, Memory};
pub use plan::{
    Action, Assert, Checkpointing, Compute, EarlyStop, Evaluate, Generate, ImageLayout,
    InitialWeights, Length, Metrics, Plateau, Run, RunSettings, Sampling, Script, Show, Shown,
};
pub use scope::{Documented, Library, Scope, World};
pub use script::{Mode, Surroundings, lower_script};
pub use trained::best_name;
pub use value::ScopeId;

/// Marks that what went wrong has been reported already.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported;

/// A result whose error has been reported.
pub(crate) type Lowering<T> = Result<T, Reported>;

/// Where an expression stands: its local names, its file, and the signature whose float type and spreads it shares.
#[derive(Clone, Debug)]
pub(crate) struct Cx {
    pub(crate) env: Env,
    pub(crate) scope: ScopeId,
    pub(crate) signature: Rc<Signature>,
}

impl Cx {
    /// The same place with one more local name.
    pub(crate) fn with(&self, name: impl Into<String>, value: Val) -> Cx {
        Cx {
            env: self.env.with(name, value),
            ..self.clone()
        }
    }

    /// The same place without what is computed at run time: what a function of its own may use.
    pub(crate) fn settled(&self) -> Cx {
        Cx {
            env: self.env.settled(),
            ..self.clone()
        }
    }
}

/// Everything lowering carries along.
pub(crate) struct Lowerer<'w> {
    pub(crate) world: &'w World,
    pub(crate) sources: &'w SourceMap,
    pub(crate) draft: Draft,
    pub(crate) reports: Diagnostics,
    pub(crate) frames: Vec<Frame>,
    /// The parameters, states and paths of the function being lowered.
    pub(crate) model: ModelState,
    /// The call that led into the definition being inlined.
    pub(crate) caller: Option<OriginId>,
    /// The call of a primitive that is being lowered.
    pub(crate) called: Option<Called>,
    /// The definitions being inlined, outermost first.
    pub(crate) stack: Vec<DefId>,
    /// Whether a definition is lowered for its own sake, its symbols standing for every size.
    pub(crate) generic: bool,
    /// Updates in one epoch, where a run is being lowered.
    pub(crate) steps_per_epoch: Option<f64>,
    /// Whether the learning rates of the run being lowered have a common factor, which the run changes.
    pub(crate) scales_lr: bool,
    /// Sizes of file-wide dimensions that data has decided.
    pub(crate) solved: BTreeMap<String, i64>,
    pub(crate) n_nodes: usize,
    /// What is claimed of values.
    pub(crate) marks: Marks,
    /// How many names the value being evaluated will be bound to, if several.
    pub(crate) arity: Option<usize>,
    /// The fields being fed to the model that is being applied.
    pub(crate) fed: Vec<Fed>,
    /// The data blocks that have been read.
    pub(crate) data: Vec<DataFacts>,
    /// The runs lowered so far.
    pub(crate) runs: Vec<LoweredRun>,
    /// The outermost functions, in the order they must be checked.
    pub(crate) roots: Vec<DraftId>,
    /// Tensors of the top level that may be read again: their names are taken.
    pub(crate) taken: BTreeSet<String>,
    /// What to do when the program runs.
    pub(crate) actions: Vec<Action>,
    /// How many values of the top level have been given a name of their own.
    pub(crate) n_unnamed: usize,
    /// How many statements have been begun: each draws random numbers of its own.
    pub(crate) n_statements: usize,
    /// The element type that floats have where nothing else decides.
    pub(crate) precision: Option<DType>,
    /// The same outside runs.
    pub(crate) float: Option<DType>,
    /// The program's own file.
    pub(crate) file: Option<ScopeId>,
    /// Whether runs come with the link of their output.
    pub(crate) presents: bool,
    /// The `train` blocks of the program.
    pub(crate) trains: Vec<Rc<ast::Block<ast::Field>>>,
    file_dims: BTreeMap<(usize, String), Option<Dim>>,
    /// The definitions of each circle that has been told.
    circles: BTreeSet<BTreeSet<String>>,
    /// Whether it has been told that the program grows too large.
    is_full: bool,
}

impl<'w> Lowerer<'w> {
    pub(crate) fn new(
        world: &'w World,
        sources: &'w SourceMap,
        solved: BTreeMap<String, i64>,
    ) -> Self {
        Lowerer {
            world,
            sources,
            draft: Draft::default(),
            reports: Diagnostics::new(),
            frames: vec![],
            model: ModelState::default(),
            caller: None,
            called: None,
            stack: vec![],
            generic: false,
            steps_per_epoch: None,
            scales_lr: false,
            solved,
            n_nodes: 0,
            marks: Marks::default(),
            arity: None,
            fed: vec![],
            data: vec![],
            runs: vec![],
            roots: vec![],
            taken: BTreeSet::new(),
            actions: vec![],
            n_unnamed: 0,
            n_statements: 0,
            precision: None,
            float: None,
            file: None,
            presents: false,
            trains: vec![],
            file_dims: BTreeMap::new(),
            circles: BTreeSet::new(),
            is_full: false,
        }
    }

    /// Records a report, and marks that it was.
    pub(crate) fn report(&mut self, report: Diagnostic) -> Reported {
        self.reports.push(self.at_user(report));
        Reported
    }

    /// What goes wrong inside the library is told at the user's call, the library's place as a note.
    pub(crate) fn at_user(&self, mut report: Diagnostic) -> Diagnostic {
        let in_library = report
            .labels
            .first()
            .is_some_and(|label| !self.sources.is_user(label.span));
        let calls = std::iter::successors(self.caller, |&call| self.draft.origins[call].caller);
        let mut calls = calls.map(|call| self.draft.origins[call].span);
        if let (true, Some(call)) = (in_library, calls.find(|span| self.sources.is_user(*span))) {
            let first = report.labels[0].clone();
            report
                .notes
                .push(format!("inside the library: {}", first.text));
            report.labels[0] = crate::diag::Label {
                span: call,
                text: "from this use".into(),
            };
        }
        report
    }

    /// The origin of a node written at `span`, within the calls being inlined.
    pub(crate) fn origin(&mut self, span: Span) -> OriginId {
        self.draft.origins.push(Origin {
            span,
            caller: self.caller,
            called: self.called,
        })
    }

    /// A float type that is still open.
    pub(crate) fn open_float(&mut self) -> Elem {
        let default = self.precision;
        Elem::Float(self.draft.floats.push(FloatVar { default }))
    }

    /// An environment with the names of a file and nothing else.
    pub(crate) fn file_cx(&mut self, scope: ScopeId) -> Cx {
        let float = self.open_float();
        Cx {
            env: Env::default(),
            scope,
            signature: Rc::new(Signature {
                float,
                spreads: vec![],
            }),
        }
    }

    /// The size of a file-wide `dim`: written, solved from data, or a symbol.
    pub(crate) fn file_dim(&mut self, cx: &Cx, decl: &Rc<ast::DimDecl>) -> Lowering<Dim> {
        let key = (decl.name.span.source.index(), decl.name.value.clone());
        match self.file_dims.get(&key) {
            Some(Some(dim)) => return Ok(dim.clone()),
            Some(None) => {
                return Err(self.recursion(
                    &[decl.name.value.clone(), decl.name.value.clone()],
                    decl.name.span,
                ));
            }
            None => {}
        }
        self.file_dims.insert(key.clone(), None);
        let dim = match (&decl.value, self.solved.get(&decl.name.value)) {
            (Some(value), _) => {
                let scope = Cx {
                    env: Env::default(),
                    ..cx.clone()
                };
                self.dim_expr(&scope, value)?
            }
            (None, Some(size)) => Dim::int(*size),
            (None, None) => Dim::sym(self.draft.dims.fresh(
                &decl.name.value,
                SymKind::Rigid,
                Some(decl.name.span),
            )),
        };
        self.file_dims.insert(key, Some(dim.clone()));
        Ok(dim)
    }

    /// The file-wide dimension of this name, if there is one.
    pub(crate) fn global_file_dim(&mut self, cx: &Cx, name: &str) -> Option<Lowering<Dim>> {
        match self
            .world
            .find(cx.scope, name)
            .map(|entry| entry.global.clone())
        {
            Some(Global::Dim(decl)) => Some(self.file_dim(cx, &decl)),
            _ => None,
        }
    }

    /// A circle of names is told once, wherever one steps into it.
    pub(crate) fn recursion(&mut self, path: &[String], span: Span) -> Reported {
        if !self.circles.insert(path.iter().cloned().collect()) {
            return Reported;
        }
        let message = format!("`{}` needs itself: {}", path[0], path.join(" → "));
        let report = Diagnostic::error(codes::RECURSION, message).label(span, "needed again here");
        self.report(report.help("definitions are inlined, so none may lead back to itself; `repeat` makes several layers in a row"))
    }

    /// Told once: what else does not fit any more is a consequence.
    pub(crate) fn too_large(&mut self, span: Span, budget: usize) -> Reported {
        if std::mem::replace(&mut self.is_full, true) {
            return Reported;
        }
        let report = Diagnostic::error(
            codes::TOO_LARGE,
            format!("the program grows past {budget} operations"),
        );
        self.report(
            report
                .label(span, "while this was expanded")
                .help("repeat fewer times, or call fewer functions within functions"),
        )
    }
}
