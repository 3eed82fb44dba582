//! What the tensor functions are parameterised by, and the ops with them: monoids, contractions, distributions.

/// What a reduction folds with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Monoid {
    /// Addition from zero.
    Sum,
    /// Multiplication from one.
    Prod,
    /// The smallest; NaN if any is.
    Min,
    /// The largest; NaN if any is.
    Max,
    /// Logical or.
    Any,
    /// Logical and.
    All,
}

/// Which extreme an `ArgReduce` seeks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Extreme {
    /// The smallest element.
    Min,
    /// The largest element.
    Max,
}

/// A letter of a contraction: axes with the same letter run together.
pub type Letter = u8;

/// `result[out] = Σ lhs[lhs] · rhs[rhs]`, the sum over letters that `out` lacks. Within one operand letters are distinct, every
/// letter of `out` occurs in an operand, and a letter that is summed occurs in both operands.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Contract {
    /// Letters of the left operand's axes.
    pub lhs: Vec<Letter>,
    /// Letters of the right operand's axes.
    pub rhs: Vec<Letter>,
    /// Letters of the result's axes.
    pub out: Vec<Letter>,
}

impl Contract {
    /// Whether it is a batch of products, each of operands of its own.
    pub fn is_batched(&self) -> bool {
        let is_of_all = |letter| self.lhs.contains(letter) && self.rhs.contains(letter);
        self.out.iter().any(is_of_all)
    }
}

/// What random numbers are drawn from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Distribution {
    /// Uniform on `[0, 1)`.
    Uniform,
    /// Normal with mean zero and variance one.
    Normal,
}

/// What a solver may assume of its matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MatrixKind {
    /// Nothing.
    General,
    /// Zero above the diagonal.
    Lower,
    /// Zero below the diagonal.
    Upper,
    /// Symmetric and positive definite.
    Spd,
}

/// As what product a matrix is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Factor {
    /// `L Lᵀ`, of a symmetric positive definite matrix: `L`.
    Cholesky,
    /// `Q R`: orthonormal columns, an upper triangle whose diagonal is not negative.
    Qr,
    /// `P L U`, of a square matrix: a permutation, a lower triangle with ones on its diagonal, an upper triangle.
    Lu,
    /// `V diag(w) Vᵀ`, of a symmetric matrix: `w`, ascending, then `V`, orthonormal.
    Eigh,
    /// `U diag(s) Vᵀ`: orthonormal columns, singular values, descending, and orthonormal rows; as many as there are values.
    Svd,
    /// The same with square `U` and `Vᵀ`.
    FullSvd,
}

impl Monoid {
    /// The name in the language.
    pub fn name(self) -> &'static str {
        match self {
            Monoid::Sum => "sum",
            Monoid::Prod => "prod",
            Monoid::Min => "min",
            Monoid::Max => "max",
            Monoid::Any => "any",
            Monoid::All => "all",
        }
    }
}

impl Extreme {
    /// The name of the search for it in the language.
    pub fn name(self) -> &'static str {
        match self {
            Extreme::Min => "argmin",
            Extreme::Max => "argmax",
        }
    }
}

impl Distribution {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Distribution::Uniform => "uniform",
            Distribution::Normal => "normal",
        }
    }
}

impl MatrixKind {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            MatrixKind::General => "general",
            MatrixKind::Lower => "lower",
            MatrixKind::Upper => "upper",
            MatrixKind::Spd => "spd",
        }
    }
}

impl Factor {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Factor::Cholesky => "cholesky",
            Factor::Qr => "qr",
            Factor::Lu => "lu",
            Factor::Eigh => "eigh",
            Factor::Svd => "svd",
            Factor::FullSvd => "full_svd",
        }
    }

    /// How many factors it has.
    pub fn n_results(self) -> usize {
        match self {
            Factor::Cholesky => 1,
            Factor::Qr | Factor::Eigh => 2,
            Factor::Lu | Factor::Svd | Factor::FullSvd => 3,
        }
    }
}

/// How a numbered letter is shown: `a`, …, `z`, `a1`, ….
pub fn letter_name(letter: Letter) -> String {
    let (round, place) = (letter / 26, letter % 26);
    let name = char::from(b'a' + place);
    if round == 0 {
        name.to_string()
    } else {
        format!("{name}{round}")
    }
}

/// As an `einsum` pattern: `ab,bc->ac`.
impl std::fmt::Display for Contract {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let show =
            |letters: &[Letter]| letters.iter().copied().map(letter_name).collect::<String>();
        write!(
            f,
            "{},{}->{}",
            show(&self.lhs),
            show(&self.rhs),
            show(&self.out)
        )
    }
}
