//! Scalar functions of every element. One loop per function and type; a buffer that nobody else holds is written in place.

use std::sync::Arc;

use crate::scalar::Scalar;
use crate::scalar::numbers::{self, Visitor};
use crate::tensor::element::each_type;
use crate::tensor::{Data, Element, Tensor};

/// `f` of every element; `shape` is the result's. An operand has that shape, or a shape that is its trailing axes (so a scalar
/// too), and is repeated along the leading ones. Operands have one element type, but for the `bool` condition of `select`.
/// Comparisons give `bool`. Integers wrap; their division rounds down, and by zero gives 0.
pub fn map(f: Scalar, operands: Vec<Tensor>, shape: &[usize]) -> Tensor {
    if f == Scalar::Select {
        return select(operands, shape);
    }
    let values = match operands[0].data {
        Data::F32(_) => numbers::float(f, Loops::<f32>::new(operands, shape)),
        Data::F64(_) => numbers::float(f, Loops::<f64>::new(operands, shape)),
        Data::I64(_) => numbers::integer(f, Loops::<i64>::new(operands, shape)),
        Data::I32(_) => numbers::integer(f, Loops::<i32>::new(operands, shape)),
        Data::U8(_) => numbers::integer(f, Loops::<u8>::new(operands, shape)),
        Data::Bool(_) => numbers::boolean(f, Loops::<bool>::new(operands, shape)),
    };
    Tensor::new(shape.to_vec(), values)
}

/// The operands of a function, and how many elements its result has.
struct Loops<T> {
    operands: Vec<Arc<Vec<T>>>,
    len: usize,
}

impl<T: Element> Loops<T> {
    fn new(operands: Vec<Tensor>, shape: &[usize]) -> Loops<T> {
        let len = shape.iter().product();
        let typed = |x: Tensor| T::take(x.data).expect("checked: operands have one element type");
        Loops {
            operands: operands.into_iter().map(typed).collect(),
            len,
        }
    }

    fn one(self) -> Arc<Vec<T>> {
        let [x] = <[_; 1]>::try_from(self.operands).expect("checked: one operand");
        x
    }

    fn two(self) -> [Arc<Vec<T>>; 2] {
        <[_; 2]>::try_from(self.operands).expect("checked: two operands")
    }
}

impl<T: Element> Visitor<T> for Loops<T> {
    type Out = Data;

    fn unary(self, f: impl Fn(T) -> T + Copy) -> Data {
        let len = self.len;
        finish(each(self.one(), f), len)
    }

    fn binary(self, f: impl Fn(T, T) -> T + Copy) -> Data {
        let len = self.len;
        if len == 0 {
            return finish(Vec::<T>::new(), 0);
        }
        let [x, y] = self.two();
        let values = match (x.as_slice(), y.as_slice()) {
            (_, &[b]) => each(x, |a| f(a, b)),
            (&[a], _) => each(y, |b| f(a, b)),
            (long, short) if long.len() >= short.len() => zip(x, y, f),
            _ => zip(y, x, |b, a| f(a, b)),
        };
        finish(values, len)
    }

    fn test(self, f: impl Fn(T) -> bool + Copy) -> Data {
        let len = self.len;
        finish(self.one().iter().map(|&x| f(x)).collect(), len)
    }

    fn compare(self, f: impl Fn(T, T) -> bool + Copy) -> Data {
        let len = self.len;
        if len == 0 {
            return finish(Vec::<bool>::new(), 0);
        }
        let [x, y] = self.two();
        let values = match (x.as_slice(), y.as_slice()) {
            (long, &[b]) => long.iter().map(|&a| f(a, b)).collect(),
            (&[a], long) => long.iter().map(|&b| f(a, b)).collect(),
            (long, short) if long.len() >= short.len() => zip_new(long, short, f),
            (short, long) => zip_new(long, short, |b, a| f(a, b)),
        };
        finish(values, len)
    }
}

/// `f` of every element, in place if the buffer is ours alone.
fn each<T: Copy>(x: Arc<Vec<T>>, f: impl Fn(T) -> T) -> Vec<T> {
    match Arc::try_unwrap(x) {
        Ok(mut own) => {
            own.iter_mut().for_each(|x| *x = f(*x));
            own
        }
        Err(shared) => shared.iter().map(|&x| f(x)).collect(),
    }
}

/// `f` of the elements of `long` and of those of `short`, which repeat; in place if one of the buffers is long and ours alone.
fn zip<T: Copy>(long: Arc<Vec<T>>, short: Arc<Vec<T>>, f: impl Fn(T, T) -> T + Copy) -> Vec<T> {
    let are_equally_long = long.len() == short.len();
    match Arc::try_unwrap(long) {
        Ok(mut own) => {
            zip_into(&mut own, &short, f);
            own
        }
        Err(long) if are_equally_long => match Arc::try_unwrap(short) {
            Ok(mut own) => {
                zip_into(&mut own, &long, |y, x| f(x, y));
                own
            }
            Err(short) => zip_new(&long, &short, f),
        },
        Err(long) => zip_new(&long, &short, f),
    }
}

fn zip_into<T: Copy>(long: &mut [T], short: &[T], f: impl Fn(T, T) -> T) {
    for row in long.chunks_exact_mut(short.len()) {
        row.iter_mut().zip(short).for_each(|(x, &y)| *x = f(*x, y));
    }
}

fn zip_new<T: Copy, U>(long: &[T], short: &[T], f: impl Fn(T, T) -> U + Copy) -> Vec<U> {
    let mut out = Vec::with_capacity(long.len());
    for row in long.chunks_exact(short.len()) {
        out.extend(row.iter().zip(short).map(|(&x, &y)| f(x, y)));
    }
    out
}

/// `y` where `x`, else `z`.
fn select(operands: Vec<Tensor>, shape: &[usize]) -> Tensor {
    let [condition, yes, no] = <[_; 3]>::try_from(operands).expect("checked: three operands");
    let len = shape.iter().product();
    let condition = condition
        .as_slice::<bool>()
        .expect("checked: a condition is bool");
    let values = each_type!(yes.data, v => choose(len, condition, v, no.data));
    Tensor::new(shape.to_vec(), values)
}

fn choose<T: Element>(len: usize, condition: &[bool], yes: Arc<Vec<T>>, no: Data) -> Data {
    let no = T::take(no).expect("checked: both sides have one element type");
    if len == 0 {
        return finish(Vec::<T>::new(), 0);
    }
    let n = condition.len().max(yes.len()).max(no.len());
    let values: Vec<T> = match (yes.as_slice(), no.as_slice()) {
        (&[y], &[z]) => condition.iter().map(|&c| T::pick(c, y, z)).collect(),
        (&[y], z) if z.len() == condition.len() => {
            let pairs = condition.iter().zip(z);
            pairs.map(|(&c, &z)| T::pick(c, y, z)).collect()
        }
        (y, &[z]) if y.len() == condition.len() => {
            let pairs = condition.iter().zip(y);
            pairs.map(|(&c, &y)| T::pick(c, y, z)).collect()
        }
        (y, z) if y.len() == n && z.len() == n && condition.len() == n => {
            let triples = condition.iter().zip(y).zip(z);
            triples.map(|((&c, &y), &z)| T::pick(c, y, z)).collect()
        }
        (y, z) => {
            let triples = condition
                .iter()
                .cycle()
                .zip(y.iter().cycle())
                .zip(z.iter().cycle());
            triples
                .take(n)
                .map(|((&c, &y), &z)| T::pick(c, y, z))
                .collect()
        }
    };
    finish(values, len)
}

/// The values repeated until there are `len` of them.
fn finish<T: Element>(values: Vec<T>, len: usize) -> Data {
    let all = match values.len() {
        n if n == len => values,
        0 => Vec::new(),
        n => values.repeat(len / n),
    };
    T::wrap(Arc::new(all))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::scalar::numbers::Numbers;
    use crate::scalar::{Accepts, Algebra, ResultKind};
    use crate::tensor::naive::{at, build, numbered, shapes};
    use crate::types::DType;

    /// The element that the one broadcast rule gives at an index.
    fn aligned(x: &Tensor, index: &[usize]) -> f64 {
        at(x, &index[index.len() - x.rank()..])
    }

    proptest! {
        #[test]
        fn every_function_broadcasts(shape in shapes(), kept in [0..6usize, 0..6, 0..6]) {
            for f in Scalar::ALL {
                let operand = |(accepts, kept): (&Accepts, usize)| {
                    let x = numbered::<f64>(&shape[shape.len().saturating_sub(kept)..]);
                    if *accepts == Accepts::Bool { x.cast(DType::Bool) } else { x }
                };
                let operands: Vec<Tensor> = f.accepts().iter().zip(kept).map(operand).collect();
                let doubles: Vec<Tensor> = operands.iter().map(|x| x.cast(DType::F64)).collect();
                let expected = build::<f64>(&shape, |index| Numbers.apply(f, &doubles.iter().map(|x| aligned(x, index)).collect::<Vec<_>>()));
                let shared = operands.clone();
                let bits = |x: &Tensor| x.to_f64().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
                prop_assert_eq!(bits(&map(f, operands, &shape)), bits(&expected), "{}", f);
                let own = shared.iter().map(|x| x.cast(DType::I64).cast(x.dtype())).collect();
                let result = map(f, own, &shape);
                prop_assert_eq!(bits(&result), bits(&expected), "{} in place", f);
                let is_bool = f.result() == ResultKind::Bool || f.accepts().iter().all(|a| *a == Accepts::Bool);
                prop_assert_eq!(result.dtype() == DType::Bool, is_bool);
            }
        }
    }

    #[test]
    fn a_buffer_of_ones_own_is_written_in_place() {
        let x = Tensor::full(DType::F32, &[64], 2.0);
        let before = x.as_slice::<f32>().map(<[f32]>::as_ptr);
        let y = map(Scalar::Mul, vec![x, Tensor::scalar(3f32)], &[64]);
        assert_eq!(y.as_slice::<f32>().map(<[f32]>::as_ptr), before);
        let kept = y.clone();
        map(Scalar::Neg, vec![y], &[64]);
        assert_eq!(kept, Tensor::full(DType::F32, &[64], 6.0));
    }

    #[test]
    fn integers_wrap_and_divide_downward() {
        let ints = |v: [i32; 3]| Tensor::from_vec(vec![3], v.to_vec());
        let result = map(Scalar::Div, vec![ints([-7, 7, 1]), ints([2, -2, 0])], &[3]);
        assert_eq!(result, ints([-4, -4, 0]));
        let result = map(
            Scalar::Add,
            vec![ints([i32::MAX, 1, 2]), Tensor::scalar(1i32)],
            &[3],
        );
        assert_eq!(result, ints([i32::MIN, 2, 3]));
    }
}
