//! Patterns: types as a user wrote them, matched with what arrives. A match solves for the pattern's symbols, spreads and float
//! type; the value goes on under the pattern's own dimensions, so that inside a signature `classes` names an axis before anyone
//! knows its size.

use crate::check::walk::{Typed, Walk};
use crate::check::{Checker, Reported};
use crate::ir::Op;
use crate::ir::draft::{AxisPattern, DraftNode, Elem, Pattern, Why};
use crate::types::{AxisType, DType, Mismatch, Shape, TensorType};

/// Why a value does not match a pattern.
pub(super) enum Misfit {
    /// Another number of axes.
    Rank,
    /// Axes of other names.
    Labels,
    /// Sizes that cannot be equal.
    Sizes(Mismatch),
    /// Another element type than this.
    DType(DType),
    /// No float type.
    NotFloat,
}

impl Checker<'_> {
    /// The type a pattern stands for where nothing is matched with it; its float type is decided now.
    pub(super) fn pattern_type(
        &mut self,
        walk: &mut Walk<'_, '_>,
        pattern: &Pattern,
    ) -> Result<TensorType, Reported> {
        let dtype = match (self.elem_type(pattern), pattern.elem) {
            (Some(dtype), _) | (None, Elem::Fixed(dtype)) => dtype,
            (None, Elem::Float(var)) => {
                let known = self.guesses.known.get(&var).copied();
                let decided = known.or(self.draft.floats[var].default);
                if decided.is_none() {
                    self.guesses.open.insert(var);
                }
                let dtype = decided.unwrap_or(DType::F32);
                self.floats.insert(var, dtype);
                dtype
            }
        };
        Ok(TensorType::new(dtype, self.pattern_shape(walk, pattern)?))
    }

    /// The element type of a pattern, if it is decided.
    pub(super) fn elem_type(&self, pattern: &Pattern) -> Option<DType> {
        match pattern.elem {
            Elem::Fixed(dtype) => Some(dtype),
            Elem::Float(var) => self.floats.get(var).copied(),
        }
    }

    /// The shape a pattern stands for; its spreads must have been matched before.
    pub(super) fn pattern_shape(
        &mut self,
        walk: &Walk<'_, '_>,
        pattern: &Pattern,
    ) -> Result<Shape, Reported> {
        let mut axes = Vec::new();
        for axis in &pattern.axes {
            match axis {
                AxisPattern::Axis(label, dim) => axes.push(AxisType {
                    label: label.clone(),
                    dim: dim.clone(),
                }),
                AxisPattern::Spread(spread) => match self.spreads.get(*spread) {
                    Some(known) => axes.extend(known.iter().cloned()),
                    None => return Err(self.tell_open_pattern(walk, pattern)),
                },
                AxisPattern::Hole => return Err(self.tell_open_pattern(walk, pattern)),
            }
        }
        Ok(Shape(axes))
    }

    /// Matches a value with a pattern, and carries it on under the pattern's type.
    pub(super) fn ascribe(
        &mut self,
        walk: &mut Walk<'_, '_>,
        operand: Typed,
        pattern: &Pattern,
        why: &Why,
        node: &DraftNode,
    ) -> Result<Typed, Reported> {
        let matched = self.match_shape(walk, operand, pattern).and_then(|shape| {
            let operand = self.match_elem(walk, operand, pattern)?;
            Ok((operand, shape))
        });
        let loose = operand;
        let (operand, shape) = match matched {
            Ok(matched) => matched,
            Err(misfit) => return Err(self.tell_misfit(walk, &misfit, operand, pattern, why, node)),
        };
        if let Some(lost) = walk.lost_literal(loose, operand) {
            return Err(self.tell_lost_literal(walk.b.dtype(operand.value), lost, None, node));
        }
        let ty = TensorType::new(walk.b.dtype(operand.value), shape.clone());
        if *walk.b.ty(operand.value) == ty {
            return Ok(operand);
        }
        Ok(Typed {
            value: walk.raw(Op::Reshape(shape), &[operand.value], ty),
            ..operand
        })
    }

    fn match_elem(
        &mut self,
        walk: &mut Walk<'_, '_>,
        operand: Typed,
        pattern: &Pattern,
    ) -> Result<Typed, Misfit> {
        let found = walk.b.dtype(operand.value);
        let tight = |value| Typed {
            value,
            is_loose: false,
        };
        match (self.elem_type(pattern), pattern.elem) {
            (Some(wanted), _) if operand.is_loose => Ok(tight(walk.tight(operand, wanted))),
            (None, _) if operand.is_loose => Ok(operand),
            (Some(wanted), _) if wanted == found => Ok(operand),
            // Truth values count as 0 and 1 where floats are wanted.
            (decided, Elem::Float(var)) if found == DType::Bool => {
                let default = self.draft.floats[var].default.unwrap_or(DType::F32);
                Ok(tight(
                    walk.raw_cast(operand.value, decided.unwrap_or(default)),
                ))
            }
            (None, Elem::Float(var)) if found.is_float() => {
                self.floats.insert(var, found);
                Ok(operand)
            }
            (_, Elem::Float(_)) if !found.is_float() => Err(Misfit::NotFloat),
            (wanted, elem) => {
                self.doubt_guess(elem, found);
                Err(Misfit::DType(wanted.unwrap_or(DType::F32)))
            }
        }
    }

    /// Remembers that an element type was guessed wrong.
    fn doubt_guess(&mut self, elem: Elem, found: DType) {
        if let Elem::Float(var) = elem
            && self.guesses.open.contains(&var)
            && !self.guesses.known.contains_key(&var)
        {
            self.guesses.better.get_or_insert((var, found));
        }
    }

    /// The pattern's shape with the axes that spreads and holes stand for.
    fn match_shape(
        &mut self,
        walk: &mut Walk<'_, '_>,
        operand: Typed,
        pattern: &Pattern,
    ) -> Result<Shape, Misfit> {
        let found = walk.b.ty(operand.value).shape.clone();
        let lengths = self.lengths(pattern, found.rank()).ok_or(Misfit::Rank)?;
        let mut rest = found.0.as_slice();
        let mut axes = Vec::new();
        for (axis, length) in pattern.axes.iter().zip(lengths) {
            let (here, later) = rest.split_at(length);
            rest = later;
            match axis {
                AxisPattern::Hole => axes.extend(here.iter().cloned()),
                AxisPattern::Axis(label, dim) => {
                    let wanted = AxisType {
                        label: label.clone(),
                        dim: dim.clone(),
                    };
                    axes.push(match_axis(walk, &wanted, &here[0])?);
                }
                AxisPattern::Spread(spread) => match self.spreads.get(*spread).cloned() {
                    Some(known) => {
                        for (wanted, found) in known.iter().zip(here) {
                            axes.push(match_axis(walk, wanted, found)?);
                        }
                    }
                    None => {
                        self.spreads.insert(*spread, here.to_vec());
                        axes.extend(here.iter().cloned());
                    }
                },
            }
        }
        Ok(Shape(axes))
    }

    /// How many axes each entry of a pattern takes; one spread that is not known yet takes what is left.
    fn lengths(&self, pattern: &Pattern, rank: usize) -> Option<Vec<usize>> {
        let known = |axis: &AxisPattern| match axis {
            AxisPattern::Spread(spread) => self.spreads.get(*spread).map(Vec::len),
            AxisPattern::Hole | AxisPattern::Axis(..) => Some(1),
        };
        let fixed: usize = pattern.axes.iter().filter_map(known).sum();
        let mut left = rank.checked_sub(fixed)?;
        let mut lengths = Vec::new();
        for axis in &pattern.axes {
            lengths.push(known(axis).unwrap_or_else(|| std::mem::take(&mut left)));
        }
        (left == 0).then_some(lengths)
    }
}

/// Names are compared only where both sides have a hard one; the pattern's dimension goes on.
fn match_axis(
    walk: &mut Walk<'_, '_>,
    wanted: &AxisType,
    found: &AxisType,
) -> Result<AxisType, Misfit> {
    let hard = |axis: &AxisType| axis.label.clone().filter(|label| !label.starts_with('~'));
    if let (Some(a), Some(b)) = (hard(wanted), hard(found))
        && a != b
    {
        return Err(Misfit::Labels);
    }
    walk.b
        .module
        .dims
        .unify(&wanted.dim, &found.dim)
        .map_err(Misfit::Sizes)?;
    let label = hard(wanted).or_else(|| found.label.clone());
    Ok(AxisType {
        label,
        dim: wanted.dim.clone(),
    })
}
