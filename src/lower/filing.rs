//! Settings of a `train` block that name files: where runs are kept, and the weights to begin with.

use crate::lower::fields::Fields;
use crate::lower::plan::{Checkpointing, InitialWeights};
use crate::lower::value::Val;
use crate::lower::{Cx, Lowerer, Lowering};
use crate::syntax::ast::{Expr, ExprKind};

impl Lowerer<'_> {
    pub(super) fn checkpoint(&mut self, cx: &Cx, expr: &Expr) -> Lowering<Checkpointing> {
        let Some(mut fields) = Fields::of_record("`checkpoint`", expr) else {
            let example = "{ every: 2 epochs, keep: 3, dir: \"runs/first\" }";
            return Err(self.not_a_record(expr, example));
        };
        let (every, keep, dir) = (
            fields.take("every"),
            fields.take("keep"),
            fields.take("dir"),
        );
        self.no_more(&fields)?;
        let keep = keep.map(|expr| {
            let number = self.number(cx, expr)?;
            self.positive(number, expr.span)
        });
        let (default_every, default_keep) = Checkpointing::DEFAULT;
        let keep = keep.transpose()?.unwrap_or(default_keep);
        Ok(Checkpointing {
            every: every.map_or(Ok(default_every), |expr| self.duration(cx, expr))?,
            keep,
            dir: dir.map(|expr| self.folder(cx, expr)).transpose()?,
            span: expr.span,
        })
    }

    fn folder(&mut self, cx: &Cx, expr: &Expr) -> Lowering<String> {
        match self.eval(cx, expr)? {
            Val::Str(path) if !path.is_empty() => Ok(path.to_string()),
            other => Err(self.wrong_kind("a folder such as \"runs/first\"", &other, expr.span)),
        }
    }

    /// `from: "base.nnlm"`, or `from: { file: "base.nnlm", except: [head] }`
    pub(super) fn weights_from(&mut self, cx: &Cx, expr: &Expr) -> Lowering<InitialWeights> {
        let Some(mut fields) = Fields::of_record("`from`", expr) else {
            return Ok(InitialWeights {
                file: self.file(cx, expr)?,
                except: vec![],
                span: expr.span,
            });
        };
        let file = self.require(&mut fields, "file", "\"base.nnlm\"");
        let except = fields.take("except");
        self.no_more(&fields)?;
        let file = file?;
        let except = match except.map(|expr| (expr, &expr.kind)) {
            None => vec![],
            Some((_, ExprKind::List(items))) => items.iter().collect(),
            Some((expr, _)) => vec![expr],
        };
        let except = except.into_iter().map(|item| self.dotted(item));
        Ok(InitialWeights {
            except: except.collect::<Lowering<_>>()?,
            file: self.file(cx, file)?,
            span: file.span,
        })
    }

    fn file(&mut self, cx: &Cx, expr: &Expr) -> Lowering<String> {
        match self.eval(cx, expr)? {
            Val::Str(path) if !path.is_empty() => Ok(path),
            other => Err(self.wrong_kind("a file such as \"base.nnlm\"", &other, expr.span)),
        }
    }
}
