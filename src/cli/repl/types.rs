//! The type of what a line would show.

use crate::ir::Module;
use crate::lower::Shown;
use crate::session::{Compiled, Session};

/// The type of the last value that a line shows.
pub(crate) fn type_of(session: &Session, compiled: &Compiled) -> String {
    match compiled.shows().last() {
        Some(show) => of(session, compiled.module(), &show.value),
        None => "no value".into(),
    }
}

fn of(session: &Session, module: &Module, shown: &Shown) -> String {
    match shown {
        Shown::Tensor(name) => tensor(session, module, name),
        Shown::Text(text) if text.parse::<f64>().is_ok() => {
            "a number, known before anything runs".into()
        }
        Shown::Text(_) => "a text or setting".into(),
        Shown::Tuple(parts) => {
            let parts: Vec<String> = parts.iter().map(|part| of(session, module, part)).collect();
            format!("({})", parts.join(", "))
        }
        Shown::Record(fields) => {
            let field =
                |(name, field): &(String, Shown)| format!("{name}: {}", of(session, module, field));
            let fields: Vec<String> = fields.iter().map(field).collect();
            format!("{{ {} }}", fields.join(", "))
        }
        Shown::Drawn(_) => "a text".into(),
        Shown::Heatmap { .. } => "a heat map".into(),
        Shown::Images(..) => "images".into(),
        Shown::Plot { .. } | Shown::Drawing(_) => "a plot".into(),
        Shown::History(_) => "the history of a run".into(),
        Shown::Folds(_) => "a run on its folds".into(),
        Shown::Run(_) => "a run".into(),
        Shown::Data(_) => "a data block".into(),
    }
}

/// The type of a tensor that a function of the line gives, or that is there already.
fn tensor(session: &Session, module: &Module, name: &str) -> String {
    let mut funcs = module.roots().into_iter().map(|func| &module.funcs[func]);
    let found = funcs.find_map(|func| {
        let (_, value) = func.results.iter().find(|(own, _)| own == name)?;
        let ty = func.ty(*value).display(&module.dims.symbols).to_string();
        // What is not said of a type is that it is `f32`.
        Some(if ty.starts_with('[') {
            format!("f32{ty}")
        } else {
            ty
        })
    });
    let there = session.global(name);
    let there = || there.map(|tensor| format!("{}{:?}", tensor.dtype(), tensor.shape()));
    found.or_else(there).unwrap_or_else(|| "a tensor".into())
}
