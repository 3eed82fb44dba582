//! Saved transforms: bit for bit, checked when read, and the same values for new data.

use super::*;
use crate::tensor::concat;

fn fitted() -> (Build, Dataset) {
    let build = Build::csv("good.csv")
        .list(
            "x",
            &["sepal_length", "sepal_width"],
            vec![TransformSpec::Log, TransformSpec::Standardize],
        )
        .one("y", "species", vec![one_hot()]);
    let data = build.dataset();
    (build, data)
}

#[test]
fn transforms_come_back_bit_for_bit() {
    let (_, data) = fitted();
    let text = to_json(&data.fitted).expect("transforms are finite");
    assert_eq!(from_json(&text).expect("it was just written"), data.fitted);
}

#[test]
fn new_data_goes_through_the_same_transforms() {
    let (build, data) = fitted();
    let span = build.spec.span;
    let reading = Reading::default();
    let (source, missing) = (reading.csv("good.csv", span), reading.missing(span));
    let fields = vec![&data.fitted[0]];
    let encoder = Encoder::of_cells(fields, &reading, span).expect("it takes cells");
    let mut rows = CsvRows::open(&source, &missing, &folder(), &encoder.columns())
        .expect("the columns are there");
    let mut x = vec![];
    while let Some(table) = rows.next_chunk(2).expect("the file is good") {
        assert!(table.n_rows() <= 2);
        assert!(table.unused_columns().contains(&"species"));
        x.push(
            encoder.encode(&table).expect("the rows are good").fields[0]
                .1
                .tensor()
                .expect("numbers")
                .clone(),
        );
        let other = Encoder::new(vec![&data.fitted[1]], &reading, span).encode(&table);
        assert!(other.is_err(), "the column was not read");
    }
    assert_eq!(Ok(&concat(&x, 0)), data.parts[0].fields[0].1.tensor());
}

#[test]
fn text_cut_anywhere_is_refused() {
    let (_, data) = fitted();
    let text = to_json(&data.fitted).expect("transforms are finite");
    assert!(
        (0..text.len())
            .filter(|&at| text.is_char_boundary(at))
            .all(|at| from_json(&text[..at]).is_err())
    );
}

#[test]
fn newer_and_inconsistent_transforms_are_refused() {
    assert!(matches!(
        from_json(r#"{"format":9,"fields":"?"}"#),
        Err(SavedError::Newer { found: 9 })
    ));
    let (_, mut data) = fitted();
    data.fitted[0].steps[1] = Fitted::Standardize {
        mean: vec![0.0],
        sd: vec![1.0, 1.0],
    };
    let text = to_json(&data.fitted).expect("transforms are finite");
    assert!(matches!(
        from_json(&text),
        Err(SavedError::Inconsistent { .. })
    ));
}
