//! Pictures that programs draw into files: their pixels, read back, and what stands in them as text.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Runs a program in a folder; what it says, and whether all went well.
fn run(folder: &Path, text: &str, more: &[&str]) -> (bool, String) {
    fs::write(folder.join("main.nnl"), text).expect("it can be written");
    let output = Command::new(env!("CARGO_BIN_EXE_nnlc"))
        .args(["run", "main.nnl", "--color", "never"])
        .args(more)
        .current_dir(folder)
        .output()
        .expect("nnlc starts");
    let said = String::from_utf8([output.stdout, output.stderr].concat()).expect("UTF-8");
    (output.status.success(), said)
}

fn drawn(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (is_well, said) = run(folder.path(), text, &["--quiet"]);
    assert!(is_well && said.is_empty(), "{said}");
    folder
}

const CHECKS: &str = "let x: f32[2, 2, 2] = [[[0, 1], [1, 0]], [[1, 1], [0, 0.5]]];\n";

#[test]
fn tiles_are_a_pixel_apart_and_enlarged_by_whole_pixels() {
    let folder = drawn(&format!("{CHECKS}save images(x, 1 - x) to \"x.png\";"));
    let image = image::open(folder.path().join("x.png")).expect("a PNG");
    assert_eq!(image.color(), image::ColorType::L8);
    let image = image.to_luma8();
    // Two pixels become 64, twice, with one between.
    assert_eq!(image.dimensions(), (129, 129));
    let at = |x, y| image.get_pixel(x, y).0[0];
    assert_eq!(
        [at(0, 0), at(31, 31), at(32, 0), at(0, 63)],
        [0, 0, 255, 255]
    );
    assert_eq!([at(64, 5), at(5, 64)], [255, 255]);
    assert_eq!([at(65, 0), at(128, 63), at(128, 128)], [255, 128, 128]);
    assert_eq!([at(0, 65), at(32, 65)], [255, 0]);
}

#[test]
fn three_channels_are_colours() {
    let text = "let x = reshape([1.0, 0.0, 0.0, 1.0, 0.5, 0.5], [1, 3, 1, 2]);\nsave images(x) to \"c.PNG\";";
    let folder = drawn(text);
    let bytes = fs::read(folder.path().join("c.PNG")).expect("it is there");
    let image = image::load_from_memory(&bytes).expect("a PNG").to_rgb8();
    assert_eq!(image.dimensions(), (256, 128));
    assert_eq!(image.get_pixel(0, 0).0, [255, 0, 128]);
    assert_eq!(image.get_pixel(255, 127).0, [0, 255, 128]);
}

#[test]
fn heat_maps_have_their_texts_in_svg() {
    let text =
        format!("{CHECKS}save heatmap(x[1], rows: [\"a<b\", \"c\"], cols: [\"d\"]) to \"h.svg\";");
    let folder = drawn(&text);
    let svg = fs::read_to_string(folder.path().join("h.svg")).expect("it is there");
    assert!(
        svg.starts_with("<svg ") && svg.ends_with("</svg>\n"),
        "{svg}"
    );
    for text in [">a&lt;b</text>", ">c</text>", ">d</text>", ">0 to 1</text>"] {
        assert!(svg.contains(text), "{text}: {svg}");
    }
    assert!(svg.contains("href=\"data:image/png;base64,"));
}

#[test]
fn the_same_picture_is_the_same_bytes_and_a_dry_run_draws_none() {
    let text = format!("{CHECKS}save images(x) to \"x.png\";");
    let (one, other) = (drawn(&text), drawn(&text));
    let bytes = |folder: &tempfile::TempDir| fs::read(folder.path().join("x.png"));
    assert_eq!(bytes(&one).expect("a PNG"), bytes(&other).expect("a PNG"));
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (is_well, said) = run(folder.path(), &text, &["--dry-run"]);
    assert!(is_well && !folder.path().join("x.png").exists(), "{said}");
}

#[test]
fn a_place_that_cannot_be_written_to_is_told_before_training() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let text = "use nn::Dense;\n\
        data d { source: table({ a: [0, 1], b: [1, 3] }), x: [a], y: [b] }\n\
        model M(x: [batch, 1]) -> [batch, 1] { x |> Dense(1) }\n\
        train fit { model: M, data: d, loss: mse(out, y), optimizer: sgd(lr: 0.1), epochs: 2, batch: 2 }\n\
        save images(reshape(predict(fit, d.all), [2, 1, 1])) to \"none/x.png\";";
    let (is_well, said) = run(folder.path(), text, &[]);
    assert!(
        !is_well && said.contains("E0712") && !said.contains("epoch"),
        "{said}"
    );
}

#[test]
fn lines_and_points_are_shapes_with_their_names() {
    let folder = drawn(
        "let v = [1.0, 4.0, 2.0];
save plot({ up: v, down: -v }) to \"lines.svg\";
save scatter([[0.0, 1.0], [2.0, 3.0], [1.0, 1.0]], names: [\"a&b\", \"c\"]) to \"points.svg\";
",
    );
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("it is drawn");
    let lines = read("lines.svg");
    for part in [
        "<polyline class=\"c0\"",
        "<polyline class=\"c1\"",
        ">down</text>",
        ">place</text>",
    ] {
        assert!(lines.contains(part), "{part}: {lines}");
    }
    let points = read("points.svg");
    for part in [">a&amp;b</text>", ">c</text>"] {
        assert!(points.contains(part), "{part}: {points}");
    }
    assert_eq!(
        points.matches("<circle").count(),
        1,
        "a dot without a text stays"
    );
}
