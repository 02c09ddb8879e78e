//! What a case makes of records: properties, and cases small enough to be told by hand.

mod bounds;
mod clocks;
mod gathered;
mod intruders;
mod invented;
mod judged;
mod moved;
mod row_by_row;
