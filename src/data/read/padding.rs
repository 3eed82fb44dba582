//! `padded(16, shift: 1)` and `mask(16, shift: 1)`, the last stage of a field of tokens.

use crate::data::codes;
use crate::data::read::Reader;
use crate::data::read::given::Given;
use crate::data::read::reports::wrong_kind;
use crate::data::read::views::{self, named_call};
use crate::data::read::windows::is_called;
use crate::data::spec::{DataSpec, PadSpec};
use crate::diag::Diagnostic;
use crate::source::Spanned;
use crate::syntax::ast::Expr;

impl Reader {
    /// The stages without a last one that makes rows of one length, and how it does.
    pub(super) fn cut_padding<'a>(
        &mut self,
        mut stages: Vec<&'a Expr>,
    ) -> Option<(Vec<&'a Expr>, Option<Spanned<PadSpec>>)> {
        let Some(last) = stages.pop_if(|stage| is_called(stage, &["padded", "mask"])) else {
            return Some((stages, None));
        };
        let is_mask = is_called(last, &["mask"]);
        let name = if is_mask { "mask" } else { "padded" };
        let args = named_call(last).map_or(&[][..], |(_, args)| args);
        let mut given = Given::call(name, last.span, args);
        let length = given.take_next("length");
        let length = self.needed(length, &given, "length", &format!("{name}(16)"));
        let (shift, cuts) = (given.take("shift"), given.take("cut"));
        self.no_more(&given)?;
        let length = self.size("the length of a row", length?)?;
        let shift = shift.map_or(Some(0), |shift| self.size("a shift", shift))?;
        let cuts = cuts.map_or(Some(false), |cuts| self.truth(cuts))?;
        if length == 0 {
            let report = Diagnostic::error(codes::BAD_WINDOWS, "rows of no tokens");
            return self.report(report.label(last.span, "the length is 1 at least"));
        }
        let spec = PadSpec {
            length,
            shift,
            is_mask,
            reach: 0,
            cuts,
        };
        Some((stages, Some(Spanned::new(spec, last.span))))
    }

    fn truth(&mut self, expr: &Expr) -> Option<bool> {
        match views::truth(expr) {
            Some(truth) => Some(truth),
            None => self.report(wrong_kind("`true` or `false`", expr)),
        }
    }
}

/// Tells each field how far the fields of the block reach: what one leaves out another may take.
pub(super) fn reach(spec: &mut DataSpec) {
    let padded = spec.fields.iter().filter_map(|field| field.padded.as_ref());
    let reach = padded.map(|own| own.value.shift + own.value.length).max();
    let padded = spec
        .fields
        .iter_mut()
        .filter_map(|field| field.padded.as_mut());
    padded.for_each(|own| own.value.reach = reach.unwrap_or(0));
}
