//! The words and the looks of the page.

use mailmove_core::Mailbox;

const STYLE: &str = "body{font:1.1rem/1.5 system-ui,sans-serif;margin:0;color-scheme:light dark}\
    main{max-width:32rem;margin:3rem auto;padding:0 1.25rem}label{display:block;margin:1.25rem 0 .25rem;font-weight:600}\
    input,button{font:inherit;padding:.6rem .75rem;width:100%;box-sizing:border-box;border:1px solid #777;border-radius:6px}\
    button{margin-top:1.75rem;background:#1f5fae;color:#fff;border:0;font-weight:600;cursor:pointer}\
    :focus-visible{outline:3px solid #e0a030;outline-offset:2px}p.small{font-size:.9rem}";

pub(crate) const NOTHING: &str = "<h1>This link does not work</h1><p>It was used, withdrawn, or is too old. \
    Ask whoever moves your mailbox for a new one.</p>";
pub(crate) const AGAIN: &str =
    "<h1>That was not complete</h1><p>Open the link in your mail again, and fill in the form there.</p>";
pub(crate) const THANKS: &str = "<h1>Thank you</h1><p>Your mailbox will be moved. You can close this page.</p>";
pub(crate) const WRONG: &str = "<h1>That did not open your mailbox</h1><p>The user name or the password was not right. \
    This link is used up: ask whoever moves your mailbox for a new one.</p>";
pub(crate) const LATER: &str = "<h1>Your mail server did not answer</h1><p>Nothing is wrong with what you gave as far as \
    we know. You will be asked again if it is needed.</p>";
pub(crate) const SLOWLY: &str = "<h1>Too many requests</h1><p>Try again in a minute.</p>";

/// The form. The login is filled in with what is known.
pub(crate) fn form(mailbox: &Mailbox, token: &str) -> String {
    let (name, login) = (escape(&mailbox.to_string()), escape(mailbox.login_name()));
    format!(
        "<h1>Your mailbox is moving</h1><p>To move <strong>{name}</strong>, the user name and the password at its \
         {} system are needed. They are tried at once, and used for this move only.</p>\
         <form method=\"post\" autocomplete=\"off\"><input type=\"hidden\" name=\"token\" value=\"{token}\">\
         <label for=\"login\">User name</label><input id=\"login\" name=\"login\" value=\"{login}\" required \
         autocapitalize=\"none\" spellcheck=\"false\" autocomplete=\"username\">\
         <label for=\"password\">Password</label><input id=\"password\" name=\"password\" type=\"password\" required \
         autocomplete=\"current-password\"><button>Send</button>\
         <p class=\"small\">This works once. If something is mistyped you need a new link.</p></form>",
        if mailbox.side == mailmove_core::Side::Source { "present" } else { "new" }
    )
}

pub(crate) fn whole(title: &str, content: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\"><title>{}</title><style>{STYLE}</style></head>\
         <body><main>{content}</main></body></html>",
        escape(title)
    )
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;").replace('\'', "&#39;")
}
