//! Which axis of an array of images is that of the channels. Images are channels first here; elsewhere they are channels last as
//! often.

use std::sync::Arc;

use crate::data::codes;
use crate::data::fault::{Fault, shown};
use crate::data::pixels::Pixels;
use crate::data::spec::Channels;
use crate::tensor::{Data, Tensor, permute};
use crate::types::DType;

/// The images of an array of bytes: `[n, h, w]`, `[n, h, w, c]` or `[n, c, h, w]`. Where nobody says which, the axis of 1 or 3 is
/// that of the channels.
pub(crate) fn pixels(
    path: &str,
    tensor: Tensor,
    channels: Option<Channels>,
) -> Result<Pixels, Fault> {
    if tensor.dtype() != DType::U8 {
        return Err(not_bytes(path, &tensor));
    }
    let (shape, tensor) = match (tensor.shape(), channels) {
        (&[_, h, w], None) => ([1, h, w], tensor),
        (&[_, _, _], Some(_)) => return Err(one_channel(path, tensor.shape())),
        (&[_, a, b, c], said) => match said.or(found([a, c])) {
            Some(Channels::First) => ([a, b, c], tensor),
            Some(Channels::Last) => ([c, a, b], permute(&tensor, &[0, 3, 1, 2])),
            None => return Err(unclear(path, [a, b, c])),
        },
        (shape, _) => return Err(too_many_axes(path, shape)),
    };
    let bytes = match tensor.data() {
        Data::U8(bytes) => Arc::clone(bytes),
        Data::F32(_) | Data::F64(_) | Data::I64(_) | Data::I32(_) | Data::Bool(_) => {
            return Err(not_bytes(path, &tensor));
        }
    };
    Ok(Pixels { shape, bytes })
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
