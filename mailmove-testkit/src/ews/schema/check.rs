//! Holds an element against its type.

use super::rules::{Attribute, Complex, Content, Particle, Rule, Term};
use super::{rules, values};
use crate::ews::version::Version;
use crate::ews::xml::Node;

/// # Errors
/// With the words in which Exchange says what is wrong.
pub(super) fn element(node: &Node, kind: &str, version: Version) -> Result<(), String> {
    if kind == "any" {
        return Ok(());
    }
    match rules().get(kind) {
        Some(Rule::Complex(complex)) => complex_type(node, complex, version),
        _ => {
            attributes(node, &[], version)?;
            text(node, kind, version)
        }
    }
}

fn complex_type(node: &Node, complex: &Complex, version: Version) -> Result<(), String> {
    attributes(node, &complex.attributes, version)?;
    match &complex.content {
        Content::Text(kind) => text(node, kind, version),
        Content::Elements { base, particles } => {
            let mut at = 0;
            if let Some(base) = base {
                at = bases(node, base, at, version)?;
            }
            at = sequence(node, particles, at, version)?;
            match node.children.get(at) {
                Some(child) => Err(unexpected(node, child)),
                None if node.children.is_empty() && !node.text.trim().is_empty() => {
                    Err(format!("The element '{}' cannot contain text.", node.name))
                }
                None => Ok(()),
            }
        }
    }
}

fn bases(node: &Node, kind: &str, mut at: usize, version: Version) -> Result<usize, String> {
    let Some(Rule::Complex(Complex { content: Content::Elements { base, particles }, .. })) = rules().get(kind) else {
        return Ok(at);
    };
    if let Some(base) = base {
        at = bases(node, base, at, version)?;
    }
    sequence(node, particles, at, version)
}

fn attributes(node: &Node, allowed: &[Attribute], version: Version) -> Result<(), String> {
    for (name, value) in &node.attributes {
        let known = allowed.iter().find(|attribute| attribute.name == name && version >= attribute.since);
        let attribute = known.ok_or_else(|| format!("The '{name}' attribute is not declared."))?;
        values::check(value, attribute.kind, version)
            .map_err(|why| format!("The '{name}' attribute is invalid - {why}"))?;
    }
    let missing = allowed.iter().find(|attribute| attribute.required && node.attribute(attribute.name).is_none());
    missing.map_or(Ok(()), |attribute| Err(format!("The required attribute '{}' is missing.", attribute.name)))
}

fn text(node: &Node, kind: &str, version: Version) -> Result<(), String> {
    if let Some(child) = node.children.first() {
        return Err(unexpected(node, child));
    }
    values::check(&node.text, kind, version).map_err(|why| format!("The '{}' element is invalid - {why}", node.name))
}

fn unexpected(node: &Node, child: &Node) -> String {
    format!(
        "The element '{}' in namespace '{}' has invalid child element '{}' in namespace '{}'.",
        node.name,
        node.ns.uri(),
        child.name,
        child.ns.uri()
    )
}

/// Matches children from `at` on; the place after the last one that matches.
fn sequence(node: &Node, particles: &[Particle], mut at: usize, version: Version) -> Result<usize, String> {
    for particle in particles {
        let mut found = false;
        while node.children.get(at).is_some_and(|child| begins(particle, child, version))
            && (particle.repeated || !found)
        {
            at = term(node, &particle.term, at, version)?;
            found = true;
        }
        let can_be_empty = || match &particle.term {
            Term::Choice(alternatives) => alternatives.iter().any(|inside| inside.iter().all(|inside| inside.optional)),
            _ => false,
        };
        if !found && !particle.optional && !can_be_empty() {
            return Err(match node.children.get(at) {
                Some(child) => unexpected(node, child),
                None => format!("The element '{}' has incomplete content.", node.name),
            });
        }
    }
    Ok(at)
}

fn term(node: &Node, term: &Term, at: usize, version: Version) -> Result<usize, String> {
    let child = &node.children[at];
    match term {
        Term::Element { kind, .. } => element(child, kind, version).map(|()| at + 1),
        Term::Alias(name) => sequence(node, rules().alias(name), at, version),
        Term::Choice(alternatives) => {
            let inside = alternatives.iter().find(|inside| starts(inside, child, version));
            inside.map_or_else(|| Err(unexpected(node, child)), |inside| sequence(node, inside, at, version))
        }
    }
}

/// Whether this child can be the first of a sequence.
fn starts(particles: &[Particle], child: &Node, version: Version) -> bool {
    for particle in particles {
        if begins(particle, child, version) {
            return true;
        }
        if !particle.optional {
            return false;
        }
    }
    false
}

fn begins(particle: &Particle, child: &Node, version: Version) -> bool {
    match &particle.term {
        Term::Element { ns, name, since, .. } => child.ns == *ns && child.name == *name && version >= *since,
        Term::Choice(alternatives) => alternatives.iter().any(|inside| starts(inside, child, version)),
        Term::Alias(name) => starts(rules().alias(name), child, version),
    }
}
