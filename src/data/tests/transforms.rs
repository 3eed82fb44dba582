//! Reading and transforms: what each makes of small tables, and that fitting sees the train part only.

use proptest::prelude::*;

use super::*;
use crate::data::infer::Growing;
use crate::tensor::Tensor;

/// A table of one column of numbers.
fn column(values: &[f64]) -> Table {
    let mut growing = Growing::new();
    values
        .iter()
        .for_each(|value| growing.push(&format!("{value:?}")));
    Table {
        file: "numbers.csv".into(),
        row_word: "line",
        runs_on: false,
        header: vec!["a".into()],
        columns: vec![growing.finish("a".into(), 0)],
        lines: (2..).take(values.len()).collect(),
        given: vec![],
    }
}

#[test]
fn quotes_crlf_and_a_byte_order_mark_are_read_through() {
    let table = Build::csv("crlf_bom.csv")
        .except("x", &[], vec![])
        .read()
        .expect("the file is good");
    assert_eq!(table.header, ["name", "age", "note"]);
    assert_eq!(table.lines, [2, 4]);
    let Cells::Text { words, .. } = &table.columns[0].cells else {
        panic!("names are text")
    };
    assert_eq!(words, &["O'Neil, Ann", "Bob"]);
    assert_eq!(table.columns[1].cells, Cells::Int(vec![31, 40]));
    let Cells::Text { words, .. } = &table.columns[2].cells else {
        panic!("notes are text")
    };
    assert_eq!(words, &["says \"hi\"", "two\r\nlines"]);
}

#[test]
fn only_used_columns_are_read() {
    let table = Build::csv("good.csv")
        .one("x", "sepal_width", vec![])
        .read()
        .expect("the file is good");
    assert_eq!(table.unused_columns(), ["sepal_length", "species"]);
    assert_eq!(table.columns.len(), 1);
}

#[test]
fn another_delimiter_is_read_when_named() {
    let data = Build::csv("semicolon.csv")
        .delimiter(';')
        .list("x", &["b", "c"], vec![])
        .dataset();
    assert_eq!(floats(&data, "all", "x"), [2.0, 3.0, 3.0, 4.0]);
}

#[test]
fn columns_are_chosen_by_pattern_range_and_exception() {
    let columns = |build: Build| build.dataset().schema[0].columns.clone();
    assert_eq!(
        columns(Build::csv("good.csv").glob("x", "sepal_*", vec![])),
        ["sepal_length", "sepal_width"]
    );
    assert_eq!(
        columns(Build::csv("good.csv").range("x", "sepal_length", "sepal_width")),
        ["sepal_length", "sepal_width"]
    );
    assert_eq!(
        columns(Build::csv("good.csv").except("x", &["species"], vec![])),
        ["sepal_length", "sepal_width"]
    );
}

#[test]
fn postal_codes_keep_their_zeros() {
    let data = Build::csv("codes.csv")
        .one("y", "zip", vec![label()])
        .dataset();
    assert_eq!(
        data.schema[0].categories,
        Some(vec!["02134".into(), "10001".into()])
    );
}

#[test]
fn a_column_that_turns_to_text_late_keeps_every_cell_as_written() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    std::fs::write(folder.path().join("late.csv"), "a\n1.50\n2\nx\n")
        .expect("the folder is writable");
    let build = Build::csv("late.csv").one("y", "a", vec![label()]);
    let table = read_table(&build.spec, folder.path()).expect("the file is good");
    let Cells::Text { words, .. } = &table.columns[0].cells else {
        panic!("the column is text")
    };
    assert_eq!(words, &["1.50", "2", "x"]);
}

#[test]
fn missing_cells_are_filled_or_their_rows_left_out() {
    let impute = |fill| vec![TransformSpec::Impute(fill)];
    let ages = |fill| {
        floats(
            &Build::csv("missing.csv")
                .one("x", "age", impute(fill))
                .dataset(),
            "all",
            "x",
        )
    };
    assert_eq!(ages(Fill::Mean), [31.0, 33.0, 40.0, 33.0, 28.0]);
    assert_eq!(ages(Fill::Median), [31.0, 31.0, 40.0, 31.0, 28.0]);
    assert_eq!(ages(Fill::Number(0.5)), [31.0, 0.5, 40.0, 0.5, 28.0]);
    let filled = vec![TransformSpec::Impute(Fill::Mode), label()];
    let data = Build::csv("missing.csv").one("c", "city", filled).dataset();
    assert_eq!(
        data.parts[0].fields[0].1,
        Rows::Tensor(Tensor::from_vec(vec![5], vec![2_i64, 1, 2, 2, 0]))
    );
    let data = Build::csv("missing.csv")
        .one("x", "age", vec![])
        .one("c", "city", vec![one_hot()])
        .drop_missing()
        .dataset();
    assert_eq!(data.parts[0].rows, [0, 4]);
}

#[test]
fn a_fill_that_is_text_joins_the_categories() {
    let transforms = vec![
        TransformSpec::Impute(Fill::Text("unknown".into())),
        one_hot(),
    ];
    let data = Build::csv("missing.csv")
        .one("c", "city", transforms)
        .dataset();
    assert_eq!(data.schema[0].row_shape, [4]);
    assert_eq!(
        data.schema[0].features,
        [
            "city = Oslo",
            "city = Paris",
            "city = Rome",
            "city = unknown"
        ]
    );
}

#[test]
fn one_hot_of_several_columns_lays_them_side_by_side() {
    let data = Build::csv("unseen.csv")
        .list("x", &["a", "species"], vec![one_hot()])
        .dataset();
    assert_eq!(data.schema[0].row_shape, [8]);
    assert_eq!(data.schema[0].categories, None);
    assert_eq!(
        floats(&data, "all", "x")[..8],
        [1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    );
}

#[test]
fn unknown_categories_can_be_zeros() {
    let zero = TransformSpec::OneHot {
        classes: Classes::Found,
        size: None,
        unknown: Unknown::Zero,
    };
    let data = Build::csv("unseen.csv")
        .one("y", "species", vec![zero])
        .shares(&TRAIN_VAL)
        .order()
        .dataset();
    assert_eq!(floats(&data, "val", "y"), [0.0, 0.0]);
}

#[test]
fn declared_classes_outnumber_those_found() {
    let mut build = Build::csv("codes.csv");
    let classes = Classes::Count(Spanned::new(10, build.span("10")));
    let build = build.one(
        "y",
        "n",
        vec![TransformSpec::OneHot {
            classes,
            size: None,
            unknown: Unknown::Error,
        }],
    );
    assert_eq!(build.dataset().schema[0].row_shape, [10]);
}

#[test]
fn transforms_are_fitted_on_the_train_part_only() {
    let data = Build::csv("constant.csv")
        .one("x", "a", vec![TransformSpec::Standardize])
        .shares(&[("train", 0.5), ("val", 0.5)])
        .order()
        .dataset();
    assert_eq!(floats(&data, "train", "x"), [-1.0, 1.0]);
    assert_eq!(floats(&data, "val", "x"), [3.0, 5.0]);
    assert_eq!(
        data.fitted[0].steps,
        [Fitted::Standardize {
            mean: vec![1.5],
            sd: vec![0.5]
        }]
    );
}

#[test]
fn shapes_and_types_follow_the_field() {
    let build = Build::csv("good.csv")
        .one("a", "sepal_width", vec![])
        .list("b", &["sepal_width"], vec![])
        .one("c", "species", vec![one_hot()])
        .one("d", "species", vec![label()]);
    let data = build.dataset();
    let shapes: Vec<(&[usize], DType)> = data
        .schema
        .iter()
        .map(|field| (&field.row_shape[..], field.dtype))
        .collect();
    assert_eq!(
        shapes,
        [
            (&[][..], DType::F32),
            (&[1][..], DType::F32),
            (&[2][..], DType::F32),
            (&[][..], DType::I64)
        ]
    );
    assert_eq!(
        schema(&build.spec, &build.read().expect("good"), DType::F32).expect("good"),
        data.schema
    );
    for (field, (name, tensor)) in data.schema.iter().zip(&data.parts[0].fields) {
        assert_eq!(
            (&field.name, field.dtype, &field.row_shape[..]),
            (name, tensor.dtype(), &tensor.shape()[1..])
        );
    }
    let wide = prepare(&build.spec, &build.read().expect("good"), DType::F64).expect("good");
    assert_eq!(
        (wide.schema[0].dtype, wide.parts[0].fields[0].1.dtype()),
        (DType::F64, DType::F64)
    );
}

proptest! {
    #[test]
    fn numeric_transforms_can_be_undone(values in proptest::collection::vec(0.5..1e3_f64, 2..40), which in 0..6) {
        let chain = match which {
            0 => vec![TransformSpec::Standardize],
            1 => vec![TransformSpec::Normalize { low: -1.0, high: 1.0 }],
            2 => vec![TransformSpec::Scale { by: 1.0 / 255.0 }],
            3 => vec![TransformSpec::Log],
            4 => vec![TransformSpec::Log1p, TransformSpec::Standardize],
            _ => vec![TransformSpec::Impute(Fill::Mean), TransformSpec::Log, TransformSpec::Normalize { low: 0.0, high: 1.0 }],
        };
        let build = Build::csv("none.csv").one("x", "a", chain);
        let data = prepare(&build.spec, &column(&values), DType::F64).expect("positive numbers can be transformed");
        let back = data.fitted[0].invert(data.parts[0].fields[0].1.tensor().expect("numbers")).expect("numbers can be undone");
        for (x, y) in values.iter().zip(back.as_slice::<f64>().expect("f64")) {
            prop_assert!((x - y).abs() <= 1e-9 * x.abs(), "{x} came back as {y}");
        }
    }

    #[test]
    fn standardized_columns_have_mean_zero_and_deviation_one(values in proptest::collection::vec(-1e3..1e3_f64, 2..40)) {
        let build = Build::csv("none.csv").one("x", "a", vec![TransformSpec::Standardize]);
        let data = prepare(&build.spec, &column(&values), DType::F64).expect("numbers can be standardized");
        let x = data.parts[0].fields[0].1.tensor().expect("numbers").as_slice::<f64>().expect("f64").to_vec();
        let n = x.len() as f64;
        let (mean, square) = (x.iter().sum::<f64>() / n, x.iter().map(|x| x * x).sum::<f64>() / n);
        prop_assert!(mean.abs() < 1e-9);
        prop_assert!((square - 1.0).abs() < 1e-9 || x.iter().all(|&x| x == 0.0));
    }
}
