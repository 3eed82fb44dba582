//! Weights to begin with that are another model's: of a saved model, or of a plain `safetensors` file whose tensors are called by their
//! paths. Everything that does not fit is told at once.

use std::path::Path;

use crate::diag::Diagnostic;
use crate::ir::Role;
use crate::lower::InitialWeights;
use crate::source::Span;
use crate::tensor::{Tensor, read_tensors};
use crate::train::codes;
use crate::train::model_file::{file_name, is_weight, refused};
use crate::train::signature::{Entry, differences};

/// The weights in a file, for those of `own` that the program does not except.
///
/// # Errors
/// Where the file cannot be read, or its tensors are not those that the model has.
pub fn initial_weights(
    path: &Path,
    own: &[(Role, Tensor)],
    from: &InitialWeights,
) -> Result<Vec<(Role, Tensor)>, Diagnostic> {
    let (tensors, _) = read_tensors(path).map_err(|error| refused(&error, from.span))?;
    let is_meant = |name: &str| !from.except.iter().any(|except| stands_in(except, name));
    let own: Vec<&(Role, Tensor)> = own
        .iter()
        .filter(|(role, _)| is_meant(role.path()))
        .collect();
    let expected: Vec<Entry> = own
        .iter()
        .map(|(role, tensor)| Entry::of(&file_name(role), tensor))
        .collect();
    let found: Vec<Entry> = tensors
        .iter()
        .filter(|(name, _)| is_weight(name) && is_meant(name))
        .map(|(name, tensor)| Entry::of(name, tensor))
        .collect();
    let all = differences("tensor", &expected, &found);
    if !all.is_empty() {
        return Err(misfit(path, all, from.span));
    }
    let weight = |(role, _): &&(Role, Tensor)| {
        let name = file_name(role);
        let found = tensors.iter().find(|(own, _)| *own == name);
        found.map(|(_, tensor)| (role.clone(), tensor.clone()))
    };
    Ok(own.iter().filter_map(weight).collect())
}

/// Whether a layer or parameter stands in a path: `head` in `head.w`, `body[0].head[1].w` and `state:head.mean`.
fn stands_in(name: &str, path: &str) -> bool {
    let path = path.rsplit(':').next().unwrap_or(path);
    let rest = |part: &str| part.strip_prefix(name).map(str::to_owned);
    let is_called =
        |part: &str| rest(part).is_some_and(|rest| rest.is_empty() || rest.starts_with('['));
    let is_prefix = rest(path).is_some_and(|rest| rest.starts_with(['.', '[']) || rest.is_empty());
    is_prefix || path.split('.').any(is_called)
}

fn misfit(path: &Path, differences: Vec<String>, span: Span) -> Diagnostic {
    let count = differences.len();
    let message = format!(
        "`{}` does not fit the model: {count} difference{}",
        path.display(),
        if count == 1 { "" } else { "s" }
    );
    let report = Diagnostic::error(codes::MISFIT, message).label(span, "begun with here");
    let report = differences.into_iter().fold(report, Diagnostic::note);
    report.help("leave out what differs: `from: { file: \"…\", except: [head] }`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_stands_in_paths_as_a_whole() {
        for path in ["head.w", "head", "body[0].head[1].w", "state:head.mean"] {
            assert!(stands_in("head", path), "{path}");
        }
        assert!(stands_in("body[0]", "body[0].head.w"));
        for path in ["header.w", "ahead.w", "body[0].w"] {
            assert!(!stands_in("head", path), "{path}");
        }
    }
}
