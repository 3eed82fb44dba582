//! What the grammar wanted, in the words of those who write programs.

use super::grammar::Rule;

pub(super) const EXPRESSION: &str = "an expression";
pub(super) const OPERATOR: &str = "an operator";
pub(super) const NAME: &str = "a name";
pub(super) const TYPE: &str = "a type";
pub(super) const SIZE: &str = "a size";

/// The rules that can fail where they begin, and what to call them. A rule that is not here adds nothing to what others say.
const PHRASES: &[(Rule, &str)] = &[
    (Rule::close_round, "`)`"),
    (Rule::close_square, "`]`"),
    (Rule::close_curly, "`}`"),
    (Rule::comma, "`,`"),
    (Rule::end, "`;`"),
    (Rule::colon, "`:`"),
    (Rule::equals, "`=`"),
    (Rule::tilde, "`~`"),
    (Rule::arrow, "`->`"),
    (Rule::fat_arrow, "`=>`"),
    (Rule::kw_else, "`else`"),
    (Rule::kw_to, "`to`"),
    (Rule::kw_as, "`as`"),
    (Rule::kw_where, "`where`"),
    (Rule::where_clause, "`where`"),
    (Rule::block, "a block: `{ … }`"),
    (Rule::body, "a body: `{ … }` or `= …;`"),
    (Rule::open_curly, "`{`"),
    (Rule::fields, "`{`"),
    (Rule::use_group, "`{`"),
    (Rule::open_round, "`(`"),
    (Rule::params, "`(`"),
    (Rule::open_square, "`[`"),
    (Rule::ident, NAME),
    (Rule::word, NAME),
    (Rule::use_name, NAME),
    (Rule::pattern, NAME),
    (Rule::param, NAME),
    (Rule::field, "a field: `name: value`"),
    (Rule::record_field, "a field: `name: value`"),
    (Rule::type_field, "a field: `name: type`"),
    (Rule::r#type, TYPE),
    (Rule::tensor_type, TYPE),
    (Rule::dim_expr, SIZE),
    (Rule::axis, SIZE),
    (Rule::integer, SIZE),
    (Rule::dim_call, SIZE),
    (Rule::constraint, "a constraint on sizes"),
    (Rule::relation, "a relation such as `<=`"),
    (Rule::item, "a declaration or statement"),
    (Rule::stmt, "a statement"),
    (Rule::expr, EXPRESSION),
    (Rule::arg, "an argument"),
    (Rule::index_item, "an index"),
    (Rule::number, EXPRESSION),
    (Rule::string, "a string in double quotes"),
    (Rule::list, EXPRESSION),
    (Rule::group, EXPRESSION),
    (Rule::lambda, EXPRESSION),
    (Rule::path, EXPRESSION),
    (Rule::infix, OPERATOR),
    (Rule::dim_op, OPERATOR),
];

/// What one phrase says for others.
const WHOLES: &[(&str, &[&str])] = &[
    (
        EXPRESSION,
        &[NAME, SIZE, "`{`", "`[`", "`(`", "a string in double quotes"],
    ),
    (SIZE, &[NAME, "`(`"]),
];

/// What the grammar would have taken at one place.
pub(super) struct Wanted {
    phrases: Vec<&'static str>,
}

impl Wanted {
    pub(super) fn of(rules: &[Rule]) -> Wanted {
        let wants = |rule| rules.contains(rule);
        let mut phrases: Vec<&str> = vec![];
        for (_, phrase) in PHRASES.iter().filter(|(rule, _)| wants(rule)) {
            if !phrases.contains(phrase) {
                phrases.push(phrase);
            }
        }
        // What begins in many ways is named as a whole.
        for (whole, parts) in WHOLES {
            if phrases.contains(whole) {
                phrases.retain(|phrase| !parts.contains(phrase));
            }
        }
        Wanted { phrases }
    }

    pub(super) fn has(&self, phrase: &str) -> bool {
        self.phrases.contains(&phrase)
    }

    /// Whether a value could have begun here.
    pub(super) fn has_value(&self) -> bool {
        [EXPRESSION, "an argument", "an index"]
            .iter()
            .any(|phrase| self.has(phrase))
    }

    /// `a, b or c`; brackets that could follow go unsaid where anything else could.
    pub(super) fn list(&self) -> String {
        let is_bracket = |phrase: &&str| matches!(*phrase, "`(`" | "`[`" | "`as`" | "`where`");
        let (brackets, others): (Vec<&str>, Vec<&str>) =
            self.phrases.iter().partition(|phrase| is_bracket(phrase));
        let said = if others.is_empty() { brackets } else { others };
        match said.as_slice() {
            [] => "something else".to_owned(),
            [only] => (*only).to_owned(),
            [all @ .., last] => format!("{} or {last}", all.join(", ")),
        }
    }
}
