//! Methods for the options of commands, generated from their declarations.

/// Generates a method for each option of a command, for `Call<C>` or for `AddCall`. Options that only affect the output of the
/// command line are left out, and for `add` also those that select local files.
macro_rules! setters {
    (@next [Call] $name:ident { $($methods:tt)* }) => {
        impl $crate::kubo::Call<$name> { $($methods)* }
    };
    (@next [Add] $name:ident { $($methods:tt)* }) => {
        impl<R> $crate::kubo::AddCall<R> { $($methods)* }
    };
    // Set by `Call::stream`.
    (@next [Call] $name:ident $methods:tt $(#[doc = $docs:literal])+ stream: $type:ty; $($rest:tt)*) => {
        setters! { @next [Call] $name $methods $($rest)* }
    };
    (@next $kind:tt $name:ident $methods:tt $(#[doc = $docs:literal])+ quiet: $type:ty; $($rest:tt)*) => {
        setters! { @next $kind $name $methods $($rest)* }
    };
    (@next $kind:tt $name:ident $methods:tt $(#[doc = $docs:literal])+ quieter: $type:ty; $($rest:tt)*) => {
        setters! { @next $kind $name $methods $($rest)* }
    };
    (@next $kind:tt $name:ident $methods:tt $(#[doc = $docs:literal])+ human: $type:ty; $($rest:tt)*) => {
        setters! { @next $kind $name $methods $($rest)* }
    };
    (@next $kind:tt $name:ident $methods:tt $(#[doc = $docs:literal])+ headers: $type:ty; $($rest:tt)*) => {
        setters! { @next $kind $name $methods $($rest)* }
    };
    (@next [Add] $name:ident $methods:tt $(#[doc = $docs:literal])+ recursive: $type:ty; $($rest:tt)*) => {
        setters! { @next [Add] $name $methods $($rest)* }
    };
    (@next [Add] $name:ident $methods:tt $(#[doc = $docs:literal])+ dereference_args: $type:ty; $($rest:tt)*) => {
        setters! { @next [Add] $name $methods $($rest)* }
    };
    (@next [Add] $name:ident $methods:tt $(#[doc = $docs:literal])+ stdin_name: $type:ty; $($rest:tt)*) => {
        setters! { @next [Add] $name $methods $($rest)* }
    };
    (@next [Add] $name:ident $methods:tt $(#[doc = $docs:literal])+ hidden: $type:ty; $($rest:tt)*) => {
        setters! { @next [Add] $name $methods $($rest)* }
    };
    (@next [Add] $name:ident $methods:tt $(#[doc = $docs:literal])+ ignore: $type:ty; $($rest:tt)*) => {
        setters! { @next [Add] $name $methods $($rest)* }
    };
    (@next [Add] $name:ident $methods:tt $(#[doc = $docs:literal])+ ignore_rules_path: $type:ty; $($rest:tt)*) => {
        setters! { @next [Add] $name $methods $($rest)* }
    };
    (@next [Add] $name:ident $methods:tt $(#[doc = $docs:literal])+ dereference_symlinks: $type:ty; $($rest:tt)*) => {
        setters! { @next [Add] $name $methods $($rest)* }
    };
    (@next [Add] $name:ident $methods:tt $(#[doc = $docs:literal])+ silent: $type:ty; $($rest:tt)*) => {
        setters! { @next [Add] $name $methods $($rest)* }
    };
    (@next [Add] $name:ident $methods:tt $(#[doc = $docs:literal])+ progress: $type:ty; $($rest:tt)*) => {
        setters! { @next [Add] $name $methods $($rest)* }
    };
    (@next [Add] $name:ident $methods:tt $(#[doc = $docs:literal])+ raw_leaves: $type:ty; $($rest:tt)*) => {
        setters! { @next [Add] $name $methods $($rest)* }
    };
    (@next $kind:tt $name:ident { $($methods:tt)* } $(#[doc = $docs:literal])+ lifetime: $type:ty; $($rest:tt)*) => {
        setters! { @span $kind $name { $($methods)* } [$($docs)+] lifetime $type; $($rest)* }
    };
    (@next $kind:tt $name:ident { $($methods:tt)* } $(#[doc = $docs:literal])+ ttl: $type:ty; $($rest:tt)*) => {
        setters! { @span $kind $name { $($methods)* } [$($docs)+] ttl $type; $($rest)* }
    };
    (@next $kind:tt $name:ident { $($methods:tt)* } $(#[doc = $docs:literal])+ dht_timeout: $type:ty; $($rest:tt)*) => {
        setters! { @span $kind $name { $($methods)* } [$($docs)+] dht_timeout $type; $($rest)* }
    };
    (@next $kind:tt $name:ident { $($methods:tt)* } $(#[doc = $docs:literal])+ heal_timeout: $type:ty; $($rest:tt)*) => {
        setters! { @span $kind $name { $($methods)* } [$($docs)+] heal_timeout $type; $($rest)* }
    };
    (@next $kind:tt $name:ident { $($methods:tt)* } $(#[doc = $docs:literal])+ interval: $type:ty; $($rest:tt)*) => {
        setters! { @span $kind $name { $($methods)* } [$($docs)+] interval $type; $($rest)* }
    };
    (@next $kind:tt $name:ident { $($methods:tt)* } $(#[doc = $docs:literal])+ $option:ident: $type:ty; $($rest:tt)*) => {
        setters! { @next $kind $name {
            $($methods)*
            $(#[doc = $docs])+
            pub fn $option(mut self, value: impl $crate::kubo::IntoSetting<$type>) -> Self {
                self.command.$option = value.into_setting();
                self
            }
        } $($rest)* }
    };
    (@span $kind:tt $name:ident { $($methods:tt)* } [$($docs:literal)+] $option:ident $type:ty; $($rest:tt)*) => {
        setters! { @next $kind $name {
            $($methods)*
            $(#[doc = $docs])+
            pub fn $option(mut self, value: impl Into<$crate::kubo::Span>) -> Self {
                self.command.$option = $crate::kubo::IntoSetting::into_setting(value.into());
                self
            }
        } $($rest)* }
    };
    ($name:ident $($fields:tt)*) => {
        setters! { @next [Call] $name {} $($fields)* }
    };
}
pub(crate) use setters;

/// As `setters!`, for `AddCall`.
macro_rules! add_setters {
    ($name:ident $($fields:tt)*) => {
        setters! { @next [Add] $name {} $($fields)* }
    };
}
pub(crate) use add_setters;
