//! Real data sets, read as programs would.

use super::*;

fn example(name: &str) -> Build {
    Build::csv(&format!("../../examples/data/{name}.csv"))
}

#[test]
fn iris_splits_into_even_species() {
    let data = example("iris")
        .list(
            "x",
            &["sepal_length", "sepal_width", "petal_length", "petal_width"],
            vec![TransformSpec::Standardize],
        )
        .one("y", "species", vec![one_hot()])
        .shares(&TRAIN_VAL)
        .stratify("species")
        .dataset();
    assert!(data.warnings.is_empty());
    assert_eq!(
        data.schema[1].categories,
        Some(
            ["setosa", "versicolor", "virginica"]
                .map(String::from)
                .to_vec()
        )
    );
    let val = data.part("val").expect("there is a val part");
    assert_eq!(
        val.whole("x").map(|x| x.shape().to_vec()),
        Some(vec![30, 4])
    );
    let y = floats(&data, "val", "y");
    let count = |class: usize| y.iter().skip(class).step_by(3).sum::<f32>();
    assert_eq!([count(0), count(1), count(2)], [10.0; 3]);
}

#[test]
fn digits_are_64_pixels_and_ten_labels() {
    let data = example("digits")
        .glob(
            "x",
            "pixel_*",
            vec![TransformSpec::Scale { by: 1.0 / 16.0 }],
        )
        .except("y", &[], vec![])
        .dataset();
    assert_eq!(data.schema[0].row_shape, [64]);
    let x = floats(&data, "all", "x");
    assert!(x.iter().all(|&x| (0.0..=1.0).contains(&x)) && x.contains(&1.0));
}

#[test]
fn diabetes_targets_come_back_in_their_units() {
    let data = example("diabetes")
        .except("x", &["target"], vec![TransformSpec::Standardize])
        .one("y", "target", vec![TransformSpec::Standardize])
        .shares(&TRAIN_VAL)
        .dataset();
    let raw = example("diabetes").one("y", "target", vec![]).dataset();
    let raw = floats(&raw, "all", "y");
    let train = data.part("train").expect("there is a train part");
    let back = data.fitted[1]
        .invert(train.whole("y").expect("there is a y"))
        .expect("numbers can be undone");
    for (row, y) in train.rows.iter().zip(back.as_slice::<f32>().expect("f32")) {
        assert!((raw[*row as usize] - y).abs() < 1e-3);
    }
}

#[test]
fn breast_cancer_has_thirty_features() {
    let mut build = example("breast_cancer");
    let table = example("breast_cancer")
        .except("x", &[], vec![])
        .read()
        .expect("the file is good");
    let target = table.header.last().expect("there are columns").clone();
    let positive = match &table.columns.last().expect("there are columns").cells {
        Cells::Text { words, .. } => words[0].clone(),
        Cells::Int(_) | Cells::Bool(_) | Cells::Float(_) | Cells::Blank(_) => "1".to_owned(),
        Cells::Image(_) => unreachable!("it is a table of text"),
    };
    let positive = build.word(&positive);
    let data = build
        .except("x", &[&target], vec![TransformSpec::Standardize])
        .one("y", &target, vec![TransformSpec::Binary { positive }])
        .dataset();
    assert_eq!(data.schema[0].row_shape, [30]);
    assert_eq!(data.schema[1].categories.as_ref().map(Vec::len), Some(2));
}
