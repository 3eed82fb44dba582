//! The transforms by name, and the arguments each takes.

use crate::data::codes as data_codes;
use crate::data::days::DayOrder;
use crate::data::read::Reader;
use crate::data::read::given::Given;
use crate::data::read::reports::{lacking, unknown, wrong_kind};
use crate::data::read::views::{self, bare_name, named_call};
use crate::data::spec::{Classes, Fill, Pairs, TransformSpec, Unknown};
use crate::diag::Diagnostic;
use crate::source::Spanned;
use crate::syntax::ast::{Expr, Name};

/// The transforms that there are.
const TRANSFORMS: [&str; 19] = [
    "standardize",
    "normalize",
    "scale",
    "log",
    "log1p",
    "clip",
    "impute",
    "one_hot",
    "label",
    "binary",
    "flatten",
    "days",
    "chars",
    "words",
    "bpe",
    "ends",
    "windows",
    "padded",
    "mask",
];

/// Whether there is a transform of this name.
pub(super) fn is_transform(name: &str) -> bool {
    TRANSFORMS.contains(&name)
}

impl Reader {
    /// `standardize` or `scale(by: 1 / 255)`.
    pub(super) fn transform(&mut self, stage: &Expr) -> Option<Spanned<TransformSpec>> {
        let (name, args) = match (bare_name(stage), named_call(stage)) {
            (Some(name), _) => (name, &[][..]),
            (None, Some((name, args))) => (name, args),
            (None, None) => return self.report(wrong_kind("a transform", stage)),
        };
        let mut given = Given::call(&name.value, stage.span, args);
        let transform = self.transform_named(name, &mut given);
        // What an unknown transform takes is not known either.
        if is_transform(&name.value) {
            self.no_more(&given)?;
        }
        Some(Spanned::new(transform?, stage.span))
    }

    fn transform_named(&mut self, name: &Name, given: &mut Given<'_>) -> Option<TransformSpec> {
        match name.value.as_str() {
            "standardize" => Some(TransformSpec::Standardize),
            "normalize" => self.normalize(given),
            "scale" => self.scale(given),
            "log" => Some(TransformSpec::Log),
            "log1p" => Some(TransformSpec::Log1p),
            "clip" => self.clip(given),
            "impute" => self.impute(given),
            "one_hot" => self.one_hot(given),
            "label" => self.label(given),
            "binary" => self.binary(given),
            "flatten" => Some(TransformSpec::Flatten),
            "days" => self.days(given),
            "chars" => self.chars(given),
            "words" => self.words(given),
            "bpe" => self.bpe(given),
            "ends" => self.ends(given),
            "windows" | "padded" | "mask" => self.report(comes_last(name)),
            _ => self.report(unknown("transform", name, &TRANSFORMS)),
        }
    }

    fn normalize(&mut self, given: &mut Given<'_>) -> Option<TransformSpec> {
        let low = given.take_next("low").map(|expr| self.number(expr));
        let high = given.take_next("high").map(|expr| self.number(expr));
        Some(TransformSpec::Normalize {
            low: low.unwrap_or(Some(0.0))?,
            high: high.unwrap_or(Some(1.0))?,
        })
    }

    fn scale(&mut self, given: &mut Given<'_>) -> Option<TransformSpec> {
        let by = given.take_next("by");
        let by = self.needed(by, given, "by", "scale(by: 1 / 255)")?;
        let by = self.number(by)?;
        Some(TransformSpec::Scale { by })
    }

    fn clip(&mut self, given: &mut Given<'_>) -> Option<TransformSpec> {
        const EXAMPLE: &str = "clip(low: -3, high: 3)";
        let (low, high) = (given.take_next("low"), given.take_next("high"));
        let low = self.needed(low, given, "low", EXAMPLE);
        let high = self.needed(high, given, "high", EXAMPLE);
        let (low, high) = (self.number(low?), self.number(high?));
        Some(TransformSpec::Clip {
            low: low?,
            high: high?,
        })
    }

    fn impute(&mut self, given: &mut Given<'_>) -> Option<TransformSpec> {
        let with = given.take_next("with");
        let with = self.needed(with, given, "with", "impute(median)")?;
        Some(TransformSpec::Impute(self.fill(with)?))
    }

    fn fill(&mut self, expr: &Expr) -> Option<Fill> {
        if let Some(name) = bare_name(expr) {
            return match name.value.as_str() {
                "mean" => Some(Fill::Mean),
                "median" => Some(Fill::Median),
                "mode" => Some(Fill::Mode),
                _ => {
                    let report = unknown("fill", name, &["mean", "median", "mode"]);
                    self.report(report.note(format!("a text goes in quotes: `\"{}\"`", name.value)))
                }
            };
        }
        match (views::text(expr), views::truth(expr)) {
            (Some(text), _) => Some(Fill::Text(text.to_owned())),
            (None, Some(value)) => Some(Fill::Text(value.to_string())),
            (None, None) => Some(Fill::Number(self.number(expr)?)),
        }
    }

    fn one_hot(&mut self, given: &mut Given<'_>) -> Option<TransformSpec> {
        let classes = given.take_next("classes").map(|expr| self.classes(expr));
        let size = given.take("size").map(|expr| self.dimension(expr));
        let unknown = given
            .take("unknown")
            .map(|expr| self.unknown_category(expr));
        Some(TransformSpec::OneHot {
            classes: classes.unwrap_or(Some(Classes::Found))?,
            size: size.map_or(Some(None), |size| size.map(Some))?,
            unknown: unknown.unwrap_or(Some(Unknown::Error))?,
        })
    }

    fn label(&mut self, given: &mut Given<'_>) -> Option<TransformSpec> {
        let classes = given.take_next("classes").map(|expr| self.classes(expr));
        let size = given.take("size").map(|expr| self.dimension(expr));
        Some(TransformSpec::Label {
            classes: classes.unwrap_or(Some(Classes::Found))?,
            size: size.map_or(Some(None), |size| size.map(Some))?,
        })
    }

    fn binary(&mut self, given: &mut Given<'_>) -> Option<TransformSpec> {
        let positive = given.take_next("positive");
        let positive = self.needed(
            positive,
            given,
            "positive",
            "binary(positive: \"malignant\")",
        )?;
        let positive = self.category(positive)?;
        Some(TransformSpec::Binary { positive })
    }

    fn days(&mut self, given: &mut Given<'_>) -> Option<TransformSpec> {
        let order = given.take_next("order").map(|expr| self.day_order(expr));
        Some(TransformSpec::Days {
            order: order.map_or(Some(None), |order| order.map(Some))?,
        })
    }

    fn day_order(&mut self, expr: &Expr) -> Option<DayOrder> {
        match bare_name(expr).map(|name| (name, name.value.as_str())) {
            Some((_, "dmy")) => Some(DayOrder::Dmy),
            Some((_, "mdy")) => Some(DayOrder::Mdy),
            Some((name, _)) => self.report(unknown("order", name, &["dmy", "mdy"])),
            None => self.report(wrong_kind("`dmy` or `mdy`", expr)),
        }
    }

    fn chars(&mut self, given: &mut Given<'_>) -> Option<TransformSpec> {
        let size = given.take("size").map(|expr| self.dimension(expr));
        let unknown = given.take("unknown").map(|expr| self.letter(expr));
        Some(TransformSpec::Chars {
            size: size.map_or(Some(None), |size| size.map(Some))?,
            unknown: unknown.map_or(Some(None), |letter| letter.map(Some))?,
        })
    }

    fn words(&mut self, given: &mut Given<'_>) -> Option<TransformSpec> {
        let size = given.take("size").map(|expr| self.dimension(expr));
        let most = given
            .take("most")
            .map(|expr| self.count("the number of words", expr));
        let unknown = given
            .take("unknown")
            .map(|expr| self.text("what stands for other words", expr));
        Some(TransformSpec::Words {
            size: size.map_or(Some(None), |size| size.map(Some))?,
            most: most.map_or(Some(None), |most| Some(Some(most?.value)))?,
            unknown: unknown.map_or(Some("\u{fffd}".to_owned()), |text| Some(text?.value))?,
        })
    }

    /// `bpe(512)`, or `bpe(from: "tokenizer.json")`.
    fn bpe(&mut self, given: &mut Given<'_>) -> Option<TransformSpec> {
        let size = given.take("size").map(|expr| self.dimension(expr));
        let from = given.take("from").map(|expr| self.text("a path", expr));
        let pairs = match from {
            Some(path) => Pairs::File(path?),
            None => {
                let most = given.take_next("most");
                let most = self.needed(most, given, "most", "bpe(512, size: vocab)")?;
                Pairs::Learnt(self.count("the number of tokens", most)?.value)
            }
        };
        Some(TransformSpec::Bpe {
            size: size.map_or(Some(None), |size| size.map(Some))?,
            pairs,
        })
    }

    fn ends(&mut self, given: &mut Given<'_>) -> Option<TransformSpec> {
        let text = given.take_next("text");
        let text = self.needed(text, given, "text", "ends(\"\\n\")")?;
        Some(TransformSpec::Ends(self.text("a text", text)?.value))
    }

    /// One character in quotes.
    fn letter(&mut self, expr: &Expr) -> Option<char> {
        let text = self.text("a character", expr)?.value;
        let mut letters = text.chars();
        match (letters.next(), letters.next()) {
            (Some(letter), None) => Some(letter),
            _ => {
                let report = wrong_kind("one character in quotes", expr);
                self.report(report.help("choose one that stands for all others: `unknown: \"?\"`"))
            }
        }
    }

    /// `10`, or `["no", "yes"]`.
    fn classes(&mut self, expr: &Expr) -> Option<Classes> {
        if views::list(expr).is_some() {
            let names = self.each("a list of categories", expr, Reader::category)?;
            return Some(Classes::Named(names));
        }
        Some(Classes::Count(self.count("the number of classes", expr)?))
    }

    /// The symbol that stands for the number of categories.
    fn dimension(&mut self, expr: &Expr) -> Option<Spanned<String>> {
        match bare_name(expr) {
            Some(name) => Some(name.clone()),
            None => {
                let report = wrong_kind("the name of a dimension", expr);
                self.report(
                    report.help("declare it with `dim classes;`; a fixed number is `classes: 10`"),
                )
            }
        }
    }

    fn unknown_category(&mut self, expr: &Expr) -> Option<Unknown> {
        match bare_name(expr).map(|name| (name, name.value.as_str())) {
            Some((_, "zero")) => Some(Unknown::Zero),
            Some((_, "error")) => Some(Unknown::Error),
            Some((name, _)) => self.report(unknown("choice", name, &["zero", "error"])),
            None => self.report(wrong_kind("`zero` or `error`", expr)),
        }
    }

    /// An argument that must be there.
    pub(super) fn needed<'a>(
        &mut self,
        found: Option<&'a Expr>,
        given: &Given<'_>,
        name: &str,
        example: &str,
    ) -> Option<&'a Expr> {
        if found.is_none() {
            self.reports
                .push(lacking(&given.what, name, given.span, example));
        }
        found
    }
}

fn comes_last(name: &Name) -> Diagnostic {
    let message = format!("`{}` comes last", name.value);
    let help = match name.value.as_str() {
        "windows" => "put it behind the others: `a |> standardize |> windows(12)`",
        _ => "put it behind the others: `a |> chars(size: vocab) |> padded(16)`",
    };
    Diagnostic::error(data_codes::BAD_WINDOWS, message)
        .label(name.span, "another transform follows")
        .help(help)
}
