//! The words for axes: which one is meant, how they are reshaped, placed, joined and cut.

use crate::ir::draft::AxisRef;
use crate::ops::describe::{Told, count};
use crate::ops::{Description, advice, codes};
use crate::types::{Dim, Shape};

impl Told<'_> {
    pub(super) fn no_axis(&self, operand: usize, axis: &AxisRef) -> Description {
        let (ty, shape) = (self.ty(operand), self.shape(operand));
        let (message, help) = match axis {
            AxisRef::Index(index) => {
                let axes = count(shape.rank(), "axis", "axes");
                (format!("no axis {index}: {ty} has {axes}"), None)
            }
            AxisRef::Named(name, _) => {
                let near = advice::axis_name(name, &shape, self.symbols);
                (format!("no axis `{name}` in {ty}"), near)
            }
        };
        Description::new(codes::NO_AXIS, message)
            .label(operand, format!("{ty}: axes {}", self.axes(&shape)))
            .help(help)
    }

    /// `batch (0), h (1), 3 (2)`
    fn axes(&self, shape: &Shape) -> String {
        let axes = shape.0.iter().enumerate().map(|(place, axis)| {
            let size = self.dim(&axis.dim);
            format!("{} ({place})", axis.name().unwrap_or(&size))
        });
        let axes: Vec<String> = axes.collect();
        if axes.is_empty() {
            "none".into()
        } else {
            axes.join(", ")
        }
    }

    pub(super) fn ambiguous(
        &self,
        operand: usize,
        axis: &AxisRef,
        places: &[usize],
    ) -> Description {
        let name = match axis {
            AxisRef::Index(index) => index.to_string(),
            AxisRef::Named(name, _) => name.clone(),
        };
        let ty = self.ty(operand);
        let fit: Vec<String> = places.iter().map(usize::to_string).collect();
        let message = format!("`{name}` may mean several axes of {ty}");
        Description::new(codes::AMBIGUOUS_AXIS, message)
            .label(operand, format!("{ty}: axes {} fit", fit.join(" and ")))
            .help(format!(
                "say which by its index, such as {}",
                fit.join(" or ")
            ))
    }

    pub(super) fn repeated(&self, operand: usize, axis: usize) -> Description {
        let ty = self.ty(operand);
        let message = format!("axis {axis} of {ty} is named twice");
        Description::new(codes::AXIS_ORDER, message).label(operand, ty)
    }

    pub(super) fn order(&self, named: usize) -> Description {
        let (ty, rank) = (self.ty(0), self.shape(0).rank());
        let message = format!("an order names every axis once: {named} named, {ty} has {rank}");
        Description::new(codes::AXIS_ORDER, message).label(0, ty)
    }

    pub(super) fn reshape(&self, from: &Dim, to: &Dim) -> Description {
        let (from, to) = (self.dim(from), self.dim(to));
        let message =
            format!("`reshape` keeps the number of elements: {from} given, room for {to}");
        Description::new(codes::RESHAPE, message)
            .label(0, format!("{}: {from} elements", self.ty(0)))
            .help("leave one size open: `_`".to_string())
    }

    pub(super) fn not_one(&self, axis: usize, size: &Dim) -> Description {
        let size = self.dim(size);
        let message = format!("`squeeze` drops an axis of size 1: axis {axis} has size {size}");
        Description::new(codes::NOT_ONE, message)
            .label(0, self.ty(0))
            .help(format!(
                "fold it instead: `sum(…, over: {axis})` or `mean(…, over: {axis})`"
            ))
    }

    pub(super) fn empty(&self, what: &str, axis: usize) -> Description {
        let message = format!("`{what}` chooses among elements, and axis {axis} has none");
        Description::new(codes::EMPTY, message)
            .label(0, self.ty(0))
            .help(
                "leave at least one element in: look at the range that cut the others off"
                    .to_string(),
            )
    }

    pub(super) fn apart(&self, between: usize) -> Description {
        let size = self.size(0, between);
        let message =
            format!("`flatten` merges neighbours: axis {between} ({size}) is kept between them");
        Description::new(codes::APART, message)
            .label(0, self.ty(0))
            .help("bring it to the front first: `permute` or `rearrange`".to_string())
    }

    pub(super) fn unplaced(&self, axis: usize) -> Description {
        let (size, like) = (self.size(0, axis), self.ty(1));
        let is_one = self
            .shape(0)
            .0
            .get(axis)
            .is_some_and(|axis| axis.dim == Dim::int(1));
        let help = if is_one {
            format!("size 1 never stretches, drop the axis: `squeeze(…, {axis})`")
        } else {
            "name the axes it lacks: `broadcast(…, like: …, along: …)`".into()
        };
        let message = format!("`broadcast`: axis {axis} ({size}) has no place in {like}");
        self.pair(codes::BROADCAST, message, 0, 1).help(help)
    }

    pub(super) fn placed_twice(&self, axis: usize) -> Description {
        let (size, like) = (self.size(0, axis), self.ty(1));
        let message =
            format!("`broadcast`: the place of axis {axis} ({size}) in {like} is not clear");
        let help = "name the axes of the larger that the smaller lacks: `along: …`";
        self.pair(codes::BROADCAST, message, 0, 1)
            .help(help.to_string())
    }

    pub(super) fn along(&self, along: usize) -> Description {
        let (has, wants) = (self.shape(0).rank(), self.shape(1).rank());
        let lacks = wants.saturating_sub(has);
        let named = count(along, "axis", "axes");
        let message = format!("`broadcast`: `along` names {named}, the operand lacks {lacks}");
        self.pair(codes::BROADCAST, message, 0, 1)
    }

    pub(super) fn join(&self, what: &str, operand: usize, axis: Option<usize>) -> Description {
        let message = match axis {
            Some(axis) => {
                let (a, b) = (self.size(0, axis), self.size(operand, axis));
                format!("`{what}`: axis {axis} differs, {a} and {b}")
            }
            None => {
                let (a, b) = (self.ty(0), self.ty(operand));
                format!("`{what}` needs as many axes in each: {a} and {b}")
            }
        };
        self.pair(codes::JOIN, message, 0, operand)
    }

    pub(super) fn indices(&self, given: usize) -> Description {
        let ty = self.ty(0);
        let axes = count(self.shape(0).rank(), "axis", "axes");
        Description::new(
            codes::INDICES,
            format!("{given} indices, but {ty} has {axes}"),
        )
        .label(0, ty)
    }

    pub(super) fn outside(
        &self,
        axis: usize,
        index: &Dim,
        size: &Dim,
        is_end: bool,
    ) -> Description {
        let (index, size) = (self.dim(index), self.dim(size));
        let what = if is_end { "range end" } else { "index" };
        let message = format!("{what} {index} is outside axis {axis}, which has size {size}");
        let note = || "places run from 0, or from -1 backwards".to_string();
        Description::new(codes::OUTSIDE, message)
            .label(0, self.ty(0))
            .note((!is_end).then(note))
    }

    pub(super) fn backwards(&self, start: &Dim, stop: &Dim) -> Description {
        let (start, stop) = (self.dim(start), self.dim(stop));
        let message = format!("range {start}:{stop} ends before it begins");
        Description::new(codes::OUTSIDE, message).label(0, self.ty(0))
    }

    /// `a window of 5 does not fit axis 2, which has size 3`, the arithmetic, and the padding that would fit.
    pub(super) fn window(
        &self,
        axis: usize,
        size: &Dim,
        window: &Dim,
        dilation: &Dim,
    ) -> Description {
        let one = Dim::int(1);
        let reach = &(&(window - &one) * dilation) + &one;
        let lacking = &reach - size;
        let (n, k, r) = (self.dim(size), self.dim(window), self.dim(&reach));
        let message = format!("a window of {k} does not fit axis {axis}, which has size {n}");
        let apart = self.dim(dilation);
        let arithmetic = match dilation.as_int() {
            Some(1) => format!("{n} - {r} is negative: not even one window fits"),
            _ => {
                format!(
                    "{k} places {apart} apart reach over ({k} - 1) * {apart} + 1 = {r}, {n} are there"
                )
            }
        };
        let help = match lacking.as_int() {
            Some(lacking) => format!(
                "pad the axis by {lacking} in all: `padding: {}` puts so many zeros on either side; or take a smaller window",
                (lacking + 1) / 2
            ),
            None => "pad the axis, or take a smaller window".to_string(),
        };
        Description::new(codes::WINDOW, message)
            .label(0, self.ty(0))
            .note(arithmetic)
            .help(help)
    }

    pub(super) fn distance(&self, what: &str, value: &Dim) -> Description {
        let value = self.dim(value);
        let least = if matches!(what, "before" | "after") {
            0
        } else {
            1
        };
        let message = format!("`{what}` is at least {least}, found {value}");
        Description::new(codes::DISTANCE, message).label(0, self.ty(0))
    }

    pub(super) fn parts(&self, axis: usize, size: &Dim, names: usize) -> Description {
        let (size, names) = (self.dim(size), count(names, "name", "names"));
        let message = format!("axis {axis} has size {size}, but there are {names} to bind");
        Description::new(codes::PARTS, message).label(0, self.ty(0))
    }
}

pub(super) fn several_rests() -> Description {
    let message = "`reshape` can work out one open size, not several";
    Description::new(codes::RESHAPE, message).help("write the others".to_string())
}
