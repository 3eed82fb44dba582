//! Blocks as programs write them, and what they become.

use super::*;
use crate::source::SourceMap;
use crate::syntax::ast::{Block, Field, ItemKind};
use crate::syntax::parse;

/// The first data block of a program.
fn block(text: &str) -> Option<Block<Field>> {
    let mut sources = SourceMap::new();
    let id = sources.add_file(Path::new("test.nnl"), text);
    let (program, reports) = parse(&sources, id);
    let program = program.unwrap_or_else(|| panic!("{reports:?}"));
    program.items.into_iter().find_map(|item| match item.kind {
        ItemKind::Data(block) => Some((*block).clone()),
        ItemKind::Use(_)
        | ItemKind::Dim(_)
        | ItemKind::Type(_)
        | ItemKind::Def(_)
        | ItemKind::Train(_)
        | ItemKind::Test(_)
        | ItemKind::Stmt(_) => None,
    })
}

/// The spec of a block of these fields, or what is wrong with it.
pub(super) fn read(fields: &str) -> Result<DataSpec, String> {
    let build = Build::of_text(&format!("data d {{ {fields} }}"));
    let block = block(&build.text).expect("there is a block");
    read_block(&block, &Sizes::new()).map_err(|reports| build.shown(reports.iter()))
}

/// The spec of a block of these fields, which must be good.
pub(super) fn spec(fields: &str) -> DataSpec {
    read(fields).unwrap_or_else(|reports| panic!("{reports}"))
}

/// The table of a block of these fields.
pub(super) fn table(fields: &str) -> Table {
    read_table(&spec(fields), &folder()).unwrap_or_else(|reports| panic!("{reports:?}"))
}

/// What is wrong with the table of a good block of these fields.
pub(super) fn refused_table(fields: &str) -> String {
    let build = Build::of_text(&format!("data d {{ {fields} }}"));
    let reports = read_table(&spec(fields), &folder()).expect_err("the table makes no sense");
    build.shown(reports.iter())
}

/// One field with a good source.
fn field(text: &str) -> Result<FieldSpec, String> {
    let spec = read(&format!("source: csv(\"a.csv\"), x: {text}"))?;
    Ok(spec.fields.into_iter().next().expect("it has one field"))
}

fn transform(text: &str) -> TransformSpec {
    let mut field = field(&format!("a |> {text}")).unwrap_or_else(|reports| panic!("{reports}"));
    field.transforms.remove(0).value
}

fn split(text: &str) -> SplitSpec {
    spec(&format!("source: csv(\"a.csv\"), x: a, split: {text}")).split
}

/// The data set of a whole program in `examples`.
fn example(name: &str) -> Dataset {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let text = std::fs::read_to_string(folder.join(name)).expect("the example is there");
    let block = block(&text).expect("it has a data block");
    let spec = read_block(&block, &Sizes::new()).unwrap_or_else(|reports| panic!("{reports:?}"));
    let table = read_table(&spec, &folder).unwrap_or_else(|reports| panic!("{reports:?}"));
    prepare(&spec, &table, DType::F32).unwrap_or_else(|reports| panic!("{reports:?}"))
}

/// What a data set tells others, in a few lines.
fn told(data: &Dataset) -> String {
    let facts = data.facts();
    let mut text = format!("{}: {:?}\n", facts.name, facts.parts);
    for field in &facts.fields {
        let (name, shape) = (&field.name, &field.row_shape);
        text += &format!("{name}: {}{shape:?}, {}\n", field.dtype, field.because);
    }
    text
}

#[test]
fn every_example_is_read() {
    insta::assert_snapshot!(told(&example("iris.nnl")), @r#"
    iris: [("train", 120), ("val", 30)]
    x: f32[4], 4 columns
    y: f32[3], 3 categories of `species`
    "#);
    insta::assert_snapshot!(told(&example("digits.nnl")), @r#"
    digits: [("train", 1258), ("val", 180), ("test", 359)]
    x: f32[64], 64 columns
    y: f32[10], 10 categories of `digit`
    "#);
    insta::assert_snapshot!(told(&example("breast_cancer.nnl")), @r#"
    tumours: [("train", 512), ("val", 57)]
    x: f32[30], 30 columns
    y: f32[], one column, `diagnosis`
    "#);
    insta::assert_snapshot!(told(&example("diabetes.nnl")), @r#"
    patients: [("train", 309), ("val", 133)]
    x: f32[10], 10 columns
    y: f32[], one column, `target`
    "#);
    insta::assert_snapshot!(told(&example("xor.nnl")), @r#"
    xor: [("all", 4), ("train", 4)]
    x: f32[2], 2 columns
    y: f32[], one column, `differs`
    "#);
}

#[test]
fn fields_have_global_names() {
    let data = example("xor.nnl");
    let names: Vec<String> = data.globals().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        ["xor.all.x", "xor.all.y", "xor.train.x", "xor.train.y"]
    );
}

#[test]
fn categories_decide_a_dimension() {
    let text = "source: table({ a: [\"n\", \"y\"] }), y: a |> one_hot(size: classes)";
    let data = prepare(&spec(text), &table(text), DType::F32).expect("it is good");
    assert_eq!(data.sizes(), [("classes".to_owned(), 2)]);
}

#[test]
fn columns_are_chosen_in_many_ways() {
    let select = |text: &str| {
        field(text)
            .unwrap_or_else(|reports| panic!("{reports}"))
            .select
    };
    let name = |columns: Columns| match columns {
        Columns::One(name) => name.value,
        Columns::Many(_) => panic!("one column"),
    };
    assert_eq!(name(select("species")), "species");
    assert_eq!(name(select("\"with spaces\" |> log")), "with spaces");
    let many = |columns: Columns| match columns {
        Columns::One(_) => panic!("several columns"),
        Columns::Many(selectors) => selectors.iter().map(selector).collect::<Vec<String>>(),
    };
    assert_eq!(many(select("[a]")), ["a"]);
    assert_eq!(
        many(select("[a, \"b c\", columns(\"p_*\")]")),
        ["a", "b c", "glob p_*"]
    );
    assert_eq!(
        many(select("columns(\"p_*\", \"q?\") |> log")),
        ["glob p_*", "glob q?"]
    );
    assert_eq!(many(select("columns(from: a, to: \"z\")")), ["a to z"]);
    assert_eq!(
        many(select("columns(except: [y, \"id\"])")),
        ["all but y, id"]
    );
    assert_eq!(many(select("columns(except: y)")), ["all but y"]);
    assert_eq!(many(select("columns()")), ["all but "]);
}

fn selector(selector: &Selector) -> String {
    match selector {
        Selector::Name(name) => name.value.clone(),
        Selector::Glob(pattern) => format!("glob {}", pattern.value),
        Selector::Range { first, last } => format!("{} to {}", first.value, last.value),
        Selector::Except { names, .. } => {
            let names: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
            format!("all but {}", names.join(", "))
        }
    }
}

#[test]
fn settings_of_transforms_are_calculated() {
    let normalize = |low, high| TransformSpec::Normalize { low, high };
    assert_eq!(transform("standardize"), TransformSpec::Standardize);
    assert_eq!(transform("normalize"), normalize(0.0, 1.0));
    assert_eq!(transform("normalize(low: -1)"), normalize(-1.0, 1.0));
    assert_eq!(transform("normalize(-2 * 3, 2 ^ 3)"), normalize(-6.0, 8.0));
    assert_eq!(
        transform("scale(by: 1 / 255)"),
        TransformSpec::Scale { by: 1.0 / 255.0 }
    );
    assert_eq!(
        transform("scale(by: 80%)"),
        TransformSpec::Scale { by: 0.8 }
    );
    assert_eq!(
        transform("clip(low: 0, high: (1 + 2) / 2)"),
        TransformSpec::Clip {
            low: 0.0,
            high: 1.5
        }
    );
    assert_eq!(
        transform("impute(median)"),
        TransformSpec::Impute(Fill::Median)
    );
    assert_eq!(
        transform("impute(0)"),
        TransformSpec::Impute(Fill::Number(0.0))
    );
    assert_eq!(
        transform("impute(\"unknown\")"),
        TransformSpec::Impute(Fill::Text("unknown".to_owned()))
    );
    assert_eq!(transform("log1p()"), TransformSpec::Log1p);
    assert_eq!(transform("one_hot"), one_hot());
    assert_eq!(transform("label"), label());
}

#[test]
fn categories_are_names_texts_or_numbers() {
    let positive = |text: &str| {
        let TransformSpec::Binary { positive } = transform(text) else {
            panic!("binary")
        };
        positive.value
    };
    assert_eq!(positive("binary(positive: malignant)"), "malignant");
    assert_eq!(positive("binary(positive: \"not yet\")"), "not yet");
    assert_eq!(positive("binary(positive: -1)"), "-1");
    assert_eq!(positive("binary(positive: true)"), "true");
    let classes = |text: &str| {
        let (TransformSpec::OneHot { classes, .. } | TransformSpec::Label { classes, .. }) =
            transform(text)
        else {
            panic!("one_hot or label")
        };
        classes
    };
    let Classes::Count(n) = classes("one_hot(classes: 10, unknown: zero)") else {
        panic!("a number")
    };
    assert_eq!(n.value, 10);
    let Classes::Named(names) = classes("label(classes: [no, \"yes\", 2])") else {
        panic!("names")
    };
    let names: Vec<&str> = names.iter().map(|name| name.value.as_str()).collect();
    assert_eq!(names, ["no", "yes", "2"]);
}

#[test]
fn splits_have_shares_or_folds() {
    let read = split("{ train: 80%, val: 0.2, by: stratify(species), seed: 7 }");
    let PartsSpec::Shares(parts) = &read.parts else {
        panic!("shares")
    };
    let parts: Vec<(&str, f64)> = parts
        .iter()
        .map(|part| (part.name.value.as_str(), part.share.value))
        .collect();
    assert_eq!(parts, [("train", 0.8), ("val", 0.2)]);
    assert_eq!(read.seed, 7);
    assert!(matches!(read.by, SplitBy::Stratify(column) if column.value == "species"));
    assert_eq!(
        split("{ train: 3 / 4, val: 1 / 4, by: order }").by,
        SplitBy::Order
    );
    assert_eq!(split("{ train: 1 }").by, SplitBy::Shuffle);
    let by = split("{ train: 90%, val: 10%, by: group(\"patient id\") }").by;
    assert!(matches!(by, SplitBy::Group(column) if column.value == "patient id"));
    let folds = split("folds(5, held: 2, seed: 2 * 3, by: stratify(y))");
    let PartsSpec::Folds { k, held } = folds.parts else {
        panic!("folds")
    };
    assert_eq!((k.value, held.value), (5, 2));
}

#[test]
fn missing_cells_have_tokens_and_a_policy() {
    let missing =
        |text: &str| spec(&format!("source: csv(\"a.csv\"), x: a, missing: {text}")).missing;
    assert_eq!(missing("drop").policy, MissingPolicy::DropRows);
    assert_eq!(missing("error"), MissingSpec::default());
    let read = missing("{ tokens: [\"NA\", \"-\", -999], then: drop }");
    assert_eq!(read.tokens(), ["NA", "-", "-999"]);
    assert_eq!(read.policy, MissingPolicy::DropRows);
}
