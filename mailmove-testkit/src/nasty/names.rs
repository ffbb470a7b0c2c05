use mailmove_core::ItemId;

/// Names of one folder each, all of them different.
pub fn folder_names() -> Vec<String> {
    let mut names: Vec<String> = [
        "R&D",
        "&",
        "&-",
        "&AOQ-",
        "a/b",
        "a.b",
        "a\\b",
        "a^b",
        "it's",
        "\"quoted\"",
        "50%",
        "*",
        "(round) {3} [square] <angle>",
        "NIL",
        "~home",
        "#news",
        "two  blanks",
        " blanks at the ends ",
        "tab\tinside",
        "line\r\nbreak",
        "gr\u{fc}\u{df}e",
        "\u{e9} composed",
        "e\u{301} decomposed",
        "\u{1f4e7}\u{1f1e6}\u{1f1f9}",
        "\u{65e5}\u{672c}\u{8a9e}",
        "\u{5d3}\u{5d5}\u{5d0}\u{5e8}",
        "Case",
        "case",
        "..",
        "con",
        "trailing.",
        "0",
    ]
    .map(str::to_owned)
    .to_vec();
    names.push("long ".repeat(40).trim().to_owned());
    names
}

/// Ids that no endpoint may take for each other, nor choke on.
pub fn ids() -> Vec<ItemId> {
    let texts = [
        "",
        " ",
        "0",
        "00",
        "-1",
        "1 ",
        " 1",
        "1\r\n2",
        "AbC",
        "aBc",
        "a/b",
        "a\\b",
        "\"",
        "'; --",
        "%00",
        "\u{0}",
        "\u{1f48c}",
        "1:*",
        "*",
        "18446744073709551616",
        "nobody has this id",
    ];
    texts.map(ItemId::from).to_vec()
}
