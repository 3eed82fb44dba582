//! Fitted transforms as JSON, for saved models: every number comes back bit for bit, and what comes back is checked, because a file
//! may have been cut or edited.

use serde::{Deserialize, Serialize};

use crate::data::transform::{Fitted, FittedField};

/// The version that is written; older ones would be read as well.
const FORMAT: u32 = 1;

/// Why saved transforms cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SavedError {
    /// The text is not what was saved.
    #[error("the saved transforms cannot be read: {0}")]
    Malformed(#[from] serde_json::Error),
    /// A newer version wrote it.
    #[error("the saved transforms have format {found}, and this version reads up to {FORMAT}")]
    Newer {
        /// The format found.
        found: u32,
    },
    /// A field contradicts itself.
    #[error("the saved transforms of field `{}` contradict themselves: {what}", field.escape_debug())]
    Inconsistent {
        /// The field.
        field: String,
        /// What does not fit.
        what: &'static str,
    },
}

#[derive(Serialize, Deserialize)]
struct Saved<T> {
    format: u32,
    fields: T,
}

/// The version alone, so that a newer file is recognised before its fields are.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

/// The fitted fields as JSON.
pub fn to_json(fields: &[FittedField]) -> Result<String, SavedError> {
    let saved = Saved {
        format: FORMAT,
        fields,
    };
    Ok(serde_json::to_string(&saved)?)
}

/// The fitted fields of a JSON text, checked.
pub fn from_json(text: &str) -> Result<Vec<FittedField>, SavedError> {
    let Version { format: found } = serde_json::from_str(text)?;
    if found > FORMAT {
        return Err(SavedError::Newer { found });
    }
    let saved: Saved<Vec<FittedField>> = serde_json::from_str(text)?;
    saved.fields.iter().try_for_each(check)?;
    Ok(saved.fields)
}

fn check(field: &FittedField) -> Result<(), SavedError> {
    let inconsistent = |what| SavedError::Inconsistent {
        field: field.name.clone(),
        what,
    };
    let channels = field.image.map(|[channels, ..]| channels);
    if channels.is_some() && field.columns.len() != 1 {
        return Err(inconsistent("the number of columns"));
    }
    let mut width = channels.unwrap_or(field.columns.len());
    if width == 0 || (width > 1 && !field.listed && channels.is_none()) {
        return Err(inconsistent("the number of columns"));
    }
    for step in &field.steps {
        width =
            width_after(step, width).ok_or_else(|| inconsistent("the sizes of its transforms"))?;
    }
    if field.tokenizer().is_some_and(|tokens| tokens.is_empty()) {
        return Err(inconsistent("its vocabulary"));
    }
    if width != field.features.len() {
        return Err(inconsistent("the number of features"));
    }
    Ok(())
}

/// The number of features behind a transform of `width` of them, if it is one of that many.
fn width_after(step: &Fitted, width: usize) -> Option<usize> {
    let (fits, after) = match step {
        Fitted::Standardize { mean, sd } => (mean.len() == width && sd.len() == width, width),
        Fitted::Normalize { min, max, .. } => (min.len() == width && max.len() == width, width),
        Fitted::Impute { fills } => (fills.len() == width, width),
        Fitted::OneHot { categories, .. } => (
            categories.len() == width,
            categories.iter().map(Vec::len).sum(),
        ),
        Fitted::Label { categories } => (categories.len() == width, width),
        Fitted::Clip { low, high } => (low <= high, width),
        Fitted::Scale { .. } | Fitted::Log | Fitted::Log1p => (true, width),
        Fitted::Flatten | Fitted::Days { .. } | Fitted::Binary { .. } => (true, width),
        Fitted::Chars(_) | Fitted::Words(_) | Fitted::Bpe(_) => (width == 1, width),
        Fitted::Ends { .. } => (true, width),
    };
    (fits && after > 0).then_some(after)
}
