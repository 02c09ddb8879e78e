//! The differences that were looked into: which side is right, and by which clause of the Sigma
//! specification 2.1 (`rules`: the rules specification; `modifiers`: its modifiers appendix).
//!
//! `docs/CONFORMANCE.md` shows the classes; a test holds the page to this list.

use super::compare::Side;

/// Which side the specification's text supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Right {
    /// This program's.
    Ours,
    /// That of `rsigma-eval`.
    Theirs,
    /// Neither: the text does not say.
    Open,
}

/// A reason to differ.
pub struct Class {
    /// Its name.
    pub name: &'static str,
    /// Who is right.
    pub right: Right,
    /// By which clause.
    pub clause: &'static str,
    /// Why.
    pub why: &'static str,
}

/// A rule of SigmaHQ's by which one side finds events that the other does not.
pub struct SettledRule {
    /// The folder of the data set.
    pub folder: &'static str,
    /// Its id.
    pub rule: &'static str,
    /// Who finds them.
    pub only: Side,
    /// Why.
    pub class: &'static Class,
}

/// A selection that the two answer differently for some events of the grid.
pub struct SettledCells {
    /// As it stands in the grid.
    pub selection: &'static str,
    /// As they stand in the grid; `compiles` where one side refuses the selection.
    pub events: &'static [&'static str],
    /// What we say. They say the opposite.
    pub ours: bool,
    /// Why.
    pub class: &'static Class,
}

const NEWLINE: Class = Class {
    name: "A wildcard and a line break",
    right: Right::Ours,
    clause: "rules, \"String Wildcard\": `?` is a single mandatory character, `*` is of unbounded length",
    why: "A line break is a character like any other; rsigma-eval's wildcards stop at it.",
};

const ANCHOR: Class = Class {
    name: "A wildcard under `startswith` and `endswith`",
    right: Right::Ours,
    clause: "modifiers, `startswith`: expected at the beginning of the field's content; `endswith`: at its end",
    why: "rsigma-eval holds such a pattern to the other end: `startswith` to the value's end.",
};

const KEYWORDS_ALL: Class = Class {
    name: "Keywords under `all`",
    right: Right::Ours,
    clause: "rules, \"Keywords search\": keywords are searched for across an entire event; `all` joins them by AND",
    why: "rsigma-eval asks that one value of the event be equal to every keyword.",
};

const KEYWORD_NUMBER: Class = Class {
    name: "A number as a keyword",
    right: Right::Ours,
    clause: "rules, \"General\": all values are treated as case-insensitive strings; \"Lists\": applied to the full log message",
    why: "rsigma-eval compares it as a number with values that are text, which never holds.",
};

const NUMBER_TEXT: Class = Class {
    name: "The text of a number",
    right: Right::Ours,
    clause: "rules, \"General\": all values are treated as case-insensitive strings",
    why: "Text is compared with a number as the log wrote it: 7.0 is not written `7`. A rule's number is compared as a number.",
};

const NULL_IN_LIST: Class = Class {
    name: "`null` among other values, and no such field",
    right: Right::Ours,
    clause: "rules, \"Lists\" and \"Special Field Values\": values of a list are joined by OR; `null` is the null value",
    why: "Both hold `null` alone to be met where the field is absent; in a list it must mean the same.",
};

const EXISTS_NULL: Class = Class {
    name: "`exists` and a null value",
    right: Right::Ours,
    clause: "modifiers, `exists`: it only verifies the presence of a field, not its value, be it empty or null",
    why: "rsigma-eval takes a field that is null for absent.",
};

const EXISTS_BOOLEAN: Class = Class {
    name: "`exists` with what is no truth value",
    right: Right::Ours,
    clause: "modifiers, `exists`: by providing a boolean value",
    why: "We refuse the rule; rsigma-eval takes anything else for `true`.",
};

const ALL_OF_ONE: Class = Class {
    name: "`all` with a single value",
    right: Right::Theirs,
    clause: "modifiers, `all`: single item values are not allowed to have an `all` modifier",
    why: "rsigma-eval refuses the rule. We use it: what it means is not in doubt, and no rule should be lost over it.",
};

const OFFSET_END: Class = Class {
    name: "The last characters of `base64offset`",
    right: Right::Ours,
    clause: "modifiers, `base64offset`: except the first and last byte the encoded values have a static part in the middle",
    why: "rsigma-eval keeps a last character that depends on the byte that follows, and misses the value amid other text.",
};

const ENCODED_WILDCARD: Class = Class {
    name: "Wildcards under `base64`",
    right: Right::Open,
    clause: "modifiers, `base64`: the value is encoded with Base64",
    why: "\"Any text\" has no encoding. We refuse the rule, as pySigma does; rsigma-eval encodes the asterisk itself.",
};

const WINDASH: Class = Class {
    name: "`windash` and dashes other than `-`",
    right: Right::Ours,
    clause: "modifiers, `windash`: converts the aforementioned characters interchangeably",
    why: "rsigma-eval replaces `-` alone: a rule's `/x` does not meet `-x`.",
};

const WINDASH_WILDCARD: Class = Class {
    name: "`windash` and wildcards",
    right: Right::Ours,
    clause: "rules, \"General\": you can use wildcard characters `*` and `?` in strings",
    why: "rsigma-eval takes them for plain characters under `windash`.",
};

const WINDASH_INSIDE: Class = Class {
    name: "`windash` and a dash inside a word",
    right: Right::Open,
    clause: "modifiers, `windash`: all possible permutations of the characters; command line flags can be indicated by both",
    why: "We change the dash that begins a flag, as pySigma does; rsigma-eval changes those inside words too.",
};

const FIELDREF_LIST: Class = Class {
    name: "`fieldref` and lists",
    right: Right::Open,
    clause: "modifiers, `fieldref`: compare fields of matched events directly",
    why: "A question about a list holds if it holds for a member, there as everywhere; rsigma-eval does so everywhere else.",
};

const FIELDREF_NULL: Class = Class {
    name: "`fieldref` between two nulls",
    right: Right::Open,
    clause: "modifiers, `fieldref`: compare fields of matched events directly",
    why: "Where neither field has a value, there is nothing to compare; rsigma-eval holds them to be equal.",
};

const FIELDREF_TYPES: Class = Class {
    name: "`fieldref` with `cased`, between a number and text",
    right: Right::Ours,
    clause: "rules, \"General\": all values are treated as strings",
    why: "With `cased`, rsigma-eval compares types too, and the number 7 differs from the text `7`.",
};

const CIDR_ADDRESS: Class = Class {
    name: "`cidr` with a single address",
    right: Right::Open,
    clause: "modifiers, `cidr`: supports both IPv4 and IPv6 notations",
    why: "We take it for the network of that one address, as pySigma does; rsigma-eval refuses the rule.",
};

const NULL_CONTAINS: Class = Class {
    name: "`contains` with `null`",
    right: Right::Ours,
    clause: "modifiers, `contains`: puts `*` wildcards around the values",
    why: "Nothing can stand around null. We refuse the rule; rsigma-eval drops the modifier.",
};

/// Every reason.
pub const CLASSES: &[&Class] = &[
    &NEWLINE,
    &ANCHOR,
    &KEYWORDS_ALL,
    &KEYWORD_NUMBER,
    &NUMBER_TEXT,
    &NULL_IN_LIST,
    &EXISTS_NULL,
    &EXISTS_BOOLEAN,
    &ALL_OF_ONE,
    &OFFSET_END,
    &ENCODED_WILDCARD,
    &WINDASH,
    &WINDASH_WILDCARD,
    &WINDASH_INSIDE,
    &FIELDREF_LIST,
    &FIELDREF_NULL,
    &FIELDREF_TYPES,
    &CIDR_ADDRESS,
    &NULL_CONTAINS,
];

/// The differences over the data set.
pub const SETTLED: &[SettledRule] = &[
    // `-accepteula` in the log, `/accepteula` in the rule.
    SettledRule {
        folder: "windows-evtx",
        rule: "4a0b2c7e-7cb2-495d-8b63-5f268e7bfd67",
        only: Side::Ours,
        class: &WINDASH,
    },
    SettledRule {
        folder: "windows-json-otrf",
        rule: "550d3350-bb8a-4ff3-9533-2ba533f4a1c0",
        only: Side::Ours,
        class: &KEYWORDS_ALL,
    },
    SettledRule {
        folder: "windows-json-otrf",
        rule: "9db37458-4df2-46a5-95ab-307e7f29e675",
        only: Side::Ours,
        class: &KEYWORDS_ALL,
    },
    SettledRule {
        folder: "windows-json-otrf",
        rule: "c52a914f-3d8b-4b2a-bb75-b3991e75f8ba",
        only: Side::Ours,
        class: &KEYWORDS_ALL,
    },
];

/// The differences over the grid.
pub const GRID: &[SettledCells] = &[
    SettledCells {
        selection: "{A|all: abc}",
        events: &["compiles"],
        ours: true,
        class: &ALL_OF_ONE,
    },
    SettledCells {
        selection: "{A|contains|all: [abc]}",
        events: &["compiles"],
        ours: true,
        class: &ALL_OF_ONE,
    },
    SettledCells {
        selection: "{A|endswith: 'y*c'}",
        events: &[r#"{"A": "xyz abc"}"#],
        ours: true,
        class: &ANCHOR,
    },
    SettledCells {
        selection: "{A|startswith: 'ab*c'}",
        events: &[r#"{"A": "xyz abc"}"#],
        ours: false,
        class: &ANCHOR,
    },
    SettledCells {
        selection: "{A|startswith: 'ab*c'}",
        events: &[r#"{"A": "abc xyz"}"#],
        ours: true,
        class: &ANCHOR,
    },
    SettledCells {
        selection: "{A|cidr: 10.0.0.1}",
        events: &["compiles"],
        ours: true,
        class: &CIDR_ADDRESS,
    },
    SettledCells {
        selection: "{A|base64: 'a*c'}",
        events: &["compiles"],
        ours: false,
        class: &ENCODED_WILDCARD,
    },
    SettledCells {
        selection: "{A|exists: maybe}",
        events: &["compiles"],
        ours: false,
        class: &EXISTS_BOOLEAN,
    },
    SettledCells {
        selection: "{A|exists: false}",
        events: &[r#"{"A": null, "B": null}"#, r#"{"A": null}"#],
        ours: false,
        class: &EXISTS_NULL,
    },
    SettledCells {
        selection: "{A|exists: true}",
        events: &[r#"{"A": null, "B": null}"#, r#"{"A": null}"#],
        ours: true,
        class: &EXISTS_NULL,
    },
    SettledCells {
        selection: "{A|cased|fieldref: B}",
        events: &[r#"{"A": "abc", "B": ["x", "abc"]}"#, r#"{"A": ["x", "abc"], "B": "abc"}"#],
        ours: true,
        class: &FIELDREF_LIST,
    },
    SettledCells {
        selection: "{A|fieldref: B}",
        events: &[r#"{"A": "abc", "B": ["x", "abc"]}"#, r#"{"A": ["x", "abc"], "B": "abc"}"#],
        ours: true,
        class: &FIELDREF_LIST,
    },
    SettledCells {
        selection: "{A|fieldref|contains: B}",
        events: &[r#"{"A": "abc", "B": ["x", "abc"]}"#],
        ours: true,
        class: &FIELDREF_LIST,
    },
    SettledCells {
        selection: "{A|fieldref|neq: B}",
        events: &[r#"{"A": "abc", "B": ["x", "abc"]}"#, r#"{"A": ["x", "abc"], "B": "abc"}"#],
        ours: false,
        class: &FIELDREF_LIST,
    },
    SettledCells {
        selection: "{A|fieldref|startswith: B}",
        events: &[r#"{"A": "abc", "B": ["x", "abc"]}"#],
        ours: true,
        class: &FIELDREF_LIST,
    },
    SettledCells {
        selection: "{A|cased|fieldref: B}",
        events: &[r#"{"A": null, "B": null}"#],
        ours: false,
        class: &FIELDREF_NULL,
    },
    SettledCells {
        selection: "{A|fieldref: B}",
        events: &[r#"{"A": null, "B": null}"#],
        ours: false,
        class: &FIELDREF_NULL,
    },
    SettledCells {
        selection: "{A|fieldref|neq: B}",
        events: &[r#"{"A": null, "B": null}"#],
        ours: true,
        class: &FIELDREF_NULL,
    },
    SettledCells {
        selection: "{A|cased|fieldref: B}",
        events: &[r#"{"A": 7, "B": "7"}"#],
        ours: true,
        class: &FIELDREF_TYPES,
    },
    SettledCells {
        selection: "{'|all': [abc, whoami]}",
        events: &[r#"{"A": "abc", "B": "whoami"}"#, r#"{"A": ["abc", "whoami"]}"#],
        ours: true,
        class: &KEYWORDS_ALL,
    },
    SettledCells {
        selection: "{'|all': [xab, bcx]}",
        events: &[r#"{"A": "xabcx"}"#],
        ours: true,
        class: &KEYWORDS_ALL,
    },
    SettledCells {
        selection: "{'|contains|all': [ab, bc]}",
        events: &[r#"{"A": "ab", "B": "bc"}"#, r#"{"A": ["ab", "bc"]}"#],
        ours: true,
        class: &KEYWORDS_ALL,
    },
    SettledCells {
        selection: "[70]",
        events: &[
            r#"{"A": "1641218706"}"#,
            r#"{"A": 1641218706000}"#,
            r#"{"A": 1641218706}"#,
            r#"{"A": 70}"#,
        ],
        ours: true,
        class: &KEYWORD_NUMBER,
    },
    SettledCells {
        selection: "['a*c']",
        events: &[r#"{"A": "a\nb\nc"}"#, r#"{"A": "a\nc"}"#],
        ours: true,
        class: &NEWLINE,
    },
    SettledCells {
        selection: "{A: '*'}",
        events: &[r#"{"A": "a\nb\nc"}"#, r#"{"A": "a\nc"}"#, r#"{"A": "b\nc"}"#],
        ours: true,
        class: &NEWLINE,
    },
    SettledCells {
        selection: "{A: '?*'}",
        events: &[r#"{"A": "a\nb\nc"}"#, r#"{"A": "a\nc"}"#, r#"{"A": "b\nc"}"#],
        ours: true,
        class: &NEWLINE,
    },
    SettledCells {
        selection: "{A: 'a*c'}",
        events: &[r#"{"A": "a\nb\nc"}"#, r#"{"A": "a\nc"}"#],
        ours: true,
        class: &NEWLINE,
    },
    SettledCells {
        selection: "{A: 'a?c'}",
        events: &[r#"{"A": "a\nc"}"#],
        ours: true,
        class: &NEWLINE,
    },
    SettledCells {
        selection: "{A|contains: 'a*c'}",
        events: &[r#"{"A": "a\nb\nc"}"#, r#"{"A": "a\nc"}"#],
        ours: true,
        class: &NEWLINE,
    },
    SettledCells {
        selection: "{A|contains: null}",
        events: &["compiles"],
        ours: false,
        class: &NULL_CONTAINS,
    },
    SettledCells {
        selection: "{A: [null, '']}",
        events: &[r#"{"B": "abc"}"#, "{}"],
        ours: true,
        class: &NULL_IN_LIST,
    },
    SettledCells {
        selection: "{A: '7'}",
        events: &[r#"{"A": 7.0}"#],
        ours: false,
        class: &NUMBER_TEXT,
    },
    SettledCells {
        selection: "{A|fieldref: B}",
        events: &[r#"{"A": 7, "B": 7.0}"#],
        ours: false,
        class: &NUMBER_TEXT,
    },
    SettledCells {
        selection: "{A|fieldref|contains: B}",
        events: &[r#"{"A": 7, "B": 7.0}"#],
        ours: false,
        class: &NUMBER_TEXT,
    },
    SettledCells {
        selection: "{A|fieldref|neq: B}",
        events: &[r#"{"A": 7, "B": 7.0}"#],
        ours: true,
        class: &NUMBER_TEXT,
    },
    SettledCells {
        selection: "{A|fieldref|startswith: B}",
        events: &[r#"{"A": 7, "B": 7.0}"#],
        ours: false,
        class: &NUMBER_TEXT,
    },
    SettledCells {
        selection: "{A|base64offset|contains: http}",
        events: &[r#"{"A": "aHR0cDovL2E="}"#],
        ours: true,
        class: &OFFSET_END,
    },
    SettledCells {
        selection: "{A|wide|base64offset|contains: ab}",
        events: &[r#"{"A": "YQBiAGMA"}"#],
        ours: true,
        class: &OFFSET_END,
    },
    SettledCells {
        selection: "{A|contains|windash: ' /x'}",
        events: &[r#"{"A": "c -x"}"#, r#"{"A": "c \u2013x"}"#],
        ours: true,
        class: &WINDASH,
    },
    SettledCells {
        selection: "{A|contains|windash: 'a-b'}",
        events: &[r#"{"A": "a/b"}"#],
        ours: false,
        class: &WINDASH_INSIDE,
    },
    SettledCells {
        selection: "{A|windash: '* -x*'}",
        events: &[r#"{"A": "c -x"}"#, r#"{"A": "c /x"}"#, r#"{"A": "c \u2013x"}"#],
        ours: true,
        class: &WINDASH_WILDCARD,
    },
];
