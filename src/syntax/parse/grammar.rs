//! The parser that pest makes of `grammar/nnl.pest`, and a cursor over what it returns. What a rule means is said in the grammar
//! and in `build`.

use std::iter::Peekable;

use pest::iterators::{Pair, Pairs};

/// One node of pest's tree.
pub(super) type Node<'s> = Pair<'s, Rule>;

#[derive(pest_derive::Parser)]
#[grammar = "grammar/nnl.pest"]
pub(super) struct Grammar;

/// The children of a node, without the marks and keywords that only hold them apart.
pub(super) struct Children<'s> {
    pairs: Peekable<Pairs<'s, Rule>>,
}

impl<'s> Children<'s> {
    pub(super) fn of(node: Node<'s>) -> Children<'s> {
        Children::among(node.into_inner())
    }

    pub(super) fn among(pairs: Pairs<'s, Rule>) -> Children<'s> {
        Children {
            pairs: pairs.peekable(),
        }
    }

    /// The rule of the next child.
    pub(super) fn rule(&mut self) -> Option<Rule> {
        while self.pairs.next_if(|pair| is_mark(pair.as_rule())).is_some() {}
        self.pairs.peek().map(Pair::as_rule)
    }

    /// The next child if it is of this rule.
    pub(super) fn one(&mut self, rule: Rule) -> Option<Node<'s>> {
        (self.rule() == Some(rule)).then(|| self.must())
    }

    /// The next child if it is of this rule and reads like this.
    pub(super) fn take_if(
        &mut self,
        rule: Rule,
        reads: impl FnOnce(&str) -> bool,
    ) -> Option<Node<'s>> {
        self.rule();
        self.pairs
            .next_if(|pair| pair.as_rule() == rule && reads(pair.as_str()))
    }

    /// The next child if it is this operator.
    pub(super) fn take_infix(&mut self, op: &str) -> Option<Node<'s>> {
        self.take_if(Rule::infix, |text| text == op)
    }

    /// The next child if it is a call, an index, a member or a transpose.
    pub(super) fn take_postfix(&mut self) -> Option<Node<'s>> {
        let rule = self.rule()?;
        let is_postfix = matches!(
            rule,
            Rule::call | Rule::index | Rule::member | Rule::transpose
        );
        is_postfix.then(|| self.must())
    }

    /// The next child, which the grammar says is there.
    pub(super) fn must(&mut self) -> Node<'s> {
        self.next()
            .expect("the grammar puts a child here in every alternative")
    }
}

impl<'s> Iterator for Children<'s> {
    type Item = Node<'s>;
    fn next(&mut self) -> Option<Node<'s>> {
        self.rule().and_then(|_| self.pairs.next())
    }
}

/// Whether a rule is punctuation or a keyword, which the tree has no place for.
fn is_mark(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::comma
            | Rule::colon
            | Rule::equals
            | Rule::tilde
            | Rule::arrow
            | Rule::fat_arrow
            | Rule::open_round
            | Rule::close_round
            | Rule::open_square
            | Rule::close_square
            | Rule::open_curly
            | Rule::close_curly
            | Rule::kw_use
            | Rule::kw_as
            | Rule::kw_dim
            | Rule::kw_type
            | Rule::kw_fn
            | Rule::kw_grad
            | Rule::kw_where
            | Rule::kw_data
            | Rule::kw_train
            | Rule::kw_test
            | Rule::kw_let
            | Rule::kw_param
            | Rule::kw_state
            | Rule::kw_tap
            | Rule::kw_assert
            | Rule::kw_show
            | Rule::kw_save
            | Rule::kw_to
            | Rule::kw_next
            | Rule::kw_if
            | Rule::kw_else
            | Rule::kw_repeat
            | Rule::kw_or
            | Rule::EOI
    )
}
