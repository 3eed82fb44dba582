//! What a name means: local, of the file, of a module.

use crate::diag::{Diagnostic, did_you_mean};
use crate::lower::scope::Global;
use crate::lower::value::{Host, Val};
use crate::lower::{Cx, Lowerer, Lowering, Reported, codes};
use crate::source::Span;
use crate::syntax::ast::{self};

impl Lowerer<'_> {
    pub(crate) fn path(&mut self, cx: &Cx, path: &[ast::Name], span: Span) -> Lowering<Val> {
        match path {
            [name] => self.name(cx, name),
            [module, name] => self.qualified(cx, module, name),
            _ => Err(self.report(
                Diagnostic::error(codes::UNKNOWN_NAME, "a path has one module and one name")
                    .label(span, "longer than that"),
            )),
        }
    }

    fn name(&mut self, cx: &Cx, name: &ast::Name) -> Lowering<Val> {
        match cx.env.get(&name.value) {
            Some(Val::Poison) => return Err(Reported),
            Some(value) => return Ok(value.clone()),
            None => {}
        }
        match self
            .world
            .find(cx.scope, &name.value)
            .map(|entry| entry.global.clone())
        {
            Some(global) => self.global(cx, global, name),
            None => Err(self.unknown_name(cx, name)),
        }
    }

    fn qualified(&mut self, cx: &Cx, module: &ast::Name, name: &ast::Name) -> Lowering<Val> {
        let imported = self
            .world
            .find(cx.scope, &module.value)
            .map(|entry| entry.global.clone());
        let home = match imported {
            Some(Global::Module(home)) => Some(home),
            _ => self.world.module(&module.value),
        };
        match home
            .and_then(|home| self.world.find_in(home, &name.value))
            .map(|entry| entry.global.clone())
        {
            Some(global) => self.global(cx, global, name),
            None => {
                let message = format!("module `{}` has no `{}`", module.value, name.value);
                Err(self.report(
                    Diagnostic::error(codes::UNKNOWN_NAME, message).label(name.span, "not there"),
                ))
            }
        }
    }

    fn global(&mut self, cx: &Cx, global: Global, name: &ast::Name) -> Lowering<Val> {
        match global {
            Global::Def(def) => Ok(Val::Def(def)),
            Global::Dim(decl) => Ok(Val::Dim(self.file_dim(cx, &decl)?)),
            Global::Data(block) => Ok(Val::Host(Host::Data(block.name.value.clone()))),
            Global::Train(block) => Ok(Val::Host(Host::Run(block.name.value.clone()))),
            Global::Type(_) | Global::Module(_) => {
                let report =
                    Diagnostic::error(codes::WRONG_KIND, format!("`{}` is no value", name.value));
                Err(self
                    .report(report.label(name.span, "a type or module; a value is wanted here")))
            }
        }
    }

    fn unknown_name(&mut self, cx: &Cx, name: &ast::Name) -> Reported {
        let report = Diagnostic::error(
            codes::UNKNOWN_NAME,
            format!("nothing here is called `{}`", name.value),
        );
        let report = report.label(name.span, "not found");
        if let Some(place) = self.world.bound_at(cx.scope, &name.value) {
            return self.report(unseen(report, name, place));
        }
        let local = cx.env.iter().map(|(name, _)| name);
        let near = did_you_mean(&name.value, local.chain(self.world.visible(cx.scope)))
            .map(str::to_string);
        let home = self
            .world
            .home_of(&name.value)
            .map(|(home, _)| home.to_string());
        let help = match (home, near) {
            (Some(home), _) => {
                format!("it lives in the library: add `use {home}::{};`", name.value)
            }
            (None, Some(near)) => format!("did you mean `{near}`?"),
            (None, None) => format!("define it before its use: `let {} = …;`", name.value),
        };
        self.report(report.help(help))
    }
}

/// Of a name that a statement binds, which comes later, or is not for definitions to see.
fn unseen(report: Diagnostic, name: &ast::Name, place: Span) -> Diagnostic {
    let report = report.label(place, "bound here, by a statement");
    match place.source == name.span.source && place.start > name.span.start {
        true => report.help("move the statement up, before its use"),
        false => report.help(
            "a definition sees no `let` of the file: hand it over as an argument, or make it a `dim`, a `param` or a `fn`",
        ),
    }
}
