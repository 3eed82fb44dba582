//! The program that fits a table: a data block, a model of two layers, a training run, and what to show of it.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::cli::new::columns::{Kind, Plan, Used};
use crate::syntax::{is_name, quoted};

/// Rows from which on a part is set apart to evaluate on.
const ENOUGH: usize = 10;

/// The program. Its model takes all numbers as one input and each column of categories as one of its own.
pub(super) fn written(plan: &Plan<'_>, file: &str, separator: char) -> String {
    let program = Program {
        numbers: plan
            .inputs
            .iter()
            .filter(|input| input.kind == Kind::Number)
            .collect(),
        apart: apart(plan),
        plan,
    };
    let mut text = program.heading(file);
    text.push_str(&program.data(file, separator));
    text.push_str(&program.model());
    text.push_str(&program.run());
    text
}

struct Program<'p> {
    plan: &'p Plan<'p>,
    numbers: Vec<&'p Used<'p>>,
    /// Columns with fields of their own, and the names of these: categories and dates.
    apart: Vec<(String, &'p Used<'p>)>,
}

fn apart<'p>(plan: &'p Plan<'p>) -> Vec<(String, &'p Used<'p>)> {
    let mut taken: BTreeSet<String> = ["x", "y", "source", "split", "missing", "out", "hidden"]
        .map(String::from)
        .into();
    let mut found = vec![];
    for input in plan
        .inputs
        .iter()
        .filter(|input| input.kind != Kind::Number)
    {
        let field = field(input.name, &taken);
        taken.insert(field.clone());
        found.push((field, input));
    }
    found
}

/// A name for a field, after its column.
fn field(column: &str, taken: &BTreeSet<String>) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_lowercase()
        } else {
            '_'
        }
    };
    let name: String = column.chars().map(plain).collect();
    let name = name.trim_matches('_');
    let is_free = |name: &str| is_name(name) && !taken.contains(name);
    if is_free(name) {
        return name.to_owned();
    }
    let mut names = (1..).map(|n| format!("kind_{name}{n}").replace("__", "_"));
    names
        .find(|name| is_free(name))
        .expect("numbers do not end")
}

/// A column as a program names it.
fn column(name: &str) -> String {
    match is_name(name) {
        true => name.to_owned(),
        false => quoted(name),
    }
}

/// A column as a field of its own; `fills` is whether missing values are filled in.
fn read(used: &Used<'_>, fills: bool) -> String {
    let name = column(used.name);
    let fill = |with: &str| match fills {
        true => format!(" |> impute({with})"),
        false => String::new(),
    };
    match &used.kind {
        Kind::Number => format!("[{name}]{} |> standardize", fill("median")),
        Kind::Date(order, _) => {
            let order = order.map(|order| format!("(order: {})", order.name()));
            let order = order.unwrap_or_default();
            format!("[{name}] |> days{order}{} |> standardize", fill("median"))
        }
        Kind::Category(names, _) => {
            format!("{name}{} |> one_hot([{}])", fill("mode"), names.join(", "))
        }
    }
}

/// Numbers that a column comes to.
fn width(used: &Used<'_>) -> usize {
    match &used.kind {
        Kind::Number | Kind::Date(..) => 1,
        Kind::Category(names, _) => names.len(),
    }
}

impl Program<'_> {
    fn is_classes(&self) -> bool {
        matches!(self.plan.target.kind, Kind::Category(..))
    }

    fn heading(&self, file: &str) -> String {
        let target = self.plan.target.name.replace(char::is_control, " ");
        let file = file.replace(char::is_control, " ");
        let metrics = match self.is_classes() {
            true => "accuracy, confusion",
            false => "mae, r2",
        };
        format!(
            "//! Predicts `{target}` of {file}.\n\nuse nn::{{Dense, relu}};\nuse metrics::{{{metrics}}};\n\n"
        )
    }

    fn data(&self, file: &str, separator: char) -> String {
        let delimiter = match separator {
            ',' => String::new(),
            other => format!(", delimiter: {}", quoted(&other.to_string())),
        };
        let mut text = format!(
            "data rows {{\n  source: csv({}{delimiter}),\n",
            quoted(file)
        );
        if self.plan.target.has_missing {
            text.push_str("  missing: drop,\n");
        }
        if !self.numbers.is_empty() {
            let names: Vec<String> = self
                .numbers
                .iter()
                .map(|input| column(input.name))
                .collect();
            let fill = match self.numbers.iter().any(|input| input.has_missing) {
                true => " |> impute(median)",
                false => "",
            };
            let _ = writeln!(text, "  x: [{}]{fill} |> standardize,", names.join(", "));
        }
        for (field, input) in &self.apart {
            let _ = writeln!(text, "  {field}: {},", read(input, input.has_missing));
        }
        let _ = writeln!(text, "  y: {},", read(&self.plan.target, false));
        text.push_str(&self.split());
        text.push_str(&self.left_out());
        text + "}\n\n"
    }

    /// A comment a column without use, so that nothing is left out in silence.
    fn left_out(&self) -> String {
        let plain = |name: &str| name.replace(char::is_control, " ");
        let line = |(name, why): &(&str, &str)| format!("  // without `{}`: {why}\n", plain(name));
        self.plan.left_out.iter().map(line).collect()
    }

    /// Classes are shared out evenly where each has rows for that.
    fn split(&self) -> String {
        if self.plan.n_rows < ENOUGH {
            return String::new();
        }
        let by = match &self.plan.target.kind {
            Kind::Category(_, rarest) if *rarest >= 5 && !self.plan.target.has_missing => {
                format!("by: stratify({}), ", column(self.plan.target.name))
            }
            Kind::Category(..) | Kind::Number | Kind::Date(..) => String::new(),
        };
        format!("  split: {{ train: 80%, val: 20%, {by}seed: 1 }},\n")
    }

    fn model(&self) -> String {
        let mut inputs = vec![];
        if !self.numbers.is_empty() {
            inputs.push(("x", self.numbers.len()));
        }
        let apart = self.apart.iter();
        inputs.extend(apart.map(|(field, input)| (field.as_str(), width(input))));
        let size = width(&self.plan.target);
        let params = inputs
            .iter()
            .map(|(name, size)| format!("{name}: [batch, {size}]"));
        let params: Vec<String> = params.collect();
        let names: Vec<&str> = inputs.iter().map(|(name, _)| *name).collect();
        let all = match names.as_slice() {
            [one] => (*one).to_owned(),
            several => format!("concat([{}], axis: 1)", several.join(", ")),
        };
        format!(
            "model Net({}) -> [batch, {size}] {{\n  {all}\n    |> Dense(32)\n    |> relu\n    |> Dense({size})\n}}\n\n",
            params.join(", ")
        )
    }

    fn run(&self) -> String {
        let (loss, metrics) = match self.is_classes() {
            true => (
                "cross_entropy(logits: out, target: y)",
                "accuracy, confusion",
            ),
            false => ("mse(out, y)", "mae, r2"),
        };
        // About ten thousand updates at most.
        let batch = 32.min(self.plan.n_rows.max(1));
        let epochs = (10_000 * batch / self.plan.n_rows.max(1)).clamp(5, 100);
        let part = match self.plan.n_rows < ENOUGH {
            true => "all",
            false => "val",
        };
        let stop = match self.plan.n_rows < ENOUGH {
            true => "",
            false => "  early_stop: { on: val.loss, patience: 10 epochs },\n",
        };
        format!(
            "train fit {{\n  model: Net,\n  data: rows,\n  loss: {loss},\n  optimizer: adam(lr: 0.01),\n  epochs: {epochs},\n  \
             batch: {batch},\n  seed: 1,\n{stop}}}\n\nshow evaluate(fit, on: rows.{part}, metrics: [{metrics}]);\n"
        )
    }
}
