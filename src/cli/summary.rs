//! `nnlc summary`: what a model costs.

use std::path::Path;

use crate::cli::args::Global;
use crate::cli::program::{compile, load, session};
use crate::cli::{Done, Out};
use crate::lower::Mode;

pub(crate) fn summary(path: &Path, global: &Global, out: &mut Out<'_>) -> Done {
    let mut session = session(global, out)?;
    let program = load(&mut session, path, out)?;
    let compiled = compile(&session, program, Mode::Run, out)?;
    let run = &compiled.runs()[0];
    let m = compiled.module();
    for id in [run.forward, run.step] {
        let func = &m.funcs[compiled.checked.func(id)];
        out.text(&format!("== {}\n", func.name))?;
        for inst in &func.body {
            let o = func.values[inst.results[0]].origin;
            let chain: Vec<String> = std::iter::successors(Some(o), |o| m.origins[*o].caller)
                .map(|o| session.sources().text(m.origins[o].span).chars().take(25).collect::<String>().replace('\n', " "))
                .collect();
            out.text(&format!("{:40} {chain:?}\n", inst.op.display(m).to_string().chars().take(40).collect::<String>()))?;
        }
    }
    out.text(&format!("{:?}\n{:?}\n{:?}\n", run.params, run.states, run.opt_states))
        .map_err(Into::into)
}
