//! `missing: drop`, `missing: error`, `missing: { tokens: ["NA", "-"], then: drop }`.

use crate::data::read::Reader;
use crate::data::read::constant::number_of;
use crate::data::read::given::Given;
use crate::data::read::reports::{unknown, wrong_kind};
use crate::data::read::views::{self, bare_name, spanned};
use crate::data::spec::{MissingPolicy, MissingSpec};
use crate::source::Spanned;
use crate::syntax::ast::Expr;

/// The policies that there are.
const POLICIES: [&str; 2] = ["drop", "error"];

/// Whether an expression names a policy.
pub(super) fn is_policy(expr: &Expr) -> bool {
    bare_name(expr).is_some_and(|name| POLICIES.contains(&name.value.as_str()))
}

impl Reader {
    /// What follows `missing:`.
    pub(super) fn missing(&mut self, expr: &Expr) -> Option<MissingSpec> {
        let Some(fields) = views::record(expr) else {
            let policy = self.policy(expr)?;
            return Some(MissingSpec {
                tokens: None,
                policy,
            });
        };
        let mut given = Given::record("missing", expr.span, fields);
        let tokens = given.take("tokens").map(|tokens| self.tokens(tokens));
        let policy = given.take("then").map(|policy| self.policy(policy));
        self.no_more(&given)?;
        Some(MissingSpec {
            tokens: tokens.map_or(Some(None), |tokens| tokens.map(Some))?,
            policy: policy.unwrap_or(Some(MissingPolicy::Error))?,
        })
    }

    fn policy(&mut self, expr: &Expr) -> Option<MissingPolicy> {
        let Some(name) = bare_name(expr) else {
            return self.report(wrong_kind("`drop` or `error`", expr));
        };
        match name.value.as_str() {
            "drop" => Some(MissingPolicy::DropRows),
            "error" => Some(MissingPolicy::Error),
            "impute" => {
                let report = unknown("policy", name, &POLICIES);
                self.report(report.help("fill in with a transform: `x: age |> impute(median)`"))
            }
            _ => self.report(unknown("policy", name, &POLICIES)),
        }
    }

    fn tokens(&mut self, expr: &Expr) -> Option<Vec<Spanned<String>>> {
        self.each("a list of texts", expr, |reader, item| {
            match number_of(item) {
                Ok(number) => Some(spanned(number.to_string(), item)),
                Err(_) => reader.text("a token", item),
            }
        })
    }
}
