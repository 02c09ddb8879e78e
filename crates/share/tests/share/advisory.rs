//! The advisory's page: each sentence once and to the letter, nothing that a log says is markup, both languages whole.

use blanik_share::advisory::{self, AdvisoryError, HTML_TEMPLATE};
use blanik_share::publication::{ChapterKind, Ground, Language, Publication};
use blanik_verify::agree::marked;

use crate::advisory_example::{hostile, large, small};

fn page(p: &Publication, language: Language) -> String {
    advisory::html(p, language, None).expect("the default template holds every claim")
}

/// With `BLANIK_PAGES` pages are kept, to be looked at.
fn keep(name: &str, page: &str) {
    if let Some(folder) = std::env::var_os("BLANIK_PAGES") {
        std::fs::write(std::path::Path::new(&folder).join(name), page)
            .expect("a folder to write to");
    }
}

#[test]
fn each_claim_stands_once_and_to_the_letter() {
    for language in Language::ALL {
        for (name, p) in [("large", large()), ("small", small()), ("hostile", hostile())] {
            let page = page(&p, language);
            keep(&format!("{name}-{}.html", language.code()), &page);
            let mut read: Vec<(String, Option<String>)> = marked(&page);
            let mut said: Vec<(String, Option<String>)> = p
                .claims()
                .map(|c| (c.id.clone(), Some(c.text.in_language(language).to_owned())))
                .collect();
            read.sort();
            said.sort();
            assert_eq!(read, said, "{name} {}", language.code());
            let lang = format!("<html lang=\"{}\">", language.code());
            assert!(page.contains(&lang));
        }
    }
}

#[test]
fn each_claim_leads_to_its_records() {
    let p = large();
    let page = page(&p, Language::En);
    for claim in p.claims() {
        let id = &claim.id;
        assert!(page.contains(&format!("<sup><a href=\"#e-{id}\"")), "{id}");
        assert!(page.contains(&format!("<tr id=\"e-{id}\">")), "{id}");
        assert!(page.contains(&claim.cites.records[0].to_string()), "{id}");
    }
}

#[test]
fn nothing_that_a_log_says_is_markup() {
    let page = page(&hostile(), Language::En);
    assert!(!page.contains("<script"), "a tag of the case's came through");
    assert!(!page.contains("</span><script"));
    assert!(page.contains("&lt;script&gt;"));
    // Only a claim's own text keeps what reorders; there it is isolated.
    let outside: String = page
        .split("<span class=\"claim\"")
        .map(|part| part.split_once("</span><sup>").map_or(part, |(_, after)| after))
        .collect();
    assert!(!outside.contains('\u{202e}'), "text outside of claims can reorder the page");
    assert!(page.contains(".claim { unicode-bidi: isolate; }"));
}

#[test]
fn a_technique_whose_name_is_not_known_stands_by_its_id_alone() {
    let mut p = large();
    (p.techniques[0].id, p.techniques[0].name) = ("T1685".to_owned(), None);
    for language in Language::ALL {
        let page = page(&p, language);
        let row = page.split("T1685</th>").nth(1).expect("the technique is listed");
        assert!(row.starts_with("<td class=\"t\">"), "no empty name: {}", &row[..80]);
        assert!(page.contains("colspan=\"2\">T1685</th>"));
    }
}

/// Titles of rules are English on every page, and say so to who has it read to them.
#[test]
fn what_is_english_on_a_czech_page_is_marked() {
    let mut p = large();
    let claim = &mut p.chapters[0].claims[0];
    let record = claim.cites.records[0];
    let value = "Log cleared".to_owned();
    claim.grounds.push(Ground { record, path: "/rule_title".to_owned(), value });
    let page = page(&p, Language::Cs);
    assert!(page.contains("<code lang=\"en\">Log cleared</code>"));
    assert!(page.contains("<title lang=\"en\">"));
}

/// Allies speak of what happened, too, and where it is not said who it was.
#[test]
fn what_allies_say_stands_on_the_page_whoever_it_was() {
    let mut p = large();
    let page_of = |p: &Publication| page(p, Language::En);
    let whole = page_of(&p);
    assert_eq!(whole.matches("<h2 id=\"opinions\">").count(), 1, "what is not on who it was");
    for agency in p.opinions.iter().map(|o| &o.agency) {
        assert_eq!(whole.matches(&format!("<th scope=\"row\">{agency}</th>")).count(), 1);
    }
    assert!(whole.contains("Winter attributed-to APT28"), "on what");
    p.attribution = None;
    p.chapters.retain(|c| !matches!(c.kind, ChapterKind::Attribution | ChapterKind::Denial));
    let without = page_of(&p);
    for agency in p.opinions.iter().map(|o| &o.agency) {
        assert_eq!(without.matches(&format!("<th scope=\"row\">{agency}</th>")).count(), 1);
    }
    p.opinions.clear();
    assert!(!page_of(&p).contains("id=\"opinions\""));
}

#[test]
fn the_page_fetches_nothing() {
    for language in Language::ALL {
        let page = page(&large(), language);
        assert!(page.contains("default-src 'none'; style-src 'unsafe-inline'; img-src data:"));
        for forbidden in ["<script", "<link", "<img", "@import", "src=", "url(http"] {
            assert!(!page.contains(forbidden), "{forbidden}");
        }
        let outward = page.matches("http").count() - page.matches("http-equiv").count();
        let names = page.matches("http://www.w3.org/2000/svg").count();
        assert_eq!(outward, names, "an address that is no namespace");
    }
}

#[test]
fn an_exercise_is_called_one() {
    let mut p = small();
    assert!(page(&p, Language::Cs).contains("CVIČENÍ"));
    p.exercise = false;
    assert!(!page(&p, Language::Cs).contains("CVIČENÍ"));
}

#[test]
fn addresses_cannot_be_followed() {
    let page = page(&large(), Language::En);
    assert!(page.contains("203.0.113[.]0"));
    assert!(page.contains("hxxps://cdn2[.]example"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    for language in Language::ALL {
        assert_eq!(page(&large(), language), page(&large(), language));
    }
}

#[test]
fn a_template_must_say_every_claim_as_it_is() {
    let with = |template: &str| advisory::html(&small(), Language::En, Some(template));
    let claim = "{% for c in chapters.summary.claims %}<p data-claim=\"{{ c.id }}\">{{ c.text|exact }}</p>{% endfor %}";
    let policy = HTML_TEMPLATE.lines().find(|line| line.contains("Content-Security-Policy"));
    let whole = format!("<head>{}</head><body>{claim}", policy.expect("ours has one"));
    assert!(with(&whole).is_ok());
    // Whoever verifies the pack would refuse these.
    assert!(matches!(with(claim), Err(AdvisoryError::Runs)));
    let scripted = format!("{whole}<SCRIPT>alert(1)</SCRIPT>");
    assert!(matches!(with(&scripted), Err(AdvisoryError::Runs)));
    assert!(matches!(with("<p>{{ title }}</p>"), Err(AdvisoryError::Missing(id)) if id == "c1"));
    assert!(matches!(with(&format!("{claim}{claim}")), Err(AdvisoryError::Twice(_))));
    let changed = claim.replace("exact", "upper");
    assert!(matches!(with(&changed), Err(AdvisoryError::Otherwise(_))));
    let invented = format!("{claim}<p data-claim=\"c99\">And more.</p>");
    assert!(matches!(with(&invented), Err(AdvisoryError::Otherwise(id)) if id == "c99"));
}

#[test]
fn a_broken_template_is_told_with_its_line() {
    let broken = format!("{HTML_TEMPLATE}\n{{% for %}}");
    let told = advisory::html(&small(), Language::En, Some(&broken))
        .expect_err("it is broken")
        .to_string();
    assert!(told.contains("line") || told.contains("advisory.html:"), "{told}");
    let unknown = advisory::html(&small(), Language::En, Some("{{ no_such_field }}"));
    assert!(matches!(unknown, Err(AdvisoryError::Template(_))));
}
