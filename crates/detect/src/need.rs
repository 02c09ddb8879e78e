//! What a value must contain for a test to hold: the handle by which an index finds the tests that a
//! value may meet, without asking each.

use std::borrow::Cow;

use crate::test::lowercase;

/// Where in the value a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// It is the value.
    Whole,
    /// The value begins with it.
    Prefix,
    /// The value ends with it.
    Suffix,
    /// Somewhere.
    Anywhere,
}

impl Place {
    /// The need of a text of a rule at this place. It was put into lower case unless `cased`, and then
    /// having it is enough; a text with case is found by its lower case, if that does not depend on
    /// what stands around it.
    pub fn need(self, text: &str, cased: bool) -> Option<Need<'_>> {
        if text.is_empty() && self != Place::Whole || cased && !text.is_ascii() {
            return None;
        }
        let text = if cased { lowercase(text) } else { Cow::Borrowed(text) };
        Some(Need { text, place: self, suffices: !cased })
    }
}

/// A text that must stand in a value's lower-case text. Not empty, unless it is the whole value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need<'t> {
    /// The text, in lower case.
    pub text: Cow<'t, str>,
    /// Where it must stand.
    pub place: Place,
    /// True if the test holds wherever this does.
    pub suffices: bool,
}

impl Need<'_> {
    /// How rarely a value should have it, by the look of it. A whole value is rarer than a part.
    pub fn rarity(&self) -> u32 {
        self.text.len() as u32 + if self.place == Place::Whole { 4 } else { 0 }
    }
}

/// Which texts are worth: the one that is met most often decides.
pub fn rarity(needs: &[Need<'_>]) -> u32 {
    needs.iter().map(Need::rarity).min().unwrap_or(0)
}
