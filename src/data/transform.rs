//! Transforms that know their train part. A [`Fitted`] holds all that was learnt from it and nothing else: it is applied to every
//! part alike, undone where that is possible, and saved with a model. Fitting is in `fit`, applying in `apply`.

use serde::{Deserialize, Serialize};

use std::sync::Arc;

use crate::data::days::DayOrder;
use crate::data::spec::{PadSpec, Unknown, WindowSpec};
use crate::scalar::math::Float;
use crate::tensor::{Data, Tensor};
use crate::tokens::{Bpe, Chars, Tokenizer, Words};

/// One fitted transform. Lists hold one entry a column, or a feature where other transforms came before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "transform", rename_all = "snake_case")]
pub enum Fitted {
    /// `(x − mean) / sd`, and 0 where `sd` is 0.
    Standardize {
        /// The means.
        mean: Vec<f64>,
        /// The standard deviations of the population; 0 for a constant.
        sd: Vec<f64>,
    },
    /// `low + (x − min) / (max − min) · (high − low)`, and `low` where `min = max`.
    Normalize {
        /// The smallest values.
        min: Vec<f64>,
        /// The largest values.
        max: Vec<f64>,
        /// What `min` becomes.
        low: f64,
        /// What `max` becomes.
        high: f64,
    },
    /// `x · by`
    Scale {
        /// The factor.
        by: f64,
    },
    /// `ln x`
    Log,
    /// `ln(1 + x)`
    Log1p,
    /// `min(max(x, low), high)`
    Clip {
        /// The lower bound.
        low: f64,
        /// The upper bound.
        high: f64,
    },
    /// Missing cells get these values.
    Impute {
        /// One a column.
        fills: Vec<FillValue>,
    },
    /// A vector with a 1 at the category's place; several columns side by side.
    OneHot {
        /// The categories of each column.
        categories: Vec<Vec<String>>,
        /// Whether a new category becomes zeros rather than an error.
        unknown_is_zero: bool,
    },
    /// The category's place.
    Label {
        /// The categories of each column.
        categories: Vec<Vec<String>>,
    },
    /// An image as a line of numbers.
    Flatten,
    /// A date as days since the beginning of 1970.
    Days {
        /// The order of day and month where both are numbers before the year.
        order: Option<DayOrder>,
    },
    /// 1 for one category, 0 for the others.
    Binary {
        /// What becomes 0, as a name to show.
        negative: String,
        /// What becomes 1.
        positive: String,
    },
    /// Characters as numbers.
    Chars(Chars),
    /// Words as numbers.
    Words(Words),
    /// Tokens of bytes as numbers.
    Bpe(Bpe),
    /// A text at both ends of each row.
    Ends {
        /// The text.
        text: String,
    },
}

/// What a missing cell gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum FillValue {
    /// A number.
    Number(f64),
    /// A category.
    Text(String),
}

/// The transforms of one field, fitted: all that new data needs in order to look like the data a model was trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FittedField {
    /// The field's name.
    pub name: String,
    /// The columns of the file it takes, in order.
    pub columns: Vec<String>,
    /// Whether it was written as a list, so that a row is a vector even of one column.
    pub listed: bool,
    /// The transforms, in order.
    pub steps: Vec<Fitted>,
    /// What stands along the last axis: a column name, or `species = setosa`.
    pub features: Vec<String>,
    /// Whether numbers are `f64`.
    pub double: bool,
    /// Channels, height and width, where it is one of images.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<[usize; 3]>,
    /// How rows are cut into windows, if they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub windows: Option<WindowSpec>,
    /// How rows of tokens come to be of one length, if they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub padded: Option<PadSpec>,
}

impl Fitted {
    /// The name in the language.
    pub fn name(&self) -> &'static str {
        match self {
            Fitted::Standardize { .. } => "standardize",
            Fitted::Normalize { .. } => "normalize",
            Fitted::Scale { .. } => "scale",
            Fitted::Log => "log",
            Fitted::Log1p => "log1p",
            Fitted::Clip { .. } => "clip",
            Fitted::Impute { .. } => "impute",
            Fitted::OneHot { .. } => "one_hot",
            Fitted::Label { .. } => "label",
            Fitted::Flatten => "flatten",
            Fitted::Days { .. } => "days",
            Fitted::Binary { .. } => "binary",
            Fitted::Chars(_) => "chars",
            Fitted::Words(_) => "words",
            Fitted::Bpe(_) => "bpe",
            Fitted::Ends { .. } => "ends",
        }
    }

    /// What a text was cut into, when this made tokens of it.
    pub fn tokenizer(&self) -> Option<Tokenizer> {
        match self {
            Fitted::Chars(own) => Some(Tokenizer::Chars(own.clone())),
            Fitted::Words(own) => Some(Tokenizer::Words(own.clone())),
            Fitted::Bpe(own) => Some(Tokenizer::Bpe(own.clone())),
            Fitted::Standardize { .. }
            | Fitted::Normalize { .. }
            | Fitted::Scale { .. }
            | Fitted::Log
            | Fitted::Log1p
            | Fitted::Clip { .. }
            | Fitted::Impute { .. }
            | Fitted::OneHot { .. }
            | Fitted::Label { .. }
            | Fitted::Flatten
            | Fitted::Days { .. }
            | Fitted::Ends { .. }
            | Fitted::Binary { .. } => None,
        }
    }

    /// The value that became `y` in the given feature; `None` where categories, not numbers, were transformed.
    pub fn invert(&self, y: f64, feature: usize) -> Option<f64> {
        match self {
            Fitted::Standardize { mean, sd } => Some(y * sd[feature] + mean[feature]),
            Fitted::Normalize {
                min,
                max,
                low,
                high,
            } => {
                let share = (y - low) / (high - low);
                Some(min[feature] + share * (max[feature] - min[feature]))
            }
            Fitted::Scale { by } => Some(y / by),
            Fitted::Log => Some(Float::exp(y)),
            Fitted::Log1p => Some(Float::expm1(y)),
            Fitted::Clip { .. } | Fitted::Impute { .. } | Fitted::Flatten => Some(y),
            Fitted::Days { .. } => Some(y),
            Fitted::OneHot { .. } | Fitted::Label { .. } => None,
            Fitted::Binary { .. } | Fitted::Chars(_) | Fitted::Words(_) => None,
            Fitted::Bpe(_) | Fitted::Ends { .. } => None,
        }
    }
}

impl FittedField {
    /// The category names in index order, when one column was made `one_hot`, `label` or `binary`.
    pub fn categories(&self) -> Option<Vec<String>> {
        self.steps.iter().find_map(|step| match step {
            Fitted::OneHot { categories, .. } | Fitted::Label { categories } => {
                match &categories[..] {
                    [only] => Some(only.clone()),
                    _ => None,
                }
            }
            Fitted::Binary { negative, positive } => Some(vec![negative.clone(), positive.clone()]),
            Fitted::Standardize { .. }
            | Fitted::Normalize { .. }
            | Fitted::Scale { .. }
            | Fitted::Log
            | Fitted::Log1p
            | Fitted::Clip { .. }
            | Fitted::Flatten
            | Fitted::Impute { .. }
            | Fitted::Days { .. }
            | Fitted::Chars(_)
            | Fitted::Words(_)
            | Fitted::Bpe(_)
            | Fitted::Ends { .. } => None,
        })
    }

    /// What a text was cut into, when it was made tokens.
    pub fn tokenizer(&self) -> Option<Arc<Tokenizer>> {
        self.steps.iter().find_map(Fitted::tokenizer).map(Arc::new)
    }

    /// The number of categories of the last `one_hot` or `label`, over all columns for `one_hot`.
    pub(crate) fn n_categories(&self) -> Option<usize> {
        let of_tokens = self.tokenizer().map(|tokens| tokens.len());
        of_tokens.or(self.steps.iter().rev().find_map(|step| match step {
            Fitted::OneHot { categories, .. } => Some(categories.iter().map(Vec::len).sum()),
            Fitted::Label { categories } => categories.iter().map(Vec::len).max(),
            Fitted::Standardize { .. }
            | Fitted::Normalize { .. }
            | Fitted::Scale { .. }
            | Fitted::Log
            | Fitted::Log1p
            | Fitted::Clip { .. }
            | Fitted::Impute { .. }
            | Fitted::Days { .. }
            | Fitted::Flatten
            | Fitted::Chars(_)
            | Fitted::Words(_)
            | Fitted::Bpe(_)
            | Fitted::Ends { .. }
            | Fitted::Binary { .. } => None,
        }))
    }

    /// Predictions of this field in the units of the file. The last axis holds the features when the field is a vector. `None`
    /// where the field is one of categories, or the tensor not one of numbers of its width.
    pub fn invert(&self, predictions: &Tensor) -> Option<Tensor> {
        let width = self.features.len();
        let undo = |at: usize, y: f64| {
            let mut steps = self.steps.iter().rev();
            steps.try_fold(y, |y, step| step.invert(y, at % width))
        };
        let fits = width == 1 || predictions.shape().last() == Some(&width);
        let data = match predictions.data() {
            Data::F32(values) if fits => {
                let values = values.iter().enumerate();
                let undone = values.map(|(at, &y)| undo(at, f64::from(y)).map(|x| x as f32));
                Data::F32(undone.collect::<Option<Vec<f32>>>()?.into())
            }
            Data::F64(values) if fits => {
                let undone = values.iter().enumerate().map(|(at, &y)| undo(at, y));
                Data::F64(undone.collect::<Option<Vec<f64>>>()?.into())
            }
            Data::F32(_)
            | Data::F64(_)
            | Data::I64(_)
            | Data::I32(_)
            | Data::U8(_)
            | Data::Bool(_) => {
                return None;
            }
        };
        Some(Tensor::new(predictions.shape().to_vec(), data))
    }
}

impl Unknown {
    /// Whether a new category becomes zeros.
    pub(crate) fn is_zero(self) -> bool {
        match self {
            Unknown::Zero => true,
            Unknown::Error => false,
        }
    }
}
