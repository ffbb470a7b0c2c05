//! The rules, and the notation in which they are written.
//!
//! ```text
//! ; a comment
//! Name @Attribute:Type! @Attribute@13 = Child:Type? Child* (This | That)+   a complex type
//! Name = <Base> Child                                                      one that begins like another
//! Name @Attribute = #Type                                                  text with attributes
//! Name # Type                                                              text
//! Name ~ One Two                                                           one of these words
//! $Alias = (This | That)                                                   an abbreviation
//! ```
//! A type that is not named is called like its element. `@13` means: from Exchange 2013 on. Lines that begin with a
//! blank continue the line before.

use std::collections::HashMap;

use crate::ews::version::Version;
use crate::ews::xml::Ns;

const OPERATIONS: &str = include_str!("rules/operations.txt");
const TYPES: [&str; 5] = [
    include_str!("rules/common.txt"),
    include_str!("rules/folders.txt"),
    include_str!("rules/items.txt"),
    include_str!("rules/calendar.txt"),
    include_str!("rules/people.txt"),
];

/// All types by name.
#[derive(Debug)]
pub(crate) struct Rules {
    types: HashMap<&'static str, Rule>,
    aliases: HashMap<&'static str, Vec<Particle>>,
}

#[derive(Debug)]
pub(crate) enum Rule {
    /// One of these words.
    Words(Vec<&'static str>),
    /// Text like that of another type.
    Text(&'static str),
    Complex(Complex),
}

#[derive(Debug)]
pub(crate) struct Complex {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) content: Content,
}

#[derive(Debug)]
pub(crate) enum Content {
    Text(&'static str),
    Elements { base: Option<&'static str>, particles: Vec<Particle> },
}

#[derive(Debug)]
pub(crate) struct Attribute {
    pub(crate) name: &'static str,
    pub(crate) since: Version,
    pub(crate) kind: &'static str,
    pub(crate) required: bool,
}

#[derive(Debug)]
pub(crate) struct Particle {
    pub(crate) term: Term,
    pub(crate) optional: bool,
    pub(crate) repeated: bool,
}

#[derive(Debug)]
pub(crate) enum Term {
    Element { ns: Ns, name: &'static str, since: Version, kind: &'static str },
    Choice(Vec<Vec<Particle>>),
    Alias(&'static str),
}

impl Rules {
    pub(super) fn read() -> Self {
        let mut rules = Self { types: HashMap::new(), aliases: HashMap::new() };
        rules.add(OPERATIONS, Ns::Messages);
        TYPES.into_iter().for_each(|text| rules.add(text, Ns::Types));
        rules
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Rule> {
        self.types.get(name)
    }

    pub(crate) fn alias(&self, name: &str) -> &[Particle] {
        self.aliases.get(name).map_or(&[], Vec::as_slice)
    }

    /// The child elements of a type with the version that brought them, those of its bases first.
    pub(crate) fn elements(&self, name: &str) -> impl Iterator<Item = (&'static str, Version)> {
        let mut names = Vec::new();
        self.collect(name, &mut names);
        names.into_iter()
    }

    /// Whether a type has this child element itself, not from a base, and this version knows it.
    pub(crate) fn owns(&self, kind: &str, element: &str, version: Version) -> bool {
        let Some(Rule::Complex(Complex { content: Content::Elements { particles, .. }, .. })) = self.get(kind) else {
            return false;
        };
        particles.iter().any(|particle| match particle.term {
            Term::Element { name, since, .. } => name == element && version >= since,
            Term::Choice(_) | Term::Alias(_) => false,
        })
    }

    fn collect(&self, name: &str, names: &mut Vec<(&'static str, Version)>) {
        let Some(Rule::Complex(Complex { content: Content::Elements { base, particles }, .. })) = self.get(name) else {
            return;
        };
        if let Some(base) = base {
            self.collect(base, names);
        }
        for particle in particles {
            if let Term::Element { name, since, .. } = particle.term {
                names.push((name, since));
            }
        }
    }

    fn add(&mut self, text: &'static str, ns: Ns) {
        let mut words: Vec<&'static str> = Vec::new();
        for line in text.lines().filter(|line| !line.starts_with(';')) {
            if !line.starts_with(' ') {
                self.rule(&std::mem::take(&mut words), ns);
            }
            words.extend(line.split_whitespace());
        }
        self.rule(&words, ns);
    }

    fn rule(&mut self, words: &[&'static str], ns: Ns) {
        let Some((&name, rest)) = words.split_first() else { return };
        let rule = match rest {
            ["~", words @ ..] => Rule::Words(words.to_vec()),
            ["#", kind] => Rule::Text(kind),
            _ => {
                let at = rest.iter().position(|word| *word == "=").unwrap_or_else(|| panic!("no = in {name}"));
                let attributes = rest[..at].iter().map(|word| Attribute::read(word)).collect();
                let content = match &rest[at + 1..] {
                    [text] if text.starts_with('#') => Content::Text(&text[1..]),
                    [base, more @ ..] if base.starts_with('<') => Content::Elements {
                        base: Some(base.trim_matches(['<', '>'])),
                        particles: Parser::new(more, ns).sequence(),
                    },
                    more => Content::Elements { base: None, particles: Parser::new(more, ns).sequence() },
                };
                match content {
                    Content::Elements { particles, .. } if name.starts_with('$') => {
                        self.aliases.insert(name, particles);
                        return;
                    }
                    content => Rule::Complex(Complex { attributes, content }),
                }
            }
        };
        assert!(self.types.insert(name, rule).is_none(), "{name} is defined twice");
    }
}

impl Attribute {
    fn read(word: &'static str) -> Self {
        let required = word.ends_with('!');
        let (name, since, kind) = named(word.trim_start_matches('@').trim_end_matches('!'));
        Self { name, since, kind, required }
    }
}

/// `Name@13:Type`.
fn named(word: &'static str) -> (&'static str, Version, &'static str) {
    let (head, kind) = word.split_once(':').map_or((word, None), |(head, kind)| (head, Some(kind)));
    let (name, since) = head.split_once('@').map_or((head, None), |(name, mark)| (name, Some(mark)));
    (name, since.map_or(Version::Exchange2007Sp1, Version::since), kind.unwrap_or(name))
}

struct Parser {
    tokens: std::vec::IntoIter<&'static str>,
    ns: Ns,
}

impl Parser {
    /// Parentheses become tokens of their own, quantifiers stay with what they follow.
    fn new(words: &[&'static str], ns: Ns) -> Self {
        let mut tokens = Vec::new();
        for word in words {
            let mut rest = *word;
            while let Some(inside) = rest.strip_prefix('(') {
                tokens.push("(");
                rest = inside;
            }
            while let Some(at) = rest.find(')') {
                if at > 0 {
                    tokens.push(&rest[..at]);
                }
                let end = rest[at + 1..].find(|c| !"?*+".contains(c)).map_or(rest.len(), |more| at + 1 + more);
                tokens.push(&rest[at..end]);
                rest = &rest[end..];
            }
            if !rest.is_empty() {
                tokens.push(rest);
            }
        }
        Self { tokens: tokens.into_iter(), ns }
    }

    fn sequence(mut self) -> Vec<Particle> {
        let (mut alternatives, _) = self.alternatives();
        alternatives.swap_remove(0)
    }

    /// What stands up to the closing parenthesis, which comes with its quantifier, or up to the end.
    fn alternatives(&mut self) -> (Vec<Vec<Particle>>, &'static str) {
        let mut alternatives = vec![Vec::new()];
        while let Some(token) = self.tokens.next() {
            let particle = match token {
                "|" => {
                    alternatives.push(Vec::new());
                    continue;
                }
                "(" => {
                    let (inside, end) = self.alternatives();
                    Particle::new(Term::Choice(inside), end)
                }
                end if end.starts_with(')') => return (alternatives, end),
                word => {
                    let bare = word.trim_end_matches(['?', '*', '+']);
                    let term = if bare.starts_with('$') {
                        Term::Alias(bare)
                    } else {
                        let (name, since, kind) = named(bare);
                        Term::Element { ns: self.ns, name, since, kind }
                    };
                    Particle::new(term, word)
                }
            };
            if let Some(last) = alternatives.last_mut() {
                last.push(particle);
            }
        }
        (alternatives, "")
    }
}

impl Particle {
    fn new(term: Term, end: &str) -> Self {
        Self { term, optional: end.ends_with(['?', '*']), repeated: end.ends_with(['*', '+']) }
    }
}

#[cfg(test)]
impl Rules {
    /// # Panics
    /// When a rule names a type or an alias that is not there.
    pub(super) fn assert_complete(&self) {
        let known = |kind: &str| {
            let there = super::values::is_builtin(kind) || self.types.contains_key(kind);
            assert!(there, "there is no type {kind}");
        };
        for rule in self.types.values() {
            match rule {
                Rule::Words(words) => assert!(!words.is_empty()),
                Rule::Text(kind) => known(kind),
                Rule::Complex(complex) => {
                    complex.attributes.iter().for_each(|attribute| known(attribute.kind));
                    match &complex.content {
                        Content::Text(kind) => known(kind),
                        Content::Elements { base, particles } => {
                            base.iter().for_each(|base| known(base));
                            self.assert_particles(particles, &known);
                        }
                    }
                }
            }
        }
    }

    fn assert_particles(&self, particles: &[Particle], known: &impl Fn(&str)) {
        for particle in particles {
            match &particle.term {
                Term::Element { kind, .. } => known(kind),
                Term::Choice(alternatives) => {
                    alternatives.iter().for_each(|inside| self.assert_particles(inside, known))
                }
                Term::Alias(name) => assert!(self.aliases.contains_key(name), "there is no {name}"),
            }
        }
    }
}
