//! Tables in the program and random ones.

use proptest::prelude::*;

use super::read::{spec, table};
use super::*;

fn cells(source: &str, column: &str) -> Cells {
    let table = table(&format!("source: {source}, x: columns()"));
    let mut columns = table.columns.into_iter();
    let found = columns.find(|found| found.name == column);
    found.expect("the column is there").cells
}

#[test]
fn cells_of_a_table_have_the_type_they_are_written_with() {
    let source = "table({ a: [0, -1], b: [0, 1 / 2], c: [true, false], d: [\"no\", \"1\"] })";
    assert_eq!(cells(source, "a"), Cells::Int(vec![0, -1]));
    assert_eq!(cells(source, "b"), Cells::Float(vec![0.0, 0.5]));
    assert_eq!(cells(source, "c"), Cells::Bool(vec![true, false]));
    let words = vec!["no".to_owned(), "1".to_owned()];
    let codes = vec![0, 1];
    assert_eq!(cells(source, "d"), Cells::Text { codes, words });
}

#[test]
fn tokens_mean_no_value_in_a_table_too() {
    let table = table("source: table({ a: [1, \"NA\", 3] }), x: a |> impute(mean)");
    assert_eq!(table.columns[0].missing, [Missing { row: 1, token: 1 }]);
    assert_eq!(table.columns[0].cells, Cells::Int(vec![1, 0, 3]));
}

#[test]
fn rows_of_a_table_are_called_rows() {
    let fields = "source: table({ a: [\"u\", \"v\", \"w\"] }), x: a |> one_hot, \
                  split: { train: 2 / 3, val: 1 / 3, by: order }";
    let faults = prepare(&spec(fields), &table(fields), DType::F32).expect_err("`w` is new");
    let message = &faults.iter().next().expect("one report").message;
    assert_eq!(
        message,
        "the train part never shows `w`: row 3 of `d`, column `a`"
    );
}

#[test]
fn random_columns_are_named_by_kind() {
    let table = table("source: random(rows: 3, normal: 2, uniform: 1, classes: 3), x: columns()");
    assert_eq!(table.header, ["x0", "x1", "u0", "class"]);
    assert_eq!(table.n_rows(), 3);
}

/// The last bits belong to the generator's own tests.
#[test]
fn random_numbers_stay_as_they_are() {
    let source = "random(rows: 3, normal: 1, uniform: 1, classes: 3, seed: 7)";
    let short = |name: &str| {
        let cells = cells(source, name);
        let Cells::Float(values) = &cells else {
            return vec![format!("{cells:?}")];
        };
        values.iter().map(|x| format!("{x:.4}")).collect()
    };
    let text = ["x0", "u0", "class"].map(|name| format!("{name}: {}", short(name).join(" ")));
    insta::assert_snapshot!(text.join("\n"), @r"
    x0: 0.2259 1.5681 0.6686
    u0: 0.3133 0.4666 0.5932
    class: Int([2, 0, 0])
    ");
}

#[test]
fn random_numbers_have_their_distribution() {
    let source = "random(rows: 20000, normal: 1, uniform: 1, classes: 4)";
    let mean = |values: &[f64]| values.iter().sum::<f64>() / values.len() as f64;
    let square = |values: &[f64]| values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64;
    let Cells::Float(normal) = cells(source, "x0") else {
        panic!("numbers")
    };
    assert!(mean(&normal).abs() < 0.03 && (square(&normal) - 1.0).abs() < 0.05);
    let Cells::Float(uniform) = cells(source, "u0") else {
        panic!("numbers")
    };
    assert!((mean(&uniform) - 0.5).abs() < 0.01);
    assert!(uniform.iter().all(|x| (0.0..1.0).contains(x)));
    let Cells::Int(classes) = cells(source, "class") else {
        panic!("integers")
    };
    let count = |class| classes.iter().filter(|&&own| own == class).count();
    assert!((0..4).all(|class| (4700..5300).contains(&count(class))));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn random_columns_depend_on_the_seed_and_their_name_only(seed: u32, rows in 1..50usize) {
        let few = format!("random(rows: {rows}, normal: 1, classes: 3, seed: {seed})");
        let many = format!("random(rows: {}, normal: 5, uniform: 2, classes: 3, seed: {seed})", rows + 9);
        prop_assert_eq!(cells(&few, "x0"), cells(&few, "x0"));
        let (Cells::Float(short), Cells::Float(long)) = (cells(&few, "x0"), cells(&many, "x0")) else {
            panic!("numbers")
        };
        prop_assert_eq!(&short[..], &long[..rows]);
        let other = format!("random(rows: {rows}, normal: 1, classes: 3, seed: {})", seed.wrapping_add(1));
        prop_assert_ne!(cells(&few, "x0"), cells(&other, "x0"));
    }
}
