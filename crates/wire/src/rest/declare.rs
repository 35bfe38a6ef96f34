//! The macro behind the declaration of every REST endpoint.

/// Declares an endpoint: a struct of its parameters, and its [`crate::rest::Endpoint`].
///
/// ```text
/// endpoint! {
///     /// Lists pin objects.
///     ///
///     /// <https://…/the-section-of-the-specification>
///     pub struct GetPins: GET "/pins" as "getPins" of Pinning {
///         path {}
///         query {
///             /// Only these CIDs.
///             cid: Vec<String> = List "cid", 1..=10;
///             /// Most results.
///             limit: Option<u32> = Value "limit", 1..=1000;
///         }
///         body: NoBody,
///         reply: 200 One<PinResults>,
///         errors: [400, 401],
///         access: Scope("pins:read"),
///         safe: true,
///     }
/// }
/// ```
macro_rules! endpoint {
    (
        $(#[doc = $docs:literal])+
        pub struct $name:ident: $method:ident $path:literal as $id:literal of $api:ty {
            path { $( $(#[doc = $part_docs:literal])+ $part:ident: $part_type:ty = $part_name:literal; )* }
            query { $( $(#[doc = $field_docs:literal])+ $field:ident: $field_type:ty = $style:ident $field_name:literal $(, $least:literal ..= $most:literal)?; )* }
            body: $body:ty,
            reply: $status:literal $reply:ident $(<$record:ty $(, $each:ty)?>)?,
            errors: [$($error:literal),* $(,)?],
            access: $access:expr,
            safe: $safe:literal $(,)?
        }
    ) => {
        $(#[doc = $docs])+
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name {
            $( $(#[doc = $part_docs])+ pub $part: $part_type, )*
            $( $(#[doc = $field_docs])+ pub $field: $field_type, )*
        }

        impl $crate::rest::Endpoint for $name {
            const SPEC: $crate::rest::Spec = {
                use $crate::rest::Access::*;
                $crate::rest::Spec {
                    id: $id,
                    method: stringify!($method),
                    path: $path,
                    docs: &[$($docs),+],
                    path_parameters: &[$( $crate::rest::Param {
                        name: $part_name,
                        docs: &[$($part_docs),+],
                        style: $crate::rest::Style::Value,
                        bounds: None,
                        schema: |generator| generator.subschema_for::<$part_type>(),
                    }, )*],
                    query: &[$( $crate::rest::Param {
                        name: $field_name,
                        docs: &[$($field_docs),+],
                        style: $crate::rest::Style::$style,
                        bounds: endpoint!(@bounds $($least, $most)?),
                        schema: |generator| generator.subschema_for::<$field_type>(),
                    }, )*],
                    success: $status,
                    errors: &[$($error),*],
                    access: $access,
                    safe: $safe,
                }
            };

            type Api = $api;

            type Body = $body;

            type Reply = $crate::shape::$reply $(<$record $(, $each)?>)?;

            #[allow(unused_variables, unused_mut)]
            fn from_request(
                path: &[String],
                query: &$crate::rest::Query,
            ) -> Result<Self, $crate::rest::Invalid> {
                let mut values = path.iter();
                let mut parts = Self::SPEC.path_parameters.iter();
                let mut fields = Self::SPEC.query.iter();
                let missing = |name: &str| $crate::rest::Invalid { name: name.to_owned(), reason: "missing".to_owned() };
                Ok(Self {
                    $( $part: match (parts.next(), values.next()) {
                        (Some(param), Some(value)) => {
                            let mut one = $crate::rest::Query::default();
                            one.push(param.name, value.clone());
                            $crate::rest::read(param, &one)?.ok_or_else(|| missing($part_name))?
                        }
                        _ => return Err(missing($part_name)),
                    }, )*
                    $( $field: match fields.next() {
                        Some(param) => $crate::rest::read(param, query)?.ok_or_else(|| missing($field_name))?,
                        None => return Err(missing($field_name)),
                    }, )*
                })
            }

            #[allow(unused_variables, unused_mut)]
            fn to_request(&self) -> (Vec<String>, $crate::rest::Query) {
                let mut query = $crate::rest::Query::default();
                let mut fields = Self::SPEC.query.iter();
                $( if let Some(param) = fields.next() {
                    $crate::rest::write(param, &self.$field, &mut query);
                } )*
                (vec![$( self.$part.to_string() ),*], query)
            }
        }
    };
    (@bounds) => { None };
    (@bounds $least:literal, $most:literal) => { Some($crate::rest::Bounds { least: $least, most: $most }) };
}
