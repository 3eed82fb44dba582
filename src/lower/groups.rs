//! Settings of the optimizer for some parameters only: `groups: { head: { lr: 1e-3 }, b: { weight_decay: 0 } }`. A group is named
//! after a layer or parameter and holds every parameter in whose path the name stands. Where a parameter is in several, the last that
//! gives a setting decides it.

use std::collections::BTreeMap;

use crate::diag::{Diagnostic, did_you_mean};
use crate::lower::value::Val;
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::source::Span;
use crate::syntax::ast::{Arg, Expr, ExprKind, Name};

/// The optimizer as written, and what of it is another for some parameters.
#[derive(Clone, Debug)]
pub(crate) struct Groups<'a> {
    optimizer: &'a Expr,
    groups: Vec<(&'a Name, &'a [(Name, Expr)])>,
}

impl<'a> Groups<'a> {
    /// Whether a parameter is in a group.
    fn of(&self, path: &str) -> Vec<usize> {
        let groups = self.groups.iter().enumerate();
        let holds = |name: &str| path.split('.').any(|part| is_called(part, name));
        groups
            .filter_map(|(index, (name, _))| holds(&name.value).then_some(index))
            .collect()
    }

    /// The optimizer with the settings of some groups in place of its own.
    fn merged(&self, chosen: &[usize]) -> Expr {
        let (callee, mut args) = match &self.optimizer.kind {
            ExprKind::Call(callee, args) => ((**callee).clone(), args.clone()),
            _ => (self.optimizer.clone(), vec![]),
        };
        for (name, value) in chosen.iter().flat_map(|index| self.groups[*index].1) {
            let is_it = |arg: &Arg| arg.name.as_ref().is_some_and(|own| own.value == name.value);
            args.retain(|arg| !is_it(arg));
            args.push(Arg {
                name: Some(name.clone()),
                value: value.clone(),
            });
        }
        Expr {
            span: self.optimizer.span,
            kind: ExprKind::Call(Box::new(callee), args),
        }
    }
}

/// `Dense` and `Dense[0]` are called `Dense`.
fn is_called(part: &str, name: &str) -> bool {
    let rest = part.strip_prefix(name);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('['))
}

impl Lowerer<'_> {
    /// The groups of a run.
    pub(crate) fn groups<'a>(
        &mut self,
        optimizer: &'a Expr,
        written: Option<&'a Expr>,
    ) -> Lowering<Groups<'a>> {
        let mut groups = vec![];
        for (name, settings) in self.named_records(written)? {
            let ExprKind::Record(fields) = &settings.kind else {
                return Err(self.not_settings(settings.span));
            };
            groups.push((name, fields.as_slice()));
        }
        Ok(Groups { optimizer, groups })
    }

    fn named_records<'a>(
        &mut self,
        written: Option<&'a Expr>,
    ) -> Lowering<Vec<(&'a Name, &'a Expr)>> {
        match written {
            None => Ok(vec![]),
            Some(Expr {
                kind: ExprKind::Record(fields),
                ..
            }) => Ok(fields.iter().map(|(name, value)| (name, value)).collect()),
            Some(other) => Err(self.not_settings(other.span)),
        }
    }

    fn not_settings(&mut self, span: Span) -> Reported {
        let report = Diagnostic::error(codes::WRONG_KIND, "expected settings in braces");
        let report = report.label(span, "not a record");
        self.report(report.help("write `groups: { head: { lr: 1e-3 }, body: { lr: 1e-5 } }`"))
    }

    /// The optimizer of each parameter that is trained.
    pub(crate) fn optimizers(
        &mut self,
        cx: &Cx,
        groups: &Groups<'_>,
        base: &Val,
        paths: &[&str],
    ) -> Lowering<Vec<Val>> {
        for (name, _) in &groups.groups {
            if !paths
                .iter()
                .any(|path| path.split('.').any(|part| is_called(part, &name.value)))
            {
                return Err(self.no_such_group(name, paths));
            }
        }
        let mut known: BTreeMap<Vec<usize>, Val> = BTreeMap::from([(vec![], base.clone())]);
        let mut all = vec![];
        for path in paths {
            let chosen = groups.of(path);
            if !known.contains_key(&chosen) {
                let optimizer = self.setting(cx, &groups.merged(&chosen))?;
                known.insert(chosen.clone(), optimizer);
            }
            all.push(known[&chosen].clone());
        }
        Ok(all)
    }

    fn no_such_group(&mut self, name: &Name, paths: &[&str]) -> Reported {
        let message = format!("no trained parameter is in a group `{}`", name.value);
        let report = Diagnostic::error(codes::TRAIN_SETTING, message);
        let report = report.label(name.span, "the name of no layer and no parameter");
        let parts = paths.iter().flat_map(|path| path.split('.'));
        let parts = parts.map(|part| part.split('[').next().unwrap_or(part));
        self.report(match did_you_mean(&name.value, parts) {
            Some(near) => report.help(format!("did you mean `{near}`?")),
            None => report.help(format!("its parameters are `{}`", paths.join("`, `"))),
        })
    }
}
