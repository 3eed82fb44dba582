//! A text of the library, whose definitions are read when they are first asked for: most programs use few of them. Scanning tells
//! where they stand and what they are called; the grammar has a look at those alone that are used.

use std::cell::OnceCell;
use std::rc::Rc;

use crate::diag::Diagnostics;
use crate::source::{SourceId, SourceMap};
use crate::syntax::ast::{Def, Item, ItemKind, Name};

use super::layout::Layout;
use super::read::Reader;
use super::reports::Reports;
use super::split::{Piece, items};
use super::{Mode, build, module_docs, scan};

/// An item of a text of the library.
#[derive(Debug)]
pub enum Outlined {
    /// A `fn`, `layer`, `model` or `optimizer`, yet to be read.
    Def(LazyDef),
    /// Anything else.
    Item(Box<Item>),
}

/// A definition that is read at its first use. Its name and its docs are there before.
#[derive(Clone, Debug)]
pub struct LazyDef {
    name: Name,
    docs: Vec<String>,
    def: Rc<OnceCell<Rc<Def>>>,
    text: Option<Rc<Text>>,
    piece: Piece,
}

/// A scanned text.
#[derive(Debug)]
struct Text(Layout<'static>);

impl LazyDef {
    /// One that has been read.
    pub fn read(def: Rc<Def>, docs: Vec<String>) -> LazyDef {
        LazyDef {
            name: def.name.clone(),
            docs,
            def: Rc::new(OnceCell::from(def)),
            text: None,
            piece: Piece::nothing(),
        }
    }

    /// Its name.
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// Its doc lines.
    pub fn docs(&self) -> &[String] {
        &self.docs
    }

    /// The definition.
    ///
    /// # Panics
    /// Where a text of the library is no program: a test reads them all.
    pub fn get(&self) -> &Def {
        self.def.get_or_init(|| {
            let text = self.text.as_ref().expect("what is not read has a text");
            let (item, reports) = text.item(&self.piece);
            match item.map(|item| item.kind) {
                Some(ItemKind::Def(def)) => def,
                _ => panic!(
                    "the library's `{}` is no definition: {reports:?}",
                    self.name.value
                ),
            }
        })
    }
}

impl Text {
    fn item(&self, piece: &Piece) -> (Option<Item>, Diagnostics) {
        let mut reports = Reports::default();
        let mut reader = Reader {
            layout: &self.0,
            reports: &mut reports,
            mode: Mode::File,
        };
        let item = reader.item(piece);
        (item, reports.finish())
    }

    /// The definition that begins with these words, if one does.
    fn glance(self: &Rc<Text>, piece: &Piece) -> Option<LazyDef> {
        let layout = &self.0;
        let first = layout.behind_docs(&piece.range);
        let is_def = matches!(layout.word(first), "fn" | "layer" | "model" | "optimizer");
        (is_def && layout.begins_declaration(first)).then(|| LazyDef {
            name: Name {
                value: layout.word(first + 1).to_owned(),
                span: layout.place(first + 1),
            },
            docs: (piece.range.start..first)
                .map(|doc| build::doc_text(layout.word(doc)))
                .collect(),
            def: Rc::default(),
            text: Some(Rc::clone(self)),
            piece: piece.clone(),
        })
    }
}

/// The items of a text of the library, which `id` names among the sources.
pub fn outline(
    sources: &SourceMap,
    id: SourceId,
    text: &'static str,
) -> (Vec<Outlined>, Diagnostics) {
    debug_assert_eq!(&*sources.get(id).text, text, "the text of this source");
    let mut reports = Reports::default();
    let (layout, _) = scan(text, id, &mut reports);
    let (_, start) = module_docs(&layout);
    let pieces: Vec<Piece> = items(&layout, start).collect();
    let text = Rc::new(Text(layout));
    let mut found = reports.finish();
    let mut outlined = vec![];
    for piece in pieces {
        match text.glance(&piece) {
            Some(def) => outlined.push(Outlined::Def(def)),
            None => {
                let (item, reports) = text.item(&piece);
                found.append(reports);
                outlined.extend(item.map(|item| Outlined::Item(Box::new(item))));
            }
        }
    }
    (outlined, found)
}
