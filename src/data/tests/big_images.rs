//! Images in a file: the same rows, numbers and fingerprints as in memory, whatever they are read from; and what is said where the
//! file is lost.

use std::fs;
use std::path::Path;

use super::*;
use crate::data::augment::Draw;
use crate::data::image_bytes::{ImageWriter, Room};
use crate::data::pixels::{PixelRows, Pixels};

/// A table of a source, in so many bytes of memory.
fn table(fields: &str, most: u64) -> Table {
    let spec = super::read::spec(fields);
    let table = read_table_into(Room::of(most), &spec, Path::new(""));
    table.unwrap_or_else(|reports| panic!("{fields}: {reports:?}"))
}

fn dataset(fields: &str, most: u64) -> Dataset {
    let spec = super::read::spec(fields);
    let data = prepare(&spec, &table(fields, most), DType::F32);
    data.unwrap_or_else(|reports| panic!("{fields}: {reports:?}"))
}

fn pixels(table: &Table) -> &Pixels {
    let images = table.columns.iter().find_map(|column| match &column.cells {
        Cells::Image(pixels) => Some(pixels),
        Cells::Bool(_) | Cells::Int(_) | Cells::Float(_) => None,
        Cells::Text { .. } | Cells::Blank(_) => None,
    });
    images.expect("the source is one of images")
}

fn pixel_rows<'d>(data: &'d Dataset, part: &str) -> &'d PixelRows {
    match data.part(part).and_then(|part| part.field("x")) {
        Some(Rows::Pixels(rows)) => rows,
        Some(Rows::Tensor(_) | Rows::Windows(_)) | None => panic!("x holds images"),
    }
}

/// Every source of images, with a split; and the folders that hold them.
fn sources() -> (Vec<String>, Vec<tempfile::TempDir>) {
    let (idx, cifar, npy) = (
        super::images::good(),
        super::cifar::ten(),
        super::npy::good(),
    );
    let photos = tempfile::tempdir().expect("a folder");
    for (name, shade) in [
        ("day/a", 200),
        ("day/b", 240),
        ("night/a", 10),
        ("night/b", 7),
    ] {
        let path = photos.path().join(format!("{name}.png"));
        fs::create_dir_all(path.parent().expect("in a folder")).expect("ours");
        let image = image::RgbImage::from_fn(3, 2, |x, y| image::Rgb([shade, x as u8, y as u8]));
        image.save(&path).expect("it is written");
    }
    let all = [
        format!("idx(\"{}\")", idx.path().display()),
        format!("cifar(\"{}\")", cifar.path().display()),
        format!("images(\"{}\")", photos.path().display()),
        format!(
            "npy(\"{0}/gray.npy\", labels: \"{0}/y.npy\")",
            npy.path().display()
        ),
        format!(
            "npy(\"{0}/first.npy\", labels: \"{0}/y.npy\")",
            npy.path().display()
        ),
        format!(
            "npy(\"{0}/last.npy\", labels: \"{0}/y.npy\")",
            npy.path().display()
        ),
    ];
    (all.to_vec(), vec![idx, cifar, npy, photos])
}

const FIELDS: &str = "x: images |> standardize, \
    split: { train: 1 / 2, val: 1 / 2, by: order }, augment: { x: [shift(max: 1 px), noise(std: 0.1)] }";

#[test]
fn every_source_gives_the_same_in_memory_and_in_a_file() {
    let (sources, _folders) = sources();
    for source in sources {
        let fields = format!("source: {source}, {FIELDS}");
        let (memory, file) = (dataset(&fields, 1 << 20), dataset(&fields, 0));
        assert_eq!(table(&fields, 1 << 20), table(&fields, 0), "{source}");
        assert_eq!(memory, file, "{source}");
        let draw = Draw {
            seed: 3,
            run: "fit",
            epoch: 2,
        };
        for (own, other) in memory.parts.iter().zip(&file.parts) {
            assert_eq!(own.fingerprint(), other.fingerprint(), "{source}");
            let rows: Vec<u32> = (0..).take(own.rows.len()).chain([0, 0]).collect();
            let pick = |part: &Part| part.fields[0].1.pick(&rows, Some(draw));
            assert_eq!(pick(own).expect("memory"), pick(other).expect("a file"));
        }
    }
}

#[test]
fn rows_that_are_kept_are_those_of_the_file() {
    let folder = super::images::good();
    let fields = format!("source: idx(\"{}\"), x: images", folder.path().display());
    for most in [1 << 20, 0, 9] {
        let kept = table(&fields, most).keep(&[0, 2, 3]).keep(&[1, 2]);
        let mut writer = ImageWriter::new(Room::default());
        writer
            .push(&[8, 9, 10, 11, 255, 255, 255, 255])
            .expect("memory");
        let expected = Pixels::new([1, 2, 2], writer.finish().expect("memory"));
        assert_eq!(pixels(&kept), &expected, "{most}");
        assert_eq!(pixels(&kept).counts(&[0]), expected.counts(&[0]));
    }
}

#[test]
fn a_file_that_is_lost_is_told_wherever_it_is_read() {
    let folder = super::images::good();
    let fields = format!(
        "source: idx(\"{}\"), x: images |> standardize, y: labels |> label(classes: 5)",
        folder.path().display()
    );
    let read = table(&fields, 0);
    let data = prepare(&super::read::spec(&fields), &read, DType::F32).expect("all is well yet");
    pixel_rows(&data, "train").pixels().lose();
    let part = data.train_part();
    let said = |fault: Fault| format!("{fault:?}");
    let told = [
        part.fields[0].1.pick(&[0], None).map(drop).map_err(said),
        part.fields[0].1.tensor().map(drop).map_err(said),
        part.fingerprint().map(drop).map_err(said),
        pixels(&read).counts(&[0]).map(drop).map_err(said),
    ];
    for told in told {
        let told = told.expect_err("it is gone");
        assert!(
            told.contains("cannot be read back from their temporary file"),
            "{told}"
        );
    }
    let prepared = prepare(&super::read::spec(&fields), &read, DType::F32);
    let reports = prepared.expect_err("means are taken of all images");
    assert!(
        reports
            .iter()
            .any(|report| report.code == codes::TEMPORARY_FILE)
    );
    assert_ne!(
        data.parts,
        data.parts.clone(),
        "what cannot be read is like nothing"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_at_the_source() {
    let (sources, _folders) = sources();
    let full = || fs::File::options().read(true).write(true).open("/dev/full");
    for source in sources {
        let spec = super::read::spec(&format!("source: {source}, x: images"));
        let room = Room::of(0).with_file(full);
        let reports = read_table_into(room, &spec, Path::new("")).expect_err("the disk is full");
        let report = reports.iter().next().expect("one report");
        assert_eq!(report.code, codes::TEMPORARY_FILE, "{source}: {report:?}");
    }
}
