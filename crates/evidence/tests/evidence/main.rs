//! The evidence log under attack: by crashes, by failing disks, by forgers.

mod crashes;
mod damage;
mod kills;
mod memory;
mod reading;
mod returned;
mod witness;
