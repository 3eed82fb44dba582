//! The files of a program and what their top-level names mean: definitions, dimensions, types, data, runs; imports and the
//! prelude. Knows no values and no shapes.

use std::collections::BTreeMap;
use std::rc::Rc;

use crate::arena::{Arena, Id};
use crate::diag::{Diagnostic, Diagnostics, did_you_mean};
use crate::lower::claims::Claims;
use crate::lower::codes;
use crate::lower::types::ParamKind;
use crate::lower::value::ScopeId;
use crate::source::{SourceMap, Span};
use crate::syntax::{LazyDef, Outlined, ast, outline};

/// Identity of a definition.
pub(crate) type DefId = Id<DefEntry>;

/// A definition and the file it stands in.
#[derive(Clone, Debug)]
pub(crate) struct DefEntry {
    def: LazyDef,
    pub(crate) scope: ScopeId,
    pub(crate) claims: Claims,
}

impl DefEntry {
    fn new(def: LazyDef, scope: ScopeId) -> DefEntry {
        DefEntry {
            claims: Claims::of(def.docs()),
            def,
            scope,
        }
    }

    pub(crate) fn def(&self) -> &ast::Def {
        self.def.get()
    }

    pub(crate) fn name(&self) -> &str {
        &self.def.name().value
    }
}

/// What a top-level name means.
#[derive(Clone, Debug)]
pub(crate) enum Global {
    Def(DefId),
    Dim(Rc<ast::DimDecl>),
    Type(Rc<ast::TypeDecl>),
    Data(Rc<ast::Block<ast::Field>>),
    Train(Rc<ast::Block<ast::Field>>),
    Module(ScopeId),
}

/// A top-level name with the place it was declared at.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) global: Global,
    pub(crate) span: Span,
}

/// One file: what its names mean.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    names: BTreeMap<String, Entry>,
    /// Where its statements bind names first. These are values of a run: definitions do not see them.
    lets: BTreeMap<String, Span>,
}

/// All files of a program: the user's, and what it uses of the library.
#[derive(Clone, Debug, Default)]
pub struct World {
    pub(crate) scopes: Arena<Scope>,
    pub(crate) defs: Arena<DefEntry>,
    modules: BTreeMap<String, ScopeId>,
    prelude: Vec<ScopeId>,
}

/// A definition with its docs.
#[derive(Clone, Debug)]
pub struct Documented {
    /// The module of the library that it stands in; none for a user's.
    pub module: Option<String>,
    /// Its file.
    pub scope: ScopeId,
    /// Its name.
    pub name: String,
    /// Its doc lines.
    pub docs: Vec<String>,
}

/// The library's files by module name, and those that every program sees.
#[derive(Clone, Copy, Debug)]
pub struct Library {
    /// Module name and text.
    pub files: &'static [(&'static str, &'static str)],
    /// Modules whose names need no `use`.
    pub prelude: &'static [&'static str],
}

impl World {
    /// A world with the library's prelude.
    pub fn new(library: Library, sources: &mut SourceMap, reports: &mut Diagnostics) -> World {
        let mut world = World::default();
        let mut files = Vec::new();
        for (name, text) in library.files {
            let id = sources.add_library(&format!("stdlib/{name}.nnl"), text);
            let scope = world.scopes.push(Scope::default());
            world.modules.insert((*name).to_string(), scope);
            let (outlined, found) = outline(sources, id, text);
            reports.append(found);
            let items = world.declare_outlined(scope, outlined, reports);
            files.push((scope, items));
        }
        // Modules may use one another: all names are declared before any is imported.
        for (scope, items) in &files {
            world.import_all(*scope, items, reports);
        }
        world.prelude = library
            .prelude
            .iter()
            .filter_map(|name| world.modules.get(*name).copied())
            .collect();
        world
    }

    /// Adds a user's file as a scope of its own.
    pub fn add(&mut self, program: &ast::Program, reports: &mut Diagnostics) -> ScopeId {
        let scope = self.scopes.push(Scope {
            lets: lets(&program.items),
            ..Scope::default()
        });
        self.declare_all(scope, &program.items, reports);
        self.import_all(scope, &program.items, reports);
        scope
    }

    /// Where a statement of a file binds this name.
    pub(crate) fn bound_at(&self, scope: ScopeId, name: &str) -> Option<Span> {
        self.scopes[scope].lets.get(name).copied()
    }

    /// Adds a small program that sees what the file `home` sees, and what any module declares under a name that is free there.
    pub fn add_beside(
        &mut self,
        home: ScopeId,
        program: &ast::Program,
        reports: &mut Diagnostics,
    ) -> ScopeId {
        let mut names = self.scopes[home].names.clone();
        for module in self.modules.values() {
            for (name, entry) in &self.scopes[*module].names {
                if !names.contains_key(name) && self.find(home, name).is_none() {
                    names.insert(name.clone(), entry.clone());
                }
            }
        }
        let lets = lets(&program.items);
        let scope = self.scopes.push(Scope { names, lets });
        self.declare_all(scope, &program.items, reports);
        self.import_all(scope, &program.items, reports);
        scope
    }

    /// Every definition in the order of the files, with its docs.
    pub fn documented(&self) -> Vec<Documented> {
        let module = |scope: ScopeId| {
            let mut modules = self.modules.iter();
            let found = modules.find(|(_, module)| **module == scope);
            found.map(|(name, _)| name.clone())
        };
        let documented = self.defs.iter().map(|(_, entry)| Documented {
            module: module(entry.scope),
            scope: entry.scope,
            name: entry.name().to_owned(),
            docs: entry.def.docs().to_vec(),
        });
        documented.collect()
    }

    /// The library's definitions of this name: module, definition, docs.
    pub fn named(&self, name: &str) -> impl Iterator<Item = (&str, &ast::Def, &[String])> {
        let entries = self.modules.iter().filter_map(move |(module, scope)| {
            match &self.scopes[*scope].names.get(name)?.global {
                Global::Def(id) if self.defs[*id].scope == *scope => {
                    Some((module, &self.defs[*id]))
                }
                Global::Def(_) | Global::Dim(_) | Global::Type(_) => None,
                Global::Data(_) | Global::Train(_) | Global::Module(_) => None,
            }
        });
        entries.map(|(module, entry)| (module.as_str(), entry.def(), entry.def.docs()))
    }

    /// The library's modules: name, whether programs see its names without a `use`, and those names.
    pub fn modules(&self) -> impl Iterator<Item = (&str, bool, Vec<&str>)> {
        self.modules.iter().map(|(name, scope)| {
            let names = self.scopes[*scope].names.keys().map(String::as_str);
            (name.as_str(), self.prelude.contains(scope), names.collect())
        })
    }

    /// Declares the definitions of a file, and everything else it declares; gives the latter back.
    fn declare_outlined(
        &mut self,
        scope: ScopeId,
        outlined: Vec<Outlined>,
        reports: &mut Diagnostics,
    ) -> Vec<ast::Item> {
        let mut items = vec![];
        for outlined in outlined {
            match outlined {
                Outlined::Def(def) => self.declare_def(scope, def, reports),
                Outlined::Item(item) => items.push(*item),
            }
        }
        self.declare_all(scope, &items, reports);
        items
    }

    fn declare_def(&mut self, scope: ScopeId, def: LazyDef, reports: &mut Diagnostics) {
        let name = def.name().clone();
        let id = self.defs.push(DefEntry::new(def, scope));
        self.bind(scope, &name, Global::Def(id), reports);
    }

    fn declare_all(&mut self, scope: ScopeId, items: &[ast::Item], reports: &mut Diagnostics) {
        for item in items {
            self.declare(scope, item, reports);
        }
    }

    fn declare(&mut self, scope: ScopeId, item: &ast::Item, reports: &mut Diagnostics) {
        let (name, global) = match &item.kind {
            ast::ItemKind::Def(def) => {
                let def = LazyDef::read(Rc::clone(def), item.docs.clone());
                return self.declare_def(scope, def, reports);
            }
            ast::ItemKind::Dim(decl) => (&decl.name, Global::Dim(Rc::new(decl.clone()))),
            ast::ItemKind::Type(decl) => (&decl.name, Global::Type(Rc::new(decl.clone()))),
            ast::ItemKind::Data(block) => (&block.name, Global::Data(Rc::clone(block))),
            ast::ItemKind::Train(block) => (&block.name, Global::Train(Rc::clone(block))),
            ast::ItemKind::Use(_) | ast::ItemKind::Test(_) | ast::ItemKind::Stmt(_) => return,
        };
        self.bind(scope, name, global, reports);
    }

    fn import_all(&mut self, scope: ScopeId, items: &[ast::Item], reports: &mut Diagnostics) {
        for item in items {
            if let ast::ItemKind::Use(import) = &item.kind {
                self.import(scope, import, reports);
            }
        }
    }

    fn bind(
        &mut self,
        scope: ScopeId,
        name: &ast::Name,
        global: Global,
        reports: &mut Diagnostics,
    ) {
        let entry = Entry {
            global,
            span: name.span,
        };
        if let Some(earlier) = self.scopes[scope].names.insert(name.value.clone(), entry) {
            let message = format!("`{}` is declared twice", name.value);
            let report = Diagnostic::error(codes::DUPLICATE, message)
                .label(name.span, "declared again here");
            let report = report.label(earlier.span, "first declared here");
            reports.push(report.help("give one of them another name"));
        }
    }

    fn import(&mut self, scope: ScopeId, import: &ast::Use, reports: &mut Diagnostics) {
        let Some(&module) = self.modules.get(&import.module.value) else {
            return reports.push(self.unknown_module(&import.module));
        };
        if import.names.is_empty() {
            return self.bind(scope, &import.module, Global::Module(module), reports);
        }
        for wanted in &import.names {
            match self.scopes[module].names.get(&wanted.name.value).cloned() {
                Some(entry) => {
                    let name = wanted.alias.as_ref().unwrap_or(&wanted.name);
                    if self.has_already(scope, name, &entry.global) {
                        continue;
                    }
                    self.bind(scope, name, entry.global, reports);
                }
                None => reports.push(self.unknown_import(module, &import.module, &wanted.name)),
            }
        }
    }

    /// Importing the same thing again changes nothing.
    fn has_already(&self, scope: ScopeId, name: &ast::Name, global: &Global) -> bool {
        match (
            self.scopes[scope]
                .names
                .get(&name.value)
                .map(|entry| &entry.global),
            global,
        ) {
            (Some(Global::Def(known)), Global::Def(wanted)) => known == wanted,
            _ => false,
        }
    }

    fn unknown_module(&self, name: &ast::Name) -> Diagnostic {
        let report = Diagnostic::error(
            codes::UNKNOWN_MODULE,
            format!("there is no module `{}`", name.value),
        );
        let report = report.label(name.span, "not in the library");
        let names = self.modules.keys().map(String::as_str);
        let listed = names.clone().collect::<Vec<_>>().join("`, `");
        match did_you_mean(&name.value, names) {
            Some(near) => report.help(format!("did you mean `{near}`?")),
            None => report.help(format!("the modules are `{listed}`")),
        }
    }

    fn unknown_import(
        &self,
        module: ScopeId,
        module_name: &ast::Name,
        name: &ast::Name,
    ) -> Diagnostic {
        let message = format!("module `{}` has no `{}`", module_name.value, name.value);
        let report =
            Diagnostic::error(codes::UNKNOWN_NAME, message).label(name.span, "not in this module");
        let here = did_you_mean(
            &name.value,
            self.scopes[module].names.keys().map(String::as_str),
        );
        match (here, self.home_of(&name.value)) {
            (_, Some((home, true))) => report.help(format!(
                "`{}` is always in scope (it lives in `{home}`): leave the import out",
                name.value
            )),
            (_, Some((home, false))) => report.help(format!(
                "it lives in `{home}`: write `use {home}::{};`",
                name.value
            )),
            (Some(near), None) => report.help(format!("did you mean `{near}`?")),
            (None, None) => report,
        }
    }

    /// The library module that declares a name, and whether programs see it without a `use`.
    pub(crate) fn home_of(&self, name: &str) -> Option<(&str, bool)> {
        let has = |scope: &ScopeId| self.scopes[*scope].names.contains_key(name);
        // Where it is declared comes before who hands it on.
        let declares = |scope: &ScopeId| match self.scopes[*scope].names.get(name) {
            Some(entry) => match &entry.global {
                Global::Def(id) => self.defs[*id].scope == *scope,
                Global::Dim(_) | Global::Type(_) | Global::Data(_) => true,
                Global::Train(_) | Global::Module(_) => true,
            },
            None => false,
        };
        let mut modules = self.modules.iter();
        let declared = modules.clone().find(|(_, scope)| declares(scope));
        let home = declared.or_else(|| modules.find(|(_, scope)| has(scope)))?;
        Some((home.0, self.prelude.contains(home.1)))
    }

    /// What a name means in a file, if it is declared, imported or in the prelude.
    pub(crate) fn find(&self, scope: ScopeId, name: &str) -> Option<&Entry> {
        let own = self.scopes[scope].names.get(name);
        own.or_else(|| {
            self.prelude
                .iter()
                .find_map(|module| self.scopes[*module].names.get(name))
        })
    }

    /// What a name means in a module.
    pub(crate) fn find_in(&self, module: ScopeId, name: &str) -> Option<&Entry> {
        self.scopes[module].names.get(name)
    }

    /// A module by name.
    pub(crate) fn module(&self, name: &str) -> Option<ScopeId> {
        self.modules.get(name).copied()
    }

    /// Every name visible in a file, own names first.
    pub(crate) fn visible(&self, scope: ScopeId) -> impl Iterator<Item = &str> {
        let scopes = std::iter::once(&scope).chain(&self.prelude);
        scopes
            .flat_map(|scope| self.scopes[*scope].names.keys().map(String::as_str))
            .collect::<Vec<_>>()
            .into_iter()
    }

    /// The settings of the definition that a name in a file means, by place; those that are no size are left blank.
    pub fn size_settings(&self, scope: ScopeId, path: &[ast::Name]) -> Vec<Option<String>> {
        let entry = match path {
            [name] => self.find(scope, &name.value),
            [module, name] => self
                .module(&module.value)
                .and_then(|module| self.find_in(module, &name.value)),
            _ => None,
        };
        let Some(Global::Def(id)) = entry.map(|entry| &entry.global) else {
            return vec![];
        };
        let settings = self.defs[*id].def().settings.iter().flatten();
        let size = |param: &ast::Param| {
            let is_size = ParamKind::of(&param.ty) == ParamKind::Dim;
            is_size.then(|| param.name.value.clone())
        };
        settings.map(size).collect()
    }

    /// The definitions of a file in the order they were declared.
    pub(crate) fn definitions(&self, scope: ScopeId) -> Vec<DefId> {
        self.defs
            .iter()
            .filter(|(_, entry)| entry.scope == scope)
            .map(|(id, _)| id)
            .collect()
    }

    /// Whether a file belongs to the library.
    pub(crate) fn is_library(&self, scope: ScopeId) -> bool {
        self.modules.values().any(|module| *module == scope)
    }
}

/// Where statements bind names.
fn lets(items: &[ast::Item]) -> BTreeMap<String, Span> {
    let mut lets = BTreeMap::new();
    let statements = items.iter().filter_map(|item| match &item.kind {
        ast::ItemKind::Stmt(stmt) => Some(&stmt.kind),
        _ => None,
    });
    for stmt in statements {
        if let ast::StmtKind::Let(pattern, ..) = stmt {
            for name in pattern.names() {
                lets.entry(name.value.clone()).or_insert(name.span);
            }
        }
    }
    lets
}
