//! NumPy arrays as rows: images in either order of axes, columns, labels; arrays that serve for none.

use std::fs;
use std::path::Path;

use super::images::{put, said};
use super::*;
use crate::tensor::{Tensor, write_npy};

fn save(folder: &Path, name: &str, tensor: &Tensor) {
    write_npy(&folder.join(name), tensor).expect("the folder is ours");
}

fn bytes(shape: &[usize]) -> Tensor {
    let n = shape.iter().product::<usize>();
    let elements = (0..n).map(|at| (at % 251) as u8);
    Tensor::from_vec(shape.to_vec(), elements.collect())
}

/// Arrays of four rows and one to test on, with labels.
pub(super) fn good() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    save(path, "gray.npy", &bytes(&[4, 2, 5]));
    save(path, "last.npy", &bytes(&[4, 2, 5, 3]));
    save(path, "first.npy", &bytes(&[4, 3, 2, 5]));
    save(path, "cube.npy", &bytes(&[4, 3, 3, 3]));
    save(path, "test.npy", &bytes(&[1, 2, 5]));
    let rows = (0..12).map(|at| f64::from(at) / 2.0).collect::<Vec<f64>>();
    save(path, "rows.npy", &Tensor::from_vec(vec![4, 3], rows));
    save(
        path,
        "y.npy",
        &Tensor::from_vec(vec![4], vec![7i64, 3, 7, 3]),
    );
    save(
        path,
        "y_test.npy",
        &Tensor::from_vec(vec![1, 1], vec![3i64]),
    );
    folder
}

fn dataset(folder: &Path, fields: &str) -> Dataset {
    let spec = super::read::spec(fields);
    let table = read_table(&spec, folder).unwrap_or_else(|reports| panic!("{reports:?}"));
    prepare(&spec, &table, DType::F32).unwrap_or_else(|reports| panic!("{reports:?}"))
}

/// The shape of the images of a source, and the first row of the second channel.
fn seen(folder: &Path, source: &str) -> (Vec<usize>, Vec<f64>) {
    let data = dataset(folder, &format!("source: {source}, x: images"));
    let x = data.train_part().whole("x").expect("it is there");
    let shape = x.shape().to_vec();
    let [channel, width] = [shape[2] * shape[3], shape[3]];
    (shape, x.to_f64()[channel..][..width].to_vec())
}

#[test]
fn channels_are_found_where_there_are_one_or_three() {
    let folder = good();
    let seen = |source: &str| seen(folder.path(), source);
    let every_third = [1.0, 4.0, 7.0, 10.0, 13.0].to_vec();
    assert_eq!(seen("npy(\"last.npy\")"), (vec![4, 3, 2, 5], every_third));
    let second = [10.0, 11.0, 12.0, 13.0, 14.0].to_vec();
    assert_eq!(seen("npy(\"first.npy\")"), (vec![4, 3, 2, 5], second));
    let (shape, first) = seen("npy(\"cube.npy\", channels: last)");
    assert_eq!((shape, first), (vec![4, 3, 3, 3], vec![1.0, 4.0, 7.0]));
    let (shape, _) = seen("npy(\"last.npy\", channels: first)");
    assert_eq!(shape, [4, 2, 5, 3]);
}

#[test]
fn rows_to_test_on_are_kept_apart() {
    let folder = good();
    let source =
        "npy(\"gray.npy\", labels: \"y.npy\", test: \"test.npy\", test_labels: \"y_test.npy\")";
    let fields = format!(
        "source: {source}, x: images, y: labels |> label, \
         split: {{ train: 50%, val: 50%, test: given, by: order }}"
    );
    let data = dataset(folder.path(), &fields);
    let part = |name: &str| data.part(name).expect("it is there");
    assert_eq!(part("val").rows, [2, 3]);
    let test = part("test");
    assert_eq!(test.whole("x").map(Tensor::shape), Some(&[1, 1, 2, 5][..]));
    assert_eq!(test.whole("y").map(Tensor::to_f64), Some(vec![0.0]));
}

#[test]
fn numbers_with_two_axes_are_columns() {
    let folder = good();
    let fields =
        "source: npy(\"rows.npy\", labels: \"y.npy\"), x: columns(\"x*\"), y: labels |> one_hot";
    let data = dataset(folder.path(), fields);
    let x = data.train_part().whole("x").expect("it is there");
    assert_eq!((x.shape(), x.to_f64()[4]), (&[4, 3][..], 2.0));
    let y = data.train_part().whole("y").expect("it is there");
    assert_eq!(y.to_f64()[..4], [0.0, 1.0, 1.0, 0.0]);
    assert_eq!(data.schema[0].columns, ["x0", "x1", "x2"]);
    let truths = Tensor::from_vec(vec![3], vec![true, false, true]);
    save(folder.path(), "truths.npy", &truths);
    let one = dataset(folder.path(), "source: npy(\"truths.npy\"), x: x0");
    let x = one.train_part().whole("x").expect("it is there");
    assert_eq!((x.shape(), x.to_f64()), (&[3][..], vec![1.0, 0.0, 1.0]));
}

#[test]
fn what_is_no_number_is_missing() {
    let folder = good();
    let rows = Tensor::from_vec(vec![4, 1], vec![1.0f32, f32::NAN, 2.0, 6.0]);
    save(folder.path(), "holes.npy", &rows);
    let filled = dataset(
        folder.path(),
        "source: npy(\"holes.npy\"), x: x0 |> impute(median)",
    );
    let x = filled.train_part().whole("x").expect("it is there");
    assert_eq!(x.to_f64(), [1.0, 2.0, 2.0, 6.0]);
    let source = "npy(\"holes.npy\"), x: x0";
    insta::assert_snapshot!(said(folder.path(), source), @r#"
    npy("holes.npy"), x: x0
      nnl::data::E0420: column `x0` has no value on row 2 of `holes.npy`
      1 cell of 4 without a value; help: fill it in with `|> impute(median)`, or leave such rows out with `missing: drop`
    "#);
}

#[test]
fn arrays_that_serve_for_no_rows_say_why() {
    let folder = good();
    let path = folder.path();
    let array = |name: &str, tensor: &Tensor| save(path, name, tensor);
    array("floats.npy", &Tensor::full(DType::F32, &[2, 4, 4], 0.5));
    array("deep.npy", &bytes(&[2, 1, 2, 2, 2]));
    array("none.npy", &bytes(&[0, 2, 2]));
    array("one.npy", &Tensor::scalar(1.0f64));
    array("wide.npy", &bytes(&[1, 2_000_000]));
    array("hot.npy", &bytes(&[4, 10]));
    let endless = vec![1.0f64, 2.0, 3.0, f64::INFINITY];
    array("endless.npy", &Tensor::from_vec(vec![2, 2], endless));
    put(path, "empty.npy", b"");
    put(
        path,
        "cut.npy",
        &fs::read(path.join("gray.npy")).expect("it is there")[..130],
    );
    put(path, "short.npy", b"\x93NUMPY\x01\x00\xff");
    put(path, "text.npy", &text_array("<U5", 20));
    put(path, "half.npy", &text_array("<f2", 2));
    put(path, "both.npz", b"PK\x03\x04");
    let sources = [
        "npy(\"gray.npz\")",
        "npy(\"cube.npy\")",
        "npy(\"gray.npy\", channels: last)",
        "npy(\"floats.npy\")",
        "npy(\"deep.npy\")",
        "npy(\"none.npy\")",
        "npy(\"one.npy\")",
        "npy(\"wide.npy\")",
        "npy(\"endless.npy\")",
        "npy(\"empty.npy\")",
        "npy(\"cut.npy\")",
        "npy(\"short.npy\")",
        "npy(\"text.npy\")",
        "npy(\"half.npy\")",
        "npy(\"both.npz\")",
        "npy(\"gray.npy\", labels: \"hot.npy\")",
        "npy(\"gray.npy\", labels: \"y_test.npy\")",
        "npy(\"gray.npy\", test: \"first.npy\")",
        "npy(\"gray.npy\", labels: \"y.npy\", test: \"test.npy\", test_labels: \"y.npy\")",
    ];
    let all = sources.map(|source| said(path, &format!("{source}, x: columns()")));
    insta::assert_snapshot!(all.join("\n"), @r#"
    npy("gray.npz"), x: columns()
      nnl::data::E0401: there is no file `gray.npz`
      not found; help: did you mean `gray.npy`?
    npy("cube.npy"), x: columns()
      nnl::data::E0469: the images of `cube.npy` are [3, 3, 3], which does not tell where the channels are
      an axis of 1 or 3 would tell; help: say it: `channels: last`, or `channels: first`
    npy("gray.npy", channels: last), x: columns()
      nnl::data::E0469: `gray.npy` of shape [4, 2, 5] has no axis of channels
      gray images; help: leave `channels` out
    npy("floats.npy"), x: columns()
      nnl::data::E0469: images are bytes, `floats.npy` is f32[2, 4, 4]
      an array with more than two axes; help: save bytes: `(255 * x).astype("uint8")`; or columns: `x.reshape(len(x), -1)`
    npy("deep.npy"), x: columns()
      nnl::data::E0469: `deep.npy` of shape [2, 1, 2, 2, 2] holds no images
      more than four axes; help: images are `[n, h, w]`, `[n, h, w, c]` or `[n, c, h, w]`; save it by `reshape`
    npy("none.npy"), x: columns()
      nnl::data::E0406: `none.npy` of shape [0, 2, 2] holds no elements
      nothing to learn from; help: save an array with at least one row
    npy("one.npy"), x: columns()
      nnl::data::E0469: `one.npy` holds one number, not rows
      an array without axes; help: save an array whose first axis is that of the rows
    npy("wide.npy"), x: columns()
      nnl::data::E0469: `wide.npy` has 2000000 columns
      more than 1048576; help: rows come first: save the array transposed, or fewer columns of it
    npy("endless.npy"), x: columns()
      nnl::data::E0469: row 2 of `endless.npy` is `inf`
      numbers are needed; help: save `nan` where there is no value; such cells count as missing
    npy("empty.npy"), x: columns()
      nnl::data::E0405: `empty.npy` is empty
      a file of zero bytes; help: -
    npy("cut.npy"), x: columns()
      nnl::data::E0469: `cut.npy` is damaged: its header tells of 40 bytes of elements, and there are 2
      cut short, or mixed up; help: save or fetch the file again
    npy("short.npy"), x: columns()
      nnl::data::E0469: `short.npy` ends after 9 bytes, within its header
      cut short; help: save or fetch the file again
    npy("text.npy"), x: columns()
      nnl::data::E0469: `text.npy` has elements of type `<U5`, no numbers that are read
      booleans, integers to 64 bits, floats of 32 and 64 are read; help: save the number of each class: `np.unique(y, return_inverse=True)[1]`
    npy("half.npy"), x: columns()
      nnl::data::E0469: `half.npy` has elements of type `<f2`, no numbers that are read
      booleans, integers to 64 bits, floats of 32 and 64 are read; help: save it as another type: `x.astype("float32")`
    npy("both.npz"), x: columns()
      nnl::data::E0469: `both.npz` is no npy file
      another format; help: save each array of it by itself: `np.save("x.npy", z["x"])`
    npy("gray.npy", labels: "hot.npy"), x: columns()
      nnl::data::E0469: labels are one number a row, `hot.npy` is [4, 10]
      more than one number a row; help: where each row is one-hot, save its classes: `y.argmax(axis=1)`
    npy("gray.npy", labels: "y_test.npy"), x: columns()
      nnl::data::E0469: `gray.npy` holds 4 rows, `y_test.npy` holds 1 label
      one label a row; help: name the labels of these rows
    npy("gray.npy", test: "first.npy"), x: columns()
      nnl::data::E0469: the rows of `gray.npy` are u8[2, 5], those of `first.npy` are u8[3, 2, 5]
      rows of another kind; help: save both with the same type and sizes: `astype`, `reshape`
    npy("gray.npy", labels: "y.npy", test: "test.npy", test_labels: "y.npy"), x: columns()
      nnl::data::E0469: `gray.npy` holds 4 rows and 1 to test, `y.npy` holds 4 labels and 4 to test
      one label a row; help: name the labels of these rows
    "#);
}

/// An array of one element of a type that is not read.
fn text_array(descr: &str, n_bytes: usize) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': (1,), }}\n");
    let len = (header.len() as u16).to_le_bytes();
    let start = b"\x93NUMPY\x01\x00";
    [&start[..], &len, header.as_bytes(), &vec![0; n_bytes]].concat()
}
