//! What is written of a publication: to the byte, in every format, whatever its texts are.

mod advisory;
mod advisory_example;
mod agree;
mod example;
mod golden;
mod hostile;
mod read_again;
mod rests;
