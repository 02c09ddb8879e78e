//! Sigma's wildcards: `*` any run of characters, `?` any one, and the dash class of `windash`.
//!
//! A glob is matched against the whole value. Time is at most the pattern's length times the value's:
//! a star gives back one character at a time, and only the last star passed can.

use rsigma_parser::value::{SigmaString, SpecialChar, StringPart};

use crate::need::Place;

/// What a Windows program takes for the dash of an option (Sigma modifiers appendix, `windash`).
pub const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];

/// A piece of a glob.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Token {
    /// These characters.
    Literal(Box<str>),
    /// Any one character.
    One,
    /// Any run of characters, also none.
    Many,
    /// Any one of [`DASHES`].
    Dash,
}

impl From<&SpecialChar> for Token {
    fn from(special: &SpecialChar) -> Self {
        match special {
            SpecialChar::WildcardMulti => Token::Many,
            SpecialChar::WildcardSingle => Token::One,
        }
    }
}

/// A pattern that a whole value must meet.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Glob {
    tokens: Vec<Token>,
}

impl Glob {
    /// From the parts of a Sigma string. Letters are folded by `fold`.
    pub fn new(parts: &SigmaString, fold: impl Fn(&str) -> String) -> Self {
        let tokens = parts.parts.iter().map(|part| match part {
            StringPart::Plain(text) => Token::Literal(fold(text).into()),
            StringPart::Special(special) => special.into(),
        });
        Glob { tokens: tokens.collect() }
    }

    /// From tokens as they are.
    pub fn from_tokens(tokens: Vec<Token>) -> Self {
        Glob { tokens }
    }

    /// The tokens.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }

    /// The same pattern with a `*` before it.
    pub fn after_anything(mut self) -> Self {
        if self.tokens.first() != Some(&Token::Many) {
            self.tokens.insert(0, Token::Many);
        }
        self
    }

    /// The same pattern with a `*` behind it.
    pub fn before_anything(mut self) -> Self {
        if self.tokens.last() != Some(&Token::Many) {
            self.tokens.push(Token::Many);
        }
        self
    }

    /// The longest text that every match contains, and where; `None` if there is none.
    pub fn necessary_literal(&self) -> Option<(&str, Place)> {
        let last = self.tokens.len().saturating_sub(1);
        let literals = self.tokens.iter().enumerate().filter_map(|(i, token)| match token {
            Token::Literal(text) if !text.is_empty() => Some(match i {
                0 if last == 0 => (&**text, Place::Whole),
                0 => (&**text, Place::Prefix),
                _ if i == last => (&**text, Place::Suffix),
                _ => (&**text, Place::Anywhere),
            }),
            _ => None,
        });
        literals.max_by_key(|(text, _)| text.len())
    }

    /// The text, if the pattern is nothing but text.
    pub fn as_literal(&self) -> Option<&str> {
        match self.tokens.as_slice() {
            [] => Some(""),
            [Token::Literal(text)] => Some(text),
            _ => None,
        }
    }

    /// True if the whole of `text` meets the pattern.
    pub fn matches(&self, text: &str) -> bool {
        let (mut token, mut rest) = (0, text);
        // Where to go on after a mismatch: the token behind the last star, and the text it may
        // still begin at.
        let mut retry: Option<(usize, &str)> = None;
        loop {
            let step = match self.tokens.get(token) {
                Some(Token::Many) if token + 1 == self.tokens.len() => return true,
                Some(Token::Many) => {
                    retry = Some((token + 1, rest));
                    Some(rest)
                }
                Some(one) => strip_token(one, rest),
                None if rest.is_empty() => return true,
                None => None,
            };
            match step {
                Some(after) => {
                    token += 1;
                    rest = after;
                }
                None => {
                    let Some((after_star, from)) = retry else { return false };
                    let Some(next) = self.next_start(after_star, from) else { return false };
                    retry = Some((after_star, next));
                    (token, rest) = (after_star, next);
                }
            }
        }
    }

    /// Behind a star, the next place after `from` where the token could begin.
    fn next_start<'t>(&self, token: usize, from: &'t str) -> Option<&'t str> {
        let mut chars = from.chars();
        chars.next()?;
        let rest = chars.as_str();
        match &self.tokens[token] {
            Token::Literal(text) => {
                let at = memchr::memmem::find(rest.as_bytes(), text.as_bytes())?;
                Some(&rest[at..])
            }
            _ => Some(rest),
        }
    }
}

fn strip_token<'t>(token: &Token, text: &'t str) -> Option<&'t str> {
    match token {
        Token::Literal(literal) => text.strip_prefix(&**literal),
        Token::Dash => text.strip_prefix(DASHES),
        Token::One => {
            let mut chars = text.chars();
            chars.next()?;
            Some(chars.as_str())
        }
        Token::Many => unreachable!("stars are handled by the caller"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn glob(text: &str) -> Glob {
        Glob::new(&SigmaString::new(text), str::to_owned)
    }

    #[test]
    fn wildcards_and_escapes() {
        for (pattern, text, expected) in [
            ("", "", true),
            ("", "x", false),
            ("a*c", "abc", true),
            ("a*c", "abcd", false),
            ("*\\cmd.exe", r"C:\Windows\cmd.exe", true),
            (r"?:\\*", r"C:\x", true),
            (r"\*", "*", true),
            (r"\*", "x", false),
            (r"\\*", r"\anything", true),
            ("a*b*c", "a b b c", true),
            ("*ab", "aab", true),
            ("*a?b*", "xaabx", true),
            ("*\n*", "a\nb", true),
            ("?", "č", true),
        ] {
            assert_eq!(glob(pattern).matches(text), expected, "{pattern:?} on {text:?}");
        }
    }

    proptest! {
        /// The regex crate reads the same pattern.
        #[test]
        fn agrees_with_a_regular_expression(
            pattern in "[ab*?]{0,8}",
            text in "[ab\n]{0,12}",
        ) {
            let mut re = String::from("(?s)^");
            for c in pattern.chars() {
                match c {
                    '*' => re.push_str(".*"),
                    '?' => re.push('.'),
                    c => re.push(c),
                }
            }
            re.push('$');
            let expected = regex::Regex::new(&re).expect("valid").is_match(&text);
            // `$` without (?m) is the very end, as a glob's end is.
            prop_assert_eq!(glob(&pattern).matches(&text), expected);
        }
    }
}
