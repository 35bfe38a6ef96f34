//! New nodes made of existing ones.

pub mod add_link;
pub mod append_data;
pub mod rm_link;
pub mod set_data;
