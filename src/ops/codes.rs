//! The codes ops report under, one a line; the numbers are stable. `E01xx` are found before a run, `E06xx` during one.

use crate::diag::{Code, Stage};

const fn shape(number: u16) -> Code {
    Code::new(Stage::Shape, number)
}

const fn num(number: u16) -> Code {
    Code::new(Stage::Num, number)
}

/// The inner sizes of a matrix product differ.
pub const INNER_SIZES: Code = shape(101);
/// The batch axes of two matrices differ.
pub const BATCH_AXES: Code = shape(102);
/// Too few axes.
pub const RANK: Code = shape(103);
/// A letter of a pattern stands for two sizes.
pub const LETTER_SIZES: Code = shape(104);
/// A pattern has another number of axes or operands than it is given.
pub const PATTERN: Code = shape(105);
/// A letter of a pattern is repeated, missing or without a size.
pub const LETTER: Code = shape(106);
/// A matrix is not square.
pub const NOT_SQUARE: Code = shape(107);
/// A system and its right side have different numbers of rows.
pub const SOLVE_ROWS: Code = shape(108);
/// A size is not a multiple of another.
pub const NOT_DIVISIBLE: Code = shape(109);
/// A matrix has more columns than rows.
pub const WIDE: Code = shape(115);
/// Element types differ.
pub const DTYPES: Code = shape(110);
/// An element type the operation does not work on.
pub const DTYPE: Code = shape(111);
/// Shapes of an elementwise operation differ.
pub const SHAPES: Code = shape(112);
/// Axes that meet have different names.
pub const AXIS_NAMES: Code = shape(113);
/// A scalar is wanted.
pub const NOT_SCALAR: Code = shape(114);
/// No axis is meant by a reference.
pub const NO_AXIS: Code = shape(120);
/// Several axes may be meant by a reference.
pub const AMBIGUOUS_AXIS: Code = shape(121);
/// An axis is named twice, or an order leaves one out.
pub const AXIS_ORDER: Code = shape(122);
/// A shape has room for another number of elements.
pub const RESHAPE: Code = shape(130);
/// An axis to be dropped has a size other than one.
pub const NOT_ONE: Code = shape(131);
/// Axes to be merged are not neighbours.
pub const APART: Code = shape(132);
/// An element is chosen along an axis that has none.
pub const EMPTY: Code = shape(135);
/// An axis has no place, or several, in the tensor it is broadcast to.
pub const BROADCAST: Code = shape(133);
/// Joined tensors differ in another axis than the one they are joined along.
pub const JOIN: Code = shape(134);
/// More indices than axes.
pub const INDICES: Code = shape(140);
/// An index or range lies outside its axis.
pub const OUTSIDE: Code = shape(141);
/// An axis has another number of parts than names to bind them.
pub const PARTS: Code = shape(142);
/// A window reaches further than its axis.
pub const WINDOW: Code = shape(143);
/// A distance between windows or their places is not positive.
pub const DISTANCE: Code = shape(144);
/// A wrong number of operands.
pub const OPERANDS: Code = shape(150);
/// An argument of another type than the function takes.
pub const ARGUMENT: Code = shape(151);
/// A scan walks along axes of unequal length.
pub const SCAN_LENGTHS: Code = shape(155);
/// A state of a scan that comes out of a step as another type than it goes in.
pub const SCAN_STATE: Code = shape(156);
/// Something other than a scalar of floats is differentiated.
pub const NOT_A_LOSS: Code = shape(152);
/// A gradient with respect to something that is not made of floats.
pub const NOT_VARIABLE: Code = shape(153);
/// An operation without a derivative lies between a result and what it is differentiated by.
pub const NOT_DIFFERENTIABLE: Code = shape(154);

/// A reshape after which rows are not those of the batch.
pub const MIXED_ROWS: Code = Code::warning(Stage::Lint, 806);

/// A matrix that has no inverse, or none that can be computed.
pub const SINGULAR: Code = num(601);
/// A matrix that holds a NaN or an infinity.
pub const NOT_FINITE: Code = num(605);
/// A value that is not finite although all that it is made of are.
pub const TRAPPED: Code = num(614);
/// A matrix that is not positive definite.
pub const NOT_POSITIVE: Code = num(608);
/// Eigenvalues or singular values that an iteration does not find.
pub const UNSETTLED: Code = num(609);
/// A matrix that has more columns than rows.
pub const TOO_WIDE: Code = num(606);
/// An index outside the axis it chooses from.
pub const INDEX: Code = num(602);
/// A range outside the axis it cuts.
pub const RANGE: Code = num(603);
/// A window reaches further than its axis.
pub const NO_WINDOW: Code = num(613);
/// What ran was asked to end.
pub const STOPPED: Code = num(631);
/// More memory is needed than there is.
pub const MEMORY: Code = num(607);
/// Tensors handed to a program disagree on a size.
pub const SIZES: Code = num(604);
