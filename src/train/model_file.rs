//! A trained model on disk: its tensors in the `safetensors` format, everything else as JSON in the header. Written whole or not at
//! all; the same model gives the same bytes. Reading believes nothing.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::data::{FittedField, from_json, to_json};
use crate::diag::{Diagnostic, Diagnostics};
use crate::ir::Role;
use crate::source::Span;
use crate::tensor::{FileError, Tensor, check_writable, read_tensors, write_tensors};
use crate::train::codes;
use crate::train::recipe::Recipe;
use crate::train::signature::{Entry, Signature};

/// The version that is written; older ones would be read as well.
const FORMAT: u32 = 1;

/// The entry of the header that holds [`Meta`].
const KEY: &str = "nnlc";

/// What states are called in the file, whose names parameters share otherwise.
const STATE: &str = "state:";

/// What tensors of the program's top level are called that the model reads.
const GLOBAL: &str = "global:";

/// Tensors by name.
type Tensors = Vec<(String, Tensor)>;

/// What outputs for made-up rows are called, by their place.
const PROBE: &str = "probe:";

/// A trained model: its tensors, its data's transforms, and how it is computed.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelFile {
    /// The run it comes from.
    pub run: String,
    /// What its tensors and its two ends look like.
    pub signature: Signature,
    /// Parameters, then states, by role.
    pub weights: Vec<(Role, Tensor)>,
    /// The fitted transforms of its data.
    pub fitted: Vec<FittedField>,
    /// The last value of each thing that was recorded.
    pub metrics: Vec<(String, f64)>,
    /// The seed of the run.
    pub seed: u64,
    /// How it is computed, where the program could be taken along.
    pub recipe: Option<Recipe>,
    /// Tensors of the program's top level that it reads, by name.
    pub globals: Vec<(String, Tensor)>,
    /// Its outputs for made-up rows, which another library must come to as well.
    pub probe: Vec<Tensor>,
    /// The version that saved it.
    pub version: String,
}

/// What the header says, apart from tensors.
#[derive(Serialize, Deserialize)]
struct Meta {
    format: u32,
    nnlc: String,
    run: String,
    #[serde(flatten)]
    signature: Signature,
    transforms: String,
    metrics: Vec<(String, Option<f64>)>,
    seed: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    program: Option<Recipe>,
}

/// The version alone, so that a newer file is recognised before the rest is.
#[derive(Deserialize)]
struct Version {
    format: u32,
}

/// Saves a model. `span` is the place of faults: where the path was written.
pub fn save(path: &Path, model: &ModelFile, span: Span) -> Result<(), Diagnostic> {
    let transforms =
        to_json(&model.fitted).map_err(|error| not_a_model(path, &error.to_string(), span))?;
    let meta = Meta {
        format: FORMAT,
        nnlc: model.version.clone(),
        run: model.run.clone(),
        signature: model.signature.clone(),
        transforms,
        metrics: model
            .metrics
            .iter()
            .map(|(name, value)| (name.clone(), value.is_finite().then_some(*value)))
            .collect(),
        seed: model.seed,
        program: model.recipe.clone(),
    };
    let meta = serde_json::to_string(&meta)
        .map_err(|error| not_a_model(path, &error.to_string(), span))?;
    let tensors: Vec<(String, Tensor)> = model
        .weights
        .iter()
        .map(|(role, tensor)| (file_name(role), tensor.clone()))
        .chain(globals_of(model))
        .chain(probe_of(model))
        .collect();
    write_tensors(path, &tensors, &[(KEY.to_owned(), meta)]).map_err(|error| refused(&error, span))
}

fn globals_of(model: &ModelFile) -> impl Iterator<Item = (String, Tensor)> {
    let globals = model.globals.iter();
    globals.map(|(name, tensor)| (format!("{GLOBAL}{name}"), tensor.clone()))
}

fn probe_of(model: &ModelFile) -> impl Iterator<Item = (String, Tensor)> {
    let probe = model.probe.iter().enumerate();
    probe.map(|(at, output)| (format!("{PROBE}{at}"), output.clone()))
}

/// Whether a model can be saved at a path. `span` is the place of faults.
pub fn check_place(path: &Path, span: Span) -> Result<(), Diagnostic> {
    check_writable(path).map_err(|error| refused(&error, span))
}

pub(crate) fn file_name(role: &Role) -> String {
    match role {
        Role::State(path) => format!("{STATE}{path}"),
        Role::Param(_) | Role::OptState(_) | Role::Gradient(_) => role.path().to_owned(),
        Role::Arg(_) | Role::Field(_) | Role::Global(_) | Role::Step | Role::Seed => {
            role.path().to_owned()
        }
    }
}

/// Whether a tensor of a file with this name is one of the model's own, a parameter or a state.
pub(crate) fn is_weight(name: &str) -> bool {
    !name.starts_with(GLOBAL) && !name.starts_with(PROBE)
}

/// The tensors whose names begin so, without that, and the others.
fn parted(tensors: Tensors, begin: &str) -> (Tensors, Tensors) {
    let (named, others): (Tensors, Tensors) = tensors
        .into_iter()
        .partition(|(name, _)| name.starts_with(begin));
    let named = named.into_iter();
    let named = named.map(|(name, tensor)| (name[begin.len()..].to_owned(), tensor));
    (named.collect(), others)
}

/// Reads a model, and compares it with what a program expects, if anything: all differences are told at once. Warnings come with the
/// model.
pub fn load(
    path: &Path,
    expected: Option<&Signature>,
    span: Span,
) -> Result<(ModelFile, Diagnostics), Diagnostic> {
    let (tensors, texts) = read_tensors(path).map_err(|error| refused(&error, span))?;
    let text = texts.iter().find(|(key, _)| key == KEY);
    let text = text.ok_or_else(|| not_a_model(path, "it was not saved by nnlc", span))?;
    let meta = meta(path, &text.1, span)?;
    let fitted =
        from_json(&meta.transforms).map_err(|error| not_a_model(path, &error.to_string(), span))?;
    let (globals, tensors) = parted(tensors, GLOBAL);
    let (mut probe, tensors) = parted(tensors, PROBE);
    probe.sort_by_key(|(place, _)| place.parse::<usize>().ok());
    let found = signature_of(&meta.signature, &tensors);
    let expected = expected.unwrap_or(&meta.signature);
    let differences = expected.differences(&found);
    if !differences.is_empty() {
        return Err(misfit(path, expected, differences, span));
    }
    let model = ModelFile {
        weights: weights(expected, tensors),
        run: meta.run,
        signature: meta.signature,
        fitted,
        metrics: meta
            .metrics
            .into_iter()
            .map(|(name, value)| (name, value.unwrap_or(f64::NAN)))
            .collect(),
        seed: meta.seed,
        recipe: meta.program,
        globals,
        probe: probe.into_iter().map(|(_, output)| output).collect(),
        version: meta.nnlc,
    };
    let warnings = not_finite(path, &model, span);
    Ok((model, warnings))
}

fn meta(path: &Path, text: &str, span: Span) -> Result<Meta, Diagnostic> {
    let broken = |error: serde_json::Error| not_a_model(path, &error.to_string(), span);
    let Version { format } = serde_json::from_str(text).map_err(broken)?;
    if format > FORMAT {
        let message = format!(
            "`{}` has format {format}, and this version reads up to {FORMAT}",
            path.display()
        );
        let report = Diagnostic::error(codes::NEWER, message).label(span, "saved by a newer nnlc");
        return Err(report.help("update nnlc, or train the model again"));
    }
    serde_json::from_str(text).map_err(broken)
}

/// The signature of the tensors that are there, with the ends that the file claims.
fn signature_of(claimed: &Signature, tensors: &[(String, Tensor)]) -> Signature {
    let entries = |is_state: bool| {
        let own = tensors
            .iter()
            .filter(|(name, _)| name.starts_with(STATE) == is_state);
        own.map(|(name, tensor)| Entry::of(name.strip_prefix(STATE).unwrap_or(name), tensor))
            .collect()
    };
    Signature {
        params: entries(false),
        states: entries(true),
        ..claimed.clone()
    }
}

/// The tensors in the order that is expected; each is there, as the comparison has shown.
fn weights(expected: &Signature, tensors: Vec<(String, Tensor)>) -> Vec<(Role, Tensor)> {
    let params = expected
        .params
        .iter()
        .map(|entry| Role::Param(entry.path.clone()));
    let states = expected
        .states
        .iter()
        .map(|entry| Role::State(entry.path.clone()));
    let find = |role: Role| {
        let name = file_name(&role);
        let found = tensors.iter().find(|(own, _)| *own == name);
        found.map(|(_, tensor)| (role, tensor.clone()))
    };
    params.chain(states).filter_map(find).collect()
}

fn not_finite(path: &Path, model: &ModelFile, span: Span) -> Diagnostics {
    let broken: Vec<&str> = model
        .weights
        .iter()
        .filter(|(_, tensor)| !tensor.is_finite())
        .map(|(role, _)| role.path())
        .collect();
    if broken.is_empty() {
        return Diagnostics::new();
    }
    let message = format!(
        "`{}` holds weights that are not finite: `{}`",
        path.display(),
        broken.join("`, `")
    );
    Diagnostic::warning(codes::NOT_FINITE, message)
        .label(span, "loaded here")
        .into()
}

/// A file whose tensors are not those that are expected.
pub fn misfit(
    path: &Path,
    expected: &Signature,
    differences: Vec<String>,
    span: Span,
) -> Diagnostic {
    let count = differences.len();
    let message = format!(
        "`{}` does not fit model `{}`: {count} difference{}",
        path.display(),
        expected.model,
        if count == 1 { "" } else { "s" }
    );
    let report = Diagnostic::error(codes::MISFIT, message).label(span, "loaded here");
    let report = differences.into_iter().fold(report, Diagnostic::note);
    report.help("load it into the model it was saved from, or train this one")
}

/// What to do about a file that cannot be written.
const WRITABLE: &str = "choose a folder that exists and may be written to";

fn not_a_model(path: &Path, why: &str, span: Span) -> Diagnostic {
    let message = format!("`{}` is no saved model: {why}", path.display());
    Diagnostic::error(codes::NOT_A_MODEL, message).label(span, "named here")
}

/// A report on a file that cannot be written.
pub fn unwritable(path: &Path, error: &std::io::Error, span: Span) -> Diagnostic {
    let message = format!("cannot write `{}`: {error}", path.display());
    let report = Diagnostic::error(codes::UNWRITABLE, message).label(span, "to be written");
    report.help(WRITABLE)
}

pub(crate) fn refused(error: &FileError, span: Span) -> Diagnostic {
    let (code, help) = match error {
        FileError::Missing { .. } => (
            codes::NO_MODEL,
            Some("paths start at the folder of the program"),
        ),
        FileError::Unreadable { .. } => (codes::UNREADABLE, None),
        FileError::Special { .. } => (codes::UNREADABLE, Some("name a file")),
        FileError::Directory { .. } => (codes::UNREADABLE, Some("name a file in it")),
        FileError::Unwritable { .. } => (codes::UNWRITABLE, Some(WRITABLE)),
        FileError::TooShort { .. }
        | FileError::Foreign { .. }
        | FileError::NotNpy { .. }
        | FileError::Damaged { .. } => (codes::NOT_A_MODEL, None),
        FileError::Unsupported { .. } | FileError::Duplicate { .. } => (codes::NOT_A_MODEL, None),
    };
    let report = Diagnostic::error(code, error.to_string()).label(span, "named here");
    help.into_iter().fold(report, Diagnostic::help)
}
