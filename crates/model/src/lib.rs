//! The nouns of blanik: what an event, a kind, a finding *is*.
//!
//! Nothing here knows a log format, a rule language or a file. Nothing reads a clock or a random
//! number: what the other crates compute from these types depends on their inputs alone.

pub mod attack;
pub mod batch;
pub mod finding;
pub mod indicator;
pub mod interest;
pub mod kind;
pub mod level;
pub mod markup;
pub mod position;
pub mod record;
pub mod rest;
pub mod row_texts;
pub mod search;
pub mod text;
pub mod time;
pub mod value;

pub use batch::{Code, Column, Dictionary, EventBatch, RawBlock, Row, SourceId};
pub use finding::Finding;
pub use indicator::{Indicator, IndicatorHit, IndicatorType, Provenance, Tlp, Validity};
pub use interest::{Everything, Interest, Interests, Names, SharedNames};
pub use kind::Kind;
pub use level::{Level, Status};
pub use position::Position;
pub use record::{Fact, Record};
pub use rest::Rest;
pub use row_texts::RowTexts;
pub use search::TextSearch;
pub use time::Timestamp;
pub use value::{ListBuilder, OwnedValue, Type, Value};
