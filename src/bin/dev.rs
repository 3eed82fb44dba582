//! dev
use std::collections::BTreeMap;
use nnlc::diag::Diagnostics;
use nnlc::source::SourceMap;
use nnlc::lower::*;
fn show(s: &SourceMap, d: &Diagnostics) {
    for r in d.iter() {
        println!("{} {:?} {}", r.code, r.severity, r.message);
        for l in &r.labels { println!("   at {}: {} -- `{}`", s.place(l.span, nnlc::arena::Id::new(9999)), l.text, s.text(l.span).lines().next().unwrap_or("")); }
        for n in &r.notes { println!("   note {n}"); }
        if let Some(h) = &r.help { println!("   help {h}"); }
    }
}
fn main() {
    let path = std::env::args().nth(1).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let mut sources = SourceMap::new();
    let mut reports = Diagnostics::new();
    let lib = Library { files: nnlc::stdlib::FILES, prelude: nnlc::stdlib::PRELUDE };
    let t = std::time::Instant::now();
    let mut world = World::new(lib, &mut sources, &mut reports);
    eprintln!("world {:?}", t.elapsed());
    let id = sources.add_file(std::path::Path::new(&path), &text);
    let (program, r) = nnlc::syntax::parse(&sources, id);
    reports.append(r);
    show(&sources, &reports);
    let Some(program) = program else { return };
    let scope = world.add(&program, &mut reports);
    let (defs, r) = lower_definitions(&world, &sources, scope);
    show(&sources, &r);
    let (c, r) = nnlc::check::check(defs.draft, &defs.roots, &sources);
    show(&sources, &r);
    println!("defs checked {}", c.is_some());
    let (script, r) = lower_script(&world, &sources, scope, &program, Surroundings::default(), Mode::Test);
    show(&sources, &r);
    let (c, r) = nnlc::check::check(script.draft, &script.roots, &sources);
    show(&sources, &r);
    println!("script checked {}", c.is_some());
    if let Some(c) = c { for (_, f) in c.module().funcs.iter() { println!("{} {} insts", f.name, f.body.len()); } }
    let _ = BTreeMap::<String, i64>::new();
}
