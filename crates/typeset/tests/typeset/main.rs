//! Templates on paper: what is typeset, what is refused with its place, and what a template cannot see.

use std::collections::BTreeMap;

use blanik_typeset::{Document, Error, Fonts, Typeset, typeset};
use serde_json::{Value, json};

const HEAD: &str =
    "#set document(title: \"A test\")\n#set text(lang: \"en\")\n#let d = json(\"data.json\")\n";

fn with(template: &str, data: &Value, files: &BTreeMap<String, Vec<u8>>) -> Result<Typeset, Error> {
    let template = format!("{HEAD}{template}");
    let document =
        Document { template: &template, data, files, identity: "a test", published: 1_748_426_400 };
    typeset(&document, &Fonts::with([]))
}

fn of(template: &str, data: Value) -> Result<Typeset, Error> {
    with(template, &data, &BTreeMap::new())
}

/// The complaints of a template that is refused.
fn complaints(template: &str) -> Vec<(Option<(usize, usize)>, String)> {
    match of(template, json!({})) {
        Err(Error::Template(all)) => all
            .into_iter()
            .map(|(place, message)| (place.map(|p| (p.line, p.column)), message))
            .collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_page_says_what_the_data_say() {
    let text = "Mezi 1. a 2. květnem: příliš žluťoučký kůň.";
    let set = of("= Head\n#d.text", json!({ "text": text })).expect("a page");
    assert!(set.pdf.starts_with(b"%PDF-1.7"));
    assert_eq!(set.pages.len(), 1);
    assert!(set.says(text), "{:?}", set.pages);
    assert!(!set.says("something else"));
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let set = || of("= Head\n#d.text #datetime.today().display()", json!({ "text": "1" }));
    let (one, other) = (set().expect("a page"), set().expect("a page"));
    assert_eq!(one, other);
    assert!(one.says("2025-05-28"), "today is the day of publication: {:?}", one.pages);
}

#[test]
fn it_is_tagged_and_for_the_archive() {
    let set = of("= Head\n#d.text", json!({ "text": "1" })).expect("a page");
    let pdf = String::from_utf8_lossy(&set.pdf);
    for wanted in
        ["<pdfaid:part>2", "<pdfaid:conformance>A", "<pdfuaid:part>1", "2025-05-28T10:00:00"]
    {
        assert!(pdf.contains(wanted), "{wanted}");
    }
    assert!(!pdf.to_lowercase().contains("typst"));
}

#[test]
fn text_is_never_markup() {
    let text = "#panic(\"in\") = Head *bold* $x$ \\ https://evil.example/ @e-1 <label>";
    let set = of("= Head\n#d.text", json!({ "text": text })).expect("a page");
    assert!(set.says(text), "{:?}", set.pages);
    assert!(!String::from_utf8_lossy(&set.pdf).contains("/URI"), "an address became a link");
}

#[test]
fn hyphens_that_czech_repeats_are_no_other_text() {
    let text = "postfix-stats ".repeat(9);
    for width in 20..60 {
        let template = format!("#set text(lang: \"cs\")\n= Head\n#block(width: {width}mm, d.text)");
        assert!(of(&template, json!({ "text": text })).expect("a page").says(&text), "{width}");
    }
}

#[test]
fn letters_that_cannot_be_printed_are_written_out() {
    let fonts = Fonts::with([]);
    assert_eq!(fonts.printable("a\u{202e}b\u{7}c\u{4e2d}d"), "a[U+202E]b[U+0007]c[U+4E2D]d");
    let text = "\u{5d0}\u{5d1}\u{5d2} \u{1f600} \u{4e2d}\u{0} end";
    let set = of("= Head\n#d.text", json!({ "text": text })).expect("a page");
    assert!(set.says(&fonts.printable(text)), "{:?}", set.pages);
}

/// Archives forbid a letter without a shape, and one that only two parties know, in pictures, too.
#[test]
fn what_cannot_be_printed_stops_no_document() {
    let fonts = Fonts::with([]);
    assert_eq!(fonts.printable("a\u{e000}\u{f8ff}\u{10fffd}"), "a[U+E000][U+F8FF][U+10FFFD]");
    let drawn = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"90\" height=\"9\"><text y=\"9\">\u{6a5f}\u{e000}.docx</text></svg>";
    let data = json!({ "svg": drawn, "name": "<svg onload=x>\u{6a5f}\u{e000}" });
    let template = "= Head\n#image(bytes(d.svg), format: \"svg\", alt: \"a name\")\n#d.name";
    let set = of(template, data).expect("a page");
    assert!(set.says("<svg onload=x>[U+6A5F][U+E000]"), "{:?}", set.pages);
}

#[test]
fn a_text_within_another_is_there_once_more() {
    let texts = ["On DC01 a log was cleared.", "a log was cleared.", "Else"];
    let on = |said: &str| {
        let template = format!("= Head\n{said}");
        of(&template, json!({})).expect("a page").left_out(&texts)
    };
    assert_eq!(on("On DC01 a log was cleared. Else"), Some(1));
    assert_eq!(on("On DC01 a log was cleared. Else a log was cleared."), None);
    assert_eq!(on("A log was cleared on DC01. Else a log was cleared."), Some(0));
    assert_eq!(on("On DC01 a log was cleared. a log was cleared."), Some(2));
}

#[test]
fn beside_letters_from_right_to_left_the_others_stand_as_they_are_written() {
    let fonts = Fonts::with([]);
    let text = "On DC01 the file \u{5d0}\u{5d1}\u{5d2} 12.docx was read by svc-backup.";
    let set = of("= Head\n#d.text", json!({ "text": text })).expect("a page");
    assert!(set.says(&fonts.printable(text)), "{:?}", set.pages);
    let other = "By svc-backup the file \u{5d0}\u{5d1}\u{5d2} 12.docx was read on DC01.";
    let text = "By svc-backup the file \u{5d0}\u{5d1}\u{5d2} 12.docx was nODC01 read.";
    assert!(!set.says(&fonts.printable(other)) && !set.says(&fonts.printable(text)));
}

#[test]
fn a_broken_template_is_told_with_its_lines() {
    let at = |line| Some(line + HEAD.lines().count());
    let told = complaints("= Head\n#let x = (1 +)\n");
    assert_eq!(told[0].0.map(|(line, _)| line), at(2), "{told:?}");
    let told = complaints("= Head\n\n#d.no_such_field");
    assert_eq!(told[0].0.map(|(line, _)| line), at(3), "{told:?}");
    assert!(told[0].1.contains("no_such_field"), "{told:?}");
}

#[test]
fn a_template_reads_only_what_it_is_given() {
    for path in ["/etc/passwd", "../../secret", "logo.svg", "@preview/cetz:0.3.0"] {
        let told = complaints(&format!("= Head\n#read(\"{path}\")"));
        assert!(!told.is_empty(), "{path}");
    }
    assert!(!complaints("= Head\n#import \"@preview/cetz:0.3.0\"").is_empty());
    let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"9\" height=\"9\"><rect width=\"9\" height=\"9\"/></svg>";
    let files = BTreeMap::from([("logo.svg".to_owned(), svg.as_bytes().to_vec())]);
    let picture = "= Head\n#image(\"logo.svg\", alt: \"a square\")";
    assert!(with(picture, &json!({}), &files).is_ok());
    // Whoever cannot see a picture has its words (PDF/UA-1).
    assert!(with("= Head\n#image(\"logo.svg\")", &json!({}), &files).is_err());
    let broken = BTreeMap::from([("logo.svg".to_owned(), b"<svg".to_vec())]);
    assert!(with(picture, &json!({}), &broken).is_err());
}

#[test]
fn a_template_that_does_not_end_is_stopped() {
    assert!(!complaints("= Head\n#while true { 1 }").is_empty());
    assert!(!complaints("= Head\n#let f() = f()\n#f()").is_empty());
}

#[test]
fn no_path_leads_out() {
    let files = BTreeMap::from([("a\\..\\b".to_owned(), Vec::new())]);
    assert!(matches!(with("= Head", &json!({}), &files), Err(Error::Path { .. })));
}
