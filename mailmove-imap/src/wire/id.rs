//! ID (RFC 2971): who the server says it is.

use super::scanner::Scanner;
use super::{Command, Operation, Request, StatusLine, Untagged};

/// `ID`, with who we are.
#[derive(Default)]
pub(crate) struct IdQuery {
    values: Vec<String>,
}

impl Operation for IdQuery {
    /// The values that the server named, without the names of their fields.
    type Output = Vec<String>;

    fn request(&mut self) -> Request {
        Command::id().request()
    }

    fn absorb(&mut self, data: Untagged) -> Option<Untagged> {
        match data {
            Untagged::Id(values) => {
                self.values = values;
                None
            }
            other => Some(other),
        }
    }

    fn finish(self, done: StatusLine) -> Result<Vec<String>, StatusLine> {
        if done.is_ok() { Ok(self.values) } else { Err(done) }
    }
}

/// The values of `("name" "value" ...)`; none of NIL.
pub(super) fn parse(scanner: &mut Scanner<'_>) -> Vec<String> {
    let mut values = Vec::new();
    if scanner.eat(b'(') {
        while !scanner.eat(b')') && scanner.peek().is_some() {
            scanner.skip_value();
            if !matches!(scanner.peek(), None | Some(b')')) {
                values.extend(scanner.string());
            }
        }
    }
    values
}

#[cfg(test)]
mod tests {
    use super::super::untagged::testing::untagged;
    use super::*;

    #[test]
    fn only_values_count() {
        let values = |text: &str| match untagged(text) {
            Untagged::Id(values) => values,
            other => panic!("{other:?}"),
        };
        assert_eq!(values("* ID (\"name\" \"Zimbra\" \"os\" NIL \"version\" \"10.1\")"), ["Zimbra", "10.1"]);
        assert_eq!(values("* ID NIL"), Vec::<String>::new());
        assert_eq!(values("* ID (\"name\""), Vec::<String>::new());
    }
}
