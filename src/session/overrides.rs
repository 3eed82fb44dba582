//! Settings from the command line: `--set train.epochs=5` puts a field into a `train` block before it is lowered. The text is a source
//! of its own, so that what is wrong with a value is shown where it was typed.

use std::path::Path;
use std::rc::Rc;

use crate::diag::{Diagnostic, Diagnostics, did_you_mean};
use crate::session::{Session, codes};
use crate::source::{SourceId, SourceMap, Span, Spanned};
use crate::syntax::ast::{self, DimExpr, Expr, ExprKind, Field, ItemKind, Program, StmtKind};
use crate::syntax::parse;

impl Session {
    /// Puts the settings of the command line in place of the program's.
    pub(super) fn override_settings(&mut self, program: &mut Program) -> Diagnostics {
        let mut reports = Diagnostics::new();
        for text in self.options.sets.clone() {
            if let Err(found) = apply(&mut self.sources, "--set", &text, program) {
                reports.append(found);
            }
        }
        let has_runs = program
            .items
            .iter()
            .any(|item| matches!(item.kind, ItemKind::Train(_)));
        if let (Some(seed), true) = (self.options.seed, has_runs) {
            let set = apply(
                &mut self.sources,
                "--seed",
                &format!("train.seed={seed}"),
                program,
            );
            set.unwrap_or_else(|found| reports.append(found));
        }
        reports
    }
}

/// A setting as it was typed: `train.epochs=5`.
struct Setting<'a> {
    text: &'a str,
    source: SourceId,
    /// The words before `=`, with their places.
    path: Vec<ast::Name>,
    /// Where the value begins.
    value: usize,
}

fn apply(
    sources: &mut SourceMap,
    name: &str,
    text: &str,
    program: &mut Program,
) -> Result<(), Diagnostics> {
    let before = sources.clone();
    let source = sources.add_file(Path::new(name), text);
    let setting = Setting::split(text, source)?;
    match &setting.path[..] {
        [kind, dim] if kind.value == "dim" => set_dim(&before, &setting, dim, program),
        [block, field, inner @ ..] => set_field(&before, &setting, (block, field, inner), program),
        _ => Err(setting.malformed().into()),
    }
}

impl<'a> Setting<'a> {
    fn split(text: &'a str, source: SourceId) -> Result<Setting<'a>, Diagnostic> {
        let equals = text.find('=');
        let path = text[..equals.unwrap_or(text.len())].trim_end();
        let mut setting = Setting {
            text,
            source,
            path: vec![],
            value: equals.map_or(text.len(), |at| at + 1),
        };
        let mut at = 0;
        for word in path.split('.') {
            let span = setting.span(at, at + word.len());
            setting.path.push(Spanned::new(word.to_owned(), span));
            at += word.len() + 1;
        }
        let is_name = |word: &str| {
            !word.is_empty() && word.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
        };
        let is_well_formed =
            equals.is_some() && setting.path.iter().all(|word| is_name(&word.value));
        if is_well_formed {
            Ok(setting)
        } else {
            Err(setting.malformed())
        }
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let offset = |at| u32::try_from(at).unwrap_or(u32::MAX);
        Span {
            source: self.source,
            start: offset(start),
            end: offset(end),
        }
    }

    fn malformed(&self) -> Diagnostic {
        let report = Diagnostic::error(
            codes::BAD_SETTING,
            "expected a setting such as `train.epochs=5`",
        );
        let report = report.label(
            self.span(0, self.text.len()),
            "not of the form `name.field=value`",
        );
        report.help("settings are those of a `train` block, and sizes: `dim.hidden=64`")
    }

    /// The value, read by the language's own grammar. What comes before it is covered by a statement of the same length, so that all
    /// places are those of the text as typed.
    fn value(&self, before: &SourceMap) -> Result<Expr, Diagnostics> {
        let covered = format!("{:1$}{2};", "show", self.value, &self.text[self.value..]);
        let program = parse_as(before, &covered)?;
        let shown = match program.items.as_slice() {
            [item] => shown(&item.kind),
            _ => None,
        };
        shown.cloned().ok_or_else(|| self.malformed().into())
    }

    fn size(&self, before: &SourceMap) -> Result<DimExpr, Diagnostics> {
        let covered = format!("{};", self.text.replacen('.', " ", 1));
        let mut program = parse_as(before, &covered)?;
        match program.items.pop().map(|item| item.kind) {
            Some(ItemKind::Dim(ast::DimDecl {
                value: Some(value), ..
            })) if program.items.is_empty() => Ok(value),
            Some(_) | None => Err(self.malformed().into()),
        }
    }

    fn unknown(&self, name: &ast::Name, message: String, known: &[&str]) -> Diagnostics {
        let report = Diagnostic::error(codes::UNKNOWN_SETTING, message)
            .label(name.span, "not in the program");
        let report = match (did_you_mean(&name.value, known.iter().copied()), known) {
            (Some(near), _) => report.help(format!("did you mean `{near}`?")),
            (None, []) => report,
            (None, _) => report.help(format!("there is `{}`", known.join("`, `"))),
        };
        report.into()
    }
}

fn shown(item: &ItemKind) -> Option<&Expr> {
    let ItemKind::Stmt(stmt) = item else {
        return None;
    };
    let StmtKind::Show(value) = &stmt.kind else {
        return None;
    };
    Some(value)
}

/// Parses a text in the place of the source that is added next.
fn parse_as(before: &SourceMap, text: &str) -> Result<Program, Diagnostics> {
    let mut scratch = before.clone();
    let id = scratch.add_file(Path::new("--set"), text);
    let (program, reports) = parse(&scratch, id);
    program.ok_or(reports)
}

fn set_dim(
    before: &SourceMap,
    setting: &Setting<'_>,
    name: &ast::Name,
    program: &mut Program,
) -> Result<(), Diagnostics> {
    let value = setting.size(before)?;
    let dims: Vec<&mut ast::DimDecl> = program.items.iter_mut().filter_map(dim).collect();
    let known: Vec<String> = dims.iter().map(|decl| decl.name.value.clone()).collect();
    match dims.into_iter().find(|decl| decl.name.value == name.value) {
        Some(decl) => {
            decl.value = Some(value);
            Ok(())
        }
        None => {
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            Err(setting.unknown(
                name,
                format!("the program declares no dimension `{}`", name.value),
                &known,
            ))
        }
    }
}

fn dim(item: &mut ast::Item) -> Option<&mut ast::DimDecl> {
    match &mut item.kind {
        ItemKind::Dim(decl) => Some(decl),
        ItemKind::Use(_) | ItemKind::Type(_) | ItemKind::Def(_) | ItemKind::Data(_) => None,
        ItemKind::Train(_) | ItemKind::Test(_) | ItemKind::Stmt(_) => None,
    }
}

fn train(item: &mut ast::Item) -> Option<&mut ast::Block<Field>> {
    match &mut item.kind {
        ItemKind::Train(block) => Some(Rc::make_mut(block)),
        ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_) | ItemKind::Def(_) => None,
        ItemKind::Data(_) | ItemKind::Test(_) | ItemKind::Stmt(_) => None,
    }
}

/// `train` stands for every run.
fn set_field(
    before: &SourceMap,
    setting: &Setting<'_>,
    (block, field, inner): (&ast::Name, &ast::Name, &[ast::Name]),
    program: &mut Program,
) -> Result<(), Diagnostics> {
    let value = setting.value(before)?;
    let runs: Vec<&mut ast::Block<Field>> = program.items.iter_mut().filter_map(train).collect();
    let known: Vec<String> = runs.iter().map(|run| run.name.value.clone()).collect();
    let is_meant =
        |run: &&mut ast::Block<Field>| block.value == "train" || run.name.value == block.value;
    let mut meant = runs.into_iter().filter(is_meant).peekable();
    if meant.peek().is_none() {
        let known: Vec<&str> = known
            .iter()
            .map(String::as_str)
            .chain(["train", "dim"])
            .collect();
        return Err(setting.unknown(
            block,
            format!("the program has no run `{}`", block.value),
            &known,
        ));
    }
    for run in meant {
        match optimizer_argument(&run.fields, field) {
            Some(optimizer) => {
                let inner: Vec<ast::Name> = [field].into_iter().chain(inner).cloned().collect();
                put(&mut run.fields, &optimizer, &inner, value.clone());
            }
            None => put(&mut run.fields, field, inner, value.clone()),
        }
    }
    Ok(())
}

/// `train.lr` means `train.optimizer.lr` where the run has no field of that name and its optimizer is given such an argument.
fn optimizer_argument(fields: &[Field], name: &ast::Name) -> Option<ast::Name> {
    if fields.iter().any(|field| field.name.value == name.value) {
        return None;
    }
    let optimizer = fields
        .iter()
        .find(|field| field.name.value == "optimizer")?;
    let ExprKind::Call(_, args) = &optimizer.value.kind else {
        return None;
    };
    let is_given = |arg: &ast::Arg| arg.name.as_ref().is_some_and(|own| own.value == name.value);
    args.iter()
        .any(is_given)
        .then(|| Spanned::new("optimizer".to_owned(), name.span))
}

/// Puts a value into a block: in place of a field, or of what `inner` names within it.
pub(super) fn put(fields: &mut Vec<Field>, name: &ast::Name, inner: &[ast::Name], value: Expr) {
    // One length takes the place of the other.
    let rival = match name.value.as_str() {
        "epochs" => "steps",
        "steps" => "epochs",
        _ => "",
    };
    fields.retain(|field| field.name.value != rival);
    let place = fields
        .iter()
        .position(|field| field.name.value == name.value);
    let old = place.map(|place| fields[place].value.clone());
    let field = Field {
        docs: vec![],
        name: name.clone(),
        value: nested(old, inner, value),
    };
    match place {
        Some(place) => fields[place] = field,
        None => fields.push(field),
    }
}

/// The old value with one field of its record, or one argument of its call, replaced or added; the new value itself where none is
/// named.
fn nested(old: Option<Expr>, inner: &[ast::Name], value: Expr) -> Expr {
    let Some((name, rest)) = inner.split_first() else {
        return value;
    };
    if let Some(Expr {
        span,
        kind: ExprKind::Call(callee, args),
    }) = old
    {
        let kind = ExprKind::Call(callee, with_argument(args, name, rest, value));
        return Expr { span, kind };
    }
    let (span, mut fields) = match old {
        Some(Expr {
            span,
            kind: ExprKind::Record(fields),
        }) => (span, fields),
        Some(_) | None => (name.span.to(value.span), vec![]),
    };
    match fields.iter_mut().find(|(own, _)| own.value == name.value) {
        Some((own, old)) => {
            *own = name.clone();
            *old = nested(Some(old.clone()), rest, value);
        }
        None => fields.push((name.clone(), nested(None, rest, value))),
    }
    Expr {
        span,
        kind: ExprKind::Record(fields),
    }
}

/// Arguments of a call with one of them replaced or added.
fn with_argument(
    mut args: Vec<ast::Arg>,
    name: &ast::Name,
    rest: &[ast::Name],
    value: Expr,
) -> Vec<ast::Arg> {
    let mut named = args.iter_mut();
    let own = named.find(|arg| arg.name.as_ref().is_some_and(|own| own.value == name.value));
    match own {
        Some(arg) => arg.value = nested(Some(arg.value.clone()), rest, value),
        None => args.push(ast::Arg {
            name: Some(name.clone()),
            value: nested(None, rest, value),
        }),
    }
    args
}
