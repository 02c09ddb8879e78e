//! A pattern's grammar (STIX 2.1, 9.3 to 9.7): `FOLLOWEDBY` binds loosest, then `OR`, then `AND`.

use blanik_model::Timestamp;

use super::lexer::{Word, words};
use super::{
    Comparison, Comparisons, Literal, Matcher, Observations, PATTERN_BYTES_MAX, PatternError,
    Source, Test,
};

/// Parentheses in parentheses.
const DEPTH_MAX: usize = 32;
/// Bytes of a compiled regular expression.
const EXPRESSION_BYTES_MAX: usize = 1 << 20;

/// Reads a pattern.
pub fn parse(text: &str) -> Result<Observations, PatternError> {
    if text.len() > PATTERN_BYTES_MAX {
        let what = format!("more than {PATTERN_BYTES_MAX} bytes (limit)");
        return Err(PatternError { at: PATTERN_BYTES_MAX, what });
    }
    let mut parser = Parser { words: words(text)?, at: 0, end: text.len(), depth: 0 };
    let observations = parser.followed_by()?;
    match parser.words.get(parser.at) {
        None => Ok(observations),
        Some(_) => Err(parser.expected("the end of the pattern")),
    }
}

struct Parser {
    words: Vec<(usize, Word)>,
    at: usize,
    end: usize,
    depth: usize,
}

type Read<T> = Result<T, PatternError>;

impl Parser {
    fn peek(&self) -> Option<&Word> {
        self.words.get(self.at).map(|(_, word)| word)
    }

    fn next(&mut self) -> Option<Word> {
        let word = self.peek().cloned();
        self.at += 1;
        word
    }

    fn expected(&self, what: &str) -> PatternError {
        let at = self.words.get(self.at).map_or(self.end, |(at, _)| *at);
        PatternError { at, what: format!("{what} is expected") }
    }

    fn is_mark(&self, mark: &str) -> bool {
        matches!(self.peek(), Some(Word::Mark(own)) if *own == mark)
    }

    fn is_name(&self, name: &str) -> bool {
        matches!(self.peek(), Some(Word::Name(own)) if own == name)
    }

    fn take_mark(&mut self, mark: &str) -> bool {
        let is = self.is_mark(mark);
        self.at += usize::from(is);
        is
    }

    fn take_name(&mut self, name: &str) -> bool {
        let is = self.is_name(name);
        self.at += usize::from(is);
        is
    }

    fn mark(&mut self, mark: &str) -> Read<()> {
        if self.take_mark(mark) { Ok(()) } else { Err(self.expected(&format!("'{mark}'"))) }
    }

    fn name(&mut self, name: &str) -> Read<()> {
        if self.take_name(name) { Ok(()) } else { Err(self.expected(name)) }
    }

    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth == DEPTH_MAX {
            return Err(self.expected(&format!("at most {DEPTH_MAX} parentheses in each other")));
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    fn followed_by(&mut self) -> Read<Observations> {
        let mut all = vec![self.or_observations()?];
        while self.take_name("FOLLOWEDBY") {
            all.push(self.or_observations()?);
        }
        Ok(joined(all, Observations::FollowedBy))
    }

    fn or_observations(&mut self) -> Read<Observations> {
        let mut all = vec![self.and_observations()?];
        while self.take_name("OR") {
            all.push(self.and_observations()?);
        }
        Ok(joined(all, Observations::Or))
    }

    fn and_observations(&mut self) -> Read<Observations> {
        let mut all = vec![self.observation()?];
        while self.take_name("AND") {
            all.push(self.observation()?);
        }
        Ok(joined(all, Observations::And))
    }

    fn observation(&mut self) -> Read<Observations> {
        let mut one = if self.take_mark("(") {
            let inner = self.deeper(Self::followed_by)?;
            self.mark(")")?;
            inner
        } else {
            self.mark("[")?;
            let comparisons = self.or_comparisons()?;
            self.mark("]")?;
            Observations::One(comparisons)
        };
        let mut qualifiers = 0;
        loop {
            qualifiers += 1;
            if qualifiers > DEPTH_MAX {
                return Err(self.expected("at most 32 qualifiers"));
            }
            one = if self.take_name("WITHIN") {
                let seconds = self.number()?;
                self.name("SECONDS")?;
                Observations::Within(Box::new(one), seconds)
            } else if self.take_name("REPEATS") {
                let times = self.number()?;
                self.name("TIMES")?;
                if times < 1.0 || times.fract() != 0.0 {
                    return Err(self.expected("a whole number of times"));
                }
                Observations::Repeats(Box::new(one), times as u64)
            } else if self.take_name("START") {
                let start = self.time()?;
                self.name("STOP")?;
                let stop = self.time()?;
                Observations::Between(Box::new(one), start, stop)
            } else {
                return Ok(one);
            };
        }
    }

    fn or_comparisons(&mut self) -> Read<Comparisons> {
        let mut all = vec![self.and_comparisons()?];
        while self.take_name("OR") {
            all.push(self.and_comparisons()?);
        }
        Ok(joined(all, Comparisons::Or))
    }

    fn and_comparisons(&mut self) -> Read<Comparisons> {
        let mut all = vec![self.comparison()?];
        while self.take_name("AND") {
            all.push(self.comparison()?);
        }
        Ok(joined(all, Comparisons::And))
    }

    fn comparison(&mut self) -> Read<Comparisons> {
        if self.take_mark("(") {
            let inner = self.deeper(Self::or_comparisons)?;
            self.mark(")")?;
            return Ok(inner);
        }
        let negated = self.take_name("NOT");
        let exists = self.take_name("EXISTS");
        let path = self.path()?;
        let negated = negated | self.take_name("NOT");
        let test = if exists { Test::Exists } else { self.test()? };
        let source = Source::of(&path);
        Ok(Comparisons::One(Comparison { path, source, negated, test }))
    }

    fn test(&mut self) -> Read<Test> {
        const SIGN: &str =
            "a comparison (=, !=, <, <=, >, >=, IN, LIKE, MATCHES, ISSUBSET, ISSUPERSET)";
        let before = self.at;
        match self.next() {
            Some(Word::Mark("=" | "==")) => Ok(Test::Is(self.literal()?)),
            Some(Word::Mark("!=" | "<>")) => Ok(Test::IsNot(self.literal()?)),
            Some(Word::Mark("<")) => Ok(Test::Less(self.literal()?)),
            Some(Word::Mark("<=")) => Ok(Test::LessOrEqual(self.literal()?)),
            Some(Word::Mark(">")) => Ok(Test::Greater(self.literal()?)),
            Some(Word::Mark(">=")) => Ok(Test::GreaterOrEqual(self.literal()?)),
            Some(Word::Name(name)) => match name.as_str() {
                "IN" => Ok(Test::In(self.set()?)),
                "LIKE" => {
                    let text = self.text()?;
                    Ok(Test::Like(self.expression(&like(&text))?))
                }
                "MATCHES" => {
                    let text = self.text()?;
                    Ok(Test::Matches(self.expression(&text)?))
                }
                "ISSUBSET" => Ok(Test::Subset(self.text()?)),
                "ISSUPERSET" => Ok(Test::Superset(self.text()?)),
                _ => {
                    self.at = before;
                    Err(self.expected(SIGN))
                }
            },
            _ => {
                self.at = before;
                Err(self.expected(SIGN))
            }
        }
    }

    /// `object:property.'other'[*].more`, as written, quotes kept where they are needed.
    fn path(&mut self) -> Read<String> {
        let Some(Word::Name(mut path)) = self.next() else {
            self.at -= 1;
            return Err(self.expected("an object path"));
        };
        self.mark(":")?;
        path.push(':');
        loop {
            match self.next() {
                Some(Word::Name(name)) => path.push_str(&name),
                Some(Word::Text(name)) => path.push_str(&name),
                _ => {
                    self.at -= 1;
                    return Err(self.expected("a property"));
                }
            }
            while self.take_mark("[") {
                match self.next() {
                    Some(Word::Mark("*")) => path.push_str("[*]"),
                    Some(Word::Number(_)) => path.push_str("[0]"),
                    _ => {
                        self.at -= 1;
                        return Err(self.expected("an index"));
                    }
                }
                self.mark("]")?;
            }
            if !self.take_mark(".") {
                return Ok(path);
            }
            path.push('.');
        }
    }

    fn set(&mut self) -> Read<Vec<Literal>> {
        self.mark("(")?;
        let mut all = Vec::new();
        if self.take_mark(")") {
            return Ok(all);
        }
        loop {
            all.push(self.literal()?);
            if !self.take_mark(",") {
                self.mark(")")?;
                return Ok(all);
            }
        }
    }

    fn literal(&mut self) -> Read<Literal> {
        match self.next() {
            Some(Word::Text(text) | Word::Bytes(text)) => Ok(Literal::Text(text)),
            Some(Word::Number(number)) => Ok(Literal::Number(number)),
            Some(Word::Time(time)) => Ok(Literal::Time(time)),
            Some(Word::Name(name)) if name.eq_ignore_ascii_case("true") => Ok(Literal::Bool(true)),
            Some(Word::Name(name)) if name.eq_ignore_ascii_case("false") => {
                Ok(Literal::Bool(false))
            }
            _ => {
                self.at -= 1;
                Err(self.expected("a constant"))
            }
        }
    }

    fn text(&mut self) -> Read<String> {
        match self.next() {
            Some(Word::Text(text)) => Ok(text),
            _ => {
                self.at -= 1;
                Err(self.expected("a text in quotes"))
            }
        }
    }

    fn number(&mut self) -> Read<f64> {
        match self.next() {
            Some(Word::Number(number)) if number >= 0.0 => Ok(number),
            _ => {
                self.at -= 1;
                Err(self.expected("a number"))
            }
        }
    }

    fn time(&mut self) -> Read<Timestamp> {
        match self.next() {
            Some(Word::Time(time)) => Ok(time),
            // STIX 2.0 wrote times as texts.
            Some(Word::Text(text)) if Timestamp::parse(&text).is_some() => {
                Ok(Timestamp::parse(&text).expect("it was read just now"))
            }
            _ => {
                self.at -= 1;
                Err(self.expected("a time"))
            }
        }
    }

    fn expression(&self, text: &str) -> Read<Matcher> {
        regex::RegexBuilder::new(text)
            .size_limit(EXPRESSION_BYTES_MAX)
            .build()
            .map(Matcher)
            .map_err(|_| self.expected("a regular expression that can be compiled, before this,"))
    }
}

/// One thing as it is, several joined.
fn joined<T>(mut all: Vec<T>, join: impl Fn(Vec<T>) -> T) -> T {
    if all.len() == 1 { all.pop().expect("there is one") } else { join(all) }
}

/// SQL's `LIKE` as a regular expression: `%` is any text, `_` any character.
fn like(text: &str) -> String {
    let mut expression = String::from("(?s)^");
    for c in text.chars() {
        match c {
            '%' => expression.push_str(".*"),
            '_' => expression.push('.'),
            c => expression.push_str(&regex::escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    expression + "$"
}
