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
    let path = folder.path().join("new-images");
    fs::write(&path, bytes).expect("a file can be written");
    let (code, out, err) = predicted(sky(), &path.display().to_string());
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let classes: Vec<&str> = out
        .lines()
        .map(|line| line.split(',').next().unwrap_or(""))
        .collect();
    assert_eq!(classes, ["labels", "day", "night"]);
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
