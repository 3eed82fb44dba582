//! The data blocks of a program: read, cut and fitted; and what lowering has to know of them.

use std::collections::BTreeMap;

use crate::data::{Dataset, Room, Sizes, prepare, read_block, read_table_into, with_tokenizers};
use crate::diag::{Diagnostic, Diagnostics, did_you_mean};
use crate::session::codes;
use crate::source::{SourceMap, Span, Spanned};
use crate::syntax::ast::{
    self, BinaryOp, DimExpr, DimExprKind, Expr, ExprKind, Field, ItemKind, Program,
};
use crate::types::DType;

/// A data block that has been read.
#[derive(Clone, Debug)]
pub(crate) struct Loaded {
    block: ast::Block<Field>,
    sizes: Sizes,
    float: DType,
    /// Its tensors.
    pub(crate) set: Dataset,
}

impl Loaded {
    /// Where it was declared.
    pub(crate) fn place(&self) -> Span {
        self.block.name.span
    }
}

/// Reads the data blocks of a program, images into the room that is given them; those that `known` has read already are taken from
/// there.
pub(crate) fn read_all(
    program: &Program,
    sources: &SourceMap,
    known: &[Loaded],
    (dtype, room): (Option<DType>, Room),
) -> (Vec<Loaded>, Diagnostics) {
    let (mut all, mut reports) = (vec![], Diagnostics::new());
    let sizes = declared_sizes(program);
    for block in program.items.iter().filter_map(data_block) {
        let float = float_of(program, &block.name.value, dtype);
        let same = known.iter().find(|loaded| {
            loaded.block == *block && loaded.float == float && loaded.sizes == sizes
        });
        match same
            .cloned()
            .map_or_else(|| read(room, block, sources, (&sizes, float)), Ok)
        {
            Ok(loaded) => all.push(loaded),
            Err(found) => reports.append(found),
        }
    }
    let warnings = all.iter().flat_map(|loaded| &loaded.set.warnings);
    warnings.for_each(|warning| reports.push(warning.clone()));
    (all, reports)
}

fn read(
    room: Room,
    block: &ast::Block<Field>,
    sources: &SourceMap,
    (sizes, float): (&Sizes, DType),
) -> Result<Loaded, Diagnostics> {
    let folder = &sources.get(block.name.span.source).folder;
    let spec = with_tokenizers(read_block(block, sizes)?, folder)?;
    let table = read_table_into(room, &spec, folder)?;
    let set = prepare(&spec, &table, float)?;
    Ok(Loaded {
        block: block.clone(),
        sizes: sizes.clone(),
        float,
        set,
    })
}

/// The sizes that a program declares, as far as they are numbers.
fn declared_sizes(program: &Program) -> Sizes {
    let mut sizes = Sizes::new();
    for item in &program.items {
        if let ItemKind::Dim(decl) = &item.kind
            && let Some(size) = decl.value.as_ref().and_then(|dim| size_of(dim, &sizes))
        {
            sizes.insert(decl.name.value.clone(), size);
        }
    }
    sizes
}

/// A size as a number; nothing where it is none.
fn size_of(dim: &DimExpr, sizes: &Sizes) -> Option<i64> {
    match &dim.kind {
        DimExprKind::Int(value) => Some(*value),
        DimExprKind::Name(name) => sizes.get(name).copied(),
        DimExprKind::Call(..) => None,
        DimExprKind::Chain(first, rest) => {
            let mut rest = rest.iter();
            rest.try_fold(size_of(first, sizes)?, |left, (op, right)| {
                let right = size_of(right, sizes)?;
                match op {
                    BinaryOp::Add => left.checked_add(right),
                    BinaryOp::Sub => left.checked_sub(right),
                    BinaryOp::Mul => left.checked_mul(right),
                    BinaryOp::Div => (right > 0 && left % right == 0).then(|| left / right),
                    BinaryOp::MatMul | BinaryOp::Pow | BinaryOp::Eq | BinaryOp::Ne => None,
                    BinaryOp::Lt | BinaryOp::Le | BinaryOp::Gt | BinaryOp::Ge => None,
                    BinaryOp::And | BinaryOp::Or => None,
                }
            })
        }
    }
}

fn data_block(item: &ast::Item) -> Option<&ast::Block<Field>> {
    match &item.kind {
        ItemKind::Data(block) => Some(&**block),
        ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_) | ItemKind::Def(_) => None,
        ItemKind::Train(_) | ItemKind::Test(_) | ItemKind::Stmt(_) => None,
    }
}

/// The element type of a block's floats: the `precision` of the run that takes it, or what the session says.
fn float_of(program: &Program, data: &str, dtype: Option<DType>) -> DType {
    let blocks = program.items.iter().filter_map(|item| match &item.kind {
        ItemKind::Train(block) => Some(&**block),
        ItemKind::Use(_) | ItemKind::Dim(_) | ItemKind::Type(_) | ItemKind::Def(_) => None,
        ItemKind::Data(_) | ItemKind::Test(_) | ItemKind::Stmt(_) => None,
    });
    let field = |block: &ast::Block<Field>, name: &str| {
        let mut fields = block.fields.iter();
        fields
            .find(|field| field.name.value == name)
            .and_then(|field| word(&field.value))
    };
    let mut takers = blocks.filter(|block| field(block, "data").as_deref() == Some(data));
    let precision = takers.find_map(|block| field(block, "precision")?.parse::<DType>().ok());
    precision
        .filter(|dtype| dtype.is_float())
        .or(dtype)
        .unwrap_or(DType::F32)
}

/// A name by itself.
fn word(expr: &Expr) -> Option<String> {
    let ExprKind::Path(path) = &expr.kind else {
        return None;
    };
    (path.len() == 1).then(|| path[0].value.clone())
}

/// Sizes of file-wide dimensions that the data decides: `one_hot(size: classes)`.
pub(crate) fn solved(
    program: &Program,
    data: &[Loaded],
    reports: &mut Diagnostics,
) -> BTreeMap<String, i64> {
    let mut solved: BTreeMap<String, (i64, Span)> = BTreeMap::new();
    let declared: Vec<&str> = program.items.iter().filter_map(open_dim).collect();
    let fields = data
        .iter()
        .flat_map(|loaded| loaded.set.schema.iter().zip(&loaded.set.fitted));
    for (schema, fitted) in fields {
        let (Some(symbol), Some(categories)) = (&schema.size, fitted.n_categories()) else {
            continue;
        };
        let size = i64::try_from(categories).unwrap_or(i64::MAX);
        if !declared.contains(&symbol.value.as_str()) {
            reports.push(undeclared(&symbol.value, symbol.span, &declared));
        }
        if let Some((other, place)) = solved.insert(symbol.value.clone(), (size, symbol.span))
            && other != size
        {
            reports.push(decided_twice(symbol, size, place, other));
        }
    }
    solved
        .into_iter()
        .map(|(name, (size, _))| (name, size))
        .collect()
}

/// A dimension that is declared without a size.
fn open_dim(item: &ast::Item) -> Option<&str> {
    match &item.kind {
        ItemKind::Dim(decl) if decl.value.is_none() => Some(&decl.name.value),
        ItemKind::Dim(_) | ItemKind::Use(_) | ItemKind::Type(_) | ItemKind::Def(_) => None,
        ItemKind::Data(_) | ItemKind::Train(_) | ItemKind::Test(_) | ItemKind::Stmt(_) => None,
    }
}

fn decided_twice(symbol: &Spanned<String>, size: i64, place: Span, other: i64) -> Diagnostic {
    let name = &symbol.value;
    let message = format!("the data decides `{name}` twice: {other} and {size}");
    let report = Diagnostic::error(codes::SIZES_DIFFER, message);
    let report = report
        .label(symbol.span, format!("{size} categories here"))
        .label(place, format!("{other} here"));
    report.help("give each a `dim` of its own, or name the classes: `one_hot(classes: […])`")
}

fn undeclared(name: &str, span: Span, declared: &[&str]) -> Diagnostic {
    let message = format!("no dimension `{name}` is left for the data to decide");
    let report = Diagnostic::error(codes::UNDECLARED_SIZE, message).label(span, "decided here");
    report.help(match did_you_mean(name, declared.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("declare it without a size: `dim {name};`"),
    })
}
