//! The macros that declare REST endpoints.

/// Declares an endpoint: a struct of its parameters, and its [`crate::rest::Endpoint`].
///
/// ```text
/// endpoint! {
///     /// List pin objects.
///     ///
///     /// <https://…/the-section-of-the-specification>
///     pub struct GetPins: GET "/pins" as "getPins" of Pinning {
///         path {}
///         query {
///             /// Only these CIDs.
///             cid: Vec<String> = List "cid", 1..=10;
///             /// Maximum number of results.
///             limit: u32 = Value "limit", 1..=1000, default 10;
///         }
///         headers {
///             /// A name for the request.
///             name: Option<String> = Escaped "X-Name";
///         }
///         body: NoBody,
///         reply: 200 One<PinResults>,
///         reply_headers: ListHeaders,
///         errors: [400, 401],
///         access: Scope("pins:read"),
///         safe: true,
///         command: "pins/ls",
///     }
/// }
/// ```
///
/// - `headers` and `reply_headers` may be left out; [`reply_headers!`](crate::reply_headers) declares the latter.
/// - `reply`: `One<T>`, `Many<T>`, `Bytes` or `Nothing`; with `if FIELD: Many<U>` behind `One<T>` when a boolean parameter
///   of that name chooses.
///
/// The endpoint must also be in the list of its API, such as [`pinning_endpoints!`](crate::pinning_endpoints).
#[macro_export]
macro_rules! endpoint {
    (
        $(#[doc = $docs:literal])+
        $visibility:vis struct $name:ident: $method:ident $path:literal as $id:literal of $api:ty {
            path { $( $(#[doc = $part_docs:literal])+ $part:ident: $part_type:ty = $part_name:literal; )* }
            query { $( $(#[doc = $field_docs:literal])+ $field:ident: $field_type:ty = $style:ident $field_name:literal $(, $least:literal ..= $most:literal)? $(, default $default:expr)?; )* }
            $(headers { $( $(#[doc = $header_docs:literal])+ $header:ident: $header_type:ty = $header_style:ident $header_name:literal $(, $header_least:literal ..= $header_most:literal)? $(, default $header_default:expr)?; )* })?
            body: $body:ty,
            reply: $status:literal $reply:ident $(<$record:ty>)? $(if $switch:ident: Many<$each:ty>)?,
            $(reply_headers: $reply_headers:ty,)?
            errors: [$($error:literal),* $(,)?],
            access: $access:expr,
            safe: $safe:literal,
            command: $command:literal $(,)?
        }
    ) => {
        $(#[doc = $docs])+
        #[derive(Clone, Debug, PartialEq)]
        $visibility struct $name {
            $( $(#[doc = $part_docs])+ pub $part: $part_type, )*
            $( $(#[doc = $field_docs])+ pub $field: $field_type, )*
            $( $( $(#[doc = $header_docs])+ pub $header: $header_type, )* )?
        }

        impl $crate::rest::Endpoint for $name {
            const SPEC: $crate::rest::Spec = {
                #[allow(unused_imports)]
                use $crate::rest::Access::*;
                $crate::rest::Spec {
                    id: $id,
                    method: stringify!($method),
                    path: $path,
                    docs: &[$($docs),+],
                    path_parameters: &[$(
                        $crate::endpoint!(@param $part_type, Value, $part_name, [$($part_docs),+], [], [])
                    ),*],
                    query: &[$(
                        $crate::endpoint!(@param $field_type, $style, $field_name, [$($field_docs),+], [$($least, $most)?], [$($default)?])
                    ),*],
                    headers: &[$($(
                        $crate::endpoint!(@param $header_type, $header_style, $header_name, [$($header_docs),+], [$($header_least, $header_most)?], [$($header_default)?])
                    ),*)?],
                    success: $status,
                    errors: &[$($error),*],
                    access: $access,
                    safe: $safe,
                    command: $command,
                }
            };

            type Api = $api;

            type Body = $body;

            type Reply = $crate::endpoint!(@reply [$($reply_headers)?] $reply $(<$record>)? $(| $each)?);

            #[allow(unused_variables, unused_mut)]
            fn from_request(request: &$crate::rest::Parameters) -> Result<Self, $crate::rest::Invalid> {
                let mut values = request.path.iter();
                let mut parts = Self::SPEC.path_parameters.iter();
                let mut fields = Self::SPEC.query.iter();
                let mut headers = Self::SPEC.headers.iter();
                Ok(Self {
                    $( $part: $crate::rest::read_part(parts.next(), values.next(), $part_name)?, )*
                    $( $field: $crate::endpoint!(
                        @or $field_name, $crate::rest::read_next(fields.next(), &request.query)? $(, $default)?
                    ), )*
                    $( $( $header: $crate::endpoint!(
                        @or $header_name, $crate::rest::read_next(headers.next(), &request.headers)? $(, $header_default)?
                    ), )* )?
                })
            }

            #[allow(unused_mut, unused_variables)]
            fn to_request(&self) -> $crate::rest::Parameters {
                let mut request = $crate::rest::Parameters {
                    path: vec![$( self.$part.to_string() ),*],
                    ..$crate::rest::Parameters::default()
                };
                let mut fields = Self::SPEC.query.iter();
                let mut headers = Self::SPEC.headers.iter();
                $( if let Some(param) = fields.next() {
                    $crate::rest::write(param, &self.$field, &mut request.query);
                } )*
                $( $( if let Some(param) = headers.next() {
                    $crate::rest::write(param, &self.$header, &mut request.headers);
                } )* )?
                request
            }

            fn many(&self) -> bool {
                false $(|| self.$switch)?
            }
        }
    };
    (@param $type:ty, $style:ident, $name:literal, $docs:tt, [$($least:literal, $most:literal)?], [$($default:expr)?]) => {
        $crate::rest::Param {
            name: $name,
            docs: &$docs,
            style: $crate::rest::Style::$style,
            bounds: $crate::endpoint!(@bounds $($least, $most)?),
            default: $crate::endpoint!(@default $type $(, $default)?),
            schema: |generator| generator.subschema_for::<$type>(),
        }
    };
    (@bounds) => { None };
    (@bounds $least:literal, $most:literal) => { Some($crate::rest::Bounds { least: $least, most: $most }) };
    (@default $type:ty) => { || None };
    (@default $type:ty, $default:expr) => { || $crate::rest::as_json::<$type>(&$default) };
    (@or $name:literal, $read:expr) => { $read.ok_or_else(|| $crate::rest::Invalid::missing($name))? };
    (@or $name:literal, $read:expr, $default:expr) => { $read.unwrap_or_else(|| $default) };
    (@reply [] One<$one:ty> | $each:ty) => { $crate::shape::OneOrMany<$one, $each> };
    (@reply [] $reply:ident $(<$record:ty>)?) => { $crate::shape::$reply $(<$record>)? };
    (@reply [$headers:ty] One<$one:ty> | $each:ty) => { $crate::rest::WithHeaders<$headers, $crate::shape::OneOrMany<$one, $each>> };
    (@reply [$headers:ty] $reply:ident $(<$record:ty>)?) => { $crate::rest::WithHeaders<$headers, $crate::shape::$reply $(<$record>)?> };
}

/// Declares the headers of an answer: a struct, and its [`crate::rest::ReplyHeaders`].
///
/// ```text
/// reply_headers! {
///     /// The headers of a list.
///     pub struct ListHeaders {
///         /// How many there are in total.
///         count: Option<u64> = Value "X-Count";
///     }
/// }
/// ```
#[macro_export]
macro_rules! reply_headers {
    (
        $(#[doc = $docs:literal])+
        $visibility:vis struct $name:ident { $( $(#[doc = $field_docs:literal])+ $field:ident: $type:ty = $style:ident $header:literal; )* }
    ) => {
        $(#[doc = $docs])+
        #[derive(Clone, Debug, PartialEq)]
        $visibility struct $name {
            $( $(#[doc = $field_docs])+ pub $field: $type, )*
        }

        impl $crate::rest::ReplyHeaders for $name {
            const HEADERS: &'static [$crate::rest::Param] = &[$(
                $crate::endpoint!(@param $type, $style, $header, [$($field_docs),+], [], [])
            ),*];

            fn read(headers: &$crate::rest::Query) -> Result<Self, $crate::rest::Invalid> {
                let mut params = Self::HEADERS.iter();
                Ok(Self {
                    $( $field: $crate::endpoint!(@or $header, $crate::rest::read_next(params.next(), headers)?), )*
                })
            }

            fn write(&self) -> $crate::rest::Query {
                let mut headers = $crate::rest::Query::default();
                let mut params = Self::HEADERS.iter();
                $( if let Some(param) = params.next() {
                    $crate::rest::write(param, &self.$field, &mut headers);
                } )*
                headers
            }
        }
    };
}

/// Implements `Listed` for the endpoints of an API's list.
#[macro_export]
macro_rules! list_endpoints {
    ($($endpoint:path),+ $(,)?) => { $( impl $crate::rest::Listed for $endpoint {} )+ };
}

/// The OpenAPI [`Document`](crate::rest::openapi::Document) of a list of endpoints.
#[macro_export]
macro_rules! describe_endpoints {
    ($($endpoint:path),+ $(,)?) => { $crate::rest::openapi::Document::default()$(.with::<$endpoint>())+ };
}
