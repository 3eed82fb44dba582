//! The file suites of the stages between the parser and the engines: names, shapes, model and data, lints; drafts, typed functions
//! and gradients as text. Programs go through the stages in the compiler's order, up to the first that reports an error.

use nnlc::check::{Checked, check};
use nnlc::diag::Diagnostics;
use nnlc::grad::expand;
use nnlc::ir::{FuncId, Module, Op, print_draft, print_func};
use nnlc::lint::lint;
use nnlc::lower::{
    DataFacts, Definitions, FieldFacts, Library, Mode, Script, Surroundings, World,
    lower_definitions, lower_script,
};
use nnlc::opt::{Passes, optimise};
use nnlc::source::{SourceId, SourceMap, Span};
use nnlc::stdlib;
use nnlc::syntax::ast::{Field, ItemKind, Program};
use nnlc::syntax::parse;
use nnlc::types::DType;

use crate::suite_runner::{each_file, shown};

/// A program as far as the compiler got with it.
#[derive(Default)]
struct Outcome {
    reports: Diagnostics,
    definitions: Option<Definitions>,
    checked: Option<Checked>,
    script: Option<Script>,
}

/// Definitions, then the script, each lowered and checked.
fn compile(sources: &mut SourceMap, id: SourceId) -> Outcome {
    let mut outcome = Outcome::default();
    let library = Library {
        files: stdlib::FILES,
        prelude: stdlib::PRELUDE,
    };
    let mut world = World::new(library, sources, &mut outcome.reports);
    let (program, found) = parse(sources, id);
    outcome.reports.append(found);
    let Some(program) = program else {
        return outcome;
    };
    let scope = world.add(&program, &mut outcome.reports);
    if outcome.reports.has_errors() {
        return outcome;
    }
    let (definitions, found) = lower_definitions(&world, sources, scope);
    outcome.reports.append(found);
    if outcome.reports.has_errors() {
        return outcome;
    }
    let (checked, found) = check(definitions.draft.clone(), &definitions.roots, sources);
    outcome.reports.append(found);
    (outcome.definitions, outcome.checked) = (Some(definitions), checked);
    if outcome.reports.has_errors() {
        return outcome;
    }
    let data = facts(&program);
    let globals = data.iter().flat_map(fields_of_parts).collect();
    let around = Surroundings {
        data: data.clone(),
        globals,
        ..Surroundings::default()
    };
    let (script, found) = lower_script(&world, sources, scope, &program, around, Mode::Run);
    outcome.reports.append(found);
    if !outcome.reports.has_errors() {
        let (checked, found) = check(script.draft.clone(), &script.roots, sources);
        outcome.reports.append(found);
        if let Some(mut checked) = checked
            && let Err(error) = checked.rewrite(expand)
        {
            let report = error.report(checked.module(), sources, None);
            outcome.reports.push(report);
        }
        outcome.script = Some(script);
        let found = lint(&program, &world, scope, &data, sources);
        outcome.reports.append(found);
    }
    outcome
}

/// What would be known of the data after reading it: the sizes of a few tables that the suite speaks of.
fn facts(program: &Program) -> Vec<DataFacts> {
    let blocks = program.items.iter().filter_map(|item| {
        let ItemKind::Data(block) = &item.kind else {
            return None;
        };
        Some(block)
    });
    let facts = blocks.map(|block| DataFacts {
        name: block.name.value.clone(),
        fields: block
            .fields
            .iter()
            .filter_map(|field| field_facts(&block.name.value, field))
            .collect(),
        parts: vec![("train".to_string(), 120), ("val".to_string(), 30)],
        folds: None,
    });
    facts.collect()
}

fn field_facts(data: &str, field: &Field) -> Option<FieldFacts> {
    let (dtype, row, because): (DType, &[usize], &str) = match (data, field.name.value.as_str()) {
        ("iris", "x") => (DType::F32, &[4], "4 columns"),
        ("iris", "y") => (DType::F32, &[3], "3 categories of `species`"),
        ("signs", "x") => (DType::F32, &[28, 28], "images of 28 by 28 pixels"),
        ("signs", "y") => (
            DType::F32,
            &[7],
            "`y` holds 7 categories, signs.csv column `label`",
        ),
        ("homes", "x") => (DType::F32, &[3], "3 columns"),
        ("homes", "y" | "z") => (DType::F32, &[], "one CSV column"),
        ("play", "x" | "y") => (DType::I64, &[64], "windows of 64 tokens"),
        _ => return None,
    };
    Some(FieldFacts {
        name: field.name.value.clone(),
        dtype,
        row_shape: row.to_vec(),
        span: place(field),
        because: because.to_string(),
        tokenizer: None,
        classes: classes(data, field),
    })
}

/// The classes of the one field that tells rows apart.
fn classes(data: &str, field: &Field) -> Option<Vec<(String, usize)>> {
    let names = ["setosa", "versicolor", "virginica"];
    let is_told = (data, field.name.value.as_str()) == ("iris", "y");
    is_told.then(|| names.map(|name| (name.to_owned(), 40)).to_vec())
}

fn place(field: &Field) -> Span {
    field.name.span.to(field.value.span)
}

fn fields_of_parts(data: &DataFacts) -> Vec<(String, DType, Vec<usize>)> {
    let global = |part: &(String, usize), field: &FieldFacts| {
        let rows = [&[part.1], field.row_shape.as_slice()].concat();
        (data.global(&part.0, &field.name), field.dtype, rows)
    };
    let fields = |part| data.fields.iter().map(move |field| global(part, field));
    data.parts.iter().flat_map(fields).collect()
}

/// What is reported; there must be an error.
fn errors(sources: &SourceMap, id: SourceId) -> String {
    let mut sources = sources.clone();
    let outcome = compile(&mut sources, id);
    assert!(outcome.reports.has_errors(), "nothing is reported");
    shown(&sources, &outcome.reports)
}

/// What is reported; there must be no error.
fn clean(sources: &mut SourceMap, id: SourceId) -> Outcome {
    let outcome = compile(sources, id);
    let text = shown(sources, &outcome.reports);
    assert!(!outcome.reports.has_errors(), "{text}");
    outcome
}

#[test]
fn name_error_files() {
    each_file("error/name", errors);
}

#[test]
fn shape_error_files() {
    each_file("error/shape", errors);
}

#[test]
fn link_error_files() {
    each_file("error/link", errors);
}

#[test]
fn lint_files() {
    each_file("lint", |sources, id| {
        let mut sources = sources.clone();
        let outcome = clean(&mut sources, id);
        shown(&sources, &outcome.reports)
    });
}

#[test]
fn lower_files() {
    each_file("lower", |sources, id| {
        let mut sources = sources.clone();
        let outcome = clean(&mut sources, id);
        let draft = outcome.definitions.map(|definitions| definitions.draft);
        draft.as_ref().map(print_draft).unwrap_or_default()
    });
}

#[test]
fn check_files() {
    each_file("check", |sources, id| {
        let mut sources = sources.clone();
        let outcome = clean(&mut sources, id);
        printed(&outcome, |_| {})
    });
}

#[test]
fn grad_files() {
    each_file("grad", |sources, id| {
        let mut sources = sources.clone();
        let outcome = clean(&mut sources, id);
        printed(&outcome, |checked| {
            checked
                .rewrite(expand)
                .expect("the suite's functions have derivatives");
        })
    });
}

#[test]
fn opt_files() {
    each_file("opt", |sources, id| {
        let mut sources = sources.clone();
        let outcome = clean(&mut sources, id);
        printed(&outcome, |checked| {
            let of = |module: &mut Module| {
                expand(module).expect("the suite's functions have derivatives");
                optimise(module, &module.roots(), &Passes::All);
            };
            checked.rewrite(of);
        })
    });
}

/// The typed functions of a program's definitions, after a pass.
fn printed(outcome: &Outcome, pass: impl FnOnce(&mut Checked)) -> String {
    let (Some(definitions), Some(mut checked)) = (&outcome.definitions, outcome.checked.clone())
    else {
        return String::new();
    };
    pass(&mut checked);
    let module = checked.module();
    let roots = definitions.roots.iter().map(|root| checked.func(*root));
    let texts: Vec<String> = with_steps(module, roots.collect())
        .into_iter()
        .map(|func| print_func(&module.funcs[func], module))
        .collect();
    texts.join("\n")
}

/// These functions, each followed by the steps of its scans.
fn with_steps(module: &Module, funcs: Vec<FuncId>) -> Vec<FuncId> {
    let each = funcs.into_iter().flat_map(|func| {
        let scans = module.funcs[func].body.iter();
        let steps = scans.filter(|inst| matches!(inst.op, Op::Scan(_)));
        let steps = steps.flat_map(|inst| inst.op.callees()).collect();
        std::iter::once(func).chain(with_steps(module, steps))
    });
    each.collect()
}

#[test]
fn the_library_is_without_fault() {
    let mut sources = SourceMap::new();
    let mut reports = Diagnostics::new();
    let library = Library {
        files: stdlib::FILES,
        prelude: stdlib::PRELUDE,
    };
    for (name, text) in stdlib::FILES {
        let mut world = World::new(library, &mut sources, &mut reports);
        let id = sources.add_file(std::path::Path::new(&format!("{name}.nnl")), text);
        let (program, found) = parse(&sources, id);
        reports.append(found);
        // A primitive may only be declared in the library itself.
        if matches!(*name, "prim" | "run") {
            continue;
        }
        let Some(program) = program else { continue };
        let scope = world.add(&program, &mut reports);
        let (definitions, found) = lower_definitions(&world, &sources, scope);
        reports.append(found);
        reports.append(check(definitions.draft, &definitions.roots, &sources).1);
        reports.append(lint(&program, &world, scope, &[], &sources));
    }
    assert!(reports.is_empty(), "{}", shown(&sources, &reports));
}
