//! `pin`: what is kept from collection.

mod add;
mod ls;
mod rm;
mod update;
mod verify;
