//! Blocks that make no sense: what is said, where, and what to try.

use super::read::{read, refused_table};

/// The reports of a block of these fields, against a snapshot.
macro_rules! misread {
    ($name:ident, $fields:expr) => {
        #[test]
        fn $name() {
            let text = read($fields).expect_err("the block makes no sense");
            insta::assert_snapshot!(stringify!($name), text);
        }
    };
}

/// As `misread`, with a good source before one field.
macro_rules! misread_field {
    ($name:ident, $field:expr) => {
        misread!($name, concat!("source: csv(\"a.csv\"), ", $field));
    };
}

/// As `misread`, for a source that only reading finds wrong.
macro_rules! refused {
    ($name:ident, $source:expr) => {
        #[test]
        fn $name() {
            let text = refused_table(concat!("source: ", $source, ", x: columns()"));
            insta::assert_snapshot!(stringify!($name), text);
        }
    };
}

misread!(no_source, "x: a");
misread!(misspelt_source, "sourc: csv(\"a.csv\"), x: a");
misread!(unknown_source, "source: cvs(\"a.csv\"), x: a");
misread!(
    source_of_a_later_version,
    "source: parquet(\"homes.parquet\"), x: columns(from: a)"
);
misread!(
    npy_without_some_labels,
    "source: npy(\"x.npy\", labels: \"y.npy\", test: \"t.npy\"), x: images"
);
misread!(
    npy_of_other_channels,
    "source: npy(x, labels: 3, channels: middle), x: images"
);
misread!(bare_path, "source: \"a.csv\", x: a");
misread!(path_without_quotes, "source: csv(a), x: a");
misread!(no_path, "source: csv(delimiter: \";\"), x: a");
misread!(
    unknown_csv_argument,
    "source: csv(\"a.csv\", delimeter: \";\"), x: a"
);
misread!(
    long_delimiter,
    "source: csv(\"a.csv\", delimiter: \"tab\"), x: a"
);
misread!(table_without_record, "source: table([1, 2]), x: a");
misread!(
    table_with_names,
    "source: table({ a: [no, yes], b: 3 }), x: a"
);
misread!(
    table_with_a_column_twice,
    "source: table({ a: [1], a: [2] }), x: a"
);
misread!(
    random_without_rows,
    "source: random(normal: 3, clases: 2), x: a"
);
misread!(
    random_of_fractions,
    "source: random(rows: 1.5, seed: -1), x: a"
);

misread!(no_fields, "source: csv(\"a.csv\")");
misread!(duplicate_field, "source: csv(\"a.csv\"), x: a, x: b");
misread!(
    misspelt_settings,
    "source: csv(\"a.csv\"), x: a, spilt: { train: 1 }, mising: drop"
);
misread!(record_as_a_field, "source: csv(\"a.csv\"), x: { a: b }");
misread!(
    source_as_a_field,
    "source: csv(\"a.csv\"), x: csv(\"b.csv\")"
);
misread!(
    several_faults,
    "source: csv(\"a.csv\"), x: a |> standardise, y: b |> clip(0), missing: dorp"
);

misread_field!(hyphen_in_a_name, "x: petal-length");
misread_field!(dot_in_a_name, "x: [petal.length, 3]");
misread_field!(columns_in_brackets, "x: (a, b)");
misread_field!(transform_inside_out, "x: standardize([a, b])");
misread_field!(unknown_selector, "x: column(\"a_*\")");
misread_field!(half_a_range, "x: columns(from: a)");
misread_field!(mixed_selectors, "x: columns(\"a_*\", except: b)");
misread_field!(module_as_a_column, "x: nn::relu");

misread_field!(unknown_transform, "x: a |> standardise");
misread_field!(foreign_transform, "x: a |> softmax(axis: 1)");
misread_field!(
    unknown_change_of_images,
    "x: a, augment: { x: [shft(max: 2 px), noise] }"
);
misread_field!(
    change_in_another_unit,
    "x: a, augment: { x: [shift(max: 2 deg), rotate(max: -1 deg)] }"
);
misread_field!(
    crops_of_nothing,
    "x: a, augment: { x: [crop, crop(0 px), crop([1, 2, 3]), crop(28 deg, pad: 1.5 px)] }"
);
misread_field!(
    jitters_of_nothing,
    "x: a, augment: { x: [jitter, jitter(contrast: 150%), jitter(hue: 10%), jitter(20%)] }"
);
misread_field!(
    mixups_of_nothing,
    "x: a, augment: { x: [mixup, mixup(alpha: 0), mixup(0.2, beta: 1), mixup(2 px)] }"
);
misread_field!(number_as_a_transform, "x: a |> 3");
misread_field!(unknown_argument, "x: a |> normalize(lo: 1, hi: 2)");
misread_field!(argument_of_none, "x: a |> log(2)");
misread_field!(argument_twice, "x: a |> scale(by: 1, by: 2)");
misread_field!(lacking_arguments, "x: a |> clip, y: b |> scale");
misread_field!(text_as_a_number, "x: a |> scale(by: 2 * \"3\")");
misread_field!(comparison_as_a_number, "x: a |> scale(by: 1 < 2)");
misread_field!(unknown_fill, "x: a |> impute(medain), y: b |> impute(none)");
misread_field!(size_as_a_number, "x: a |> one_hot(size: 3)");
misread_field!(unknown_choice, "x: a |> one_hot(unknown: zeros)");
misread_field!(fractional_classes, "x: a |> one_hot(classes: 2.5)");

misread_field!(
    shares_that_do_not_sum,
    "x: a, split: { train: 80%, val: 30% }"
);
misread_field!(share_without_percent, "x: a, split: { train: 80, val: 20 }");
misread_field!(
    misspelt_split_setting,
    "x: a, split: { train: 100%, bye: order, sed: 7 }"
);
misread_field!(
    part_that_is_given,
    "x: a, split: { train: 90%, test: given }"
);
misread_field!(split_without_parts, "x: a, split: { by: order }");
misread_field!(split_as_a_number, "x: a, split: 80%");
misread_field!(unknown_split, "x: a, split: fold(5)");
misread_field!(unknown_way, "x: a, split: { train: 1, by: ordered }");
misread_field!(
    way_without_column,
    "x: a, split: { train: 1, by: stratify }"
);
misread_field!(way_with_column, "x: a, split: { train: 1, by: shuffle(a) }");
misread_field!(folds_without_numbers, "x: a, split: folds(by: order)");
misread_field!(setting_twice, "x: a, split: { train: 1, seed: 1, seed: 2 }");

misread_field!(missing_imputed, "x: a, missing: impute");
misread_field!(
    unknown_missing,
    "x: a, missing: { token: [\"NA\"], then: drop }"
);
misread_field!(tokens_without_quotes, "x: a, missing: { tokens: [NA] }");

refused!(unequal_columns, "table({ a: [1, 2, 3], b: [1, 2] })");
refused!(mixed_cells, "table({ a: [1, \"two\"], b: [true, 0] })");
refused!(infinite_cell, "table({ a: [1, 1 / 0] })");
refused!(table_without_rows, "table({ a: [] })");
refused!(random_nothing, "random(rows: 3)");
refused!(random_no_rows, "random(rows: 0, normal: 1)");
refused!(random_too_much, "random(rows: 1e9, normal: 1000)");
refused!(random_one_class, "random(rows: 3, classes: 1)");
