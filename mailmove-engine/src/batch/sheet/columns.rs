//! The seven columns of the bulk format.

use std::fmt;

use mailmove_core::Side;

/// A column of the bulk format. Headers are found by name, in any order, in upper or lower case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Column {
    /// The address of the source mailbox.
    SourceEmail,
    /// The name that signs in at the source.
    SourceLogin,
    /// Its password.
    SourcePassword,
    /// The address of the destination mailbox.
    DestinationEmail,
    /// The name that signs in at the destination.
    DestinationLogin,
    /// Its password.
    DestinationPassword,
    /// The sum of the flags.
    Flags,
}

impl Column {
    /// Every column, in the order in which a template has them.
    pub const ALL: [Column; 7] = [
        Column::SourceEmail,
        Column::SourceLogin,
        Column::SourcePassword,
        Column::DestinationEmail,
        Column::DestinationLogin,
        Column::DestinationPassword,
        Column::Flags,
    ];

    /// The header.
    pub fn as_str(self) -> &'static str {
        match self {
            Column::SourceEmail => "Source Email",
            Column::SourceLogin => "Source Login Name",
            Column::SourcePassword => "Source Password",
            Column::DestinationEmail => "Destination Email",
            Column::DestinationLogin => "Destination Login Name",
            Column::DestinationPassword => "Destination Password",
            Column::Flags => "Flags",
        }
    }

    /// The column with this header; blanks around it and between its words count once.
    pub(super) fn parse(header: &str) -> Option<Column> {
        let words = || header.split_whitespace();
        let same = |column: &Column| {
            let names = column.as_str().split(' ');
            names.clone().count() == words().count() && names.zip(words()).all(|(a, b)| a.eq_ignore_ascii_case(b))
        };
        Column::ALL.into_iter().find(same)
    }

    /// Address, login name and password of a side.
    pub(super) fn of(side: Side) -> [Column; 3] {
        match side {
            Side::Source => [Column::SourceEmail, Column::SourceLogin, Column::SourcePassword],
            Side::Destination => [Column::DestinationEmail, Column::DestinationLogin, Column::DestinationPassword],
        }
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
