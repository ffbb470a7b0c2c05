//! What the comparison itself decides: how flags, sets and tags are written in one way.

const KNOWN: [&str; 7] = ["\\Seen", "\\Answered", "\\Flagged", "\\Deleted", "\\Draft", "$Forwarded", "$Junk"];

/// Flags in any case and order, written in one way.
pub(crate) fn flag_words(words: impl Iterator<Item = String>) -> Vec<String> {
    let known = |word: String| match KNOWN.iter().find(|known| known.eq_ignore_ascii_case(&word)) {
        Some(known) => (*known).to_owned(),
        None => word,
    };
    let mut words: Vec<String> = words.filter(|word| !word.eq_ignore_ascii_case("\\Recent")).map(known).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// Numbers as the shortest set.
pub(crate) fn set(numbers: impl Iterator<Item = u32>) -> String {
    let mut numbers: Vec<u32> = numbers.collect();
    numbers.sort_unstable();
    numbers.dedup();
    let runs = numbers.chunk_by(|a, b| a + 1 == *b).map(|run| match run {
        [one] => one.to_string(),
        [first, .., last] => format!("{first}:{last}"),
        [] => String::new(),
    });
    runs.collect::<Vec<_>>().join(",")
}

/// The number of a tag of ours.
pub(crate) fn tag_number(tag: &str) -> Option<u64> {
    tag.strip_prefix('m')?.parse().ok()
}
