//! The train part is told what is done to its rows in training; no other part ever hears of it. What cannot be done is refused here,
//! where the sizes of images are known.

use crate::data::augment::Augment;
use crate::data::codes;
use crate::data::crop::Crop;
use crate::data::dataset::Part;
use crate::data::mixup::Mixup;
use crate::data::pixels::PixelRows;
use crate::data::rows::Rows;
use crate::data::spec::{AugmentSpec, DataSpec};
use crate::diag::{Diagnostic, Diagnostics};
use crate::source::{Span, Spanned};
use crate::types::DType;

/// Tells the train part.
pub(crate) fn augment(spec: &DataSpec, parts: &mut [Part]) -> Result<(), Diagnostics> {
    let mut faults = Diagnostics::new();
    let mut train = parts.iter_mut().find(|part| part.name == "train");
    for own in &spec.augment {
        let fields = train.iter_mut().flat_map(|part| &mut part.fields);
        let mut fields = fields.filter(|(name, _)| *name == own.field.value);
        match fields.next().map(|(_, rows)| rows) {
            Some(Rows::Pixels(rows)) => change(own, rows, &mut faults),
            Some(Rows::Tensor(_) | Rows::Windows(_)) if own.changes.is_empty() => {}
            found => faults.push(not_augmented(spec, own, found.is_some())),
        }
    }
    if let (Some(part), false) = (train, faults.has_errors()) {
        part.mixup = mixup(spec, part, &mut faults);
    }
    match faults.has_errors() {
        true => Err(faults),
        false => Ok(()),
    }
}

fn change(own: &AugmentSpec, rows: &mut PixelRows, faults: &mut Diagnostics) {
    let shape = rows.image_shape();
    for change in &own.changes {
        if let Some(fault) = impossible(&change.value, shape, change.span) {
            faults.push(fault);
        }
    }
    let changes = own.changes.iter().map(|change| change.value.clone());
    rows.augment = changes.collect();
}

/// Why a change cannot be made to images of a shape, if so.
fn impossible(change: &Augment, shape: [usize; 3], span: Span) -> Option<Diagnostic> {
    match change {
        Augment::Crop(crop) => too_large(crop, shape, span),
        Augment::Jitter(jitter) if shape[0] != 3 && jitter.saturation > 0.0 => {
            let message = format!("{} have no saturation", of_channels(shape[0]));
            let report = Diagnostic::error(codes::BAD_SETTING, message);
            let report = report.label(span, "changes red, green and blue");
            Some(report.help("leave `saturation` out: `jitter(brightness: 20%, contrast: 20%)`"))
        }
        Augment::Shift(_) | Augment::Rotate(_) | Augment::Zoom(_) | Augment::Flip => None,
        Augment::Jitter(_) | Augment::Noise(_) | Augment::Cutout(_) => None,
    }
}

fn of_channels(n_channels: usize) -> String {
    match n_channels {
        1 => "images of one channel".to_owned(),
        n => format!("images of {n} channels"),
    }
}

fn too_large(crop: &Crop, [_, height, width]: [usize; 3], span: Span) -> Option<Diagnostic> {
    let (window, most) = (crop.size?, crop.most([height, width]));
    if window[0] <= most[0] && window[1] <= most[1] {
        return None;
    }
    let shown = |[height, width]: [usize; 2]| format!("{height} x {width}");
    let message = format!(
        "a window of {} in images of {}",
        shown(window),
        shown([height, width])
    );
    let report = Diagnostic::error(codes::BAD_SETTING, message);
    let label = format!("with {} px around them they are {}", crop.pad, shown(most));
    let fits = window
        .iter()
        .zip([height, width])
        .map(|(own, side)| own.saturating_sub(side));
    let pad = fits.max().unwrap_or(0).div_ceil(2);
    Some(report.label(span, label).help(format!(
        "cut a smaller one, or put more pixels around the images: `pad: {pad} px`"
    )))
}

fn not_augmented(spec: &DataSpec, augment: &AugmentSpec, is_field: bool) -> Diagnostic {
    let name = &augment.field.value;
    let is_known = spec.fields.iter().any(|field| field.name.value == *name);
    let (message, help) = match (is_field, is_known) {
        (true, _) => (
            format!("field `{name}` holds no images"),
            "only images are changed so; rows of numbers can be mixed: `mixup(alpha: 0.2)`",
        ),
        (false, true) => (
            "there is no train part to augment".to_string(),
            "split the rows: `split: { train: 90%, val: 10% }`",
        ),
        (false, false) => (
            format!("data `{}` has no field `{name}`", spec.name.value),
            "name a field of this block",
        ),
    };
    Diagnostic::error(codes::BAD_SETTING, message)
        .label(augment.field.span, "to be augmented")
        .help(help)
}

/// How the rows of the train part are mixed, where the block says so: once, for all fields at a time.
fn mixup(spec: &DataSpec, part: &Part, faults: &mut Diagnostics) -> Option<Mixup> {
    let mut said = spec.augment.iter().flat_map(|own| &own.mixups);
    let first = said.next()?;
    if let Some(second) = said.next() {
        faults.push(mixed_twice(first, second));
    }
    let mixed = part
        .fields
        .iter()
        .filter(|(_, rows)| !is_mixable(rows.dtype()));
    for (name, _) in mixed {
        faults.push(not_mixed(spec, name, first.span));
    }
    Some(first.value)
}

fn is_mixable(dtype: DType) -> bool {
    match dtype {
        DType::F32 | DType::F64 => true,
        DType::I64 | DType::I32 | DType::U8 | DType::Bool => false,
    }
}

fn mixed_twice(first: &Spanned<Mixup>, second: &Spanned<Mixup>) -> Diagnostic {
    Diagnostic::error(
        codes::BAD_SETTING,
        "`mixup` mixes whole rows, and is given twice",
    )
    .label(second.span, "the second time")
    .label(first.span, "mixes every field already")
    .help("keep one of them")
}

fn not_mixed(spec: &DataSpec, name: &str, mixup: Span) -> Diagnostic {
    let message =
        format!("`mixup` cannot mix field `{name}`: its numbers stand for classes or tokens");
    let report = Diagnostic::error(codes::BAD_SETTING, message);
    let report = report.label(mixup, "mixes every field of a row");
    let field = spec.fields.iter().find(|field| field.name.value == name);
    let report = match field {
        Some(field) => report.label(field.span, "whole numbers, which have no share in between"),
        None => report,
    };
    report.help(
        "make them shares of each class, `|> one_hot` in place of `|> label`, or leave `mixup` out",
    )
}
