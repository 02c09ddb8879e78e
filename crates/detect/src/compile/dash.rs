//! The modifier `windash`: the dash of an option may be any of [`DASHES`].
//!
//! The dash of an option is one that begins a word: no letter or digit before it, one behind it.
//! Others (`a-b`, `C:/x`) are not changed; pySigma, the reference implementation, does the same.

use rsigma_parser::value::{SigmaString, StringPart};

use super::item::{ItemError, error};
use crate::glob::{DASHES, Glob, Token};

/// A piece of a text.
enum Piece<'t> {
    Text(&'t str),
    /// The dash of an option.
    Dash,
}

fn pieces(text: &str) -> Vec<Piece<'_>> {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    let mut pieces = Vec::new();
    let (mut before, mut start) = (None, 0);
    for (at, c) in text.char_indices() {
        let end = at + c.len_utf8();
        if DASHES.contains(&c) && !is_word(before) && is_word(text[end..].chars().next()) {
            if start < at {
                pieces.push(Piece::Text(&text[start..at]));
            }
            pieces.push(Piece::Dash);
            start = end;
        }
        before = Some(c);
    }
    if start < text.len() {
        pieces.push(Piece::Text(&text[start..]));
    }
    pieces
}

/// The pattern of a value. Letters are folded by `fold`.
pub fn glob(s: &SigmaString, fold: &dyn Fn(&str) -> String) -> Glob {
    let mut tokens = Vec::new();
    for part in &s.parts {
        match part {
            StringPart::Special(special) => tokens.push(special.into()),
            StringPart::Plain(text) => {
                tokens.extend(pieces(text).iter().map(|piece| match piece {
                    Piece::Text(text) => Token::Literal(fold(text).into()),
                    Piece::Dash => Token::Dash,
                }))
            }
        }
    }
    Glob::from_tokens(tokens)
}

/// Each dash of an option multiplies the spellings by five.
const DASHES_MAX: usize = 4;

/// Every spelling of a text, for what cannot be done with a pattern (encodings).
pub fn spellings(text: &str) -> Result<Vec<String>, ItemError> {
    let pieces = pieces(text);
    if pieces.iter().filter(|p| matches!(p, Piece::Dash)).count() > DASHES_MAX {
        return error(
            format!("'{text}' has more than {DASHES_MAX} dashes to be encoded in every spelling"),
            "encode a shorter text",
        );
    }
    let mut done = vec![String::new()];
    for piece in pieces {
        match piece {
            Piece::Text(text) => done.iter_mut().for_each(|d| d.push_str(text)),
            Piece::Dash => {
                done = done
                    .iter()
                    .flat_map(|d| DASHES.iter().map(move |dash| format!("{d}{dash}")))
                    .collect();
            }
        }
    }
    Ok(done)
}
