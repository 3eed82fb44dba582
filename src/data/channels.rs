//! Which axis of an array of images is that of the channels. Images are channels first here; elsewhere they are channels last as
//! often.

use crate::data::codes;
use crate::data::fault::{Fault, shown};
use crate::data::spec::Channels;
use crate::types::DType;

/// How the images of an array lie.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// Channels, height, width.
    pub(crate) shape: [usize; 3],
    /// Whether the channels of a pixel lie side by side.
    is_last: bool,
}

/// That of an array of bytes: `[n, h, w]`, `[n, h, w, c]` or `[n, c, h, w]`. Where nobody says which, the axis of 1 or 3 is that of
/// the channels.
pub(crate) fn layout(
    path: &str,
    (dtype, shape): (DType, &[usize]),
    channels: Option<Channels>,
) -> Result<Layout, Fault> {
    if dtype != DType::U8 {
        return Err(not_bytes(path, dtype, shape));
    }
    let (shape, is_last) = match (shape, channels) {
        (&[_, h, w], None) => ([1, h, w], false),
        (&[_, _, _], Some(_)) => return Err(one_channel(path, shape)),
        (&[_, a, b, c], said) => match said.or(found([a, c])) {
            Some(Channels::First) => ([a, b, c], false),
            Some(Channels::Last) => ([c, a, b], true),
            None => return Err(unclear(path, [a, b, c])),
        },
        (shape, _) => return Err(too_many_axes(path, shape)),
    };
    Ok(Layout { shape, is_last })
}

impl Layout {
    /// The number of bytes of an image.
    pub(crate) fn size(self) -> usize {
        self.shape.iter().product()
    }

    /// An image of the array with its channels first: as it is, or in `planes`.
    pub(crate) fn channels_first<'b>(self, image: &'b [u8], planes: &'b mut Vec<u8>) -> &'b [u8] {
        if !self.is_last {
            return image;
        }
        let [c, h, w] = self.shape;
        planes.resize(image.len(), 0);
        for (at, pixel) in image.chunks_exact(c).enumerate() {
            for (channel, byte) in pixel.iter().enumerate() {
                planes[channel * h * w + at] = *byte;
            }
        }
        planes
    }
}

/// Of the first and the last axis of an image, the one that is as long as there are usual channels.
fn found(ends: [usize; 2]) -> Option<Channels> {
    match ends.map(|n| n == 1 || n == 3) {
        [true, false] => Some(Channels::First),
        [false, true] => Some(Channels::Last),
        [true, true] | [false, false] => None,
    }
}

fn not_bytes(path: &str, dtype: DType, shape: &[usize]) -> Fault {
    let message = format!("images are bytes, {} is {dtype}{shape:?}", shown(path));
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
