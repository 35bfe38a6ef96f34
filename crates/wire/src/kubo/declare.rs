//! The macro that declares commands.

/// Declares a command: a struct of its arguments and options, and its [`crate::kubo::Command`].
///
/// ```text
/// command! {
///     /// Prints a block.
///     pub struct BlockGet: "block/get" {
///         examples: ["{program} block get CID"],
///         arguments {
///             /// The block.
///             cid: String = required "cid",
///         }
///         options {
///             /// Where to begin, in bytes.
///             offset: i64 = "offset" | "o", 0;
///             /// How to write it.
///             format: String = "format", "raw".to_owned(), values ["raw", "hex"];
///         }
///         body: NoBody,
///         reply: Many<Record>,
///         safe: true,
///         needs: Repository,
///         text: |request, reply, out| out.push_str(&reply.name),
///     }
/// }
/// ```
///
/// The declaration also makes a macro of the command's name, `cairn_wire::BlockGet!(callback)`, which calls `callback!` with the
/// name, and with the documentation, name and type of each option.
///
/// `examples` and `values` may be left out: they are for the help and for completions. `required secret "name"` or `optional
/// secret "name"` declares an argument that is never shown.
///
/// - `body`: `NoBody`, or `Files { name: "path", many: true, recursive: false }`, with `optional: true` where a request may come
///   without files.
/// - `reply`: `One<T>`, `Large<T>`, `Many<T>`, `Bytes` or `Nothing`; with `if FIELD: Many<U>` behind `One<T>` when a boolean option
///   of that name chooses.
/// - `never_empty: true` where many records are one at least; optional.
/// - `safe`: whether a request may be sent again when its answer was lost.
/// - `needs`: `Repository`, or `Nothing` where the answer depends on the arguments alone.
/// - optional, in this order: `cli: Custom` where the command line does more than send and print, `hidden: true`,
///   `aliases: ["other/path"]`, `xml: "Element"`.
macro_rules! command {
    (
        $(#[doc = $docs:literal])+
        pub struct $name:ident: $path:literal {
            $(examples: [$($example:literal),+ $(,)?],)?
            arguments { $( $(#[doc = $argument_docs:literal])+ $argument:ident: $argument_type:ty = $need:ident $($secret:ident)? $argument_name:literal, )* }
            options { $( $(#[doc = $option_docs:literal])+ $option:ident: $option_type:ty = $($option_name:literal)|+, $default:expr $(, values $values:tt)?; )* }
            body: $body:ident $({ $($files:tt)* })?,
            reply: $reply:ident $(<$record:ty>)?,
            $(if $switch:ident: Many<$each:ty>,)?
            $(never_empty: $never_empty:literal,)?
            safe: $safe:literal,
            needs: $needs:ident,
            $(cli: $cli:ident,)?
            $(hidden: $hidden:literal,)?
            $(aliases: [$($alias:literal),+ $(,)?],)?
            $(xml: $xml:literal,)?
            text: |$request:pat_param, $shown:pat, $out:pat_param| $text:expr $(,)?
        }
    ) => {
        $(#[doc = $docs])+
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $( $(#[doc = $argument_docs])+ pub $argument: $argument_type, )*
            $( $(#[doc = $option_docs])+ pub $option: $option_type, )*
        }

        impl $name {
            /// A command with these arguments and default options.
            #[must_use]
            #[allow(clippy::new_without_default, reason = "only commands without arguments could have one")]
            pub fn new($( $argument: $argument_type ),*) -> Self {
                Self { $( $argument, )* $( $option: $default, )* }
            }
        }

        impl $crate::kubo::Command for $name {
            const SPEC: $crate::kubo::Spec = $crate::kubo::Spec {
                path: $path,
                aliases: &[$($($alias),+)?],
                docs: &[$( $docs ),+],
                examples: &[$($( $example ),+)?],
                arguments: &[$( $crate::kubo::Argument {
                    name: $argument_name,
                    docs: &[$( $argument_docs ),+],
                    required: command!(@need $need),
                    variadic: <$argument_type as $crate::values::ArgumentField>::VARIADIC,
                    secret: command!(@secret $($secret)?),
                }, )*],
                options: &[$( $crate::kubo::OptionSpec {
                    names: &[$( $option_name ),+],
                    docs: &[$( $option_docs ),+],
                    kind: <$option_type as $crate::values::OptionField>::KIND,
                    default: || $crate::values::written(&($default as $option_type)),
                    values: command!(@values $($values)?),
                }, )*],
                body: <$crate::shape::$body as $crate::shape::Body>::KIND,
                files: command!(@files $({ $($files)* })?),
                reply: <Self::Reply as $crate::shape::Reply>::KIND,
                stream: command!(@switch $($switch)?),
                never_empty: command!(@flag $($never_empty)?),
                safe: $safe,
                needs_repository: <$crate::kubo::command::$needs as $crate::kubo::command::Needs>::REPOSITORY,
                hidden: command!(@flag $($hidden)?),
                xml: command!(@maybe $($xml)?),
            };

            type Body = $crate::shape::$body;

            type Reply = command!(@reply $reply $(<$record>)? $(| $each)?);

            type Needs = $crate::kubo::command::$needs;

            type Cli = command!(@cli $($cli)?);

            #[allow(unused_variables, unused_mut, unused_assignments)]
            fn from_values(values: &$crate::Values) -> Result<Self, $crate::ParseError> {
                const SPEC: &$crate::kubo::Spec = &<$name as $crate::kubo::Command>::SPEC;
                let mut places = values.place(SPEC).into_iter();
                let mut arguments = SPEC.arguments.iter();
                let mut options = SPEC.options.iter();
                Ok(Self {
                    $( $option: match options.next() {
                        Some(option) => $crate::values::OptionField::read(values, option)?.unwrap_or_else(|| $default),
                        None => $default,
                    }, )*
                    $( $argument: match (places.next(), arguments.next()) {
                        (Some(place), Some(argument)) => $crate::values::ArgumentField::read(place, argument)?,
                        _ => return Err($crate::ParseError::MissingArgument($argument_name)),
                    }, )*
                })
            }

            #[allow(unused_mut)]
            fn to_values(&self) -> $crate::Values {
                $( let _: bool = self.$switch; )?
                let mut values = $crate::Values::default();
                $( $crate::values::ArgumentField::write(&self.$argument, &mut values); )*
                $( if self.$option != ($default as $option_type) {
                    $crate::values::OptionField::write(&self.$option, command!(@first $($option_name)|+), &mut values);
                } )*
                values
            }

            fn text(&self, record: &$crate::kubo::command::RecordOf<Self>, out: &mut String) {
                let ($request, $shown, $out) = (self, record, out);
                $text
            }
        }

        command!(@fields ($) $name { $( $(#[doc = $option_docs])+ $option: $option_type; )* });
    };
    // A macro with the name of the command, which hands its options to another macro: a client makes setters of them.
    (@fields ($dollar:tt) $name:ident { $($fields:tt)* }) => {
        #[doc(hidden)]
        #[macro_export]
        macro_rules! $name {
            ($dollar callback:ident) => { $dollar callback! { $name $($fields)* } };
        }
    };
    (@need required) => { true };
    (@need optional) => { false };
    (@secret) => { false };
    (@secret secret) => { true };
    (@values) => { &[] };
    (@values $values:tt) => { &$values };
    (@files) => { $crate::kubo::FilesSpec::NONE };
    (@files {
        name: $name:literal, many: $many:literal, recursive: $recursive:literal $(, optional: $optional:literal)?
    }) => {
        $crate::kubo::FilesSpec {
            name: $name,
            many: $many,
            recursive: $recursive,
            optional: command!(@flag $($optional)?),
        }
    };
    (@reply One<$one:ty> | $each:ty) => { $crate::shape::OneOrMany<$one, $each> };
    (@reply $reply:ident $(<$record:ty>)?) => { $crate::shape::$reply $(<$record>)? };
    (@switch) => { None };
    (@switch $switch:ident) => { Some(stringify!($switch)) };
    (@flag) => { false };
    (@flag $flag:literal) => { $flag };
    (@cli) => { $crate::kubo::command::Plain };
    (@cli $cli:ident) => { $crate::kubo::command::$cli };
    (@maybe) => { None };
    (@maybe $xml:literal) => { Some($xml) };
    (@first $first:literal $(| $rest:literal)*) => { $first };
}
