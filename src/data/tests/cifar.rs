//! CIFAR's batches: both data sets, packed and not, with names and without; folders and files that are none.

use std::fs;
use std::io::Write;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;

use super::images::{put, said};
use super::*;
use crate::tensor::Tensor;

/// A record of these labels, whose red pixels are 1, green ones 2 and blue ones 3.
fn record(labels: &[u8]) -> Vec<u8> {
    let planes = [1, 2, 3].map(|byte| vec![byte; 1024]);
    [labels.to_vec(), planes.concat()].concat()
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(vec![], Compression::fast());
    packed.write_all(bytes).expect("memory suffices");
    packed.finish().expect("memory suffices")
}

const NAMES: &str = "plane\ncar\nbird\ncat\ndeer\ndog\nfrog\nhorse\nship\ntruck\n\n";

/// Two batches of CIFAR-10, the second packed, and one image to test on.
pub(super) fn ten() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    put(
        path,
        "data_batch_1.bin",
        &[record(&[9]), record(&[0])].concat(),
    );
    put(path, "data_batch_2.bin.gz", &packed(&record(&[3])));
    put(path, "test_batch.bin", &record(&[0]));
    put(path, "batches.meta.txt", NAMES.as_bytes());
    folder
}

fn table_of(folder: &Path) -> Table {
    let source = format!("source: cifar(\"{}\"), x: images", folder.display());
    let spec = super::read::spec(&source);
    read_table(&spec, folder).unwrap_or_else(|reports| panic!("{reports:?}"))
}

fn texts(table: &Table, name: &str) -> Vec<String> {
    (0..table.n_rows())
        .map(|row| table.text(row, name))
        .collect()
}

#[test]
fn batches_follow_each_other_and_the_test_part_is_kept_apart() {
    let folder = ten();
    let table = table_of(folder.path());
    assert_eq!(texts(&table, "labels"), ["truck", "plane", "cat", "plane"]);
    let source = format!(
        "source: cifar(\"{}\"), x: images, y: labels |> label, \
         split: {{ train: 100%, test: given }}",
        folder.path().display()
    );
    let data = prepare(&super::read::spec(&source), &table, DType::F32);
    let data = data.unwrap_or_else(|reports| panic!("{reports:?}"));
    let test = data.part("test").expect("it is given");
    assert_eq!(test.rows, [3]);
    let x = test.whole("x").expect("it is there");
    assert_eq!(x.shape(), [1, 3, 32, 32]);
    let colours = [0, 1023, 1024, 2048].map(|at| x.to_f64()[at]);
    assert_eq!(colours, [1.0, 1.0, 2.0, 3.0]);
    assert_eq!(test.whole("y").map(Tensor::to_f64), Some(vec![1.0]));
}

#[test]
fn classes_are_numbers_where_nothing_names_them() {
    let folder = ten();
    fs::remove_file(folder.path().join("batches.meta.txt")).expect("it is there");
    assert_eq!(
        texts(&table_of(folder.path()), "labels"),
        ["9", "0", "3", "0"]
    );
}

#[test]
fn a_hundred_classes_have_coarse_ones_as_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    put(
        path,
        "train.bin",
        &[record(&[4, 0]), record(&[19, 99])].concat(),
    );
    let names: Vec<String> = (0..20).map(|at| format!("group {at}")).collect();
    put(path, "coarse_label_names.txt", names.join("\n").as_bytes());
    let table = table_of(path);
    assert_eq!(table.header, ["images", "labels", "coarse"]);
    assert_eq!(texts(&table, "labels"), ["0", "99"]);
    assert_eq!(texts(&table, "coarse"), ["group 4", "group 19"]);
    assert!(table.given.is_empty());
}

#[test]
fn bad_batches_say_what_is_wrong() {
    let with = |name: &str, bytes: &[u8]| {
        let folder = ten();
        put(folder.path(), name, bytes);
        refused(folder.path())
    };
    let all = [
        with("data_batch_1.bin", &record(&[0])[..3000]),
        with("data_batch_1.bin", b""),
        with("data_batch_1.bin", &[record(&[0]), record(&[10])].concat()),
        with("data_batch_2.bin.gz", b"\x1f\x8b\x08cut"),
        with("batches.meta.txt", b"cat\ndog\ncat\n"),
        with("batches.meta.txt", b"\xff\xfe"),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    nnl::data::E0464: `data_batch_1.bin` has 3000 bytes, and images of CIFAR-10 have 3073 each: 3000 are left over
    cut short, or mixed up; help: fetch the file again
    nnl::data::E0405: `data_batch_1.bin` is empty
    a file of zero bytes; help: fetch the file again
    nnl::data::E0464: image 2 of `data_batch_1.bin` is of class 10, and classes go from 0 to 9
    damaged, or of another data set; help: fetch the file again
    nnl::data::E0403: cannot read `data_batch_2.bin.gz`: unexpected end of file
    cannot be read; help: fetch the file again
    nnl::data::E0464: `batches.meta.txt` holds 2 distinct names, and there are 10 classes
    found: `cat`, `dog`; help: fetch the file again, or take it out of the folder: then classes are numbers
    nnl::data::E0403: cannot read `batches.meta.txt`: stream did not contain valid UTF-8
    cannot be read; help: fetch the file again
    "#);
}

#[test]
fn folders_without_batches_say_what_they_hold() {
    let holding = |name: &str| {
        let folder = tempfile::tempdir().expect("a folder");
        put(folder.path(), name, b"");
        refused(folder.path())
    };
    let outer = tempfile::tempdir().expect("a folder");
    let inner = outer.path().join("cifar-10-batches-bin");
    fs::create_dir(&inner).expect("ours");
    put(&inner, "data_batch_1.bin", &record(&[0]));
    let all = [
        holding("readme.html"),
        holding("data_batch_1"),
        holding("cifar-10-binary.tar.gz"),
        refused(outer.path()),
        refused(&outer.path().join("nowhere")),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    nnl::data::E0401: `DIR` holds no batches of CIFAR images
    no file `data_batch_1.bin` or `train.bin`; help: put the files of the binary version there
    nnl::data::E0401: `DIR` holds no batches of CIFAR images
    no file `data_batch_1.bin` or `train.bin`; help: these are pickles, which are never read: fetch the binary version
    nnl::data::E0401: `DIR` holds no batches of CIFAR images
    no file `data_batch_1.bin` or `train.bin`; help: unpack `cifar-10-binary.tar.gz` there
    nnl::data::E0401: `DIR` holds no batches of CIFAR images
    no file `data_batch_1.bin` or `train.bin`; help: did you mean `DIR/cifar-10-batches-bin`?
    nnl::data::E0401: there is no folder `DIR`
    not found; help: -
    "#);
}

/// What is said of a folder.
fn refused(folder: &Path) -> String {
    let text = said(
        folder,
        &format!("cifar(\"{}\"), x: images", folder.display()),
    );
    let (_, told) = text.split_once('\n').expect("the source stands first");
    told.replace("DIR/nowhere", "DIR")
}
