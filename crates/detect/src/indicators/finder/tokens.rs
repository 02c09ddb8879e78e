//! Addresses, domains, URLs, mail addresses and hashes as tokens within a longer text.
//!
//! A token is a run of letters, digits, dots, hyphens and underscores. It is an address only where an
//! address can stand: `Version=1.2.3.4`, `Chrome/1.2.3.4`, `setup-1.2.3.4.exe` and
//! `C:\lib\1.2.3.4\x.dll` hold none. It is a domain only where no file's name can stand.

use super::Finder;
use crate::indicators::canonical;
use crate::indicators::index::{Class, Found, Index};

const WORD: u8 = 1;
const DOT: u8 = 2;
const NO_HEX: u8 = 4;
const NO_DIGIT: u8 = 8;

/// What each byte is to a token.
static BYTES: [u8; 256] = bytes();

const fn bytes() -> [u8; 256] {
    let mut table = [0; 256];
    let mut i = 0;
    while i < 256 {
        let b = i as u8;
        table[i] = match b {
            b'.' => WORD | DOT | NO_HEX,
            b'0'..=b'9' => WORD,
            b'a'..=b'f' | b'A'..=b'F' => WORD | NO_DIGIT,
            b'g'..=b'z' | b'G'..=b'Z' | b'-' | b'_' | 0x80.. => WORD | NO_HEX | NO_DIGIT,
            _ => 0,
        };
        i += 1;
    }
    table
}

/// Words before a number that say it is a version.
const VERSION_WORDS: &[&str] =
    &["version", "ver", "vers", "v", "build", "release", "rev", "revision", "fileversion"];

impl Finder {
    /// Adds what stands in the text.
    pub(super) fn text(&mut self, index: &Index, text: &str, out: &mut Vec<Found>) {
        if canonical::may_be_defanged(text) {
            let live = canonical::refang(text);
            self.words(index, &live, out);
        }
        self.words(index, text, out);
        self.arguments(index, text, out);
    }

    fn words(&mut self, index: &Index, text: &str, out: &mut Vec<Found>) {
        let bytes = text.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            let mut is = BYTES[bytes[at] as usize];
            if is == 0 {
                at += 1;
                continue;
            }
            let start = at;
            at += 1;
            while at < bytes.len() {
                let next = BYTES[bytes[at] as usize];
                if next == 0 {
                    break;
                }
                is |= next;
                at += 1;
            }
            if is & DOT != 0 {
                if at - start >= 4 {
                    self.dotted(index, Token { text, start, end: at }, is, out);
                }
            } else if is & NO_HEX == 0 {
                if matches!(at - start, 32 | 40 | 64 | 128) {
                    self.hex(index, &text[start..at], |_| true, out);
                } else if at - start <= 4 && bytes.get(at) == Some(&b':') {
                    at = self.colons(index, text, start, out).max(at);
                }
            }
        }
    }

    /// A token with a dot in it.
    fn dotted(&mut self, index: &Index, token: Token<'_>, is: u8, out: &mut Vec<Found>) {
        let token = token.trimmed();
        let word = token.word();
        if is & NO_DIGIT == 0 {
            if let Some(address) = canonical::address(word).filter(|_| token.may_be_address()) {
                index.find_address(address, out);
                self.url_from(index, token, out);
            }
            return;
        }
        let top = word.rsplit('.').next().unwrap_or("");
        self.lower(top);
        if !index.has_top(&self.lower) || !token.may_be_domain() {
            return;
        }
        self.domain(index, word, out);
        self.url_from(index, token, out);
        if token.before() == Some(b'@') && index.has(Class::Mail) {
            self.mail_to(index, token, out);
        }
    }

    /// The URL whose host the token is.
    fn url_from(&mut self, index: &Index, token: Token<'_>, out: &mut Vec<Found>) {
        let rest = &token.text[token.start..];
        if !index.has(Class::Url) || !rest[token.end - token.start..].starts_with(['/', ':', '?']) {
            return;
        }
        let ends = |c: char| {
            c.is_whitespace() || matches!(c, '"' | '\'' | '<' | '>' | '`' | '|' | '\\' | '{' | '}')
        };
        let url = rest.split(ends).next().unwrap_or(rest);
        self.url(index, url, out);
        // In prose and in code, what ends a sentence or a call is no part of it.
        let plain = url.trim_end_matches([')', ']', ',', ';', '.', '!']);
        if plain.len() < url.len() {
            self.url(index, plain, out);
        }
    }

    /// The mail address whose domain the token is.
    fn mail_to(&mut self, index: &Index, token: Token<'_>, out: &mut Vec<Found>) {
        let before = &token.text[..token.start - 1];
        let is_local = |c: char| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | '+' | '=');
        let local = before.rsplit(|c| !is_local(c)).next().unwrap_or("");
        if !local.is_empty() && local.len() <= 64 {
            self.lower(&token.text[before.len() - local.len()..token.end]);
            index.find(Class::Mail, &self.lower, out);
        }
    }

    /// An IPv6 address that begins at `start`. Returns where it ends.
    fn colons(&mut self, index: &Index, text: &str, start: usize, out: &mut Vec<Found>) -> usize {
        let run = text[start..]
            .bytes()
            .take(46)
            .take_while(|b| b.is_ascii_hexdigit() || matches!(b, b':' | b'.'))
            .count();
        let word = text[start..start + run].trim_end_matches([':', '.']);
        if word.bytes().filter(|b| *b == b':').count() < 2 {
            return start;
        }
        match canonical::address(word) {
            Some(address) => {
                index.find_address(address, out);
                start + word.len()
            }
            None => start,
        }
    }
}

/// A token and what stands around it.
#[derive(Clone, Copy)]
struct Token<'t> {
    text: &'t str,
    start: usize,
    end: usize,
}

impl<'t> Token<'t> {
    /// Without the dots and hyphens of the sentence it stands in.
    fn trimmed(self) -> Self {
        let is_mark = |c: char| matches!(c, '.' | '-');
        let word = self.word();
        let start = self.start + (word.len() - word.trim_start_matches(is_mark).len());
        let end = start + word.trim_matches(is_mark).len();
        Token { start, end, ..self }
    }

    fn word(self) -> &'t str {
        &self.text[self.start..self.end]
    }

    fn byte(self, before: usize) -> Option<u8> {
        self.text.as_bytes().get(self.start.checked_sub(before)?).copied()
    }

    /// The byte before it.
    fn before(self) -> Option<u8> {
        self.byte(1)
    }

    fn after(self) -> Option<u8> {
        self.text.as_bytes().get(self.end).copied()
    }

    /// True if what stands before it is two of these, and nothing that a path goes on from.
    fn follows_two(self, slash: u8) -> bool {
        self.before() == Some(slash)
            && self.byte(2) == Some(slash)
            && (slash == b'/' || self.byte(3).is_none_or(|b| BYTES[b as usize] & WORD == 0))
    }

    /// False where only a version or a part of a path can stand.
    fn may_be_address(self) -> bool {
        let begins = match self.before() {
            None => true,
            Some(b'/') => self.start == 1 || self.follows_two(b'/'),
            Some(b'\\') => self.follows_two(b'\\'),
            Some(b) => !matches!(b, b'.' | b'-' | b'_' | b'+' | b'$' | b'%' | b'#'),
        };
        let ends = !matches!(self.after(), Some(b'+' | b'%'));
        begins && ends && !self.follows_version()
    }

    fn follows_version(self) -> bool {
        let before = self.text[..self.start].trim_end_matches([' ', '=', ':', '"', '\'', '>', '(']);
        let word = before.rsplit(|c: char| !c.is_ascii_alphabetic()).next().unwrap_or("");
        let is_one = |version: &&str| word.eq_ignore_ascii_case(version);
        VERSION_WORDS.iter().any(is_one)
            || word.len() > 7 && word[word.len() - 7..].eq_ignore_ascii_case("version")
    }

    /// False where only a file, a variable or a method can stand.
    fn may_be_domain(self) -> bool {
        let begins = match self.before() {
            Some(b'/') => self.start == 1 || self.follows_two(b'/'),
            Some(b'\\') => self.follows_two(b'\\'),
            Some(b'$' | b'%' | b'#') => false,
            _ => true,
        };
        begins && self.after() != Some(b'(')
    }
}
