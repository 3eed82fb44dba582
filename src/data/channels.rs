//! Which axis of an array of images is that of the channels. Images are channels first here; elsewhere they are channels last as
//! often.

use std::sync::Arc;

use crate::data::codes;
use crate::data::fault::{Fault, shown};
use crate::data::pixels::Pixels;
use crate::data::spec::Channels;
use crate::tensor::{Data, Tensor};

/// The images of an array of bytes: `[n, h, w]`, `[n, h, w, c]` or `[n, c, h, w]`. Where nobody says which, the axis of 1 or 3 is
/// that of the channels.
pub(crate) fn pixels(
    path: &str,
    tensor: Tensor,
    channels: Option<Channels>,
) -> Result<Pixels, Fault> {
    let Data::U8(bytes) = tensor.data() else {
        return Err(not_bytes(path, &tensor));
    };
    let bytes = Arc::clone(bytes);
    let (shape, bytes) = match (tensor.shape(), channels) {
        (&[_, h, w], None) => ([1, h, w], bytes),
        (&[_, _, _], Some(_)) => return Err(one_channel(path, tensor.shape())),
        (&[_, a, b, c], said) => match said.or(found([a, c])) {
            Some(Channels::First) => ([a, b, c], bytes),
            Some(Channels::Last) => {
                // Nobody else is to hold the bytes, so that they need no copy.
                drop(tensor);
                ([c, a, b], channels_first(bytes, [a, b, c]))
            }
            None => return Err(unclear(path, [a, b, c])),
        },
        (shape, _) => return Err(too_many_axes(path, shape)),
    };
    Ok(Pixels { shape, bytes })
}

/// Images of `[h, w, c]` as `[c, h, w]`, each where it lies.
fn channels_first(bytes: Arc<Vec<u8>>, [h, w, c]: [usize; 3]) -> Arc<Vec<u8>> {
    let mut bytes = Arc::unwrap_or_clone(bytes);
    let mut planes = vec![0; h * w * c];
    for image in bytes.chunks_exact_mut(h * w * c) {
        for (at, pixel) in image.chunks_exact(c).enumerate() {
            for (channel, byte) in pixel.iter().enumerate() {
                planes[channel * h * w + at] = *byte;
            }
        }
        image.copy_from_slice(&planes);
    }
    Arc::new(bytes)
}

/// Of the first and the last axis of an image, the one that is as long as there are usual channels.
fn found(ends: [usize; 2]) -> Option<Channels> {
    match ends.map(|n| n == 1 || n == 3) {
        [true, false] => Some(Channels::First),
        [false, true] => Some(Channels::Last),
        [true, true] | [false, false] => None,
    }
}

fn not_bytes(path: &str, tensor: &Tensor) -> Fault {
    let message = format!(
        "images are bytes, {} is {}{:?}",
        shown(path),
        tensor.dtype(),
        tensor.shape()
    );
    let fault = Fault::new(
        codes::BAD_ARRAY,
        message,
        "an array with more than two axes",
    );
    fault.help("save bytes: `(255 * x).astype(\"uint8\")`; or columns: `x.reshape(len(x), -1)`")
}

fn one_channel(path: &str, shape: &[usize]) -> Fault {
    let message = format!("{} of shape {shape:?} has no axis of channels", shown(path));
    let fault = Fault::new(codes::BAD_ARRAY, message, "gray images");
    fault.help("leave `channels` out")
}

fn unclear(path: &str, shape: [usize; 3]) -> Fault {
    let message = format!(
        "the images of {} are {shape:?}, which does not tell where the channels are",
        shown(path)
    );
    let fault = Fault::new(codes::BAD_ARRAY, message, "an axis of 1 or 3 would tell");
    fault.help("say it: `channels: last`, or `channels: first`")
}

fn too_many_axes(path: &str, shape: &[usize]) -> Fault {
    let message = format!("{} of shape {shape:?} holds no images", shown(path));
    let fault = Fault::new(codes::BAD_ARRAY, message, "more than four axes");
    fault.help("images are `[n, h, w]`, `[n, h, w, c]` or `[n, c, h, w]`; save it by `reshape`")
}
