//! The server as its clients see it, over loopback: paging, writers at a time, clearances, hostile requests, kills.

mod bounds;
mod clearance;
mod client;
mod paging;
mod resources;
mod storage;
