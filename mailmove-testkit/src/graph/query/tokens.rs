//! Words of a filter.

use crate::graph::refusal::Refusal;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A name, a path, a number, a moment: whatever has no quotes.
    Word(String),
    Text(String),
    Open,
    Close,
    Comma,
    Colon,
}

pub(super) fn tokens(text: &str) -> Result<Vec<Token>, Refusal> {
    let mut tokens = Vec::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        let token = match character {
            ' ' => continue,
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            // In a moment it is part of a word.
            ':' => Token::Colon,
            '\'' => {
                let mut value = String::new();
                loop {
                    match characters.next() {
                        // A quote is doubled inside of quotes.
                        Some('\'') if characters.peek() == Some(&'\'') => {
                            characters.next();
                            value.push('\'');
                        }
                        Some('\'') => break,
                        Some(other) => value.push(other),
                        None => return Err(Refusal::query("There is an unterminated string literal in $filter.")),
                    }
                }
                Token::Text(value)
            }
            first => {
                let mut word = String::from(first);
                let digits = first.is_ascii_digit();
                while let Some(next) = characters.next_if(|next| !" (),'".contains(*next) && (digits || *next != ':')) {
                    word.push(next);
                }
                Token::Word(word)
            }
        };
        tokens.push(token);
    }
    Ok(tokens)
}
