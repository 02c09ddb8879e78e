//! What of a value is asked for: the value as what its field holds, and the tokens of a longer text.
//!
//! Dots make both addresses and version numbers, both domains and file names. A field that holds
//! addresses is believed; in a text, what stands around a token decides ([`tokens`]).

mod tokens;

use blanik_model::{IndicatorType, Type, Value};

use super::canonical;
use super::fields::Holds;
use super::index::{Class, Found, Index};

/// Bytes of a text that are searched; events cut values at the same.
const TEXT_BYTES_MAX: usize = 1 << 20;
/// Bytes of a text in which paths and keys are looked for: commands, not documents.
const COMMAND_BYTES_MAX: usize = 16 << 10;
/// Parts of a path or a key.
const PARTS_MAX: usize = 64;

/// Finds the indicators in values. Cheap to make; its memory is used again.
#[derive(Debug, Default)]
pub struct Finder {
    lower: String,
}

impl Finder {
    /// Adds all that stands in the value of a field that holds that, ascending, each once.
    pub fn find(&mut self, index: &Index, holds: Holds, value: Value<'_>, out: &mut Vec<Found>) {
        let start = out.len();
        match value.ty {
            Type::Null | Type::Bool => {}
            Type::List => {
                for member in value.scalars().filter(|member| !member.is_null()) {
                    self.scalar(index, holds, member.text, out);
                }
            }
            _ => self.scalar(index, holds, value.text, out),
        }
        out[start..].sort_unstable();
        let mut kept = start;
        for i in start..out.len() {
            if i == start || out[i] != out[kept - 1] {
                out[kept] = out[i];
                kept += 1;
            }
        }
        out.truncate(kept);
    }

    fn scalar(&mut self, index: &Index, holds: Holds, text: &str, out: &mut Vec<Found>) {
        if text.len() < 4 || text.len() > TEXT_BYTES_MAX {
            // A longer one is cut by the reader already.
            return;
        }
        match holds {
            Holds::Endpoint => self.endpoints(index, text, out),
            Holds::Url => self.text(index, text, out),
            Holds::Uri => {
                self.uri(index, text, out);
                self.text(index, text, out);
            }
            Holds::Hash => self.hashes(index, text, out),
            Holds::Ja3 => self.hex(index, text, |ty| ty == IndicatorType::Ja3, out),
            Holds::Ja4 => self.key(index, Class::Ja4, text, out),
            Holds::Certificate => {
                for part in text.split([',', ' ', ';']) {
                    self.hex(index, part, is_of_certificates, out);
                }
            }
            Holds::Agent => {
                self.exact(index, Class::Agent, text.trim(), out);
                self.text(index, text, out);
            }
            Holds::Mutex => self.mutex(index, text, out),
            Holds::Mail => self.text(index, text, out),
            Holds::Path => {
                self.path(index, text, out);
                if text.contains("://") {
                    self.text(index, text, out);
                }
            }
            Holds::Registry => self.registry(index, text, out),
            Holds::Object => {
                self.path(index, text, out);
                self.registry(index, text, out);
                self.mutex(index, text, out);
            }
            Holds::Text => self.text(index, text, out),
            Holds::Any => {
                match canonical::endpoint(text) {
                    Some(address) => index.find_address(address, out),
                    None => self.text(index, text, out),
                }
                self.path(index, text, out);
                self.exact(index, Class::Agent, text.trim(), out);
                self.exact(index, Class::Ssdeep, text, out);
                self.mutex(index, text, out);
            }
        }
    }

    /// One machine or several, divided by what divides them in logs.
    fn endpoints(&mut self, index: &Index, text: &str, out: &mut Vec<Found>) {
        if let Some(address) = canonical::endpoint(text) {
            return index.find_address(address, out);
        }
        if !text.contains([',', ';', ' ', '/', '"', '\\']) && !canonical::may_be_defanged(text) {
            let name = match text.rsplit_once(':') {
                Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
                _ => text,
            };
            return self.domain(index, name.trim_end_matches('.'), out);
        }
        for part in text.split([',', ';', ' ', '"', '\\']).filter(|part| part.len() >= 4) {
            match canonical::endpoint(part) {
                Some(address) => index.find_address(address, out),
                None => self.text(index, part, out),
            }
        }
    }

    /// A domain and the domains it lies below.
    fn domain(&mut self, index: &Index, name: &str, out: &mut Vec<Found>) {
        if !index.has(Class::Domain) || !name.contains('.') {
            return;
        }
        self.lower(name);
        let top = self.lower.rsplit('.').next().unwrap_or("");
        if !index.has_top(top) {
            return;
        }
        let mut rest = self.lower.as_str();
        for _ in 0..PARTS_MAX {
            index.find(Class::Domain, rest, out);
            match rest.split_once('.') {
                Some((_, below)) if below.contains('.') => rest = below,
                _ => break,
            }
        }
    }

    /// A URL, and the same without what it asks.
    fn url(&mut self, index: &Index, text: &str, out: &mut Vec<Found>) {
        if !index.has(Class::Url) || text.len() > canonical::VALUE_BYTES_MAX {
            return;
        }
        let Some(url) = canonical::url(text) else { return };
        index.find(Class::Url, &url, out);
        if let Some((plain, _)) = url.split_once('?') {
            index.find(Class::Url, plain, out);
        }
    }

    /// The part of a URL behind its host, which stands in another field.
    fn uri(&mut self, index: &Index, text: &str, out: &mut Vec<Found>) {
        if !index.has(Class::UrlPath) || !text.starts_with('/') {
            return;
        }
        let path = text.split('#').next().unwrap_or(text);
        index.find(Class::UrlPath, path, out);
        if let Some((plain, _)) = path.split_once('?') {
            index.find(Class::UrlPath, plain, out);
        }
    }

    /// Hashes, each said to be of a sort (`IMPHASH=`) or not.
    fn hashes(&mut self, index: &Index, text: &str, out: &mut Vec<Found>) {
        self.exact(index, Class::Ssdeep, text, out);
        for part in text.split([',', ' ', ';']) {
            let (sort, digits) = part.split_once('=').unwrap_or(("", part));
            let is_imphash = sort.eq_ignore_ascii_case("imphash");
            let is_known = !sort.is_empty();
            let fits = |ty| match ty {
                IndicatorType::Imphash => is_imphash || !is_known,
                IndicatorType::Ja3 => false,
                _ => !is_imphash,
            };
            self.hex(index, digits, fits, out);
        }
    }

    fn hex(
        &mut self,
        index: &Index,
        text: &str,
        fits: impl Fn(IndicatorType) -> bool,
        out: &mut Vec<Found>,
    ) {
        if !index.has(Class::Hex) || text.len() < 32 {
            return;
        }
        let Some(digits) = canonical::hex(text) else { return };
        let start = out.len();
        index.find(Class::Hex, &digits, out);
        let mut kept = start;
        for i in start..out.len() {
            let keep = match out[i] {
                Found::Indicator(ix) => fits(index.set().ty(ix)),
                _ => true,
            };
            if keep {
                out[kept] = out[i];
                kept += 1;
            }
        }
        out.truncate(kept);
    }

    /// A path: each end of it that begins at a folder's name, and its file's name.
    fn path(&mut self, index: &Index, text: &str, out: &mut Vec<Found>) {
        let (paths, names) = (index.has(Class::Path), index.has(Class::Name));
        if !paths && !names || text.len() > canonical::VALUE_BYTES_MAX {
            return;
        }
        self.lower(text.trim_matches(['"', '\'', ' ']));
        let lower = self.lower.replace('\\', "/");
        let mut rest = lower.as_str();
        if paths {
            index.find(Class::Path, rest, out);
        }
        for _ in 0..PARTS_MAX {
            let Some(at) = rest.find('/') else { break };
            if paths && at > 0 {
                // With the slash, as what follows a variable (`%TEMP%\x\y.exe`) is written.
                index.find(Class::Path, &rest[at..], out);
            }
            rest = &rest[at + 1..];
            if paths && rest.contains('/') {
                index.find(Class::Path, rest, out);
            }
        }
        if names {
            index.find(Class::Name, lower.rsplit('/').next().unwrap_or(&lower), out);
        }
    }

    /// A key and the keys it lies below.
    fn registry(&mut self, index: &Index, text: &str, out: &mut Vec<Found>) {
        if !index.has(Class::Registry) || text.len() > canonical::VALUE_BYTES_MAX {
            return;
        }
        let Some(key) = canonical::registry(text) else { return };
        let mut rest = key.as_str();
        for _ in 0..PARTS_MAX {
            index.find(Class::Registry, rest, out);
            match rest.rsplit_once('/') {
                Some((above, _)) => rest = above,
                None => break,
            }
        }
    }

    fn mutex(&mut self, index: &Index, text: &str, out: &mut Vec<Found>) {
        if index.has(Class::Mutex)
            && text.len() <= canonical::VALUE_BYTES_MAX
            && let Some(name) = canonical::mutex(text)
        {
            index.find(Class::Mutex, &name, out);
        }
    }

    fn key(&mut self, index: &Index, class: Class, text: &str, out: &mut Vec<Found>) {
        if index.has(class) {
            self.lower(text.trim());
            index.find(class, &self.lower, out);
        }
    }

    fn exact(&self, index: &Index, class: Class, text: &str, out: &mut Vec<Found>) {
        if index.has(class) && text.len() <= canonical::VALUE_BYTES_MAX {
            index.find(class, text, out);
        }
    }

    /// Paths and keys among a command's arguments.
    fn arguments(&mut self, index: &Index, text: &str, out: &mut Vec<Found>) {
        let asks = index.has(Class::Path) || index.has(Class::Registry) || index.has(Class::Name);
        if !asks || text.len() > COMMAND_BYTES_MAX {
            return;
        }
        let has_part = |text: &str| text.contains(['\\', '/']);
        for quoted in text.split(['"', '\'']) {
            let blank = quoted.contains(' ');
            if blank && has_part(quoted) {
                self.path(index, quoted, out);
                self.key_in(index, quoted, out);
            }
            for argument in quoted.split([' ', '\t', '\n', '\r', '=', ',', ';', '(', ')', '>', '<'])
            {
                if has_part(argument) {
                    self.path(index, argument, out);
                    self.key_in(index, argument, out);
                } else if argument.contains('.') && argument.len() <= 255 {
                    self.key(index, Class::Name, argument, out);
                }
            }
        }
    }

    fn key_in(&mut self, index: &Index, text: &str, out: &mut Vec<Found>) {
        if text.get(..2).is_some_and(|hive| hive.eq_ignore_ascii_case("hk")) {
            self.registry(index, text, out);
        }
    }

    fn lower(&mut self, text: &str) {
        self.lower.clear();
        if text.is_ascii() {
            self.lower.push_str(text);
            self.lower.make_ascii_lowercase();
        } else {
            self.lower.push_str(&text.to_lowercase());
        }
    }
}

/// A certificate's hash may be listed as a hash of that length alone.
fn is_of_certificates(ty: IndicatorType) -> bool {
    !matches!(ty, IndicatorType::Imphash | IndicatorType::Ja3)
}

#[cfg(test)]
mod tests;
