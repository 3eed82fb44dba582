//! Saved models of images outside their program: predicted with, measured, served.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use crate::saved_models::{Server, nnlc};

const PROGRAM: &str = "\
use nn::Dense;
use metrics::accuracy;

data sky {
  source: images(\"photos\", gray: true SIZE),
  x: images |> scale(by: 1 / 255), y: labels |> one_hot,
  split: { train: 100%, test: given },
}

model Look(x: [batch, 1, 4, 6]) -> [batch, 2] { x |> flatten(keep: batch) |> Dense(2) }

train fit {
  model: Look, data: sky, loss: cross_entropy(logits: out, target: y),
  optimizer: adam(lr: 1e-1), epochs: 60, batch: all, metrics: [accuracy],
}

save fit to \"sky.nnlm\";
";

/// An image of one shade, in colour.
fn image(path: &Path, [width, height]: [u32; 2], shade: u8) {
    let image = image::RgbImage::from_pixel(width, height, image::Rgb([shade; 3]));
    fs::create_dir_all(path.parent().expect("it lies in a folder")).expect("a folder can be made");
    image.save(path).expect("an image can be written");
}

/// A folder with a trained model, and images beside it.
fn trained(size: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let at = |name: &str| folder.path().join(name);
    for (name, shade) in [
        ("day/a.png", 200),
        ("day/b.png", 240),
        ("night/a.png", 10),
        ("night/b.png", 50),
    ] {
        image(&at("photos/train").join(name), [6, 4], shade);
    }
    image(&at("photos/test/day/c.png"), [6, 4], 210);
    image(&at("photos/test/night/c.png"), [6, 4], 30);
    image(&at("new/noon.jpg"), [6, 4], 250);
    image(&at("new/later/moon.png"), [6, 4], 5);
    image(&at("large.png"), [12, 8], 250);
    fs::write(at("sky.nnl"), PROGRAM.replace("SIZE", size)).expect("a file can be written");
    let (code, out, err) = nnlc(folder.path(), &["run", "sky.nnl", "-q"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    folder
}

fn sky() -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    FOLDER.get_or_init(|| trained("")).path()
}

fn predicted(folder: &Path, input: &str) -> (i32, String, String) {
    nnlc(folder, &["predict", "sky.nnlm", "--input", input])
}

#[test]
fn images_are_predicted_by_file_and_by_folder() {
    let (code, out, err) = predicted(sky(), "new");
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let lines: Vec<&str> = out.lines().collect();
    assert_eq!(lines[0], "file,labels,p_day,p_night");
    assert!(lines[1].starts_with("new/noon.jpg,day,0."), "{out}");
    assert!(lines[2].starts_with("new/later/moon.png,night,0."), "{out}");
    assert_eq!(
        predicted(sky(), "new/noon.jpg").1,
        format!("{}\n{}\n", lines[0], lines[1])
    );
}

#[test]
fn bytes_of_idx_are_predicted_too() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let bytes = [
        &[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0, 6][..],
        &[255; 24],
        &[0; 24],
    ]
    .concat();
    assert_eq!(
        classes(&folder.path().join("new-images"), &bytes),
        ["labels", "day", "night"]
    );
}

#[test]
fn arrays_of_bytes_are_predicted_too() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let header = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 4, 6), }";
    let header = format!("{header:117}\n");
    let start = b"\x93NUMPY\x01\x00\x76\x00";
    let bytes = [&start[..], header.as_bytes(), &[0; 24], &[255; 24]].concat();
    assert_eq!(
        classes(&folder.path().join("new.npy"), &bytes),
        ["labels", "night", "day"]
    );
}

/// The first column of what is predicted of a file of these bytes.
fn classes(path: &Path, bytes: &[u8]) -> Vec<String> {
    fs::write(path, bytes).expect("a file can be written");
    let (code, out, err) = predicted(sky(), &path.display().to_string());
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let first = |line: &str| line.split(',').next().unwrap_or("").to_owned();
    out.lines().map(first).collect()
}

const CHANGED: &str = "\
use nn::Dense;
use metrics::accuracy;

data things {
  source: cifar(\"batches\"),
  x: images |> standardize, y: labels |> one_hot(classes: 10),
  split: { train: 100%, test: given },
  augment: { x: [crop(pad: 4 px), flip, jitter(brightness: 20%, saturation: 20%), mixup(alpha: 0.2)] },
}

model Look(x: [batch, 3, h, w]) -> [batch, 10] { x[:, :, 0:4, 0:4] |> flatten(keep: batch) |> Dense(10) }

train fit {
  model: Look, data: things, loss: cross_entropy(logits: out, target: y),
  optimizer: sgd(lr: 1e-2), epochs: 2, batch: 8, metrics: [accuracy],
}

save fit to \"fit.nnlm\";
";

#[test]
fn changed_and_mixed_images_are_the_same_for_any_number_of_threads() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let batches = folder.path().join("batches");
    fs::create_dir(&batches).expect("a folder can be made");
    let record = |at: u16| {
        (0..3073u16)
            .map(move |byte| (at.wrapping_mul(7)).wrapping_add(byte.wrapping_mul(byte)) as u8)
    };
    let records = |ats: std::ops::Range<u16>| -> Vec<u8> {
        let labelled = ats.map(|at| {
            record(at)
                .enumerate()
                .map(move |(place, byte)| match place {
                    0 => (at % 10) as u8,
                    _ => byte,
                })
        });
        labelled.flatten().collect()
    };
    fs::write(batches.join("data_batch_1.bin"), records(0..40)).expect("a file can be written");
    fs::write(batches.join("test_batch.bin"), records(40..50)).expect("a file can be written");
    fs::write(folder.path().join("p.nnl"), CHANGED).expect("a file can be written");
    let models = ["1", "3"].map(|threads| {
        let (code, out, err) = nnlc(folder.path(), &["run", "p.nnl", "-q", "--threads", threads]);
        assert_eq!((code, err.as_str()), (0, ""), "{out}");
        fs::read(folder.path().join("fit.nnlm")).expect("it was saved")
    });
    assert!(models[0] == models[1], "other bytes");
    let (code, out, err) = nnlc(
        folder.path(),
        &["evaluate", "fit.nnlm", "--data", "batches"],
    );
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("Look on batches, 10 rows"), "{out}");
}

#[test]
fn images_that_do_not_fit_are_told() {
    let (code, _, err) = predicted(sky(), "large.png");
    assert_eq!(code, 3);
    assert!(
        err.contains("`large.png` is 8 x 12, gray, and the model takes images of 4 x 6, gray"),
        "{err}"
    );
    let (code, _, err) = predicted(sky(), "sky.nnl");
    assert!(
        code == 3 && err.contains("is no image that can be read"),
        "{err}"
    );
    let (code, _, err) = nnlc(
        sky(),
        &["predict", "sky.nnlm", "--input", "new", "--keep", "id"],
    );
    assert!(code == 2 && err.contains("images have no columns"), "{err}");
    let resizing = trained(", size: [4, 6]");
    let (code, out, _) = predicted(resizing.path(), "large.png");
    assert!(code == 0 && out.contains("large.png,day,"), "{out}");
}

#[test]
fn the_part_held_apart_is_measured() {
    let (code, out, err) = nnlc(sky(), &["evaluate", "sky.nnlm", "--data", "photos"]);
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    assert!(out.contains("Look on photos, 2 rows"), "{out}");
    assert!(out.contains("accuracy  1.0"), "{out}");
}

#[cfg(unix)]
#[test]
fn a_server_takes_images_as_they_are() {
    let server = Server::of(sky(), "sky.nnlm", &[]);
    let image = fs::read(sky().join("new/noon.jpg")).expect("it is there");
    let (status, body) = server.post_bytes(&image);
    assert!(
        status == 200 && body.contains("\"labels\":\"day\""),
        "{body}"
    );
    let (status, body) = server.post_bytes(b"{\"rows\": []}");
    assert!(
        status == 422 && body.contains("no image that can be read"),
        "{body}"
    );
    let (_, schema) = server.get("/schema");
    assert!(
        schema.contains("\"height\":4") && schema.contains("image/png"),
        "{schema}"
    );
    assert_eq!(server.stop(), 0);
}
