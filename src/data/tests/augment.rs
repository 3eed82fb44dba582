//! What is done to rows in training: mixed rows, and what cannot be done.

use std::path::Path;

use super::images::said;
use super::*;
use crate::data::augment::Draw;
use crate::tensor::Tensor;

const SPLIT: &str = "split: { train: 80%, val: 20%, by: order }";

/// Ten rows of two numbers and a class, and what is done to them.
fn numbers(augment: &str) -> Dataset {
    let fields = format!(
        "source: random(rows: 10, normal: 2, classes: 2, seed: 4), x: columns(\"x*\"), \
         y: class |> one_hot(classes: 2), {augment}, {SPLIT}"
    );
    let spec = super::read::spec(&fields);
    let table = read_table(&spec, Path::new("")).unwrap_or_else(|reports| panic!("{reports:?}"));
    prepare(&spec, &table, DType::F32).unwrap_or_else(|reports| panic!("{reports:?}"))
}

fn draw(epoch: u64) -> Draw<'static> {
    let run = "fit";
    Draw {
        seed: 3,
        run,
        epoch,
    }
}

/// The fields of some rows in an epoch.
fn batch(data: &Dataset, rows: &[u32], epoch: u64) -> [Vec<f64>; 2] {
    let (part, draw) = (data.train_part(), draw(epoch));
    let fields = part
        .fields
        .iter()
        .map(|(_, field)| field.pick(rows, Some(draw)).expect("numbers"));
    let mixup = part.mixup.expect("the block says so");
    let fields = mixup.mixed(part, rows, fields.collect(), draw);
    let fields = fields.expect("numbers");
    [0, 1].map(|at| fields[at].to_f64())
}

#[test]
fn a_row_is_mixed_alike_in_every_field_and_whatever_the_batch() {
    let data = numbers("augment: { x: mixup(alpha: 1) }");
    let all: Vec<u32> = (0..8).collect();
    let [x, y] = batch(&data, &all, 1);
    let part = data.train_part();
    let field = |name: &str| part.whole(name).map(Tensor::to_f64).expect("it is there");
    let (plain_x, plain_y) = (field("x"), field("y"));
    for row in 0..8 {
        assert_eq!(batch(&data, &[row], 1)[0], x[row as usize * 2..][..2]);
        let at = row as usize * 2;
        let shares = &y[at..at + 2];
        assert!((shares[0] + shares[1] - 1.0).abs() < 1e-6);
        // Some other row and one share explain what stands in both fields.
        let explains = |other: usize| {
            let share = (x[at] - plain_x[other]) / (plain_x[at] - plain_x[other]);
            let mixed = |own: &[f64], place: usize| {
                share * own[at + place] + (1.0 - share) * own[other + place]
            };
            let near = |a: f64, b: f64| (a - b).abs() < 1e-4;
            (0.0..=1.0).contains(&share)
                && near(mixed(&plain_x, 1), x[at + 1])
                && near(mixed(&plain_y, 0), y[at])
        };
        let is_itself = x[at] == plain_x[at];
        assert!(
            is_itself || (0..8).any(|other| explains(2 * other)),
            "{row}"
        );
    }
    assert_ne!(batch(&data, &all, 2)[0], x);
    assert_ne!(plain_x, x);
}

#[test]
fn only_the_train_part_is_told() {
    let data = numbers("augment: { x: [mixup(0.5)] }");
    assert!(data.train_part().mixup.is_some());
    assert_eq!(data.part("val").and_then(|part| part.mixup), None);
}

#[test]
fn what_cannot_be_done_to_rows_is_refused() {
    let folder = super::images::good();
    let images = format!("idx(\"{}\"), x: images, {SPLIT}", folder.path().display());
    let random = format!("random(rows: 10, normal: 2, classes: 2), x: columns(\"x*\"), {SPLIT}");
    let all = [
        format!("{images}, augment: {{ x: [crop(7, pad: 1 px)] }}"),
        format!("{images}, augment: {{ x: [jitter(saturation: 10%)] }}"),
        format!("{images}, y: labels |> label(classes: 5), augment: {{ x: [flip, mixup(0.2)] }}"),
        format!(
            "{random}, y: class |> one_hot(classes: 2), augment: {{ x: mixup(0.2), y: mixup(0.2) }}"
        ),
        format!("{random}, augment: {{ x: [flip, mixup(0.2)] }}"),
        format!("{random}, augment: {{ z: mixup(0.2) }}"),
    ];
    let all = all.map(|source| said(folder.path(), &source));
    insta::assert_snapshot!(all.join("\n"), @r#"
    idx("DIR"), x: images, split: { train: 80%, val: 20%, by: order }, augment: { x: [crop(7, pad: 1 px)] }
      nnl::data::E0429: a window of 7 x 7 in images of 2 x 2
      with 1 px around them they are 4 x 4; help: cut a smaller one, or put more pixels around the images: `pad: 3 px`
    idx("DIR"), x: images, split: { train: 80%, val: 20%, by: order }, augment: { x: [jitter(saturation: 10%)] }
      nnl::data::E0429: images of one channel have no saturation
      changes red, green and blue; help: leave `saturation` out: `jitter(brightness: 20%, contrast: 20%)`
    idx("DIR"), x: images, split: { train: 80%, val: 20%, by: order }, y: labels |> label(classes: 5), augment: { x: [flip, mixup(0.2)] }
      nnl::data::E0429: `mixup` cannot mix field `y`: its numbers stand for classes or tokens
      mixes every field of a row; help: make them shares of each class, `|> one_hot` in place of `|> label`, or leave `mixup` out
    random(rows: 10, normal: 2, classes: 2), x: columns("x*"), split: { train: 80%, val: 20%, by: order }, y: class |> one_hot(classes: 2), augment: { x: mixup(0.2), y: mixup(0.2) }
      nnl::data::E0429: `mixup` mixes whole rows, and is given twice
      the second time; help: keep one of them
    random(rows: 10, normal: 2, classes: 2), x: columns("x*"), split: { train: 80%, val: 20%, by: order }, augment: { x: [flip, mixup(0.2)] }
      nnl::data::E0429: field `x` holds no images
      to be augmented; help: only images are changed so; rows of numbers can be mixed: `mixup(alpha: 0.2)`
    random(rows: 10, normal: 2, classes: 2), x: columns("x*"), split: { train: 80%, val: 20%, by: order }, augment: { z: mixup(0.2) }
      nnl::data::E0429: data `d` has no field `z`
      to be augmented; help: name a field of this block
    "#);
}
