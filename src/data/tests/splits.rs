//! Splits: disjoint, covering, deterministic, proportional where asked.

use proptest::prelude::*;

use super::*;
use crate::data::split::{PartRows, split};

/// A table whose column `class` holds the given integers, and `a` the row number.
fn table(classes: &[u8]) -> Table {
    let ints = |name: &str, position, cells: Vec<i64>| Column {
        name: name.into(),
        position,
        cells: Cells::Int(cells),
        missing: vec![],
    };
    Table {
        file: "classes.csv".into(),
        row_word: "line",
        runs_on: false,
        header: vec!["a".into(), "class".into()],
        columns: vec![
            ints("a", 0, (0..).take(classes.len()).collect()),
            ints(
                "class",
                1,
                classes.iter().map(|&class| i64::from(class)).collect(),
            ),
        ],
        lines: (2..).take(classes.len()).collect(),
        given: vec![],
    }
}

fn parts(build: &Build, classes: &[u8]) -> Option<Vec<PartRows>> {
    split(&build.spec, &table(classes)).ok()
}

fn covers(parts: &[PartRows], n: usize) -> bool {
    let mut rows: Vec<u32> = parts.iter().flat_map(|part| part.rows.clone()).collect();
    rows.sort_unstable();
    rows == (0..).take(n).collect::<Vec<u32>>()
}

const THREE: [(&str, f64); 3] = [("train", 0.7), ("val", 0.15), ("test", 0.15)];

proptest! {
    #[test]
    fn every_row_is_in_exactly_one_part(classes in proptest::collection::vec(0..4_u8, 30..200), how in 0..5) {
        let build = Build::csv("classes.csv").shares(&THREE);
        let build = match how {
            0 => build,
            1 => build.order(),
            2 => build.stratify("class"),
            3 => build.group("class"),
            _ => build.folds(5, 2),
        };
        if let Some(found) = parts(&build, &classes) {
            prop_assert!(covers(&found, classes.len()));
            prop_assert_eq!(Some(found), parts(&build, &classes));
        } else {
            prop_assert_eq!(how, 3, "only groups can be too few");
        }
    }

    #[test]
    fn strata_keep_their_proportions_within_one_row(classes in proptest::collection::vec(0..6_u8, 60..300)) {
        let build = Build::csv("classes.csv").shares(&THREE).stratify("class");
        let found = parts(&build, &classes).expect("there are rows enough");
        for class in 0..6 {
            let total = classes.iter().filter(|&&own| own == class).count() as f64;
            for (part, (_, share)) in found.iter().zip(THREE) {
                let own = part.rows.iter().filter(|&&row| classes[row as usize] == class).count() as f64;
                prop_assert!((own - share * total).abs() <= 1.0 + 1e-9, "{own} of {total} for {share}");
            }
        }
        for (part, (_, share)) in found.iter().zip(THREE) {
            prop_assert!((part.rows.len() as f64 - share * classes.len() as f64).abs() <= 3.0);
        }
    }

    #[test]
    fn groups_stay_whole(classes in proptest::collection::vec(0..20_u8, 60..300)) {
        let build = Build::csv("classes.csv").shares(&TRAIN_VAL).group("class");
        let found = parts(&build, &classes).expect("there are groups enough");
        let of = |part: &PartRows| part.rows.iter().map(|&row| classes[row as usize]).collect::<std::collections::BTreeSet<u8>>();
        prop_assert!(of(&found[0]).is_disjoint(&of(&found[1])));
    }
}

#[test]
fn shuffles_follow_the_seed_and_the_name() {
    let mut build = Build::csv("classes.csv").shares(&TRAIN_VAL);
    let classes = [0; 100];
    let first = parts(&build, &classes);
    build.spec.split.seed = 8;
    let second = parts(&build, &classes);
    build.spec.split.seed = 7;
    build.spec.name.value = "other".into();
    let third = parts(&build, &classes);
    assert!(first != second && first != third && second != third);
}

#[test]
fn order_takes_the_first_rows_first() {
    let build = Build::csv("classes.csv").shares(&TRAIN_VAL).order();
    let found = parts(&build, &[0; 10]).expect("there are rows enough");
    assert_eq!(found[1].rows, [8, 9]);
}

#[test]
fn each_row_is_held_out_by_exactly_one_fold() {
    let held = |fold| {
        let build = Build::csv("classes.csv").folds(4, fold).stratify("class");
        let found = parts(&build, &[0, 1, 0, 1, 0, 1, 0, 1, 0, 1]).expect("there are rows enough");
        found
            .into_iter()
            .find(|part| part.name == "val")
            .expect("one fold is held out")
            .rows
    };
    let mut rows: Vec<u32> = (0..4).flat_map(held).collect();
    rows.sort_unstable();
    assert_eq!(rows, (0..10).collect::<Vec<u32>>());
}

#[test]
fn a_rare_category_goes_to_the_train_part() {
    let build = Build::csv("classes.csv")
        .shares(&[("val", 0.5), ("train", 0.5)])
        .stratify("class");
    let found = parts(&build, &[0, 0, 0, 0, 1]).expect("there are rows enough");
    assert!(found[1].rows.contains(&4));
}
