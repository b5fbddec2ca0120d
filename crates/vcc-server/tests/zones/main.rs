//! DATE-13: zone data of the system and of a folder, in the library and in the commands.

#[path = "../common/mod.rs"]
mod common;

mod folder;
mod setting;
mod tenant;
