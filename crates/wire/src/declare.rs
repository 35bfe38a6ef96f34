//! The macro behind every declaration.

/// Declares an endpoint: a struct of its arguments and options, and its [`crate::Endpoint`].
///
/// ```text
/// endpoint! {
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
///         body: Body::Nothing,
///         reply: ReplyKind::Many, Record,
///         text: |request, reply, out| out.push_str(&reply.name),
///     }
/// }
/// ```
///
/// `examples` and `values` may be left out: they are for the help and for completions.
macro_rules! endpoint {
    (
        $(#[doc = $docs:literal])+
        pub struct $name:ident: $path:literal {
            $(examples: [$($example:literal),+ $(,)?],)?
            arguments { $( $(#[doc = $argument_docs:literal])+ $argument:ident: $argument_type:ty = $need:ident $argument_name:literal, )* }
            options { $( $(#[doc = $option_docs:literal])+ $option:ident: $option_type:ty = $($option_name:literal)|+, $default:expr $(, values $values:tt)?; )* }
            body: $body:expr,
            reply: $kind:expr, $reply:ty,
            $(xml: $xml:literal,)?
            text: |$request:pat_param, $record:pat_param, $out:pat_param| $text:expr $(,)?
        }
    ) => {
        $(#[doc = $docs])+
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $( $(#[doc = $argument_docs])+ pub $argument: $argument_type, )*
            $( $(#[doc = $option_docs])+ pub $option: $option_type, )*
        }

        impl $name {
            /// The options at their defaults, with these arguments.
            #[must_use]
            #[allow(clippy::new_without_default, reason = "only endpoints without arguments could have one")]
            pub fn new($( $argument: $argument_type ),*) -> Self {
                Self { $( $argument, )* $( $option: $default, )* }
            }
        }

        impl $crate::Endpoint for $name {
            const SPEC: $crate::Spec = $crate::Spec {
                path: $path,
                docs: &[$( $docs ),+],
                examples: &[$($( $example ),+)?],
                arguments: &[$( $crate::Argument {
                    name: $argument_name,
                    docs: &[$( $argument_docs ),+],
                    required: endpoint!(@need $need),
                    variadic: <$argument_type as $crate::values::ArgumentField>::VARIADIC,
                }, )*],
                options: &[$( $crate::OptionSpec {
                    names: &[$( $option_name ),+],
                    docs: &[$( $option_docs ),+],
                    kind: <$option_type as $crate::values::OptionField>::KIND,
                    default: || $crate::values::written(&($default as $option_type)),
                    values: endpoint!(@values $($values)?),
                }, )*],
                body: $body,
                reply: $kind,
                xml: endpoint!(@maybe $($xml)?),
            };

            type Reply = $reply;

            #[allow(unused_variables, unused_mut, unused_assignments)]
            fn from_values(values: &$crate::Values) -> Result<Self, $crate::ParseError> {
                const SPEC: &$crate::Spec = &<$name as $crate::Endpoint>::SPEC;
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
                let mut values = $crate::Values::default();
                $( $crate::values::ArgumentField::write(&self.$argument, &mut values); )*
                $( if self.$option != ($default as $option_type) {
                    $crate::values::OptionField::write(&self.$option, endpoint!(@first $($option_name)|+), &mut values);
                } )*
                values
            }

            fn text(&self, reply: &Self::Reply, out: &mut String) {
                let ($request, $record, $out) = (self, reply, out);
                $text
            }
        }
    };
    (@need required) => { true };
    (@need optional) => { false };
    (@values) => { &[] };
    (@values $values:tt) => { &$values };
    (@maybe) => { None };
    (@maybe $xml:literal) => { Some($xml) };
    (@first $first:literal $(| $rest:literal)*) => { $first };
}
