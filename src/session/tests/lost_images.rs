//! Images in a temporary file that is lost while a run goes on.

use std::path::Path;

use super::*;
use crate::data::{Pixels, Rows, codes};
use crate::lower::Mode;
use crate::train::{Event, Flow};

/// A program about images of a folder, of so many pixels a side, that keeps none of them in memory.
fn of_images(folder: &Path, side: u8) -> (Options, String) {
    let n_pixels = usize::from(side) * usize::from(side);
    let sizes = [0, 0, 8, 3, 0, 0, 0, 64, 0, 0, 0, side, 0, 0, 0, side];
    let images = [&sizes[..], &vec![7; 64 * n_pixels]].concat();
    let labels = [&[0, 0, 8, 1, 0, 0, 0, 64][..], &[1, 0].repeat(32)].concat();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.join(name), bytes).expect("ours");
    write("train-images-idx3-ubyte", &images);
    write("train-labels-idx1-ubyte", &labels);
    let text = format!(
        "use nn::{{Dense}};
         data shades {{ source: idx({:?}), x: images |> flatten, y: labels |> label,
           split: {{ train: 75%, val: 25%, by: order }} }}
         model Look(x: [batch, {n_pixels}]) -> [batch, 2] {{ x |> Dense(2) }}
         train fit {{ model: Look, data: shades, loss: cross_entropy(logits: out, target: y),
           optimizer: sgd(lr: 1e-5), epochs: 3, batch: 8 }}",
        folder.display().to_string()
    );
    let options = Options {
        images_in_memory: Some(0),
        threads: 2,
        ..Options::default()
    };
    (options, text)
}

/// The images of the first field.
fn pixels(compiled: &Compiled) -> Pixels {
    match &compiled.data[0].set.parts[0].fields[0].1 {
        Rows::Pixels(rows) => rows.pixels().clone(),
        Rows::Tensor(_) | Rows::Windows(_) => panic!("x holds images"),
    }
}

/// What is said of images that are lost before a run, or once a step is done.
fn lost_after((options, text): (Options, String), last: u64) -> Vec<String> {
    let (mut session, _) = Session::new(options);
    let (program, _) = session.load_text(Path::new("main.nnl"), &text);
    let (compiled, reports) = session.compile(program.expect("it parses"), Mode::Run);
    let compiled = compiled.unwrap_or_else(|| panic!("{reports:?}"));
    let pixels = pixels(&compiled);
    if last == 0 {
        pixels.lose();
    }
    let result = session.execute(compiled, &mut |output| {
        if matches!(output, Output::Event(Event::Step { step, .. }) if step == last) {
            pixels.lose();
        }
        Flow::Continue
    });
    let reports = result.expect_err("the images are gone");
    let report = reports.iter().next().expect("one report");
    assert_eq!(report.code, codes::TEMPORARY_FILE);
    report.notes.clone()
}

#[test]
fn images_that_are_lost_on_the_way_end_a_run_with_the_batch() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let lost_after = |side, last| lost_after(of_images(folder.path(), side), last);
    let first = ["in step 1, at batch 1 of 6 of epoch 1"];
    assert_eq!(lost_after(6, 0), first);
    assert_eq!(lost_after(6, 3), ["in step 4, at batch 4 of 6 of epoch 1"]);
    // What comes after the last step of an epoch is its evaluation.
    assert!(lost_after(6, 6).is_empty());
    // Larger images are read beside the steps: some batches have been read when a step is over.
    assert_eq!(lost_after(80, 0), first);
    let said = lost_after(80, 1).concat();
    let places = [2, 3, 4].map(|step| format!("in step {step}, at batch {step} of 6 of epoch 1"));
    assert!(places.contains(&said), "{said}");
}
