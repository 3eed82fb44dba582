//! Text from a model of texts: `generate` in the library says what the chances of the next token are; here that becomes a
//! function of a window and a place in it, and an action that draws one token after another.

use crate::diag::Diagnostic;
use crate::lower::arguments::{Bound, Given};
use crate::lower::facts::FieldFacts;
use crate::lower::host::argument;
use crate::lower::plan::{Action, Generate};
use crate::lower::value::{Host, Val};
use crate::lower::{Lowerer, Lowering, Reported, codes};
use crate::source::Span;
use crate::tokens::Tokenizer;
use crate::types::DType;

impl Lowerer<'_> {
    /// `draw_text(next, of:, prompt:, length:, seed:, stop:)`.
    pub(crate) fn generate(&mut self, args: &[Bound], span: Span) -> Lowering<Val> {
        let run = self.model_argument(argument(args, "of"))?;
        let field = self.text_field(&run)?;
        let prompt = argument(args, "prompt");
        let text = self.to_str(&prompt.value, prompt.span)?;
        let (ids, window) = self.known_text(&field, &text, prompt.span)?;
        if ids.is_empty() {
            let report = Diagnostic::error(codes::ARGUMENTS, "an empty prompt");
            let report = report.label(prompt.span, "there is nothing to go on from");
            return Err(self.report(report.help("begin with a character: `prompt: \"\\n\"`")));
        }
        self.n_unnamed += 1;
        let name = format!("generation{}", self.n_unnamed);
        let func = self.next_character(&name, window, argument(args, "next"), span)?;
        let stop = argument(args, "stop");
        let action = Generate {
            func,
            name: name.clone(),
            window,
            tokenizer: field.tokenizer.ok_or(Reported)?,
            prompt: (text, ids),
            length: self.whole(argument(args, "length"))?,
            seed: self.whole(argument(args, "seed"))?,
            stop: self.to_str(&stop.value, stop.span)?,
            title: None,
            span,
        };
        self.actions.push(Action::Generate(action));
        Ok(Val::Host(Host::Text(name)))
    }

    fn whole(&mut self, bound: &Bound) -> Lowering<u64> {
        let int = self.to_int(&bound.value, bound.span)?;
        u64::try_from(int).map_err(|_| {
            let message = format!("`{}` is a count, and {int} is negative", bound.name);
            let report = Diagnostic::error(codes::WRONG_KIND, message);
            self.report(report.label(bound.span, "given here"))
        })
    }

    /// The function from a window of tokens and a place in it to the chances of what follows.
    fn next_character(
        &mut self,
        name: &str,
        window: usize,
        next: &Bound,
        span: Span,
    ) -> Lowering<crate::ir::draft::DraftId> {
        let inputs = [
            (Generate::tokens(name), vec![1, window]),
            (Generate::place(name), vec![]),
        ];
        let mut given = vec![];
        for (global, shape) in inputs {
            self.draft.globals.push((global.clone(), DType::I64, shape));
            given.push(Given::value(Val::Global(global), span));
        }
        self.begin_func("generate".into(), false);
        let chances = self.apply(next.value.clone(), given, span, span)?;
        let chances = self.to_tensor(&chances, span)?;
        let (func, _) = self.close(vec![("chances".into(), chances)]);
        self.roots.push(func);
        Ok(func)
    }

    /// The numbers of a text's tokens for a model fed from this field, and the length of its windows.
    pub(crate) fn known_text(
        &mut self,
        field: &FieldFacts,
        text: &str,
        span: Span,
    ) -> Lowering<(Vec<i64>, usize)> {
        let (Some(tokenizer), [window]) = (&field.tokenizer, field.row_shape.as_slice()) else {
            let message = "a text for a model that was not trained on one";
            let report = Diagnostic::error(codes::WRONG_KIND, message);
            let report = report.label(span, "a text").label(
                field.span,
                format!("it reads `{}`: {}", field.name, field.because),
            );
            let help = "train it on windows of characters: `tokens |> windows(seq)`";
            return Err(self.report(report.help(help)));
        };
        match tokenizer.encode(text) {
            Ok(ids) => Ok((ids, *window)),
            Err(letter) => Err(self.unknown_letter(tokenizer, &letter, span)),
        }
    }

    fn unknown_letter(&mut self, known: &Tokenizer, letter: &str, span: Span) -> Reported {
        let shown = letter.escape_debug();
        let message = format!("the model knows no character `{shown}`");
        let n = known.len();
        let report = Diagnostic::error(codes::UNKNOWN_CHARACTER, message)
            .label(span, format!("it knows {n} characters"));
        self.report(report.help(
            "use those of its training text, or let one stand for all others: `chars(unknown: \"?\")`",
        ))
    }
}
