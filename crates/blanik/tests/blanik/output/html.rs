//! `html`

use blanik::output::{OutputFormat, Style};
use blanik::summary::ReadingStats;
use blanik_model::{Finding, Level};

use super::{golden, sample};

const DAY: i64 = 86_400;

fn page(findings: &[Finding]) -> String {
    golden::plain(OutputFormat::Html, findings)
}

fn data(page: &str) -> Vec<serde_json::Value> {
    let data = page.split("id=\"data\">").nth(1).expect("the page has data");
    let json = data.split("</script>").next().expect("it ends");
    serde_json::from_str(json).expect("it is JSON")
}

/// The page without what is the same on all pages.
fn drawn(page: &str) -> String {
    let (head, rest) = page.split_once("<style>").expect("has a style");
    let (_, rest) = rest.split_once("</style>").expect("it ends");
    let (body, _) = rest.split_once("<script>\n").expect("has a script");
    format!("{head}{body}")
}

#[test]
fn few_findings() {
    golden::check("report-few.html", &drawn(&page(&sample::findings(3, 45))));
}

#[test]
fn no_findings() {
    let page = page(&[]);
    assert!(page.contains("<h1>Nothing found</h1>"));
    assert!(data(&page).is_empty());
    golden::check("report-none.html", &drawn(&page));
}

#[test]
fn the_page_fetches_nothing() {
    let page = page(&sample::findings(200, 900 * DAY));
    assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'; script-src"));
    for reference in
        ["src=", "href=", "url(", "@import", "fetch(", "XMLHttp", "http://", "https://"]
    {
        assert!(!page.contains(reference), "{reference}");
    }
    for way_in in ["innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval("] {
        assert!(!page.contains(way_in), "{way_in}");
    }
}

#[test]
fn a_hostile_log_is_inert() {
    let page = page(&[sample::hostile()]);
    // Two scripts, ours, and both close once.
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script").count(), 2);
    assert!(!page.contains("<img") && !page.contains("<!--"));
    let harmful = |c: char| blanik_model::text::is_unsafe_char(c) && c != '\n';
    assert!(!page.chars().any(harmful));
    let title = data(&page)[0]["title"].as_str().expect("text").to_owned();
    assert!(title.contains("</script><script>alert(1)"), "shown as text: {title}");
    assert!(title.contains("\\u{202e}") && !title.chars().any(harmful));
}

#[test]
fn past_the_bound_the_worst_are_kept_and_the_rest_counted() {
    let findings = sample::findings(6_000, 900 * DAY);
    let reading = sample::reading(&findings);
    let (page, note) = golden::written(OutputFormat::Html, Style::plain(80), &findings, reading);
    assert!(page.contains("1,000 more findings not shown."));
    assert!(note.expect("a note").starts_with("1,000 findings not shown"));
    let data = data(&page);
    assert_eq!(data.len(), 5_000);
    let shown = |level: Level| data.iter().filter(|d| d["level"] == level.as_str()).count();
    let all = |level: Level| findings.iter().filter(|f| f.level == level).count();
    for level in [Level::Critical, Level::High, Level::Medium, Level::Low] {
        assert_eq!(shown(level), all(level), "{level}");
    }
    assert_eq!(data[0]["level"], "critical");
}

#[test]
fn huge_records_are_cut_and_bounded() {
    let huge = |i: u64| {
        let mut f = sample::finding(i, 0, "DC01", "SYSTEM", "2024-01-01T00:00:00Z".parse().ok());
        for n in 0..400 {
            f.event.0.push((format!("field{n}"), "x".repeat(50_000).as_str().into()));
        }
        f
    };
    let findings: Vec<Finding> = (0..30).map(huge).collect();
    let page = page(&findings);
    assert!(page.len() < 30 << 20, "{}", page.len());
    assert!(page.contains("more findings not shown."));
    assert!(page.contains("not shown\""), "the fields past the bound are counted");
}

#[test]
fn an_exercise_is_called_one_and_real_data_is_not() {
    let findings = sample::findings(3, 60);
    assert!(page(&findings).contains("<strong>EXERCISE</strong>"));
    let reading = ReadingStats { exercise: false, ..sample::reading(&findings) };
    let (page, _) = golden::written(OutputFormat::Html, Style::plain(80), &findings, reading);
    assert!(!page.contains("EXERCISE"));
}

/// Pages to look at: `BLANIK_PAGES=folder cargo test -p blanik --test output -- --ignored pages`.
#[test]
#[ignore = "writes pages for people to look at"]
fn pages() {
    let folder = std::env::var("BLANIK_PAGES").expect("BLANIK_PAGES names a folder");
    let mut with_hostile = sample::findings(40, 9 * DAY);
    with_hostile.push(sample::hostile());
    for (name, findings) in [
        ("none", vec![]),
        ("few", sample::findings(3, 45)),
        ("many", sample::findings(3_000, 1_170 * DAY)),
        ("hostile", with_hostile),
    ] {
        std::fs::write(format!("{folder}/{name}.html"), page(&findings)).expect("writable");
    }
}
