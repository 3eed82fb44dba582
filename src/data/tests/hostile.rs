//! Bad files and bad requests: each gets one code, its line or column, and an edit to try.

use super::*;

/// Asserts the first code, and the whole text against its snapshot.
macro_rules! refuses {
    ($name:ident, $code:literal, $build:expr) => {
        #[test]
        fn $name() {
            let text = $build.refused();
            assert!(
                text.starts_with(concat!("error nnl::data::", $code)),
                "{text}"
            );
            insta::assert_snapshot!(stringify!($name), text);
        }
    };
}

fn ab(file: &str) -> Build {
    Build::csv(file).list("x", &["a", "b"], vec![])
}

refuses!(missing_file, "E0401", ab("god.csv"));
refuses!(missing_folder, "E0401", ab("nowhere/good.csv"));
refuses!(a_folder, "E0402", ab("."));
#[cfg(unix)]
refuses!(a_device, "E0402", ab("/dev/zero"));
refuses!(utf16, "E0404", ab("utf16.csv"));
refuses!(gzip, "E0404", ab("gzip.csv"));
refuses!(lfs_pointer, "E0404", ab("lfs_pointer.csv"));
refuses!(zero_bytes, "E0405", ab("zero_bytes.csv"));
refuses!(blank_lines, "E0405", ab("blank_lines.csv"));
refuses!(header_only, "E0406", ab("header_only.csv"));
refuses!(no_header, "E0407", ab("no_header.csv"));
refuses!(duplicate_header, "E0408", ab("duplicate_header.csv"));
refuses!(empty_header, "E0409", ab("empty_header.csv"));
refuses!(ragged, "E0410", ab("ragged.csv"));
refuses!(ragged_short, "E0410", ab("ragged_short.csv"));
refuses!(trailing_comma, "E0410", ab("trailing_comma.csv"));
refuses!(stray_quote, "E0410", ab("stray_quote.csv"));
refuses!(unclosed_quote, "E0411", ab("unclosed_quote.csv"));
refuses!(
    not_utf8,
    "E0412",
    Build::csv("latin1.csv").one("x", "city", vec![one_hot()])
);
refuses!(semicolons, "E0413", ab("semicolon.csv"));
refuses!(
    missing_columns,
    "E0414",
    Build::csv("good.csv")
        .list("x", &["sepal_lenght", "colour"], vec![])
        .one("y", "specie", vec![one_hot()])
);
refuses!(
    missing_column_of_many,
    "E0414",
    Build::csv("wide.csv").one("x", "q", vec![])
);
refuses!(escapes_in_names, "E0414", ab("escapes.csv"));
refuses!(
    pattern_without_match,
    "E0415",
    Build::csv("good.csv").glob("x", "petal_*", vec![])
);
refuses!(
    column_twice,
    "E0415",
    Build::csv("good.csv").list("x", &["sepal_width", "sepal_width"], vec![])
);
refuses!(
    reversed_range,
    "E0415",
    Build::csv("good.csv").range("x", "species", "sepal_length")
);
refuses!(bad_delimiter, "E0416", ab("good.csv").delimiter('→'));
refuses!(
    missing_values,
    "E0420",
    Build::csv("missing.csv")
        .one("x", "age", vec![])
        .one("c", "city", vec![one_hot()])
);
refuses!(
    text_in_numeric,
    "E0421",
    Build::csv("text_in_numeric.csv").one("x", "price", vec![TransformSpec::Standardize])
);
refuses!(
    text_not_encoded,
    "E0422",
    Build::csv("good.csv").one("y", "species", vec![])
);
refuses!(
    log_of_zero,
    "E0423",
    Build::csv("log_zero.csv").one("x", "a", vec![TransformSpec::Log])
);
refuses!(
    unseen_label,
    "E0424",
    Build::csv("unseen.csv")
        .one("y", "species", vec![one_hot()])
        .shares(&TRAIN_VAL)
        .order()
);
refuses!(
    one_class,
    "E0425",
    Build::csv("one_class.csv").one("y", "species", vec![label()])
);
refuses!(
    one_row_one_class,
    "E0425",
    Build::csv("one_row.csv").one("y", "species", vec![label()])
);
refuses!(too_few_classes_declared, "E0426", {
    let mut build = Build::csv("unseen.csv");
    let span = build.span("2");
    let classes = Classes::Count(Spanned::new(2, span));
    build.one(
        "y",
        "species",
        vec![TransformSpec::Label {
            classes,
            size: None,
        }],
    )
});
refuses!(misspelt_class, "E0426", {
    let mut build = Build::csv("good.csv");
    let names = ["setosa", "versicolour"]
        .map(|name| build.word(name))
        .to_vec();
    build.one(
        "y",
        "species",
        vec![TransformSpec::Label {
            classes: Classes::Named(names),
            size: None,
        }],
    )
});
refuses!(misspelt_positive, "E0426", {
    let mut build = Build::csv("good.csv");
    let positive = build.word("setose");
    build.one("y", "species", vec![TransformSpec::Binary { positive }])
});
refuses!(
    fractions_as_categories,
    "E0427",
    Build::csv("good.csv").one("y", "sepal_length", vec![one_hot()])
);
refuses!(
    category_after_numbers,
    "E0428",
    Build::csv("good.csv").one("y", "species", vec![one_hot(), label()])
);
refuses!(
    standardized_label,
    "E0428",
    Build::csv("good.csv").one("y", "species", vec![label(), TransformSpec::Standardize])
);
refuses!(
    scale_by_zero,
    "E0429",
    Build::csv("good.csv").one("x", "sepal_width", vec![TransformSpec::Scale { by: 0.0 }])
);
refuses!(
    all_missing,
    "E0430",
    Build::csv("all_missing.csv").one("x", "a", vec![TransformSpec::Impute(Fill::Median)])
);
refuses!(
    too_large_for_f32,
    "E0431",
    Build::csv("huge.csv").one("x", "a", vec![])
);
refuses!(
    spread_beyond_f64,
    "E0431",
    Build::csv("spread.csv").one("x", "a", vec![TransformSpec::Standardize])
);
refuses!(
    shares_of_ninety_percent,
    "E0440",
    ab("constant.csv").shares(&[("train", 0.7), ("val", 0.2)])
);
refuses!(
    a_share_of_nothing,
    "E0441",
    ab("constant.csv").shares(&[("train", 1.0), ("val", 0.0)])
);
refuses!(
    no_train_part,
    "E0441",
    ab("constant.csv").shares(&[("fit", 0.8), ("val", 0.2)])
);
refuses!(one_row_split, "E0442", ab("one_row.csv").shares(&TRAIN_VAL));
refuses!(
    too_few_groups,
    "E0442",
    ab("constant.csv").shares(&TRAIN_VAL).group("b")
);
refuses!(too_many_folds, "E0443", ab("constant.csv").folds(5, 0));
refuses!(no_such_fold, "E0443", ab("constant.csv").folds(4, 4));
refuses!(
    everything_dropped,
    "E0406",
    Build::csv("all_missing.csv")
        .one("x", "a", vec![])
        .drop_missing()
);

#[test]
fn a_column_that_names_each_row_is_no_one_hot() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let ids: String = (0..40_000).map(|id| format!("{id}\n")).collect();
    let path = folder.path().join("ids.csv");
    std::fs::write(path, format!("id\n{ids}")).expect("the folder is writable");
    let build = Build::csv("ids.csv").one("x", "id", vec![one_hot()]);
    let table = read_table(&build.spec, folder.path()).expect("the file is good");
    let reports = prepare(&build.spec, &table, DType::F32).expect_err("40 000² values");
    let text = build.shown(reports.iter());
    assert!(text.starts_with("error nnl::data::E0432"), "{text}");
}

#[test]
fn a_quote_that_swallows_a_large_file_is_found_without_holding_it() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let rows = "3,4\n".repeat(20 << 20);
    std::fs::write(folder.path().join("big.csv"), format!("a,b\n1,\"2\n{rows}"))
        .expect("the folder is writable");
    let build = ab("big.csv");
    let reports = read_table(&build.spec, folder.path()).expect_err("the quote is open");
    assert!(
        build
            .shown(reports.iter())
            .contains("a quote opened on line 2")
    );
}

#[test]
fn warnings_do_not_stop_a_data_set() {
    let build = Build::csv("constant.csv").list("x", &["a", "b"], vec![TransformSpec::Standardize]);
    let data = build.dataset();
    insta::assert_snapshot!("constant_column", build.shown(data.warnings.iter()));
    let x = floats(&data, "all", "x");
    assert!(x.iter().skip(1).step_by(2).all(|&b| b == 0.0));
    let build = Build::csv("good.csv")
        .one("y", "species", vec![label()])
        .shares(&[("train", 0.75), ("val", 0.25)])
        .order();
    insta::assert_snapshot!(
        "absent_category",
        build.shown(build.dataset().warnings.iter())
    );
}
