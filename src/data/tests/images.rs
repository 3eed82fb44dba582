//! Images: files of bytes and folders of pictures, good ones and bad ones; bytes until a batch is cut; changes in training only.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::data::augment::Draw;
use crate::tensor::Tensor;

/// An IDX file of bytes.
fn idx(sizes: &[u32], bytes: &[u8]) -> Vec<u8> {
    let mut file = vec![0, 0, 8, sizes.len() as u8];
    sizes
        .iter()
        .for_each(|size| file.extend(size.to_be_bytes()));
    file.extend(bytes);
    file
}

pub(super) fn put(folder: &Path, name: &str, bytes: &[u8]) {
    fs::write(folder.join(name), bytes).expect("the folder is ours");
}

/// Three images of 2 x 2 to train on, and one to test.
pub(super) fn good() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    put(
        path,
        "train-images-idx3-ubyte",
        &idx(&[3, 2, 2], &(0..12).collect::<Vec<u8>>()),
    );
    put(path, "train-labels-idx1-ubyte", &idx(&[3], &[4, 0, 4]));
    put(path, "t10k-images-idx3-ubyte", &idx(&[1, 2, 2], &[255; 4]));
    let mut packed = GzEncoder::new(vec![], Compression::fast());
    packed.write_all(&idx(&[1], &[0])).expect("memory suffices");
    let packed = packed.finish().expect("memory suffices");
    put(path, "t10k-labels-idx1-ubyte.gz", &packed);
    folder
}

fn spec(folder: &Path, fields: &str) -> DataSpec {
    let source = format!("source: idx(\"{}\"), {fields}", folder.display());
    super::read::spec(&source)
}

fn dataset(folder: &Path, fields: &str) -> Dataset {
    let spec = spec(folder, fields);
    let table = read_table(&spec, folder).unwrap_or_else(|reports| panic!("{reports:?}"));
    prepare(&spec, &table, DType::F32).unwrap_or_else(|reports| panic!("{reports:?}"))
}

/// The first message of what is wrong with a folder.
fn refused(folder: &Path) -> String {
    let spec = spec(folder, "x: images");
    let reports = read_table(&spec, folder).expect_err("the folder is not good");
    let message = &reports.iter().next().expect("one report").message;
    message.replace(&folder.display().to_string(), "DIR")
}

/// What is said of a source and the fields behind it, with what to try.
pub(super) fn said(folder: &Path, source: &str) -> String {
    let spec = super::read::spec(&format!("source: {source}"));
    let read = read_table(&spec, folder);
    let done = read.and_then(|table| prepare(&spec, &table, DType::F32));
    let reports = done.expect_err(source);
    let told = reports.iter().map(|report| {
        let label = report.labels.first().map_or("", |label| &label.text);
        let help = report.help.as_deref().unwrap_or("-");
        format!(
            "{source}\n  {}: {}\n  {label}; help: {help}",
            report.code, report.message
        )
    });
    let told: Vec<String> = told.collect();
    told.join("\n")
        .replace(&folder.display().to_string(), "DIR")
}

const SPLIT: &str = "split: { train: 2 / 3, val: 1 / 3, test: given, by: order }";

#[test]
fn a_given_part_is_kept_apart_and_the_others_share_the_rest() {
    let folder = good();
    let fields = format!("x: images |> scale(by: 1 / 2), y: labels |> label(classes: 5), {SPLIT}");
    let data = dataset(folder.path(), &fields);
    let rows = |part: &str| data.part(part).map(|part| part.rows.clone());
    assert_eq!(
        [rows("train"), rows("val"), rows("test")].map(Option::unwrap_or_default),
        [vec![0, 1], vec![2], vec![3]]
    );
    let test = data.part("test").expect("it is given");
    assert_eq!(test.whole("x").map(Tensor::shape), Some(&[1, 1, 2, 2][..]));
    assert_eq!(test.whole("x").map(Tensor::to_f64), Some(vec![127.5; 4]));
    assert_eq!(test.whole("y").map(Tensor::to_f64), Some(vec![0.0]));
    let whole = dataset(folder.path(), "x: images |> flatten");
    let all = whole.part("all").expect("nothing is split");
    assert_eq!(all.whole("x").map(Tensor::shape), Some(&[3, 4][..]));
}

#[test]
fn what_is_learnt_of_pixels_is_learnt_of_the_train_part() {
    let folder = good();
    let data = dataset(folder.path(), &format!("x: images |> standardize, {SPLIT}"));
    // 0 to 7: mean 3.5, variance 5.25.
    let x = data
        .part("train")
        .and_then(|part| part.whole("x"))
        .expect("it is there");
    let first = (0.0 - 3.5) / 5.25_f64.sqrt();
    assert!((x.to_f64()[0] - first).abs() < 1e-6);
    let json = to_json(&data.fitted).expect("it can be saved");
    assert_eq!(from_json(&json).expect("it can be read"), data.fitted);
}

#[test]
fn only_training_sees_changed_images() {
    let folder = good();
    let fields = format!("x: images, augment: {{ x: [noise(std: 1), flip] }}, {SPLIT}");
    let data = dataset(folder.path(), &fields);
    let draw = |epoch: u64| Draw {
        seed: 3,
        run: "fit",
        epoch,
    };
    let rows = |part: &str| &data.part(part).expect("it is there").fields[0].1;
    let picked = |part: &str, at: &[u32], draw| {
        let picked = rows(part).pick(at, draw);
        picked.expect("they can be read").to_f64()
    };
    assert_eq!(
        picked("train", &[0, 1], None),
        (0..8).map(f64::from).collect::<Vec<f64>>()
    );
    let changed = picked("train", &[0, 1], Some(draw(1)));
    assert_eq!(picked("train", &[1], Some(draw(1))), changed[4..]);
    assert_ne!(picked("train", &[0, 1], Some(draw(2))), changed);
    assert_eq!(
        picked("val", &[0], Some(draw(1))),
        picked("val", &[0], None)
    );
}

#[test]
fn bad_files_say_what_is_wrong() {
    let with = |name: &str, bytes: &[u8]| {
        let folder = good();
        put(folder.path(), name, bytes);
        refused(folder.path())
    };
    let (images, labels) = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte");
    assert_eq!(
        with(images, b"\0\0"),
        "`train-images-idx3-ubyte` ends after 2 bytes, within its header"
    );
    assert_eq!(
        with(labels, &idx(&[2], &[4, 0])),
        "`train-images-idx3-ubyte` holds 3 images, `train-labels-idx1-ubyte` holds 2 labels"
    );
    assert_eq!(
        with(images, &idx(&[3, 2, 2], &[0; 11])),
        "`train-images-idx3-ubyte` says it holds 3 x 2 x 2 bytes, and 11 follow"
    );
    assert_eq!(
        with(images, &idx(&[3], &[0; 3])),
        "`train-images-idx3-ubyte` is no IDX file of images: it begins with 00000801, not 00000803"
    );
    assert_eq!(
        with("t10k-images-idx3-ubyte", &idx(&[1, 1, 4], &[0; 4])),
        "the images of `train-images-idx3-ubyte` are 2 x 2, those of `t10k-images-idx3-ubyte` are 1 x 4"
    );
    assert!(
        with("t10k-labels-idx1-ubyte.gz", b"\x1f\x8b\x08cut")
            .starts_with("cannot read `t10k-labels-idx1-ubyte.gz`")
    );
    let empty = tempfile::tempdir().expect("a folder");
    assert_eq!(
        refused(empty.path()),
        "`DIR` holds no images of the part `train`"
    );
}

#[test]
fn a_folder_a_class_is_a_data_set() {
    let folder = tempfile::tempdir().expect("a folder");
    let save = |name: &str, width: u32, colour: [u8; 3]| {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().expect("in a folder")).expect("ours");
        let image = image::RgbImage::from_pixel(width, 2, image::Rgb(colour));
        image.save(&path).expect("it is written");
    };
    save("train/cat/1.png", 2, [10, 20, 30]);
    save("train/dog/1.png", 2, [1, 2, 3]);
    save("test/dog/2.png", 2, [7, 8, 9]);
    let source = |more: &str| {
        format!(
            "source: images(\"{}\"{more}), x: images, y: labels |> one_hot, split: {{ train: 100%, test: given }}",
            folder.path().display()
        )
    };
    let spec = super::read::spec(&source(""));
    let table = read_table(&spec, folder.path()).unwrap_or_else(|reports| panic!("{reports:?}"));
    let data = prepare(&spec, &table, DType::F32).unwrap_or_else(|reports| panic!("{reports:?}"));
    let x = data
        .part("test")
        .and_then(|part| part.whole("x"))
        .expect("it is there");
    assert_eq!(x.shape(), [1, 3, 2, 2]);
    assert_eq!(x.to_f64(), [[7.0; 4], [8.0; 4], [9.0; 4]].concat());
    save("train/dog/3.png", 3, [0, 0, 0]);
    let reports = read_table(&spec, folder.path()).expect_err("sizes differ");
    let message = &reports.iter().next().expect("one report").message;
    assert!(
        message.contains("is 2 x 2") && message.contains("is 2 x 3"),
        "{message}"
    );
    let resized = super::read::spec(&source(", gray: true, size: 4"));
    let table = read_table(&resized, folder.path()).unwrap_or_else(|reports| panic!("{reports:?}"));
    let Cells::Image(pixels) = &table.columns[0].cells else {
        panic!("images come first")
    };
    assert_eq!((pixels.shape, pixels.len()), ([1, 4, 4], 4));
}
