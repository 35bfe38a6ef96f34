//! OpenAPI 3.1 documents, made from declarations.
//!
//! Form: <https://spec.openapis.org/oas/v3.1.0>

use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use super::{Access, Api, Endpoint, Param, ReplyHeaders, Style, WithHeaders};

/// A document under construction.
#[derive(Debug)]
pub struct Document {
    generator: SchemaGenerator,
    paths: Map<String, Value>,
}

impl Default for Document {
    fn default() -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.definitions_path = "/components/schemas".into();
            settings.meta_schema = None;
        });
        Self {
            generator: SchemaGenerator::new(settings),
            paths: Map::new(),
        }
    }
}

impl Document {
    /// Adds an endpoint.
    #[must_use]
    pub fn with<E>(mut self) -> Self
    where
        E: Endpoint<Reply: OpenApiContent, Body: OpenApiContent>,
    {
        let spec = E::SPEC;
        let error = self
            .generator
            .subschema_for::<<E::Api as Api>::Error>()
            .to_value();
        let mut parameters = Vec::new();
        for param in spec.path_parameters {
            parameters.push(self.parameter(param, "path"));
        }
        for param in spec.query {
            parameters.push(self.parameter(param, "query"));
        }
        for param in spec.headers {
            parameters.push(self.parameter(param, "header"));
        }
        let mut success = json!({ "description": reason(spec.success) });
        if let Some(content) = E::Reply::content(&mut self.generator) {
            success["content"] = content;
        }
        let headers: Map<String, Value> = E::Reply::HEADERS
            .iter()
            .map(|param| {
                let mut header = self.parameter(param, "header");
                if let Some(fields) = header.as_object_mut() {
                    fields.remove("name");
                    fields.remove("in");
                }
                (param.name.to_owned(), header)
            })
            .collect();
        if !headers.is_empty() {
            success["headers"] = headers.into();
        }
        let mut responses = Map::new();
        responses.insert(spec.success.to_string(), success);
        let refused = |description: &str| {
            json!({
                "description": description,
                "content": { "application/json": { "schema": error } },
            })
        };
        for status in spec.errors {
            responses.insert(status.to_string(), refused(reason(*status)));
        }
        for range in E::Api::ERROR_RANGES {
            responses.insert((*range).to_owned(), refused("Any other error"));
        }
        let mut operation = json!({
            "operationId": spec.id,
            "summary": spec.summary(),
            "responses": responses,
        });
        if !parameters.is_empty() {
            operation["parameters"] = Value::Array(parameters);
        }
        if let Some(content) = E::Body::content(&mut self.generator) {
            operation["requestBody"] = json!({ "required": true, "content": content });
        }
        if let Some(link) = spec.link() {
            operation["externalDocs"] = json!({ "url": link });
        }
        operation["security"] = match spec.access {
            Access::Open => json!([]),
            Access::Scope(scope) => E::Api::SCHEMES
                .iter()
                .map(|scheme| json!({ scheme.name(): [scope] }))
                .collect(),
        };
        // OpenAPI cannot express catch-all parameters.
        let path = spec.path.replace("{*", "{");
        let methods = self.paths.entry(path).or_insert_with(|| json!({}));
        methods[spec.method.to_ascii_lowercase()] = operation;
        self
    }

    /// The document.
    #[must_use]
    pub fn finish<A: Api>(mut self) -> Value {
        let schemes: Map<String, Value> = A::SCHEMES
            .iter()
            .map(|scheme| {
                let name = scheme.name();
                (name.to_owned(), json!({ "type": "http", "scheme": name }))
            })
            .collect();
        let mut schemas = self.generator.take_definitions(true);
        schemas.values_mut().for_each(optional_properties);
        json!({
            "openapi": "3.1.0",
            "info": { "title": A::INFO.title, "version": A::INFO.version },
            "externalDocs": { "url": A::INFO.spec },
            "paths": self.paths,
            "components": {
                "schemas": schemas,
                "securitySchemes": schemes,
            },
        })
    }

    fn parameter(&mut self, param: &Param, place: &str) -> Value {
        let mut schema = (param.schema)(&mut self.generator).to_value();
        without_null(&mut schema);
        if let Some(default) = (param.default)() {
            schema["default"] = default;
        }
        if let Some(bounds) = param.bounds {
            let kind = schema.get("type").map(Value::to_string).unwrap_or_default();
            let names = if kind.contains("array") {
                ("minItems", "maxItems")
            } else if kind.contains("string") {
                ("minLength", "maxLength")
            } else {
                ("minimum", "maximum")
            };
            schema[names.0] = bounds.least.into();
            schema[names.1] = bounds.most.into();
        }
        let many = matches!(param.style, Style::List | Style::Repeated | Style::Prefix);
        let docs: Vec<&str> = param.docs.iter().map(|line| line.trim()).collect();
        let mut out = json!({
            "name": param.name,
            "in": place,
            "required": place == "path" || is_required(param),
            "description": docs.join(" "),
        });
        if param.style == Style::Json {
            out["content"] = json!({ "application/json": { "schema": schema } });
        } else {
            out["schema"] = schema;
        }
        if many && place == "query" {
            out["style"] = "form".into();
            out["explode"] = (param.style != Style::List).into();
        }
        out
    }
}

/// A document with the endpoints of a second one, for a server of two APIs. Title and version are those of the first; of
/// schemas with one name, too.
#[must_use]
pub fn joined(mut first: Value, mut second: Value) -> Value {
    for part in [
        "/paths",
        "/components/schemas",
        "/components/securitySchemes",
    ] {
        let more = second.pointer_mut(part).map(Value::take);
        if let (Some(Value::Object(own)), Some(Value::Object(more))) =
            (first.pointer_mut(part), more)
        {
            for (name, value) in more {
                own.entry(name).or_insert(value);
            }
        }
    }
    first
}

/// Removes `null` from the types of a schema; returns whether it was there.
fn without_null(schema: &mut Value) -> bool {
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        let before = types.len();
        types.retain(|kind| kind != "null");
        let found = types.len() < before;
        if let [only] = types.as_slice() {
            schema["type"] = only.clone();
        }
        return found;
    }
    if let Some(Value::Array(choices)) = schema.get_mut("anyOf") {
        let before = choices.len();
        choices.retain(|choice| choice.get("type").is_none_or(|kind| kind != "null"));
        let found = choices.len() < before;
        if let [only] = choices.as_slice() {
            let only = only.clone();
            if let Some(fields) = schema.as_object_mut() {
                fields.remove("anyOf");
                fields.extend(only.as_object().cloned().unwrap_or_default());
            }
        }
        return found;
    }
    false
}

/// Optional properties are left out, never sent as `null`, unless their declaration says `nullable`.
fn optional_properties(schema: &mut Value) {
    let required: Vec<Value> = schema
        .get("required")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default();
    let Some(properties) = schema.get_mut("properties").and_then(Value::as_object_mut) else {
        return;
    };
    for (name, property) in properties {
        let nullable = property.get("nullable").is_some();
        if !nullable && !required.iter().any(|known| known == name) {
            without_null(property);
        }
        optional_properties(property);
    }
}

fn inline() -> SchemaGenerator {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    SchemaGenerator::new(settings)
}

/// Whether a query or header parameter is required.
#[must_use]
pub fn is_required(param: &Param) -> bool {
    let many = matches!(param.style, Style::List | Style::Repeated | Style::Prefix);
    let mut schema = (param.schema)(&mut inline()).to_value();
    !many && (param.default)().is_none() && !without_null(&mut schema)
}

/// The schema of a JSON body, with all references inlined; `None` if the body is not JSON.
#[must_use]
pub fn json_schema<B: OpenApiContent>() -> Option<Value> {
    let mut content = B::content(&mut inline())?;
    let mut schema = content
        .get_mut("application/json")?
        .get_mut("schema")?
        .take();
    optional_properties(&mut schema);
    Some(schema)
}

/// The `content` of a body or a reply.
pub trait OpenApiContent {
    /// The documented headers of a reply.
    const HEADERS: &'static [Param] = &[];

    /// Content by media type; `None` if there is none.
    fn content(generator: &mut SchemaGenerator) -> Option<Value>;
}

fn json_content<T: schemars::JsonSchema>(generator: &mut SchemaGenerator) -> Option<Value> {
    let schema = generator.subschema_for::<T>().to_value();
    Some(json!({ "application/json": { "schema": schema } }))
}

impl<T: schemars::JsonSchema> OpenApiContent for crate::shape::One<T> {
    fn content(generator: &mut SchemaGenerator) -> Option<Value> {
        json_content::<T>(generator)
    }
}

impl<T: schemars::JsonSchema> OpenApiContent for crate::shape::Large<T> {
    fn content(generator: &mut SchemaGenerator) -> Option<Value> {
        json_content::<T>(generator)
    }
}

impl<T: schemars::JsonSchema> OpenApiContent for crate::shape::Json<T> {
    fn content(generator: &mut SchemaGenerator) -> Option<Value> {
        json_content::<T>(generator)
    }
}

impl<T: schemars::JsonSchema> OpenApiContent for crate::shape::Many<T> {
    fn content(generator: &mut SchemaGenerator) -> Option<Value> {
        let schema = generator.subschema_for::<T>().to_value();
        Some(json!({ "application/x-ndjson": { "schema": schema } }))
    }
}

impl<A, B> OpenApiContent for crate::shape::OneOrMany<A, B>
where
    A: schemars::JsonSchema,
    B: schemars::JsonSchema,
{
    fn content(generator: &mut SchemaGenerator) -> Option<Value> {
        let one = generator.subschema_for::<A>().to_value();
        let each = generator.subschema_for::<B>().to_value();
        Some(json!({
            "application/json": { "schema": one },
            "application/x-ndjson": { "schema": each },
        }))
    }
}

impl<H: ReplyHeaders, R: OpenApiContent> OpenApiContent for WithHeaders<H, R> {
    const HEADERS: &'static [Param] = H::HEADERS;

    fn content(generator: &mut SchemaGenerator) -> Option<Value> {
        R::content(generator)
    }
}

impl OpenApiContent for crate::shape::Nothing {
    fn content(_: &mut SchemaGenerator) -> Option<Value> {
        None
    }
}

impl OpenApiContent for crate::shape::NoBody {
    fn content(_: &mut SchemaGenerator) -> Option<Value> {
        None
    }
}

impl OpenApiContent for crate::shape::Bytes {
    fn content(_: &mut SchemaGenerator) -> Option<Value> {
        Some(json!({ "*/*": { "schema": { "type": "string", "format": "binary" } } }))
    }
}

impl OpenApiContent for crate::shape::RawBody {
    fn content(_: &mut SchemaGenerator) -> Option<Value> {
        Some(json!({ "*/*": { "schema": { "type": "string", "format": "binary" } } }))
    }
}

impl OpenApiContent for crate::shape::Files {
    fn content(_: &mut SchemaGenerator) -> Option<Value> {
        Some(json!({ "multipart/form-data": { "schema": files() } }))
    }
}

impl OpenApiContent for crate::shape::RawOrFiles {
    fn content(_: &mut SchemaGenerator) -> Option<Value> {
        Some(json!({
            "multipart/form-data": { "schema": files() },
            "*/*": { "schema": { "type": "string", "format": "binary" } },
        }))
    }
}

fn files() -> Value {
    json!({
        "type": "object",
        "properties": {
            "file": { "type": "array", "items": { "type": "string", "format": "binary" } },
        },
    })
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "Success",
        202 => "Accepted",
        204 => "Success without content",
        400 => "Bad request",
        401 => "Access token is missing or invalid",
        403 => "Not allowed",
        404 => "Not found",
        409 => "Conflict",
        429 => "Too many requests",
        500 => "Internal server error",
        _ => "Other answer",
    }
}
