//! Sentences out of a page again: what stands in its elements with `data-claim`. For the check behind a template, and for
//! verifiers. It reads pages as this crate writes them, and refuses others by finding less in them.

/// The claims of a page: id and text content, in their order. Elements within a claim's element are left out of the text.
pub fn claims(page: &str) -> Vec<(String, String)> {
    const MARK: &str = "data-claim=\"";
    let mut out = Vec::new();
    let mut rest = page;
    while let Some(at) = rest.find(MARK) {
        let (before, behind) = rest.split_at(at);
        let behind = &behind[MARK.len()..];
        rest = behind;
        // Only within a tag is it an attribute; text may say the same.
        let Some(open) = before.rfind('<') else { continue };
        if before[open..].contains('>') {
            continue;
        }
        let Some((id, behind)) = behind.split_once('"') else { continue };
        let name: String =
            before[open + 1..].chars().take_while(char::is_ascii_alphanumeric).collect();
        let Some((_, content)) = behind.split_once('>') else { continue };
        let Some(end) = content.find(&format!("</{name}>")) else { continue };
        out.push((decode(id), decode(&without_tags(&content[..end]))));
        rest = &content[end..];
    }
    out
}

fn without_tags(content: &str) -> String {
    let mut out = String::new();
    let mut rest = content;
    while let Some((text, behind)) = rest.split_once('<') {
        out.push_str(text);
        rest = behind.split_once('>').map_or("", |(_, behind)| behind);
    }
    out + rest
}

/// Text of which the references are resolved that this crate writes: `&amp;`, `&#39;`, `&#x2f;`.
fn decode(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('&') {
        out.push_str(before);
        let known = behind.split_once(';').and_then(|(name, tail)| Some((reference(name)?, tail)));
        match known {
            Some((c, tail)) => {
                out.push(c);
                rest = tail;
            }
            None => {
                out.push('&');
                rest = behind;
            }
        }
    }
    out + rest
}

fn reference(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::claims;

    fn pair(id: &str, text: &str) -> (String, String) {
        (id.to_owned(), text.to_owned())
    }

    #[test]
    fn text_of_elements_that_are_claims() {
        let page = "<p><span class=\"x\" data-claim=\"c1\">a &lt;b&gt; &amp;amp; &#39;c&#x27; &unknown;</span><sup>4</sup>\
                    <q data-claim=\"c2\">no <b>markup</b></q>data-claim=\"c3\">text</p>";
        let expected = [pair("c1", "a <b> &amp; 'c' &unknown;"), pair("c2", "no markup")];
        assert_eq!(claims(page), expected);
    }

    #[test]
    fn what_is_cut_off_is_no_claim() {
        assert!(claims("<p data-claim=\"c1\">cut").is_empty());
        assert!(claims("<p data-claim=\"").is_empty());
        assert!(claims("data-claim=\"c1\">").is_empty());
    }
}
