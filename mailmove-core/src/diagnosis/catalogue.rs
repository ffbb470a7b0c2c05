//! The table of causes for people, made of the data that the code uses.

use std::fmt::Write;

use super::codes::{CODES, Sign, WORDS};
use super::rules::RULES;
use super::{Cause, Confidence, aadsts};

/// The catalogue of causes in Markdown: what speaks for each, and what to do.
pub fn catalogue() -> String {
    let mut text = String::from(INTRODUCTION);
    for cause in Cause::ALL {
        let _ = write!(text, "\n## {}\n\n`{}`", sentence(cause.title()), cause.id());
        if let Some(time) = cause.retry_within() {
            let _ = write!(text, " · deferred, tried again within {} hours", time.as_secs() / 3600);
        }
        text.push_str("\n\n| what speaks for it | how sure |\n|---|---|\n");
        for (sign, confidence) in signs(*cause) {
            let _ = writeln!(text, "| {sign} | {confidence} |");
        }
        text.push('\n');
        for (at, remedy) in cause.remedies().iter().enumerate() {
            let weaker = if remedy.weakens { " **This weakens security.**" } else { "" };
            let _ = writeln!(text, "{}. {}.{weaker}", at + 1, sentence(remedy.text));
            if let Some(command) = remedy.command {
                let _ = writeln!(text, "   `{command}`");
            }
        }
    }
    text
}

const INTRODUCTION: &str = "\
# Why a door stays shut

One answer can have many causes. A diagnosis names every cause that fits, best first, with what speaks for it and how
sure that is: *certain* (the server said so), *likely* (it fits better than others), *possible* (it fits). What to do is
ordered safest first; nothing of it is done by mailmove itself.

This page is made of the data that the code uses (`mailmove_core::diagnosis`); a test keeps it so.
";

fn signs(cause: Cause) -> Vec<(String, Confidence)> {
    let mut signs = Vec::new();
    for confidence in [Confidence::Certain, Confidence::Likely, Confidence::Possible] {
        let numbers = aadsts::KNOWN.iter().filter(|known| (known.cause, known.confidence) == (cause, confidence));
        list(&mut signs, confidence, numbers.map(|known| format!("`AADSTS{}`", known.number)));
        list(&mut signs, confidence, pointing(CODES, cause, confidence).map(|sign| format!("`{}`", sign.text)));
        list(&mut signs, confidence, pointing(WORDS, cause, confidence).map(|sign| format!("“{}”", sign.text)));
        let rules = RULES.iter().filter(|rule| (rule.cause, rule.confidence) == (cause, confidence));
        signs.extend(rules.map(|rule| (rule.sign.to_owned(), confidence)));
    }
    if signs.is_empty() {
        let nothing = match cause {
            Cause::Unknown => "nothing that is known fits",
            _ => "what the connector sees",
        };
        signs.push((
            nothing.to_owned(),
            if cause == Cause::Unknown { Confidence::Possible } else { Confidence::Likely },
        ));
    }
    signs
}

fn list(signs: &mut Vec<(String, Confidence)>, confidence: Confidence, items: impl Iterator<Item = String>) {
    let items: Vec<_> = items.collect();
    if !items.is_empty() {
        signs.push((items.join(", "), confidence));
    }
}

fn pointing(signs: &'static [Sign], cause: Cause, confidence: Confidence) -> impl Iterator<Item = &'static Sign> {
    signs.iter().filter(move |sign| sign.points_to.contains(&(cause, confidence)))
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
