//! Correlation and filter rules: what the documents in `correlation/*.md` say of them is so, in
//! whatever order events are read; what is wrong with a rule is said; and what is held stays bounded.

mod bounds;
mod documents;
mod hunt;
mod problems;
mod shuffled;
