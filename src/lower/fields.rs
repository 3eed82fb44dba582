//! Reading the fields of a block: each is taken by name once; what is left over is an error with a suggestion.

use crate::diag::{Diagnostic, did_you_mean};
use crate::lower::{Lowerer, Lowering, Reported, codes};
use crate::source::Span;
use crate::syntax::ast::{Expr, ExprKind, Field, Name};

/// The fields of a block or record, and those that were asked for.
pub(crate) struct Fields<'a> {
    what: &'a str,
    span: Span,
    fields: Vec<(&'a Name, &'a Expr)>,
    known: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    /// The fields of a block called `what`.
    pub(crate) fn of_block(what: &'a str, name: &'a Name, fields: &'a [Field]) -> Fields<'a> {
        let fields = fields
            .iter()
            .map(|field| (&field.name, &field.value))
            .collect();
        Fields {
            what,
            span: name.span,
            fields,
            known: vec![],
        }
    }

    /// The fields of a record written in place.
    pub(crate) fn of_record(what: &'a str, expr: &'a Expr) -> Option<Fields<'a>> {
        let ExprKind::Record(fields) = &expr.kind else {
            return None;
        };
        let fields = fields.iter().map(|(name, value)| (name, value)).collect();
        Some(Fields {
            what,
            span: expr.span,
            fields,
            known: vec![],
        })
    }

    /// Takes a field that may be missing.
    pub(crate) fn take(&mut self, name: &'static str) -> Option<&'a Expr> {
        self.known.push(name);
        let at = self
            .fields
            .iter()
            .position(|(field, _)| field.value == name)?;
        Some(self.fields.remove(at).1)
    }
}

impl Lowerer<'_> {
    /// Takes a field that must be there.
    pub(crate) fn require<'a>(
        &mut self,
        fields: &mut Fields<'a>,
        name: &'static str,
        example: &str,
    ) -> Lowering<&'a Expr> {
        let (what, span) = (fields.what, fields.span);
        let report = || {
            Diagnostic::error(
                codes::MISSING_FIELD,
                format!("{what} needs the field `{name}`"),
            )
        };
        let found = fields.take(name);
        found.ok_or_else(|| {
            self.report(
                report()
                    .label(span, "not given here")
                    .help(format!("add `{name}: {example}`")),
            )
        })
    }

    /// Reports fields that nothing asked for, and those given twice.
    pub(crate) fn no_more(&mut self, fields: &Fields<'_>) -> Lowering<()> {
        let mut result = Ok(());
        for (name, _) in &fields.fields {
            let is_repeated = fields.known.contains(&name.value.as_str());
            result = Err(if is_repeated {
                self.given_twice(fields, name)
            } else {
                self.unknown_field(fields, name)
            });
        }
        result
    }

    fn given_twice(&mut self, fields: &Fields<'_>, name: &Name) -> Reported {
        let message = format!("{} gives `{}` twice", fields.what, name.value);
        self.report(
            Diagnostic::error(codes::DUPLICATE, message)
                .label(name.span, "the second time")
                .help("keep one of them"),
        )
    }

    fn unknown_field(&mut self, fields: &Fields<'_>, name: &Name) -> Reported {
        let report = Diagnostic::error(
            codes::UNKNOWN_FIELD,
            format!("{} has no field `{}`", fields.what, name.value),
        );
        let help = match did_you_mean(&name.value, fields.known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it knows `{}`", fields.known.join("`, `")),
        };
        self.report(report.label(name.span, "not known").help(help))
    }
}
