//! Looking inside: `inspect(fit.model, x, taps: [body[0].pattern])` applies a trained model and gives what its taps hold, in a record as
//! deep as their paths. A tap that nobody asks for is an ordinary `let`. With `plus` the model goes on with what a tap
//! holds and a tensor more, so that one can ask how its output depends on that.

use crate::diag::{Diagnostic, did_you_mean};
use crate::ir::draft::NodeKind;
use crate::lower::arguments::Bound;
use crate::lower::facts::FieldFacts;
use crate::lower::host::argument;
use crate::lower::value::{Closure, TensorRef, Val};
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::scalar::Scalar;
use crate::source::Span;
use crate::syntax::ast::Name;

/// What taps hold while a model is applied for somebody to look inside.
#[derive(Debug)]
pub(crate) struct Tapped {
    /// How many functions were being written when it was applied: a value within another function is out of reach.
    depth: usize,
    values: Vec<(String, TensorRef)>,
    /// What is added to a tap, by path.
    more: Vec<(String, Val)>,
}

impl Tapped {
    /// What is added to the tap of this path.
    fn more(&self, path: &str) -> Option<&Val> {
        let is_it = |(own, _): &&(String, Val)| own == path || *own == shortened(path);
        self.more.iter().find(is_it).map(|(_, more)| more)
    }
}

impl Lowerer<'_> {
    /// `inspect(model, on, taps, plus)`: the model's output, the taps by path, and the tokens of a text that it is applied to.
    pub(crate) fn inspect(&mut self, args: &[Bound], span: Span) -> Lowering<Val> {
        let run = self.model_argument(argument(args, "model"))?;
        let on = argument(args, "on");
        let wanted = argument(args, "taps");
        let paths = names(&wanted.value);
        let asked = Tapped {
            depth: self.frames.len(),
            values: vec![],
            more: self.added(&paths, argument(args, "plus"))?,
        };
        let outer = self.model.tapped.replace(asked);
        let applied = self.apply_trained(&run, vec![(on.value.clone(), on.span)], span);
        let tapped = std::mem::replace(&mut self.model.tapped, outer);
        let out = applied?;
        let tapped = tapped.map_or(vec![], |tapped| tapped.values);
        let mut seen = Val::Record(vec![("out".to_owned(), out)]);
        for path in paths {
            let tensor = self.tapped_value(&tapped, &path, wanted.span)?;
            insert(&mut seen, &steps(&path), Val::Tensor(tensor));
        }
        if let Val::Str(text) = &on.value {
            let tokens = self.tokens_of(&run, text, on.span)?;
            let field = [Step::Field("tokens".into())];
            insert(&mut seen, &field, Val::Tuple(tokens));
        }
        Ok(seen)
    }

    /// The run whose model is given: `fit.model`, or `fit`.
    pub(crate) fn model_argument(&mut self, bound: &Bound) -> Lowering<String> {
        match &bound.value {
            Val::Closure(closure) => match closure.as_ref() {
                Closure::Trained { run } => Ok(run.clone()),
                _ => Err(self.wrong_kind("a trained model: `fit.model`", &bound.value, bound.span)),
            },
            other => Err(self.wrong_kind("a trained model: `fit.model`", other, bound.span)),
        }
    }

    fn tapped_value(
        &mut self,
        tapped: &[(String, TensorRef)],
        path: &str,
        span: Span,
    ) -> Lowering<TensorRef> {
        if let Some((_, tensor)) = tapped.iter().find(|(own, _)| own == path) {
            return Ok(*tensor);
        }
        let mut short = tapped.iter().filter(|(own, _)| shortened(own) == path);
        if let (Some((_, tensor)), None) = (short.next(), short.next()) {
            return Ok(*tensor);
        }
        let names: Vec<&str> = tapped.iter().map(|(own, _)| own.as_str()).collect();
        let report = Diagnostic::error(
            codes::UNKNOWN_FIELD,
            format!("the model has no tap `{path}`"),
        );
        let report = report.label(span, "asked for here");
        let help = match did_you_mean(path, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if names.is_empty() => "name a value in a layer: `tap pattern = …;`".to_owned(),
            None => format!("it has `{}`", names.join("`, `")),
        };
        Err(self.report(report.help(help)))
    }

    /// What is added to which tap: a tensor for each of the first ones.
    fn added(&mut self, paths: &[String], plus: &Bound) -> Lowering<Vec<(String, Val)>> {
        let given = match &plus.value {
            Val::List(items) | Val::Tuple(items) => items.as_slice(),
            other => return Err(self.wrong_kind("a list of tensors", other, plus.span)),
        };
        if given.len() > paths.len() {
            return Err(self.argument_count("`plus`", paths.len(), given.len(), plus.span));
        }
        Ok(paths.iter().cloned().zip(given.iter().cloned()).collect())
    }

    /// The value of a `tap`, if somebody asks for it and it belongs to the function that asks: noted, after what is added to it.
    pub(crate) fn tap(&mut self, cx: &mut Cx, name: &Name) -> Lowering<()> {
        let path = self.model.path_of(&name.value);
        let depth = self.frames.len();
        let asked = self.model.tapped.as_ref();
        let Some(asked) = asked.filter(|tapped| tapped.depth == depth) else {
            return Ok(());
        };
        if let (Some(more), Some(own)) = (asked.more(&path).cloned(), cx.env.get(&name.value)) {
            let terms = [(own.clone(), name.span), (more, name.span)];
            let sum = self.scalar_op(Scalar::Add, &terms, name.span)?;
            *cx = cx.with(&name.value, sum);
        }
        if let (Some(tapped), Some(Val::Tensor(tensor))) =
            (&mut self.model.tapped, cx.env.get(&name.value))
        {
            tapped.values.push((path, *tensor));
        }
        Ok(())
    }
}

/// The texts of a list or tuple of them.
pub(super) fn names(value: &Val) -> Vec<String> {
    let items = match value {
        Val::List(items) | Val::Tuple(items) => items.as_slice(),
        _ => &[],
    };
    let text = |item: &Val| match item {
        Val::Str(text) => Some(text.clone()),
        _ => None,
    };
    items.iter().filter_map(text).collect()
}

/// A path without the layers that no `let` names, where that leaves no doubt: `body[0].Attention[0].pattern` is `body[0].pattern`.
fn shortened(path: &str) -> String {
    let is_named = |part: &&str| !part.starts_with(|letter: char| letter.is_ascii_uppercase());
    let parts: Vec<&str> = path.split('.').filter(is_named).collect();
    parts.join(".")
}

/// One step of a path.
#[derive(Clone, Debug, PartialEq)]
enum Step {
    Field(String),
    Index(usize),
}

/// `body[0].pattern` as steps.
fn steps(path: &str) -> Vec<Step> {
    let parts = path.split(['.', '[']);
    let step = |part: &str| match part.strip_suffix(']').and_then(|at| at.parse().ok()) {
        Some(at) => Step::Index(at),
        None => Step::Field(part.to_owned()),
    };
    parts.map(step).collect()
}

/// Puts a value into nested records and tuples; what a tuple lacks before it are empty records.
fn insert(into: &mut Val, path: &[Step], value: Val) {
    let Some((first, rest)) = path.split_first() else {
        *into = value;
        return;
    };
    match first {
        Step::Field(name) => {
            if !matches!(into, Val::Record(_)) {
                *into = Val::Record(vec![]);
            }
            let Val::Record(fields) = into else { return };
            let known = fields.iter().position(|(own, _)| own == name);
            let at = known.unwrap_or_else(|| {
                fields.push((name.clone(), Val::Record(vec![])));
                fields.len() - 1
            });
            insert(&mut fields[at].1, rest, value);
        }
        Step::Index(at) => {
            if !matches!(into, Val::Tuple(_)) {
                *into = Val::Tuple(vec![]);
            }
            let Val::Tuple(items) = into else { return };
            while items.len() <= *at {
                items.push(Val::Record(vec![]));
            }
            insert(&mut items[*at], rest, value);
        }
    }
}

impl Lowerer<'_> {
    /// The last tokens of a text, as far as a window of the model takes them.
    fn tokens_of(&mut self, run: &str, text: &str, span: Span) -> Lowering<Vec<Val>> {
        let field = self.text_field(run)?;
        let (ids, length) = self.known_text(&field, text, span)?;
        let tokenizer = field.tokenizer.ok_or(Reported)?;
        let seen = &ids[ids.len().saturating_sub(length)..];
        let shown = seen.iter().map(|id| Val::Str(tokenizer.shown(*id)));
        Ok(shown.collect())
    }

    /// The field that a model of texts is fed with.
    pub(crate) fn text_field(&self, run: &str) -> Lowering<FieldFacts> {
        let known = self.runs.iter().find(|known| known.plan.name == run);
        known
            .and_then(|known| known.inputs.first().cloned())
            .ok_or(Reported)
    }

    /// A text as the numbers of its tokens, padded behind to the length of the model's windows.
    pub(crate) fn encoded(&mut self, run: &str, text: &str, span: Span) -> Lowering<Val> {
        let field = self.text_field(run)?;
        let (ids, length) = self.known_text(&field, text, span)?;
        let skipped = ids.len().saturating_sub(length);
        let mut window: Vec<i64> = ids[skipped..].to_vec();
        window.resize(length, 0);
        let kind = NodeKind::Tokens(vec![1, length], window);
        Ok(Val::Tensor(self.emit(kind, &[], span)))
    }
}
